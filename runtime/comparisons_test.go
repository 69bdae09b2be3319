package runtime_test

import (
	"bytes"
	"context"
	"encoding/json"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/swapline/swapline/guests/tck/tck"
	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/driver/faultdriver"
	"github.com/swapline/swapline/runtime/driver/memdriver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store"
	"github.com/swapline/swapline/runtime/store/faultstore"
)

// brief is a plan that takes some milliseconds.
func brief() compare.Plan {
	return compare.Plan{Rounds: 10, Calls: 4, WarmUp: 1, Callers: 2, OpenFor: -1, Starts: 1, Samples: 200, Seed: 1}
}

// against compares releases, "" is the stable one.
func against(releases ...string) runtime.Comparison {
	ask := runtime.Comparison{Strategy: name, Plan: brief(), Inputs: []map[string]any{sum(1, 2), sum(3, 4), sum(5, 6)}}
	for _, r := range releases {
		ask.Arms = append(ask.Arms, runtime.ComparisonArm{Release: r})
	}
	return ask
}

// two is a world that serves release 1 and knows release 2.
func two(t testing.TB) *world {
	w := started(t)
	w.deploy(release(1))
	w.hold(release(2))
	return w
}

func (w *world) compares(ask runtime.Comparison) *compare.Report {
	w.t.Helper()
	report, err := w.rt.Comparisons.Run(context.Background(), ask)
	must(w.t, err)
	return report
}

// alone looks whether nothing is loaded but what serves.
func (w *world) alone() {
	w.t.Helper()
	eventually(w.t, "the close of what was compared", func() bool { return w.mem.Open() == 1 })
}

func TestTwoReleasesAreComparedBesideWhatServes(t *testing.T) {
	w := two(t)
	ask := against("", "2.0.0", "1.0.0")
	ask.Command = "swapline compare"
	report := w.compares(ask)
	w.alone()
	if report.Title != "adder: memory against memory 2 against memory 3" || report.Command != ask.Command || report.Partial != "" || report.Host.Processors == 0 {
		t.Errorf("%+v", report)
	}
	for i, want := range []string{"1.0.0", "2.0.0", "1.0.0"} {
		a := report.Arms[i]
		if a.Version != want || a.Kind != "memory" || a.Digest == "" || a.Artifact == "" || a.Size == 0 || a.Calls == 0 || a.Faults != 0 || a.Business != 0 {
			t.Errorf("arm %d: %+v", i, a)
		}
		if a.Split == nil || a.Split.Strategy <= 0 || a.Split.Encoding <= 0 || a.Split.Boundary <= 0 || a.Split.Whole != "" {
			t.Errorf("split of arm %d: %+v", i, a.Split)
		}
		if a.Cost == nil || a.Cost.Instances != 1 || !a.Cost.Instantiate.Known() || !a.Cost.Cold.Known() {
			t.Errorf("cost of arm %d: %+v", i, a.Cost)
		}
	}
	if a, b := report.Answers[0], report.Answers[1]; a.Different != 3 || a.Places[0].Pointer != "/version" || b.Different != 0 {
		t.Errorf("answers: %+v", report.Answers)
	}
	if st := w.status(); st.Stable.Version != "1.0.0" || w.counted() != 0 {
		t.Errorf("live calls: %d, %+v", w.counted(), st)
	}
}

// counted is how many calls the stable release has counted.
func (w *world) counted() int64 {
	w.t.Helper()
	w.answers(1) // the one that is taken off
	return w.status().Requests - 1
}

