package runtime_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/driver/memdriver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store"
	"github.com/swapline/swapline/runtime/store/boltstore"
	"github.com/swapline/swapline/runtime/store/faultstore"
)

// begin starts a comparison as anna.
func (w *world) begin(ask runtime.Comparison) runtime.ComparisonStatus {
	w.t.Helper()
	ask.Actor = "anna"
	status, err := w.rt.Comparisons.Start(context.Background(), ask)
	must(w.t, err)
	return status
}

// comparisons is all that can be asked for, as JSON, with the reports.
func (w *world) comparisons() (statuses []runtime.ComparisonStatus, text string) {
	w.t.Helper()
	list, err := w.rt.Comparisons.List(context.Background())
	must(w.t, err)
	for _, s := range list {
		one, err := w.rt.Comparisons.Get(context.Background(), s.ID)
		must(w.t, err)
		report, err := w.rt.Comparisons.Report(context.Background(), s.ID)
		b, jsonErr := json.MarshalIndent([]any{s, one, report, fmt.Sprint(err)}, "", " ")
		must(w.t, jsonErr)
		text += string(b) + "\n"
	}
	return list, text
}

// untilClosedLoop stands still in the closed loop, where there is something for a
// partial report; goOn lets it go.
func (w *world) untilClosedLoop() (ask runtime.Comparison, there, goOn chan struct{}) {
	there, goOn = make(chan struct{}), make(chan struct{})
	var once sync.Once
	ask = against("", "2.0.0")
	ask.Progress = func(p compare.Progress) {
		if p.Stage == "closed loop" {
			once.Do(func() { close(there); <-goOn })
		}
	}
	return ask, there, goOn
}

// TestComparisonsSurviveARestart: those that are done, that failed, and that were
// canceled with and without a report; their inputs do not.
func TestComparisonsSurviveARestart(t *testing.T) {
	w := newWorld(t)
	w.cfg.Engines = []string{"fast"}
	w.open()
	w.deploy(release(1))
	w.hold(release(2))
	ask := against("", "2.0.0")
	ask.Inputs[0]["secret"], ask.Plan.Mask = "a name that nobody keeps", []string{"/secret"}
	done := w.over(w.begin(ask).ID)
	wrong := against("", "")
	wrong.Arms[1].Engine = "fast"
	failed := w.over(w.begin(wrong).ID)
	late, there, goOn := w.untilClosedLoop()
	partial := w.begin(late)
	<-there
	waiting := w.begin(against("", "2.0.0"))
	for _, id := range []string{waiting.ID, partial.ID} {
		_, err := w.rt.Comparisons.Cancel(context.Background(), id, "otto")
		must(t, err)
	}
	close(goOn)
	w.over(waiting.ID)
	w.over(partial.ID)

	list, before := w.comparisons()
	w.restart()
	again, after := w.comparisons()
	if before != after {
		t.Errorf("before the restart\n%s\nand after it\n%s", before, after)
	}
	var ids []string
	for i, want := range []struct {
		state   string
		report  bool
		problem string
	}{{"canceled", false, "otto cancelled it"}, {"canceled", true, "otto cancelled it"}, {"failed", false, "/arms/1/engine"}, {"done", true, ""}} {
		s := again[i]
		ids = append(ids, s.ID)
		if s.State != want.state || s.Report != want.report || !strings.Contains(s.Problem, want.problem) || (want.problem == "") != (s.Problem == "") {
			t.Errorf("%+v, want %+v", s, want)
		}
		if s.Actor != "anna" || s.Started.IsZero() || s.Ended.IsZero() || s.Inputs != 3 || len(s.Arms) != 2 || !strings.HasPrefix(s.Arms[0].Release, "sha256:") || !bytes.Contains(s.Plan, []byte(`"margin":0.05`)) || bytes.Contains(s.Plan, []byte("sha256")) {
			t.Errorf("%+v", s)
		}
	}
	if !slices.Equal(ids, []string{waiting.ID, partial.ID, failed.ID, done.ID}) || len(list) != 4 {
		t.Errorf("%v, %d", ids, len(list))
	}
	report, err := w.rt.Comparisons.Report(context.Background(), partial.ID)
	must(t, err)
	if report.Partial != "stopped in closed loop: otto cancelled it" {
		t.Errorf("partial: %q", report.Partial)
	}
	b, err := os.ReadFile(filepath.Join(w.dir, "store", "store.db"))
	must(t, err)
	if bytes.Contains(b, []byte("nobody keeps")) || bytes.Contains([]byte(after), []byte("nobody keeps")) {
		t.Error("the inputs are in the store")
	}
	if next := w.over(w.begin(against("", "2.0.0")).ID); next.State != runtime.ComparisonDone {
		t.Errorf("%+v", next)
	}
	if list, _ := w.comparisons(); len(list) != 5 || list[1].ID != waiting.ID {
		t.Errorf("%+v", list)
	}
}

