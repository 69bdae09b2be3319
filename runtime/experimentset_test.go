package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/driver/faultdriver"
	"github.com/swapline/swapline/runtime/driver/memdriver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/rollout"
	"github.com/swapline/swapline/runtime/store/faultstore"
)

// set is one instance of a release, which counts its calls.
type set struct {
	version           int64
	calls, now, crowd atomic.Int64 // of all times, at this moment, and at most at the same time
}

func (i *set) Execute(_ context.Context, in map[string]any) (map[string]any, error) {
	if in["golden"] != nil {
		return map[string]any{"version": i.version}, nil
	}
	i.calls.Add(1)
	i.crowd.Store(max(i.crowd.Load(), i.now.Add(1)))
	time.Sleep(20 * time.Microsecond)
	i.now.Add(-1)
	return map[string]any{"version": i.version}, nil
}

// sets are the instances that were made, in order. Those of release 1 are not made
// any more while bars is set, after so many.
type sets struct {
	mu   sync.Mutex
	list []*set
	bars atomic.Int64
}

func (s *sets) construct(h abi.Host) (abi.Strategy, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := &set{version: h.Config()["version"].(int64)}
	if bars := s.bars.Load(); bars > 0 && one.version == 1 && s.madeLocked(1) >= bars {
		return nil, errors.New("no room for another one")
	}
	s.list = append(s.list, one)
	return one, nil
}

func (s *sets) madeLocked(version int64) (n int64) {
	for _, one := range s.list {
		if one.version == version {
			n++
		}
	}
	return n
}

// of lists the instances of a release.
func (s *sets) of(version int64) []*set {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.list), func(one *set) bool { return one.version != version })
}

// setWorld serves release 1 and knows release 2.
func setWorld(t *testing.T) (*world, *sets) {
	w, s := newWorld(t), &sets{}
	w.use(s)
	w.open()
	w.deploy(flakyRelease(1, 0))
	w.hold(flakyRelease(2, 0))
	return w, s
}

func (w *world) use(s *sets) {
	w.mem = memdriver.New(map[string]abi.Constructor{"flaky": s.construct})
	w.cfg = w.config()
}

// reopenedWith is restart with instances that are counted anew.
func (w *world) reopenedWith(s *sets) {
	w.t.Helper()
	w.close()
	w.openStore()
	w.use(s)
}

// pairsRun waits until more pairs were compared.
func (w *world) pairsRun(n int64) (asked int64) {
	w.t.Helper()
	eventually(w.t, "pairs", func() bool {
		for range 20 {
			_, err := w.rt.Execute(context.Background(), name, map[string]any{})
			must(w.t, err)
			asked++
		}
		return w.compared() >= n
	})
	return asked
}

func TestPairsRunInInstancesThatAnswerNobody(t *testing.T) {
	w, s := setWorld(t)
	requests := w.status().Requests
	w.experiment(pairs(nil))
	asked := w.pairsRun(50)
	if c := checkOf(w.tried().Health, "instances of their own"); c.Light != compare.Green {
		t.Errorf("%+v", c)
	}
	_, err := w.stopped(false)
	must(t, err)
	eventually(t, "the end of the pairs", func() bool { return w.mem.Open() == 1 })
	reference, candidate := s.of(1), s.of(2)
	if len(reference) != 2 {
		t.Fatalf("%d sets of the reference", len(reference))
	}
	live, own, other := reference[0], reference[1], candidate[len(candidate)-1]
	if got := live.calls.Load(); got != asked {
		t.Errorf("%d calls of stable, which was asked %d times", got, asked)
	}
	// Each runs twice in a pair; one that the end cut short has run one of them more.
	if a, b := own.calls.Load(), other.calls.Load(); a < 2*50 || a-b > 1 || b-a > 1 || own.crowd.Load() != 1 || other.crowd.Load() != 1 {
		t.Errorf("%d calls of the reference's own set and %d of the candidate's, %d and %d at the same time", a, b, own.crowd.Load(), other.crowd.Load())
	}
	if got := w.status().Requests; got != requests+asked {
		t.Errorf("%d requests are told, %d were sent", got, requests+asked)
	}
}

func TestASplitNeedsNoSecondReference(t *testing.T) {
	w, s := setWorld(t)
	w.experiment(endless(nil))
	if n := len(s.of(1)); n != 1 {
		t.Errorf("%d sets of the reference", n)
	}
	if c := checkOf(w.tried().Health, "instances of their own"); !strings.HasPrefix(c.Text, "no check") {
		t.Errorf("%+v", c)
	}
}

