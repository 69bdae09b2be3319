package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/driver"
)

// period is the time between two calls of one neighbour.
const period = 2 * time.Millisecond

// neighbour is a release that behaves, called at a steady rate.
type neighbour struct {
	name      string
	instance  driver.Instance
	questions func(i int) question

	mu    sync.Mutex
	calls int // all of them
	slow  []time.Duration
	wrong []string
}

// work calls until ctx is done. A call's latency counts from the moment at which
// it was due.
func (n *neighbour) work(ctx context.Context) {
	due := time.Now()
	for i := 0; ctx.Err() == nil; i++ {
		due = due.Add(period)
		time.Sleep(time.Until(due))
		complaint := n.ask(n.questions(i))
		n.note(time.Since(due), complaint)
	}
}

// ask returns what is wrong with the answer, or nil.
func (n *neighbour) ask(q question) error {
	out, err := n.instance.Execute(context.Background(), q.in)
	if err != nil {
		return err
	}
	return q.check(out)
}

// check compares an answer with the due one.
func (q question) check(out map[string]any) error {
	if q.out != nil && !wire.Equal(any(q.out), any(out)) {
		return fmt.Errorf("the answer is %v, not %v", out, q.out)
	}
	return nil
}

func (n *neighbour) note(took time.Duration, complaint error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.calls++
	n.slow = append(n.slow, took)
	if complaint != nil {
		n.wrong = append(n.wrong, fmt.Sprintf("%s: %v", n.name, complaint))
	}
}

func (n *neighbour) count() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.calls
}

// lap returns what was noted since the last lap, once the call that is due now
// has ended.
func (n *neighbour) lap(ctx context.Context) (latencies []time.Duration, wrong []string) {
	for before := n.count(); n.count() == before && ctx.Err() == nil; {
		time.Sleep(period / 4)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	latencies, wrong = n.slow, n.wrong
	n.slow, n.wrong = nil, nil
	return latencies, wrong
}

// percentile99 of latencies, which it sorts.
func percentile99(latencies []time.Duration) time.Duration {
	if len(latencies) == 0 {
		return 0
	}
	slices.Sort(latencies)
	return latencies[(len(latencies)-1)*99/100]
}

// neighbourhood is everything that must not feel an attack.
type neighbourhood struct {
	list    []*neighbour
	beat    *heartbeat
	witness *witness
	stop    context.CancelFunc
	done    sync.WaitGroup
}

// start lets all of them work until close.
func (h *neighbourhood) start() (err error) {
	if h.witness, err = openWitness(); err != nil {
		return err
	}
	var ctx context.Context
	ctx, h.stop = context.WithCancel(context.Background())
	h.beat = new(heartbeat)
	for _, n := range h.list {
		h.done.Go(func() { n.work(ctx) })
	}
	h.done.Go(func() { h.beat.work(ctx) })
	h.done.Go(func() { collect(ctx) })
	return nil
}

// close ends the work and closes the releases.
func (h *neighbourhood) close(ctx context.Context) error {
	if h.stop != nil {
		h.stop()
		h.done.Wait()
	}
	var errs []error
	if h.witness != nil {
		errs = append(errs, h.witness.close())
	}
	for _, n := range h.list {
		errs = append(errs, n.instance.Close(ctx))
	}
	return errors.Join(errs...)
}

// feeling is what the neighbourhood noticed in one window.
type feeling struct {
	stall, p99 time.Duration
	machine    time.Duration // stall of the witness
	calls      int
	wrong      []string
}

// lap ends a window and begins the next.
func (h *neighbourhood) lap() (f feeling) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	var all []time.Duration
	for _, n := range h.list {
		latencies, wrong := n.lap(ctx)
		all = append(all, latencies...)
		f.wrong = append(f.wrong, wrong...)
	}
	if ctx.Err() != nil {
		f.wrong = append(f.wrong, "a neighbour did not answer for 10 s")
	}
	f.calls, f.p99, f.stall = len(all), percentile99(all), h.beat.lap(ctx)
	var err error
	if f.machine, err = h.witness.lap(); err != nil {
		f.wrong = append(f.wrong, fmt.Sprintf("the witness: %v", err))
	}
	return f
}
