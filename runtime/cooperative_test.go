package runtime_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/guests/tck/tck"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/driver/memdriver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
)

// cooperative is a release that promises to watch its context.
func cooperative(version int) build {
	b := behaving(version, tck.Choose)
	b.Limits.Deadline = manifest.DeadlineCooperative
	return b
}

// made is a world whose releases are made by the constructor.
func made(t testing.TB, construct abi.Constructor) *world {
	w := newWorld(t)
	w.mem = memdriver.New(map[string]abi.Constructor{"tck": construct})
	w.cfg.Drivers[memdriver.Kind] = w.mem
	w.open()
	return w
}

// function is a strategy of one function.
type function func(ctx context.Context, in map[string]any) (map[string]any, error)

func (f function) Execute(ctx context.Context, in map[string]any) (map[string]any, error) {
	return f(ctx, in)
}

func echo(_ context.Context, in map[string]any) (map[string]any, error) { return in, nil }

func runs(f function) abi.Constructor {
	return func(abi.Host) (abi.Strategy, error) { return f, nil }
}

func TestACooperativeReleaseAnswersAsAnyOther(t *testing.T) {
	w := started(t)
	b := release(1)
	b.Limits.Deadline = manifest.DeadlineCooperative
	w.deploy(b)
	for range 10 {
		w.answers(1)
	}
	w.deploy(cooperative(2))
	for behaviour, code := range map[string]problem.Code{tck.Panic: problem.FaultPanic} {
		_, err := w.rt.Execute(context.Background(), name, do(behaviour))
		wantCode(t, err, code)
	}
	if st := w.status(); st.Requests != 1 || st.Faults != 1 || st.Overdue != 0 || st.Abandoned != 0 {
		t.Errorf("status %+v", st)
	}
}

// TestACooperativeCallCostsNoAllocation beyond those of the strategy and of the
// copies of values.
func TestACooperativeCallCostsNoAllocation(t *testing.T) {
	answer := map[string]any{}
	w := made(t, runs(func(context.Context, map[string]any) (map[string]any, error) { return answer, nil }))
	b := cooperative(1)
	b.Golden[0].Output = map[string]any{}
	w.deploy(b)
	ctx := context.Background()
	const copies = 2 // an empty map each
	if n := fewestAllocs(func() { _, _ = w.rt.Execute(ctx, name, answer) }); n > copies {
		t.Errorf("%g allocations a call, want %d", n, copies)
	}
}

func TestACooperativeReleaseThatBreaksItsPromiseIsSeenWhileItDoesAndAtFaultAfterwards(t *testing.T) {
	var log lines
	release := make(chan struct{})
	w := newWorld(t)
	w.mem = memdriver.New(map[string]abi.Constructor{"tck": runs(func(_ context.Context, in map[string]any) (map[string]any, error) {
		if in["wait"] == true {
			<-release
		}
		return in, nil
	})})
	w.cfg.Drivers[memdriver.Kind], w.cfg.Log, w.cfg.Timeout = w.mem, log.logger(), 200*time.Millisecond
	w.open()
	w.deployHasty(cooperative(1))
	ended := make(chan error, 1)
	go func() {
		_, err := w.rt.Execute(context.Background(), name, map[string]any{"wait": true})
		ended <- err
	}()
	eventually(t, "an overdue call", func() bool { return w.status().Overdue == 1 })
	eventually(t, "a line about it", func() bool { return strings.Count(log.String(), "overdue") == 1 })
	close(release)
	wantCode(t, <-ended, problem.FaultDeadline)
	if st := w.status(); st.Overdue != 0 || st.Faults != 1 || st.InFlight != 0 {
		t.Errorf("afterwards %+v", st)
	}
}

// TestAnAnswerAfterTheCallersOwnDeadlineIsNobodysFault.
func TestAnAnswerAfterTheCallersOwnDeadlineIsNobodysFault(t *testing.T) {
	w := made(t, runs(func(ctx context.Context, in map[string]any) (map[string]any, error) {
		if in["wait"] == true {
			<-ctx.Done()
		}
		return in, nil
	}))
	w.deploy(cooperative(1))
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	_, err := w.rt.Execute(ctx, name, map[string]any{"wait": true})
	wantCode(t, err, problem.Canceled)
	if st := w.status(); st.Faults != 0 {
		t.Errorf("%d faults", st.Faults)
	}
	if r, err := w.rt.Execute(context.Background(), name, map[string]any{"n": int64(1)}); err != nil || r.Output["n"] != int64(1) {
		t.Errorf("the next call: %v, %v", r.Output, err)
	}
}

