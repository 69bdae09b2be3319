// Package runtime runs strategies and replaces them while they are in use. A
// [Runtime] holds one slot for each strategy; a release gets into a slot only
// through the pipeline:
//
//	verify    signatures, policy, validity                -> trust.Verified
//	stage     hash the artifact while copying it aside    -> store.Staged
//	match     the artifact is the one that was signed     -> matched
//	order     sequence against what was active and known  -> (under the strategy's turn)
//	config    config against its schema; runs no code
//	commit    the artifact gets its place by digest       -> committed
//	grant     engine and capabilities against the policy  -> *capability.Grant
//	load      the driver opens it                         -> *release
//	validate  abi_version, method_set, baseline, validate, golden_cases and, if there
//	          are points to expose or to bind, rebind -> validated
//	activate  release, route, high-water mark and journal in one transaction -> activated
//	publish   points get their values, then the slot hands the new release out
//	drain     the old release finishes its requests and is closed
//
// Each stage takes only what the stage before it makes, so bytes that were not
// verified cannot reach a driver. Switch and Rollback enter at verify with the
// stored envelope and the policy of today: a release whose key or digest was
// revoked does not come back.
//
// # Failure
//
// New first, swap, then old. A failure at any stage closes what the stages
// before it opened, in reverse order, and the old release goes on answering. Once
// activate is durable nothing can fail: publish is one pointer swap.
//
// Activate may report an error although it happened. The route is then read
// again: if it carries the new generation the change goes on, if not it is
// refused. If even that cannot be read the old release stays, the caller gets
// the error, and the next change of the strategy first brings the slot to what
// the store says.
//
// # Rules of order
//
// Deploy and Switch only go forward: not below the highest sequence that was
// ever active. Rollback goes to any accepted release and leaves the mark where
// it is. Rollback without a release goes to the one that was stable before, so
// two in a row return to where they began. Deploying or switching to what is
// already served changes nothing and is no error: the generation stays.
//
// The first release that is served sets the strategy's baseline: the names of its
// methods, and for its kind the signatures of constructor, methods and what is
// optional in the contract, as the driver reads them off the loaded code. A release
// that has less than the baseline, or more, or the same with another type, is
// refused with the lines that differ. A kind that is served for the first time
// must have the same method names and then adds its signatures. A difference that
// is meant becomes the new baseline when the change says NewBaseline; the journal
// keeps that, and the other kinds record theirs anew. Rollback is exempt, since
// the release was accepted before, and leaves the baseline where it is, as it does
// with the mark: the next release follows the newest one, not the emergency. A
// route of an older program has method names only; its next release that is not a
// rollback adds the signatures.
//
// # Withdrawal
//
// A release whose faults cross the policy (Config.Withdraw, and what its manifest
// asks for beyond it) is withdrawn: the runtime rolls back to the release that was
// stable before, through the same pipeline, once, as the actor "swapline" and with
// the numbers as the reason; the journal's action is "withdraw". Only faults of
// calls count, no business errors and no golden cases. A person's change that came
// first wins, since a withdrawal names the generation that it judged.
//
// If there is nothing to go back to, or it does not load or validate, the release
// serves on and Status.Failing says why: some answers are better than none, and
// whoever asks for a strategy without a release gets none. Such a withdrawal is
// tried again by later faults, after a second, then two, and at most a minute.
//
// The runtime never brings back what it withdrew: Rollback without a release and a
// further withdrawal refuse it, so that two bad releases do not take turns. A
// person who names it may. The route says so and outlives a restart; counters
// begin anew.
//
// Known gap: a host that stands still, because it is starved or its disk is, makes
// deadline faults that are no fault of the release. The release before then fails
// as well and stays, because what was withdrawn does not come back.
//
// # Rollouts
//
// What a slot hands out is a table: the stable release and, while a rollout is
// under way, a candidate with a share of the calls and perhaps a fresh baseline, a
// second instance set of stable. A call finds its arm by its key (package rollout,
// bucket.go), which stays with it while the share grows, over restarts, and on
// every host; without a key arms are drawn. Every table has meters of its own
// (package arm), so what is counted belongs to one stage.
//
// The state machine of package rollout decides; a loop for each rollout shows it
// the meters ten times a second and does what it wants, under the strategy's turn:
//
//	a weight        route, rollout and decision in one transaction, then publish
//	promotion       the same; the release before stays loaded while the new one is watched
//	return          the candidate is shut at once, in memory; then as above
//	a decision      rollout and decision, without a new route
//
// So between a verdict and the last call that starts on the candidate lies no I/O,
// and all that is told survives kill -9. After a restart the rollout is where its
// route is; its measurements begin anew, and no stage is skipped. A rollout that a
// guard took back is final: its digest is refused from then on, and a person who
// wants it all the same switches to it.
//
// Deploy and Switch of all traffic at once are rollouts of one stage, which is
// watched against what was before (rollout.Switch). A watched release may be
// replaced at any time. While a candidate has a part of the traffic only its own
// rollout, Rollback, and a withdrawal change the route; the last two end it.
// Releases that expose or bind points take part in no rollout and are not watched,
// since points change for everybody at once.
//
// # Experiments
//
// An experiment is a rollout that carries a plan (package experiment): its traffic,
// keys, guards and journal are the rollout's, and what ends the one ends the other.
// A split one is a stage at the plan's weight behind a gate, of which every call is
// counted. A paired one is a shadow: stable answers the call, and then, as far as the
// budget goes, both releases run on a copy of it, in an order that is drawn, with
// what the call got from outside and without effects. The candidate's answer is
// compared with the one that was given.
//
// Neither release of a pair runs where live calls run: those keep instances warm, and
// have their queue, so that the very same code would be told to be slower, or faster,
// than itself. The reference is loaded once more, with compiled code of its own, when
// the experiment begins, or comes back, and closed when it ends; and before the runs
// that are measured each release runs once, unmeasured, in the same order. If that fails the experiment is refused; after a
// restart it is tried again, with growing pauses, while a red check says that nothing
// is measured, and why.
//
// The rollout's loop looks at the numbers, writes down what is known every few
// seconds, and ends the experiment when its plan says so:
//
//	a verdict, or the time over     abort by "swapline": stable has all traffic, and the candidate is not final
//	the same, and "then": "promote" the candidate becomes stable, if the verdict allows it; else as above
//	a guard, a withdrawal, a person the rollout's end; the report is partial unless there was a verdict
//
// The end, with the last report, is stored with the step of the rollout that it is.
// Each note has a checkpoint, too, and after a restart counting goes on from the last
// one. Close writes one after the last call, and a process that takes over is given
// one ([Experiments.HandOver]), so that only a crash loses anything: what came after
// the last note, at most 5 s, while the store takes notes. The first notes follow each
// other faster, after a quarter of what was measured. A verdict counts with its note, at
// most so much later. Time in which no process serves is no time of the plan. Only if
// a checkpoint cannot be read the experiment is measured anew, at a lower level, and
// says so; what it knew before is told until as much is known again. Notes raise the
// revision, but make nobody's view stale.
//
// Should judging the numbers panic ten times in a row, in some 50 s, the experiment
// ends with that reason and what was known before.
//
// # Breaker
//
// Lighter breakage, and slowness, open the breaker of the stable release, if its
// policy has one: for a while other things answer, as the policy says, and a few
// calls tell when the release is well again. Nothing of it is durable; see package
// breaker for the rules. The release before answers from an instance that is loaded
// as for a rollback, in the background, and closed with the breaker.
//
// # Restart
//
// Open loads each stored route: the envelope is verified against the policy of
// today, the release loaded and asked for its contract version, method set and
// golden cases. Two checks are left out. The baseline, because the release was
// accepted. The strategy's own Validate, because it asks whether dependencies
// can be reached, and an outage of theirs at the moment of a restart must not
// become one of ours. A route that does not load is reported in its Status and
// by Execute; the others serve.
//
// # Locks
//
// Changes of one strategy take turns. Execute takes no lock: it reads an
// immutable map of strategies and takes a lease on the slot's version.
package runtime

