package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/compare"
)

// experimentCodes is how scripts learn what came of an experiment.
const experimentCodes = `The exit code says what came of it:
  0 better or equivalent    11 worse    12 undecided, or a check forbids a verdict`

// experimentEnded is the state of an experiment that is over.
const experimentEnded = "ended"

func (a *app) experimentWatchCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "watch STRATEGY [ID]",
		Short: "Show an experiment while it runs",
		Example: `  swapline experiment watch riskscore
  swapline experiment watch riskscore | tee experiment.log    a line for all that is new
  swapline experiment watch riskscore --json                  a JSON object a line`,
		Long: `On a terminal the page is redrawn in place: what can be concluded by now, the
interval against the margin, what the releases did, and the checks. Elsewhere a line
is written when the verdict or a check changes, and when the evidence has doubled. A
server that is renewed or restarted is waited for.

It ends when the experiment ends. ` + experimentCodes,
		Args: usage(cobra.RangeArgs(1, 2)),
		RunE: func(c *cobra.Command, args []string) error {
			id, err := experimentID(args)
			if err != nil {
				return err
			}
			return a.experimentWatch(c.Context(), args[0], id)
		},
	}
}

func (a *app) experimentWaitCommand() *cobra.Command {
	var timeout time.Duration
	c := &cobra.Command{
		Use:   "wait STRATEGY [ID]",
		Short: "Wait for an experiment; the exit code says what came of it",
		Example: `  swapline experiment wait riskscore --timeout 2h
  swapline experiment wait riskscore && swapline experiment report riskscore -o report.html`,
		Long: experimentCodes + `    10 --timeout is over
  1 to 5 as everywhere`,
		Args: usage(cobra.RangeArgs(1, 2)),
		RunE: func(c *cobra.Command, args []string) error {
			id, err := experimentID(args)
			if err != nil {
				return err
			}
			return a.experimentWait(c.Context(), args[0], id, timeout)
		},
	}
	c.Flags().DurationVar(&timeout, "timeout", 0, "`time` after which to give up; 0: never")
	return c
}

func (a *app) experimentWatch(ctx context.Context, strategy, id string) error {
	e, err := a.follow(ctx, strategy, id, a.experimentViewer())
	if err != nil {
		return leftAlone(err, strategy)
	}
	return endOfExperiment(e)
}

// leftAlone is a person's Ctrl-C: what was looked at is not touched by it.
func leftAlone(err error, strategy string) error {
	if errors.Is(err, context.Canceled) {
		return &outcome{exitError, "stopped looking; the experiment of " + strategy + " goes on"}
	}
	return err
}

func (a *app) experimentWait(ctx context.Context, strategy, id string, timeout time.Duration) error {
	if timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	e, err := a.follow(ctx, strategy, id, nobody{})
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return &outcome{exitTimeout, fmt.Sprintf("%s: the experiment was not over after %s", strategy, timeout)}
	}
	if err != nil {
		return leftAlone(err, strategy)
	}
	return errors.Join(a.print(e, func(w io.Writer) {
		fmt.Fprintf(w, "experiment %d of %s: %s\n", e.ID, e.Strategy, verdictText(e.Verdict))
	}), endOfExperiment(e))
}

// endOfExperiment is nil if the release is better or equivalent.
func endOfExperiment(e runtime.Experiment) error {
	text := fmt.Sprintf("experiment %d of %s: %s", e.ID, e.Strategy, verdictText(e.Verdict))
	switch e.Verdict.Word {
	case compare.Better, compare.Equivalent:
		return nil
	case compare.Worse:
		return &outcome{exitWorse, text}
	}
	if e.Reason != "" {
		text += "; it ended because: " + endedBy(e)
	}
	return &outcome{exitUndecided, text}
}

// verdictText is a verdict in a line.
func verdictText(v compare.Verdict) string {
	text := oneLine(string(v.Word))
	if v.Blocked != "" {
		text += " (the check " + oneLine(v.Blocked) + " failed)"
	}
	if v.Sentence != "" {
		text += ": " + oneLine(v.Sentence)
	}
	return text
}

