package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/swapline/swapline/examples/demorollout/model"
)

// loyal is how many customers come again and again. The others come once: a
// rollout counts a customer once a stage, so it needs many.
const loyal = 2000

// load sends payments until it is stopped.
type load struct {
	cancel context.CancelFunc
	wait   sync.WaitGroup
	sent   atomic.Int64
}

// startLoad paces the payments evenly over the connections. A call is never sent
// later to make up for a slow one.
func startLoad(ctx context.Context, h *host, l *ledger, c config) *load {
	ctx, cancel := context.WithCancel(ctx)
	t := &load{cancel: cancel}
	interval := time.Duration(0)
	if c.rate > 0 {
		interval = time.Duration(c.conns) * time.Second / time.Duration(c.rate)
	}
	for i := range c.conns {
		t.wait.Go(func() { t.drive(ctx, &connection{host: h}, l, rand.New(rand.NewPCG(uint64(i), 7)), interval) })
	}
	return t
}

func (t *load) drive(ctx context.Context, c *connection, l *ledger, r *rand.Rand, interval time.Duration) {
	defer c.close()
	next := time.Now().Add(time.Duration(r.Float64() * float64(interval)))
	for ctx.Err() == nil {
		if wait := time.Until(next); wait > 0 {
			_ = pause(ctx, wait)
		} else {
			next = time.Now()
		}
		next = next.Add(interval)
		customer, name := who(r)
		p := model.Payment{Reference: fmt.Sprintf("pay-%016x", r.Uint64()), Amount: 100 + int64(r.ExpFloat64()*40_000)}
		a, err := c.ask(name, p)
		l.record(customer, p, a, err)
		t.sent.Add(1)
	}
}

// who draws a customer: every fifth one has come before.
func who(r *rand.Rand) (number int, name string) {
	if r.IntN(5) == 0 {
		n := r.IntN(loyal)
		return n, fmt.Sprintf("c-%d", n)
	}
	return -1, fmt.Sprintf("once-%x", r.Uint64())
}

// stop ends the traffic and waits for requests under way.
func (t *load) stop() {
	t.cancel()
	t.wait.Wait()
}

// The rates that calibrate gives. With fewer payments 1 % of them is too little to
// tell anything in time.
const leastRate, mostRate = 2000, 8000

// calibrate finds out what the machine can do, and takes half of it: a machine that
// has no room makes all releases slow.
func calibrate(ctx context.Context, h *host, conns int) (int, error) {
	const warm, long = 500 * time.Millisecond, 1500 * time.Millisecond
	l := newLedger()
	t := startLoad(ctx, h, l, config{conns: conns})
	err := pause(ctx, warm)
	before := t.sent.Load()
	if err == nil {
		err = pause(ctx, long)
	}
	rate := float64(t.sent.Load()-before) / long.Seconds()
	t.stop()
	if l.wrong > 0 {
		return 0, fmt.Errorf("while nothing was rolled out: %s", l.wrongs[0])
	}
	return max(leastRate, min(mostRate, int(rate/2)/100*100)), err
}