import (
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/rebind"
	"github.com/swapline/swapline/runtime/slot"
	"github.com/swapline/swapline/runtime/store"
)

// Runtime is safe for concurrent use. Make it with [Open], end it with Close.
type Runtime struct {
	// Rollouts gives releases their traffic step by step.
	Rollouts *Rollouts
	// Comparisons runs releases on the same inputs, beside what serves.
	Comparisons *Comparisons
	// Experiments compares releases on live traffic.
	Experiments *Experiments

	happenings happenings

	cfg       Config
	clock     clock
	telemetry *telemetry
	artifacts artifacts
	points    *rebind.Registry
	leaks     *leaks
	watchman  watchman
	draining  sync.WaitGroup // one for each table and rollout that is not done yet

	// strategies is replaced as a whole, under mu; readers only load it.
	strategies atomic.Pointer[map[string]*strategy]
	closing    atomic.Bool

	mu     sync.Mutex // guards the replacement of strategies and closed
	closed bool       // the drivers are closed
}

// strategy is one slot and what belongs to it.
type strategy struct {
	name string
	slot *slot.Slot[*table]
	// turn is a lock that a context can give up waiting for: who puts its
	// one token in may change the strategy.
	turn chan struct{}
	// known is set once a release is accepted. A strategy that is not known
	// exists only because a first deploy of it is under way or failed.
	known atomic.Bool
	// trouble says why the stored route is not served; nil if it is.
	trouble atomic.Pointer[string]
	drains  drains
	past    past
	beside  beside
	// rolling is the rollout under way, nil for none. It is changed under turn.
	rolling atomic.Pointer[rolling]
	fuse    fuse
	// halted is the rollout with an experiment that was under way when the host
	// ended, until what it measured is written down.
	halted atomic.Pointer[rolling]
}

