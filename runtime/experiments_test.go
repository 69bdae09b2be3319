package runtime_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/rollout"
)

func TestAnExperimentEndsWithItsVerdict(t *testing.T) {
	w := rollingWorld(t, 0)
	begun := w.experiment(trying(nil))
	if begun.State != "running" || begun.Mode != compare.ModeSplit || begun.Verdict.Word != compare.Undecided || begun.Reference.Version != "1.0.0" ||
		begun.Candidate.Version != "2.0.0" || begun.Actor != "ann" || begun.Why != "cheaper" || len(begun.PlanHash) != 64 || begun.Until.Sub(begun.Measured) != time.Hour {
		t.Fatalf("begun: %s", shown(begun))
	}
	if ro := w.rollout(); !ro.Experiment || ro.ID != begun.ID || ro.Weight != 50 || ro.PolicyOf != "experiment" || !w.status().Rollout.Experiment {
		t.Fatalf("carried by %+v", ro)
	}
	tr := w.traffic()
	done := w.triedOut()
	tr.end()
	if done.ID != begun.ID || done.PlanHash != begun.PlanHash || done.Ended.IsZero() || done.Verdict.Word != compare.Equivalent || !done.Verdict.NotWorse ||
		done.Reason != "decided: "+done.Verdict.Sentence {
		t.Fatalf("ended: %s", shown(done))
	}
	ro := w.rollout()
	if ro.Phase != rollout.Aborted || !strings.Contains(ro.Reason, done.Verdict.Sentence) || !strings.Contains(w.sentences(), "swapline aborted at 50 %") {
		t.Errorf("%s: %s\n%s", ro.Phase, ro.Reason, w.sentences())
	}
	if st := w.status(); st.Stable.Version != "1.0.0" || st.Rollout != nil {
		t.Errorf("status %+v", st)
	}
	if got := fmt.Sprint(w.actions()); got != "[deploy rollout abort]" {
		t.Errorf("journal %s", got)
	}
	eventually(t, "the news of the end", func() bool { list := w.happened(); return list[len(list)-1] == "experiment.ended" })
	if got := fmt.Sprint(w.happened()); got != "[experiment.started experiment.ended]" && got != "[experiment.started experiment.verdict experiment.ended]" {
		t.Errorf("told %s", got)
	}
	eventually(t, "the close of release 2", func() bool { return w.mem.Open() == 1 })
	w.experiment(endless(nil)) // what was only tried is not final
}

func TestTheReportOfAnExperimentStays(t *testing.T) {
	w := rollingWorld(t, 0)
	w.experiment(trying(nil))
	tr := w.traffic()
	done := w.triedOut()
	tr.end()
	before := w.report()
	if before.Partial != "" || before.PlanHash != done.PlanHash || before.Ended.IsZero() || len(before.Verdicts) != 1 || before.Verdicts[0].Sentence != done.Verdict.Sentence ||
		len(before.Arms) != 2 || before.Arms[0].Name != "1.0.0" || before.Arms[1].Name != "2.0.0" || before.Arms[1].Calls < 50 {
		t.Fatalf("%+v", before)
	}
	w.restart()
	after := w.report()
	if fmt.Sprintf("%+v", after.Verdicts) != fmt.Sprintf("%+v", before.Verdicts) || after.Arms[0].Calls != before.Arms[0].Calls {
		t.Errorf("%+v", after)
	}
	if got := w.tried(); got.State != "ended" || got.Verdict.Sentence != done.Verdict.Sentence || got.Reason != done.Reason || len(got.Arms) != 2 || got.Arms[0].Latency != nil {
		t.Errorf("%+v", got)
	}
}

