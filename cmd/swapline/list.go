package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/swapline/swapline/runtime"
)

func (a *app) listCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "list [STRATEGY]",
		Short: "List strategies, or the releases of one",
		Example: `  swapline list
  swapline list riskscore
  swapline list --json`,
		Args: usage(cobra.MaximumNArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 1 {
				return a.listReleases(c.Context(), args[0])
			}
			return a.listStrategies(c.Context())
		},
	}
}

func (a *app) listStrategies(ctx context.Context) error {
	cl, err := a.client()
	if err != nil {
		return err
	}
	var list struct {
		Strategies []runtime.Status `json:"strategies"`
	}
	if _, err := cl.getJSON(ctx, "/v1/strategies", &list); err != nil {
		return err
	}
	return a.print(list, func(w io.Writer) {
		if len(list.Strategies) == 0 {
			fmt.Fprintln(w, "no strategies yet; upload a release with: swapline push FILE")
			return
		}
		t := newTable(w, "STRATEGY", "RELEASE", "KIND", "DIGEST", "GENERATION", "REQUESTS", "FAULTS", "SINCE")
		for _, s := range list.Strategies {
			r := orEmpty(s.Stable)
			t.row(s.Strategy, orDash(r.Version)+climbing(s.Rollout), orDash(string(r.Kind)), orDash(r.Digest.Short()),
				s.Generation, s.Requests, s.Faults, stamp(s.Since))
		}
		t.flush()
		printBroken(w, list.Strategies)
	})
}

// printBroken comes last, where a tired eye ends.
func printBroken(w io.Writer, list []runtime.Status) {
	for _, s := range list {
		if s.Problem != "" {
			fmt.Fprintf(w, "%s cannot serve: %s\n", s.Strategy, s.Problem)
		}
	}
}

func (a *app) listReleases(ctx context.Context, strategy string) error {
	cl, err := a.client()
	if err != nil {
		return err
	}
	var list struct {
		Strategy string            `json:"strategy"`
		Releases []runtime.Release `json:"releases"`
	}
	if _, err := cl.getJSON(ctx, strategyPath(strategy, "releases"), &list); err != nil {
		return err
	}
	return a.print(list, func(w io.Writer) {
		t := newTable(w, "", "VERSION", "SEQUENCE", "KIND", "DIGEST", "SIZE", "ACCEPTED", "EXPIRES")
		for _, r := range list.Releases {
			t.row(mark(r.Active), r.Version, r.Sequence, r.Kind, r.Digest.Short(), bytesText(r.Size), stamp(r.Accepted), stamp(r.Expires))
		}
		t.flush()
	})
}

func (a *app) getCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "get STRATEGY [RELEASE]",
		Short: "Show what a strategy serves, or one release",
		Example: `  swapline get riskscore
  swapline get riskscore 1.2.0
  swapline get riskscore --json`,
		Args: usage(cobra.RangeArgs(1, 2)),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 2 {
				return a.getRelease(c.Context(), args[0], args[1])
			}
			return a.getStrategy(c.Context(), args[0])
		},
	}
}

func (a *app) getStrategy(ctx context.Context, strategy string) error {
	cl, err := a.client()
	if err != nil {
		return err
	}
	var s runtime.Status
	if _, err := cl.getJSON(ctx, strategyPath(strategy), &s); err != nil {
		return err
	}
	return a.print(s, func(w io.Writer) { printStatus(w, s) })
}

