package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/swapline/swapline/runtime"
)

// lookEvery is how often a rollout that is watched or waited for is looked at.
const lookEvery = 500 * time.Millisecond

func (a *app) rolloutWatchCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "watch STRATEGY [ID]",
		Short: "Show a rollout while it runs",
		Example: `  swapline rollout watch riskscore
  swapline rollout watch riskscore | tee rollout.log    a line for every decision
  swapline rollout watch riskscore --json               a JSON object a line`,
		Long: `On a terminal the page is redrawn in place: where the rollout is, what the arms did
at this stage, what each guard thinks and what is still missing. Elsewhere every
decision is a line. A server that is renewed or restarted is waited for.

It ends when the rollout ends. ` + outcomeCodes,
		Args: usage(cobra.RangeArgs(1, 2)),
		RunE: func(c *cobra.Command, args []string) error {
			id, err := rolloutID(args)
			if err != nil {
				return err
			}
			return a.rolloutWatch(c.Context(), args[0], id)
		},
	}
}

func (a *app) rolloutWatch(ctx context.Context, strategy, id string) error {
	o, _, err := a.observe(ctx, strategy, id)
	if err != nil {
		return err
	}
	v := a.viewer()
	for {
		r, fresh, ok, err := o.look(ctx)
		if err != nil {
			return interrupted(err, strategy)
		}
		if !ok {
			v.trouble(o)
		} else if v.show(r, o, fresh); r.Phase.Ended() {
			return endOf(r)
		}
		if err := sleep(ctx, lookEvery); err != nil {
			return interrupted(err, strategy)
		}
	}
}

// viewer shows what an observer sees.
type viewer interface {
	// show is called for every look that succeeded, trouble for the others.
	show(r runtime.Rollout, o *observer, fresh []runtime.Decision)
	trouble(o *observer)
}

func (a *app) viewer() viewer {
	switch {
	case a.json:
		return &jsonViewer{json.NewEncoder(a.stdout)}
	case isTerminal(a.stdout) && os.Getenv("TERM") != "dumb":
		return &pageViewer{screen: screen{w: a.stdout}, look: func() look { return lookOf(a.stdout) }}
	}
	return &lineViewer{w: a.stdout}
}

// pageViewer redraws a page.
type pageViewer struct {
	screen screen
	look   func() look // anew for each page: windows change
	last   page
}

func (v *pageViewer) show(r runtime.Rollout, o *observer, _ []runtime.Decision) {
	v.last = page{rollout: r, last: o.last(), now: time.Now()}
	v.draw()
}

func (v *pageViewer) trouble(o *observer) {
	v.last.now = time.Now()
	v.last.note = "the server does not answer; trying again (" + o.trouble.Error() + ")"
	v.draw()
}

func (v *pageViewer) draw() {
	l := v.look()
	v.screen.draw(v.last.lines(l), l)
}

// lineViewer writes a line for each decision.
type lineViewer struct {
	w       io.Writer
	waiting bool
}

func (v *lineViewer) show(r runtime.Rollout, _ *observer, fresh []runtime.Decision) {
	v.waiting = false
	for _, d := range fresh {
		fmt.Fprintln(v.w, decisionLine(d))
	}
	if r.Phase.Ended() {
		fmt.Fprintf(v.w, "%s  %s %s of %s: %s\n", stamp(r.Ended), oneLine(r.Strategy), fmt.Sprintf("rollout %d", r.ID),
			oneLine(r.Candidate.Version), strings.Join(trimAll(page{rollout: r}.waits(look{})), " "))
	}
}

// trouble is told once, not twice a second.
func (v *lineViewer) trouble(o *observer) {
	if !v.waiting {
		fmt.Fprintf(v.w, "%s  the server does not answer; trying again (%s)\n", stamp(time.Now()), oneLine(o.trouble.Error()))
	}
	v.waiting = true
}

func trimAll(lines []string) []string {
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return lines
}

// decisionLine is a decision on one line of a log.
func decisionLine(d runtime.Decision) string {
	return fmt.Sprintf("%s  %-8s  %6s  %s", stamp(d.At), oneLine(string(d.Verdict)), percent(d.Weight), oneLine(d.Text))
}

// jsonViewer writes an object a line: {"decision": {...}}, and at the end
// {"rollout": {...}}.
type jsonViewer struct{ e *json.Encoder }

func (v *jsonViewer) show(r runtime.Rollout, _ *observer, fresh []runtime.Decision) {
	for _, d := range fresh {
		_ = v.e.Encode(map[string]any{"decision": d})
	}
	if r.Phase.Ended() {
		_ = v.e.Encode(map[string]any{"rollout": r})
	}
}

func (v *jsonViewer) trouble(*observer) {}

var (
	_ viewer = (*pageViewer)(nil)
	_ viewer = (*lineViewer)(nil)
	_ viewer = (*jsonViewer)(nil)
)
