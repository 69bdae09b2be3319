package compare

import (
	"context"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/difference"
)

// dial is a process of which each figure moves only when somebody moves it: its clock,
// what it has used of processors, and its heap with a collector.
type dial struct {
	mu        sync.Mutex
	passed    time.Duration
	processor time.Duration
	heap      runtime.MemStats
}

const (
	readingTakes    = 7 * time.Microsecond // of a processor
	collectingTakes = 2 * time.Millisecond
	room            = 1 << 20 // bytes that a collection leaves
)

func newDial() *dial { return &dial{heap: runtime.MemStats{NextGC: room}} }

// use lets time pass in which processors are used.
func (d *dial) use(wall, processor time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.passed += wall
	d.processor += processor
}

// allocate allocates objects of so many bytes each. Whoever fills the heap waits for
// the collector.
func (d *dial) allocate(objects int, size uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for range objects {
		d.heap.Mallocs++
		d.heap.TotalAlloc += size
		if d.heap.HeapAlloc += size; d.heap.HeapAlloc >= d.heap.NextGC {
			d.collectLocked()
		}
	}
}

func (d *dial) collectLocked() {
	d.processor += collectingTakes
	d.heap.NumGC++
	d.heap.HeapAlloc = 0
}

func (d *dial) source() source {
	return source{
		processor: func() (time.Duration, bool) {
			d.use(0, readingTakes)
			d.mu.Lock()
			defer d.mu.Unlock()
			return d.processor, true
		},
		heap: func(to *runtime.MemStats) {
			d.mu.Lock()
			defer d.mu.Unlock()
			*to = d.heap
		},
		collect: func() {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.collectLocked()
		},
	}
}

func (d *dial) now() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return time.Unix(0, 0).Add(d.passed)
}

// doing is an arm that does something in each call.
func doing(name string, something func()) Subject {
	return Subject{Arm: Arm{Name: name}, Call: func(_ context.Context, in map[string]any, _ *Use) difference.Answer {
		something()
		return difference.Answer{Out: in}
	}}
}

// alone is the closed loop alone.
func alone() Plan {
	return Plan{Seed: 1, Rounds: 10, Calls: 20, WarmUp: 1, Callers: -1, OpenFor: -1, Starts: -1, Samples: 200}
}

// measured compares on a process of a dial.
func (d *dial) measured(t *testing.T, plan Plan, arms ...Subject) *Report {
	t.Helper()
	r, err := prepare(Trial{Subjects: arms, Plan: plan, Inputs: []map[string]any{{"a": int64(1)}, {"a": int64(2)}}, Now: d.now, Wait: func(w time.Duration) { d.use(w, 0) }})
	if err != nil {
		t.Fatal(err)
	}
	r.gauge.source = d.source()
	if err := r.measure(t.Context()); err != nil {
		t.Fatal(err)
	}
	return r.report()
}

// costs are what the arms cost.
func (d *dial) costs(t *testing.T, arms ...Subject) (list []Cost) {
	t.Helper()
	for _, a := range d.measured(t, alone(), arms...).Arms {
		list = append(list, *a.Cost)
	}
	return list
}

// near allows for the rounding of means.
func near(got, want float64) bool { return math.Abs(got-want) <= 1e-9*math.Abs(want) }

func TestProcessorTimeIsWhatTheArmComputesWhereverItDoes(t *testing.T) {
	d := newDial()
	const some = 10 * time.Microsecond
	c := d.costs(t,
		doing("little", func() { d.use(some, some) }),
		doing("much", func() { d.use(16*some, 16*some) }),
		doing("on three threads", func() { d.use(some, 3*some) }),
		doing("sleeping", func() { d.use(time.Millisecond, 0) }),
	)
	for i, want := range []time.Duration{some, 16 * some, 3 * some, 0} {
		if got := c[i]; !near(got.CPU, float64(want)) || !near(got.CPUProcess, float64(want)) {
			t.Errorf("arm %d: %v ns, with the rest of the process %v, want %d", i+1, got.CPU, got.CPUProcess, want)
		}
	}
}