func TestAComparisonThatMakesNoSenseIsRefused(t *testing.T) {
	w := newWorld(t)
	w.cfg.Engines = []string{"fast"}
	w.open()
	w.deploy(release(1))
	w.hold(release(2))
	arms := func(change func(*runtime.ComparisonArm)) func(*runtime.Comparison) {
		return func(ask *runtime.Comparison) { change(&ask.Arms[1]) }
	}
	for _, c := range []struct {
		name    string
		change  func(*runtime.Comparison)
		code    problem.Code
		pointer string
	}{
		{"no strategy of the name", func(a *runtime.Comparison) { a.Strategy = "other" }, problem.UnknownStrategy, ""},
		{"one arm", func(a *runtime.Comparison) { a.Arms = a.Arms[:1] }, problem.ComparisonMalformed, "/arms"},
		{"seven arms", func(a *runtime.Comparison) { a.Arms = make([]runtime.ComparisonArm, 7) }, problem.ComparisonMalformed, "/arms"},
		{"two of one name", func(a *runtime.Comparison) { a.Arms[0].Name, a.Arms[1].Name = "a", "a" }, problem.ComparisonMalformed, "/arms/1/name"},
		{"a release that is not there", arms(func(a *runtime.ComparisonArm) { a.Release = "9.0.0" }), problem.UnknownRelease, "/arms/1/release"},
		{"an engine that is not allowed", arms(func(a *runtime.ComparisonArm) { a.Engine = "slow" }), problem.EngineDenied, "/arms/1/engine"},
		{"an engine for a kind without", arms(func(a *runtime.ComparisonArm) { a.Engine = "fast" }), problem.ComparisonMalformed, "/arms/1/engine"},
		{"an isolation that there is not", arms(func(a *runtime.ComparisonArm) { a.Isolation = "glass" }), problem.ComparisonMalformed, "/arms/1/isolation"},
		{"an isolation for a kind without", arms(func(a *runtime.ComparisonArm) { a.Isolation = "instance" }), problem.ComparisonMalformed, "/arms/1/isolation"},
		{"no inputs", func(a *runtime.Comparison) { a.Inputs = nil }, problem.ComparisonMalformed, "/inputs"},
		{"an input outside of the domain", func(a *runtime.Comparison) { a.Inputs[2] = map[string]any{"a": struct{}{}} }, problem.ComparisonMalformed, "/inputs/2"},
		{"inputs and recorded ones", func(a *runtime.Comparison) { a.Recorded = 1 }, problem.ComparisonMalformed, "/recorded"},
		{"fewer than no recorded ones", func(a *runtime.Comparison) { a.Inputs, a.Recorded = nil, -1 }, problem.ComparisonMalformed, "/recorded"},
		{"recorded ones that there are not", func(a *runtime.Comparison) { a.Inputs, a.Recorded = nil, 1 }, problem.ComparisonMalformed, "/recorded"},
		{"a plan that makes no sense", func(a *runtime.Comparison) { a.Plan.Alpha = 2 }, problem.ComparisonMalformed, "/plan/alpha"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ask := against("", "2.0.0")
			c.change(&ask)
			_, err := w.rt.Comparisons.Run(context.Background(), ask)
			if p := wantCode(t, err, c.code); p.Pointer != c.pointer {
				t.Errorf("it points at %q: %v", p.Pointer, err)
			}
			w.alone()
		})
	}
}

// TestAReleaseForAProcessOfItsOwnStaysOutOfThisOne: it is refused before it is loaded,
// not when it turns out to run otherwise.
func TestAReleaseForAProcessOfItsOwnStaysOutOfThisOne(t *testing.T) {
	w := started(t)
	w.deploy(release(1))
	b := release(2)
	b.Isolation = manifest.IsolationProcess
	w.hold(b)
	for _, isolation := range []string{manifest.IsolationRequest, manifest.IsolationInstance} {
		ask := against("", "2.0.0")
		ask.Arms[1].Isolation = isolation
		_, err := w.rt.Comparisons.Run(context.Background(), ask)
		p := wantCode(t, err, problem.ComparisonMalformed)
		if p.Pointer != "/arms/1/isolation" || !strings.Contains(p.Message, "signed to run in a process of its own") {
			t.Errorf("%v", err)
		}
	}
	w.alone()
}

func TestInputsThatAreTooLargeAreRefused(t *testing.T) {
	w := two(t)
	ask := against("", "2.0.0")
	large := strings.Repeat("x", 1<<20)
	ask.Inputs = nil
	for range 65 {
		ask.Inputs = append(ask.Inputs, map[string]any{"a": int64(1), "b": int64(2), "text": large})
	}
	_, err := w.rt.Comparisons.Run(context.Background(), ask)
	if p := wantCode(t, err, problem.ComparisonMalformed); p.Pointer != "/inputs" {
		t.Errorf("it points at %q", p.Pointer)
	}
}

