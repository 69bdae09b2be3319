package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/swapline/swapline/runtime"
)

func (a *app) rolloutExplainCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "explain STRATEGY [ID]",
		Short: "Say why a rollout did what it did",
		Example: `  swapline rollout explain riskscore
  swapline rollout explain riskscore 17`,
		Long: `Prints every decision in its order with its time and its reason, what the guards
think now, and what the replay of recorded inputs found.`,
		Args: usage(cobra.RangeArgs(1, 2)),
		RunE: func(c *cobra.Command, args []string) error {
			id, err := rolloutID(args)
			if err != nil {
				return err
			}
			return a.rolloutExplain(c.Context(), args[0], id)
		},
	}
}

// explanation is what explain prints.
type explanation struct {
	Rollout   runtime.Rollout    `json:"rollout"`
	Decisions []runtime.Decision `json:"decisions"`
}

func (a *app) rolloutExplain(ctx context.Context, strategy, id string) error {
	cl, err := a.client()
	if err != nil {
		return err
	}
	var e explanation
	if e.Rollout, err = cl.rollout(ctx, strategy, id); err != nil {
		return err
	}
	if e.Decisions, err = cl.decisions(ctx, strategy, fmt.Sprint(e.Rollout.ID)); err != nil {
		return err
	}
	return a.print(e, func(io.Writer) { e.print(a.stdout, lookOf(a.stdout), time.Now()) })
}

func (e explanation) print(w io.Writer, l look, now time.Time) {
	p := page{rollout: e.Rollout, now: now}
	lines := p.title(l)
	for _, d := range e.Decisions {
		lines = append(lines, explained(l, e.Rollout, d)...)
	}
	lines = append(append(lines, ""), p.waits(l)...)
	if sentences := p.sentences(l); len(sentences) > 0 && !e.Rollout.Phase.Ended() {
		lines = append(append(lines, "", "The guards at this stage:"), sentences...)
	}
	if replay := p.replay(l); len(replay) > 0 {
		lines = append(append(lines, ""), replay...)
	}
	for _, line := range lines {
		fmt.Fprintln(w, line)
	}
}

// explained is one decision as a paragraph.
func explained(l look, r runtime.Rollout, d runtime.Decision) []string {
	head := fmt.Sprintf("%s  %s after the start, at %s: %s", stamp(d.At), wholeSeconds(d.At.Sub(r.Started)), percent(d.Weight), oneLine(string(d.Verdict)))
	if d.Guard != "" {
		head += ", because of the guard " + oneLine(d.Guard)
	}
	return append([]string{"", head}, wrap("  ", "  ", oneLine(d.Text), l.width)...)
}

// sentences says what each guard thinks.
func (p page) sentences(l look) (lines []string) {
	for _, j := range p.rollout.Guards {
		lines = append(lines, wrap("  ", "    ", oneLine(j.Guard)+" "+l.paint(opinionColour(j.Opinion), oneLine(string(j.Opinion)))+": "+oneLine(strings.TrimPrefix(j.Sentence, j.Guard+": ")), l.width)...)
	}
	return lines
}

func (a *app) rolloutHistoryCommand() *cobra.Command {
	var limit int
	c := &cobra.Command{
		Use:   "history STRATEGY",
		Short: "List the rollouts of a strategy, the newest first",
		Example: `  swapline rollout history riskscore
  swapline rollout history riskscore --limit 3 --json`,
		Long: `A switch of all traffic at once is a rollout of one stage and is listed too.`,
		Args: usage(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			if limit < 1 {
				return usageError{fmt.Errorf("--limit must be 1 or more, got %d", limit)}
			}
			return a.rolloutHistory(c.Context(), args[0], limit)
		},
	}
	c.Flags().IntVar(&limit, "limit", 20, "`number` of rollouts, at most")
	return c
}

func (a *app) rolloutHistory(ctx context.Context, strategy string, limit int) error {
	cl, err := a.client()
	if err != nil {
		return err
	}
	list, err := cl.rollouts(ctx, strategy, limit)
	if err != nil {
		return err
	}
	if list == nil {
		list = []runtime.Rollout{}
	}
	return a.print(map[string]any{"strategy": strategy, "rollouts": list}, func(w io.Writer) { printHistory(w, strategy, list) })
}

func printHistory(w io.Writer, strategy string, list []runtime.Rollout) {
	if len(list) == 0 {
		fmt.Fprintf(w, "%s had no rollout yet; begin one with: swapline rollout start %s RELEASE\n", strategy, strategy)
		return
	}
	t := newTable(w, "ID", "FROM", "TO", "DIGEST", "RESULT", "AT", "STARTED", "TOOK", "BY", "LAST DECISION")
	for _, r := range list {
		t.row(r.ID, r.Stable.Version, r.Candidate.Version, r.Candidate.Digest.Short(), phaseText(r.Phase), percent(page{rollout: r}.reached()),
			stamp(r.Started), took(r), orDash(r.Actor), orDash(oneLine(r.Reason)))
	}
	t.flush()
}

func took(r runtime.Rollout) string {
	if r.Ended.IsZero() {
		return "-"
	}
	return wholeSeconds(r.Ended.Sub(r.Started))
}
