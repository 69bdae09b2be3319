package runtime

import (
	"context"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/swapline/swapline/runtime/problem"
)

// maxGate bounds the places of one gate; a place costs a few bytes, the number only
// keeps a manifest from asking for absurd ones.
const maxGate = 1 << 16

// As many calls as leastQueue, or waitersPerPlace for each place if that is more,
// may wait at a gate. Each holds its input meanwhile, so more would be memory
// spent on calls that mostly time out.
const (
	leastQueue      = 256
	waitersPerPlace = 4
)

// gate lets a bounded number of calls in and a bounded number wait. Who gets in has
// a place of its own until it leaves.
//
// A place is one word, so that a call pays for two atomic operations: the calls
// that have left it, and below them, while a call has it, when that one came. So
// the gate also counts calls, tells them apart and knows how long each takes.
//
// Nobody sleeps while a place is free: who leaves frees the place and then looks
// for waiters; who waits says so and then looks for a place. One of the two sees
// the other. And nobody who comes passes those who wait.
type gate struct {
	words   []atomic.Uint64
	runs    []*deadline // each belongs to who has the place
	waiting atomic.Int64
	queue   int64
	wake    chan struct{} // one for each place that was freed while somebody waited
}

// The parts of a word, from its lowest bit.
const (
	cameBits  = 19            // when the call came, in steps of cameStep, modulo
	takenMark = 1 << cameBits // somebody has the place
	leftShift = cameBits + 1  // number of calls that have left
	cameStep  = 27            // 2^27 ns are 134 ms
	cameMask  = takenMark - 1 //
	nearby    = 8             // places to look at in order, where few calls at a time stay
)

// place is a taken place.
type place struct {
	number int
	word   uint64 // its word while it is taken, unlike that of every other call
}

func newGate(places int64) *gate {
	queue := max(leastQueue, waitersPerPlace*places)
	return &gate{words: make([]atomic.Uint64, places), runs: make([]*deadline, places), queue: queue, wake: make(chan struct{}, queue)}
}

// take takes a free place, if there is one and nobody waits for it.
func (g *gate) take(now time.Duration) (place, bool) {
	if g.waiting.Load() != 0 {
		return place{}, false
	}
	return g.find(now)
}

// find looks for a free place: at the first ones, so that few calls at a time use
// the same few again and again, and then from anywhere.
func (g *gate) find(now time.Duration) (place, bool) {
	came := uint64(now)>>cameStep&cameMask | takenMark
	for i := range min(nearby, len(g.words)) {
		if p, ok := g.try(i, came); ok {
			return p, true
		}
	}
	return g.search(came)
}

func (g *gate) search(came uint64) (place, bool) {
	for i, start := 0, rand.IntN(len(g.words)); i < len(g.words); i++ {
		if p, ok := g.try((start+i)%len(g.words), came); ok {
			return p, true
		}
	}
	return place{}, false
}

func (g *gate) try(i int, came uint64) (place, bool) {
	word := g.words[i].Load()
	if word&takenMark != 0 || !g.words[i].CompareAndSwap(word, word|came) {
		return place{}, false
	}
	return place{i, word | came}, true
}

// await is take when no place is free. It waits no longer than limit and says how
// long it did.
func (g *gate) await(ctx context.Context, clock *clock, limit time.Duration) (place, time.Duration, error) {
	defer g.waiting.Add(-1)
	if g.waiting.Add(1) > g.queue {
		return place{}, 0, problem.New(problem.Overloaded, "all %d places of the release are taken and %d calls wait already", len(g.words), g.queue).
			Cure("send fewer requests, or raise limits.concurrency of the release")
	}
	start := clock.now()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		now := clock.now()
		if p, ok := g.find(now); ok {
			return p, now - start, nil
		}
		select {
		case <-g.wake:
		case <-timer.C:
			return place{}, clock.now() - start, problem.New(problem.Overloaded, "all %d places of the release were taken for %s", len(g.words), limit).
				Cure("send the request again later, or raise limits.concurrency of the release")
		case <-ctx.Done():
			return place{}, clock.now() - start, problem.New(problem.Canceled, "the caller went away while it waited for its turn: %w", ctx.Err())
		}
	}
}

// leave gives a place back.
func (g *gate) leave(p place) {
	g.words[p.number].Store((p.word>>leftShift + 1) << leftShift)
	if g.waiting.Load() > 0 {
		select {
		case g.wake <- struct{}{}:
		default: // so many wake already
		}
	}
}

// inFlight is how many calls have a place or wait for one.
func (g *gate) inFlight() int64 {
	n := g.waiting.Load()
	for i := range g.words {
		if g.words[i].Load()&takenMark != 0 {
			n++
		}
	}
	return n
}

// left is how many calls have left.
func (g *gate) left() (n int64) {
	for i := range g.words {
		n += int64(g.words[i].Load() >> leftShift)
	}
	return n
}

// since calls f for every call that is under way with the time that has passed
// since it came, less than 134 ms wrong, and modulo 19 hours.
func (g *gate) since(now time.Duration, f func(p place, age time.Duration)) {
	for i := range g.words {
		if word := g.words[i].Load(); word&takenMark != 0 {
			age := (uint64(now)>>cameStep - word) & cameMask
			f(place{i, word}, time.Duration(age<<cameStep))
		}
	}
}
