package parkstore

import (
	"context"
	"encoding/json"
	"math"
	"slices"

	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store"
)

// past is the part of a snapshot that is about rollouts.
type past struct {
	rollouts  map[string]answer[[]store.Rollout]
	rollout   map[number]answer[store.Rollout]
	decisions map[number]answer[[]store.Decision]
	finals    map[candidate]answer[uint64]
	policies  answer[[]store.RolloutPolicy]
	rules     map[string]answer[store.RolloutPolicy]
}

// number names a rollout.
type number struct {
	strategy string
	id       uint64
}

// candidate names a release that was or may be rolled out.
type candidate struct {
	strategy string
	digest   manifest.Digest
}

func newPast() past {
	return past{rollouts: map[string]answer[[]store.Rollout]{}, rollout: map[number]answer[store.Rollout]{},
		decisions: map[number]answer[[]store.Decision]{}, finals: map[candidate]answer[uint64]{},
		rules: map[string]answer[store.RolloutPolicy]{}}
}

// addRollouts copies the rollouts of a strategy, and what the store says about
// the one that the route names, which may be missing.
func (p *past) addRollouts(ctx context.Context, s reader, name string, underWay uint64) {
	var list answer[[]store.Rollout]
	list.value, list.err = s.Rollouts(ctx, name, math.MaxInt)
	p.rollouts[name] = list
	ids := []uint64{underWay}
	for _, r := range list.value {
		ids = append(ids, r.ID)
	}
	for _, id := range ids {
		var r answer[store.Rollout]
		r.value, r.err = s.Rollout(ctx, name, id)
		var d answer[[]store.Decision]
		d.value, d.err = s.Decisions(ctx, name, id, 0, math.MaxInt)
		p.rollout[number{name, id}], p.decisions[number{name, id}] = r, d
	}
}

// addFinal copies whether a release is final. Only releases can be.
func (p *past) addFinal(ctx context.Context, s reader, name string, digest manifest.Digest) {
	var f answer[uint64]
	f.value, f.err = s.Final(ctx, name, digest)
	p.finals[candidate{name, digest}] = f
}

// addPolicies copies what operators set, also for strategies without a release.
func (p *past) addPolicies(ctx context.Context, s reader, names []string) {
	p.policies.value, p.policies.err = s.RolloutPolicies(ctx)
	for _, r := range p.policies.value {
		names = append(names, r.Strategy)
	}
	for _, name := range names {
		var r answer[store.RolloutPolicy]
		r.value, r.err = s.RolloutPolicy(ctx, name)
		p.rules[name] = r
	}
}

func (p *past) Rollout(_ context.Context, strategy string, id uint64) (store.Rollout, error) {
	r, ok := p.rollout[number{strategy, id}]
	if !ok {
		return store.Rollout{}, p.unknown(strategy, id)
	}
	return ownRollout(r.value), r.err
}

// unknown is what the store says about a rollout that was not copied.
func (p *past) unknown(strategy string, id uint64) error {
	if err := p.rollouts[strategy].err; err != nil {
		return err
	}
	return problem.New(problem.UnknownRollout, "strategy %q has no rollout %d", strategy, id).Cure("list its rollouts")
}

func (p *past) Rollouts(_ context.Context, strategy string, limit int) ([]store.Rollout, error) {
	all := p.rollouts[strategy]
	var list []store.Rollout
	for _, r := range all.value[:min(len(all.value), max(limit, 0))] {
		list = append(list, ownRollout(r))
	}
	return list, all.err
}

func (p *past) Decisions(_ context.Context, strategy string, id, after uint64, limit int) ([]store.Decision, error) {
	all, ok := p.decisions[number{strategy, id}]
	if !ok {
		return nil, p.unknown(strategy, id)
	}
	var list []store.Decision
	for _, d := range all.value {
		if d.Number > after && len(list) < limit {
			list = append(list, d)
		}
	}
	return list, all.err
}

func (p *past) Final(_ context.Context, strategy string, digest manifest.Digest) (uint64, error) {
	f := p.finals[candidate{strategy, digest}]
	return f.value, f.err
}

func (p *past) RolloutPolicy(_ context.Context, strategy string) (store.RolloutPolicy, error) {
	r, ok := p.rules[strategy]
	if !ok {
		return store.RolloutPolicy{}, p.policies.err
	}
	return ownPolicy(r.value), r.err
}

func (p *past) RolloutPolicies(context.Context) ([]store.RolloutPolicy, error) {
	var list []store.RolloutPolicy
	for _, r := range p.policies.value {
		list = append(list, ownPolicy(r))
	}
	return list, p.policies.err
}

// ownRollout and ownPolicy copy what a caller might change.
func ownRollout(r store.Rollout) store.Rollout {
	for _, text := range []*json.RawMessage{&r.State, &r.Policy, &r.Replay, &r.Experiment} {
		*text = slices.Clone(*text)
	}
	return r
}

func ownPolicy(r store.RolloutPolicy) store.RolloutPolicy {
	r.Text = slices.Clone(r.Text)
	return r
}
