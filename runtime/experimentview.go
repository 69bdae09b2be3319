package runtime

import (
	"context"

	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/experiment"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/store"
)

// States of an experiment.
const (
	experimentRunning = "running"
	experimentEnded   = "ended"
)

// experimentOf is an experiment as people see it.
func (r *Runtime) experimentOf(ctx context.Context, carrier store.Rollout, plan *experiment.Plan, e experimentRecord) Experiment {
	v := Experiment{
		ID: carrier.ID, Strategy: carrier.Strategy, State: experimentRunning, Plan: e.Plan, PlanHash: e.Hash, Revision: carrier.Revision,
		Reference: r.named(ctx, carrier.Strategy, carrier.Stable), Candidate: r.named(ctx, carrier.Strategy, carrier.Candidate),
		Started: carrier.Started, Measured: e.Measured, Ended: e.Ended, Actor: carrier.Actor, Why: carrier.Reason, Reason: e.Reason,
		Verdict: e.Verdict, Health: e.Health, Arms: e.Arms,
	}
	v.Reference.Active, v.Candidate.Active = r.handsOut(carrier.Strategy, carrier.Stable), r.handsOut(carrier.Strategy, carrier.Candidate)
	if v.Health == nil {
		v.Health = []compare.Check{}
	}
	if plan != nil {
		v.Mode, v.Until = plan.Mode, e.Measured.Add(plan.For+e.Away)
	}
	if !e.Ended.IsZero() {
		v.State = experimentEnded
	}
	return v
}

// handsOut reports whether a release answers live calls: all of them, or a part.
func (r *Runtime) handsOut(strategy string, digest manifest.Digest) bool {
	s := r.find(strategy)
	if s == nil {
		return false
	}
	lease, ok := s.slot.Acquire()
	if !ok {
		return false
	}
	defer lease.Done()
	t := lease.Value()
	return t.stable.digest == digest || t.candidate != nil && t.candidate.digest == digest && t.split.Candidate > 0
}

// arms are the two releases as they are loaded, under names that differ; ok is false
// if they are not served.
func (ro *rolling) experimentArms() (arms [2]compare.Arm, ok bool) {
	lease, ok := ro.s.slot.Acquire()
	if !ok {
		return arms, false
	}
	defer lease.Done()
	t := lease.Value()
	if t.route.Rollout != ro.id() || t.candidate == nil {
		return arms, false
	}
	arms = [2]compare.Arm{t.stable.compared(), t.candidate.compared()}
	nameArms(&arms)
	return arms, true
}

// nameArms names both by what they differ in first.
func nameArms(arms *[2]compare.Arm) {
	a, b := &arms[0], &arms[1]
	for _, by := range []func(*compare.Arm) string{
		func(a *compare.Arm) string { return a.Kind },
		func(a *compare.Arm) string { return a.Engine },
		func(a *compare.Arm) string { return a.Isolation },
		func(a *compare.Arm) string { return a.Version },
	} {
		if x, y := by(a), by(b); x != y && x != "" && y != "" {
			a.Name, b.Name = x, y
			return
		}
	}
	a.Name, b.Name = VariantStable, VariantCandidate
}

// unknownArms stand for both until they are served.
func unknownArms() (arms [2]compare.Arm) {
	nameArms(&arms)
	return arms
}
