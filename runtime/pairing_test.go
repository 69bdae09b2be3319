package runtime_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/driver/memdriver"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/rollout"
)

// pairs is a plan of a test that runs both arms on each call.
func pairs(more map[string]any) map[string]any {
	doc := map[string]any{"mode": "paired", "budget": int64(10), "metric": "error_rate", "hypothesis": "not_worse", "margin": 0.2,
		"calls": int64(50), "for_s": int64(1_000_000), "stop": "time", "mask": []any{"/card/number"}}
	for k, v := range more {
		doc[k] = v
	}
	return doc
}

// paired asks until so many pairs were compared, and returns how many calls that took.
func (w *world) paired(n int64, amount func(int) int64, more map[string]any) (asked int64) {
	w.t.Helper()
	for asked = 0; w.compared() < n; asked += 60 {
		w.ask(60, amount, more)
		time.Sleep(time.Millisecond)
		if asked > 1_000_000 {
			w.t.Fatal("nothing is compared")
		}
	}
	return asked
}

// compared is how many pairs were compared.
func (w *world) compared() int64 {
	if r := w.report(); r.Partial == "" && len(r.Answers) > 0 { // else of before a restart
		return r.Answers[0].Compared
	}
	return 0
}

func TestPairsSeeWhatTheCallSawAndLeaveNoTrace(t *testing.T) {
	w, s := actors(t, 100)
	begun := w.experiment(pairs(nil))
	if ro := w.rollout(); begun.Mode != compare.ModePaired || ro.Phase != rollout.Shadowing || ro.Weight != 0 || !ro.Experiment {
		t.Fatalf("begun: %s, %+v", shown(begun), ro)
	}
	asked := w.paired(30, small, nil)
	done, err := w.stopped(false)
	must(t, err)
	calls, events, hits := s.trace(t)
	if calls != asked || events != asked || hits != 2*asked {
		t.Errorf("%d live calls left %d writes, %d events, %d requests", asked, calls, events, hits)
	}
	// Both count, and both tell what the site said: were it not the live call's
	// world, they would differ.
	r := w.report()
	if a := r.Answers[0]; a.Compared < 30 || a.Different != 0 || a.Arm != r.Arms[1].Name || r.Arms[0].Calls != r.Arms[1].Calls {
		t.Errorf("%+v", a)
	}
	if c := checkOf(done.Health, "reference against itself"); c.Light != compare.Green {
		t.Errorf("%+v", c)
	}
	eventually(t, "the close of release 2", func() bool { return w.mem.Open() == 1 })
}

// TestOneAnswerAmongManyIsFound plants one call for which release 2 decides
// otherwise.
func TestOneAnswerAmongManyIsFound(t *testing.T) {
	w, s := actors(t, 50)
	w.experiment(pairs(map[string]any{"ignore": []any{"/limits"}}))
	w.paired(60, small, map[string]any{"plain": true})
	eventually(t, "the pair of the call", func() bool {
		w.ask(1, func(int) int64 { return 75 }, map[string]any{"plain": true})
		r := w.report()
		return r.Answers[0].Different > 0
	})
	eventually(t, "the check", func() bool { return checkOf(w.tried().Health, "answers").Light == compare.Red })
	done, err := w.stopped(false)
	must(t, err)
	if c := checkOf(done.Health, "reference against itself"); c.Light != compare.Green {
		t.Errorf("%+v", c)
	}
	r := w.report()
	a := r.Answers[0]
	if len(a.Places) != 1 || a.Places[0].Pointer != "/decision" || a.Places[0].Reference != `"approve"` || a.Places[0].Value != `"decline"` || len(a.Examples) == 0 {
		t.Fatalf("%+v", a)
	}
	if e := a.Examples[0]; !strings.Contains(e.Text, `"amount":75`) || strings.Contains(e.Text, "4111") || fmt.Sprint(e.Pointers) != "[/decision]" {
		t.Errorf("%+v", e)
	}
	if done.Verdict.Blocked != "answers" || done.Verdict.Word != compare.Undecided {
		t.Errorf("%s", shown(done))
	}
	if _, events, hits := s.trace(t); events != 0 || hits != 0 {
		t.Errorf("%d events, %d requests", events, hits)
	}
	w.experiment(pairs(nil)) // what was only tried is not final
}

// TestWhatIsNotRecordedIsNotTold hides in examples what the strategy's own policy
// keeps out of its records.
func TestWhatIsNotRecordedIsNotTold(t *testing.T) {
	w, _ := actors(t, 50)
	w.policySet(half(map[string]any{"record": map[string]any{"mask": []any{"/amount"}}}))
	w.experiment(pairs(nil))
	eventually(t, "the pair of the call", func() bool {
		w.ask(1, func(int) int64 { return 75 }, map[string]any{"plain": true})
		a := w.report().Answers
		return len(a) > 0 && len(a[0].Examples) > 0
	})
	if e := w.report().Answers[0].Examples[0]; strings.Contains(e.Text, "75") {
		t.Errorf("%s", e.Text)
	}
}

