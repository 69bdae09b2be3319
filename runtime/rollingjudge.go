package runtime

import (
	"context"
	"time"

	"github.com/swapline/swapline/runtime/rollout"
)

// look again at the arms after this time. A verdict comes at most so late.
const glance = 100 * time.Millisecond

// After a change that the store refused comes the next try, each after twice the time.
const (
	firstRetry = 200 * time.Millisecond
	lastRetry  = 30 * time.Second
)

// loop observes until the rollout ends or the runtime closes.
func (ro *rolling) loop() {
	if !ro.mayBegin() {
		return
	}
	ro.experiment.begin()
	ticker := time.NewTicker(glance)
	defer ticker.Stop()
	for {
		ro.glance()
		ro.experiment.equip()
		ro.experiment.glance()
		select {
		case <-ticker.C:
		case <-ro.ctx.Done():
			return
		}
	}
}

// mayBegin waits until this process serves; false says that it never will.
func (ro *rolling) mayBegin() bool {
	if ro.rt.cfg.TakenOver == nil {
		return true
	}
	select {
	case <-ro.rt.cfg.TakenOver:
		return true
	case <-ro.ctx.Done():
		return false
	}
}

// glance lets the machine see what the arms did. Only if it wants something done
// the strategy's turn is taken. While that cannot be made it goes on looking, since
// a candidate that breaks has to go all the same.
func (ro *rolling) glance() {
	e, wanted := ro.look()
	if !wanted || time.Now().Before(ro.again) {
		return
	}
	if err := ro.handle(ro.ctx, e); err != nil {
		ro.rest(err)
		return
	}
	ro.heard, ro.pause = true, 0
}

// look finds out whether the machine must hear something under the strategy's
// turn: e, or, if that is nil, what is waiting.
func (ro *rolling) look() (e rollout.Event, wanted bool) {
	if !ro.heard || ro.condemned() != nil {
		return nil, true
	}
	seen, ok := ro.observe()
	if !ok {
		return nil, false
	}
	ro.mu.Lock()
	next, actions, _ := ro.policy.Step(ro.state, seen)
	if len(actions) == 0 {
		ro.state = next
	}
	ro.mu.Unlock()
	if returns(actions) {
		ro.condemn(seen, next.Reason)
		ro.pause, ro.again = 0, time.Time{}
		return nil, true
	}
	return seen, len(actions) > 0 && len(ro.s.turn) == 0 // else it looks again meanwhile
}

func returns(actions []rollout.Action) bool {
	for _, a := range actions {
		if _, is := a.(rollout.Return); is {
			return true
		}
	}
	return false
}

// observe reads the meters of the table that is served, if it is the rollout's. The
// time is read first: what another table counted is older than the next stage.
func (ro *rolling) observe() (e rollout.Observed, ok bool) {
	e.At = ro.rt.cfg.Now()
	lease, ok := ro.s.slot.Acquire()
	if !ok {
		return e, false
	}
	defer lease.Done()
	t := lease.Value()
	if t.trial == nil || t.route.Rollout != ro.id() {
		return e, false
	}
	if t.candidate == nil {
		e.Candidate = t.sample(armCandidate, t.stable)
	} else {
		e.Stable, e.Candidate, e.Baseline = t.sample(armStable, t.stable), t.sample(armCandidate, t.candidate), t.sample(armBaseline, t.baseline)
		e.Shadow = ro.shadowSample()
	}
	ro.mu.Lock()
	ro.last = lastSamples{e.Stable, e.Candidate, e.Baseline, e.Shadow}
	ro.mu.Unlock()
	return e, true
}

// rest waits after a change that could not be made.
func (ro *rolling) rest(err error) {
	ro.pause = min(max(2*ro.pause, firstRetry), lastRetry)
	ro.again = time.Now().Add(ro.pause)
	if ro.ctx.Err() == nil {
		ro.rt.cfg.Log.Warn("a step of a rollout could not be made", "strategy", ro.s.name, "rollout", ro.id(), "again_in", ro.pause, "error", err)
	}
}

// sentence ends a rollout. It stands whatever comes later: the candidate is
// shut, and nothing else is heard before it.
type sentence struct {
	event rollout.Event
	why   string
}

// condemn notes a verdict, unless there is one, and shuts the candidate.
func (ro *rolling) condemn(e rollout.Event, why string) (first bool) {
	ro.mu.Lock()
	if first = ro.verdict == nil; first {
		ro.verdict = &sentence{e, why}
	}
	ro.mu.Unlock()
	ro.shut()
	return first
}

func (ro *rolling) condemned() *sentence {
	ro.mu.Lock()
	defer ro.mu.Unlock()
	return ro.verdict
}

// shut lets nobody start on the candidate any more.
func (ro *rolling) shut() {
	if lease, ok := ro.s.slot.Acquire(); ok {
		if lease.Value().route.Rollout == ro.id() {
			lease.Value().shut.close()
		}
		lease.Done()
	}
}

// catchUp lets the machine hear what comes before everything else.
func (ro *rolling) catchUp(ctx context.Context, p *pipeline) error {
	if err := ro.run(ctx, p, ro.first); err != nil {
		return err
	}
	ro.first = nil
	v := ro.condemned()
	if v == nil {
		return nil
	}
	if err := ro.run(ctx, p, v.event); err != nil || ro.s.rolling.Load() != ro {
		return err
	}
	ro.shut() // a command went to another stage meanwhile
	_, final := v.event.(rollout.Observed)
	return ro.run(ctx, p, rollout.Failed{At: ro.rt.cfg.Now(), Why: v.why, Final: final})
}

// looksAfter reports whether a release is the rollout's candidate, or stable with
// the release before at hand.
func (ro *rolling) looksAfter(rel *release) bool {
	lease, ok := ro.s.slot.Acquire()
	if !ok {
		return false
	}
	defer lease.Done()
	t := lease.Value()
	return t.route.Rollout == ro.id() && (t.candidate == rel || t.candidate == nil && t.stable == rel && t.standby.Load() != nil)
}

// broken takes back a candidate whose faults cross the policy of withdrawing.
func (ro *rolling) broken(ctx context.Context, reason string) error {
	if ro.condemn(rollout.Failed{At: ro.rt.cfg.Now(), Why: reason, Final: true}, reason) {
		ro.broke.Store(&reason)
	}
	return ro.handle(ctx, nil)
}