func printStatus(w io.Writer, s runtime.Status) {
	t := newTable(w)
	t.row("strategy", s.Strategy)
	t.row("generation", s.Generation)
	if s.Stable != nil {
		t.row("serves", title(*s.Stable)+", since "+stamp(s.Since))
	}
	if s.Previous != nil {
		t.row("before", title(*s.Previous)+withdrawn(s.PreviousWithdrawn))
	}
	if r := s.Rollout; r != nil {
		t.row("rollout", fmt.Sprintf("%d: %s, %s, at %s; more: swapline rollout get %s", r.ID, r.Candidate, phaseText(r.Phase), percent(r.Weight), s.Strategy))
	}
	if b := s.Breaker; b != nil {
		t.row("breaker", breakerText(*b))
	}
	if s.Problem != "" {
		t.row("problem", s.Problem)
	}
	if s.Failing != "" {
		t.row("failing", s.Failing)
	}
	if s.Baseline != nil {
		t.row("baseline", strings.Join(s.Baseline.Methods, ", "))
	}
	t.row("requests", fmt.Sprintf("%d since it was loaded, of these %d business errors and %d faults; %d running", s.Requests, s.BusinessErrors, s.Faults, s.InFlight))
	t.row("instances", fmt.Sprintf("%d, %s; %d abandoned calls", s.Instances, bytesText(s.MemoryBytes), s.Abandoned))
	if s.Restarts > 0 {
		t.row("restarts", fmt.Sprintf("%d of the release's own process", s.Restarts))
	}
	printPoints(t, s)
	for _, d := range s.Draining {
		t.row("draining", fmt.Sprintf("%s: %d requests for %s, stuck: %t", title(d.Release), d.InFlight, d.For, d.Stuck))
	}
	for _, c := range s.Changes {
		t.row("changed", strings.TrimSpace(fmt.Sprintf("%s  generation %d  %s to %s  by %s  %s",
			stamp(c.At), c.Generation, c.Action, c.To.Short(), orDash(c.Actor), c.Reason)))
	}
	t.flush()
}

// breakerText is what answers, if the release does not.
func breakerText(b runtime.Breaker) string {
	text := string(b.State)
	if b.Opened > 0 {
		text += fmt.Sprintf(", opened %d times, since %s", b.Opened, stamp(b.Since))
	}
	for _, f := range b.Fallbacks {
		text += fmt.Sprintf("; %s has answered %d", f.Kind, f.Answers)
		if f.Problem != "" {
			text += " (" + f.Problem + ")"
		}
	}
	if b.Reason != "" {
		text += "; " + b.Reason
	}
	return text
}

// climbing marks a strategy whose next release is on its way.
func climbing(r *runtime.RolloutBrief) string {
	if r == nil {
		return ""
	}
	return fmt.Sprintf(" (%s %s, %s)", r.Candidate, phaseText(r.Phase), percent(r.Weight))
}

func withdrawn(yes bool) string {
	if !yes {
		return ""
	}
	return ", withdrawn because of its faults"
}

func (a *app) getRelease(ctx context.Context, strategy, release string) error {
	cl, err := a.client()
	if err != nil {
		return err
	}
	var r runtime.Release
	if _, err := cl.getJSON(ctx, strategyPath(strategy, "releases", release), &r); err != nil {
		return err
	}
	return a.print(r, func(w io.Writer) {
		t := newTable(w)
		t.row("release", title(r))
		t.row("digest", r.Digest)
		t.row("artifact", fmt.Sprintf("%s, %s", r.Artifact, bytesText(r.Size)))
		t.row("sequence", r.Sequence)
		t.row("accepted", stamp(r.Accepted))
		t.row("expires", stamp(r.Expires))
		t.row("active", r.Active)
		if len(r.Labels) > 0 {
			b, _ := json.Marshal(r.Labels)
			t.row("labels", string(b))
		}
		t.flush()
	})
}

func title(r runtime.Release) string {
	return fmt.Sprintf("%s@%s (%s, %s)", r.Strategy, r.Version, r.Kind, r.Digest.Short())
}

func orEmpty(r *runtime.Release) runtime.Release {
	if r == nil {
		return runtime.Release{}
	}
	return *r
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func mark(active bool) string {
	if active {
		return "*"
	}
	return ""
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(time.RFC3339)
}

// table aligns columns.
type table struct{ w *tabwriter.Writer }

func newTable(w io.Writer, head ...any) table {
	t := table{tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)}
	if len(head) > 0 {
		t.row(head...)
	}
	return t
}

func (t table) row(cells ...any) {
	for i, c := range cells {
		if i > 0 {
			fmt.Fprint(t.w, "\t")
		}
		fmt.Fprint(t.w, c)
	}
	fmt.Fprintln(t.w)
}

func (t table) flush() { t.w.Flush() }