// TestACooperativeStrategyThatEndsItsCallersGoroutineIsAtFault: nothing can bring
// the goroutine back, but nothing of the call stays behind either.
func TestACooperativeStrategyThatEndsItsCallersGoroutineIsAtFault(t *testing.T) {
	w := started(t)
	w.deploy(cooperative(1))
	var caller sync.WaitGroup
	returned := false
	caller.Go(func() {
		_, _ = w.rt.Execute(context.Background(), name, do(tck.Goexit))
		returned = true
	})
	caller.Wait()
	if st := w.status(); returned || st.Faults != 1 || st.InFlight != 0 || st.Requests != 1 {
		t.Errorf("returned %t, status %+v", returned, st)
	}
}

// TestAReleaseIsRehearsedWithAHardDeadline whatever it promises: a golden case
// that never returns ends the deployment and not the one who deploys.
func TestAReleaseIsRehearsedWithAHardDeadline(t *testing.T) {
	w := newWorld(t)
	release := make(chan struct{})
	w.mem = memdriver.New(map[string]abi.Constructor{"tck": runs(func(context.Context, map[string]any) (map[string]any, error) {
		<-release
		return nil, errors.New("too late")
	})})
	w.cfg.Drivers[memdriver.Kind], w.cfg.Timeout = w.mem, time.Millisecond
	w.open()
	_, err := w.rt.Deploy(context.Background(), w.upload(cooperative(1)))
	wantCode(t, err, problem.GoldenCaseFailed)
	close(release)
}

// serial is a driver whose instances do not run on their callers' goroutines.
type serial struct{ driver.Driver }

type elsewhere struct{ driver.Instance }

func (s serial) Load(ctx context.Context, spec driver.Spec) (driver.Instance, error) {
	in, err := s.Driver.Load(ctx, spec)
	if err != nil {
		return nil, err
	}
	return elsewhere{in}, nil
}

func TestAKindThatCannotRunOnItsCallersGoroutineRefusesACooperativeDeadline(t *testing.T) {
	w := newWorld(t)
	w.cfg.Drivers = map[manifest.Kind]driver.Driver{memdriver.Kind: serial{w.mem}}
	w.open()
	_, err := w.rt.Deploy(context.Background(), w.upload(cooperative(1)))
	if p := wantCode(t, err, problem.ManifestMalformed); p.Pointer != "/limits/deadline" {
		t.Errorf("refused at %q", p.Pointer)
	}
	if w.mem.Open() != 0 {
		t.Error("it stays open")
	}
}

// TestGoroutinesThatOutliveTheirReleaseAreReported with the real profile and clock.
func TestGoroutinesThatOutliveTheirReleaseAreReported(t *testing.T) {
	end := make(chan struct{})
	stay := true
	w := made(t, func(abi.Host) (abi.Strategy, error) {
		if stay {
			stay = false
			go func() { <-end }()
		}
		return function(echo), nil
	})
	w.deploy(behaving(1, tck.Choose))
	if _, err := w.rt.Execute(context.Background(), name, do(tck.Echo)); err != nil {
		t.Fatal(err)
	}
	w.deploy(behaving(2, tck.Choose))
	eventually(t, "a leak", func() bool { return len(w.status().Leaks) == 1 })
	l := w.status().Leaks[0]
	if l.Release.Version != "1.0.0" || l.Release.Active || l.Goroutines != 1 || !strings.Contains(l.Stack, "OutliveTheirRelease") {
		t.Errorf("leak %+v", l)
	}
	close(end)
	eventually(t, "the end of the leak", func() bool { return len(w.status().Leaks) == 0 })
}

// lines is a log to look at while it is written.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *lines) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

// TestAContextThatSomebodyWaitedForServesOneCall: the next one has its own, which
// has not ended.
func TestAContextThatSomebodyWaitedForServesOneCall(t *testing.T) {
	w := made(t, runs(func(ctx context.Context, _ map[string]any) (map[string]any, error) {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		default:
			return map[string]any{}, ctx.Err()
		}
	}))
	b := cooperative(1)
	b.Golden[0].Output = map[string]any{}
	w.deploy(b)
	for n := range 3 {
		if _, err := w.rt.Execute(context.Background(), name, nil); err != nil {
			t.Errorf("call %d: %v", n, err)
		}
	}
}
