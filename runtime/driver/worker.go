package driver

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/swapline/swapline/runtime/problem"
)

// maxIdle bounds the workers that wait for the next call of one strategy.
const maxIdle = 64

// outcome is what a call came to.
type outcome struct {
	out  map[string]any
	err  error
	gone bool // the worker's goroutine ended with the call
}

// job is one call.
type job struct {
	ctx context.Context
	f   func() (map[string]any, error)
}

// The state of a worker's call, so that exactly one side counts an abandoned
// call down.
const (
	running int32 = iota
	finished
	givenUp
)

// worker is a goroutine that makes calls one after the other. Its stack has
// grown to what the strategy needs, which a new goroutine would pay for in
// every call.
type worker struct {
	jobs  chan job
	done  chan outcome // holds one, so that a worker never waits for its caller
	state atomic.Int32
}

// workers are the idle workers of one strategy, the last used first.
type workers struct {
	mu     sync.Mutex
	idle   []*worker // guarded by mu
	closed bool      // guarded by mu
}

// hire takes an idle worker or starts one.
func (p *workers) hire(abandoned *atomic.Int64) *worker {
	p.mu.Lock()
	if n := len(p.idle); n > 0 {
		w := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		w.state.Store(running)
		return w
	}
	p.mu.Unlock()
	w := &worker{jobs: make(chan job, 1), done: make(chan outcome, 1)}
	go w.work(abandoned)
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
		close(w.jobs)
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
		close(w.jobs)
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

// work makes calls until there are no more, or one was given up.
func (w *worker) work(abandoned *atomic.Int64) {
	for j := range w.jobs {
		if !w.call(j, abandoned) {
			return
		}
	}
}

// call makes one call and reports whether the worker may be used again. A
// strategy that ends its goroutine is seen by the deferred function.
func (w *worker) call(j job, abandoned *atomic.Int64) (again bool) {
	o := outcome{gone: true, err: Faultf(problem.FaultPanic, "the strategy ended its goroutine (runtime.Goexit)")}
	defer func() {
		if w.state.CompareAndSwap(running, finished) {
			w.done <- o
			return
		}
		abandoned.Add(-1)
		again = false
	}()
	o = protect(j.ctx, j.f)
	return true
}
