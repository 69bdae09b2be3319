package runtime_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/driver/memdriver"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/rollout"
)

func TestAGoodReleaseIsPromoted(t *testing.T) {
	w := rollingWorld(t, 0)
	begun := w.start(half(nil))
	if begun.Phase != rollout.Running || begun.Weight != 50 || begun.Candidate.Version != "2.0.0" || begun.Stable.Version != "1.0.0" || begun.PolicyOf != "request" {
		t.Fatalf("begun: %+v", begun)
	}
	tr := w.traffic()
	done := w.ends()
	tr.end()
	if done.Phase != rollout.Promoted || done.ID != begun.ID || done.Ended.IsZero() || tr.faults.Load() != 0 {
		t.Fatalf("ended %s: %s\n%s", done.Phase, done.Reason, w.sentences())
	}
	st := w.status()
	if st.Stable.Version != "2.0.0" || st.Previous.Version != "1.0.0" || st.PreviousWithdrawn || st.Rollout != nil {
		t.Fatalf("status %+v", st)
	}
	if got := fmt.Sprint(w.actions()); got != "[deploy rollout promote]" {
		t.Errorf("journal %s", got)
	}
	eventually(t, "the close of release 1", func() bool { return w.mem.Open() == 1 })
	for i := range tr.calls[1:] {
		if tr.calls[i+1].Load() == 0 {
			t.Errorf("release %d got no call", i+1)
		}
	}
}

func TestAReleaseThatBreaksIsTakenBackForGood(t *testing.T) {
	w := rollingWorld(t, 5)
	w.start(half(nil))
	tr := w.traffic()
	done := w.ends()
	if done.Phase != rollout.RolledBack || !strings.Contains(done.Reason, "errors") {
		t.Fatalf("ended %s: %s", done.Phase, done.Reason)
	}
	faults := tr.faults.Load()
	tr.end()
	if late := tr.faults.Load() - faults; late > 4 { // one for each goroutine may have been under way
		t.Errorf("%d faults after the rollback", late)
	}
	if st := w.status(); st.Stable.Version != "1.0.0" || st.Generation != 3 || st.Faults != 0 {
		t.Fatalf("status %+v", st)
	}
	if got := fmt.Sprint(w.actions()); got != "[deploy rollout return]" {
		t.Errorf("journal %s", got)
	}
	_, err := w.rt.Rollouts.Start(context.Background(), runtime.RolloutStart{Strategy: name, Release: "2.0.0", Policy: half(nil)})
	wantCode(t, err, problem.RolloutFinal)
	w.restart()
	_, err = w.rt.Rollouts.Start(context.Background(), runtime.RolloutStart{Strategy: name, Release: "2.0.0", Policy: half(nil)})
	wantCode(t, err, problem.RolloutFinal)
	eventually(t, "the close of release 2", func() bool { return w.mem.Open() == 1 })
}

// Every key of the traffic sees the releases in one order: a customer who was
// served by the candidate is never served by stable again while the weight grows.
func TestACustomerStaysOnItsArmWhileTheWeightGrows(t *testing.T) {
	w := rollingWorld(t, 0)
	w.start(patient())
	arm := map[string]string{}
	look := func(want float64) {
		n := 0
		for i := range 2000 {
			customer := fmt.Sprint("customer ", i)
			in := map[string]any{"customer": customer}
			resp, err := w.rt.Execute(context.Background(), name, in)
			must(t, err)
			text, err := w.rt.ExecuteText(context.Background(), name, []byte(`{"x":[1,{"customer":2}],"customer":"`+customer+`"}`), nil)
			must(t, err)
			if text.Variant != resp.Variant {
				t.Fatalf("%s is on %s as a map and on %s as text", customer, resp.Variant, text.Variant)
			}
			if arm[customer] == "candidate" && resp.Variant != "candidate" {
				t.Fatalf("%s went back to %s", customer, resp.Variant)
			}
			if arm[customer] = resp.Variant; resp.Variant == "candidate" {
				n++
			}
		}
		if share := float64(n) / 20; share < want-5 || share > want+5 {
			t.Errorf("%.1f %% of the customers are on the candidate, want %g", share, want)
		}
	}
	look(20)
	w.nextStage()
	look(60)
	w.restart()
	w.rollsOn(t)
	look(60)
	w.nextStage()
	w.answersAs(t, 2)
}

// nextStage does not wait for the stage's time.
func (w *world) nextStage() {
	w.t.Helper()
	_, err := w.command(rollout.VerbPause)
	must(w.t, err)
	_, err = w.command(rollout.VerbPromote)
	must(w.t, err)
}

// rollsOn waits until the rollout goes on after a restart.
func (w *world) rollsOn(t *testing.T) {
	t.Helper()
	eventually(t, "the rollout", func() bool { return w.status().Rollout != nil })
}

func (w *world) answersAs(t *testing.T, version int64) {
	t.Helper()
	for i := range 200 {
		resp, err := w.rt.Execute(context.Background(), name, map[string]any{"customer": fmt.Sprint(i)})
		must(t, err)
		if resp.Output["version"] != version {
			t.Fatalf("version %v answers", resp.Output["version"])
		}
	}
}

