package compare_test

import (
	"context"
	"math"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/difference"
	"github.com/swapline/swapline/runtime/problem"
)

// failing is a subject some of whose calls wait for long and fail then.
func failing(name string, fault problem.Code, fails func(n int) bool) compare.Subject {
	var n atomic.Int64
	s := timed(name, always(time.Millisecond), echo)
	call := s.Call
	s.Call = func(ctx context.Context, in map[string]any, used *compare.Use) difference.Answer {
		if fails(int(n.Add(1))) {
			time.Sleep(50 * time.Millisecond)
			return difference.Answer{Fault: string(fault)}
		}
		return call(ctx, in, used)
	}
	return s
}

// atFixedRate makes ten rounds of so many calls one after the other, and then 200 at a
// fixed rate.
func atFixedRate(t *testing.T, calls int, a, b compare.Subject) *compare.Report {
	t.Helper()
	plan := compare.Plan{Metric: "open_latency_p99", Seed: 1, Rounds: 10, Calls: calls, WarmUp: 20, Callers: -1, Rate: 20, OpenFor: 10 * time.Second, Starts: -1, Samples: 200}
	return two(t, plan, a, b)
}

func TestCallsThatWaitInVainAtAFixedRateCount(t *testing.T) {
	for _, fault := range []problem.Code{problem.FaultDeadline, problem.Overloaded} {
		late := func(n int) bool { return n%30 == 0 }
		report := atFixedRate(t, 100, timed("old", always(time.Millisecond), echo), failing("new", fault, late))
		d := report.Arms[1].Open
		if d.Max < 50*time.Millisecond {
			t.Errorf("%s: at most %v: who waited for 50 ms in vain is left out", fault, d.Max)
		}
		if report.Arms[1].Latency.Max != time.Millisecond {
			t.Errorf("%s: %v one after the other: what failed has no duration", fault, report.Arms[1].Latency.Max)
		}
	}
}

func TestFaultsOfTheFewCallsAtAFixedRateAreNotLostAmongTheOthers(t *testing.T) {
	// All but the last few of some 10,500 calls: answers, warm-up, ten rounds of 1016.
	last := func(n int) bool { return n > 50+20+10*1016 && n%10 == 0 && n < 50+20+10*1016+200 }
	report := atFixedRate(t, 1000, timed("old", always(time.Millisecond), echo), failing("new", problem.FaultPanic, last))
	v := report.Verdicts[0]
	if v.Blocked != "faults" || !strings.Contains(v.Sentence, "of new at a fixed rate failed") {
		t.Errorf("%+v\n%+v", v, report.Health)
	}
}

func TestMemoryHasNoBounds(t *testing.T) {
	old, more := timed("old", always(time.Millisecond), echo), timed("new", always(time.Millisecond), echo)
	more.Memory = func() (int64, int) { return 3 << 20, 3 }
	report := two(t, small(), old, more)
	i := slices.IndexFunc(report.Metrics, func(m compare.Metric) bool { return m.Name == "memory" })
	if m := report.Metrics[i]; m.Change.Point != 3 || m.Change.Lo != 0 || !math.IsInf(m.Change.Hi, 1) || m.Clear {
		t.Errorf("identical arms hold as many copies as their calls needed: %+v", m)
	}
}
