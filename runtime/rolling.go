package runtime

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/rollout"
	"github.com/swapline/swapline/runtime/store"
)

// rolling is a rollout under way: the shell around the state machine of package
// rollout. What the machine wants is done under the strategy's turn, durably
// first; only taking a candidate out takes effect before it is durable.
type rolling struct {
	rt     *Runtime
	s      *strategy
	number uint64
	policy *rollout.Policy
	plan   rollout.Hasher
	// experiment is what the rollout carries besides traffic; nil for nothing.
	experiment *experimenting
	stop       context.CancelFunc // ends the loop and what runs for it
	ctx        context.Context    // of both; a rollout outlives the request that began it

	// Changed under the strategy's turn only.
	fresh     *release      // the baseline that a restart loaded, until it is published
	candidate *release      // nil once it is stable, or if a restart could not load it
	standby   *release      // the release before, while stable is watched; the table holds it
	missing   string        // why a restart could not load the candidate
	first     rollout.Event // to be heard before all others; nil once it was

	// Of the loop only.
	heard bool          // that the machine heard first
	pause time.Duration // the last one after a change that could not be made
	again time.Time     // not before, after such a change

	broke atomic.Pointer[string] // why the policy of withdrawing takes it back; nil if it does not

	mu        sync.Mutex
	record    store.Rollout // guarded by mu: as stored
	state     rollout.State // guarded by mu
	decisions uint64        // guarded by mu: how many are stored
	steady    uint64        // guarded by mu: the revision from which on only what was measured has changed
	last      lastSamples   // guarded by mu
	verdict   *sentence     // guarded by mu: ends the rollout; nil for none
}

// lastSamples are what was observed last, for whoever asks.
type lastSamples struct{ stable, candidate, baseline, shadow *rollout.Sample }

// newRolling makes the shell of a rollout that is not stored yet.
func (r *Runtime) newRolling(s *strategy, policy *rollout.Policy, record store.Rollout) *rolling {
	ro := &rolling{rt: r, s: s, number: record.ID, policy: policy, record: record,
		plan: rollout.NewHasher(s.name, string(record.Candidate))}
	ro.ctx, ro.stop = context.WithCancel(context.Background())
	return ro
}

// begin makes the loop run. What the machine must hear first it hears before
// anything else. It is called under the strategy's turn.
func (ro *rolling) begin(first rollout.Event) {
	ro.first = first
	ro.s.rolling.Store(ro)
	ro.rt.draining.Go(ro.loop)
}

func (ro *rolling) revision() uint64 {
	ro.mu.Lock()
	defer ro.mu.Unlock()
	return ro.record.Revision
}

func (ro *rolling) id() uint64 { return ro.number }

// handle takes the strategy's turn and does what the machine wants because of e.
func (ro *rolling) handle(ctx context.Context, e rollout.Event) error {
	return ro.handleIf(ctx, e, func() error { return nil })
}

// handleIf is handle for an event that may only be heard as long as nothing speaks
// against it. It is asked under the strategy's turn.
func (ro *rolling) handleIf(ctx context.Context, e rollout.Event, may func() error) (err error) {
	ctx, p, end := ro.rt.begin(ctx, store.ActionRollout, ro.s.name)
	defer end(&err)
	p.strategy = ro.s
	unlock, err := p.enter(ctx, nil)
	if err != nil {
		return err
	}
	defer unlock()
	defer p.settle(ctx, &err)
	if err := ro.catchUp(ctx, p); err != nil {
		return err
	}
	if err := may(); err != nil {
		return err
	}
	return ro.run(ctx, p, e)
}

// run steps the machine until nothing follows of itself.
func (ro *rolling) run(ctx context.Context, p *pipeline, e rollout.Event) error {
	for e != nil {
		if ro.s.rolling.Load() != ro {
			return nil // it has ended meanwhile
		}
		ro.mu.Lock()
		state := ro.state
		ro.mu.Unlock()
		next, actions, err := ro.step(state, e)
		if err != nil {
			return refused(err)
		}
		if e, err = ro.perform(ctx, p, ro.plans(next, actions, actorOf(e))); err != nil {
			return err
		}
		p.settle(ctx, &err) // what was loaded is published
	}
	return nil
}

