package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/rollout"
)

// rolloutCommand is the tree of commands about rollouts.
func (a *app) rolloutCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "rollout COMMAND",
		Short: "Let a release earn its traffic, and watch it",
		Example: `  swapline rollout start riskscore 2.0.0 --watch
  swapline rollout watch riskscore
  swapline rollout wait riskscore --timeout 30m    for CI: the exit code says how it ended
  swapline rollout explain riskscore               every decision, with its reason
  swapline rollout abort riskscore --reason "ticket 4711"`,
		Long: `A rollout gives a release a small share of the traffic, compares it with the
release that serves, and gives it more, or takes it back, by itself. What it may
do is the strategy's policy: swapline rollout policy STRATEGY. An ID is the number
of a rollout; without one the newest is meant.`,
		Args: knownSubcommand,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.rolloutStartCommand(), a.rolloutGetCommand(), a.rolloutWatchCommand(), a.rolloutWaitCommand())
	for _, v := range verbs() {
		c.AddCommand(a.rolloutVerbCommand(v))
	}
	c.AddCommand(a.rolloutExplainCommand(), a.rolloutHistoryCommand(), a.rolloutPolicyCommand())
	return c
}

// knownSubcommand refuses what is left when no command was found.
func knownSubcommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	cure := c.CommandPath() + " --help lists the commands"
	if like := c.SuggestionsFor(args[0]); len(like) > 0 {
		cure = "did you mean " + strings.Join(like, " or ") + "?"
	}
	return usageError{fmt.Errorf("unknown command %q of %s; %s", args[0], c.CommandPath(), cure)}
}

// startOptions are the flags of rollout start.
type startOptions struct {
	policy, reason string
	newBaseline    bool
	watch          bool
	generation     int64
}

func (a *app) rolloutStartCommand() *cobra.Command {
	var o startOptions
	c := &cobra.Command{
		Use:   "start STRATEGY RELEASE",
		Short: "Begin a rollout of an accepted release",
		Example: `  swapline rollout start riskscore 2.0.0
  swapline rollout start riskscore 9f86d081 --policy careful.json --reason "ticket 4711" --watch
  swapline push riskscore-2.0.0.wasm --rollout    upload and begin in one step`,
		Long: `RELEASE is a version that only one release has, a payload digest, or eight or more
of its first digits: see swapline list STRATEGY. --policy is for this rollout alone;
the file is checked before anything is sent. A release that was taken back once is
refused: build a new one.

With --watch the exit code says how it ended, as that of swapline rollout watch.`,
		Args: usage(cobra.ExactArgs(2)),
		RunE: func(c *cobra.Command, args []string) error { return a.rolloutStart(c.Context(), args[0], args[1], o) },
	}
	f := c.Flags()
	f.StringVar(&o.policy, "policy", "", "JSON `file` with the policy of this rollout")
	f.StringVar(&o.reason, "reason", "", "`text` for the journal")
	f.BoolVar(&o.newBaseline, "new-baseline", false, "the release may have other methods than those before it, and later ones must be like it")
	f.BoolVar(&o.watch, "watch", false, "stay and show what happens until it ends")
	generationFlag(c, &o.generation)
	return c
}

func (a *app) rolloutStart(ctx context.Context, strategy, release string, o startOptions) error {
	body := map[string]any{"release": release, "reason": o.reason, "new_baseline": o.newBaseline}
	if o.policy != "" {
		text, err := checkedPolicy(o.policy)
		if err != nil {
			return err
		}
		body["policy"] = text
	}
	cl, err := a.client()
	if err != nil {
		return err
	}
	h, err := cl.precondition(ctx, strategy, o.generation)
	if err != nil {
		return err
	}
	var r runtime.Rollout
	if err := cl.sendJSON(ctx, "POST", strategyPath(strategy, "rollouts"), h, body, &r); err != nil {
		return err
	}
	if o.watch {
		return a.rolloutWatch(ctx, strategy, fmt.Sprint(r.ID))
	}
	return a.print(r, func(w io.Writer) { printStarted(w, r) })
}

