package breaker

import "sync/atomic"

// Gate is what a call asks whether the release may answer it. It is safe for
// concurrent use and its zero value is closed: all calls pass. Asking a closed one
// is one atomic load; nobody ever waits.
type Gate struct {
	word atomic.Uint64
	_    [56]byte // what is beside it is written more often
}

// The parts of a word, from its lowest bit. A closed gate's word is 0.
const (
	shutMark   = 1 // no call passes without a permit
	permitOne  = 2
	permitBits = 16
	permitMask = (1<<permitBits - 1) * permitOne
	roundShift = permitBits + 1
)

// Closed reports whether all calls pass.
func (g *Gate) Closed() bool { return g.word.Load() == 0 }

// Open lets no call pass.
func (g *Gate) Open() { g.word.Store(shutMark) }

// Close lets all calls pass.
func (g *Gate) Close() { g.word.Store(0) }

// Probe lets calls of a round pass, at most as many as there are permits and at
// most 65535.
func (g *Gate) Probe(round uint64, permits int64) {
	g.word.Store(round<<roundShift | uint64(max(0, min(permits, 1<<permitBits-1)))*permitOne | shutMark)
}

// Enter asks for one call. A round other than 0 makes it a probe: when it has
// ended, its result belongs to that round, or, if it tells nothing, Back is
// called with it.
func (g *Gate) Enter() (round uint64, pass bool) {
	for {
		word := g.word.Load()
		switch {
		case word == 0:
			return 0, true
		case word&permitMask == 0:
			return 0, false
		case g.word.CompareAndSwap(word, word-permitOne):
			return word >> roundShift, true
		}
	}
}

// Back returns the permit of a probe that told nothing about the release, so that
// another call may take its place.
func (g *Gate) Back(round uint64) {
	for {
		word := g.word.Load()
		if round == 0 || word>>roundShift != round || word&permitMask == permitMask {
			return // of a round that is over
		}
		if g.word.CompareAndSwap(word, word+permitOne) {
			return
		}
	}
}
