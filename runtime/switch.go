package runtime

import (
	"context"

	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/rollout"
	"github.com/swapline/swapline/runtime/store"
)

// Switch serves another accepted release. It only goes forward: below the
// highest sequence that was ever active it refuses with SequenceRollback.
// Switching to what is served already changes nothing.
func (r *Runtime) Switch(ctx context.Context, c Change) (Outcome, error) {
	return r.change(ctx, store.ActionSwitch, c, (*pipeline).forward)
}

// Rollback serves an accepted release whatever its sequence, and records that
// it went back; c.Release "" is the release that was stable before, unless the
// runtime has withdrawn that one.
func (r *Runtime) Rollback(ctx context.Context, c Change) (Outcome, error) {
	return r.change(ctx, store.ActionRollback, c, (*pipeline).back)
}

// change verifies, loads, validates and serves the release that way finds.
func (r *Runtime) change(ctx context.Context, action string, c Change, way func(*pipeline, context.Context, Change) (Outcome, error)) (out Outcome, err error) {
	ctx, p, end := r.begin(ctx, action, c.Strategy)
	defer end(&err)
	if p.strategy, err = r.accepted(ctx, c.Strategy); err != nil {
		return Outcome{}, err
	}
	unlock, err := p.enter(ctx, c.IfGeneration)
	if err != nil {
		return Outcome{}, err
	}
	defer unlock()
	defer p.settle(ctx, &err)
	return way(p, ctx, c)
}

// accepted finds a strategy that has an accepted release, in memory or stored.
func (r *Runtime) accepted(ctx context.Context, name string) (*strategy, error) {
	if s := r.find(name); s != nil && s.known.Load() {
		return s, nil
	}
	releases, err := r.cfg.Store.Releases(ctx, name)
	if err != nil {
		return nil, err
	}
	if len(releases) == 0 {
		return nil, r.unknown(name)
	}
	s, err := r.admit(name)
	if err == nil {
		s.known.Store(true)
	}
	return s, err
}

// forward is Switch under the strategy's turn.
func (p *pipeline) forward(ctx context.Context, c Change) (Outcome, error) {
	target, err := p.resolve(ctx, c.Release)
	if err != nil {
		return Outcome{}, err
	}
	if p.serves(target.Digest) {
		return p.unchanged(), nil
	}
	found, err := p.recall(ctx, target)
	if err != nil {
		return Outcome{}, err
	}
	if err := p.order(ctx, found.Verified); err != nil {
		return Outcome{}, err
	}
	if err := p.free(); err != nil {
		return Outcome{}, err
	}
	return p.serveAgain(ctx, found, rigour{baseline: true, renew: c.NewBaseline, own: true}, c)
}

// back is Rollback, or a withdrawal, under the strategy's turn.
func (p *pipeline) back(ctx context.Context, c Change) (Outcome, error) {
	target, err := p.rollbackTarget(ctx, c.Release)
	if err != nil {
		return Outcome{}, err
	}
	if p.serves(target.Digest) {
		return Outcome{}, problem.New(problem.NothingToRollBack, "%s@%s is served already", p.name, target.Version).
			Cure("name another release; the strategy's releases are listed")
	}
	found, err := p.recall(ctx, target)
	if err != nil {
		return Outcome{}, err
	}
	return p.serveAgain(ctx, found, rigour{own: true}, c)
}

func (p *pipeline) rollbackTarget(ctx context.Context, name string) (store.Release, error) {
	if name != "" {
		return p.resolve(ctx, name)
	}
	if p.route.Previous == "" {
		return store.Release{}, problem.New(problem.NothingToRollBack, "%s has served only one release", p.name).
			Cure("name a release to roll back to, or deploy another one")
	}
	if p.route.PreviousWithdrawn {
		return store.Release{}, problem.New(problem.NothingToRollBack, "the release that %s served before was withdrawn because of its faults", p.name).
			Got("%s", p.route.Previous).Cure("name a release to roll back to, this one if it must be, or deploy another one")
	}
	return p.rt.cfg.Store.Release(ctx, p.name, p.route.Previous)
}

// serveAgain loads an accepted release and serves it.
func (p *pipeline) serveAgain(ctx context.Context, found committed, want rigour, c Change) (Outcome, error) {
	if err := p.checkConfig(ctx, found.Manifest()); err != nil {
		return Outcome{}, err
	}
	ready, err := p.prepare(ctx, found, want)
	if err != nil {
		return Outcome{}, err
	}
	return p.switchTo(ctx, ready, c)
}

// restore serves what a stored route names, without a new generation: at Open,
// and when the slot is behind the store.
func (r *Runtime) restore(ctx context.Context, s *strategy, route store.Route) (err error) {
	ctx, p, end := r.begin(ctx, actionRestore, s.name)
	defer end(&err)
	p.strategy, p.route = s, route
	stored, err := r.cfg.Store.Release(ctx, s.name, route.Stable)
	if err != nil {
		return err
	}
	found, err := p.recall(ctx, stored)
	if err != nil {
		return err
	}
	ready, err := p.prepare(ctx, found, rigour{})
	if err != nil {
		return err
	}
	first := rollout.Event(nil)
	if route.Rollout != 0 {
		p.begins, first = r.resume(ctx, p, route)
	}
	s.halt() // of a rollout that fell behind the store
	p.publish(ctx, activated{ready, route})
	if p.begins != nil {
		p.begins.begin(first)
	}
	return nil
}

// resolve finds the accepted release that a person means.
func (p *pipeline) resolve(ctx context.Context, name string) (store.Release, error) {
	p.stage = "resolve"
	releases, err := p.rt.cfg.Store.Releases(ctx, p.name)
	if err != nil {
		return store.Release{}, err
	}
	return pick(p.name, releases, name)
}

// active is the digest that a strategy's slot serves, "" if none.
func (s *strategy) active() manifest.Digest {
	info, _, _ := s.current()
	return info.Digest
}
