package abi_test

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"weak"

	"github.com/swapline/swapline/abi"
)

func fee(amount int64) int64  { return amount / 100 }
func free(int64) int64        { return 0 }
func dear(amount int64) int64 { return amount }

type values = map[abi.Exposed]abi.Binding

func TestAPointHasItsOriginalValueUntilAHostBindsIt(t *testing.T) {
	p := abi.NewPoint("pricing.fee", fee)
	table := abi.NewPointTable()
	steps := []struct {
		name       string
		do         func()
		want       int64
		generation uint64
	}{
		{"made", func() {}, 5, 0},
		{"attached", func() { table.Attach(p) }, 5, 0},
		{"bound", func() { table.Publish(1, values{p: abi.Bind("pricing.fee", free)}) }, 0, 1},
		{"bound again", func() { table.Publish(2, values{p: abi.Bind("pricing.fee", dear)}) }, 500, 2},
		{"not named", func() { table.Publish(3, nil) }, 5, 3},
		{"bound to another type", func() { table.Publish(4, values{p: abi.Bind("pricing.fee", 7)}) }, 5, 4},
		{"bound to nothing", func() { table.Publish(5, values{p: {}}) }, 5, 5},
		{"bound once more", func() { table.Publish(6, values{p: abi.Bind("pricing.fee", dear)}) }, 500, 6},
		{"detached", func() { table.Detach(p) }, 5, 6},
		{"bound while detached", func() { table.Publish(7, values{p: abi.Bind("pricing.fee", dear)}) }, 5, 7},
		{"attached again", func() { table.Attach(p) }, 5, 7},
		{"bound at last", func() { table.Publish(8, values{p: abi.Bind("pricing.fee", dear)}) }, 500, 8},
		{"table closed", table.Close, 5, 0},
	}
	for _, s := range steps {
		s.do()
		if got := p.Load()(500); got != s.want {
			t.Errorf("%s: a fee of %d, want %d", s.name, got, s.want)
		}
		if v := p.View(); v.Generation() != s.generation || p.In(v)(500) != s.want {
			t.Errorf("%s: generation %d with a fee of %d, want %d with %d", s.name, v.Generation(), p.In(v)(500), s.generation, s.want)
		}
	}
}

// TestAnInterfaceIsNotTheTypeThatImplementsIt: identical means identical.
func TestAnInterfaceIsNotTheTypeThatImplementsIt(t *testing.T) {
	p := abi.NewPoint[error]("host.refusal", abi.Reject("no", "no"))
	table := abi.NewPointTable()
	table.Attach(p)
	yes := abi.Reject("yes", "yes")
	table.Publish(1, values{p: abi.Bind("host.refusal", yes)})
	if p.Load().Error() != "no: no" {
		t.Error("a *Error took the place of an error")
	}
	table.Publish(2, values{p: abi.Bind[error]("host.refusal", yes)})
	if p.Load() != error(yes) {
		t.Error("an error did not take its place")
	}
}

func TestAPointReadsOneTableAtATime(t *testing.T) {
	p := abi.NewPoint("a.b", 1)
	first, second := abi.NewPointTable(), abi.NewPointTable()
	if !first.Attach(p) || first.Attach(p) || second.Attach(p) {
		t.Fatal("attached twice")
	}
	second.Detach(p)
	first.Publish(1, values{p: abi.Bind("a.b", 2)})
	second.Publish(1, values{p: abi.Bind("a.b", 3)})
	if p.Load() != 2 {
		t.Errorf("the point has %d", p.Load())
	}
	first.Close()
	if !second.Attach(p) {
		t.Fatal("a closed table keeps the point")
	}
	second.Publish(2, values{p: abi.Bind("a.b", 3)})
	if p.Load() != 3 {
		t.Errorf("the point has %d", p.Load())
	}
}

// TestAPlaceThatIsUsedAgainNeverShowsAnotherPointsValue reads old views through
// new points and the other way round.
func TestAPlaceThatIsUsedAgainNeverShowsAnotherPointsValue(t *testing.T) {
	a, b, c := abi.NewPoint("a.a", 1), abi.NewPoint("a.b", 2), abi.NewPoint("a.c", 3)
	table := abi.NewPointTable()
	table.Attach(a)
	table.Publish(1, values{a: abi.Bind("a.a", 10)})
	old := a.View()
	table.Detach(a)
	table.Attach(b) // where a was
	table.Attach(c) // beyond what the old view has
	table.Publish(2, values{b: abi.Bind("a.b", 20), c: abi.Bind("a.c", 30)})
	if b.In(old) != 2 || c.In(old) != 3 || a.In(b.View()) != 1 || a.In(old) != 10 {
		t.Errorf("%d %d %d %d", b.In(old), c.In(old), a.In(b.View()), a.In(old))
	}
	if b.Load() != 20 || c.Load() != 30 {
		t.Errorf("%d %d", b.Load(), c.Load())
	}
	table.Attach(a) // its place is taken: it gets a new one
	table.Publish(3, values{a: abi.Bind("a.a", 11), b: abi.Bind("a.b", 21)})
	if a.Load() != 11 || b.Load() != 21 || a.In(old) != 1 {
		t.Errorf("%d %d %d", a.Load(), b.Load(), a.In(old))
	}
}

