package compare_test

import (
	"context"
	"encoding/json"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/difference"
	"github.com/swapline/swapline/runtime/problem"
)

// hanging is a subject with a limit whose n-th call, from 1, does something else.
func hanging(name string, limit time.Duration, hangs func(n int64) bool, how func(ctx context.Context)) (compare.Subject, *atomic.Int64) {
	var calls atomic.Int64
	s := timed(name, always(time.Millisecond), echo)
	call := s.Call
	s.Limit = limit
	s.Call = func(ctx context.Context, in map[string]any, used *compare.Use) difference.Answer {
		if hangs(calls.Add(1)) {
			how(ctx)
			used.Skip = "nobody must hear of it" // a call past its limit has failed, whatever it says
			return difference.Answer{}
		}
		return call(ctx, in, used)
	}
	return s, &calls
}

func TestACallPastItsLimitIsAFaultWhateverItAnswersLater(t *testing.T) {
	const limit = 40 * time.Millisecond
	for _, c := range []struct {
		name string
		how  func(ctx context.Context)
		most time.Duration // that it takes
	}{
		{"one that comes later", func(context.Context) { time.Sleep(limit + limit/2) }, limit + limit/2},
		{"one that watches its context", func(ctx context.Context) { <-ctx.Done() }, limit + limit/4},
	} {
		t.Run(c.name, func(t *testing.T) {
			var late, wrong atomic.Int64
			s, _ := hanging("new", limit, func(n int64) bool { return n%300 == 0 }, func(ctx context.Context) {
				late.Add(1)
				began := time.Now()
				c.how(ctx)
				if took := time.Since(began); took < limit || took > c.most || ctx.Err() == nil {
					wrong.Add(1)
				}
			})
			call := s.Call
			s.Call = func(ctx context.Context, in map[string]any, used *compare.Use) difference.Answer {
				if ctx.Err() != nil { // that of a call before
					wrong.Add(1)
				}
				return call(ctx, in, used)
			}
			plan := full()
			plan.Rate = 1000
			report := two(t, plan, timed("old", always(time.Millisecond), echo), s)
			if a := report.Arms[1]; a.Faults != late.Load() || a.Faults < 3 || a.Faults == a.Calls {
				t.Errorf("%d of %d calls failed, %d were late", a.Faults, a.Calls, late.Load())
			}
			if report.Partial != "" || report.Arms[1].Latency.Max > limit {
				t.Errorf("%q, %v: a call past its limit has no duration", report.Partial, report.Arms[1].Latency.Max)
			}
			if wrong.Load() != 0 {
				t.Errorf("%d contexts did not end when the limit was over", wrong.Load())
			}
		})
	}
}

func TestACallWithinItsLimitIsNoFault(t *testing.T) {
	s, _ := hanging("new", 40*time.Millisecond, func(int64) bool { return false }, nil)
	call := s.Call
	s.Call = func(ctx context.Context, in map[string]any, used *compare.Use) difference.Answer {
		time.Sleep(38 * time.Millisecond)
		if ctx.Err() != nil {
			t.Error("its context has ended")
		}
		return call(ctx, in, used)
	}
	report := two(t, full(), timed("old", always(time.Millisecond), echo), s)
	if a := report.Arms[1]; a.Faults != 0 || report.Partial != "" {
		t.Errorf("%d faults, %q", a.Faults, report.Partial)
	}
}

// stuckAt runs a comparison one of whose calls never returns while it lasts, and returns
// how long it took after that.
func stuckAt(t *testing.T, n int64) (report *compare.Report, calls int64, took time.Duration) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var began atomic.Pointer[time.Time]
		s, counted := hanging("direct", 100*time.Millisecond, func(i int64) bool { return i == n }, func(context.Context) { began.Store(new(time.Now())); <-release })
		plan := full()
		plan.Rounds, plan.Calls, plan.Rate, plan.OpenFor, plan.Samples = 10, 40, 500, 500*time.Millisecond, 200
		var err error
		report, err = compare.Run(t.Context(), compare.Trial{Plan: plan, Inputs: inputs(30), Wait: time.Sleep,
			Subjects: []compare.Subject{timed("old", always(time.Millisecond), echo), s}})
		if err != nil {
			t.Fatal(err)
		}
		if calls = counted.Load(); began.Load() != nil {
			took = time.Since(*began.Load())
		}
		text, _ := json.Marshal(report)
		close(release) // it comes back, and must not touch anything
		synctest.Wait()
		if again, _ := json.Marshal(report); string(again) != string(text) {
			t.Error("the report has changed since")
		}
	})
	return report, calls, took
}

