package compare_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/difference"
)

// serial is a subject that does one call at a time, which others wait for.
func serial(name string, takes func(n int) time.Duration) compare.Subject {
	s := timed(name, takes, echo)
	var place chan struct{}
	call := s.Call
	s.Call = func(ctx context.Context, in map[string]any, used *compare.Use) difference.Answer {
		if place == nil { // made within the bubble, by the first call
			place = make(chan struct{}, 1)
		}
		place <- struct{}{}
		defer func() { <-place }()
		return call(ctx, in, used)
	}
	return s
}

func TestAFixedRateShowsWhoWaitedForAStall(t *testing.T) {
	plan := full()
	plan.Callers, plan.Rate, plan.OpenFor, plan.Starts = -1, 5_000, time.Second, -1
	// One call of 300 takes 20 ms: a hundred others are due meanwhile.
	usual := around(10*time.Microsecond, 4)
	stalls := func(n int) time.Duration {
		if n%300 == 0 {
			return 20 * time.Millisecond
		}
		return usual(n)
	}
	report := two(t, plan, serial("old", around(10*time.Microsecond, 5)), serial("new", stalls))
	old, stalled := report.Arms[0], report.Arms[1]
	if stalled.Latency.P99 > 20*time.Microsecond {
		t.Errorf("one after the other: %v at p99", stalled.Latency.P99)
	}
	if p := stalled.Open.P90; p < 5*time.Millisecond || p > 20*time.Millisecond {
		t.Errorf("at a fixed rate %v at p90: who waited for the stall is left out", p)
	}
	if old.Open.P90 > 30*time.Microsecond || old.Open.N != stalled.Open.N || old.Open.Rate != 5000 {
		t.Errorf("%+v", old.Open)
	}
	if n := old.Open.N; n < 4800 || n > 5200 {
		t.Errorf("%d calls at 5000 a second for a second", n)
	}
	if report.Health[0].Light != compare.Green || report.Verdicts[0].Word != compare.Equivalent {
		t.Errorf("%+v", report.Verdicts)
	}
}

func TestWhoCouldNotBeginWaitedToo(t *testing.T) {
	plan := full()
	plan.Callers, plan.Rate, plan.OpenFor, plan.Starts = -1, 200_000, 120*time.Millisecond, -1
	// A stall of 20 ms: thousands of calls are due meanwhile, 256 are in flight.
	usual := around(time.Microsecond, 4)
	stalls := func(n int) time.Duration {
		if n%5000 == 0 {
			return 20 * time.Millisecond
		}
		return usual(n)
	}
	report := two(t, plan, serial("old", around(time.Microsecond, 5)), serial("new", stalls))
	if p := report.Arms[1].Open.P90; p < 5*time.Millisecond {
		t.Errorf("%v at p90: latency counts from when a call was due, not from when it began", p)
	}
	if p := report.Arms[0].Open.P99; p > time.Millisecond {
		t.Errorf("%v at p99 without a stall", p)
	}
}

func TestSlowCallsDelayNobodyElse(t *testing.T) {
	plan := full()
	plan.Metric, plan.Rate, plan.OpenFor, plan.Starts = "open_latency_p99", 5_000, 200*time.Millisecond, -1
	report := two(t, plan, timed("old", always(10*time.Millisecond), echo), timed("new", always(10*time.Millisecond), echo))
	if d := report.Arms[0].Open; d.P50 != 10*time.Millisecond || d.Max != 10*time.Millisecond {
		t.Errorf("fifty calls at a time: %+v", d)
	}
	if v := report.Verdicts[0]; v.Word != compare.Equivalent || !strings.Contains(v.Sentence, "at the 99th percentile at 5000 calls a second") {
		t.Errorf("%+v", v)
	}
	if light(report, "generator") != compare.Green {
		t.Errorf("%+v", report.Health)
	}
}

func TestMoreThanAnArmCanDoIsSaid(t *testing.T) {
	plan := full()
	plan.Callers, plan.Rate, plan.OpenFor, plan.Starts, plan.Calls = -1, 1_000, 12*time.Second, -1, 20
	report := two(t, plan, serial("old", always(100*time.Microsecond)), serial("new", always(20*time.Millisecond)))
	a := report.Arms[1].Open
	if a.N != report.Arms[0].Open.N || a.P50 < 100*time.Millisecond {
		t.Errorf("what was never begun is left out: %+v", a)
	}
	if light(report, "generator") != compare.Yellow {
		t.Errorf("%+v", report.Health)
	}
}

func TestThroughputIsThatOfAllCallersAtOnce(t *testing.T) {
	plan := full()
	plan.OpenFor = -1
	report := two(t, plan, timed("old", always(time.Millisecond), echo), serial("new", always(time.Millisecond)))
	if one := report.Arms[0].Cost; one.Throughput != 4000 || one.Callers != 4 {
		t.Errorf("four callers, a millisecond each: %+v", one)
	}
	if one := report.Arms[1].Cost; one.Throughput != 1000 {
		t.Errorf("one at a time: %+v", one)
	}
	for _, m := range report.Metrics {
		if m.Name == "throughput" && (!m.HigherIsBetter || m.Change.Point != 0.25 || !m.Clear) {
			t.Errorf("%+v", m)
		}
		if m.Name == "open_latency_p50" {
			t.Error("an open loop that the plan leaves out")
		}
	}
}

func TestTheRateIsHalfOfWhatTheSlowestCanDo(t *testing.T) {
	report := two(t, full(), timed("old", always(time.Millisecond), echo), timed("new", always(2*time.Millisecond), echo))
	if got := report.Arms[0].Open.Rate; got != 1000 {
		t.Errorf("%v: four callers of 2 ms can do 2000", got)
	}
	plan := full()
	plan.Callers = -1
	report = two(t, plan, timed("old", always(time.Millisecond), echo), timed("new", always(2*time.Millisecond), echo))
	if got := report.Arms[0].Open.Rate; got != 250 {
		t.Errorf("%v: one caller of 2 ms can do 500", got)
	}
}
