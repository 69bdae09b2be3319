package driver

import (
	"context"
	"errors"
	"runtime/pprof"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
)

// limited is a context with a deadline as the runtime makes them.
type limited struct {
	context.Context
	at     time.Time
	waits  bool
	broken error // of Err
}

func (l limited) Deadline() (time.Time, bool) { return l.at, true }

// Done may not be asked: arming a timer for each call is what Bounded avoids.
func (l limited) Done() <-chan struct{}          { panic("somebody waits for the deadline") }
func (l limited) Err() error                     { return l.broken }
func (l limited) Bound() (context.Context, bool) { return l.Context, l.waits }

func within(d time.Duration) limited {
	return limited{Context: context.Background(), at: time.Now().Add(d)}
}

// looking is a strategy that sees its context.
type looking func(ctx context.Context) (map[string]any, error)

func (l looking) Execute(ctx context.Context, _ map[string]any) (map[string]any, error) {
	return l(ctx)
}

func wantFault(t *testing.T, err error, code problem.Code) {
	t.Helper()
	var f *Fault
	if !errors.As(err, &f) || f.Code != code {
		t.Errorf("%v, want %s", err, code)
	}
}

// callsOf are ready for a release with the deadline.
func callsOf(deadline string) *Calls {
	c := &Calls{}
	c.For(Spec{Digest: "sha256:0123456789abcdef0123456789abcdef", Loaded: time.Now(),
		Manifest: &manifest.Manifest{Name: "risk", Version: "1.2.0", Limits: manifest.Limits{Deadline: deadline}}})
	return c
}

// labelled lists the goroutines with the labels of c: workers of tests before may
// be about to end.
func labelled(t *testing.T, c *Calls) []Goroutines {
	t.Helper()
	all, err := LabelledGoroutines()
	if err != nil {
		t.Fatal(err)
	}
	load, _ := pprof.Label(c.labels, LabelLoad)
	return slices.DeleteFunc(all, func(g Goroutines) bool { return g.Load != load })
}

func TestACooperativeCallRunsOnItsCallersGoroutineUnderTheReleasesLabels(t *testing.T) {
	c := callsOf(manifest.DeadlineCooperative)
	defer c.Close()
	callers := pprof.WithLabels(context.Background(), pprof.Labels("request", "7"))
	var during []Goroutines
	pprof.Do(callers, pprof.Labels(), func(ctx context.Context) {
		l := within(time.Minute)
		l.Context, l.waits = ctx, true
		_, err := c.Execute(l, looking(func(context.Context) (map[string]any, error) { during = labelled(t, c); return answers() }), nil)
		if err != nil || c.idle() != 0 {
			t.Errorf("%v, %d workers", err, c.idle())
		}
		if v, ok := pprof.Label(ctx, "request"); !ok || v != "7" || len(labelled(t, c)) != 0 {
			t.Errorf("afterwards the goroutine has %v", labelled(t, c))
		}
	})
	if len(during) != 1 || during[0].Strategy != "risk" || during[0].Release != "1.2.0" || during[0].Digest != "0123456789ab" {
		t.Errorf("during the call: %+v", during)
	}
}

func TestACooperativeCallsPanicIsAFault(t *testing.T) {
	c := callsOf(manifest.DeadlineCooperative)
	defer c.Close()
	l := within(time.Minute)
	l.waits = true
	_, err := c.Execute(l, looking(func(context.Context) (map[string]any, error) { panic("boom") }), nil)
	wantFault(t, err, problem.FaultPanic)
	if len(labelled(t, c)) != 0 {
		t.Error("the labels stay after a panic")
	}
	_, err = c.Execute(l, looking(func(context.Context) (map[string]any, error) { return map[string]any{"f": func() {}}, nil }), nil)
	wantFault(t, err, problem.FaultABI)
}

// TestBothSidesMustAgreeToACooperativeCall: a caller that waits gets a worker from
// a release that promised nothing, and so does a caller that does not wait.
func TestBothSidesMustAgreeToACooperativeCall(t *testing.T) {
	for _, c := range []struct {
		deadline string
		waits    bool
		workers  int
	}{{manifest.DeadlineCooperative, true, 0}, {manifest.DeadlineCooperative, false, 1}, {manifest.DeadlineHard, true, 1}, {"", true, 1}} {
		calls := callsOf(c.deadline)
		l := within(time.Minute)
		l.waits = c.waits
		if _, err := calls.Execute(l, function(answers), nil); err != nil || calls.idle() != c.workers {
			t.Errorf("%+v: %v, %d workers", c, err, calls.idle())
		}
		calls.Close()
	}
}

func TestAWorkerWatchesTheDeadlineItself(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	c := callsOf(manifest.DeadlineHard)
	defer c.Close()
	release := make(chan struct{})
	for range 3 {
		_, err := c.Execute(within(time.Millisecond), function(func() (map[string]any, error) { <-release; return answers() }), nil)
		wantFault(t, err, problem.FaultDeadline)
	}
	if c.Abandoned() != 3 || c.idle() != 0 {
		t.Errorf("%d abandoned, %d idle", c.Abandoned(), c.idle())
	}
	close(release)
}

