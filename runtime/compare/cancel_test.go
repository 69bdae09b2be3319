package compare_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/difference"
)

// ended carries the calls after which a comparison is cancelled.
type ended struct {
	calls int
	after int
	stop  context.CancelCauseFunc
}

func (e *ended) wrap(s compare.Subject) compare.Subject {
	call := s.Call
	s.Call = func(ctx context.Context, in map[string]any, used *compare.Use) difference.Answer {
		e.calls++
		if e.calls == e.after {
			e.stop(errors.New("interrupted"))
		}
		if ctx.Err() != nil && e.calls%2 == 0 { // some notice
			used.Skip = "cancelled"
			return difference.Answer{Fault: "fault_cancelled"}
		}
		return call(ctx, in, used)
	}
	return s
}

// one runs a small comparison that is cancelled at its n-th call, and returns how
// many calls there were.
func one(t *testing.T, n int) (report *compare.Report, calls int, err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancelCause(t.Context())
		defer stop(nil)
		e := &ended{after: n, stop: stop}
		plan := full()
		plan.Callers, plan.Rounds, plan.Calls, plan.Samples = 1, 10, 40, 200
		report, err = compare.Run(ctx, compare.Trial{Plan: plan, Inputs: inputs(30), Wait: time.Sleep, Subjects: []compare.Subject{
			e.wrap(timed("old", always(time.Millisecond), echo)), e.wrap(timed("new", always(2*time.Millisecond), echo))}})
		calls = e.calls
	})
	return report, calls, err
}

func TestAComparisonCanEndAtAnyCall(t *testing.T) {
	_, all, err := one(t, -1)
	if err != nil || all < 1000 {
		t.Fatal(all, err)
	}
	partial := 0
	for n := 30; n <= all; n += max(all/16, 1) {
		report, _, err := one(t, n)
		if report == nil {
			if n > 60 || !errors.Is(err, context.Canceled) { // 30 answers of each arm
				t.Fatalf("call %d of %d: %v", n, all, err)
			}
			continue
		}
		if n <= 60 {
			t.Fatalf("call %d: a report without all answers", n)
		}
		text, broken := json.Marshal(report)
		if err != nil || broken != nil {
			t.Fatalf("call %d: %v, %v", n, err, broken)
		}
		v := report.Verdicts[0]
		if report.Partial == "" || v.Word != compare.Undecided || v.Blocked != "complete" || v.Next == "" || v.NotWorse || light(report, "complete") != compare.Red {
			t.Fatalf("call %d: %q, %+v", n, report.Partial, v)
		}
		if back, err := compare.Decode(text); err != nil || back.Partial != report.Partial {
			t.Fatalf("call %d: %v", n, err)
		}
		partial++
	}
	if partial < 10 {
		t.Errorf("%d partial reports", partial)
	}
}

func TestWhatWasCancelledDuringLoadsIsPartial(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	plan := full()
	plan.OpenFor, plan.Callers = -1, -1
	a, b := timed("old", always(0), echo), timed("new", always(0), echo)
	b.Start = func(context.Context, map[string]any, bool) (compare.Start, error) {
		stop()
		return compare.Start{}, context.Canceled
	}
	report, err := compare.Run(ctx, compare.Trial{Plan: plan, Inputs: inputs(3), Subjects: []compare.Subject{a, b}})
	if err != nil || report.Partial != "stopped in starts: context canceled" {
		t.Fatal(report, err)
	}
	if report.Arms[0].Latency == nil || len(report.Metrics) == 0 {
		t.Error("what was measured is not in the report")
	}
}
