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
	d := newDial()
	g := gauge{source: d.source()}
	if cost := g.collect(); !near(cost, float64(collectingTakes+readingTakes)/room) {
		t.Errorf("a collection took %v ns a byte", cost)
	}
	before := g.read()
	d.allocate(5, room/10)
	if !before.calm || !g.read().since(before).calm {
		t.Error("half of the heap is used, and a collection is suspected")
	}
	d.allocate(2, room/10)
	if g.read().since(before).calm {
		t.Error("the heap is so large that a collection may have begun")
	}
	d.allocate(3, room/10)
	d.allocate(1, room/10)
	if after := g.read(); after.calm || after.since(before).calm {
		t.Error("a collection ran")
	}
	if g.collect(); !g.read().calm {
		t.Error("nothing happened since")
	}
}

// TestThisProcessIsWhatIsRead: of the real figures, those that no other goroutine and
// no load can change the meaning of.
func TestThisProcessIsWhatIsRead(t *testing.T) {
	g := gauge{source: thisProcess()}
	g.collect()
	before := g.read()
	kept := make([][]byte, 1000)
	for i := range kept {
		kept[i] = make([]byte, 1024)
	}
	if got := g.read().since(before); got.allocs < 1000 || got.allocBytes < 1000*1024 {
		t.Errorf("%d allocations, %d bytes", got.allocs, got.allocBytes)
	}
	if g.source.collect(); g.read().calm {
		t.Error("a collection ran")
	}
	runtime.KeepAlive(kept)
}

// TestProcessorTimeIsThatOfAllThreads computes on another thread: more turns than any
// processor makes in ten milliseconds.
func TestProcessorTimeIsThatOfAllThreads(t *testing.T) {
	before, known := processTime()
	if !known {
		t.Skip("this system does not tell processor time")
	}
	runtime.LockOSThread() // so that the goroutine runs on another one
	defer runtime.UnlockOSThread()
	turned := make(chan uint64)
	go func() {
		x := uint64(1)
		for range 100_000_000 { // each waits for the one before
			x = x*6364136223846793005 + 1
		}
		turned <- x
	}()
	<-turned
	if now, _ := processTime(); now-before < 10*time.Millisecond {
		t.Errorf("%v for what another thread computed", now-before)
	}
}

func TestAReadingAllocatesNothing(t *testing.T) {
	g := gauge{source: thisProcess()}
	g.collect()
	fewest := uint64(math.MaxUint64) // the rest of the process may allocate meanwhile
	for range 20 {
		first := g.read()
		for range 100 {
			g.read()
		}
		fewest = min(fewest, g.read().since(first).allocs)
	}
	if fewest > 20 {
		t.Errorf("%d allocations by 100 readings", fewest)
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

func TestASleeperWakesWhenItIsTimeAndDoesNotTurnUntilThen(t *testing.T) {
	turns := 0
	s := sleeper{clock: newClock(func() time.Time { turns++; return time.Now() }, nil)}
	defer s.close()
	for _, d := range []time.Duration{-time.Second, 0, imprecise / 2, imprecise + 1, 2 * time.Millisecond} {
		began := s.clock.now()
		if s.sleep(d); s.clock.now()-began < d {
			t.Errorf("%v was less", d)
		}
	}
	turns = 0
	s.sleep(100 * time.Millisecond)
	// What is left to turn for is imprecise at most, and no turn takes less than a nanosecond.
	if turns > int(imprecise) {
		t.Errorf("%d turns instead of sleep", turns)
	}
}

func TestWaitingIsLeftToWhoeverIsGivenForIt(t *testing.T) {
	var asked []time.Duration
	s := sleeper{clock: newClock(nil, func(d time.Duration) { asked = append(asked, d) })}
	defer s.close()
	if s.sleep(time.Hour); !slices.Equal(asked, []time.Duration{time.Hour}) {
		t.Error(asked)
	}
}
