package runtime_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/problem"
)

// blocked compares in the background and stands still once it runs, until go on is
// closed; runs is closed when it stands still.
func (w *world) blocked() (status runtime.ComparisonStatus, runs, goOn chan struct{}) {
	w.t.Helper()
	runs, goOn = make(chan struct{}), make(chan struct{})
	ask, told := against("", "2.0.0"), false
	ask.Progress = func(compare.Progress) {
		if !told {
			told = true
			close(runs)
			<-goOn
		}
	}
	status, err := w.rt.Comparisons.Start(context.Background(), ask)
	must(w.t, err)
	return status, runs, goOn
}

// over waits for the end of a comparison, as listeners do.
func (w *world) over(id string) runtime.ComparisonStatus {
	w.t.Helper()
	for range 100_000 {
		changed := w.rt.Comparisons.Watch(id)
		status, err := w.rt.Comparisons.Get(context.Background(), id)
		must(w.t, err)
		if changed == nil {
			if status.Ended.IsZero() {
				w.t.Fatalf("nothing will change any more: %+v", status)
			}
			return status
		}
		<-changed
	}
	w.t.Fatal("it does not end")
	return runtime.ComparisonStatus{}
}

func TestAComparisonInTheBackgroundIsToldOf(t *testing.T) {
	w := two(t)
	after := w.rt.Rollouts.Newest()
	begun, runs, goOn := w.blocked()
	<-runs
	status, err := w.rt.Comparisons.Get(context.Background(), begun.ID)
	must(t, err)
	if begun.State != runtime.ComparisonWaiting || status.State != runtime.ComparisonRunning || status.Progress.Stage == "" || status.Strategy != name {
		t.Errorf("%+v became %+v", begun, status)
	}
	_, err = w.rt.Comparisons.Report(context.Background(), begun.ID)
	wantCode(t, err, problem.ComparisonRunning)
	close(goOn)
	if status = w.over(begun.ID); status.State != runtime.ComparisonDone || !status.Report || len(status.Verdicts) != 1 || status.Problem != "" {
		t.Errorf("%+v", status)
	}
	report, err := w.rt.Comparisons.Report(context.Background(), begun.ID)
	must(t, err)
	if report.Answers[0].Different != 3 {
		t.Errorf("%+v", report.Answers)
	}
	w.alone()
	var told []string
	eventually(t, "the events", func() bool {
		list, _, _ := w.rt.Rollouts.Happenings(name, after)
		told = nil
		for _, h := range list {
			if data, ok := h.Data.(runtime.ComparisonStatus); ok && data.ID == begun.ID {
				told = append(told, h.Type+" "+data.State)
			}
		}
		return len(told) == 2
	})
	if got := strings.Join(told, ", "); got != "comparison.started running, comparison.ended done" {
		t.Errorf("told: %s", got)
	}
}

func TestOneComparisonRunsAndEightWait(t *testing.T) {
	w := two(t)
	first, runs, goOn := w.blocked()
	<-runs
	var waiting []string
	for range 8 {
		status, err := w.rt.Comparisons.Start(context.Background(), against("", "2.0.0"))
		must(t, err)
		waiting = append(waiting, status.ID)
	}
	_, err := w.rt.Comparisons.Start(context.Background(), against("", "2.0.0"))
	wantCode(t, err, problem.ComparisonsFull)
	_, err = w.rt.Comparisons.Run(context.Background(), against("", "2.0.0"))
	wantCode(t, err, problem.ComparisonsFull)
	for _, id := range waiting {
		status, err := w.rt.Comparisons.Cancel(context.Background(), id, "")
		must(t, err)
		if status.State != runtime.ComparisonWaiting && status.State != runtime.ComparisonCanceled {
			t.Errorf("%+v", status)
		}
		if status = w.over(id); status.State != runtime.ComparisonCanceled || status.Report {
			t.Errorf("%+v", status)
		}
		_, err = w.rt.Comparisons.Report(context.Background(), id)
		wantCode(t, err, problem.NoReport)
	}
	list, err := w.rt.Comparisons.List(context.Background())
	must(t, err)
	if len(list) != 9 || list[8].ID != first.ID || list[0].ID != waiting[7] {
		t.Errorf("%+v", list)
	}
	next, err := w.rt.Comparisons.Start(context.Background(), against("", "2.0.0")) // there is room again
	must(t, err)
	close(goOn)
	for _, id := range []string{first.ID, next.ID} {
		if status := w.over(id); status.State != runtime.ComparisonDone {
			t.Errorf("%+v", status)
		}
	}
	w.alone()
}