func TestADirectArmIsTheFunctionItself(t *testing.T) {
	w := two(t)
	ask := against("1.0.0", "1.0.0", "")
	ask.Arms[1].Direct, ask.Arms[2].Name = true, "mine"
	report := w.compares(ask)
	names := []string{report.Arms[0].Name, report.Arms[1].Name, report.Arms[2].Name}
	if !slices.Equal(names, []string{"memory", "memory direct", "mine"}) || report.Answers[0].Different != 0 {
		t.Errorf("%v, %+v", names, report.Answers)
	}
	if !slices.ContainsFunc(report.Notes, func(n string) bool { return strings.HasPrefix(n, "memory direct is called directly") }) {
		t.Errorf("notes: %q", report.Notes)
	}
	if report.Arms[1].Split != nil {
		t.Errorf("the function itself has parts: %+v", report.Arms[1].Split)
	}
}

// TestADirectArmEndsAsOthersDo: panics, errors without a code and answers outside
// of the domain are what they are in a release.
func TestADirectArmEndsAsOthersDo(t *testing.T) {
	w := started(t)
	w.deploy(behaving(1, tck.Choose))
	ask := against("", "")
	ask.Arms[1].Direct = true
	ask.Inputs = []map[string]any{do(tck.Echo), do(tck.Panic), do(tck.Plain), do(tck.Reject), do(tck.Empty), do(tck.Numbers), do(tck.NaN)}
	report := w.compares(ask)
	if a := report.Answers[0]; a.Different != 0 || a.Compared != 7 {
		t.Errorf("%+v", a)
	}
}

func TestAReleaseThatNeedsACallIsNotCalledDirectly(t *testing.T) {
	w, _ := able(t)
	w.deploy(asking(1, "state"))
	ask := against("", "")
	ask.Arms[1].Direct = true
	_, err := w.rt.Comparisons.Run(context.Background(), ask)
	if p := wantCode(t, err, problem.ComparisonMalformed); p.Pointer != "/arms/1/direct" {
		t.Errorf("it points at %q", p.Pointer)
	}
	w.alone()
}

func TestAComparisonLeavesNoTrace(t *testing.T) {
	w, s := actors(t, 100)
	w.ask(3, small, map[string]any{"offline": true})
	calls, events, hits := s.trace(t)
	ask := against("", "2.0.0")
	ask.Inputs = []map[string]any{{"amount": int64(1), "offline": true}, {"amount": int64(500), "offline": true}}
	report := w.compares(ask)
	if a, b, c := s.trace(t); a != calls || b != events || c != hits {
		t.Errorf("%d calls, %d events and %d requests became %d, %d and %d", calls, events, hits, a, b, c)
	}
	if report.Answers[0].Different != 0 || report.Arms[0].Faults != 0 || report.Arms[0].Business != 0 {
		t.Errorf("%+v, %+v", report.Answers[0], report.Arms[0])
	}
	if !slices.ContainsFunc(report.Notes, func(n string) bool { return strings.Contains(n, "are dropped") }) {
		t.Errorf("notes: %q", report.Notes)
	}
}

// TestCallsThatWantToSendAreNotJudged: without their requests they are not what
// they are live.
func TestCallsThatWantToSendAreNotJudged(t *testing.T) {
	w, s := actors(t, 100)
	ask := against("", "2.0.0")
	ask.Inputs = []map[string]any{{"amount": int64(1)}, {"amount": int64(1), "plain": true}}
	report, err := w.rt.Comparisons.Run(context.Background(), ask)
	must(t, err)
	if _, _, hits := s.trace(t); hits != 0 || report.Answers[0].Compared != 1 {
		t.Errorf("%d requests were sent, %d answers compared", hits, report.Answers[0].Compared)
	}
}

