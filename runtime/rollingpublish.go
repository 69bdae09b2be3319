package runtime

import (
	"context"
	"time"

	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/rollout"
	"github.com/swapline/swapline/runtime/store"
)

// weigh publishes the candidate's weight of the machine's wish.
func (ro *rolling) weigh(ctx context.Context, p *pipeline, st *step) (rollout.Event, error) {
	if ro.inPlace(p, st) { // after a restart
		ro.shadow(st.weigh.Shadow)
		return rollout.Published{At: ro.rt.cfg.Now()}, ro.note(ctx, st)
	}
	next := ro.nextRoute(p, st)
	next.Candidate, next.Weight, next.Baseline = ro.candidate.digest, int(st.weigh.Weight), int(st.weigh.Baseline)
	err := ro.commitRoute(ctx, p, store.ActionRollout, next, st, p.route.Stable)
	if err != nil {
		return nil, err
	}
	lease, served := ro.s.slot.Acquire()
	if !served {
		return nil, shuttingDown()
	}
	defer lease.Done()
	t := &table{route: next, stable: lease.Value().stable, candidate: ro.candidate, baseline: st.baseline,
		split: rollout.Split{Candidate: st.weigh.Weight, Baseline: st.weigh.Baseline},
		trial: ro.trial(st.state.Stage)}
	if st.weigh.Baseline == 0 {
		t.baseline = nil
	}
	p.rt.publish(ro.s, t)
	ro.shadow(st.weigh.Shadow)
	ro.keep(st)
	if st.replay {
		ro.beginReplay()
		return nil, nil
	}
	return rollout.Published{At: ro.rt.cfg.Now()}, nil
}

// inPlace reports whether the table that is served is the one that is wanted.
func (ro *rolling) inPlace(p *pipeline, st *step) bool {
	lease, served := ro.s.slot.Acquire()
	if !served {
		return false
	}
	defer lease.Done()
	t, want := lease.Value(), rollout.Split{Candidate: st.weigh.Weight, Baseline: st.weigh.Baseline}
	return t.route.Generation == p.route.Generation && t.candidate == ro.candidate && t.split == want && !t.shut.Load()
}

// promote makes the candidate stable and keeps the release before at hand.
func (ro *rolling) promote(ctx context.Context, p *pipeline, st *step) (rollout.Event, error) {
	if p.route.Stable == ro.record.Candidate { // a restart came between the promotion and its being noted
		return rollout.Published{At: ro.rt.cfg.Now()}, ro.note(ctx, st)
	}
	next := ro.nextRoute(p, st)
	next.Candidate, next.Weight, next.Baseline = "", 0, 0
	next.Stable, next.Previous, next.PreviousWithdrawn = ro.candidate.digest, p.route.Stable, false
	_, differs := ro.candidate.checkBaseline(p.route, false) // whoever began the rollout has said that it may
	baselineOf(p.route).record(&next, ro.candidate, differs != nil, false)
	if s := ro.candidate.manifest.Sequence; s > next.HighWater.Sequence {
		next.HighWater = store.Mark{Sequence: s, Digest: ro.candidate.digest}
	}
	if err := ro.commitRoute(ctx, p, store.ActionPromote, next, st, ro.candidate.digest); err != nil {
		return nil, err
	}
	ro.shadow(false)
	lease, served := ro.s.slot.Acquire()
	if !served {
		return nil, shuttingDown()
	}
	defer lease.Done()
	ro.watch(next, ro.candidate, lease.Value().stable)
	ro.candidate = nil
	ro.keep(st)
	return rollout.Published{At: ro.rt.cfg.Now()}, nil
}

// watch publishes a release that gets all traffic, with the one before at hand.
func (ro *rolling) watch(route store.Route, rel, before *release) {
	t := &table{route: route, stable: rel, trial: ro.trial(len(ro.policy.Stages) - 1)}
	ro.keepAtHand(t, before)
	ro.rt.publish(ro.s, t)
}