// In every phase a host may go away and come back: one consistent state, and no
// stage is skipped.
func TestARolloutSurvivesRestarts(t *testing.T) {
	w := rollingWorld(t, 0)
	w.start(patient())
	for _, step := range []struct {
		verb   rollout.Verb
		phase  rollout.Phase
		weight float64
		stable string
	}{
		{"", rollout.Running, 20, "1.0.0"},
		{rollout.VerbPause, rollout.Paused, 20, "1.0.0"},
		{rollout.VerbResume, rollout.Running, 20, "1.0.0"},
		{rollout.VerbPause, rollout.Paused, 20, "1.0.0"},
		{rollout.VerbPromote, rollout.Running, 60, "1.0.0"},
		{rollout.VerbPause, rollout.Paused, 60, "1.0.0"},
		{rollout.VerbPromote, rollout.Watching, 100, "2.0.0"},
	} {
		if step.verb != "" {
			_, err := w.command(step.verb)
			must(t, err)
		}
		generation := w.status().Generation
		w.restart()
		w.rollsOn(t)
		ro, st := w.rollout(), w.status()
		if st.Generation != generation {
			t.Errorf("a restart made generation %d of %d", st.Generation, generation)
		}
		if ro.Phase != step.phase || ro.Weight != step.weight || st.Stable.Version != step.stable {
			t.Fatalf("after %q: %s at %g %%, stable %s", step.verb, ro.Phase, ro.Weight, st.Stable.Version)
		}
	}
	if _, err := w.command(rollout.VerbAbort); err != nil {
		t.Fatal(err)
	}
	w.answersAs(t, 1) // loaded again, for nothing was at hand after the restart
}

func TestACandidateThatDoesNotComeBackEndsItsRollout(t *testing.T) {
	w := rollingWorld(t, 0)
	w.start(patient())
	w.close()
	w.openStore()
	w.mem = memdriver.New(map[string]abi.Constructor{"flaky": func(h abi.Host) (abi.Strategy, error) {
		if h.Config()["version"] == int64(2) {
			return nil, abi.Reject("no_luck", "not today")
		}
		return newFlaky(h)
	}})
	w.cfg = w.config()
	w.open()
	done := w.ends()
	if done.Phase.Ended() && !strings.Contains(done.Reason, "not today") {
		t.Fatalf("ended %s: %s", done.Phase, done.Reason)
	}
	w.answersAs(t, 1)
}

func TestAFreshBaselineRunsBesideTheCandidate(t *testing.T) {
	w := rollingWorld(t, 0)
	w.start(half(map[string]any{
		"stages": []any{map[string]any{"weight": int64(20), "for_s": int64(3600), "baseline": true}, map[string]any{"weight": int64(100)}},
		"guards": []any{map[string]any{"name": "errors", "metric": "error_rate", "versus": "baseline", "max_increase": int64(0)}},
	}))
	if w.mem.Open() != 3 {
		t.Fatalf("%d instances", w.mem.Open())
	}
	variants := map[string]int{}
	for i := range 3000 {
		resp, err := w.rt.Execute(context.Background(), name, map[string]any{"customer": int64(i)})
		must(t, err)
		if want := map[string]string{"candidate": "2.0.0"}[resp.Variant]; want != "" && resp.Release.Version != want || want == "" && resp.Release.Version != "1.0.0" {
			t.Fatalf("%s answers as %s", resp.Release.Version, resp.Variant)
		}
		variants[resp.Variant]++
	}
	if variants["baseline"] < 450 || variants["baseline"] > 750 || variants["candidate"] < 450 || variants["stable"] < 1500 {
		t.Errorf("%v", variants)
	}
	eventually(t, "the arms' numbers", func() bool { return len(w.rollout().Arms) == 3 && w.rollout().Arms[2].Calls > 0 })
	if _, err := w.command(rollout.VerbAbort); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the close of both", func() bool { return w.mem.Open() == 1 })
}

// A candidate that breaks at every call goes before a guard has seen enough.
func TestTheFaultPolicyTakesACandidateBack(t *testing.T) {
	w := rollingWorld(t, 1)
	w.start(patient())
	w.traffic()
	done := w.ends()
	if done.Phase != rollout.RolledBack {
		t.Fatalf("ended %s: %s", done.Phase, done.Reason)
	}
	w.answersAs(t, 1)
	_, err := w.rt.Rollouts.Start(context.Background(), runtime.RolloutStart{Strategy: name, Release: "2.0.0", Policy: half(nil)})
	wantCode(t, err, problem.RolloutFinal)
}

// After a restart the release before is not at hand any more, and it may not load.
func TestAReleaseThatCannotGoBackServesOnAndSaysSo(t *testing.T) {
	w := rollingWorld(t, 2)
	w.start(patient())
	w.nextStage()
	w.nextStage()
	w.close()
	w.openStore()
	broken := atomic.Bool{}
	broken.Store(true)
	w.mem = memdriver.New(map[string]abi.Constructor{"flaky": func(h abi.Host) (abi.Strategy, error) {
		if h.Config()["version"] == int64(1) && broken.Load() {
			return nil, abi.Reject("no_luck", "not today")
		}
		return newFlaky(h)
	}})
	w.cfg = w.config()
	w.cfg.Withdraw = runtime.FaultPolicy{Faults: -1}
	w.open()
	w.rollsOn(t)
	go w.command(rollout.VerbAbort)
	eventually(t, "the failure", func() bool { return strings.Contains(w.status().Failing, "not today") })
	if st := w.status(); st.Stable.Version != "2.0.0" || st.Rollout == nil {
		t.Fatalf("status %+v", st)
	}
	broken.Store(false)
	w.again(t, "abort", func() error { _, err := w.command(rollout.VerbAbort); return err })
	w.answersAs(t, 1)
}