func TestAPlanMayPromote(t *testing.T) {
	w := rollingWorld(t, 0)
	w.experiment(trying(map[string]any{"then": "promote"}))
	tr := w.traffic()
	done := w.triedOut()
	if ro := w.rollout(); ro.Phase != rollout.Watching && ro.Phase != rollout.Promoted || !strings.Contains(w.sentences(), "50 % was promoted by swapline (decided: ") {
		t.Fatalf("%s: %s\n%s", ro.Phase, ro.Reason, w.sentences())
	}
	if done.Verdict.Word != compare.Equivalent || !strings.HasPrefix(done.Reason, "decided: ") || w.report().Partial != "" {
		t.Errorf("%s", shown(done))
	}
	tr.end()
	w.answersAs(t, 2)
	w.restart()
	w.answersAs(t, 2)
	if again := w.tried(); again.State != "ended" || again.Reason != done.Reason {
		t.Errorf("%s", shown(again))
	}
}

// TestAPlanDoesNotPromoteWhatIsWorse lets every fifth call of the candidate fail.
func TestAPlanDoesNotPromoteWhatIsWorse(t *testing.T) {
	w := rollingWorld(t, 5)
	w.experiment(trying(map[string]any{"margin": 0.05, "calls": int64(500), "then": "promote"}))
	tr := w.traffic()
	done := w.triedOut()
	tr.end()
	if done.Verdict.Word != compare.Worse || done.Arms[0].Faults != 0 || done.Arms[1].Faults == 0 || !strings.HasPrefix(done.Reason, "decided: ") {
		t.Errorf("%s", shown(done))
	}
	w.answersAs(t, 1)
}

func TestAnExperimentEndsWithItsTime(t *testing.T) {
	w, clock := shiftedWorld(t)
	w.experiment(endless(nil))
	tr := w.traffic()
	w.counts(200)
	if got := w.tried(); got.State != "running" {
		t.Fatalf("%s", shown(got))
	}
	clock.forward(1_000_001 * time.Second)
	done := w.triedOut()
	tr.end()
	if done.Reason != "the time is over: "+done.Verdict.Sentence || w.report().Partial != "" || w.rollout().Phase != rollout.Aborted {
		t.Errorf("%s", shown(done))
	}
}

func TestWhoStopsAnExperimentGetsAPartialReport(t *testing.T) {
	w := rollingWorld(t, 0)
	w.experiment(endless(map[string]any{"calls": int64(1_000_000)}))
	tr := w.traffic()
	w.counts(100)
	done, err := w.stopped(false)
	tr.end()
	must(t, err)
	if done.State != "ended" || done.Verdict.Word != compare.Undecided || !strings.Contains(done.Reason, "aborted at 50 % by bob (enough)") {
		t.Fatalf("%s", shown(done))
	}
	if r := w.report(); r.Partial == "" || r.Arms[0].Calls < 100 {
		t.Errorf("%+v", r)
	}
	_, err = w.stopped(false)
	wantCode(t, err, problem.RolloutEnded)
	w.answersAs(t, 1)
}

func TestWhoStopsAnExperimentMayPromote(t *testing.T) {
	w := rollingWorld(t, 0)
	w.experiment(endless(nil))
	done, err := w.stopped(true)
	must(t, err)
	if done.State != "ended" || !strings.Contains(done.Reason, "50 % was promoted by bob (enough)") {
		t.Fatalf("%s", shown(done))
	}
	w.answersAs(t, 2)
	_, err = w.stopped(true) // the rollout goes on, watched
	wantCode(t, err, problem.RolloutEnded)
}

func TestAStopIsOfWhatWasSeen(t *testing.T) {
	w := rollingWorld(t, 0)
	seen := w.experiment(endless(nil)).Revision
	_, err := w.command(rollout.VerbPause)
	must(t, err)
	stop := runtime.ExperimentStop{Strategy: name, Actor: "bob", IfRevision: &seen}
	_, err = w.rt.Experiments.Stop(context.Background(), stop)
	wantCode(t, err, problem.StaleRollout)
	now := w.tried().Revision
	seen = now + 1000 // notes raise it meanwhile
	_, err = w.rt.Experiments.Stop(context.Background(), stop)
	wantCode(t, err, problem.StaleRollout)
	seen = now
	_, err = w.rt.Experiments.Stop(context.Background(), stop)
	must(t, err)
}