// TestCloseSaysWhyComparisonsEnded, also to those who ask the next process.
func TestCloseSaysWhyComparisonsEnded(t *testing.T) {
	w := two(t)
	ask, there, goOn := w.untilClosedLoop()
	running := w.begin(ask)
	<-there
	waiting := w.begin(against("", "2.0.0"))
	canceled := w.rt.Comparisons.Watch(waiting.ID)
	go func() { // the runtime is closing by then
		<-canceled
		close(goOn)
	}()
	w.restart()
	for id, report := range map[string]bool{running.ID: true, waiting.ID: false} {
		s, err := w.rt.Comparisons.Get(context.Background(), id)
		must(t, err)
		if s.State != runtime.ComparisonCanceled || s.Report != report || !strings.Contains(s.Problem, "the host was stopped") {
			t.Errorf("%+v", s)
		}
	}
}

// TestAnInterruptWaitsForReports, and keeps what does not end in time as canceled.
func TestAnInterruptWaitsForReports(t *testing.T) {
	w := two(t)
	ask, there, goOn := w.untilClosedLoop()
	running := w.begin(ask)
	<-there
	waiting := w.begin(against("", "2.0.0"))
	over, cancel := context.WithCancel(context.Background())
	cancel()
	w.rt.Comparisons.Interrupt(over, "the host was renewed")
	copied := w.opensCopy(nil)
	for _, id := range []string{running.ID, waiting.ID} { // as the next process finds them
		s, err := copied.Comparisons.Get(context.Background(), id)
		must(t, err)
		if s.State != runtime.ComparisonCanceled || s.Ended.IsZero() || !strings.Contains(s.Problem, "the host was renewed") {
			t.Errorf("%+v", s)
		}
		_, err = copied.Comparisons.Report(context.Background(), id)
		wantCode(t, err, problem.NoReport)
	}
	must(t, copied.Close(context.Background()))
	close(goOn)
	w.rt.Comparisons.Interrupt(context.Background(), "another reason, which comes too late")
	w.restart()
	report, err := w.rt.Comparisons.Report(context.Background(), running.ID)
	must(t, err)
	if report.Partial != "stopped in closed loop: the host was renewed" {
		t.Errorf("%q", report.Partial)
	}
}

// TestAnInterruptThatComesTooLateChangesNothing: the comparison has ended while it was
// given up, and its end stays in the store.
func TestAnInterruptThatComesTooLateChangesNothing(t *testing.T) {
	w := two(t)
	status, _, goOn := w.blocked()
	late := w.rt.Comparisons.LateInterrupt(status.ID)
	close(goOn)
	w.over(status.ID)
	for range 64 { // a choice by chance must fall right each time
		late()
	}
	if s, err := w.rt.Comparisons.Get(context.Background(), status.ID); err != nil || s.State != runtime.ComparisonDone || !s.Report || len(s.Verdicts) != 1 {
		t.Errorf("%+v, %v", s, err)
	}
}

// leavingStore is one whose caller goes away after the question for releases.
type leavingStore struct {
	store.Store
	leave func()
}

func (s leavingStore) Releases(ctx context.Context, strategy string) ([]store.Release, error) {
	defer s.leave()
	return s.Store.Releases(ctx, strategy)
}

// TestAComparisonThatNobodyWouldHearOfIsNotBegun: whoever asked has gone before it had an
// ID.
func TestAComparisonThatNobodyWouldHearOfIsNotBegun(t *testing.T) {
	w := two(t)
	must(t, w.rt.Close(context.Background()))
	ctx, leave := context.WithCancel(context.Background())
	defer leave()
	w.reopened(leavingStore{w.store, leave}, 0)
	_, err := w.rt.Comparisons.Start(ctx, against("1.0.0", "2.0.0"))
	wantCode(t, err, problem.Canceled)
	if list, _ := w.comparisons(); len(list) != 0 {
		t.Errorf("%+v", list)
	}
}

// opensCopy opens a runtime on a copy of the store as it is now: what a process finds
// when the one before was killed.
func (w *world) opensCopy(taken <-chan struct{}) *runtime.Runtime {
	w.t.Helper()
	rt, _ := w.opensCopyAndStore(taken)
	return rt
}

func (w *world) opensCopyAndStore(taken <-chan struct{}) (*runtime.Runtime, store.Store) {
	w.t.Helper()
	dir := w.t.TempDir()
	must(w.t, os.CopyFS(dir, os.DirFS(filepath.Join(w.dir, "store"))))
	s, err := boltstore.OpenUnsynced(dir)
	must(w.t, err)
	w.t.Cleanup(func() { must(w.t, s.Close()) })
	cfg := w.config()
	cfg.Store, cfg.TakenOver, cfg.Drivers = s, taken, map[manifest.Kind]driver.Driver{memdriver.Kind: newDriver()}
	rt, err := runtime.Open(context.Background(), cfg)
	must(w.t, err)
	return rt, s
}

