package runtime

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/problem"
)

// TestTheQueueIsBounded fills the one place and every place to wait; the next
// call is turned away at once, the waiting ones get in when the place is free.
func TestTheQueueIsBounded(t *testing.T) {
	g, c := newGate(1), &clock{time.Now()}
	first, ok := g.take(c.now())
	if !ok {
		t.Fatal("a new gate has no place")
	}
	var waiting sync.WaitGroup
	for range g.queue {
		waiting.Go(func() {
			p, _, err := g.await(context.Background(), c, time.Minute)
			if err != nil {
				t.Errorf("a waiting call: %v", err)
				return
			}
			g.leave(p)
		})
	}
	for g.waiting.Load() < g.queue {
		time.Sleep(time.Millisecond)
	}
	if _, ok := g.take(c.now()); ok {
		t.Error("a call passed those who wait")
	}
	if _, waited, err := g.await(context.Background(), c, time.Minute); problem.CodeOf(err) != problem.Overloaded || waited != 0 {
		t.Errorf("one call too many: %v after %s, want %s at once", err, waited, problem.Overloaded)
	}
	g.leave(first)
	waiting.Wait()
	if _, ok := g.take(c.now()); !ok || g.waiting.Load() != 0 || g.left() != g.queue+1 {
		t.Errorf("%d calls wait, %d have left", g.waiting.Load(), g.left())
	}
}

// TestNoPlaceIsTakenTwiceAndNobodySleepsBesideAFreeOne hammers a narrow gate: all
// calls get in, and only so many at a time.
func TestNoPlaceIsTakenTwiceAndNobodySleepsBesideAFreeOne(t *testing.T) {
	for _, places := range []int64{1, 3, nearby + 2} {
		g, c := newGate(places), &clock{time.Now()}
		owners := make([]atomic.Int64, places)
		var callers sync.WaitGroup
		const each, many = 400, 16
		for range many {
			callers.Go(func() {
				for range each {
					p, ok := g.take(c.now())
					if !ok {
						var err error
						if p, _, err = g.await(context.Background(), c, time.Minute); err != nil {
							t.Error(err)
							return
						}
					}
					if owners[p.number].Add(1) != 1 {
						t.Errorf("place %d of %d has two owners", p.number, places)
					}
					runtime.Gosched()
					owners[p.number].Add(-1)
					g.leave(p)
				}
			})
		}
		callers.Wait()
		if g.left() != each*many || g.waiting.Load() != 0 {
			t.Errorf("%d calls left %d places, %d wait", g.left(), places, g.waiting.Load())
		}
	}
}

func TestAGateKnowsHowLongItsCallsTake(t *testing.T) {
	g := newGate(20)
	const came = 3 * time.Hour
	var taken []place
	for range 12 { // beyond those that are looked at in order
		p, ok := g.take(came)
		if !ok {
			t.Fatal("no place")
		}
		taken = append(taken, p)
	}
	ages := func(now time.Duration) (n int, oldest time.Duration) {
		g.since(now, func(_ place, age time.Duration) { n, oldest = n+1, max(oldest, age) })
		return n, oldest
	}
	for _, later := range []time.Duration{0, time.Second, time.Hour, 18 * time.Hour} {
		if n, age := ages(came + later); n != 12 || age < later-slack || age > later+slack {
			t.Errorf("after %s: %d calls, %s old", later, n, age)
		}
	}
	for _, p := range taken {
		g.leave(p)
	}
	if n, _ := ages(came); n != 0 || g.left() != 12 {
		t.Errorf("%d calls after all have left, %d counted", n, g.left())
	}
}

func TestACallThatWaitsGivesUpWithItsTimeOrItsCaller(t *testing.T) {
	g, c := newGate(1), &clock{time.Now()}
	g.take(c.now())
	if _, _, err := g.await(context.Background(), c, time.Millisecond); problem.CodeOf(err) != problem.Overloaded {
		t.Errorf("after its time: %v", err)
	}
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := g.await(gone, c, time.Minute); problem.CodeOf(err) != problem.Canceled {
		t.Errorf("without its caller: %v", err)
	}
	if g.waiting.Load() != 0 {
		t.Errorf("%d still wait", g.waiting.Load())
	}
}
