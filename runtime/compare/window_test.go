package compare

import (
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestAWindowWithACollectionIsNotCalm(t *testing.T) {
	var g gauge
	if cost := g.collect(); cost <= 0 {
		t.Errorf("a collection took %v ns a byte", cost)
	}
	before := g.read()
	if !before.calm || !g.read().since(before).calm {
		t.Error("nothing happened, and a collection is suspected")
	}
	g.limit = float64(g.stats.HeapAlloc) - 1
	if g.read().since(before).calm {
		t.Error("the heap is so large that a collection may have begun")
	}
	g.limit = math.Inf(1)
	runtime.GC()
	if after := g.read(); after.calm || after.since(before).calm {
		t.Error("a collection ran")
	}
}

func TestAReadingAllocatesNothing(t *testing.T) {
	var g gauge
	g.collect()
	first := g.read()
	for range 100 {
		g.read()
	}
	if n := g.read().since(first).allocs; n > 20 {
		t.Errorf("%d allocations by 100 readings", n)
	}
}

// used is a round of ten calls in one window.
func used(cpu, apart time.Duration, calm bool) round {
	a := &arm{}
	one := round{made: 10, served: 10}
	one.count(a, window{meter{cpu: cpu, cpuKnown: true, allocs: 40, allocBytes: 400, calm: calm, apart: Apart{Processor: apart}}, 10, 1})
	return one
}

func TestOwnProcessorTimeLeavesOutCollectionsAndEmptyWindows(t *testing.T) {
	a := &arm{rounds: []round{used(1100, 0, true), used(9100, 0, false), used(2100, 0, true)}}
	for i := range a.rounds {
		a.rounds[i].empty = meter{cpu: 100, allocs: 10, allocBytes: 100}
	}
	if got := cpuOf(a); got[0] != 100 || !math.IsNaN(got[1]) || got[2] != 200 {
		t.Errorf("own: %v", got)
	}
	if got := cpuWholeOf(a); !slices.Equal(got, []float64{100, 900, 200}) {
		t.Errorf("of the whole process: %v", got)
	}
	if n, bytes := allocsOf(a), allocatedOf(a); n[1] != 3 || bytes[1] != 30 {
		t.Errorf("%v allocations, %v bytes", n, bytes)
	}
	x, y := bothKnown(cpuOf(a), []float64{1, 2, math.NaN()})
	if !slices.Equal(x, []float64{100}) || !slices.Equal(y, []float64{1}) {
		t.Errorf("pairs that are known: %v, %v", x, y)
	}
}

func TestAnArmThatAllocatesMuchHasSmallerWindows(t *testing.T) {
	a := &arm{}
	for _, want := range []int{256, 128, 64, 32, 16, 16} {
		if got := a.atOnce(); got != want {
			t.Errorf("%d calls in a window, want %d", got, want)
		}
		a.rounds = append(a.rounds, used(1000, 0, false))
	}
	if a.rounds = []round{used(1000, 0, true)}; a.atOnce() != 256 {
		t.Error("a window was calm")
	}
}

func TestAProcessThatWasReplacedIsNotComparedWithTheOneBefore(t *testing.T) {
	for text, c := range map[string]struct{ before, after, want Apart }{
		"the same":  {Apart{7, 10, 3, 100}, Apart{7, 25, 5, 160}, Apart{7, 15, 2, 60}},
		"another":   {Apart{7, 10, 3, 100}, Apart{8, 25, 5, 160}, Apart{}},
		"gone":      {Apart{7, 10, 3, 100}, Apart{}, Apart{}},
		"backwards": {Apart{7, 10, 3, 100}, Apart{7, 25, 2, 160}, Apart{}},
		"a liar":    {Apart{7, 10, 3, 100}, Apart{7, 25, 5, 99}, Apart{}},
		"a clock":   {Apart{7, 10, 3, 100}, Apart{7, 9, 5, 160}, Apart{}},
	} {
		if got := c.after.since(c.before); got != c.want {
			t.Errorf("%s: %+v", text, got)
		}
	}
}

func TestWhatThisProcessDoesByItselfIsSaid(t *testing.T) {
	quiet := func() *run {
		one := round{wall: time.Second, made: 1000, used: window{meter{cpu: time.Second, cpuKnown: true, allocBytes: 100_000}, 1000, 1}}
		return &run{arms: []*arm{{Subject: Subject{Arm: Arm{Name: "new"}}, rounds: []round{one}}},
			idle: idle{100 * time.Millisecond, meter{cpu: time.Millisecond, cpuKnown: true}}}
	}
	if f := quiet().process(); f.Light != Green || !strings.Contains(f.Text, "0.010 of one while nobody called") {
		t.Errorf("%+v", f)
	}
	busy := quiet()
	busy.idle.used.cpu = 20 * time.Millisecond
	if f := busy.process(); f.Light != Yellow || !strings.Contains(f.Text, "0.20 of one while nobody called") {
		t.Errorf("%+v", f)
	}
	noisy := quiet()
	noisy.idle.used.allocBytes = 3000 // 30 bytes in the millisecond of a call that allocates 100
	if f := noisy.process(); f.Light != Yellow || !strings.Contains(f.Text, "30 bytes a call of what new allocates") {
		t.Errorf("%+v", f)
	}
	noisy.idle.used.allocBytes = 1000 // 10: nobody minds
	if f := noisy.process(); f.Light != Green {
		t.Errorf("%+v", f)
	}
	unknown := quiet()
	unknown.idle.wall = 0
	if f := unknown.process(); f.Light != Green || strings.Contains(f.Text, "nobody") {
		t.Errorf("%+v", f)
	}
}

func TestASleeperWakesWhenItIsTimeAndUsesNoProcessorUntilThen(t *testing.T) {
	s := sleeper{clock: newClock(nil, nil)}
	defer s.close()
	for _, d := range []time.Duration{-time.Second, 0, imprecise / 2, imprecise + 1, 2 * time.Millisecond} {
		began := s.clock.now()
		if s.sleep(d); s.clock.now()-began < d {
			t.Errorf("%v was less", d)
		}
	}
	began, before := s.clock.now(), readCPU(t)
	for range 40 {
		s.sleep(1400 * time.Microsecond)
	}
	wall := s.clock.now() - began
	if used := readCPU(t) - before; runtime.GOOS == "linux" && used > wall/2 {
		t.Errorf("%v of %v asleep went into turning", used, wall)
	}
}

func readCPU(t *testing.T) time.Duration {
	t.Helper()
	cpu, known := processTime()
	if !known {
		t.Skip("this system does not tell processor time")
	}
	return cpu
}

func TestWaitingIsLeftToWhoeverIsGivenForIt(t *testing.T) {
	var asked []time.Duration
	s := sleeper{clock: newClock(nil, func(d time.Duration) { asked = append(asked, d) })}
	defer s.close()
	if s.sleep(time.Hour); !slices.Equal(asked, []time.Duration{time.Hour}) {
		t.Error(asked)
	}
}
