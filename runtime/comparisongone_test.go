package runtime_test

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/swapline/swapline/guests/tck/tck"
	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store"
)

// artifactFile is where the bytes of a release are.
func (w *world) artifactFile(version string) string {
	w.t.Helper()
	list, err := w.store.Releases(context.Background(), name)
	must(w.t, err)
	i := slices.IndexFunc(list, func(r store.Release) bool { return r.Version == version })
	a, err := w.store.Artifact(context.Background(), list[i].Artifact)
	must(w.t, err)
	return a.Path
}

// TestAReleaseThatIsLostWhileItIsCompared: nobody can delete a release, but files can be
// lost or damaged. A comparison goes on with what it has loaded; one that waits fails
// and says which arm it was; and nothing stays loaded.
func TestAReleaseThatIsLostWhileItIsCompared(t *testing.T) {
	for _, c := range []struct {
		what  string
		lose  func(t *testing.T, file string)
		code  problem.Code // of a loading through the pipeline
		again problem.Code // and of one of the driver alone, by the one that runs
	}{
		{"a file that is gone", func(t *testing.T, file string) { must(t, os.Remove(file)) }, problem.StoreCorrupt, problem.StoreFailed},
		{"a file that was cut", func(t *testing.T, file string) {
			must(t, os.Chmod(file, 0o600))
			must(t, os.Truncate(file, 3))
		}, problem.StoreCorrupt, problem.DigestMismatch},
		{"a file with other bytes", func(t *testing.T, file string) {
			text, err := os.ReadFile(file)
			must(t, err)
			must(t, os.Chmod(file, 0o600))
			text[len(text)-1] ^= 1
			must(t, os.WriteFile(file, text, 0o600))
		}, problem.DigestMismatch, problem.DigestMismatch},
	} {
		t.Run(c.what, func(t *testing.T) {
			w := two(t)
			running, runs, goOn := w.blocked()
			<-runs
			waiting, err := w.rt.Comparisons.Start(context.Background(), against("", "2.0.0"))
			must(t, err)
			c.lose(t, w.artifactFile("2.0.0"))
			close(goOn)
			end := w.over(running.ID)
			if end.State != runtime.ComparisonDone || end.Problem != "" {
				t.Errorf("the one that had loaded it: %+v", end)
			}
			report, err := w.rt.Comparisons.Report(context.Background(), running.ID)
			must(t, err)
			if report.Partial != "" || report.Answers[0].Different != 3 {
				t.Errorf("%q, %+v", report.Partial, report.Answers)
			}
			if !slices.ContainsFunc(report.Notes, func(n string) bool {
				return strings.Contains(n, "could not be loaded again: "+string(c.again)+": ") && strings.Count(n, string(c.again)) == 1
			}) {
				t.Errorf("it does not say why there are no starts: %q", report.Notes)
			}
			end = w.over(waiting.ID)
			if end.State != runtime.ComparisonFailed || end.Report || !strings.Contains(end.Problem, "/arms/1") || !strings.Contains(end.Problem, string(c.code)) {
				t.Errorf("the one that waited: %+v", end)
			}
			_, err = w.rt.Comparisons.Run(context.Background(), against("", "2.0.0"))
			if p := wantCode(t, err, c.code); p.Pointer != "/arms/1" {
				t.Errorf("a new one points at %q", p.Pointer)
			}
			w.compares(against("", "1.0.0"))
			w.alone()
			w.answers(1)
		})
	}
}

// TestAReleaseThatIsWithdrawnWhileItIsComparedIsComparedToTheEnd: it is not served any
// more, but it is still what was asked about.
func TestAReleaseThatIsWithdrawnWhileItIsComparedIsComparedToTheEnd(t *testing.T) {
	w := twice(t, nil)
	ask := against("", "1.0.0")
	ask.Inputs = []map[string]any{do(tck.Echo), do(tck.Empty)}
	gone := false
	ask.Progress = func(p compare.Progress) {
		if !gone && p.Stage == "closed loop" {
			gone = true
			w.calls(10, tck.Panic)
			eventually(t, "the withdrawal", func() bool { return w.status().Stable.Version == "1.0.0" })
		}
	}
	report := w.compares(ask)
	if !gone || report.Partial != "" || report.Arms[0].Version != "2.0.0" || report.Arms[0].Faults != 0 || report.Answers[0].Different != 0 {
		t.Errorf("%t, %q, %+v", gone, report.Partial, report.Arms)
	}
	ask.Arms[0].Release = "2.0.0" // by its name it can be asked about at any time
	waiting, err := w.rt.Comparisons.Start(context.Background(), ask)
	must(t, err)
	if end := w.over(waiting.ID); end.State != runtime.ComparisonDone {
		t.Errorf("%+v", end)
	}
	w.alone()
}
