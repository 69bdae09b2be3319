package runtime

import (
	"context"
	"errors"
	"time"

	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/problem"
)

// The reference of a paired experiment runs in instances of its own: stable is
// loaded once more. Those of the live calls are warm with other calls, and have
// their queue; times from there would differ from those of the very same code in the
// candidate's instances, which answer nobody either.

// actionPairs is what loading the reference once more is called in spans and metrics.
const actionPairs = "experiment"

// pairs reports whether it is a paired one.
func (x *experimenting) pairs() bool { return x != nil && x.plan.Mode == compare.ModePaired }

// load loads the reference once more, if the experiment needs that. It is called
// under the strategy's turn; shadow or drop takes what was loaded.
func (x *experimenting) load(ctx context.Context, p *pipeline) error {
	if !x.pairs() || x.isOver() || x.own != nil {
		return nil
	}
	p.fresh = true // the live calls keep the code that they run in the processor's caches
	rel, err := p.again(ctx, p.route.Stable)
	p.fresh = false
	if err != nil {
		err = notTwice(asProblem(p.stage, err))
		x.lack(err.Error())
		return err
	}
	rel.info.Active = false
	rel.watch = newWatch(nil, p.now) // it is not there to be withdrawn
	rel.keep()
	x.own = rel
	x.lack("")
	return nil
}

// notTwice says what did not load, and keeps the code and all the rest.
func notTwice(err error) error {
	var p *problem.Error
	if !errors.As(err, &p) {
		return err
	}
	q := *p
	q.Message = "the reference, which pairs need a second time, does not load: " + p.Message
	return &q
}

// waits reports whether the pairs cannot run yet.
func (x *experimenting) waits() bool { return x.pairs() && x.own == nil }

// lack notes why the reference has no instances of its own; "" if it has.
func (x *experimenting) lack(why string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.lacks = why
}

// drop lets go what was loaded and never used. It is called under the strategy's
// turn.
func (x *experimenting) drop() {
	if x == nil || x.own == nil {
		return
	}
	rel := x.own
	x.own = nil
	x.ro.rt.draining.Go(func() { x.ro.rt.let(x.ro.s, rel) })
}

// equip tries again to load what did not load when the host came back. Until then
// nothing is measured, and the check says why.
func (x *experimenting) equip() {
	if !x.wantsPairs() || time.Now().Before(x.equips) {
		return
	}
	x.wait = min(max(2*x.wait, firstRetry), lastRetry)
	if err := x.reload(); err != nil && x.ro.ctx.Err() == nil {
		x.ro.rt.cfg.Log.Warn("an experiment waits for its reference", "strategy", x.ro.s.name, "rollout", x.ro.id(), "again_in", x.wait, "error", err)
	}
	x.equips = time.Now().Add(x.wait)
}

// wantsPairs reports whether pairs should run and do not.
func (x *experimenting) wantsPairs() bool {
	if !x.pairs() || !x.ro.heard || x.isOver() || x.ro.s.beside.shading() != nil {
		return false
	}
	x.ro.mu.Lock()
	defer x.ro.mu.Unlock()
	return x.measures(x.ro.state)
}

// reload loads the reference under the strategy's turn and begins the pairs.
func (x *experimenting) reload() (err error) {
	ctx, p, end := x.ro.rt.begin(x.ro.ctx, actionPairs, x.ro.s.name)
	defer end(&err)
	p.strategy = x.ro.s
	unlock, err := p.enter(ctx, nil)
	if err != nil {
		return err
	}
	defer unlock()
	defer p.settle(ctx, &err)
	if x.ro.s.rolling.Load() != x.ro || !x.wantsPairs() {
		return nil // it has ended meanwhile
	}
	if p.route.Stable != x.ro.carrier().Stable {
		return problem.New(problem.StaleGeneration, "%s serves another reference", p.name)
	}
	if err := x.load(ctx, p); err != nil {
		return err
	}
	x.ro.shadow(true)
	return nil
}

// separation says whether both releases of pairs run in instances that answer nobody.
func (x *experimenting) separation() compare.Check {
	c := compare.Check{Name: "instances of their own", Light: compare.Green, Text: "the pairs of both releases run in instances that answer no live calls"}
	if x.lacks != "" {
		c.Light, c.Text = compare.Red, "nothing is measured: "+x.lacks+"; it is tried again"
	}
	return c
}
