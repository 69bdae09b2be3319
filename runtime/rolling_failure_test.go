package runtime_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/driver/faultdriver"
	"github.com/swapline/swapline/runtime/driver/memdriver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/rollout"
	"github.com/swapline/swapline/runtime/store/faultstore"
)

// A rollout goes through all its stages and back again while the n-th call of the
// store fails, for every n, before and after it took effect. Whoever asks again
// gets on, and every moment has one consistent state.
func TestAFailureOfTheStoreAtAnyStepOfARollout(t *testing.T) {
	for _, after := range []bool{false, true} {
		t.Run(fmt.Sprintf("after=%v", after), func(t *testing.T) {
			for n := 1; rolloutFails(t, n, after); n++ {
			}
		})
	}
}

// lived is a world on disk that serves 1 and holds 2, closed.
func lived(t *testing.T) *world {
	w := rollingWorld(t, 0)
	w.close()
	w.openStore()
	w.mem = newRollingDriver()
	w.cfg = w.config()
	return w
}

// openingCalls is how many calls of the store Open makes.
func openingCalls(t *testing.T, w *world) int {
	opening := faultstore.New(w.store, 0)
	w.cfg.Store = opening
	w.open()
	calls := opening.Calls()
	must(t, w.rt.Close(context.Background()))
	w.mem = newRollingDriver()
	w.cfg = w.config()
	return calls
}

func rolloutFails(t *testing.T, n int, after bool) bool {
	w := lived(t)
	calls := openingCalls(t, w)
	faulty := faultstore.New(w.store, calls+n)
	if after {
		faulty = faultstore.NewAfter(w.store, calls+n)
	}
	w.cfg.Store = faulty
	w.open()
	w.livesThrough(t)
	failed := faulty.Calls() >= calls+n
	if failed {
		w.isBack(t)
	}
	w.close()
	return failed
}

// livesThrough takes a rollout through all its stages and back.
func (w *world) livesThrough(t *testing.T) {
	t.Helper()
	w.again(t, "start", func() error {
		_, err := w.rt.Rollouts.Start(context.Background(), runtime.RolloutStart{Strategy: name, Release: "2.0.0", Policy: patient()})
		if problem.CodeOf(err) == problem.RolloutActive {
			return nil // it began although the store said that it had not
		}
		return err
	})
	for _, step := range []struct {
		verb   rollout.Verb
		phase  rollout.Phase
		weight float64
	}{
		{rollout.VerbPause, rollout.Paused, 20}, {rollout.VerbPromote, rollout.Running, 60},
		{rollout.VerbPause, rollout.Paused, 60}, {rollout.VerbPromote, rollout.Watching, 100},
		{rollout.VerbAbort, rollout.Aborted, 0},
	} {
		w.again(t, string(step.verb), func() error {
			_, err := w.command(step.verb)
			ro, failed := w.rt.Rollouts.Get(context.Background(), name, 0)
			if failed != nil {
				return failed
			}
			if err != nil && (ro.Phase != step.phase || ro.Weight != step.weight) {
				return err
			}
			if ro.Phase != step.phase || ro.Weight != step.weight {
				t.Fatalf("after %s: %s at %g %%", step.verb, ro.Phase, ro.Weight)
			}
			return nil
		})
	}
}

// isBack looks at a rollout that was aborted while it was watched.
func (w *world) isBack(t *testing.T) {
	t.Helper()
	w.answersAs(t, 1)
	w.sentences()
	if st := w.status(); st.Stable.Version != "1.0.0" || st.Rollout != nil {
		t.Fatalf("status %+v", st)
	}
	eventually(t, "the close of release 2", func() bool { return w.mem.Open() == 1 })
}

// again asks until there is no error.
func (w *world) again(t *testing.T, what string, do func() error) {
	t.Helper()
	var last error
	for range 5 {
		if last = do(); last == nil {
			return
		}
	}
	t.Fatalf("%s: %v", what, last)
}

func TestAFailureOfTheDriverAtAnyStepOfARollout(t *testing.T) {
	for n := 1; rolloutDriverFails(t, n); n++ {
	}
}

func rolloutDriverFails(t *testing.T, n int) bool {
	w := lived(t)
	opening := faultdriver.New(w.mem, 0)
	w.cfg.Drivers = map[manifest.Kind]driver.Driver{memdriver.Kind: opening}
	w.open()
	calls := opening.Calls()
	must(t, w.rt.Close(context.Background()))
	w.mem = newRollingDriver()
	w.cfg = w.config()
	faulty := faultdriver.New(w.mem, calls+n)
	w.cfg.Drivers = map[manifest.Kind]driver.Driver{memdriver.Kind: faulty}
	w.open()
	w.again(t, "start", func() error {
		_, err := w.rt.Rollouts.Start(context.Background(), runtime.RolloutStart{Strategy: name, Release: "2.0.0", Policy: patient()})
		return err
	})
	w.nextStage()
	w.nextStage()
	_, err := w.command(rollout.VerbAbort)
	must(t, err)
	failed := faulty.Failed()
	if failed {
		w.answersAs(t, 1)
	}
	w.close()
	return failed
}
