package runtime_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store"
	"github.com/swapline/swapline/runtime/store/faultstore"
)

// An experiment begins and ends while the n-th call of the store fails, for every n,
// before it took effect, and all traffic goes back; or after, and the candidate is
// promoted. Whoever asks again gets on, and what is told is what is stored.
func TestAFailureOfTheStoreAtAnyStepOfAnExperiment(t *testing.T) {
	for _, after := range []bool{false, true} {
		t.Run(fmt.Sprintf("after=%v", after), func(t *testing.T) {
			for n := 1; experimentFails(t, n, after); n++ {
			}
		})
	}
}

func experimentFails(t *testing.T, n int, after bool) bool {
	w := lived(t)
	calls := openingCalls(t, w)
	faulty := faultstore.New(w.store, calls+n)
	if after {
		faulty = faultstore.NewAfter(w.store, calls+n)
	}
	w.cfg.Store = faulty
	w.open()
	w.triesAndStops(t, after)
	w.answersAs(t, map[bool]int64{false: 1, true: 2}[after])
	failed := faulty.Calls() >= calls+n
	w.close()
	return failed
}

// triesAndStops begins an experiment and ends it.
func (w *world) triesAndStops(t *testing.T, promote bool) {
	t.Helper()
	w.again(t, "start", func() error {
		_, err := w.rt.Experiments.Start(context.Background(), runtime.ExperimentStart{Strategy: name, Release: "2.0.0", Plan: endless(nil)})
		if problem.CodeOf(err) == problem.RolloutActive { // it began although the store said that it had not
			eventually(t, "the split", func() bool {
				ro, err := w.rt.Rollouts.Get(context.Background(), name, 0)
				return err == nil && ro.Weight == 50
			})
			return nil
		}
		return err
	})
	for i := range 20 {
		_, err := w.rt.Execute(context.Background(), name, map[string]any{"customer": int64(i)})
		must(t, err)
	}
	w.again(t, "stop", func() error {
		_, err := w.stopped(promote)
		if problem.CodeOf(err) == problem.RolloutEnded {
			return nil // likewise
		}
		return err
	})
	w.again(t, "get", func() error {
		got, err := w.rt.Experiments.Get(context.Background(), name, 0)
		if err == nil && (got.State != "ended" || !strings.Contains(got.Reason, "by bob (enough)")) {
			t.Fatalf("%s", shown(got))
		}
		return err
	})
	w.again(t, "report", func() error {
		r, err := w.rt.Experiments.Report(context.Background(), name, 0)
		if err == nil && (r.Partial == "" || r.Arms[0].Calls+r.Arms[1].Calls != 20) {
			t.Fatalf("%+v", r)
		}
		return err
	})
}

// reluctant is a store that refuses some activations.
type reluctant struct {
	store.Store
	left atomic.Int64
}

func (r *reluctant) Activate(ctx context.Context, a store.Activation) error {
	if r.left.Add(-1) >= 0 {
		return problem.New(problem.StoreFailed, "not now")
	}
	return r.Store.Activate(ctx, a)
}

func TestAnEndThatCannotBeStoredIsTriedAgain(t *testing.T) {
	for _, then := range []string{"return", "promote"} {
		w, clock := newWorld(t), &shifted{}
		w.mem = newRollingDriver()
		w.cfg = w.config()
		disk := &reluctant{Store: w.store}
		w.cfg.Store, w.cfg.Now = disk, clock.now
		w.open()
		w.deploy(flakyRelease(1, 0))
		w.hold(flakyRelease(2, 0))
		w.experiment(endless(map[string]any{"then": then}))
		seen := w.equivalent()
		disk.left.Store(2)
		clock.forward(1_000_001 * time.Second)
		done := w.triedOut()
		if disk.left.Load() >= 0 || !strings.HasPrefix(done.Reason, "the time is over: ") || done.Arms[0].Calls < seen.Arms[0].Calls || w.report().Partial != "" {
			t.Errorf("%s", shown(done))
		}
		w.answersAs(t, map[string]int64{"return": 1, "promote": 2}[then])
		w.close()
	}
}

// TestExperimentsComeAndGoUnderLoad is for the race detector.
func TestExperimentsComeAndGoUnderLoad(t *testing.T) {
	w, _ := actors(t, 100)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				in := map[string]any{"amount": int64(i), "plain": true, "customer": int64(i % 100)}
				if _, err := w.rt.Execute(context.Background(), name, in); err != nil {
					t.Error(err)
				}
				if i%20 == 0 {
					_, _ = w.rt.Experiments.Report(context.Background(), name, 0)
					_, _ = w.rt.Experiments.List(context.Background(), "", 5)
					time.Sleep(time.Millisecond)
				}
			}
		})
	}
	for i := range 6 {
		plan := endless(nil)
		if i%2 == 0 {
			plan = pairs(nil)
		}
		w.experiment(plan)
		time.Sleep(120 * time.Millisecond) // a look
		if _, err := w.stopped(false); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	wg.Wait()
	eventually(t, "the close of release 2", func() bool { return w.mem.Open() == 1 })
}