func newStrategy(name string, generation uint64) *strategy {
	return &strategy{name: name, slot: slot.New[*table](generation), turn: make(chan struct{}, 1)}
}

// Open makes a Runtime and loads every stored route. One that cannot be loaded
// is reported in Status.Problem while the rest serve; an error means that the
// store or the config is unusable, and the drivers stay the caller's.
func Open(ctx context.Context, cfg Config) (*Runtime, error) {
	cfg, err := cfg.complete()
	if err != nil {
		return nil, err
	}
	r := &Runtime{cfg: cfg, clock: clock{time.Now()}, leaks: newLeaks(), watchman: watchman{ended: make(chan struct{})}}
	r.artifacts.store, r.artifacts.drivers = cfg.Store, cfg.Drivers
	r.Rollouts = &Rollouts{rt: r}
	r.Comparisons, r.Experiments = &Comparisons{rt: r}, &Experiments{rt: r}
	r.strategies.Store(&map[string]*strategy{})
	if r.points, err = rebind.Open(cfg.Points); err != nil {
		return nil, asProblem("open", err)
	}
	if r.Comparisons.meters, err = newComparisonMeters(cfg); err != nil {
		r.points.Close()
		return nil, err
	}
	if r.telemetry, err = newTelemetry(cfg, r.observe); err != nil {
		r.points.Close()
		return nil, err
	}
	r.watchman.wg.Go(r.pulse)
	if err := r.load(ctx); err != nil {
		r.abandon()
		return nil, asProblem("open", err)
	}
	r.Comparisons.recall(ctx)
	return r, nil
}

