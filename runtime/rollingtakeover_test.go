package runtime_test

import (
	"testing"
)

// A process that may still be sent away must not write: the one before it would
// find a rollout that is ahead of its own.
func TestARolloutWaitsUntilItsProcessHasTakenOver(t *testing.T) {
	w := rollingWorld(t, 0)
	w.start(half(nil))
	before := w.sentences()
	w.close()
	w.openStore()
	w.mem = newRollingDriver()
	w.cfg = w.config()
	taken := make(chan struct{})
	w.cfg.TakenOver = taken
	w.open()
	tr := w.traffic()
	eventually(t, "traffic on both arms", func() bool { return tr.calls[1].Load() > 3000 && tr.calls[2].Load() > 3000 })
	if got := w.sentences(); got != before {
		t.Fatalf("decided before it has taken over:\n%s", got)
	}
	close(taken)
	if done := w.ends(); done.Phase != "promoted" {
		t.Fatalf("ended %s: %s", done.Phase, done.Reason)
	}
}
