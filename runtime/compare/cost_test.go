package compare_test

import (
	"context"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/difference"
)

// These arms use real processor time, so that they run by the real clock.

// work keeps a processor busy.
func work(n int) (x uint64) {
	for i := range n {
		x = x*6364136223846793005 + uint64(i) //nolint:gosec // a loop
	}
	return x
}

const some = 15_000 // turns of work: some ten microseconds

// doing is an arm that does something in each call.
func doing(name string, something func()) compare.Subject {
	return compare.Subject{Arm: compare.Arm{Name: name}, Call: func(_ context.Context, in map[string]any, _ *compare.Use) difference.Answer {
		something()
		return difference.Answer{Out: in}
	}}
}

// loop runs the closed loop alone.
func loop(t *testing.T, arms ...compare.Subject) *compare.Report {
	t.Helper()
	report, err := compare.Run(t.Context(), compare.Trial{Subjects: arms, Inputs: inputs(20), Plan: compare.Plan{
		Seed: 1, Rounds: 10, Calls: 20, WarmUp: 1, Callers: -1, OpenFor: -1, Starts: -1, Samples: 200,
	}})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// costs are what the arms of a report cost.
func costs(report *compare.Report) (list []compare.Cost) {
	for _, a := range report.Arms {
		list = append(list, *a.Cost)
	}
	return list
}

func TestProcessorTimeIsWhatTheArmComputesWhereverItDoes(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs the processor time of processes")
	}
	var sink atomic.Uint64
	report := loop(t,
		doing("little", func() { sink.Add(work(some)) }),
		doing("much", func() { sink.Add(work(16 * some)) }),
		doing("on another goroutine", func() {
			done := make(chan uint64)
			go func() { done <- work(16 * some) }()
			sink.Add(<-done)
		}),
		doing("sleeping", func() { time.Sleep(time.Millisecond) }),
	)
	c := costs(report)
	if c[1].CPU < 4*c[0].CPU {
		t.Errorf("%v ns for sixteen times the work, %v ns for one", c[1].CPU, c[0].CPU)
	}
	if c[2].CPU < c[1].CPU/2 {
		t.Errorf("%v ns on another goroutine, %v ns on the caller's", c[2].CPU, c[1].CPU)
	}
	if c[3].CPU > float64(time.Millisecond)/2 {
		t.Errorf("%v ns of a millisecond asleep", c[3].CPU)
	}
	i := slices.IndexFunc(report.Health, func(c compare.Check) bool { return c.Name == "process" })
	if i < 0 || report.Health[i].Light == compare.Green && !strings.Contains(report.Health[i].Text, "while nobody called") {
		t.Errorf("nobody looked at what this process does by itself: %+v", report.Health)
	}
}

func TestAllocationsAreCountedAndWhatCollectingThemTakes(t *testing.T) {
	var kept atomic.Pointer[[]byte]
	c := costs(loop(t,
		doing("nothing", func() {}),
		doing("one", func() { b := make([]byte, 1024); kept.Store(&b) }),
		doing("much", func() { b := make([]byte, 1<<20); kept.Store(&b) }),
	))
	if c[0].Allocs > 1 || c[0].AllocBytes > 200 {
		t.Errorf("nothing: %+v", c[0])
	}
	if d := c[1].AllocBytes - c[0].AllocBytes; d < 1024 || d > 1300 || c[1].Allocs < 1.9 || c[1].Allocs > 3 {
		t.Errorf("1024 bytes and what points to them: %+v", c[1])
	}
	if c[2].Collecting < 100*c[1].Collecting || c[1].Collecting <= 0 {
		t.Errorf("collecting 1 MiB takes %v ns, 1 KiB %v ns", c[2].Collecting, c[1].Collecting)
	}
}

func TestWhatAnotherProcessUsesIsTheArms(t *testing.T) {
	var calls atomic.Int64
	var kept [10]*[64]byte
	apart := doing("apart", func() {
		calls.Add(1)
		for i := range kept {
			kept[i] = new([64]byte)
		}
	})
	life := int64(1)
	apart.Elsewhere = func(_ context.Context, thorough bool) compare.Apart {
		n := calls.Load()
		if n > 100 { // it crashed and was started again
			life = 2
		}
		p := compare.Apart{Life: life, Processor: time.Duration(n) * time.Second}
		if thorough {
			p.Allocs, p.AllocBytes = uint64(n)*1000, uint64(n)*1_000_000 //nolint:gosec // not negative
		}
		return p
	}
	c := costs(loop(t, doing("here", func() {}), apart))
	if got := c[1]; got.CPUElsewhere != 1e9 || got.CPU < 0.99e9 || got.CPU > 1.1e9 || got.Allocs < 1009 || got.Allocs > 1020 || got.AllocBytes < 1e6 || got.AllocBytes > 1.01e6 {
		t.Errorf("%+v", got)
	}
	if c[0].CPUElsewhere != 0 || c[0].CPU > 1e9 {
		t.Errorf("%+v", c[0])
	}
}

func TestAnArmWhoseProcessSaysNothingHasNoProcessorTime(t *testing.T) {
	var sink atomic.Uint64
	silent := doing("silent", func() { sink.Add(work(some)) })
	silent.Elsewhere = func(context.Context, bool) compare.Apart { return compare.Apart{} }
	if c := costs(loop(t, doing("here", func() {}), silent))[1]; c.CPU != 0 || c.CPUProcess != 0 || c.Allocs != 0 {
		t.Errorf("%+v", c)
	}
}

func TestThroughputIsToldWithTheProcessorsThatItTook(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs the processor time of processes")
	}
	var sink atomic.Uint64
	report, err := compare.Run(t.Context(), compare.Trial{
		Subjects: []compare.Subject{doing("computing", func() { sink.Add(work(some)) }), doing("sleeping", func() { time.Sleep(time.Millisecond) })},
		Inputs:   inputs(20),
		Plan:     compare.Plan{Seed: 1, Rounds: 10, Calls: 4, WarmUp: 1, Callers: 2, OpenFor: -1, Starts: -1, Samples: 200},
	})
	if err != nil {
		t.Fatal(err)
	}
	computing, sleeping := report.Arms[0].Cost, report.Arms[1].Cost
	if computing.Processors <= 0 || computing.Processors > float64(runtime.NumCPU())+1 || sleeping.Processors > 0.7 {
		t.Errorf("%v processors computing, %v sleeping", computing.Processors, sleeping.Processors)
	}
}
