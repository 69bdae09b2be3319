package runtime_test

import (
	"testing"
	"time"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/difference"
)

// shadowsLimit asks until the shadow knows of so many differences, and returns what it
// shows of the first.
func (w *world) shadowsLimit(n int) runtime.RolloutDifference {
	w.t.Helper()
	for i := 0; ; i++ {
		if got := w.rollout().Shadow; got != nil && got.Different >= n && len(got.Differences) > 0 {
			return got.Differences[0]
		}
		w.ask(50, rising, map[string]any{"plain": true})
		time.Sleep(time.Millisecond)
		if i > 100_000 {
			w.t.Fatal("nothing differs")
		}
	}
}

// TestAMaskThatComesLaterHoldsForAShadow: what was shown under fewer masks goes at once.
func TestAMaskThatComesLaterHoldsForAShadow(t *testing.T) {
	w, _ := actors(t, 50)
	w.start(shadowed(map[string]any{"for_s": int64(100_000), "max_different": 1.0}))
	if d := w.shadowsLimit(1); d.Stable != "100" || d.Candidate != "50" {
		t.Fatalf("%+v", d)
	}
	w.records(map[string]any{"mask": []any{"/limits/*/max"}})
	before := w.rollout().Shadow.Different
	masked := func(d runtime.RolloutDifference) bool {
		return d.Pointer == "/limits/0/max" && (d.Stable == difference.Hidden || d.Stable == "0") && d.Candidate == d.Stable
	}
	if d := w.rollout().Shadow.Differences[0]; !masked(d) {
		t.Errorf("%+v", d)
	}
	if d := w.shadowsLimit(before + 20); !masked(d) || d.Stable != "0" {
		t.Errorf("%+v", d)
	}
}

// TestAReplayShowsAnswersMaskedAsItsInputsAre.
func TestAReplayShowsAnswersMaskedAsItsInputsAre(t *testing.T) {
	w, _ := actors(t, 50)
	w.records(map[string]any{"mask": []any{"/limits"}})
	w.ask(60, rising, map[string]any{"plain": true})
	got := w.repeats(60, tolerant())
	if got.Replay == nil || len(got.Replay.Differences) == 0 || got.Replay.Differences[0].Stable != "0" || got.Replay.Differences[0].Candidate != "0" {
		t.Errorf("%+v", got.Replay)
	}
}