// printStarted says in one sentence what began and how to see more of it.
func printStarted(w io.Writer, r runtime.Rollout) {
	fmt.Fprintf(w, "rollout %d of %s has begun: %s against %s, %s\n", r.ID, r.Strategy, r.Candidate.Version, r.Stable.Version, stagesText(r))
	fmt.Fprintf(w, "  watch it: swapline rollout watch %s\n", r.Strategy)
}

// stagesText is the rail in words.
func stagesText(r runtime.Rollout) string {
	words := make([]string, len(r.Stages))
	for i, s := range r.Stages {
		words[i] = short(s.Weight)
	}
	return "stages " + strings.Join(words, ", ") + " %"
}

func (a *app) rolloutGetCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "get STRATEGY [ID]",
		Short: "Show a rollout as it is now",
		Example: `  swapline rollout get riskscore
  swapline rollout get riskscore 17 --json`,
		Args: usage(cobra.RangeArgs(1, 2)),
		RunE: func(c *cobra.Command, args []string) error {
			id, err := rolloutID(args)
			if err != nil {
				return err
			}
			o, r, err := a.observe(c.Context(), args[0], id)
			if err != nil {
				return err
			}
			if _, _, _, err := o.look(c.Context()); err != nil {
				return err
			}
			return a.print(r, func(io.Writer) {
				page{rollout: r, last: o.last(), now: time.Now()}.print(a.stdout, lookOf(a.stdout))
			})
		},
	}
}

// verb is a command of a person to a rollout.
type verb struct {
	rollout.Verb
	short, example, long, done string
}

func verbs() []verb {
	return []verb{
		{rollout.VerbPromote, "Let a rollout go on to the next stage", `  swapline rollout promote riskscore --reason "looked at the differences"`,
			`Opens a stage's gate, ends a pause, or takes a rollout that is not decided to its
next stage. It cannot overrule a guard that is breached.`, "goes on"},
		{rollout.VerbPause, "Keep a rollout where it is", `  swapline rollout pause riskscore --reason "lunch"`,
			`The candidate keeps its share of the traffic, and its guards go on watching: it is
still taken back when it is worse.`, "is paused"},
		{rollout.VerbResume, "End a pause", `  swapline rollout resume riskscore`, `The stage's measurements begin anew.`, "goes on"},
		{rollout.VerbAbort, "Take the candidate back and end the rollout", `  swapline rollout abort riskscore --reason "ticket 4711"`,
			`Every later request is answered by the release that was stable before. Another
rollout of the same release may be started later.`, "is aborted"},
	}
}

// verbOptions are the flags of a verb.
type verbOptions struct {
	reason   string
	revision int64
}

func (a *app) rolloutVerbCommand(v verb) *cobra.Command {
	var o verbOptions
	c := &cobra.Command{
		Use:     string(v.Verb) + " STRATEGY [ID]",
		Short:   v.short,
		Example: v.example,
		Long:    v.long,
		Args:    usage(cobra.RangeArgs(1, 2)),
		RunE: func(c *cobra.Command, args []string) error {
			id, err := rolloutID(args)
			if err != nil {
				return err
			}
			return a.rolloutVerb(c.Context(), v, args[0], id, o)
		},
	}
	c.Flags().StringVar(&o.reason, "reason", "", "`text` for the journal")
	c.Flags().Int64Var(&o.revision, "if-revision", -1, "only if the rollout is at this `revision`; default: whatever it is now")
	return c
}

func (a *app) rolloutVerb(ctx context.Context, v verb, strategy, id string, o verbOptions) error {
	cl, err := a.client()
	if err != nil {
		return err
	}
	r, err := cl.commandRollout(ctx, v.Verb, strategy, id, o)
	if err != nil {
		return err
	}
	return a.print(r, func(w io.Writer) {
		p := page{rollout: r, now: time.Now()}
		fmt.Fprintf(w, "rollout %d of %s %s\n", r.ID, r.Strategy, v.done)
		for _, line := range p.waits(look{}) {
			fmt.Fprintln(w, line)
		}
	})
}
