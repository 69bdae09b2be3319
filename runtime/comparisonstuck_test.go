package runtime_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
)

// hung is a world whose release does not answer {"hang": true} before the test ends,
// whatever becomes of the call.
func hung(t *testing.T, deadline string) *world {
	release := make(chan struct{})
	w := made(t, runs(func(_ context.Context, in map[string]any) (map[string]any, error) {
		if in["hang"] == true {
			<-release
		}
		return in, nil
	}))
	t.Cleanup(func() { close(release) }) // before the world ends, which cleanups do later
	b := cooperative(1)
	b.Limits.Deadline, b.Limits.Timeout = deadline, 100*time.Millisecond
	w.deploy(b)
	return w
}

// TestACallThatNeverReturnsEndsItsComparison and nothing else: the next one runs, and the
// host stops.
func TestACallThatNeverReturnsEndsItsComparison(t *testing.T) {
	for _, c := range []struct {
		name, deadline string
		direct         bool
	}{
		{"the function itself", manifest.DeadlineHard, true},
		{"a release that promised to return", manifest.DeadlineCooperative, false},
		{"a release whose calls are given up", manifest.DeadlineHard, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel() // it waits for seconds
			w := hung(t, c.deadline)
			ask := against("", "")
			ask.Arms[0].Name, ask.Arms[1].Name, ask.Arms[1].Direct = "old", "new", c.direct
			ask.Arms = ask.Arms[:2]
			fine := ask.Inputs
			ask.Inputs = append(append([]map[string]any{}, fine...), map[string]any{"hang": true})
			if c.direct { // so that the direct arm is the one that is met first
				ask.Arms[0], ask.Arms[1] = ask.Arms[1], ask.Arms[0]
			}
			begun, err := w.rt.Comparisons.Start(context.Background(), ask)
			must(t, err)
			end := w.over(begun.ID)
			if end.State != runtime.ComparisonFailed || !end.Report || !strings.Contains(end.Problem, "stopped in answers, input 4 of 4: a call of ") {
				t.Fatalf("%+v", end)
			}
			report, err := w.rt.Comparisons.Report(context.Background(), begun.ID)
			must(t, err)
			if report.Partial != end.Problem || report.Arms[0].Faults == 0 || report.Verdicts[0].Blocked != "complete" {
				t.Errorf("%q, %+v", report.Partial, report.Verdicts)
			}
			ask.Inputs = fine
			if next, err := w.rt.Comparisons.Start(context.Background(), ask); err != nil || w.over(next.ID).State != runtime.ComparisonDone {
				t.Errorf("the next one: %+v, %v", next, err)
			}
			if err := w.rt.Close(context.Background()); err != nil && problem.CodeOf(err) != problem.FaultDeadline { // it says what never returned
				t.Error(err)
			}
		})
	}
}