// TestAWorkersTimerIsForTheCallThatRuns: it is left armed by a call that ended,
// and neither ends the next one too early nor forgets a shorter one.
func TestAWorkersTimerIsForTheCallThatRuns(t *testing.T) {
	c := callsOf(manifest.DeadlineHard)
	defer c.Close()
	for tries, armed := 0, 0; armed < 20; tries++ {
		switch _, err := c.Execute(within(20*time.Millisecond), function(answers), nil); {
		case tries > 1000:
			t.Fatal("it never answers in time")
		case err != nil:
			wantFault(t, err, problem.FaultDeadline) // it stood still for so long
			continue
		}
		armed++
		fired := make(chan struct{})
		time.AfterFunc(40*time.Millisecond, func() { close(fired) })
		if _, err := c.Execute(within(time.Minute), function(func() (map[string]any, error) { <-fired; return answers() }), nil); err != nil {
			t.Fatalf("a call of a minute after one of milliseconds: %v", err)
		}
		release := make(chan struct{})
		_, err := c.Execute(within(time.Millisecond), function(func() (map[string]any, error) { <-release; return answers() }), nil)
		wantFault(t, err, problem.FaultDeadline)
		close(release)
	}
}

func TestTheEndOfTheCallersContextEndsABoundedCall(t *testing.T) {
	c := callsOf(manifest.DeadlineHard)
	defer c.Close()
	l := within(time.Minute)
	var cancel context.CancelFunc
	l.Context, cancel = context.WithCancel(context.Background())
	release := make(chan struct{})
	defer close(release)
	_, err := c.Execute(l, function(func() (map[string]any, error) { cancel(); <-release; return answers() }), nil)
	if problem.CodeOf(err) != problem.Canceled || c.Abandoned() != 1 {
		t.Errorf("%v, %d abandoned", err, c.Abandoned())
	}
}

// TestWhatAWorkerStartsCarriesTheReleasesLabels whoever called first, and whatever
// the strategy did to the labels in an earlier call.
func TestWhatAWorkerStartsCarriesTheReleasesLabels(t *testing.T) {
	c := callsOf(manifest.DeadlineHard)
	defer c.Close()
	ctx := pprof.WithLabels(bounded(t), pprof.Labels("request", "7"))
	end, started := make(chan struct{}), make(chan struct{}, 3)
	starts := func() (map[string]any, error) {
		go func() { started <- struct{}{}; <-end }()
		<-started
		pprof.SetGoroutineLabels(context.Background())
		return answers()
	}
	construct := func(abi.Host) (abi.Strategy, error) { _, err := starts(); return function(answers), err }
	pprof.Do(ctx, pprof.Labels(), func(ctx context.Context) {
		if _, err := c.Construct(ctx, construct, nil); err != nil {
			t.Error(err)
		}
		for range 2 {
			if _, err := c.Execute(ctx, function(starts), nil); err != nil {
				t.Error(err)
			}
		}
	})
	n := 0
	for _, g := range labelled(t, c) {
		n += g.Count
	}
	if n != 3 {
		t.Errorf("%d goroutines carry the labels, want 3", n)
	}
	close(end)
}

func TestAProfileOfGoroutinesIsRead(t *testing.T) {
	const profile = "goroutine profile: total 9\n" +
		"6 @ 0x1 0x2\n# labels: {\"digest\":\"0a1b\", \"load\":\"z\", \"release\":\"1.0.0\", \"strategy\":\"risk\"}\n" +
		"#\t0x1\texample.com/risk.wait+0x2d\t/src/risk.go:12\n#\t0x2\texample.com/risk.run+0x1\t/src/risk.go:9\n\n" +
		"1 @ 0x1\n#\t0x1\tmain.main+0x2d\t/src/main.go:12\n\n" +
		"1 @ 0x1\n# labels: {\"request\":\"7\"}\n#\t0x1\tmain.main+0x2d\t/src/main.go:12\n\n" +
		"1 @ 0x1\n# labels: {\"broken\":\"\\x00\"}\n#\t0x1\tmain.main+0x2d\t/src/main.go:12\n"
	got := parseGoroutines(profile)
	want := []Goroutines{{Strategy: "risk", Release: "1.0.0", Digest: "0a1b", Load: "z", Count: 6,
		Stack: "example.com/risk.wait+0x2d /src/risk.go:12\nexample.com/risk.run+0x1 /src/risk.go:9"}}
	if !slices.Equal(got, want) {
		t.Errorf("got %+v", got)
	}
}

func FuzzParseGoroutines(f *testing.F) {
	f.Add("2 @ 0x1\n# labels: {\"digest\":\"0a\", \"strategy\":\"s\"}\n#\t0x1\tf+0x1\t/f.go:1\n\n1 @ 0x2\n")
	f.Fuzz(func(t *testing.T, profile string) {
		for _, g := range parseGoroutines(profile) {
			if g.Count < 1 || g.Strategy == "" || g.Digest == "" {
				t.Errorf("%+v", g)
			}
		}
	})
}

func TestAStrategysFunctionHasItsFullName(t *testing.T) {
	if got := FunctionOf(function(answers)); got != "github.com/swapline/swapline/runtime/driver.function.Execute" {
		t.Errorf("got %q", got)
	}
}