func TestRecordedInputsAreCompared(t *testing.T) {
	w, _ := actors(t, 100)
	w.records(map[string]any{"mask": []any{"/card/number"}})
	w.ask(20, small, map[string]any{"plain": true})
	w.repeats(20, tolerant()) // waits until they are recorded
	ask := against("", "2.0.0")
	ask.Inputs, ask.Recorded = nil, 10
	report := w.compares(ask)
	if a := report.Answers[0]; a.Compared != 10 || a.Different != 0 {
		t.Errorf("%+v", a)
	}
	if !slices.ContainsFunc(report.Notes, func(n string) bool { return strings.Contains(n, "newest 10") && strings.Contains(n, "/card/number") }) {
		t.Errorf("notes: %q", report.Notes)
	}
	if !bytes.Contains(report.Plan, []byte(`"mask":["/card/number"]`)) {
		t.Errorf("answers are not masked as inputs are: %s", report.Plan)
	}
	must(t, json.Unmarshal(report.Plan, &ask.Plan))
	if again := w.compares(ask); again.PlanHash != report.PlanHash { // masked once is masked
		t.Errorf("\n got %s\nwant %s", again.Plan, report.Plan)
	}
}

// TestChangesAndCallsGoOnWhileReleasesAreCompared, and the arms stay what they were.
func TestChangesAndCallsGoOnWhileReleasesAreCompared(t *testing.T) {
	w := two(t)
	var stages sync.Map
	ask := against("", "2.0.0")
	version := 1
	ask.Progress = func(p compare.Progress) {
		if _, seen := stages.LoadOrStore(p.Stage, true); seen {
			return
		}
		w.answers(version)
		next := map[int]string{1: "2.0.0", 2: "1.0.0"}[version]
		if _, err := w.rt.Rollback(context.Background(), back(next)); err != nil {
			t.Errorf("switch at %q: %v", p.Stage, err)
		}
		version = 3 - version
		w.answers(version)
	}
	report := w.compares(ask)
	w.alone()
	n := 0
	stages.Range(func(any, any) bool { n++; return true })
	if n < 4 {
		t.Fatalf("%d stages", n)
	}
	if report.Arms[0].Version != "1.0.0" || report.Arms[1].Version != "2.0.0" || report.Answers[0].Different != 3 || report.Partial != "" {
		t.Errorf("%+v, %+v", report.Arms, report.Answers)
	}
}

// TestACanceledComparisonLeavesNothingLoaded, early and late.
func TestACanceledComparisonLeavesNothingLoaded(t *testing.T) {
	w := two(t)
	partial := 0
	for n := 1; ; n *= 3 {
		report, err, over := w.canceledAfter(n)
		w.alone()
		switch {
		case over:
			must(t, err)
		case err != nil && (report != nil || problem.CodeOf(err) != problem.Canceled):
			t.Fatalf("after %d: %v and %v", n, report, err)
		case err == nil && report.Partial != "":
			partial++
		}
		if over {
			break
		}
	}
	if partial == 0 {
		t.Error("no comparison became a partial report")
	}
}

// canceledAfter compares until n steps are told; over says that there were fewer.
func (w *world) canceledAfter(n int) (report *compare.Report, err error, over bool) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ask, told := against("", "2.0.0"), 0
	ask.Progress = func(compare.Progress) {
		if told++; told == n {
			cancel()
		}
	}
	report, err = w.rt.Comparisons.Run(ctx, ask)
	return report, err, ctx.Err() == nil
}

func TestTheLoadOfAnArmMayFailAnywhere(t *testing.T) {
	w := two(t)
	must(t, w.rt.Close(context.Background()))
	idle := faultstore.New(w.store, 0)
	w.reopened(idle, 0)
	must(t, w.rt.Close(context.Background()))
	for n := 1; w.storeFails(idle.Calls() + n); n++ {
	}
	for n := 1; w.driverFails(n); n++ {
	}
}

// storeFails compares with one operation of the store failing, and says whether there
// was such a one.
func (w *world) storeFails(n int) bool {
	inner := faultstore.New(w.store, n)
	faulty := w.reopened(inner, 0)
	_, err, _ := w.canceledAfter(1)
	w.ended(faulty)
	reached := inner.Calls() >= n
	if loaded := problem.CodeOf(err) == problem.Canceled; reached == loaded {
		w.t.Fatalf("operation %d of the store: %v", n, err)
	}
	return reached
}