// TestAComparisonThatLostItsProcessSaysSo, at once, and in the store when the new
// process is the one that serves.
func TestAComparisonThatLostItsProcessSaysSo(t *testing.T) {
	w := two(t)
	ended := w.over(w.begin(against("", "2.0.0")).ID)
	lost, runs, goOn := w.blocked()
	<-runs
	defer close(goOn)
	never, untouched := w.opensCopyAndStore(make(chan struct{}))
	must(t, never.Close(context.Background())) // the end of all that it did
	if list, err := untouched.Comparisons(context.Background()); err != nil || !list[0].Open() {
		t.Errorf("a process that never served has written: %+v, %v", list, err)
	}
	taken := make(chan struct{})
	rt, copied := w.opensCopyAndStore(taken)
	defer func() { must(t, rt.Close(context.Background())) }()
	check := func() runtime.ComparisonStatus {
		s, err := rt.Comparisons.Get(context.Background(), lost.ID)
		must(t, err)
		if s.State != runtime.ComparisonCanceled || s.Ended.IsZero() || s.Report || !strings.Contains(s.Problem, "the process that carried it out ended") || s.Strategy != name {
			t.Errorf("%+v", s)
		}
		_, err = rt.Comparisons.Report(context.Background(), lost.ID)
		wantCode(t, err, problem.NoReport)
		again, err := rt.Comparisons.Cancel(context.Background(), lost.ID, "")
		must(t, err)
		if again.State != s.State || again.Problem != s.Problem || rt.Comparisons.Watch(lost.ID) != nil {
			t.Errorf("%+v", again)
		}
		return s
	}
	open := func() bool {
		list, err := copied.Comparisons(context.Background())
		must(t, err)
		return list[0].ID == lost.ID && list[0].Open()
	}
	before := check()
	if !open() {
		t.Error("it was written before this process was the one that serves")
	}
	close(taken)
	eventually(t, "the end in the store", func() bool { return !open() })
	if after := check(); !after.Ended.Equal(before.Ended) {
		t.Errorf("%+v became %+v", before, after)
	}
	if s, err := rt.Comparisons.Get(context.Background(), ended.ID); err != nil || s.State != runtime.ComparisonDone {
		t.Errorf("%+v, %v", s, err)
	}
}

// TestAComparisonFailsAtEveryCallOfTheStore: with the n-th call of the store failing,
// before or after it is done, a comparison that was begun is never lost to those who
// ask this process, and the next process knows its end, or that it lost it.
func TestAComparisonFailsAtEveryCallOfTheStore(t *testing.T) {
	for how, failing := range map[string]func(store.Store, int) *faultstore.Store{"before": faultstore.New, "after": faultstore.NewAfter} {
		t.Run(how, func(t *testing.T) {
			w := two(t)
			must(t, w.rt.Close(context.Background()))
			idle := faultstore.New(w.store, 0)
			w.reopened(idle, 0)
			for n := 1; w.comparisonFails(failing, idle.Calls()+n); n++ {
			}
		})
	}
}

func (w *world) comparisonFails(failing func(store.Store, int) *faultstore.Store, n int) bool {
	w.t.Helper()
	must(w.t, w.rt.Close(context.Background()))
	faulty := failing(w.store, n)
	w.reopened(faulty, 0)
	status, err := w.rt.Comparisons.Start(context.Background(), against("", "2.0.0"))
	if err == nil {
		for changed := w.rt.Comparisons.Watch(status.ID); changed != nil; changed = w.rt.Comparisons.Watch(status.ID) {
			<-changed
		}
		end, err := w.rt.Comparisons.Get(context.Background(), status.ID)
		if problem.CodeOf(err) == problem.StoreFailed { // it is not the disk's last word
			end, err = w.rt.Comparisons.Get(context.Background(), status.ID)
		}
		must(w.t, err)
		if end.State != runtime.ComparisonDone && end.State != runtime.ComparisonFailed {
			w.t.Fatalf("call %d: %+v", n, end)
		}
		if _, err := w.rt.Comparisons.Report(context.Background(), status.ID); end.Report && err != nil && problem.CodeOf(err) != problem.StoreFailed {
			w.t.Fatalf("call %d: %v", n, err)
		}
	} else if faulty.Calls() < n {
		w.t.Fatalf("call %d: %v", n, err)
	}
	next := w.opensCopy(nil)
	defer func() { must(w.t, next.Close(context.Background())) }()
	list, listErr := next.Comparisons.List(context.Background())
	must(w.t, listErr)
	for _, s := range list {
		if s.Ended.IsZero() || s.State != "done" && s.State != "failed" && s.State != "canceled" {
			w.t.Fatalf("call %d: the next process says %+v", n, s)
		}
	}
	if known := slices.ContainsFunc(list, func(s runtime.ComparisonStatus) bool { return s.ID == status.ID }); err == nil && !known {
		w.t.Fatalf("call %d: the next process does not know %+v", n, status)
	}
	return faulty.Calls() >= n
}

