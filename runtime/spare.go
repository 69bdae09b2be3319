package runtime

import (
	"context"
	"time"

	"github.com/swapline/swapline/runtime/breaker"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/slot"
)

// actionFallback is what loading the release before is called in spans and metrics.
const actionFallback = "fallback"

// spare is the release that was stable before, loaded while a breaker is open.
type spare struct {
	slot   *slot.Slot[*release] // counts the calls that it answers
	rel    *release
	atHand bool // a rollout holds it, too
}

// before is the route's word on the release before: "" if it may answer.
func (b *cutout) before() (why string) {
	lease, ok := b.s.slot.Acquire()
	if !ok {
		return "the strategy serves nothing"
	}
	defer lease.Done()
	switch route := lease.Value().route; {
	case route.Previous == "":
		return "there was no release before"
	case route.PreviousWithdrawn:
		return "the release before was withdrawn because of its faults"
	}
	return ""
}

// loadSpare loads the release before, while others answer. It takes the strategy's
// turn, as every change does, so that it cannot meet one.
func (b *cutout) loadSpare() {
	rel, atHand, err := b.recallSpare()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.loading = false
	switch {
	case err != nil:
		b.missSpareLocked(err)
	case b.ended || b.gate.Closed():
		b.rt.draining.Go(func() { b.rt.let(b.s, rel) })
	default:
		sp := &spare{slot: slot.New[*release](0), rel: rel, atHand: atHand}
		sp.slot.Publish(1, rel)
		b.spare.Store(sp)
		b.rt.cfg.Log.Info("the release before answers while the breaker is open", "strategy", b.s.name, "release", rel.info.Version)
	}
}

// missSpareLocked goes on without the release before.
func (b *cutout) missSpareLocked(err error) {
	b.trouble = "the release before does not load: " + err.Error()
	if _, why := b.chain.able(b.trouble); why != "" {
		b.hearLocked(breaker.Unable{At: time.Now(), Why: why})
	}
}

// recallSpare finds the release before under the strategy's turn: at hand, while
// the stable one is watched, or else through the pipeline.
func (b *cutout) recallSpare() (rel *release, atHand bool, err error) {
	ctx, p, end := b.rt.begin(b.ctx, actionFallback, b.s.name)
	defer end(&err)
	p.strategy = b.s
	unlock, err := p.enter(ctx, nil)
	if err != nil {
		return nil, false, err
	}
	defer unlock()
	defer p.settle(ctx, &err)
	if _, served := b.s.serves(b.rel); !served {
		return nil, false, problem.New(problem.StaleGeneration, "%s serves no more", b.rel.label())
	}
	if ro := b.s.rolling.Load(); ro != nil && ro.standby != nil {
		ro.standby.keep()
		return ro.standby, true, nil
	}
	rel, err = p.spare(ctx)
	return rel, false, err
}

// spare loads the release before, as for a rollback, without serving it.
func (p *pipeline) spare(ctx context.Context) (*release, error) {
	target, err := p.rollbackTarget(ctx, "")
	if err != nil {
		return nil, err
	}
	found, err := p.recall(ctx, target)
	if err != nil {
		return nil, err
	}
	if err := p.checkConfig(ctx, found.Manifest()); err != nil {
		return nil, err
	}
	ready, err := p.prepare(ctx, found, rigour{own: true})
	if err != nil {
		return nil, err
	}
	if err := p.alone(ctx, ready.release); err != nil {
		return nil, err
	}
	rel := ready.release
	rel.info.Active = false
	rel.watch = newWatch(nil, time.Now()) // it is not there to be withdrawn
	rel.keep()
	return rel, nil
}

// dropSpareLocked lets the release before go after its last call.
func (b *cutout) dropSpareLocked() {
	sp := b.spare.Swap(nil)
	if sp == nil {
		return
	}
	retired := sp.slot.Close()
	if !sp.atHand {
		b.s.drains.add(sp.rel)
	}
	b.rt.draining.Go(func() {
		<-retired.Drained()
		b.rt.let(b.s, sp.rel)
	})
}
