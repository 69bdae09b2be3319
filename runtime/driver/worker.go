package driver

import (
	"context"
	"runtime/debug"
	"runtime/pprof"
	"sync"
	"sync/atomic"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/problem"
)

// maxIdle bounds the workers that wait for the next call of one strategy.
const maxIdle = 64

// outcome is what a call came to.
type outcome struct {
	out  map[string]any
	err  error
	gone bool // the worker's goroutine ended with the call, or still runs it
}

// job is one call: of the strategy's Execute, or of f if that is set.
type job struct {
	ctx      context.Context
	strategy abi.Strategy
	in       map[string]any
	f        func() (map[string]any, error)
}

// What a worker does, in the lowest bits of its state. Above them is the number
// of its call, so that who looked at one call cannot give up the next. Exactly one
// side ends a call and so counts an abandoned one down.
const (
	finished = uint64(iota)
	running
	givenUp
	nextCall = 2 * givenUp
)

// worker is a goroutine that makes calls one after the other. Its stack has
// grown to what the strategy needs, which a new goroutine would pay for in
// every call.
type worker struct {
	jobs  chan job
	done  chan outcome // holds one, so that who ends a call never waits for its caller
	state atomic.Uint64

	// The timer of a worker's calls. It is left armed when a call ends and looks
	// at what runs when it fires: setting one for every call would cost more than
	// many calls take.
	base  time.Time
	at    atomic.Int64 // nanoseconds after base at which the call ends; 0 for never
	armed atomic.Int64 // when the timer fires, likewise; 0 if it does not
	timer *time.Timer  // nil until the first call that needs it
}

// workers are the idle workers of one strategy, the last used first.
type workers struct {
	mu     sync.Mutex
	idle   []*worker // guarded by mu
	closed bool      // guarded by mu
}

// hire takes an idle worker or starts one.
func (p *workers) hire(c *Calls) *worker {
	p.mu.Lock()
	if n := len(p.idle); n > 0 {
		w := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		return w
	}
	p.mu.Unlock()
	w := &worker{jobs: make(chan job, 1), done: make(chan outcome, 1), base: time.Now()}
	w.timer = time.AfterFunc(time.Hour, func() { w.expire(c) })
	w.timer.Stop()
	go w.work(c)
	return w
}

// rest takes back a worker whose outcome has been received and passes that on.
func (p *workers) rest(w *worker, o outcome) outcome {
	if o.gone {
		return o
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || len(p.idle) >= maxIdle {
		w.end()
		return o
	}
	p.idle = append(p.idle, w)
	return o
}

// dismiss ends the idle workers.
func (p *workers) dismiss() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, w := range p.idle {
		w.end()
	}
	p.idle = nil
}

// close ends the idle workers and those that would become idle.
func (p *workers) close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.dismiss()
}

// end ends a worker that nobody uses.
func (w *worker) end() {
	w.timer.Stop()
	close(w.jobs)
}

// begin starts a call. A context that keeps its own time keeps it; for one that
// does not the worker's timer does.
func (w *worker) begin(ctx context.Context, j job) {
	at := int64(0)
	if b, ok := ctx.(Bounded); ok {
		if end, ok := b.Deadline(); ok {
			at = max(1, int64(end.Sub(w.base)))
		}
	}
	w.at.Store(at)
	w.state.Store(w.state.Load()&^(nextCall-1) + nextCall + running)
	if at != 0 {
		w.arm(at)
	}
	w.jobs <- j
}

// arm makes the timer fire no later than at. It and expire may overlap: each
// first says what it did and then looks at what the other said.
func (w *worker) arm(at int64) {
	if armed := w.armed.Load(); armed != 0 && armed <= at {
		return
	}
	w.armed.Store(at)
	w.timer.Reset(time.Duration(at) - time.Since(w.base))
}

// expire is what the timer does: it ends a call whose time is over, and waits on
// for one whose time is not.
func (w *worker) expire(c *Calls) {
	w.armed.Store(0)
	state := w.state.Load()
	at := w.at.Load()
	switch {
	case state&(nextCall-1) != running || at == 0:
		return
	case int64(time.Since(w.base)) < at:
		w.arm(at)
	case w.giveUp(state, c):
		w.done <- outcome{gone: true, err: Faultf(problem.FaultDeadline, "the call did not return within its deadline")}
	default: // it ended, and the next one may have begun
		if at := w.at.Load(); w.state.Load()&(nextCall-1) == running && at != 0 {
			w.arm(at)
		}
	}
}

// giveUp leaves a call alone that has the given state, and reports whether it
// was still running.
func (w *worker) giveUp(state uint64, c *Calls) bool {
	c.abandoned.Add(1)
	if state&(nextCall-1) == running && w.state.CompareAndSwap(state, state-running+givenUp) {
		return true
	}
	c.abandoned.Add(-1)
	return false
}

// work makes calls until there are no more, or one was given up.
func (w *worker) work(c *Calls) {
	for j := range w.jobs {
		if !w.call(j, c) {
			return
		}
	}
}

// call makes one call and reports whether the worker may be used again. A
// strategy that ends its goroutine is seen by the deferred function. The labels
// are set each time: a strategy may have set its own.
func (w *worker) call(j job, c *Calls) (again bool) {
	c.label()
	state := w.state.Load()
	o := outcome{gone: true}
	defer func() {
		if o.gone {
			left := Faultf(problem.FaultPanic, "the strategy ended its goroutine (runtime.Goexit)")
			left.Stack = string(debug.Stack()) // who ended it is still on it
			o.err = left
		}
		if state&(nextCall-1) == running && w.state.CompareAndSwap(state, state-running+finished) {
			w.done <- o
			return
		}
		c.abandoned.Add(-1)
		again = false
	}()
	o.out, o.err = j.protect()
	o.gone = false
	return true
}

// label gives this goroutine, and those that it starts, the labels of the
// release, or none rather than those of whoever happened to call first.
func (c *Calls) label() {
	if c.labels != nil {
		pprof.SetGoroutineLabels(c.labels)
		return
	}
	pprof.SetGoroutineLabels(context.Background())
}