func TestACallThatNeverReturnsEndsTheComparison(t *testing.T) {
	_, all, _ := stuckAt(t, -1)
	seen := map[string]bool{}
	for _, n := range []int64{1, 30, 31, 50, all / 3, all / 2, 2 * all / 3, 4 * all / 5, 9 * all / 10, all} {
		report, _, took := stuckAt(t, n)
		stage, _, _ := strings.Cut(strings.TrimPrefix(report.Partial, "stopped in "), ",")
		if seen[stage] = true; !strings.Contains(report.Partial, "a call of direct has not returned within 100ms") {
			t.Fatalf("call %d of %d: %q", n, all, report.Partial)
		}
		if took > 5*time.Second {
			t.Errorf("call %d of %d: %v after it began", n, all, took)
		}
		if a := report.Arms[1]; a.Faults != 1 || report.Verdicts[0].Blocked != "complete" || light(report, "complete") != compare.Red {
			t.Errorf("call %d of %d: %d faults, %+v", n, all, a.Faults, report.Verdicts)
		}
		if n == 1 && (!strings.Contains(report.Partial, "input 1 of 30") || len(report.Answers[0].Examples) != 1 || report.Answers[0].Examples[0].Input != 1) {
			t.Errorf("it does not say which input it was: %q, %+v", report.Partial, report.Answers[0])
		}
	}
	for _, stage := range []string{"answers", "warm-up", "closed loop", "throughput", "open loop", "parts"} {
		if !seen[stage] {
			t.Errorf("not tried in %s: %v", stage, seen)
		}
	}
}

func TestACallThatEndsItsGoroutineEndsTheComparison(t *testing.T) {
	for _, n := range []int64{1, 100, 300} {
		synctest.Test(t, func(t *testing.T) {
			s, _ := hanging("direct", time.Second, func(i int64) bool { return i == n }, func(context.Context) { runtime.Goexit() })
			report, err := compare.Run(t.Context(), compare.Trial{Plan: full(), Inputs: inputs(30), Wait: time.Sleep,
				Subjects: []compare.Subject{timed("old", always(time.Millisecond), echo), s}})
			if err != nil || !strings.Contains(report.Partial, "ended the goroutine of its caller") || report.Arms[1].Faults != 1 {
				t.Errorf("%v, %q", err, report.Partial)
			}
		})
	}
}

// givingUp is a subject that gives up its n-th call, which goes on for so long.
type givingUp struct {
	n       atomic.Int64
	goesOn  time.Duration
	calls   atomic.Int64
	running atomic.Int64
	beside  atomic.Int64 // calls of anybody while it went on
	work    sync.WaitGroup
}

func (g *givingUp) wrap(s compare.Subject, gives bool) compare.Subject {
	call := s.Call
	s.Call = func(ctx context.Context, in map[string]any, used *compare.Use) difference.Answer {
		if g.running.Load() > 0 {
			g.beside.Add(1)
		}
		if gives && g.calls.Add(1) == g.n.Load() {
			g.running.Add(1)
			g.work.Go(func() { time.Sleep(g.goesOn); g.running.Add(-1) })
			return difference.Answer{Fault: string(problem.FaultDeadline)}
		}
		return call(ctx, in, used)
	}
	if gives {
		s.Abandoned = func() int { return int(g.running.Load()) }
	}
	return s
}

func TestNothingIsMeasuredBesideACallThatWasGivenUp(t *testing.T) {
	for _, c := range []struct {
		goesOn time.Duration
		n      int64
		ends   string
	}{
		{time.Second, 1, ""}, {time.Second, 31, ""}, {time.Second, 300, ""},
		{time.Hour, 1, "stopped in answers, input 1 of 30: a call of new has not returned within its deadline"}, {time.Hour, 300, "stopped in closed loop"},
	} {
		synctest.Test(t, func(t *testing.T) {
			g := &givingUp{goesOn: c.goesOn}
			g.n.Store(c.n)
			plan := small()
			plan.Calls = 16 // a window
			report, err := compare.Run(t.Context(), compare.Trial{Plan: plan, Inputs: inputs(30), Wait: time.Sleep, Subjects: []compare.Subject{
				g.wrap(timed("old", always(time.Millisecond), echo), false), g.wrap(timed("new", always(time.Millisecond), echo), true)}})
			if err != nil || !strings.HasPrefix(report.Partial, c.ends) || c.ends == "" && report.Partial != "" {
				t.Errorf("%+v: %v, %q", c, err, report.Partial)
			}
			if most := int64(16); g.beside.Load() > most { // the rest of the window
				t.Errorf("%+v: %d calls ran beside it", c, g.beside.Load())
			}
			g.work.Wait()
		})
	}
}

func TestACallThatWasGivenUpInAnyStageIsWaitedFor(t *testing.T) {
	for _, stage := range []string{"warm-up", "throughput", "open loop", "parts"} {
		synctest.Test(t, func(t *testing.T) {
			g := &givingUp{goesOn: time.Hour}
			report, err := compare.Run(t.Context(), compare.Trial{Plan: full(), Inputs: inputs(30), Wait: time.Sleep,
				Progress: func(p compare.Progress) {
					if p.Stage == stage {
						g.n.CompareAndSwap(0, g.calls.Load()+1)
					}
				},
				Subjects: []compare.Subject{g.wrap(timed("old", always(time.Millisecond), echo), false), g.wrap(timed("new", always(time.Millisecond), echo), true)}})
			if err != nil || !strings.HasPrefix(report.Partial, "stopped in "+stage) {
				t.Errorf("%s: %v, %q", stage, err, report.Partial)
			}
			g.work.Wait()
		})
	}
}