// follow looks at an experiment until it ends. It stays with the one it found, also
// when a newer one begins, and waits for a server that comes back.
func (a *app) follow(ctx context.Context, strategy, id string, v experimentViewer) (runtime.Experiment, error) {
	cl, err := a.client()
	if err != nil {
		return runtime.Experiment{}, err
	}
	e, err := cl.experiment(ctx, strategy, id)
	if err != nil {
		return e, err
	}
	o := &observer{app: a, strategy: strategy, id: strconv.FormatUint(e.ID, 10), client: cl}
	for {
		if err == nil {
			v.show(e)
		}
		if err == nil && e.State == experimentEnded {
			return e, nil
		}
		if err := sleep(ctx, lookEvery); err != nil {
			return e, err
		}
		var now runtime.Experiment
		if now, err = o.client.experiment(ctx, strategy, o.id); err == nil {
			e = now
			continue
		}
		if ctx.Err() != nil {
			return e, ctx.Err()
		}
		if !passing(err) {
			return e, err
		}
		o.reconnect()
		v.trouble(err)
	}
}

// experimentViewer shows an experiment that is followed.
type experimentViewer interface {
	// show is called for every look that succeeded, trouble for the others.
	show(e runtime.Experiment)
	trouble(err error)
}

func (a *app) experimentViewer() experimentViewer {
	switch {
	case a.json:
		return &experimentJSON{e: json.NewEncoder(a.stdout)}
	case isTerminal(a.stdout) && os.Getenv("TERM") != "dumb":
		return &experimentScreen{screen: screen{w: a.stdout}, look: func() look { return lookOf(a.stdout) }}
	}
	return &experimentLines{w: a.stdout}
}

// nobody looks.
type nobody struct{}

func (nobody) show(runtime.Experiment) {}
func (nobody) trouble(error)           {}

// experimentScreen redraws a page.
type experimentScreen struct {
	screen screen
	look   func() look // anew for each page: windows change
	last   experimentPage
}

func (v *experimentScreen) show(e runtime.Experiment) {
	v.last = experimentPage{experiment: e, now: time.Now()}
	v.draw()
}

func (v *experimentScreen) trouble(err error) {
	v.last.now, v.last.note = time.Now(), "the server does not answer; trying again ("+err.Error()+")"
	v.draw()
}

func (v *experimentScreen) draw() {
	l := v.look()
	v.screen.draw(v.last.lines(l), l)
}

// experimentLines writes a line when there is something new.
type experimentLines struct {
	w       io.Writer
	said    string // what the last line was about
	units   int64  // when it was written
	waiting bool
}

func (v *experimentLines) show(e runtime.Experiment) {
	v.waiting = false
	units := unitsOf(e)
	about := string(e.Verdict.Word) + e.Verdict.Blocked + e.State
	for _, c := range e.Health {
		about += " " + string(c.Light)
	}
	if about == v.said && units < 2*v.units {
		return
	}
	v.said, v.units = about, max(1, units)
	fmt.Fprintf(v.w, "%s  %-10s  n=%s  %s\n", stamp(time.Now()), oneLine(string(e.Verdict.Word)), compare.Count(units), oneLine(e.Verdict.Sentence))
	for _, line := range healthLines(e.Health, look{}) {
		fmt.Fprintln(v.w, "  "+line)
	}
	if e.State == experimentEnded {
		fmt.Fprintf(v.w, "%s  experiment %d of %s has ended: %s\n", stamp(e.Ended), e.ID, oneLine(e.Strategy), endedBy(e))
	}
}

// unitsOf is the evidence of both arms.
func unitsOf(e runtime.Experiment) (n int64) {
	for _, a := range e.Arms {
		n += unitsOfArm(a)
	}
	return n
}

// unitsOfArm is what is counted: callers where they have keys, else calls.
func unitsOfArm(a compare.Arm) int64 {
	if a.Units > 0 {
		return a.Units
	}
	return a.Calls
}

// trouble is told once, not twice a second.
func (v *experimentLines) trouble(err error) {
	if !v.waiting {
		fmt.Fprintf(v.w, "%s  the server does not answer; trying again (%s)\n", stamp(time.Now()), oneLine(err.Error()))
	}
	v.waiting = true
}

// experimentJSON writes an object a line whenever the experiment has changed.
type experimentJSON struct {
	e    *json.Encoder
	last uint64
}

func (v *experimentJSON) show(e runtime.Experiment) {
	if e.Revision != v.last || e.State == experimentEnded {
		_ = v.e.Encode(e)
	}
	v.last = e.Revision
}

func (v *experimentJSON) trouble(error) {}

var (
	_ experimentViewer = nobody{}
	_ experimentViewer = (*experimentScreen)(nil)
	_ experimentViewer = (*experimentLines)(nil)
	_ experimentViewer = (*experimentJSON)(nil)
)
