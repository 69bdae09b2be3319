package breaker_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/swapline/swapline/runtime/breaker"
)

func TestAGateLetsThroughWhatItsPhaseAllows(t *testing.T) {
	var g breaker.Gate
	enters := func(want bool, round uint64) {
		t.Helper()
		if got, ok := g.Enter(); ok != want || got != round {
			t.Fatalf("enter: round %d, %t; want round %d, %t", got, ok, round, want)
		}
	}
	if !g.Closed() {
		t.Error("the zero gate is not closed")
	}
	enters(true, 0)
	g.Open()
	enters(false, 0)
	if g.Closed() {
		t.Error("an open gate says that it is closed")
	}
	g.Back(0) // of nothing
	enters(false, 0)
	g.Probe(7, 2)
	enters(true, 7)
	enters(true, 7)
	enters(false, 0)
	if g.Closed() {
		t.Error("a gate without permits says that it is closed")
	}
	g.Back(6) // of a round that is over
	enters(false, 0)
	g.Back(7)
	enters(true, 7)
	g.Open()
	g.Back(7)
	enters(false, 0)
	g.Close()
	g.Back(7)
	if !g.Closed() {
		t.Error("a permit came back to a closed gate")
	}
	g.Probe(8, 1<<40) // more than fit
	enters(true, 8)
	g.Back(8)
	g.Back(8)
	enters(true, 8)
	g.Probe(9, -1)
	enters(false, 0)
}

// TestNoMoreProbesThanPermits has many callers that give half of their permits back.
func TestNoMoreProbesThanPermits(t *testing.T) {
	var g breaker.Gate
	const permits, callers, times = 3, 4, 50_000
	var inside, most, kept atomic.Int64
	g.Probe(1, permits)
	var wg sync.WaitGroup
	for caller := range callers {
		wg.Go(func() {
			for i := range times {
				round, ok := g.Enter()
				if !ok {
					continue
				}
				now := inside.Add(1)
				for old := most.Load(); now > old && !most.CompareAndSwap(old, now); old = most.Load() {
				}
				inside.Add(-1)
				if i >= times-caller { // a few calls tell something
					kept.Add(1)
					continue
				}
				g.Back(round)
			}
		})
	}
	wg.Wait()
	if most.Load() > permits || kept.Load() > permits {
		t.Errorf("%d at the same time and %d kept of %d permits", most.Load(), kept.Load(), permits)
	}
	for range permits - kept.Load() {
		if _, ok := g.Enter(); !ok {
			t.Error("a permit is lost")
		}
	}
	if _, ok := g.Enter(); ok {
		t.Error("there is a permit too many")
	}
}

// TestEveryPermitIsGivenOnce has callers that take permits as fast as they can.
func TestEveryPermitIsGivenOnce(t *testing.T) {
	for round := range uint64(50) {
		var g breaker.Gate
		const permits = 20_000
		g.Probe(round+1, permits)
		var given atomic.Int64
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				var mine int64
				for _, ok := g.Enter(); ok; _, ok = g.Enter() {
					mine++
				}
				given.Add(mine)
			})
		}
		wg.Wait()
		if given.Load() != permits {
			t.Fatalf("round %d: %d of %d permits were given", round, given.Load(), permits)
		}
	}
}

func BenchmarkGateClosed(b *testing.B) {
	gate := new(breaker.Gate)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if !gate.Closed() {
				b.Error("open")
			}
		}
	})
}