// TestProgressMakesNobodysViewStale lets verdicts change, which is written down.
func TestProgressMakesNobodysViewStale(t *testing.T) {
	w := rollingWorld(t, 0)
	w.experiment(endless(nil))
	eventually(t, "the gate", func() bool { return strings.Contains(w.rollout().Reason, "held at 50 %") })
	seen := w.rollout().Revision
	tr := w.traffic()
	eventually(t, "a note", func() bool { return w.rollout().Revision > seen })
	tr.end()
	_, err := w.rt.Experiments.Stop(context.Background(), runtime.ExperimentStop{Strategy: name, IfRevision: &seen})
	must(t, err)
}

func TestWhatEndsTheRolloutEndsTheExperiment(t *testing.T) {
	for what, end := range map[string]struct {
		do     func(w *world) error
		reason string
		serves int64
	}{
		"abort":    {func(w *world) error { _, err := w.command(rollout.VerbAbort); return err }, "aborted at 50 % by bob (because)", 1},
		"rollback": {func(w *world) error { _, err := w.rt.Rollback(context.Background(), back("1.0.0")); return err }, "", 1},
		"promote": {func(w *world) error {
			if _, err := w.command(rollout.VerbPause); err != nil {
				return err
			}
			_, err := w.command(rollout.VerbPromote)
			return err
		}, "50 % was promoted by bob (because)", 2},
	} {
		t.Run(what, func(t *testing.T) {
			w := rollingWorld(t, 0)
			w.experiment(endless(map[string]any{"calls": int64(1_000_000)}))
			if what == "rollback" {
				w.hold(flakyRelease(3, 0))
				_, err := w.rt.Rollback(context.Background(), back("3.0.0"))
				must(t, err)
				end.serves, end.reason = 3, "another release takes its place: rollback"
			} else {
				must(t, end.do(w))
			}
			done := w.tried()
			if done.State != "ended" || !strings.Contains(done.Reason, end.reason) || w.report().Partial == "" {
				t.Errorf("%s", shown(done))
			}
			w.answersAs(t, end.serves)
			if got := w.happened(); got[len(got)-1] != "experiment.ended" {
				t.Errorf("told %v", got)
			}
		})
	}
}

func TestAGuardEndsAnExperiment(t *testing.T) {
	w := rollingWorld(t, 5)
	w.experiment(endless(map[string]any{"guards": []any{map[string]any{"name": "errors", "metric": "error_rate", "versus": "stable", "max_increase": int64(0)}}}))
	tr := w.traffic()
	done := w.triedOut()
	tr.end()
	if !strings.Contains(done.Reason, "errors") || w.rollout().Phase != rollout.RolledBack || !w.tried().Ended.Equal(w.rollout().Ended) {
		t.Errorf("%s", shown(done))
	}
}

func TestExperimentsAreListed(t *testing.T) {
	w := rollingWorld(t, 0)
	list := func(strategy string, limit int) []runtime.Experiment {
		t.Helper()
		list, err := w.rt.Experiments.List(context.Background(), strategy, limit)
		must(t, err)
		return list
	}
	if got := list("", 10); got == nil || len(got) != 0 {
		t.Errorf("%+v", got)
	}
	_, err := w.rt.Experiments.Get(context.Background(), name, 0)
	wantCode(t, err, problem.UnknownExperiment)
	w.start(patient()) // carries none
	plain := w.rollout().ID
	_, err = w.command(rollout.VerbAbort)
	must(t, err)
	_, err = w.rt.Experiments.Get(context.Background(), name, plain)
	wantCode(t, err, problem.UnknownExperiment)
	_, err = w.rt.Experiments.Report(context.Background(), name, plain)
	wantCode(t, err, problem.UnknownExperiment)
	_, err = w.rt.Experiments.Get(context.Background(), name, 4711)
	wantCode(t, err, problem.UnknownExperiment)
	first := w.experiment(endless(nil))
	_, err = w.stopped(false)
	must(t, err)
	second := w.experiment(endless(nil))
	for _, strategy := range []string{"", name} {
		if got := list(strategy, 10); len(got) != 2 || got[0].ID != second.ID || got[1].ID != first.ID || got[0].State != "running" || got[1].State != "ended" {
			t.Errorf("%+v", got)
		}
	}
	if got := list("", 1); len(got) != 1 || got[0].ID != second.ID {
		t.Errorf("%+v", got)
	}
	if got, err := w.rt.Experiments.Get(context.Background(), name, first.ID); err != nil || got.ID != first.ID || got.State != "ended" {
		t.Errorf("%+v, %v", got, err)
	}
	_, err = w.rt.Experiments.List(context.Background(), "nobody", 10)
	wantCode(t, err, problem.UnknownStrategy)
}

