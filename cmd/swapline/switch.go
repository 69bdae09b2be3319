package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/rollout"
)

// changeOptions are what switch and rollback have in common.
type changeOptions struct {
	reason      string
	newBaseline bool
	generation  int64
}

func (o *changeOptions) flags(c *cobra.Command) *cobra.Command {
	c.Flags().StringVar(&o.reason, "reason", "", "`text` for the journal")
	c.Flags().BoolVar(&o.newBaseline, "new-baseline", false, "later releases must have the methods of this one")
	generationFlag(c, &o.generation)
	return c
}

func (a *app) switchCommand() *cobra.Command {
	var o changeOptions
	return o.flags(&cobra.Command{
		Use:   "switch STRATEGY RELEASE",
		Short: "Serve another accepted release",
		Example: `  swapline switch riskscore 1.2.0
  swapline switch riskscore 9f86d081 --reason "approved by risk"`,
		Long: `RELEASE is a version that only one release has, a payload digest, or eight or more
of its first digits: see swapline list STRATEGY. Requests that run end on the old
release; every later one is answered by the new.`,
		Args: usage(cobra.ExactArgs(2)),
		RunE: func(c *cobra.Command, args []string) error {
			return a.change(c.Context(), "switch", args[0], args[1], o)
		},
	})
}

func (a *app) rollbackCommand() *cobra.Command {
	var o changeOptions
	return o.flags(&cobra.Command{
		Use:   "rollback STRATEGY [RELEASE]",
		Short: "Serve the release that was stable before",
		Example: `  swapline rollback riskscore --reason "refuses good customers"
  swapline rollback riskscore 1.0.3`,
		Long: `Without RELEASE the release before the current one is served again. A rollback is
recorded as such and allows what an upload does not: a lower sequence.`,
		Args: usage(cobra.RangeArgs(1, 2)),
		RunE: func(c *cobra.Command, args []string) error {
			return a.change(c.Context(), "rollback", args[0], append(args[1:], "")[0], o)
		},
	})
}

func (a *app) change(ctx context.Context, action, strategy, release string, o changeOptions) error {
	cl, err := a.client()
	if err != nil {
		return err
	}
	h, err := cl.precondition(ctx, strategy, o.generation)
	if err != nil {
		return err
	}
	body := map[string]any{"reason": o.reason, "new_baseline": o.newBaseline}
	if release != "" {
		body["release"] = release
	}
	out, err := cl.postJSON(ctx, strategyPath(strategy, action), h, body)
	if err != nil {
		return err
	}
	return a.print(out, func(w io.Writer) { printOutcome(w, out) })
}

// printOutcome says in one sentence what is different now.
func printOutcome(w io.Writer, o runtime.Outcome) {
	r := o.Release
	name := fmt.Sprintf("%s %s (%s, %s)", r.Strategy, r.Version, r.Kind, r.Digest.Short())
	switch o.Action {
	case "dry_run":
		fmt.Fprintf(w, "%s would be accepted; nothing was changed\n", name)
	case "hold":
		fmt.Fprintf(w, "%s is accepted and waits; serve it with: swapline switch %s %s\n", name, r.Strategy, r.Digest.Short())
	case "rollout":
		fmt.Fprintf(w, "%s is accepted and has to earn its traffic\n", name)
	default:
		fmt.Fprintf(w, "%s answers now, generation %d%s\n", name, o.Generation, instead(o.Replaced))
	}
	t := newTable(w)
	for _, c := range o.Checks {
		t.row("  passed "+c.Name, brief(c.Duration), c.Detail)
	}
	t.flush()
	if o.Generation > 0 && o.SwitchDuration > 0 {
		fmt.Fprintf(w, "  the switch took %s\n", brief(o.SwitchDuration))
	}
	printBegun(w, o)
}

// printBegun tells of the rollout that a change began: one of its own, or the watch
// over a change of all traffic.
func printBegun(w io.Writer, o runtime.Outcome) {
	switch {
	case o.Rollout == nil:
	case o.Action == "rollout":
		printStarted(w, *o.Rollout)
	case o.Rollout.Phase == rollout.Watching:
		fmt.Fprintf(w, "  it is watched for a while and goes back by itself if it is worse: swapline rollout watch %s\n", o.Release.Strategy)
	}
}

// brief writes a duration with the digits that a person reads.
func brief(d time.Duration) string {
	switch {
	case d >= time.Second:
		d = d.Round(10 * time.Millisecond)
	case d >= time.Millisecond:
		d = d.Round(100 * time.Microsecond)
	case d >= time.Microsecond:
		d = d.Round(100 * time.Nanosecond)
	}
	return d.String()
}

func instead(r *runtime.Release) string {
	if r == nil {
		return ""
	}
	return fmt.Sprintf(", instead of %s (%s, %s)", r.Version, r.Kind, r.Digest.Short())
}