// damagedStore cannot read a comparison, and no report.
type damagedStore struct {
	store.Store
	id string
}

func (d damagedStore) Comparisons(ctx context.Context) ([]store.Comparison, error) {
	list, err := d.Store.Comparisons(ctx)
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(c store.Comparison) bool { return c.ID == d.id })
	return list, problem.New(problem.StoreCorrupt, "record comparisons/7: checksum does not match")
}

func (d damagedStore) ComparisonReport(context.Context, uint64) ([]byte, error) {
	return []byte("no report"), nil
}

// TestADamagedRecordIsToldAndSkipped: the host starts, and the others are there.
func TestADamagedRecordIsToldAndSkipped(t *testing.T) {
	w := two(t)
	one := w.over(w.begin(against("", "2.0.0")).ID)
	other := w.over(w.begin(against("", "2.0.0")).ID)
	w.restart()
	must(t, w.rt.Close(context.Background()))
	var log bytes.Buffer
	w.cfg.Log = slog.New(slog.NewTextHandler(&log, nil))
	w.reopened(damagedStore{w.store, other.ID}, 0)
	if !strings.Contains(log.String(), "record comparisons/7") {
		t.Errorf("the log says\n%s", &log)
	}
	list, err := w.rt.Comparisons.List(context.Background())
	wantCode(t, err, problem.StoreCorrupt)
	if len(list) != 1 || list[0].ID != one.ID {
		t.Errorf("%+v", list)
	}
	_, err = w.rt.Comparisons.Get(context.Background(), other.ID)
	wantCode(t, err, problem.UnknownComparison)
	_, err = w.rt.Comparisons.Report(context.Background(), one.ID)
	wantCode(t, err, problem.StoreCorrupt)
	next := w.over(w.begin(against("", "2.0.0")).ID)
	if next.State != runtime.ComparisonDone {
		t.Errorf("%+v", next)
	}
}

// TestARecordOfAnotherKindIsShownAsFarAsItGoes: the store understood it.
func TestARecordOfAnotherKindIsShownAsFarAsItGoes(t *testing.T) {
	w := two(t)
	c := store.Comparison{Number: 1, ID: "strange", Record: []byte(`{"id": 5}`), Begun: time.Unix(5, 0), Ended: time.Unix(6, 0)}
	must(t, w.store.RecordComparison(context.Background(), c, []byte("report")))
	s, err := w.rt.Comparisons.Get(context.Background(), "strange")
	must(t, err)
	if s.ID != "strange" || s.State != runtime.ComparisonFailed || !s.Ended.Equal(c.Ended) || !strings.Contains(s.Problem, "cannot be understood") {
		t.Errorf("%+v", s)
	}
}

// closedStore takes no comparison, as a disk that is full.
type closedStore struct{ store.Store }

func (closedStore) RecordComparison(_ context.Context, c store.Comparison, _ []byte) error {
	if c.Open() {
		return nil
	}
	return problem.New(problem.StoreFailed, "the disk is full")
}

// TestEndsThatTheStoreDoesNotTakeAreHeldInMemory, the newest of them.
func TestEndsThatTheStoreDoesNotTakeAreHeldInMemory(t *testing.T) {
	w := two(t)
	must(t, w.rt.Close(context.Background()))
	w.reopened(closedStore{w.store}, 0)
	done := w.begin(against("", "2.0.0"))
	if s := w.over(done.ID); s.State != runtime.ComparisonDone {
		t.Errorf("%+v", s)
	}
	_, err := w.rt.Comparisons.Report(context.Background(), done.ID)
	must(t, err)
	var last string
	for range 25 {
		s := w.begin(against("", "2.0.0"))
		_, err := w.rt.Comparisons.Cancel(context.Background(), s.ID, "")
		must(t, err)
		last = w.over(s.ID).ID
	}
	eventually(t, "the oldest to be forgotten", func() bool {
		list, err := w.rt.Comparisons.List(context.Background())
		must(t, err)
		return len(list) == 20 && list[0].ID == last
	})
	_, err = w.rt.Comparisons.Get(context.Background(), done.ID)
	wantCode(t, err, problem.UnknownComparison)
}
