package runtime

import (
	"context"
	"fmt"
	"time"

	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store"
)

// rereadLimit bounds the question whether a write that failed has happened.
const rereadLimit = 10 * time.Second

// enter waits for the strategy's turn and reads its route. If the slot is behind
// the store, because an activation happened whose outcome could not be read,
// it catches up first.
func (p *pipeline) enter(ctx context.Context, ifGeneration *uint64) (unlock func(), err error) {
	p.stage = "turn"
	if unlock, err = p.rt.lock(ctx, p.strategy); err != nil {
		return nil, err
	}
	if err = p.look(ctx, ifGeneration); err != nil {
		unlock()
		return nil, err
	}
	return unlock, nil
}

func (p *pipeline) look(ctx context.Context, ifGeneration *uint64) error {
	s := p.strategy
	route, err := p.rt.cfg.Store.Route(ctx, s.name)
	if err != nil && problem.CodeOf(err) != problem.UnknownStrategy {
		return err
	}
	switch served := s.slot.Generation(); {
	case served > route.Generation:
		return problem.New(problem.StoreCorrupt, "the store lost the route of %s", s.name).
			Want("generation %d", served).Got("generation %d", route.Generation).Cure("restore the store from a backup and restart the host")
	case served < route.Generation:
		if err := p.rt.restore(ctx, s, route); err != nil {
			p.rt.cfg.Log.WarnContext(ctx, "catching up with the store", "strategy", s.name, "error", err)
		}
	}
	if p.route = route; ifGeneration != nil && *ifGeneration != route.Generation {
		return stale(s.name, *ifGeneration, route.Generation)
	}
	return nil
}

// settle undoes a failed change before the strategy's turn ends, so that the
// next change does not meet what this one left open.
func (p *pipeline) settle(ctx context.Context, err *error) {
	p.unwind(ctx, *err != nil || p.keepsNothing())
	p.undo = nil
}

// switchTo makes a validated release the one that is served.
func (p *pipeline) switchTo(ctx context.Context, v validated, c Change) (Outcome, error) {
	a, err := p.activate(ctx, v, c)
	if err != nil {
		return Outcome{}, err
	}
	out := p.publish(ctx, a)
	out.Action = p.action
	return out, nil
}

// activate makes the change durable.
func (p *pipeline) activate(ctx context.Context, v validated, c Change) (a activated, err error) {
	change := p.activation(v, c)
	err = p.step(ctx, "activate", func(ctx context.Context) (string, error) {
		err := p.rt.cfg.Store.Activate(ctx, change)
		if err != nil && !p.happened(ctx, change) {
			return "", err
		}
		if err != nil {
			p.rt.cfg.Log.WarnContext(ctx, "the store reported a failure of an activation that is durable", "strategy", p.name, "error", err)
		}
		a = activated{v, change.Route}
		return fmt.Sprintf("generation %d", a.route.Generation), nil
	})
	return a, err
}

// happened asks the store whether an activation that it reported as failed is
// there. Nobody else writes this strategy's route, so its generation and
// digest decide. If the store cannot tell, the answer is no: the old release
// serves on, and the next change looks again.
func (p *pipeline) happened(ctx context.Context, a store.Activation) bool {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rereadLimit)
	defer cancel()
	route, err := p.rt.cfg.Store.Route(ctx, a.Route.Strategy)
	return err == nil && route.Generation == a.Route.Generation && route.Stable == a.Route.Stable
}

// activation says what changes, all at once.
func (p *pipeline) activation(v validated, c Change) store.Activation {
	at := p.now.UTC()
	next := store.Route{
		Strategy: p.name, Generation: p.route.Generation + 1, Stable: v.digest, Previous: p.route.Stable,
		PreviousWithdrawn: p.action == store.ActionWithdraw, HighWater: p.route.HighWater, Since: at,
	}
	if next.Previous == next.Stable { // served again after it did not load
		next.Previous, next.PreviousWithdrawn = p.route.Previous, p.route.PreviousWithdrawn
	}
	back := p.action == store.ActionRollback || p.action == store.ActionWithdraw
	baselineOf(p.route).record(&next, v.release, c.NewBaseline, back)
	if v.manifest.Sequence > next.HighWater.Sequence {
		next.HighWater = store.Mark{Sequence: v.manifest.Sequence, Digest: v.digest}
	}
	return store.Activation{Release: v.stored(), Route: next, Change: store.Change{
		Strategy: p.name, Action: p.action, From: p.route.Stable, To: v.digest, Generation: next.Generation,
		Actor: c.Actor, Reason: c.Reason, NewBaseline: c.NewBaseline, At: at,
	}}
}

// publish hands the release out. It cannot fail.
func (p *pipeline) publish(ctx context.Context, a activated) Outcome {
	_, span := p.rt.telemetry.tracer.Start(ctx, "swapline.publish")
	defer span.End()
	a.release.route = a.route
	a.release.points.Publish() // first: whoever is served by the release finds its values in place
	start := time.Now()
	retired := p.strategy.slot.Publish(a.route.Generation, a.release)
	took := time.Since(start)
	p.stage = "publish"
	p.strategy.known.Store(true)
	p.strategy.trouble.Store(nil)
	out := Outcome{Release: a.info, Generation: a.route.Generation, Checks: p.checks, SwitchDuration: took}
	if old, had := retired.Value(); had {
		replaced := old.info
		replaced.Active = false
		out.Replaced = &replaced
	}
	p.rt.drain(p.strategy, retired)
	return out
}