// load brings in what is stored.
func (r *Runtime) load(ctx context.Context) error {
	routes, err := r.cfg.Store.Routes(ctx)
	if err != nil {
		return err
	}
	names, err := r.cfg.Store.Strategies(ctx)
	if err != nil {
		return err
	}
	for _, route := range routes {
		r.reopen(ctx, route)
		if err := ctx.Err(); err != nil {
			return err // what does not load now might well load
		}
	}
	for _, name := range names {
		s, err := r.admit(name)
		if err != nil {
			return err
		}
		s.known.Store(true)
		if err := r.learnPolicy(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// abandon closes what a failed Open has loaded. Nobody uses it yet, so that the
// drains are short.
func (r *Runtime) abandon() {
	r.closing.Store(true)
	for _, s := range *r.strategies.Load() {
		_ = r.retire(context.Background(), s) // a rollout that came back may have the turn
	}
	r.draining.Wait()
	r.stopLooking()
	r.telemetry.close()
	r.points.Close()
}

// reopen serves one stored route or notes why not.
func (r *Runtime) reopen(ctx context.Context, route store.Route) {
	s := newStrategy(route.Strategy, route.Generation-1)
	if err := r.restore(ctx, s, route); err != nil {
		// The empty slot carries the stored generation, which the next change
		// must name.
		s = newStrategy(route.Strategy, route.Generation)
		text := err.Error()
		s.trouble.Store(&text)
		r.cfg.Log.ErrorContext(ctx, "stored release cannot serve", "strategy", s.name, "generation", route.Generation, "error", text)
	}
	s.known.Store(true)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.addLocked(s)
}

func (r *Runtime) addLocked(s *strategy) {
	next := maps.Clone(*r.strategies.Load())
	next[s.name] = s
	r.strategies.Store(&next)
}

// find returns a strategy or nil. It takes no lock.
func (r *Runtime) find(name string) *strategy { return (*r.strategies.Load())[name] }

// admit finds or adds a strategy. Only verified names come here.
func (r *Runtime) admit(name string) (*strategy, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closing.Load() {
		return nil, shuttingDown()
	}
	if s := r.find(name); s != nil {
		return s, nil
	}
	s := newStrategy(name, 0)
	r.addLocked(s)
	return s, nil
}

// lock waits for the strategy's turn; the result ends it.
func (r *Runtime) lock(ctx context.Context, s *strategy) (unlock func(), err error) {
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, problem.New(problem.Canceled, "gave up while another change of %s is under way: %w", s.name, ctx.Err())
	}
	if r.closing.Load() {
		<-s.turn
		return nil, shuttingDown()
	}
	return func() { <-s.turn }, nil
}

// Strategies lists the names of the strategies that have an accepted release,
// sorted, whether they serve one or not.
func (r *Runtime) Strategies() []string {
	var names []string
	for name, s := range *r.strategies.Load() {
		if s.known.Load() {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Watch returns the generation that a strategy serves and a channel that closes
// when another one is published or the Runtime closes. After Close the channel
// is nil.
func (r *Runtime) Watch(strategy string) (generation uint64, changed <-chan struct{}, err error) {
	s := r.find(strategy)
	if s == nil || !s.known.Load() {
		return 0, nil, r.unknown(strategy)
	}
	generation, changed = s.slot.Watch()
	return generation, changed, nil
}

// Close refuses new requests and changes, waits for those that run, closes the
// releases and then the drivers. If ctx ends first it says what is still in
// use; nothing in use is closed, and Close may be called again to go on waiting.
// Closing a closed Runtime is harmless.
func (r *Runtime) Close(ctx context.Context) error {
	r.mu.Lock()
	r.closing.Store(true)
	r.mu.Unlock()
	r.Comparisons.end()
	for _, s := range *r.strategies.Load() {
		if err := r.retire(ctx, s); err != nil {
			return err
		}
	}
	err := r.drained(ctx)
	if r.Experiments.leave(ctx); err != nil {
		return err
	}
	return r.closeDrivers(ctx)
}

// retire closes a slot after the change that is under way.
func (r *Runtime) retire(ctx context.Context, s *strategy) error {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
		s.halt()
		s.beside.end()
		s.fuse.end()
		r.drain(s, s.slot.Close(), nil)
		return nil
	case <-ctx.Done():
		return problem.New(problem.Canceled, "a change of %s did not end in time: %w", s.name, ctx.Err())
	}
}

// drained waits until every release is closed.
func (r *Runtime) drained(ctx context.Context) error {
	done := make(chan struct{})
	go func() { r.draining.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	var inUse []string
	for _, s := range *r.strategies.Load() {
		for _, d := range s.drains.list() {
			inUse = append(inUse, d.release.label())
		}
	}
	slices.Sort(inUse)
	return problem.New(problem.Canceled, "releases are still in use: %v: %w", inUse, ctx.Err())
}

// closeDrivers closes all drivers once, whatever the first of them says.
func (r *Runtime) closeDrivers(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil
	}
	r.closed = true
	r.stopLooking()
	r.telemetry.close()
	r.points.Close()
	r.happenings.close()
	var first error
	for _, kind := range slices.Sorted(maps.Keys(r.cfg.Drivers)) {
		if err := r.cfg.Drivers[kind].Close(ctx); err != nil && first == nil {
			first = problem.New(problem.Internal, "close driver %s: %w", kind, err)
		}
	}
	return first
}

func shuttingDown() error {
	return problem.New(problem.ShuttingDown, "the host is shutting down").Cure("send the request to another host, or again in a moment")
}

func (r *Runtime) unknown(strategy string) error {
	if r.closing.Load() {
		return shuttingDown()
	}
	return problem.New(problem.UnknownStrategy, "no strategy %q", strategy).Cure("list the strategies and check the name")
}
