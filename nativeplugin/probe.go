package nativeplugin

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/problem"
)

// probe opens the candidate in a child process. It returns nil only if the
// child says so.
func (d *Driver) probe(ctx context.Context, spec driver.Spec) error {
	ask, err := d.request(spec)
	if err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, d.config.ProbeTimeout)
	defer cancel()
	got, end := runChild(limited, d.config.Probe, ask)
	switch {
	case got != nil:
		return got.problem()
	case ctx.Err() != nil:
		return problem.New(problem.Canceled, "gave up while the plugin was probed: %w", ctx.Err())
	case limited.Err() != nil:
		return probeFailed("it did not finish within %s: an endless start or constructor", d.config.ProbeTimeout)
	}
	return end
}

func (d *Driver) request(spec driver.Spec) (request, error) {
	config, err := wire.Append(nil, spec.Manifest.Config)
	if err != nil {
		return request{}, problem.New(problem.ValueDomain, "the config of %s is outside of the value domain: %w", spec.Manifest.Name, err)
	}
	now := time.Now
	if spec.Now != nil {
		now = spec.Now
	}
	return request{
		Nonce:     rand.Text(),
		Loaded:    d.loaded(),
		Candidate: spec.Path,
		Strategy:  spec.Manifest.Name,
		Version:   spec.Manifest.Version,
		Config:    config,
		Now:       now(),
	}, nil
}

func probeFailed(format string, args ...any) *problem.Error {
	return problem.New(problem.NativeProbe, "the plugin failed in a throw-away process: "+format, args...).In("native_probe").
		Cure("correct the strategy; the host has not opened it")
}

// problem turns the verdict into an error; nil for a success.
func (v verdict) problem() error {
	switch v.Stage {
	case stageConstructed:
		return nil
	case stageReplay:
		return probeFailed("the plugins that are open cannot be opened again: %s", v.Error).
			Cure("restart the host; are files missing from the store?")
	case stageSymbol:
		return problem.New(problem.NativeSymbol, "the plugin has no %s: %s", abi.ConstructorSymbol, v.Error).In("native_probe").
			Cure("export func NewStrategy(abi.Host) (abi.Strategy, error) from the main package")
	case stageType:
		return problem.New(problem.NativeSymbolType, "%s has the wrong type", abi.ConstructorSymbol).In("native_probe").
			Want("func(abi.Host) (abi.Strategy, error)").Got("%s", v.Error).
			Cure("declare it exactly so; a concrete result type is another type")
	case stageConstruct:
		return problem.New(problem.ConstructorFailed, "in a throw-away process: %s", v.Error).In("native_probe").
			Cure("correct the strategy or its config; the host has not opened it")
	}
	return probeFailed("at %s: %s", v.Stage, v.Error)
}

// bounds on what a child may say, and how long its pipes may stay open.
const (
	maxVerdict   = 1 << 20
	maxStderr    = 16 << 10
	maxComplaint = 4 << 10
	pipeDelay    = 2 * time.Second
	leastThreads = 4
)

// runChild runs the probe. A nil verdict comes with the reason.
func runChild(ctx context.Context, argv []string, ask request) (*verdict, error) {
	// The kernel ends the child when the thread that started it ends.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	question, err := json.Marshal(ask)
	if err != nil {
		return nil, probeFailed("%w", err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, probeFailed("no pipe: %w", err)
	}
	defer r.Close()
	complaints := &head{limit: maxStderr}
	cmd, err := startChild(ctx, argv, question, w, complaints)
	w.Close()
	if err != nil {
		return nil, probeFailed("the child process does not start: %w", err)
	}
	answered := make(chan []byte, 1)
	go func() {
		line, _ := io.ReadAll(io.LimitReader(r, maxVerdict))
		answered <- line
	}()
	err = cmd.Wait()
	killGroup(cmd)
	_ = r.SetReadDeadline(time.Now().Add(pipeDelay))
	return judge(<-answered, ask.Nonce, err, complaints)
}

// startChild starts the child in namespaces of its own, without them if the
// kernel says no.
func startChild(ctx context.Context, argv []string, question []byte, w *os.File, complaints io.Writer) (*exec.Cmd, error) {
	var err error
	for _, isolate := range []bool{true, false} {
		cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
		cmd.Stdin = bytes.NewReader(question)
		cmd.Stdout, cmd.Stderr = complaints, complaints
		cmd.ExtraFiles = []*os.File{w}
		cmd.Env = append(environment(), fmt.Sprintf("GOMAXPROCS=%d", max(leastThreads, runtime.NumCPU())), "GOTRACEBACK=single")
		cmd.WaitDelay = pipeDelay
		confine(cmd, isolate)
		if err = cmd.Start(); err == nil {
			return cmd, nil
		}
	}
	return nil, err
}

// environment is what the child inherits: all but the host's own secrets, which
// are its access token and what telemetry signs in with.
func environment() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "SWAPLINE_TOKEN=") || strings.HasPrefix(v, "OTEL_")
	})
}

// judge reads the verdict. Whatever the exit code, only a verdict with the
// nonce counts; and a child that died after a success is no success.
func judge(line []byte, nonce string, end error, complaints *head) (*verdict, error) {
	var v verdict
	if err := json.Unmarshal(line, &v); err != nil || v.Nonce != nonce {
		return nil, probeFailed("it ended without a verdict (%s)%s", howItEnded(end), complaints.quote())
	}
	if v.Stage == stageConstructed && end != nil {
		return nil, probeFailed("it died after its constructor returned (%s)%s", howItEnded(end), complaints.quote())
	}
	v.Error = v.Error[:min(len(v.Error), maxComplaint)]
	return &v, nil
}

func howItEnded(err error) string {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return "exit code 0"
	case errors.As(err, &exit):
		return exit.String()
	}
	return err.Error()
}

// head keeps the beginning of what is written to it.
type head struct {
	limit int
	kept  bytes.Buffer
}

func (h *head) Write(p []byte) (int, error) {
	h.kept.Write(p[:min(len(p), h.limit-h.kept.Len())])
	return len(p), nil
}

// quote returns the first lines for an error message.
func (h *head) quote() string {
	lines := strings.Split(strings.TrimSpace(h.kept.String()), "\n")
	text := strings.Join(lines[:min(len(lines), 3)], " | ")
	if text == "" {
		return ""
	}
	return ": " + text[:min(len(text), 500)]
}