func TestAPlanThatMakesNoSenseIsRefused(t *testing.T) {
	w := rollingWorld(t, 0)
	for pointer, plan := range map[string]map[string]any{
		"/alpha":  trying(map[string]any{"alpha": int64(2)}),
		"/metric": trying(map[string]any{"metric": "beauty"}),
		"/x":      trying(map[string]any{"x": int64(2)}),
	} {
		_, err := w.rt.Experiments.Start(context.Background(), runtime.ExperimentStart{Strategy: name, Release: "2.0.0", Plan: plan})
		if p := wantCode(t, err, problem.ExperimentMalformed); p.Pointer != "/plan"+pointer {
			t.Errorf("%s: %+v", pointer, p)
		}
	}
	generation := uint64(7)
	_, err := w.rt.Experiments.Start(context.Background(), runtime.ExperimentStart{Strategy: name, Release: "2.0.0", Plan: trying(nil), IfGeneration: &generation})
	wantCode(t, err, problem.StaleGeneration)
	w.experiment(endless(nil))
	_, err = w.rt.Experiments.Start(context.Background(), runtime.ExperimentStart{Strategy: name, Release: "2.0.0", Plan: trying(nil)})
	wantCode(t, err, problem.RolloutActive)
}

// TestAnExperimentTakesNoMoreThanARollout counts allocations of a call.
func TestAnExperimentTakesNoMoreThanARollout(t *testing.T) {
	allocs := func(start func(w *world)) float64 {
		w := rollingWorld(t, 0)
		start(w)
		in := map[string]any{"customer": "c-1"}
		return fewestAllocs(func() {
			if _, err := w.rt.Execute(context.Background(), name, in); err != nil {
				t.Fatal(err)
			}
		})
	}
	rolls := allocs(func(w *world) { w.start(patient()) })
	for _, plan := range []map[string]any{endless(nil), pairs(map[string]any{"budget": 0.001, "share": 0.01})} {
		if tries := allocs(func(w *world) { w.experiment(plan) }); tries > rolls {
			t.Errorf("%s: %g allocations of a call, %g without an experiment", plan["mode"], tries, rolls)
		}
	}
}

// A process that may still be sent away writes nothing, whatever it has counted.
func TestAnExperimentWaitsUntilItsProcessHasTakenOver(t *testing.T) {
	w := rollingWorld(t, 0)
	w.experiment(trying(nil))
	w.close()
	w.openStore()
	w.mem = newRollingDriver()
	w.cfg = w.config()
	taken := make(chan struct{})
	w.cfg.TakenOver = taken
	w.open()
	before := w.tried()
	tr := w.traffic()
	w.counts(500)
	if got := w.tried(); got.State != "running" || got.Revision != before.Revision {
		t.Fatalf("%s", shown(got))
	}
	close(taken)
	done := w.triedOut()
	tr.end()
	if !strings.HasPrefix(done.Reason, "decided: ") || done.Measured.Before(before.Measured) {
		t.Errorf("%s", shown(done))
	}
}