func TestARunningComparisonThatIsCanceledHasAPartialReport(t *testing.T) {
	w := two(t)
	ask, answered, goOn := against("", "2.0.0"), make(chan struct{}), make(chan struct{})
	told := false
	ask.Progress = func(p compare.Progress) {
		if p.Stage == "closed loop" && !told {
			told = true
			close(answered)
			<-goOn
		}
	}
	status, err := w.rt.Comparisons.Start(context.Background(), ask)
	must(t, err)
	<-answered
	_, err = w.rt.Comparisons.Cancel(context.Background(), status.ID, "")
	must(t, err)
	close(goOn)
	if status = w.over(status.ID); status.State != runtime.ComparisonCanceled || !status.Report {
		t.Errorf("%+v", status)
	}
	report, err := w.rt.Comparisons.Report(context.Background(), status.ID)
	must(t, err)
	if report.Partial == "" {
		t.Error("the report does not say that it is partial")
	}
	again, err := w.rt.Comparisons.Cancel(context.Background(), status.ID, "")
	must(t, err)
	if again.State != status.State || !again.Ended.Equal(status.Ended) {
		t.Errorf("%+v became %+v", status, again)
	}
}

func TestAComparisonThatFailsSaysWhy(t *testing.T) {
	w := newWorld(t)
	w.cfg.Engines = []string{"fast"}
	w.open()
	w.deploy(release(1))
	ask := against("", "")
	ask.Arms[1].Engine = "fast"
	status, err := w.rt.Comparisons.Start(context.Background(), ask)
	must(t, err)
	if status = w.over(status.ID); status.State != runtime.ComparisonFailed || !strings.Contains(status.Problem, "/arms/1/engine") {
		t.Errorf("%+v", status)
	}
	w.alone()
}

func TestTheInputsOfThoseThatWaitAreBounded(t *testing.T) {
	w := two(t)
	large := against("", "2.0.0")
	large.Inputs = nil
	for range 30 {
		large.Inputs = append(large.Inputs, map[string]any{"a": int64(1), "b": int64(2), "text": strings.Repeat("x", 1<<20)})
	}
	first, runs, goOn := w.blocked()
	<-runs
	var waiting []string
	for range 2 {
		status, err := w.rt.Comparisons.Start(context.Background(), large)
		must(t, err)
		waiting = append(waiting, status.ID)
	}
	_, err := w.rt.Comparisons.Start(context.Background(), large)
	wantCode(t, err, problem.ComparisonsFull)
	for _, id := range waiting {
		_, err := w.rt.Comparisons.Cancel(context.Background(), id, "")
		must(t, err)
		w.over(id)
	}
	status, err := w.rt.Comparisons.Start(context.Background(), large) // their room was given back
	must(t, err)
	_, err = w.rt.Comparisons.Cancel(context.Background(), status.ID, "")
	must(t, err)
	close(goOn)
	w.over(status.ID)
	w.over(first.ID)
}

// TestCloseEndsComparisons: the one that runs and those that wait, without waiting for
// their ends in vain.
func TestCloseEndsComparisons(t *testing.T) {
	w := two(t)
	first, runs, goOn := w.blocked()
	<-runs
	second, err := w.rt.Comparisons.Start(context.Background(), against("", "2.0.0"))
	must(t, err)
	closed := make(chan error, 1)
	go func() { closed <- w.rt.Close(context.Background()) }()
	if status := w.over(second.ID); status.State != runtime.ComparisonCanceled {
		t.Errorf("%+v", status)
	}
	select {
	case err := <-closed:
		t.Fatalf("closed while an arm was in use: %v", err)
	default:
	}
	close(goOn)
	must(t, <-closed)
	if status := w.over(first.ID); status.State != runtime.ComparisonCanceled {
		t.Errorf("%+v", status)
	}
	_, err = w.rt.Comparisons.Start(context.Background(), against("", "2.0.0"))
	wantCode(t, err, problem.ShuttingDown)
}

func TestInputsBelongToTheComparison(t *testing.T) {
	w := two(t)
	_, runs, goOn := w.blocked()
	<-runs
	ask := against("1.0.0", "1.0.0")
	status, err := w.rt.Comparisons.Start(context.Background(), ask)
	must(t, err)
	for _, in := range ask.Inputs {
		in["a"] = "no number"
	}
	close(goOn)
	w.over(status.ID)
	report, err := w.rt.Comparisons.Report(context.Background(), status.ID)
	must(t, err)
	if report.Arms[0].Faults != 0 || report.Arms[0].Business != 0 {
		t.Errorf("%+v", report.Arms[0])
	}
}

// TestAComparisonComparesWhatWasMeant when it was asked for, not what is stable when
// its turn comes.
func TestAComparisonComparesWhatWasMeant(t *testing.T) {
	w := two(t)
	_, runs, goOn := w.blocked()
	<-runs
	status, err := w.rt.Comparisons.Start(context.Background(), against("", "2.0.0"))
	must(t, err)
	_, err = w.rt.Switch(context.Background(), back("2.0.0"))
	must(t, err)
	close(goOn)
	w.over(status.ID)
	report, err := w.rt.Comparisons.Report(context.Background(), status.ID)
	must(t, err)
	if report.Arms[0].Version != "1.0.0" {
		t.Errorf("%+v", report.Arms[0])
	}
}

func TestAStatusIsJSON(t *testing.T) {
	w := two(t)
	status, _, goOn := w.blocked()
	close(goOn)
	text, err := json.Marshal(w.over(status.ID))
	must(t, err)
	for _, want := range []string{`"state":"done"`, `"report":true`, `"verdicts":[{`, `"stage":`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%s lacks %s", text, want)
		}
	}
}