func TestAllocationsAreCountedAndWhatCollectingThemTakes(t *testing.T) {
	d := newDial()
	const some = 10 * time.Microsecond
	c := d.costs(t,
		doing("nothing", func() { d.use(some, some) }),
		doing("one", func() { d.allocate(1, 1024) }),
		doing("much", func() { d.use(some, some); d.allocate(3, room/16) }), // five calls and a bit fill the heap
	)
	for i, want := range []struct{ allocs, bytes float64 }{{0, 0}, {1, 1024}, {3, 3 * room / 16}} {
		if got := c[i]; !near(got.Allocs, want.allocs) || !near(got.AllocBytes, want.bytes) {
			t.Errorf("arm %d: %v allocations, %v bytes", i+1, got.Allocs, got.AllocBytes)
		}
		// A collection reads the processor time twice; the second reading counts.
		if want := want.bytes / room * float64(collectingTakes+readingTakes); !near(c[i].Collecting, want) {
			t.Errorf("arm %d: collecting takes %v ns, want %v", i+1, c[i].Collecting, want)
		}
	}
	if got := c[2]; got.CPU != 0 || got.CPUProcess <= float64(some) {
		t.Errorf("%v ns of its own, though all windows have a collection, %v with those", got.CPU, got.CPUProcess)
	}
}

func TestCollectionsAreNoProcessorTimeOfTheArm(t *testing.T) {
	d := newDial()
	const some = 10 * time.Microsecond
	plan := alone()
	plan.Calls = 600 // and 16 before; the heap is full after 512
	report := d.measured(t, plan, doing("old", func() {}), doing("new", func() { d.use(some, some); d.allocate(1, room/512) }))
	if c := report.Arms[1].Cost; !near(c.CPU, float64(some)) || !near(c.CPUProcess, float64(some)+float64(collectingTakes)/600) {
		t.Errorf("%v ns of its own, %v with collections", c.CPU, c.CPUProcess)
	}
}

func TestWhatAnotherProcessUsesIsTheArms(t *testing.T) {
	d := newDial()
	calls := 0
	apart := doing("apart", func() {
		calls++
		d.use(time.Second, 10*time.Microsecond)
		d.allocate(10, 64)
	})
	apart.Elsewhere = func(_ context.Context, thorough bool) Apart {
		p := Apart{Life: 1, Processor: time.Duration(calls) * time.Second}
		if calls > 100 { // it crashed and was started again
			p.Life = 2
		}
		if thorough {
			p.Allocs, p.AllocBytes = uint64(calls)*1000, uint64(calls)*1_000_000 //nolint:gosec // not negative
		}
		return p
	}
	c := d.costs(t, doing("here", func() { d.use(1, 1) }), apart)
	if got := c[1]; got.CPUElsewhere != 1e9 || !near(got.CPU, 1e9+10_000) || !near(got.Allocs, 1010) || !near(got.AllocBytes, 1_000_640) {
		t.Errorf("%+v", got)
	}
	if c[0].CPUElsewhere != 0 || !near(c[0].CPU, 1) {
		t.Errorf("%+v", c[0])
	}
}

func TestAnArmWhoseProcessSaysNothingHasNoProcessorTime(t *testing.T) {
	d := newDial()
	silent := doing("silent", func() { d.use(1000, 1000); d.allocate(1, 10) })
	silent.Elsewhere = func(context.Context, bool) Apart { return Apart{} }
	if c := d.costs(t, doing("here", func() {}), silent)[1]; c.CPU != 0 || c.CPUProcess != 0 || c.Allocs != 0 {
		t.Errorf("%+v", c)
	}
}

func TestThroughputIsToldWithTheProcessorsThatItTook(t *testing.T) {
	d := newDial()
	plan := alone()
	plan.Callers = 2
	arms := d.measured(t, plan,
		doing("on three processors", func() { d.use(time.Millisecond, 3*time.Millisecond) }),
		doing("asleep", func() { d.use(time.Millisecond, 0) })).Arms
	for i, want := range []float64{3, 0} {
		// Of each round one of its two readings is seen.
		if got := arms[i].Cost; got.Processors < want || got.Processors > want+0.01 || got.Callers != 2 || !near(got.Throughput, 1000) {
			t.Errorf("arm %d: %+v", i+1, got)
		}
	}
}

// TestWhatThisProcessDoesWhileNobodyCallsIsLookedAt goes by the real clock, by which
// nobody calls for a while between rounds.
func TestWhatThisProcessDoesWhileNobodyCallsIsLookedAt(t *testing.T) {
	idle := func() { time.Sleep(100 * time.Microsecond) }
	r, err := prepare(Trial{Plan: alone(), Subjects: []Subject{doing("old", idle), doing("new", idle)}, Inputs: []map[string]any{{}}})
	if err != nil {
		t.Fatal(err)
	}
	d := newDial()
	r.gauge.source = d.source()
	r.gauge.source.processor = func() (time.Duration, bool) { return 0, true }
	if err := r.measure(t.Context()); err != nil {
		t.Fatal(err)
	}
	health := r.report().Health
	if i := slices.IndexFunc(health, func(c Check) bool { return c.Name == "process" }); i < 0 || !strings.Contains(health[i].Text, "and 0.000 of one while nobody called") {
		t.Errorf("%+v", health)
	}
}
