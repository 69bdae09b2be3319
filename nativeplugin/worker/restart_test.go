package worker_test

import (
	"context"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/swapline/swapline/nativeplugin/worker"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/problem"
)

// clock is a clock that stands still until it is moved.
type clock struct {
	mu      sync.Mutex
	now     time.Time     // guarded by mu
	planned func()        // guarded by mu; the one thing that is planned
	delay   time.Duration // guarded by mu; how late it was planned
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) AfterFunc(d time.Duration, f func()) func() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.planned, c.delay = f, d
	return func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		was := c.planned != nil
		c.planned = nil
		return was
	}
}

// pass lets time pass, and what is planned happen.
func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	c.now = c.now.Add(d)
	f := c.planned
	if f != nil && d >= c.delay {
		c.planned = nil
		go f()
	}
	c.mu.Unlock()
}

func (c *clock) pending() (time.Duration, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.delay, c.planned != nil
}

func still() *clock { return &clock{now: time.Now()} }

// crash kills the worker from outside.
func crash(t *testing.T, in driver.Instance) {
	t.Helper()
	if err := syscall.Kill(pidOf(in), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	await(t, "the end of the worker", func() bool { return pidOf(in) == 0 })
}

func kept(t *testing.T, c *clock) (worker.Config, driver.Instance) {
	t.Helper()
	conf := config()
	conf.Clock, conf.Random = c, func() float64 { return 0.5 }
	return conf, load(t, conf, specOf(t, "wild", nil))
}

// TestAWorkerThatCrashesAgainAndAgainStaysDown after waits that double.
func TestAWorkerThatCrashesAgainAndAgainStaysDown(t *testing.T) {
	c := still()
	_, in := kept(t, c)
	for n, want := range []time.Duration{100, 200, 400, 800, 1600, 3200, 6400} {
		crash(t, in)
		await(t, "a plan", func() bool { _, ok := c.pending(); return ok })
		d, _ := c.pending()
		if d != want*time.Millisecond {
			t.Fatalf("start %d is planned in %s, want %d ms", n+1, d, want)
		}
		if s := driver.StatsOf(in); s != (driver.Stats{Restarts: int64(n), Trouble: "the worker process is started again after its end: signal: killed"}) {
			t.Errorf("stats of a worker that does not run: %+v", s)
		}
		c.pass(d)
		answers(t, in)
	}
	crash(t, in)
	_, err := in.Execute(within(t, time.Minute), nil)
	wantFault(t, err, problem.FaultWorker, "8 times in a row", "signal: killed", "switch to another release")
	if s := driver.StatsOf(in); s.Instances != 0 || !strings.Contains(s.Trouble, "stays down") {
		t.Errorf("stats %+v", s)
	}
	if _, planned := c.pending(); planned {
		t.Error("another start is planned")
	}
}

func TestAWorkerThatLivedLongBeginsANewSeries(t *testing.T) {
	c := still()
	_, in := kept(t, c)
	for range 12 {
		crash(t, in)
		await(t, "a plan", func() bool { _, ok := c.pending(); return ok })
		if d, _ := c.pending(); d != 100*time.Millisecond {
			t.Fatalf("the start is planned in %s", d)
		}
		c.pass(100 * time.Millisecond)
		answers(t, in)
		c.pass(time.Minute)
	}
}

// TestACallWaitsForAStartThatComesInTime and fails at once if none does.
func TestACallWaitsForAStartThatComesInTime(t *testing.T) {
	c := still()
	_, in := kept(t, c)
	crash(t, in)
	await(t, "a plan", func() bool { _, ok := c.pending(); return ok })
	_, err := in.Execute(within(t, 50*time.Millisecond), nil)
	wantFault(t, err, problem.FaultWorker, "started again in 100ms", "signal: killed")
	ended := make(chan error, 1)
	go func() {
		_, err := in.Execute(within(t, time.Minute), nil)
		ended <- err
	}()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := in.Execute(ctx, nil); problem.CodeOf(err) != problem.Canceled {
		t.Errorf("a caller that went away: %v", err)
	}
	select {
	case err := <-ended:
		t.Fatalf("it did not wait: %v", err)
	default:
	}
	c.pass(100 * time.Millisecond)
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestAStartThatFailsIsPlannedAgain also when the strategy is no longer made.
func TestAStartThatFailsIsPlannedAgain(t *testing.T) {
	c := still()
	conf := config()
	conf.Clock, conf.Random = c, func() float64 { return 0 }
	spec := specOf(t, "wild", nil)
	in := load(t, conf, spec)
	spec.Manifest.Config = map[string]any{"start": "error"}
	crash(t, in)
	for _, want := range []time.Duration{80, 160} {
		await(t, "a plan", func() bool { d, ok := c.pending(); return ok && d == want*time.Millisecond })
		c.pass(time.Second)
	}
	await(t, "a plan", func() bool { _, ok := c.pending(); return ok })
	_, err := in.Execute(within(t, 100*time.Millisecond), nil)
	wantFault(t, err, problem.FaultWorker, "as you wish")
	spec.Manifest.Config = nil
	c.pass(time.Second)
	answers(t, in)
}

// TestCloseCallsAStartOff so that nothing runs afterwards.
func TestCloseCallsAStartOff(t *testing.T) {
	c := still()
	_, in := kept(t, c)
	crash(t, in)
	await(t, "a plan", func() bool { _, ok := c.pending(); return ok })
	if err := in.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if _, planned := c.pending(); planned {
		t.Error("a start is still planned")
	}
	if _, err := in.Execute(within(t, time.Minute), nil); problem.CodeOf(err) != problem.ShuttingDown {
		t.Errorf("a call after the end: %v", err)
	}
}
