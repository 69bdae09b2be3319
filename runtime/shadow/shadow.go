// Package shadow runs jobs in the background for no more than a share of the time
// that others take. The runtime uses it to run a candidate on copies of live
// inputs: it costs no request anything but the copy, and no host more than the
// policy says.
//
//	r := shadow.New(shadow.Config[job]{Budget: 0.25, Run: run})
//	...
//	r.Earn(took)        // after each live call
//	if r.Reserve() {    // nothing is copied before there is a place
//		r.Submit(job{...})
//	}
//	...
//	r.Close()
//
// # The budget
//
// Live calls earn time, jobs spend it:
//
//	time of jobs <= Budget * time of live calls + Workers * the longest job
//
// A job starts only while there is time left, and nobody knows how long it will
// take: that is the second term. What is not spent is kept up to Keep, so that a
// quiet hour does not pay for a burst. The order of all this does not matter to
// live calls: Earn and Reserve never wait, and allocate nothing.
package shadow

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// Config says what a runner does. Fields that are zero mean the default in
// brackets.
type Config[J any] struct {
	// Run does one job and returns how long it took, as the budget counts it. It
	// returns soon after its context is done.
	Run func(context.Context, J) time.Duration
	// Budget is how much time jobs may take, by the time of live calls.
	Budget float64
	// Keep is how much unspent time is kept (250 ms).
	Keep time.Duration
	// Workers is how many jobs run at a time (2), Queue how many wait (32).
	Workers, Queue int
}

// Defaults of a Config.
const (
	defaultKeep    = 250 * time.Millisecond
	defaultWorkers = 2
	defaultQueue   = 32
)

// Runner is safe for concurrent use. Make it with [New], end it with Close.
type Runner[J any] struct {
	run    func(context.Context, J) time.Duration
	budget float64
	keep   int64

	left     atomic.Int64 // nanoseconds; below 0 it is owed
	places   atomic.Int64 // of the queue that are taken
	room     int64
	queue    chan J
	cancel   context.CancelFunc
	closed   atomic.Bool
	workers  sync.WaitGroup
	counters counters
}

type counters struct{ done, spent, broke, full, late, closed atomic.Int64 }

// Stats are what a runner did. Dropped jobs are told by their reason.
type Stats struct {
	Done  int64         // jobs that ran
	Spent time.Duration // by them

	NoBudget int64 // refused: no time was left
	Full     int64 // refused: the queue was full
	Late     int64 // dropped from the queue: no time was left when their turn came
	Closed   int64 // refused or dropped: the runner is closed
}

// New starts a runner. It begins with nothing to spend.
func New[J any](c Config[J]) *Runner[J] {
	workers, queue := positive(c.Workers, defaultWorkers), positive(c.Queue, defaultQueue)
	ctx, cancel := context.WithCancel(context.Background())
	r := &Runner[J]{run: c.Run, budget: c.Budget, keep: int64(positive(c.Keep, defaultKeep)),
		room: int64(queue), queue: make(chan J, queue), cancel: cancel}
	for range workers {
		r.workers.Go(func() { r.work(ctx) })
	}
	return r
}

func positive[N ~int | ~int64](n, or N) N {
	if n > 0 {
		return n
	}
	return or
}

// Earn tells of a live call.
func (r *Runner[J]) Earn(took time.Duration) {
	if took <= 0 || r.left.Load() >= r.keep {
		return
	}
	if r.left.Add(int64(float64(took)*r.budget)) > r.keep {
		r.spill()
	}
}

// spill lets go of what is beyond the bound. Somebody else may do so too.
func (r *Runner[J]) spill() {
	for {
		left := r.left.Load()
		if left <= r.keep || r.left.CompareAndSwap(left, r.keep) {
			return
		}
	}
}

// Reserve asks for a place. Who gets one must call Submit or Waive.
func (r *Runner[J]) Reserve() bool {
	switch {
	case r.closed.Load():
		r.counters.closed.Add(1)
	case r.left.Load() <= 0:
		r.counters.broke.Add(1)
	case r.places.Add(1) > r.room:
		r.places.Add(-1)
		r.counters.full.Add(1)
	default:
		return true
	}
	return false
}

// Waive gives a reserved place back.
func (r *Runner[J]) Waive() { r.places.Add(-1) }

// Submit hands over the job for a reserved place. The job may be dropped.
func (r *Runner[J]) Submit(job J) {
	r.queue <- job // never waits: there are as many places as there is room
	if r.closed.Load() {
		r.discard()
	}
}

// discard drops what waits. Submit may bring a job after the last worker left:
// Close says that it closed and then looks, Submit does it the other way round.
func (r *Runner[J]) discard() {
	for {
		select {
		case <-r.queue:
			r.places.Add(-1)
			r.counters.closed.Add(1)
		default:
			return
		}
	}
}

func (r *Runner[J]) work(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case job := <-r.queue:
			r.places.Add(-1)
			r.attempt(ctx, job)
		}
	}
}

func (r *Runner[J]) attempt(ctx context.Context, job J) {
	switch {
	case ctx.Err() != nil:
		r.counters.closed.Add(1)
		return
	case r.left.Load() <= 0:
		r.counters.late.Add(1)
		return
	}
	took := max(r.run(ctx, job), 0)
	r.left.Add(-int64(took))
	r.counters.spent.Add(int64(took))
	r.counters.done.Add(1)
}

// Stats returns what the runner did so far.
func (r *Runner[J]) Stats() Stats {
	c := &r.counters
	return Stats{Done: c.done.Load(), Spent: time.Duration(c.spent.Load()), NoBudget: c.broke.Load(),
		Full: c.full.Load(), Late: c.late.Load(), Closed: c.closed.Load()}
}

// Close ends the jobs that run, drops those that wait, and returns when the last
// one has ended. It may be called again; what comes later is refused.
func (r *Runner[J]) Close() {
	r.closed.Store(true)
	r.cancel()
	r.workers.Wait()
	r.discard()
}
