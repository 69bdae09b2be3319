package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/swapline/swapline/nativeplugin"
)

// tally runs the corpus and counts.
type tally struct {
	out     io.Writer
	shop    *workshop
	host    *hostProcess
	plugins int
	caught  int
	crashes int
	goodBad []string // what was wrong with loads of good plugins
	next    int      // number of the next good plugin
}

// hostProcess is the host as a child of the tool.
type hostProcess struct {
	cmd      *exec.Cmd
	orders   *json.Encoder
	in       io.Closer
	outcomes *json.Decoder
}

// errDied says that the host is gone.
var errDied = errors.New("the host died")

func (t *tally) measure(ctx context.Context, list []villain, folder string) error {
	root, err := filepath.Abs(".")
	if err != nil {
		return err
	}
	if folder == "" {
		if folder, err = os.MkdirTemp("", "swapline-quarantine-"); err != nil {
			return err
		}
		defer os.RemoveAll(folder)
	}
	if folder, err = filepath.Abs(folder); err == nil {
		err = os.MkdirAll(folder, 0o700)
	}
	if err != nil {
		return err
	}
	t.shop = &workshop{root: root, dir: folder}
	start := time.Now()
	if err := t.shop.build(ctx, list, progress()); err != nil {
		return err
	}
	fmt.Fprintf(t.out, "built %d hostile and %d good plugins in %s\n", len(list), goods(len(list)), time.Since(start).Round(time.Second))
	if err := t.start(ctx); err != nil {
		return err
	}
	defer t.stop()
	for _, v := range list {
		if err := t.try(ctx, v); err != nil {
			return err
		}
		if t.plugins%10 == 0 {
			t.goodOne(ctx)
		}
	}
	t.goodOne(ctx)
	return ctx.Err()
}

// progress tells on the error stream, now and then, how much is built.
func progress() func() {
	var built atomic.Int64
	return func() {
		const often = 10
		if n := built.Add(1); n%often == 0 {
			fmt.Fprintf(os.Stderr, "built %d\n", n)
		}
	}
}

// start starts a host that serves the first good plugin.
func (t *tally) start(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, nativeplugin.Self(), roleHost)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	t.host = &hostProcess{cmd: cmd, orders: json.NewEncoder(in), in: in, outcomes: json.NewDecoder(out)}
	o, err := t.host.obey(order{t.shop.good(0), "good", versionOf(0), []string{"Execute"}})
	if err == nil && !o.Answered {
		err = fmt.Errorf("the good plugin does not serve: %s", o.Error)
	}
	t.next = max(t.next, 1)
	return err
}

func (t *tally) stop() {
	_ = t.host.in.Close()
	_ = t.host.cmd.Wait()
}

func (h *hostProcess) obey(o order) (outcome, error) {
	var r outcome
	if err := h.orders.Encode(o); err != nil {
		return r, fmt.Errorf("%w: %w", errDied, err)
	}
	if err := h.outcomes.Decode(&r); err != nil {
		return r, fmt.Errorf("%w: %w", errDied, err)
	}
	return r, nil
}

// try deploys one villain.
func (t *tally) try(ctx context.Context, v villain) error {
	t.plugins++
	if v.twice {
		if r, err := t.host.obey(order{t.shop.path(v.name, 0), v.name, versionOf(0), v.methods()}); err != nil || !r.Answered {
			t.goodBad = append(t.goodBad, fmt.Sprintf("the first version of %s: %s %v", v.name, r.Error, err))
		}
	}
	r, err := t.host.obey(order{t.shop.path(v.name, 1), v.name, versionOf(1), v.methods()})
	if err != nil {
		t.crashes++
		end := t.host.cmd.Wait()
		fmt.Fprintf(t.out, "%-28s THE HOST DIED: %v\n", v.name, end)
		return t.start(ctx)
	}
	wrong := r.Noticed
	if r.Code == "" || r.Code != v.code && r.Code != v.or {
		wrong = append(wrong, fmt.Sprintf("code %q instead of %q", r.Code, v.code))
	}
	if len(wrong) == 0 {
		t.caught++
	}
	fmt.Fprintf(t.out, "%-28s %-28s %6d ms  %s\n", v.name, r.Code, r.Took.Milliseconds(), message(r.Error))
	for _, w := range wrong {
		fmt.Fprintf(t.out, "    WRONG: %s\n", w)
	}
	return nil
}

// message is the beginning of an error without its code.
func message(text string) string {
	const room = 110
	if _, rest, ok := strings.Cut(text, ": "); ok {
		text = rest
	}
	text = strings.Join(strings.Fields(text), " ")
	return text[:min(len(text), room)]
}

// goodOne loads a good plugin that nobody has loaded yet.
func (t *tally) goodOne(context.Context) {
	n := t.next
	t.next++
	r, err := t.host.obey(order{t.shop.good(n), "good", versionOf(n), []string{"Execute"}})
	if err != nil || !r.Answered {
		t.goodBad = append(t.goodBad, fmt.Sprintf("good plugin %d: %s %v", n, r.Error, err))
		return
	}
	fmt.Fprintf(t.out, "%-28s %-28s %6d ms  %s; %d answers so far\n", "good plugin", "ok", r.Took.Milliseconds(), r.Detail, r.Responses)
}

func (t *tally) good() bool {
	return t.plugins > 0 && t.caught == t.plugins && t.crashes == 0 && len(t.goodBad) == 0
}

// sum prints the last line.
func (t *tally) sum() {
	later := "ok"
	if len(t.goodBad) > 0 {
		later = "failed"
	}
	for _, w := range t.goodBad {
		fmt.Fprintf(t.out, "WRONG: %s\n", w)
	}
	fmt.Fprintf(t.out, "quarantine: plugins=%d caught=%d host_crashes=%d later_good_load=%s\n", t.plugins, t.caught, t.crashes, later)
}
