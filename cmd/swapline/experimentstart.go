package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/experiment"
	"github.com/swapline/swapline/runtime/problem"
)

// experimentStartOptions are the flags of experiment start besides those of the
// plan.
type experimentStartOptions struct {
	plan        string
	reason      string
	newBaseline bool
	watch       bool
	generation  int64
}

func (a *app) experimentStartCommand() *cobra.Command {
	var o experimentStartOptions
	c := &cobra.Command{
		Use:   "start STRATEGY RELEASE",
		Short: "Begin an experiment with an accepted release",
		Example: `  swapline experiment start riskscore 2.0.0 --hypothesis not_worse --margin 25% --for 1h --watch
  swapline experiment start riskscore 2.0.0 --sticky-header X-Customer --metric error_rate --margin 1%
  swapline experiment start riskscore 2.0.0 --mode paired --metric latency_p99
  swapline experiment start riskscore 2.0.0 --plan plan.json --then promote`,
		Long: `RELEASE is a version that only one release has, a payload digest, or eight or more
of its first digits: see swapline list STRATEGY.

What is asked is fixed before the first call: in the file of --plan, in flags, or in
both; a flag goes before the file. The plan is checked before anything is sent, and
its hash is in every report.

With --watch the exit code is the verdict's, as that of swapline experiment watch.`,
		Args: usage(cobra.ExactArgs(2)),
		RunE: func(c *cobra.Command, args []string) error {
			plan, err := a.experimentPlan(c.Flags(), o.plan)
			if err != nil {
				return err
			}
			return a.experimentStart(c.Context(), args[0], args[1], plan, o)
		},
	}
	f := c.Flags()
	f.StringVar(&o.plan, "plan", "", "JSON `file` with the plan; - is standard input")
	f.StringVar(&o.reason, "reason", "", "`text` for the journal")
	f.BoolVar(&o.newBaseline, "new-baseline", false, "the release may have other methods than those before it")
	f.BoolVar(&o.watch, "watch", false, "stay and show what happens until it ends")
	generationFlag(c, &o.generation)
	experimentPlanFlags(f)
	return c
}

// experimentPlanFlags are the members of a plan that are flags, too.
func experimentPlanFlags(f *pflag.FlagSet) {
	f.String("mode", "split", "`how`: split (each call on one release) or paired (both run on each call)")
	f.String("metric", "latency_p50", "`what` it is about: latency_p50, _p90, _p99, _mean, error_rate, fault_rate, business_error_rate, field_share or instructions")
	f.String("hypothesis", "equivalent", "`question`: equivalent, not_worse or better")
	f.Var(new(share), "margin", "how much counts, as a `share`: 0.05 or 5%")
	f.Var(new(share), "alpha", "how often a verdict may be wrong, as a `share`")
	f.Float64("weight", 50, "`percent` of the traffic that the release gets (split)")
	f.String("sticky-header", "", "`name` of the header whose value keeps a caller on one release (split)")
	f.Float64("share", 100, "`percent` of the calls that run on both (paired)")
	f.Duration("for", time.Hour, "`time` after which it ends in any case")
	f.Int64("calls", 100, "`number` of calls, or callers, of each release before anything is concluded")
	f.String("stop", "decided", "`when` it ends: decided (with the first verdict) or time")
	f.String("then", "return", "`what` comes after it: return, or promote if the verdict allows it")
	f.String("field", "", "JSON `pointer` of the field of metric field_share")
	f.String("equals", "", "`value` of that field that is counted, as JSON or as text")
	f.String("question", "", "`text`: why this is asked")
	f.Lookup("margin").DefValue, f.Lookup("alpha").DefValue = "by metric; with better 0", "5%"
}

// experimentPlan makes the document of a plan and checks it as the server will.
func (a *app) experimentPlan(f *pflag.FlagSet, file string) (map[string]any, error) {
	doc := map[string]any{}
	if file != "" {
		b, err := a.readDocument(file, maxPolicy)
		if err != nil {
			return nil, err
		}
		if doc, err = wire.ParseJSONMap(b); err != nil {
			return nil, problem.New(problem.ExperimentMalformed, "%s is no plan: %w", file, err)
		}
	}
	f.Visit(func(flag *pflag.Flag) {
		if name, value := planMember(f, flag); name != "" {
			doc[name] = value
		}
	})
	return doc, checkExperiment(doc)
}

// planMember is the member of a plan that a flag stands for, "" if for none.
func planMember(f *pflag.FlagSet, flag *pflag.Flag) (string, any) {
	switch name := flag.Name; name {
	case "mode", "metric", "hypothesis", "stop", "then", "field", "question":
		return name, flag.Value.String()
	case "equals":
		if v, err := wire.ParseJSON([]byte(flag.Value.String())); err == nil {
			return name, v
		}
		return name, flag.Value.String()
	case "margin", "alpha":
		return name, float64(*flag.Value.(*share))
	case "weight", "share":
		v, _ := f.GetFloat64(name)
		return name, v
	case "calls":
		v, _ := f.GetInt64(name)
		return name, v
	case "for":
		v, _ := f.GetDuration(name)
		return "for_s", v.Seconds()
	case "sticky-header":
		return "sticky", map[string]any{"header": flag.Value.String()}
	}
	return "", nil
}

// checkExperiment reports the first member that package experiment does not
// understand.
func checkExperiment(doc map[string]any) error {
	_, err := experiment.Decode(doc)
	if err != nil {
		return usageError{malformed(err, problem.ExperimentMalformed, "the plan", "")}
	}
	return nil
}

func (a *app) experimentStart(ctx context.Context, strategy, release string, plan map[string]any, o experimentStartOptions) error {
	text, err := wire.AppendJSON(nil, plan)
	if err != nil {
		return usageError{err}
	}
	cl, err := a.client()
	if err != nil {
		return err
	}
	h, err := cl.precondition(ctx, strategy, o.generation)
	if err != nil {
		return err
	}
	body := map[string]any{"strategy": strategy, "release": release, "plan": json.RawMessage(text), "reason": o.reason, "new_baseline": o.newBaseline}
	var e runtime.Experiment
	if err := cl.sendJSON(ctx, http.MethodPost, "/v1/experiments", h, body, &e); err != nil {
		return err
	}
	if o.watch {
		return a.experimentWatch(ctx, strategy, fmt.Sprint(e.ID))
	}
	return a.print(e, func(w io.Writer) {
		reference, candidate := releases(e)
		fmt.Fprintf(w, "experiment %d of %s has begun: %s against %s, %s\n", e.ID, e.Strategy, candidate, reference, e.Mode)
		fmt.Fprintf(w, "  plan  %.16s, ends %s at the latest\n", e.PlanHash, stamp(e.Until))
		fmt.Fprintf(w, "  watch it: swapline experiment watch %s\n", e.Strategy)
	})
}