// takeOut ends the candidate's traffic; stable goes on.
func (ro *rolling) takeOut(ctx context.Context, p *pipeline, st *step) error {
	next := ro.nextRoute(p, st)
	next.Candidate, next.Weight, next.Baseline, next.Rollout = "", 0, 0, 0
	if err := ro.commitRoute(ctx, p, ro.backAction(st), next, st, p.route.Stable); err != nil {
		return err
	}
	ro.shadow(false)
	lease, served := ro.s.slot.Acquire()
	if !served {
		return shuttingDown()
	}
	defer lease.Done()
	p.rt.publish(ro.s, &table{route: next, stable: lease.Value().stable})
	ro.candidate = nil
	ro.keep(st)
	return nil
}

// withdrawn gives all traffic back to the release before: the one that is at
// hand, or, after a restart, a newly loaded one.
func (ro *rolling) withdrawn(ctx context.Context, p *pipeline, st *step) error {
	before := ro.standby
	switch {
	case p.route.Stable == ro.record.Stable: // the candidate never got so far
		return ro.takeOut(ctx, p, st)
	case before == nil:
		err := ro.withdrawAnew(ctx, p, st)
		if err != nil {
			ro.serveOn(st, err)
		}
		return err
	}
	next := ro.nextRoute(p, st)
	next.Stable, next.Previous, next.PreviousWithdrawn, next.Rollout = before.digest, p.route.Stable, tookBack(ro.backAction(st)), 0
	if err := ro.commitRoute(ctx, p, ro.backAction(st), next, st, before.digest); err != nil {
		return err
	}
	p.rt.publish(ro.s, &table{route: next, stable: before})
	ro.keep(st)
	return nil
}

// backAction is what the journal calls the candidate's end.
func (ro *rolling) backAction(st *step) string {
	switch {
	case ro.broke.Load() != nil:
		return store.ActionWithdraw
	case st.state.Phase == rollout.Aborted:
		return store.ActionAbort
	}
	return store.ActionReturn
}

// withdrawAnew loads the release before through the pipeline.
func (ro *rolling) withdrawAnew(ctx context.Context, p *pipeline, st *step) error {
	target, err := p.rollbackTarget(ctx, "")
	if err != nil {
		return err
	}
	found, err := p.recall(ctx, target)
	if err != nil {
		return err
	}
	p.action, p.rolls = ro.backAction(st), &st.change
	if _, err := p.serveAgain(ctx, found, rigour{own: true}, Change{Strategy: p.name, Actor: st.actor, Reason: ro.reason(st)}); err != nil {
		return err
	}
	ro.keep(st)
	return nil
}

// serveOn tells why the release serves although it should not. It is tried again.
func (ro *rolling) serveOn(st *step, err error) {
	lease, served := ro.s.slot.Acquire()
	if !served {
		return
	}
	defer lease.Done()
	now := time.Now()
	why, _ := afterAttempt(now, ro.reason(st), err)
	lease.Value().stable.watch.attempted(now, why, false)
}

// nextRoute is the route that follows, with nothing changed yet but its number.
func (ro *rolling) nextRoute(p *pipeline, st *step) store.Route {
	next := p.route
	next.Generation++
	next.Since = st.change.Rollout.Changed
	next.Rollout = ro.id()
	if st.state.Phase.Ended() {
		next.Rollout = 0
	}
	return next
}

// commitRoute makes a route of a rollout durable, with the step that led to it.
func (ro *rolling) commitRoute(ctx context.Context, p *pipeline, action string, next store.Route, st *step, to manifest.Digest) error {
	stored, err := p.storedOr(ctx, to, st.also)
	if err != nil {
		return err
	}
	if action == store.ActionRollout { // of the candidate; stable stays
		to = next.Candidate
	}
	change := store.Change{Strategy: p.name, Action: action, From: p.route.Stable, To: to, Generation: next.Generation,
		Actor: st.actor, Reason: ro.reason(st), At: next.Since, Rollout: ro.id(), Weight: next.Weight}
	err = p.durable(ctx, store.Activation{Release: stored, Also: st.also, Route: next, Change: change, Rollout: &st.change, Ends: st.ends})
	if err == nil {
		p.route = next
	}
	return err
}

// storedOr finds a release among those that are yet to be stored, or in the store.
func (p *pipeline) storedOr(ctx context.Context, digest manifest.Digest, also []store.Release) (store.Release, error) {
	for _, r := range also {
		if r.Digest == digest {
			return r, nil
		}
	}
	return p.rt.cfg.Store.Release(ctx, p.name, digest)
}
