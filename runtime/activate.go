package runtime

import (
	"context"
	"fmt"
	"time"

	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/rollout"
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
	if err := p.compare(ctx, route); err != nil {
		return err
	}
	if p.route = route; ifGeneration != nil && *ifGeneration != route.Generation {
		return stale(s.name, *ifGeneration, route.Generation)
	}
	return nil
}

// compare looks whether the store has of the rollout under way what this process
// has: a write whose outcome could not be read, or another process in a renewal that
// failed, may have made another revision.
func (p *pipeline) compare(ctx context.Context, route store.Route) error {
	ro := p.strategy.rolling.Load()
	if ro == nil || p.strategy.slot.Generation() != route.Generation {
		return nil
	}
	stored, err := p.rt.cfg.Store.Rollout(ctx, p.name, ro.id())
	if err != nil || stored.Revision == ro.revision() {
		return err
	}
	if err = ro.adopt(ctx, stored); err == nil && !stored.Open() {
		ro.retire()
	}
	return err
}

// settle undoes a failed change before the strategy's turn ends, so that the
// next change does not meet what this one left open.
func (p *pipeline) settle(ctx context.Context, err *error) {
	p.unwind(ctx, *err != nil || p.keepsNothing())
	p.undo = nil
}

// switchTo makes a validated release the one that is served.
func (p *pipeline) switchTo(ctx context.Context, v validated, c Change) (Outcome, error) {
	if p.rolls == nil { // else the change is the end of a rollout itself
		if err := p.aboutRollouts(ctx, v, c); err != nil {
			return Outcome{}, err
		}
	}
	a, err := p.activate(ctx, v, c)
	if err != nil {
		p.drop()
		return Outcome{}, err
	}
	out := p.publish(ctx, a)
	out.Action = p.action
	p.supersede()
	if ro := p.begins; ro != nil {
		ro.keep(p.first)
		ro.begin(rollout.Published{At: p.rt.cfg.Now()})
		out.Rollout = new(ro.brief())
	}
	return out, nil
}

// aboutRollouts ends the watch of what is replaced and begins that of what
// replaces it.
func (p *pipeline) aboutRollouts(ctx context.Context, v validated, c Change) (err error) {
	if err := p.endWatch(ctx, "another release takes its place: %s", c.why(p.action)); err != nil {
		return err
	}
	if p.begins, p.first, err = p.watched(ctx, v, c); p.begins != nil {
		p.rolls = &p.first.change
	}
	return err
}

// drop forgets the watch of a change that did not come about.
func (p *pipeline) drop() {
	if p.begins != nil {
		p.begins.stop()
	}
}

// supersede tells the rollout whose place the change has taken.
func (p *pipeline) supersede() {
	if p.ended != nil {
		p.ended()
		p.ended, p.ends = nil, nil
	}
}

// why is a change in a few words.
func (c Change) why(action string) string {
	if c.Reason == "" {
		return action
	}
	return action + ", " + c.Reason
}

// activate makes the change durable.
func (p *pipeline) activate(ctx context.Context, v validated, c Change) (a activated, err error) {
	change := p.activation(v, c)
	if err = p.durable(ctx, change); err == nil {
		a = activated{v, change.Route}
	}
	return a, err
}

// durable writes an activation.
func (p *pipeline) durable(ctx context.Context, change store.Activation) error {
	return p.step(ctx, "activate", func(ctx context.Context) (string, error) {
		err := p.rt.cfg.Store.Activate(ctx, change)
		if err != nil && !p.happened(ctx, change) {
			return "", err
		}
		if err != nil {
			p.rt.cfg.Log.WarnContext(ctx, "the store reported a failure of an activation that is durable", "strategy", p.name, "error", err)
		}
		return fmt.Sprintf("generation %d", change.Route.Generation), nil
	})
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
		PreviousWithdrawn: tookBack(p.action), HighWater: p.route.HighWater, Since: at,
	}
	if next.Previous == next.Stable { // served again after it did not load
		next.Previous, next.PreviousWithdrawn = p.route.Previous, p.route.PreviousWithdrawn
	}
	back := p.action == store.ActionRollback || p.action == store.ActionAbort || tookBack(p.action)
	baselineOf(p.route).record(&next, v.release, c.NewBaseline, back)
	if v.manifest.Sequence > next.HighWater.Sequence {
		next.HighWater = store.Mark{Sequence: v.manifest.Sequence, Digest: v.digest}
	}
	if p.begins != nil {
		next.Rollout = next.Generation
	}
	part, ends := p.rolls, p.ends
	if part == nil {
		part, ends = ends, nil
	}
	change := store.Change{
		Strategy: p.name, Action: p.action, From: p.route.Stable, To: v.digest, Generation: next.Generation,
		Actor: c.Actor, Reason: c.Reason, NewBaseline: c.NewBaseline, At: at,
	}
	if p.rolls != nil {
		change.Rollout = p.rolls.Rollout.ID
	}
	return store.Activation{Release: v.stored(), Route: next, Rollout: part, Ends: ends, Change: change}
}

// tookBack reports whether the runtime itself goes back.
func tookBack(action string) bool {
	return action == store.ActionWithdraw || action == store.ActionReturn
}

// switched is what listeners hear of a change of all traffic.
type switched struct {
	Action     string  `json:"action"`
	Release    Release `json:"release"`
	Generation uint64  `json:"generation"`
}

// publish hands the release out. It cannot fail.
func (p *pipeline) publish(ctx context.Context, a activated) Outcome {
	_, span := p.rt.telemetry.tracer.Start(ctx, "swapline.publish")
	defer span.End()
	a.release.points.Publish() // first: whoever is served by the release finds its values in place
	retired, took := p.rt.publish(p.strategy, p.table(a))
	p.stage = "publish"
	p.strategy.known.Store(true)
	p.strategy.trouble.Store(nil)
	out := Outcome{Release: a.info, Generation: a.route.Generation, Checks: p.checks, SwitchDuration: took}
	if p.action != actionRestore {
		p.rt.tell("release.switched", p.name, switched{p.action, a.info, a.route.Generation})
	}
	if old, had := retired.Value(); had {
		replaced := old.stable.info
		replaced.Active = false
		out.Replaced = &replaced
	}
	return out
}
