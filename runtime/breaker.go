package runtime

import (
	"context"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/swapline/swapline/runtime/breaker"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/rollout"
)

// A breaker looks after the release that is stable, and only as long as it is: it
// begins closed, also after a restart. While a rollout watches that release it is
// for the rollout to judge it, and to take it back for good.
//
// Withdrawing and the breaker look at the same faults with different eyes. Half of
// all calls, at least ten, and the release is withdrawn: durably, and it stays
// away. A few of a hundred, or slow answers, and the breaker opens: only in memory,
// and the release is asked again after seconds. A withdrawal makes another release
// stable, which ends the breaker of the one before.

// cutout is the breaker of one release under one policy: the shell around the state
// machine of package breaker.
type cutout struct {
	gate breaker.Gate // first: calls look at it

	rt     *Runtime
	s      *strategy
	rel    *release
	policy *rollout.Breaker
	bound  time.Duration // of quick answers
	sticky rollout.Sticky
	chain  chain
	spare  atomic.Pointer[spare] // the release before; nil while it is not loaded

	slow    atomic.Int64 // calls that took longer than the policy allows
	ignored atomic.Int64 // calls that say nothing about the release
	again   atomic.Int64 // on the clock: when it is worth to come back

	ctx  context.Context // of what is loaded for it
	stop context.CancelFunc

	mu      sync.Mutex
	state   breaker.State    // guarded by mu
	sliding *breaker.Sliding // guarded by mu
	told    bool             // guarded by mu: listeners know that it is open
	opened  int64            // guarded by mu: how often it opened, and something could answer
	loading bool             // guarded by mu
	ended   bool             // guarded by mu
	trouble string           // guarded by mu: why the release before cannot answer
}

// newCutout makes the breaker of a policy, nil if it has none.
func (r *Runtime) newCutout(s *strategy, rel *release, p *rollout.Policy) *cutout {
	if !breaker.Enabled(&p.Breaker) {
		return nil
	}
	now := time.Now()
	b := &cutout{rt: r, s: s, rel: rel, policy: &p.Breaker, bound: boundOf(p), sticky: p.Sticky, state: breaker.Begin(now)}
	b.chain = r.newChain(s.name, &p.Breaker, p.Sticky)
	b.ctx, b.stop = context.WithCancel(context.Background())
	b.sliding = breaker.NewSliding(p.Breaker.Window, now, b.total())
	return b
}

// boundOf is how long an answer may take; without a bound as long as it likes.
func boundOf(p *rollout.Policy) time.Duration {
	if p.Breaker.P95 <= 0 {
		return math.MaxInt64
	}
	return p.Breaker.P95
}

// total is what the release did since it was loaded.
func (b *cutout) total() breaker.Total {
	return breaker.Total{Calls: b.rel.counted() - b.ignored.Load(), Faults: b.rel.faults.Load(), Slow: b.slow.Load()}
}

// answer is serve for a release that may have a breaker.
func (rel *release) answer(ctx context.Context, c *call, resp *Response) error {
	b := rel.cut.Load()
	switch {
	case b == nil:
		return rel.serve(ctx, c, resp)
	case !b.gate.Closed():
		return b.divert(ctx, c, resp)
	}
	err := rel.serve(ctx, c, resp)
	if b.chain.lastGood != nil && err == nil {
		b.chain.remember(ctx, c, b.rt.clock.now())
	}
	return err
}

// saw counts what the release's own counters do not tell: slow calls, and calls
// that say nothing. Most calls are neither.
func (b *cutout) saw(v verdict, executed time.Duration) {
	if v > verdictBusiness || executed > b.bound {
		b.sawOdd(v, executed > b.bound)
	}
}

// sawOdd is saw for a call that is not a quick answer. One that its caller gave up
// after the time in which it should have been answered was slow, whatever it would
// have answered.
func (b *cutout) sawOdd(v verdict, slow bool) {
	if slow && (v.counts() || v == verdictCanceled) {
		b.slow.Add(1)
	} else if !v.counts() && v != verdictInput { // which the release does not count either
		b.ignored.Add(1)
	}
}

// divert answers a call while the breaker is not closed.
func (b *cutout) divert(ctx context.Context, c *call, resp *Response) error {
	round, pass := b.gate.Enter()
	switch {
	case !pass:
		return b.instead(ctx, c, resp)
	case round != 0:
		return b.probe(ctx, c, resp, round)
	}
	return b.rel.serve(ctx, c, resp)
}

// probe is a call that tells how the release does. It tells also if the strategy
// ends its caller's goroutine.
func (b *cutout) probe(ctx context.Context, c *call, resp *Response, round uint64) (err error) {
	err = problem.New(problem.FaultPanic, "it ended its caller's goroutine")
	defer func() { b.probed(round, resp.Executed, err) }()
	err = b.rel.serve(ctx, c, resp)
	return err
}

// probed tells the machine what came of a probe.
func (b *cutout) probed(round uint64, executed time.Duration, err error) {
	slow := executed > b.bound
	v := verdictOfError(err)
	one := breaker.Probed{Round: round, OK: !slow && !v.faulty()}
	switch {
	case v.faulty():
		one.Why = err.Error()
	case slow:
		one.Why = "it took " + executed.Round(time.Millisecond).String() + ", allowed are " + b.policy.P95.String()
	case !v.counts():
		b.gate.Back(round)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	one.At = time.Now()
	b.hearLocked(one)
}

// tick lets the machine see what the release did. Whoever calls it has a lease on a
// table that hands the release out.
func (b *cutout) tick(now time.Time, watched bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended {
		return
	}
	if b.chain.lastGood != nil {
		b.chain.lastGood.Expire(b.rt.clock.now())
	}
	b.hearLocked(breaker.Tick{At: now})
	total := b.total()
	if watched {
		b.sliding.Restart(now, total)
		return
	}
	b.hearLocked(b.sliding.Window(now, total))
}

// hearLocked steps the machine and does what it wants. Nothing of it blocks.
func (b *cutout) hearLocked(e breaker.Event) {
	if b.ended {
		return
	}
	next, action := breaker.Step(b.policy, b.state, e)
	b.state = next
	switch a := action.(type) {
	case breaker.Divert:
		b.openLocked(a)
	case breaker.Probe:
		b.again.Store(int64(b.rt.clock.now()))
		b.gate.Probe(a.Round, a.Permits)
		b.tellLocked("half_open")
	case breaker.Restore:
		b.restoreLocked()
	}
}

// openLocked sends calls to the fallbacks, if one can answer.
func (b *cutout) openLocked(a breaker.Divert) {
	loads, why := b.chain.able(b.before())
	if why != "" {
		b.hearLocked(breaker.Unable{At: b.state.Since, Why: why})
		return
	}
	b.again.Store(int64(b.rt.clock.now() + a.Until.Sub(b.state.Since)))
	b.gate.Open()
	b.tellLocked("opened")
	if loads && b.spare.Load() == nil && !b.loading {
		b.loading, b.trouble = true, ""
		b.rt.draining.Go(b.loadSpare)
	}
}

// restoreLocked gives the release all calls.
func (b *cutout) restoreLocked() {
	b.gate.Close()
	b.sliding.Restart(b.state.Since, b.total())
	b.dropSpareLocked()
	b.tellLocked("closed")
}

// end lets go what the breaker holds. Calls that asked it before end as they began.
func (b *cutout) end() {
	b.stop()
	b.rel.cut.CompareAndSwap(b, nil)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended = true
	b.gate.Close()
	b.dropSpareLocked()
}