// driverFails is the same for the driver. What fails after loading is a fault of a
// call or the close of an arm, which hurts nobody.
func (w *world) driverFails(n int) bool {
	const opened, loaded = 2, 4 // one release, two arms: load and golden case
	faulty := w.reopened(w.store, opened+n)
	_, err, _ := w.canceledAfter(1)
	reached := faulty.Failed()
	w.ended(faulty)
	if canceled := problem.CodeOf(err) == problem.Canceled; canceled != (n > loaded) {
		w.t.Fatalf("operation %d of the driver: %v", n, err)
	}
	return reached
}

// ended looks whether nothing but what serves is left, and closes the runtime.
func (w *world) ended(faulty *faultdriver.Driver) {
	w.t.Helper()
	eventually(w.t, "the close of what was compared", func() bool { return faulty.Open() == 1 })
	if _, err := w.rt.Execute(context.Background(), name, sum(1, 2)); err != nil && problem.CodeOf(err) != problem.FaultTrap {
		w.t.Fatal(err) // a trap is the failing operation
	}
	_ = w.rt.Close(context.Background()) // likewise
	if w.mem.Open() != 0 {
		w.t.Fatalf("%d instances are open", w.mem.Open())
	}
}

// reopened opens the runtime with operations that fail.
func (w *world) reopened(s store.Store, failDriver int) *faultdriver.Driver {
	w.t.Helper()
	faulty := faultdriver.New(w.mem, failDriver)
	w.cfg.Store, w.cfg.Drivers = s, map[manifest.Kind]driver.Driver{memdriver.Kind: faulty}
	w.open()
	return faulty
}

func TestAComparisonThatPanicsIsAFailure(t *testing.T) {
	w := two(t)
	ask := against("", "2.0.0")
	ask.Progress = func(compare.Progress) { panic("the listener broke") }
	_, err := w.rt.Comparisons.Run(context.Background(), ask)
	if p := wantCode(t, err, problem.Internal); !strings.Contains(p.Message, "the listener broke") {
		t.Errorf("%v", err)
	}
	w.alone()
	w.answers(1)
}

// TestACooperativeReleaseIsComparedItsOwnWay: on the caller's goroutine, as live.
func TestACooperativeReleaseIsComparedItsOwnWay(t *testing.T) {
	for _, deadline := range []string{manifest.DeadlineCooperative, manifest.DeadlineHard} {
		var here, away atomic.Int64
		w := made(t, runs(func(_ context.Context, in map[string]any) (map[string]any, error) {
			if bytes.Contains(debug.Stack(), []byte("(*release).measured")) {
				here.Add(1)
			} else {
				away.Add(1)
			}
			return in, nil
		}))
		b := cooperative(1)
		b.Limits.Deadline = deadline
		w.deploy(b)
		golden := away.Load()
		report := w.compares(against("", ""))
		golden += 4 * golden // and of two arms, and of their further loads
		if coop := deadline == manifest.DeadlineCooperative; (here.Load() > 0) != coop || (away.Load() > golden) == coop {
			t.Errorf("%s: %d calls on their callers' goroutines, %d on others", deadline, here.Load(), away.Load())
		}
		if s := report.Arms[0].Split; s == nil || s.Strategy <= 0 {
			t.Errorf("%s: %+v", deadline, s)
		}
	}
}

// TestReleasesWithPointsAreNotCompared since they share their variables.
func TestReleasesWithPointsAreNotCompared(t *testing.T) {
	m := startedMarket(t)
	m.put("pricing", 1)
	_, err := m.rt.Comparisons.Run(context.Background(), runtime.Comparison{
		Strategy: "pricing", Arms: make([]runtime.ComparisonArm, 2), Inputs: []map[string]any{{}}, Plan: brief(),
	})
	if p := wantCode(t, err, problem.ComparisonMalformed); p.Pointer != "/arms/0/release" {
		t.Errorf("it points at %q", p.Pointer)
	}
	m.alone()
	m.put("pricing", 2) // the points are nobody else's
}
