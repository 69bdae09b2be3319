package compare_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/difference"
	"github.com/swapline/swapline/runtime/problem"
)

// plain is a subject that tells nothing of itself.
func plain(name string) compare.Subject {
	return compare.Subject{Arm: compare.Arm{Name: name}, Call: func(_ context.Context, in map[string]any, _ *compare.Use) difference.Answer {
		time.Sleep(10 * time.Microsecond)
		return echo(in)
	}}
}

func metric(r *compare.Report, name string) (compare.Metric, bool) {
	for _, m := range r.Metrics {
		if m.Name == name {
			return m, true
		}
	}
	return compare.Metric{}, false
}

func TestWhatArmsDoNotTellIsLeftOut(t *testing.T) {
	report := two(t, full(), plain("old"), plain("new"))
	a := report.Arms[1]
	if a.Split != nil || a.Cost.Memory != 0 || a.Cost.Compile.Known() || a.Cost.Cold.Known() || a.Cost.Instructions != 0 {
		t.Errorf("%+v", a)
	}
	for _, name := range []string{"instructions", "bytes_in", "bytes_out", "memory", "compile", "instantiate", "cold"} {
		if m, ok := metric(report, name); ok {
			t.Errorf("%+v", m)
		}
	}
	report = two(t, full(), plain("old"), timed("new", always(10*time.Microsecond), echo))
	if m, ok := metric(report, "bytes_in"); !ok || m.Scale != compare.Difference || m.Change != (compare.Interval{Lo: 100, Point: 100, Hi: 100}) {
		t.Errorf("nothing against 100 bytes: %+v", m)
	}
	for _, name := range []string{"instructions", "memory", "compile", "cold"} {
		if m, ok := metric(report, name); ok {
			t.Errorf("of one arm alone: %+v", m)
		}
	}
}

func TestTimeSpentAsideIsNoPartOfTheCall(t *testing.T) {
	s := plain("new")
	call, calls := s.Call, 0
	s.Call = func(ctx context.Context, in map[string]any, used *compare.Use) difference.Answer {
		a := call(ctx, in, used)
		if used.Parts {
			time.Sleep(time.Millisecond)
			used.Aside, used.Strategy, used.Whole = time.Millisecond, 8*time.Microsecond, "all of it"
			used.Instructions = 77
			if calls++; calls%20 == 0 { // interrupted
				time.Sleep(time.Second)
				used.Strategy += time.Second
			}
		}
		return a
	}
	report := two(t, small(), plain("old"), s)
	if got := report.Arms[1].Split; got == nil || got.Calls != 90 || got.Strategy != 8000 || got.Runtime != 2000 || got.Whole != "all of it" {
		t.Errorf("%+v", got)
	}
	if got := report.Arms[1].Latency.Max; got != 10*time.Microsecond {
		t.Errorf("%v: what tells of its parts is timed", got)
	}
	if got := report.Arms[1].Cost.Instructions; got != 77 {
		t.Errorf("%v instructions", got)
	}
}

func TestAllocationsAreThoseOfTheCalls(t *testing.T) {
	kept := make([]*[64]byte, 0, 100)
	s := plain("new")
	call := s.Call
	s.Call = func(ctx context.Context, in map[string]any, used *compare.Use) difference.Answer {
		kept = kept[:0]
		for range 30 {
			kept = append(kept, new([64]byte))
		}
		return call(ctx, in, used)
	}
	report := two(t, small(), plain("old"), s)
	old, c := report.Arms[0].Cost, report.Arms[1].Cost
	if less := c.Allocs - old.Allocs; less < 25 || less > 35 { // the rest of the process makes a few, too
		t.Errorf("%v allocations of a call, of the other %v", c.Allocs, old.Allocs)
	}
	if less := c.AllocBytes - old.AllocBytes; less < 25*64 || less > 35*64 {
		t.Errorf("%v bytes of a call, of the other %v", c.AllocBytes, old.AllocBytes)
	}
	if old.Allocs > 2 {
		t.Errorf("%v allocations of a call that makes none: copies are counted", old.Allocs)
	}
}

func TestWhatCannotBeLoadedAgainIsSaid(t *testing.T) {
	s := timed("new", always(10*time.Microsecond), echo)
	tries := 0
	s.Start = func(context.Context, map[string]any, bool) (compare.Start, error) {
		tries++
		return compare.Start{}, problem.New(problem.NativeBudget, "no room")
	}
	report := two(t, full(), timed("old", always(10*time.Microsecond), echo), s)
	if report.Partial != "" || tries != 1 || !strings.Contains(strings.Join(report.Notes, " "), "new could not be loaded again: ") {
		t.Errorf("%d tries, %q", tries, report.Notes)
	}
	s.Start = func(context.Context, map[string]any, bool) (compare.Start, error) {
		return compare.Start{}, errors.New("no")
	}
	if report = two(t, full(), plain("old"), s); report.Partial != "" {
		t.Error(report.Partial)
	}
}

func TestTheRealClockWaits(t *testing.T) {
	plan := small()
	plan.Calls, plan.Rounds, plan.WarmUp, plan.Rate, plan.OpenFor = 10, 10, 1, 2000, 20*time.Millisecond
	report, err := compare.Run(t.Context(), compare.Trial{Plan: plan, Inputs: inputs(10), Subjects: []compare.Subject{plain("old"), plain("new")}})
	if err != nil {
		t.Fatal(err)
	}
	if d := report.Arms[1].Open; d == nil || d.N != 40 || d.Min < 10*time.Microsecond {
		t.Errorf("%+v", d)
	}
}
