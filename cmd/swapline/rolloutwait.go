package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/rollout"
)

// outcomeCodes is how scripts learn what came of a rollout.
const outcomeCodes = `The exit code says how:
  0 promoted    6 rolled back    7 blocked by the replay    8 aborted by a person`

// outcome is an end that is not what was waited for: no mistake of anybody, but
// a script must notice.
type outcome struct {
	code int
	text string
}

func (o *outcome) Error() string { return o.text }

// word is the outcome for --json.
func (o *outcome) word() string {
	return map[int]string{exitRolledBack: "rolled_back", exitBlocked: "blocked", exitAborted: "aborted", exitPaused: "paused", exitTimeout: "timeout", exitError: "interrupted",
		exitWorse: "worse", exitUndecided: "undecided", exitPartial: "partial"}[o.code]
}

// interrupted is a person's Ctrl-C: what was looked at is not touched by it.
func interrupted(err error, strategy string) error {
	if errors.Is(err, context.Canceled) {
		return &outcome{exitError, "stopped looking; the rollout of " + strategy + " goes on"}
	}
	return err
}

// endOf is nil for a promoted rollout.
func endOf(r runtime.Rollout) error {
	code := map[rollout.Phase]int{rollout.RolledBack: exitRolledBack, rollout.Blocked: exitBlocked, rollout.Aborted: exitAborted}[r.Phase]
	if code == 0 {
		return nil
	}
	text := fmt.Sprintf("rollout %d of %s was %s", r.ID, r.Strategy, phaseText(r.Phase))
	if r.Reason != "" {
		text += ": " + r.Reason
	}
	return &outcome{code, text}
}

// waitOptions are the flags of rollout wait.
type waitOptions struct {
	goal    string
	timeout time.Duration
}

func (a *app) rolloutWaitCommand() *cobra.Command {
	var o waitOptions
	c := &cobra.Command{
		Use:   "wait STRATEGY [ID]",
		Short: "Wait for a rollout; the exit code says what came of it",
		Example: `  swapline rollout wait riskscore --timeout 30m
  swapline push risk-2.0.0.wasm --rollout && swapline rollout wait risk
  swapline rollout wait riskscore --for paused && ./soak-test.sh && swapline rollout promote riskscore`,
		Long: outcomeCodes + `
  9 it waits for a person    10 --timeout is over    1 to 5 as everywhere

  --for promoted   until it ends, or waits for a person (9): then nothing would
                   happen by itself any more
  --for paused     until it waits for a person (0), or ends
  --for ended      until it ends, however long a person takes`,
		Args: usage(cobra.RangeArgs(1, 2)),
		RunE: func(c *cobra.Command, args []string) error {
			id, err := rolloutID(args)
			if err != nil {
				return err
			}
			if _, err := o.done(runtime.Rollout{}); err != nil {
				return err
			}
			return a.rolloutWait(c.Context(), args[0], id, o)
		},
	}
	c.Flags().StringVar(&o.goal, "for", "promoted", "`what` to wait for: promoted, paused or ended")
	c.Flags().DurationVar(&o.timeout, "timeout", 0, "`time` after which to give up; 0: never")
	_ = c.RegisterFlagCompletionFunc("for", cobra.FixedCompletions([]string{"promoted", "paused", "ended"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

// done tells whether the waiting is over, and with which error.
func (o waitOptions) done(r runtime.Rollout) (bool, error) {
	switch o.goal {
	case "promoted":
		if !r.Phase.Ended() && waitsForPerson(r) {
			return true, &outcome{exitPaused, fmt.Sprintf("rollout %d of %s waits for a person at %s: %s", r.ID, r.Strategy,
				percent(r.Weight), typed("promote", r.Strategy))}
		}
	case "paused":
		if !r.Phase.Ended() && waitsForPerson(r) {
			return true, nil
		}
	case "ended":
	default:
		return false, usageError{fmt.Errorf("--for must be promoted, paused or ended, got %q", o.goal)}
	}
	if r.Phase.Ended() {
		return true, endOf(r)
	}
	return false, nil
}

// waitsForPerson tells whether nothing goes on by itself: in a pause, or at a gate
// when all else is done.
func waitsForPerson(r runtime.Rollout) bool {
	if r.Phase == rollout.Paused {
		return true
	}
	if !r.Held || r.Stage < 0 || r.Stage >= len(r.Stages) || !r.Stages[r.Stage].Gate {
		return false
	}
	return !slices.ContainsFunc(r.Guards, func(j rollout.Judgement) bool { return j.Opinion != rollout.Passed }) &&
		!slices.ContainsFunc(r.Arms, func(a runtime.RolloutArm) bool {
			return a.Arm == rollout.ArmCandidate && a.Calls < r.Stages[r.Stage].Calls
		})
}

func (a *app) rolloutWait(ctx context.Context, strategy, id string, w waitOptions) error {
	if w.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, w.timeout, &outcome{exitTimeout, fmt.Sprintf("%s: the rollout was not over after %s", strategy, w.timeout)})
		defer cancel()
	}
	r, err := a.await(ctx, strategy, id, w)
	if late := new(outcome); errors.Is(err, context.DeadlineExceeded) && errors.As(context.Cause(ctx), &late) {
		return late
	}
	if r.ID == 0 {
		return interrupted(err, strategy)
	}
	return errors.Join(a.print(r, func(out io.Writer) {
		fmt.Fprintf(out, "rollout %d of %s: %s\n", r.ID, r.Strategy, phaseText(r.Phase))
	}), err)
}

// await looks until the waiting is over; the rollout is zero if it never was.
func (a *app) await(ctx context.Context, strategy, id string, w waitOptions) (runtime.Rollout, error) {
	o, r, err := a.observe(ctx, strategy, id)
	if err != nil {
		return runtime.Rollout{}, orOver(ctx, err)
	}
	for ok := true; ; r, _, ok, err = o.look(ctx) {
		if err != nil {
			return runtime.Rollout{}, orOver(ctx, err)
		}
		if ok {
			if done, err := w.done(r); done {
				return r, err
			}
		}
		if err := sleep(ctx, lookEvery); err != nil {
			return runtime.Rollout{}, err
		}
	}
}

// orOver is why a request failed: if its time was over, that.
func orOver(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}