func TestPairsAreRefusedIfTheReferenceDoesNotLoadTwice(t *testing.T) {
	w, s := setWorld(t)
	s.bars.Store(1)
	start := runtime.ExperimentStart{Strategy: name, Release: "2.0.0", Plan: pairs(nil)}
	_, err := w.rt.Experiments.Start(context.Background(), start)
	if err == nil || !strings.Contains(err.Error(), "the reference, which pairs need a second time, does not load: ") || !strings.Contains(err.Error(), "no room") {
		t.Fatalf("%v", err)
	}
	list, err := w.rt.Experiments.List(context.Background(), "", 9)
	if st := w.status(); err != nil || len(list) != 0 || st.Rollout != nil || st.Generation != 1 || w.mem.Open() != 1 {
		t.Errorf("%+v, %v, %+v, %d open", list, err, st, w.mem.Open())
	}
	w.answersAs(t, 1)
	w.experiment(endless(nil)) // which needs no second one
	_, err = w.stopped(false)
	must(t, err)
	s.bars.Store(0)
	w.experiment(pairs(nil))
	w.pairsRun(20)
}

// What cannot be loaded when the host comes back is told and tried again; a person
// may stop waiting for it.
func TestAReferenceThatDoesNotLoadAfterARestartIsWaitedFor(t *testing.T) {
	for _, loads := range []bool{true, false} {
		t.Run(fmt.Sprintf("loads=%v", loads), func(t *testing.T) {
			w, _ := setWorld(t)
			w.experiment(pairs(nil))
			w.pairsRun(60)
			s := &sets{}
			s.bars.Store(1)
			w.reopenedWith(s)
			w.open()
			w.rollsOn(t)
			eventually(t, "the check", func() bool {
				c := checkOf(w.tried().Health, "instances of their own")
				return c.Light == compare.Red && strings.Contains(c.Text, "no room for another one")
			})
			w.answersAs(t, 1)
			if got := w.tried(); got.State != "running" || w.status().Rollout == nil || got.Verdict.Word == compare.Worse {
				t.Fatalf("%s", shown(got))
			}
			if n := s.of(2); len(n) == 0 || n[len(n)-1].calls.Load() != 0 {
				t.Errorf("the candidate runs alone")
			}
			if loads {
				s.bars.Store(0)
				w.pairsRun(w.compared() + 60)
				if c := checkOf(w.tried().Health, "instances of their own"); c.Light != compare.Green {
					t.Errorf("%+v", c)
				}
			}
			done, err := w.stopped(false)
			must(t, err)
			if c := checkOf(done.Health, "instances of their own"); done.State != "ended" || (c.Light == compare.Green) != loads {
				t.Errorf("%s", shown(done))
			}
			eventually(t, "the close of all but release 1", func() bool { return w.mem.Open() == 1 })
		})
	}
}

// A host that may still be sent away has loaded all and lets it go again.
func TestAHostThatIsSentAwayKeepsNoPairs(t *testing.T) {
	w, _ := setWorld(t)
	w.experiment(pairs(nil))
	w.reopenedWith(&sets{})
	w.cfg.TakenOver = make(chan struct{})
	w.open()
	if n := w.mem.Open(); n != 3 {
		t.Errorf("%d sets", n)
	}
	w.close() // looks for what is open
	w.openStore()
	w.use(&sets{})
	w.open()
	w.pairsRun(20)
}

func TestWhatEndsPairsClosesTheirInstances(t *testing.T) {
	for what, end := range map[string]func(w *world) error{
		"abort":   func(w *world) error { _, err := w.command(rollout.VerbAbort); return err },
		"stop":    func(w *world) error { _, err := w.stopped(false); return err },
		"promote": func(w *world) error { _, err := w.stopped(true); return err },
		"another": func(w *world) error {
			w.hold(flakyRelease(3, 0))
			_, err := w.rt.Rollback(context.Background(), back("3.0.0"))
			return err
		},
		"close": func(w *world) error { return w.rt.Close(context.Background()) },
	} {
		t.Run(what, func(t *testing.T) {
			w, s := setWorld(t)
			w.experiment(pairs(nil))
			w.pairsRun(5)
			must(t, end(w))
			own := s.of(1)[1]
			left := 1
			if what == "close" {
				left = 0
			}
			eventually(t, "the close of the rest", func() bool { return w.mem.Open() == left })
			if before := own.calls.Load(); what != "close" {
				w.rt.Execute(context.Background(), name, map[string]any{}) //nolint:errcheck // whatever it answers
				if own.calls.Load() != before {
					t.Error("the pairs go on")
				}
			}
		})
	}
}