// perform does what one step of the machine wants: one transaction of the store,
// then the publish. Its result is what the machine must hear next.
func (ro *rolling) perform(ctx context.Context, p *pipeline, step *step) (rollout.Event, error) {
	if (step.weigh != nil || step.promote && p.route.Stable != ro.record.Candidate) && ro.candidate == nil {
		step.weigh = nil
		return rollout.Failed{At: ro.rt.cfg.Now(), Why: ro.missing}, ro.note(ctx, step)
	}
	if step.baseline = ro.s.baseline(); step.weigh != nil && step.weigh.Baseline > 0 && step.baseline == nil {
		var err error
		if step.baseline, err = ro.loadBaseline(ctx, p); err != nil {
			return rollout.Failed{At: ro.rt.cfg.Now(), Why: err.Error()}, nil
		}
	}
	switch {
	case step.weigh != nil:
		return ro.weigh(ctx, p, step)
	case step.promote:
		return ro.promote(ctx, p, step)
	case step.back != nil && step.back.Withdrawn:
		return nil, ro.withdrawn(ctx, p, step)
	case step.back != nil:
		return nil, ro.takeOut(ctx, p, step)
	}
	if !step.worthStoring {
		ro.keep(step)
		return nil, nil
	}
	if err := ro.note(ctx, step); err != nil {
		return nil, err
	}
	if step.replay {
		ro.beginReplay()
	}
	return nil, nil
}

// note makes a step durable that leaves the route as it is.
func (ro *rolling) note(ctx context.Context, st *step) error {
	if err := ro.rt.cfg.Store.RecordRollout(ctx, st.change); err != nil && !ro.noted(ctx, st) {
		return err
	}
	ro.keep(st)
	return nil
}

// noted asks the store whether a step that it reported as failed is there.
func (ro *rolling) noted(ctx context.Context, st *step) bool {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rereadLimit)
	defer cancel()
	want := st.change.Rollout
	r, err := ro.rt.cfg.Store.Rollout(ctx, ro.s.name, ro.id())
	return err == nil && r.Revision == want.Revision && r.Changed.Equal(want.Changed) && bytes.Equal(r.State, want.State)
}

// actorOf is who made an event.
func actorOf(e rollout.Event) string {
	switch e := e.(type) {
	case rollout.Command:
		return e.Actor
	case atOnce:
		return e.Actor
	}
	return itself
}

// step is what one step of the machine wants.
type step struct {
	change       store.RolloutChange
	state        rollout.State
	weigh        *rollout.SetWeight
	back         *rollout.Return
	promote      bool
	replay       bool
	worthStoring bool
	wasHeld      bool
	remark       bool              // it changes nothing but what is known
	experiment   *experimentRecord // that ends with it; nil for none
	baseline     *release
	actor        string
	also         []store.Release
	ends         *store.RolloutChange // of the rollout that this one takes the place of
}

// plans sorts the machine's actions.
func (ro *rolling) plans(next rollout.State, actions []rollout.Action, actor string) *step {
	st := &step{state: next, actor: actor}
	ro.mu.Lock()
	st.change.Rollout = ro.record
	number, before := ro.decisions, ro.state
	st.wasHeld = before.Held
	weight := next.Weight
	if next.Phase.Ended() {
		weight = before.Weight // at which it was decided
	}
	ro.mu.Unlock()
	at := ro.rt.cfg.Now().UTC()
	for _, a := range actions {
		switch a := a.(type) {
		case rollout.SetWeight:
			st.weigh = &a
		case rollout.MakeStable:
			st.promote = true
		case rollout.Return:
			st.back = &a
		case rollout.RunReplay:
			st.replay = true
		case rollout.Decide:
			number++
			st.change.Decisions = append(st.change.Decisions, store.Decision{Number: number, At: at, Verdict: string(a.Verdict),
				Guard: a.Guard, Text: a.Text, Actor: st.actor, Stage: next.Stage, Weight: int(weight)})
		}
	}
	st.worthStoring = len(actions) > 0 || next.Phase != before.Phase || next.Stage != before.Stage
	st.stamp(at)
	ro.experiment.endIn(st)
	return st
}

