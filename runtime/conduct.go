package runtime

import (
	"context"

	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
)

// conduct is how the calls of a loaded release run.
type conduct struct {
	// cooperative calls run on their callers' goroutines.
	cooperative bool
	labels      context.Context // carries the pprof labels of the strategy's goroutines
	load        string          // which loading of the release this is
}

// came says how the release was loaded.
func (rel *release) came(spec driver.Spec) {
	rel.labels, rel.load = spec.Labels(), spec.Load()
	in, ok := rel.instance.(driver.Cooperative)
	if rel.cooperative = ok && in.Cooperative(); rel.cooperative {
		rel.rt.watchman.start(rel.rt)
	}
	if in, ok := rel.instance.(driver.Named); ok {
		rel.signals.name(in.Function())
	}
}

// checkDeadline refuses a promise that the kind cannot take anybody up on.
func (rel *release) checkDeadline() error {
	if rel.manifest.Limits.Deadline != manifest.DeadlineCooperative || rel.cooperative {
		return nil
	}
	return problem.New(problem.ManifestMalformed, "%s cannot have a cooperative deadline: its calls do not run on their callers' goroutines", rel.label()).
		At("/limits/deadline").Want("%s", manifest.DeadlineHard).Got("%s", manifest.DeadlineCooperative).Cure("remove deadline from the limits in strategy.json")
}