func TestAPointThatWasNotMadeHasNoName(t *testing.T) {
	var none *abi.Point[int]
	if none.Name() != "" || new(abi.Point[int]).Name() != "" || abi.NewPoint("a.b", 1).Name() != "a.b" {
		t.Error("wrong names")
	}
	if b := (abi.Binding{}); b.Name() != "" || b.Value() != nil {
		t.Error("a binding of nothing")
	}
	if v, ok := abi.Bind("a.b", 1).Value().(*int); !ok || *v != 1 {
		t.Error("a binding lost its value")
	}
	if v, ok := abi.NewPoint("a.b", 1).Original().(*int); !ok || *v != 1 {
		t.Error("a point lost its value")
	}
}

// TestAViewOutlivesADetach: also what is attached again keeps its place.
func TestAViewOutlivesADetach(t *testing.T) {
	a, b := abi.NewPoint("a.a", 1), abi.NewPoint("a.b", 2)
	table := abi.NewPointTable()
	table.Attach(a)
	table.Attach(b)
	table.Publish(1, values{a: abi.Bind("a.a", 10), b: abi.Bind("a.b", 20)})
	old := a.View()
	table.Detach(a, b)
	if a.In(old) != 10 || b.In(old) != 20 || a.Load() != 1 || b.Load() != 2 {
		t.Errorf("detached: %d %d %d %d", a.In(old), b.In(old), a.Load(), b.Load())
	}
	table.Attach(b)
	table.Attach(a)
	if a.In(old) != 10 || b.In(old) != 20 || a.Load() != 1 || b.Load() != 2 {
		t.Errorf("attached again: %d %d %d %d", a.In(old), b.In(old), a.Load(), b.Load())
	}
}

// TestAViewIsOfOneInstant binds two points to one number at a time while many
// read both: through a view the two always agree and never go back.
func TestAViewIsOfOneInstant(t *testing.T) {
	const rounds = 20_000
	a, b := abi.NewPoint("a.a", uint64(0)), abi.NewPoint("a.b", uint64(0))
	table := abi.NewPointTable()
	table.Attach(a)
	table.Attach(b)
	var done atomic.Bool
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			last := uint64(0)
			for !done.Load() {
				v := a.View()
				x, y := a.In(v), b.In(v)
				if x != y || x != v.Generation() || x < last {
					t.Errorf("generation %d has %d and %d after %d", v.Generation(), x, y, last)
					return
				}
				last = x
				if now := a.Load(); now < last {
					t.Errorf("a load went back from %d to %d", last, now)
					return
				}
			}
		})
	}
	passing := abi.NewPoint("a.c", uint64(0))
	for n := uint64(1); n <= rounds; n++ {
		table.Publish(n, values{a: abi.Bind("a.a", n), b: abi.Bind("a.b", n)})
		if n%2 == 1 { // others come and go meanwhile
			table.Attach(passing)
		} else {
			table.Detach(passing)
		}
	}
	done.Store(true)
	wg.Wait()
}

func TestWhatIsNoLongerBoundCanBeCollected(t *testing.T) {
	for name, undo := range map[string]func(*abi.PointTable, abi.Exposed){
		"published without": func(table *abi.PointTable, _ abi.Exposed) { table.Publish(2, nil) },
		"detached":          func(table *abi.PointTable, p abi.Exposed) { table.Detach(p) },
		"closed":            func(table *abi.PointTable, _ abi.Exposed) { table.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			p := abi.NewPoint("a.b", func() byte { return 0 })
			table := abi.NewPointTable()
			table.Attach(p)
			kept := bindMegabyte(table, p)
			if runtime.GC(); kept.Value() == nil || p.Load()() != 7 {
				t.Fatal("collected while it is bound")
			}
			undo(table, p)
			for range 10 {
				if runtime.GC(); kept.Value() == nil {
					return
				}
			}
			t.Error("something still refers to the value")
			runtime.KeepAlive(table)
			runtime.KeepAlive(p)
		})
	}
}

func bindMegabyte(table *abi.PointTable, p *abi.Point[func() byte]) weak.Pointer[[1 << 20]byte] {
	big := new([1 << 20]byte)
	big[0] = 7
	table.Publish(1, values{p: abi.Bind("a.b", func() byte { return big[0] })})
	return weak.Make(big)
}

func TestLoadAllocatesNothing(t *testing.T) {
	p := abi.NewPoint("pricing.fee", fee)
	table := abi.NewPointTable()
	table.Attach(p)
	table.Publish(1, values{p: abi.Bind("pricing.fee", free)})
	if n := testing.AllocsPerRun(100, func() { v := p.View(); p.In(v)(p.Load()(1)) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkPoint compares, in one run, a call through a plain variable with one
// through a point.
func BenchmarkPoint(b *testing.B) {
	plain := fee
	p := abi.NewPoint("pricing.fee", fee)
	b.Run("variable", func(b *testing.B) { sink = measure(b, func() func(int64) int64 { return plain }) })
	b.Run("unattached", func(b *testing.B) { sink = measure(b, p.Load) })
	table := abi.NewPointTable()
	table.Attach(p)
	b.Run("original", func(b *testing.B) { sink = measure(b, p.Load) })
	table.Publish(1, values{p: abi.Bind("pricing.fee", dear)})
	b.Run("bound", func(b *testing.B) { sink = measure(b, p.Load) })
	b.Run("parallel", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			var sum int64
			for pb.Next() {
				sum += p.Load()(500)
			}
			_ = sum
		})
	})
	_ = plain
}

var sink int64

func measure(b *testing.B, load func() func(int64) int64) (sum int64) {
	b.ReportAllocs()
	for b.Loop() {
		sum += load()(500)
	}
	return sum
}