func TestAPairedExperimentMayPromote(t *testing.T) {
	w, _ := actors(t, 100)
	w.experiment(pairs(map[string]any{"then": "promote", "stop": "decided"}))
	for i := 0; w.tried().State == "running"; i++ {
		if _, err := w.rt.Execute(context.Background(), name, map[string]any{"amount": int64(1), "plain": true}); err != nil {
			t.Fatal(err)
		}
		if i%50 == 0 {
			time.Sleep(time.Millisecond)
		}
		if i > 10_000_000 {
			t.Fatalf("not decided: %s", shown(w.tried()))
		}
	}
	done := w.tried()
	if done.Verdict.Word != compare.Equivalent || !strings.HasPrefix(done.Reason, "decided: ") || w.report().Partial != "" {
		t.Errorf("%s", shown(done))
	}
	if ro := w.ends(); ro.Phase != rollout.Promoted || w.status().Stable.Version != "2.0.0" {
		t.Errorf("%s: %s", ro.Phase, ro.Reason)
	}
	eventually(t, "the close of release 1", func() bool { return w.mem.Open() == 1 })
}

// moody answers each call with another number.
type moody struct{ calls atomic.Int64 }

func (m *moody) Execute(_ context.Context, in map[string]any) (map[string]any, error) {
	if in["golden"] != nil {
		return map[string]any{"version": in["version"]}, nil
	}
	return map[string]any{"n": m.calls.Add(1)}, nil
}

func TestAReferenceThatDoesNotAnswerAlikeIsTold(t *testing.T) {
	w := newWorld(t)
	w.mem = memdriver.New(map[string]abi.Constructor{"flaky": func(abi.Host) (abi.Strategy, error) { return &moody{}, nil }})
	w.cfg = w.config()
	w.open()
	one, two := flakyRelease(1, 0), flakyRelease(2, 0)
	one.Golden[0].Input["version"], two.Golden[0].Input["version"] = int64(1), int64(2)
	w.deploy(one)
	w.hold(two)
	w.experiment(pairs(nil))
	eventually(t, "pairs", func() bool {
		for range 20 {
			_, err := w.rt.Execute(context.Background(), name, map[string]any{})
			must(t, err)
		}
		return w.compared() > 20
	})
	if c := checkOf(w.tried().Health, "reference against itself"); c.Light != compare.Yellow || !strings.Contains(c.Text, "most of all at /n") {
		t.Errorf("%+v", c)
	}
}

func TestAPairedExperimentGoesOnAfterARestart(t *testing.T) {
	w, s := actors(t, 100)
	begun := w.experiment(pairs(nil))
	w.paired(60, small, nil)
	eventually(t, "a note", func() bool { return w.rollout().Revision > begun.Revision })
	w.restarted(s)
	w.rollsOn(t)
	if got := w.tried(); got.State != "running" || checkOf(got.Health, "restarts").Light != compare.Green || got.Arms[1].Units < 60 {
		t.Fatalf("%s", shown(got))
	}
	eventually(t, "pairs", func() bool {
		w.ask(20, small, nil)
		r := w.report()
		return r.Partial == "" && r.Answers[0].Compared >= 50
	})
	_, err := w.stopped(true)
	must(t, err)
	if st := w.status(); st.Stable.Version != "2.0.0" {
		t.Errorf("%s serves", st.Stable.Version)
	}
}

func TestACandidateThatHangsBesideDelaysNobody(t *testing.T) {
	w, s := actors(t, 100)
	hold := make(chan string)
	s.wait.Store(&hold)
	w.experiment(pairs(nil))
	eventually(t, "a call of the candidate", func() bool {
		w.ask(1, small, map[string]any{"plain": true})
		return s.entered.Load() > 0
	})
	w.ask(500, small, map[string]any{"plain": true})
	if n := s.entered.Load(); n > 1 {
		t.Errorf("%d calls hang at the same time", n)
	}
	_, err := w.stopped(false) // ends those that hang
	must(t, err)
	eventually(t, "the close of release 2", func() bool { return w.mem.Open() == 1 })
}

func TestAPairIsOfWhatStableAnswered(t *testing.T) {
	w, _ := actors(t, 100)
	w.experiment(pairs(nil))
	w.paired(10, small, map[string]any{"plain": true})
	eventually(t, "a pair of a call that broke", func() bool { // it says nothing that another release should be like
		if _, err := w.rt.Execute(context.Background(), name, map[string]any{"break": true, "plain": true}); problem.CodeOf(err) != problem.FaultPanic {
			t.Fatal(err)
		}
		w.ask(5, small, map[string]any{"plain": true})
		return w.report().Arms[0].Faults > 0
	})
	if r := w.report(); r.Answers[0].Different != 0 || r.Arms[1].Faults != 0 {
		t.Errorf("%+v", r.Answers)
	}
}