// A paired experiment begins, runs and ends while the n-th operation of the driver
// fails, for every n: it is refused and leaves nothing, or all goes on.
func TestAFailureOfTheDriverAtAnyStepOfPairs(t *testing.T) {
	for n := 1; pairsDriverFails(t, n); n++ {
	}
}

func pairsDriverFails(t *testing.T, n int) bool {
	w := lived(t)
	faulty := faultdriver.New(w.mem, openingOperations(t, w)+n)
	w.cfg.Drivers = map[manifest.Kind]driver.Driver{memdriver.Kind: faulty}
	w.open()
	w.again(t, "start", func() error {
		_, err := w.rt.Experiments.Start(context.Background(), runtime.ExperimentStart{Strategy: name, Release: "2.0.0", Plan: pairs(nil)})
		if err != nil && w.mem.Open() != 1 {
			t.Errorf("operation %d: %d open after %v", n, w.mem.Open(), err)
		}
		return err
	})
	started := faulty.Failed()
	_, err := w.stopped(false)
	must(t, err)
	// The last of these operations is a close, or it would be the call below.
	eventually(t, "the close of the rest", func() bool { return w.mem.Open() == 1 })
	w.answersAs(t, 1)
	w.close()
	return started
}

// openingOperations is how many operations of the driver Open makes.
func openingOperations(t *testing.T, w *world) int {
	counting := faultdriver.New(w.mem, 0)
	w.cfg.Drivers = map[manifest.Kind]driver.Driver{memdriver.Kind: counting}
	w.open()
	calls := counting.Calls()
	must(t, w.rt.Close(context.Background()))
	w.mem = newRollingDriver()
	w.cfg = w.config()
	return calls
}

// The host comes back to a paired experiment while the n-th operation of the store,
// or of the driver, fails, for every n until it runs. The experiment goes on, sooner
// or later, or has ended because its candidate did not load, or waits for a person
// because nothing of it could be read.
func TestAFailureAtAnyStepOfARestartOfPairs(t *testing.T) {
	for _, of := range []string{"store", "store after", "driver"} {
		t.Run(of, func(t *testing.T) {
			for n := 1; n <= 24 && restartOfPairsFails(t, of, n); n++ {
			}
		})
	}
}

func restartOfPairsFails(t *testing.T, of string, n int) bool {
	w, _ := setWorld(t)
	w.experiment(pairs(nil))
	w.reopenedWith(&sets{})
	var failed func() bool
	if of == "driver" {
		faulty := faultdriver.New(w.mem, n)
		w.cfg.Drivers = map[manifest.Kind]driver.Driver{memdriver.Kind: faulty}
		failed = func() bool { return n <= faulty.Calls() }
	} else {
		faulty := faultstore.New(w.store, n)
		if of == "store after" {
			faulty = faultstore.NewAfter(w.store, n)
		}
		w.cfg.Store = faulty
		failed = func() bool { return faulty.Calls() >= n }
	}
	rt, err := runtime.Open(context.Background(), w.cfg)
	if err != nil {
		w.close()
		return true
	}
	w.rt = rt
	more := failed()
	w.runsOrEnds(t, fmt.Sprintf("%s %d", of, n))
	w.close()
	return more
}

// runsOrEnds waits until pairs run again, or the experiment has ended, or it is clear
// that the strategy, or what is stored of the experiment, did not load at all.
func (w *world) runsOrEnds(t *testing.T, what string) {
	t.Helper()
	refused := 0
	eventually(t, what, func() bool {
		if _, err := w.rt.Execute(context.Background(), name, map[string]any{}); err != nil {
			refused++
		}
		x, err := w.rt.Experiments.Get(context.Background(), name, 0)
		return refused > 20 || err == nil && (x.State == "ended" || !w.rolls() || len(x.Arms) == 2 && x.Arms[1].Calls > 0)
	})
}

// rolls reports whether a rollout is under way, as far as can be told.
func (w *world) rolls() bool {
	st, err := w.rt.Status(context.Background(), name)
	return err != nil || st.Rollout != nil
}
