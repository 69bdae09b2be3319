package arm

import (
	"testing"

	"github.com/swapline/swapline/runtime/rollout"
)

// TestAnEventBeforeItsUnit puts a whole call of a key between the two steps in which
// the first call of the key counts its unit, a window that a hammer rarely hits.
func TestAnEventBeforeItsUnit(t *testing.T) {
	guards := []rollout.Guard{{Metric: rollout.FaultRate}, {Metric: rollout.DifferenceRate}}
	m, k := NewSet(guards, true).Meter(rollout.ArmCandidate), Key{Hash: 1 << 60, Given: true}
	m.book.seen.first(cellOf(k.Hash))
	m.book.compared.first(cellOf(k.Hash))
	m.Record(0, k, &Call{Fault: true, Compared: true, Different: true})
	for i, c := range m.Sample().Guards {
		if want := (rollout.Count{Trials: 1, Events: 1}); c != want {
			t.Errorf("guard %d: %+v, want %+v", i, c, want)
		}
	}
}
