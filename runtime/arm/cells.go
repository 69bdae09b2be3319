package arm

import (
	"math/bits"
	"sync/atomic"

	"github.com/swapline/swapline/runtime/rollout"
)

// cells is how many keys are told apart at most: 104 in each bucket, so that a
// cell's arm is the one of its bucket.
const cells = 104 * uint64(rollout.Full)

// cellOf returns the cell of a key.
func cellOf(hash uint64) uint64 {
	high, _ := bits.Mul64(hash, cells)
	return high
}

// marks remembers which cells were seen.
type marks []atomic.Uint64

func newMarks() marks { return make(marks, (cells+63)/64) }

// first reports whether a cell was not seen before. Of calls at the same time one
// is the first.
func (m marks) first(cell uint64) bool {
	word, bit := &m[cell/64], uint64(1)<<(cell%64)
	return word.Load()&bit == 0 && word.Or(bit)&bit == 0
}

// counters counts events of cells up to three.
type counters []atomic.Uint64

// Two bits count up to EventsPerKey; this does not compile if they do not.
var _ = [1]struct{}{}[rollout.EventsPerKey-3]

func newCounters() counters { return make(counters, (cells+31)/32) }

// add counts an event and returns its number in its cell, or 0 if the cell had
// EventsPerKey before.
func (c counters) add(cell uint64) int {
	word, shift := &c[cell/32], cell%32*2
	for {
		old := word.Load()
		n := old >> shift & 3
		if n == rollout.EventsPerKey {
			return 0
		}
		if word.CompareAndSwap(old, old+1<<shift) {
			return int(n) + 1
		}
	}
}
