package slot_test

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/swapline/swapline/runtime/slot"
)

// guarded is a value that knows whether it was closed. The plain field is
// written by close: under the race detector a use that is not ordered before it
// is a reported race, and without it the flag catches use after close.
type guarded struct {
	generation uint64
	closed     atomic.Bool
	plain      int
}

func (g *guarded) use() bool { return g.plain == 0 && !g.closed.Load() }

func (g *guarded) close() {
	g.closed.Store(true)
	g.plain = 1
}

// hammer runs f on n goroutines until stop is called, which waits for them.
func hammer(n int, f func(worker int)) (stop func()) {
	var wg sync.WaitGroup
	var done atomic.Bool
	for worker := range n {
		wg.Go(func() {
			for !done.Load() {
				f(worker)
			}
		})
	}
	return func() { done.Store(true); wg.Wait() }
}

func TestNoLeaseOutlivesItsVersionUnderThousandsOfSwitches(t *testing.T) {
	const switches = 5000
	s := slot.New[*guarded](0)
	s.Publish(1, &guarded{generation: 1})
	var leases, broken, backwards atomic.Int64
	var seen [8]uint64
	stop := hammer(len(seen), func(worker int) {
		lease, ok := s.Acquire()
		if !ok {
			broken.Add(1)
			return
		}
		defer lease.Done()
		v := lease.Value()
		if !v.use() || v.generation != lease.Generation() {
			broken.Add(1)
		}
		if v.generation < seen[worker] {
			backwards.Add(1)
		}
		seen[worker] = v.generation
		leases.Add(1)
	})
	var closers sync.WaitGroup
	var closed atomic.Int64
	for g := uint64(2); g <= switches+1; g++ {
		old := s.Publish(g, &guarded{generation: g})
		closers.Go(func() {
			<-old.Drained()
			v, _ := old.Value()
			v.close()
			closed.Add(1)
		})
	}
	stop()
	closers.Wait()
	if broken.Load() != 0 || backwards.Load() != 0 {
		t.Fatalf("%d uses after close, %d generations seen backwards, in %d leases", broken.Load(), backwards.Load(), leases.Load())
	}
	if closed.Load() != switches {
		t.Fatalf("%d of %d versions drained", closed.Load(), switches)
	}
}

func TestPublishersRaceWithoutLosingAVersion(t *testing.T) {
	s := slot.New[*guarded](0)
	var mu sync.Mutex // gives out rising generations
	var next uint64
	var drained atomic.Int64
	var closers, publishers sync.WaitGroup
	for range 4 {
		publishers.Go(func() {
			for range 500 {
				mu.Lock()
				next++
				old := s.Publish(next, &guarded{generation: next})
				mu.Unlock()
				closers.Go(func() { <-old.Drained(); drained.Add(1) })
			}
		})
	}
	publishers.Wait()
	await(t, s.Close().Drained(), "the last drain")
	closers.Wait()
	if drained.Load() != 2000 {
		t.Fatalf("%d versions drained, want 2000", drained.Load())
	}
}

func TestAWatcherThatWakesSeesAHigherGeneration(t *testing.T) {
	const publishes = 3000
	s := slot.New[int](0)
	var watchers sync.WaitGroup
	var stale atomic.Int64
	for range 3 {
		watchers.Go(func() {
			for generation, changed := s.Watch(); generation < publishes; {
				<-changed
				before := generation
				if generation, changed = s.Watch(); generation <= before {
					stale.Add(1)
				}
			}
		})
	}
	for g := uint64(1); g <= publishes; g++ {
		s.Publish(g, 0)
	}
	watchers.Wait()
	if stale.Load() != 0 {
		t.Fatalf("%d wake-ups saw no change", stale.Load())
	}
}

// twin is the slot as one would write it without thinking: everything under one
// lock, leases in a map.
type twin struct {
	mu      sync.Mutex
	current uint64
	leases  map[uint64]int
	retired map[uint64]bool
}

func (w *twin) publish(g uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.retired[w.current] = true
	w.current = g
}

func (w *twin) acquire() (uint64, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.current == 0 {
		return 0, false
	}
	w.leases[w.current]++
	return w.current, true
}

func (w *twin) done(g uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.leases[g]--
}

func (w *twin) drained(g uint64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.retired[g] && w.leases[g] == 0
}

func TestTheSlotAgreesWithItsDumbTwin(t *testing.T) {
	for seed := range uint64(200) {
		compareWithTwin(t, rand.New(rand.NewPCG(seed, 1)))
	}
}

func compareWithTwin(t *testing.T, random *rand.Rand) {
	t.Helper()
	s, w := slot.New[uint64](0), &twin{leases: map[uint64]int{}, retired: map[uint64]bool{}}
	var held []slot.Lease[uint64]
	var olds []*slot.Retired[uint64]
	for step := range 200 {
		switch random.IntN(3) {
		case 0:
			g := s.Generation() + 1 + random.Uint64N(3)
			olds = append(olds, s.Publish(g, g))
			w.publish(g)
		case 1:
			lease, ok := s.Acquire()
			g, want := w.acquire()
			if ok != want || ok && (lease.Value() != g || lease.Generation() != g) {
				t.Fatalf("step %d: acquired %v %v, twin %d %v", step, lease, ok, g, want)
			}
			if ok {
				held = append(held, lease)
			}
		case 2:
			if len(held) == 0 {
				continue
			}
			i := random.IntN(len(held))
			w.done(held[i].Generation())
			held[i].Done()
			held = append(held[:i], held[i+1:]...)
		}
		for _, old := range olds {
			g := old.Generation()
			if isClosed(old.Drained()) != w.drained(g) || int(old.InFlight()) != w.leases[g] {
				t.Fatalf("step %d: generation %d drained %v with %d leases, twin %v with %d", step, g, isClosed(old.Drained()), old.InFlight(), w.drained(g), w.leases[g])
			}
		}
	}
}
