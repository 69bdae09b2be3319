package runtime

import (
	"context"
	"time"

	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/rollout"
	"github.com/swapline/swapline/runtime/store"
)

// percent is a weight as people write it.
func percent(w rollout.Weight) float64 { return float64(w) / 100 }

// view is a rollout under way as people see it.
func (ro *rolling) view(ctx context.Context) Rollout {
	ro.mu.Lock()
	record, state, last := ro.record, ro.state, ro.last
	ro.mu.Unlock()
	v := ro.rt.viewOf(ctx, record, state, ro.policy)
	v.Next = next(state, ro.policy)
	v.Arms = ro.arms(v, last)
	return v
}

// brief is a view without arms, for whoever has just changed something.
func (ro *rolling) brief() Rollout {
	ro.mu.Lock()
	record, state := ro.record, ro.state
	ro.mu.Unlock()
	return ro.rt.viewOf(context.Background(), record, state, ro.policy)
}

// viewOf is a rollout as it is stored.
func (r *Runtime) viewOf(ctx context.Context, record store.Rollout, state rollout.State, policy *rollout.Policy) Rollout {
	v := Rollout{
		ID: record.ID, Strategy: record.Strategy, Phase: state.Phase, Held: state.Held, Stage: state.Stage, Weight: percent(state.Weight),
		Revision: record.Revision, Started: record.Started, Entered: state.Entered, Ended: record.Ended,
		Actor: record.Actor, Why: record.Reason, Reason: state.Reason, Guards: state.Judged,
		Policy: record.Policy, PolicyOf: record.PolicyOf, Experiment: len(record.Experiment) > 0,
		Candidate: r.named(ctx, record.Strategy, record.Candidate), Stable: r.named(ctx, record.Strategy, record.Stable),
	}
	for _, s := range policy.Stages {
		v.Stages = append(v.Stages, RolloutStage{Weight: percent(s.Weight), For: s.For, Calls: s.Calls, Gate: s.Gate})
	}
	known := evidenceOf(record)
	v.Replay, v.Shadow = known.Replay, known.Shadow
	return v
}

// named describes a release as well as the store can.
func (r *Runtime) named(ctx context.Context, strategy string, digest manifest.Digest) Release {
	if found := r.stored(ctx, strategy, digest); found != nil {
		return *found
	}
	return Release{Strategy: strategy, Digest: digest}
}

// next is what a rollout waits for.
func next(s rollout.State, p *rollout.Policy) *RolloutNext {
	if s.Phase.Ended() {
		return nil
	}
	n := &RolloutNext{}
	n.At, n.Hold = p.Due(s)
	for _, need := range s.Missing {
		n.Needs = append(n.Needs, need.Text)
	}
	return n
}

// arms lists what the arms did.
func (ro *rolling) arms(v Rollout, last lastSamples) []RolloutArm {
	var list []RolloutArm
	add := func(name string, rel Release, weight rollout.Weight, s *rollout.Sample) {
		if s != nil {
			list = append(list, armOf(name, rel, weight, s))
		}
	}
	candidate, fresh := rollout.Full, rollout.Weight(0)
	if lease, ok := ro.s.slot.Acquire(); ok {
		if t := lease.Value(); t.candidate != nil {
			candidate, fresh = t.split.Candidate, t.split.Baseline
		}
		lease.Done()
	}
	add(rollout.ArmStable, v.Stable, rollout.Full-candidate-fresh, last.stable)
	add(rollout.ArmCandidate, v.Candidate, candidate, last.candidate)
	add(rollout.ArmBaseline, v.Stable, fresh, last.baseline)
	add(rollout.ArmShadow, v.Candidate, 0, last.shadow)
	return list
}

func armOf(name string, rel Release, weight rollout.Weight, s *rollout.Sample) RolloutArm {
	q := func(p float64) time.Duration { return s.Latency.Quantile(p) }
	return RolloutArm{
		Arm: name, Version: rel.Version, Digest: rel.Digest, Weight: percent(weight), Calls: s.Calls, Units: s.Units.N,
		Faults: s.Faults, Business: s.Business, P50: q(0.5), P95: q(0.95), P99: q(0.99), P999: q(0.999), MemoryBytes: s.Memory,
	}
}

// inShort is a rollout in a line.
func (ro *rolling) inShort(ctx context.Context) RolloutBrief {
	ro.mu.Lock()
	record, state := ro.record, ro.state
	ro.mu.Unlock()
	return RolloutBrief{ID: record.ID, Phase: state.Phase, Candidate: ro.rt.named(ctx, record.Strategy, record.Candidate).Version, Weight: percent(state.Weight),
		Experiment: len(record.Experiment) > 0}
}