// stamp writes the state into the record that is to be stored.
func (st *step) stamp(at time.Time) {
	r := &st.change.Rollout
	r.Revision++
	r.Changed, r.Phase, r.Final = at, string(st.state.Phase), st.state.Final
	if st.state.Phase.Ended() {
		r.Ended = at
	}
	text, err := json.Marshal(st.state)
	if err != nil { // a number that JSON does not have; what was judged can be judged again
		st.state.Judged = nil
		text, err = json.Marshal(st.state)
	}
	if err != nil {
		panic(err)
	}
	r.State = text
}

// keep makes a step that is durable the rollout's own and tells of it.
func (ro *rolling) keep(st *step) {
	ro.mu.Lock()
	before := ro.state.Phase
	ro.state = st.state
	if st.worthStoring {
		ro.record = st.change.Rollout
		ro.decisions += uint64(len(st.change.Decisions))
	}
	if st.worthStoring && !st.remark {
		ro.steady = ro.record.Revision
	}
	ro.mu.Unlock()
	ro.tell(before, st)
	ro.experiment.settled(before, st)
	if st.state.Phase.Ended() {
		ro.retire()
	}
}

// retire ends the loop and lets go what was at hand. It is called under the
// strategy's turn.
func (ro *rolling) retire() {
	ro.s.rolling.CompareAndSwap(ro, nil)
	ro.stop()
	ro.experiment.drop()
	before := ro.standby
	ro.standby = nil
	lease, ok := ro.s.slot.Acquire()
	if !ok {
		return
	}
	defer lease.Done()
	t := lease.Value()
	if before == nil || t.standby.Load() != before || !t.shut.seal() {
		return // the table lets it go after its last call
	}
	t.standby.Store(nil)
	if !slices.Contains(t.releases(), before) {
		ro.s.drains.add(before)
	}
	ro.rt.draining.Go(func() { ro.rt.let(ro.s, before) })
}

func refused(err error) error {
	if r := (*rollout.Refusal)(nil); errors.As(err, &r) {
		return problem.New(problem.RolloutRefused, "%s", r.Text).Cure("%s", r.Cure)
	}
	return err
}

// baseline is the fresh instance set of the stable release, nil for none.
func (s *strategy) baseline() *release {
	lease, ok := s.slot.Acquire()
	if !ok {
		return nil
	}
	defer lease.Done()
	return lease.Value().baseline
}

// loadBaseline loads the stable release once more.
func (ro *rolling) loadBaseline(ctx context.Context, p *pipeline) (*release, error) {
	return p.again(ctx, p.route.Stable)
}

// again loads an accepted release that was validated before. What it opened when
// it fails is closed, since the change may go on without it.
func (p *pipeline) again(ctx context.Context, digest manifest.Digest) (*release, error) {
	before := p.undo
	p.undo = nil
	rel, err := p.reloaded(ctx, digest)
	if err != nil {
		p.settle(ctx, &err)
		rel = nil
	}
	p.undo = append(before, p.undo...)
	return rel, err
}

func (p *pipeline) reloaded(ctx context.Context, digest manifest.Digest) (*release, error) {
	stored, err := p.rt.cfg.Store.Release(ctx, p.name, digest)
	if err != nil {
		return nil, err
	}
	found, err := p.recall(ctx, stored)
	if err != nil {
		return nil, err
	}
	ready, err := p.prepare(ctx, found, rigour{})
	return ready.release, err
}

// reason is what the journal tells of a step.
func (ro *rolling) reason(st *step) string {
	if why := ro.broke.Load(); why != nil {
		return "withdrawn: " + *why
	}
	if n := len(st.change.Decisions); n > 0 {
		return st.change.Decisions[n-1].Text
	}
	return st.state.Reason
}

func (ro *rolling) phase() rollout.Phase {
	ro.mu.Lock()
	defer ro.mu.Unlock()
	return ro.state.Phase
}

// halt stops the rollout of a strategy where it is: its host ends.
func (s *strategy) halt() {
	if ro := s.rolling.Load(); ro != nil {
		if ro.experiment != nil {
			s.halted.Store(ro) // it leaves after the last call
		}
		ro.retire()
	}
}

// watches reports whether the candidate is stable and only looked after, paused or
// not.
func (ro *rolling) watches() bool {
	ro.mu.Lock()
	defer ro.mu.Unlock()
	return ro.state.Phase == rollout.Watching || ro.state.Phase == rollout.Paused && ro.state.From == rollout.Watching
}
