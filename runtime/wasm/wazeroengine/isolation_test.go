package wazeroengine_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/wasm"
	"github.com/swapline/swapline/runtime/wasm/guard"
	"github.com/swapline/swapline/runtime/wasm/snapshot"
	w "github.com/swapline/swapline/runtime/wasm/wasmtest"
)

// rememberer tries to keep something: it writes the byte b to an address, sets
// globals of all types, grows its memory, and calls an import. Its start
// function leaves a mark, so it must not run again.
func rememberer(pages byte) []byte {
	return w.Module(
		w.Section(1, w.Vec(w.Func("ii", ""), w.Func("i", "i"), w.Func("", ""))),
		w.Section(2, w.Vec(w.Join(w.Name("host"), w.Name("call"), w.Op(0, 2)))),
		w.Section(3, w.Vec(w.U32(0), w.U32(1), w.U32(2), w.U32(2))),
		w.Section(5, w.Vec(w.Op(1, pages, 64))),
		w.Section(6, w.Vec(w.Op(0x7f, 1, 0x41, 1, 0x0b), w.Op(0x7e, 1, 0x42, 2, 0x0b),
			w.Op(0x7d, 1, 0x43, 0, 0, 0x80, 0x3f, 0x0b), w.Op(0x7c, 1, 0x44, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0x0b))),
		w.Section(7, w.Vec(w.Join(w.Name("write"), w.Op(0, 1)), w.Join(w.Name("grow"), w.Op(0, 2)), w.Join(w.Name("call"), w.Op(0, 4)))),
		w.Section(8, w.U32(3)),
		w.Section(10, w.Vec(
			w.Body(w.Op(0x20, 0, 0x20, 1, 0x3a, 0, 0), // store
				w.Op(0x23, 0, 0x20, 1, 0x6a, 0x24, 0), w.Op(0x23, 1, 0x20, 1, 0xac, 0x7c, 0x24, 1), // add to integers
				w.Op(0x23, 2, 0x8c, 0x24, 2), w.Op(0x23, 3, 0x9a, 0x24, 3)), // negate floats
			w.Body(w.Op(0x20, 0, 0x40, 0)),
			w.Body(w.I32(16), w.I32(16), w.Op(0x2d, 0, 0), w.I32(1), w.Op(0x6a, 0x3a, 0, 0)), // byte 16 ++
			w.Body(w.Op(0x10, 0)),
		)),
		w.Section(11, w.Vec(w.Join(w.U32(0), w.I32(8), w.Op(0x0b), w.Sized([]byte("data"))))),
	)
}

// TestAGuestThatTriesToRemember: whatever it does, the next call finds what was
// frozen.
func TestAGuestThatTriesToRemember(t *testing.T) {
	for _, pages := range []byte{1, 3, 40} {
		t.Run(fmt.Sprint(pages, " pages"), func(t *testing.T) {
			s := compile(t, rememberer(pages))
			first := s.guest(nil)
			s.call(first, snapshot.FillExport)
			s.call(first, "write", 100, 5)
			st := s.freeze(first)
			want := s.content(first)
			if want[16] != 1 || want[100] != 5 || string(want[8:12]) != "data" {
				t.Fatal("the first guest is not ready")
			}
			var all sync.WaitGroup
			for i, g := range []wasm.Guest{first, s.guest(st.image), s.guest(st.image)} {
				s.thaw(g, st)
				all.Go(func() { s.remember(g, st, want, rand.New(rand.NewPCG(uint64(i), 1))) })
			}
			all.Wait()
		})
	}
}

func (s *subject) content(g wasm.Guest) []byte {
	b, ok := g.Read(0, g.Size())
	if !ok {
		s.t.Error("the memory cannot be read")
	}
	return bytes.Clone(b)
}

func (s *subject) remember(g wasm.Guest, st *state, want []byte, r *rand.Rand) {
	size := uint64(g.Size())
	for round := range 100 {
		if !bytes.Equal(s.content(g), want) || !slices.Equal(s.globals(g), st.globals) {
			s.t.Errorf("round %d: the guest is not what it was", round)
			return
		}
		for _, at := range []uint64{0, 16, size - 1, r.Uint64N(size), r.Uint64N(size), size - 1 - r.Uint64N(64)} {
			if err := g.Func("write")(context.Background(), []uint64{at, 1 + r.Uint64N(255)}); err != nil {
				s.t.Error(err)
			}
		}
		if !g.Write(uint32(r.Uint64N(size-10)), []byte("host")) {
			s.t.Error("the host cannot write")
		}
		if slices.Equal(s.globals(g), st.globals) {
			s.t.Error("the globals did not change")
		}
		if err := g.Restore(st.image); err != nil {
			s.t.Error(err)
		}
		s.thaw(g, st)
	}
}

func TestAGuestThatGrowsIsReplaced(t *testing.T) {
	s := compile(t, rememberer(3))
	first := s.guest(nil)
	s.call(first, snapshot.FillExport)
	st := s.freeze(first)
	g := s.guest(st.image)
	if old := s.call(g, "grow", 2); old != 3 || g.Size() != 5<<16 {
		t.Fatalf("grew from %d to %d bytes", old, g.Size())
	}
	s.call(g, "write", 5<<16-1, 1)
	if err := g.Restore(st.image); !errors.Is(err, snapshot.ErrGrown) {
		t.Error(err)
	}
	if old := s.call(g, "grow", 64); uint32(old) != 0xffffffff {
		t.Errorf("it grew beyond its maximum: %d", old)
	}
	if err := s.guest(nil).Restore(st.image); !errors.Is(err, snapshot.ErrForeign) {
		t.Error(err)
	}
}

// TestAFrozenGuestStartsWithWhatGrew: the image may be larger than the memory
// that the module declares.
func TestAFrozenGuestStartsWithWhatGrew(t *testing.T) {
	s := compile(t, rememberer(1))
	first := s.guest(nil)
	s.call(first, snapshot.FillExport)
	s.call(first, "grow", 7)
	s.call(first, "write", 8<<16-1, 9)
	st := s.freeze(first)
	g := s.guest(st.image)
	if g.Size() != 8<<16 {
		t.Fatalf("%d bytes", g.Size())
	}
	s.call(g, "write", 8<<16-2, 9)
	s.restore(g, st)
	if b := s.content(g); b[8<<16-1] != 9 || b[8<<16-2] != 0 {
		t.Error("the last page is not what it was")
	}
	if old := s.call(g, "grow", 1); old != 8 {
		t.Errorf("grew from %d", old)
	}
}

func TestAGuestWithoutMemoryIsFrozenToo(t *testing.T) {
	s := compile(t, w.Module(w.Section(6, w.Vec(w.Op(0x7f, 1, 0x41, 7, 0x0b)))))
	first := s.guest(nil)
	s.call(first, snapshot.FillExport)
	st := s.freeze(first)
	g := s.guest(st.image)
	g.Global(s.prepared.Globals[0]).Set(8)
	s.restore(g, st)
	if v := s.globals(g)[0]; v != 7 {
		t.Errorf("the global is %d", v)
	}
	if _, ok := g.Read(0, 1); ok || g.Write(0, []byte{1}) || g.Size() != 0 {
		t.Error("it has a memory")
	}
}

// TestAClosedGuestIsOfNoUse: its memory is gone, so nothing may reach it.
func TestAClosedGuestIsOfNoUse(t *testing.T) {
	s := compile(t, rememberer(3))
	first := s.guest(nil)
	st := s.freeze(first)
	g, err := s.module.Instantiate(context.Background(), nil, st.image)
	if err != nil {
		t.Fatal(err)
	}
	write := g.Func("write")
	for range 2 {
		s.close(g)
	}
	if write(context.Background(), []uint64{0, 0}) == nil || g.Restore(st.image) == nil {
		t.Error("a closed guest was used")
	}
	if g.Func("write") != nil || g.Global(s.prepared.Globals[0]) != nil {
		t.Error("a closed guest has exports")
	}
	if _, err := g.Freeze(); err == nil {
		t.Error("a closed guest was frozen")
	}
	if _, ok := g.Read(0, 1); ok || g.Write(0, []byte{1}) || g.Size() != 0 {
		t.Error("a closed guest has a memory")
	}
}

// TestAModuleIsClosedUnderACall: the memory stays until the guest is closed.
func TestAModuleIsClosedUnderACall(t *testing.T) {
	inside, leave := make(chan struct{}), make(chan struct{})
	s := compileWith(t, rememberer(3), func(_ *wasm.Host, m wasm.Memory, _ []uint64) error {
		close(inside)
		<-leave
		if !m.Write(3<<16-4, []byte("last")) {
			t.Error("the memory is gone")
		}
		return nil
	})
	g := s.guest(nil)
	ended := make(chan error)
	go func() { ended <- g.Func("call")(context.Background(), nil) }()
	<-inside
	if err := s.module.Close(context.Background()); err != nil {
		t.Error(err)
	}
	close(leave)
	<-ended // with or without an error
	if b := s.content(g); string(b[3<<16-4:]) != "last" {
		t.Error("the memory is gone")
	}
}

// TestGuestsLeaveNothing counts maps and descriptors of the process.
func TestGuestsLeaveNothing(t *testing.T) {
	if _, err := os.Stat("/proc/self/maps"); err != nil {
		t.Skip("no list of maps")
	}
	s := compile(t, rememberer(3))
	trapping := compileAsIs(t, w.Module(w.Section(1, w.Vec(w.Func("", ""))), w.Section(3, w.Vec(w.U32(0))), w.Section(5, w.Vec(w.Op(0, 3))),
		w.Section(8, w.U32(0)), w.Section(10, w.Vec(w.Body(w.Op(0))))))
	first := s.guest(nil)
	s.call(first, snapshot.FillExport)
	st := s.freeze(first)
	cycle := func() {
		g, err := s.module.Instantiate(context.Background(), nil, st.image)
		if err != nil {
			t.Fatal(err)
		}
		s.call(g, "write", 1000, 1)
		s.call(g, "grow", 1)
		s.close(g)
		if _, err := trapping.Instantiate(context.Background(), nil, nil); err == nil {
			t.Fatal("a start function that traps has no effect")
		}
	}
	cycle()
	maps, files := entries(t, "/proc/self/maps"), descriptors(t)
	for range 1000 {
		cycle()
	}
	if n := entries(t, "/proc/self/maps"); n > maps+100 {
		t.Errorf("%d maps, before %d", n, maps)
	}
	if n := descriptors(t); n > files {
		t.Errorf("%d descriptors, before %d", n, files)
	}
}

func entries(t *testing.T, path string) int {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Count(b, []byte("\n"))
}

func descriptors(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

func TestCallsAndRestoresAllocateNothing(t *testing.T) {
	for _, pages := range []byte{1, 10} {
		calls, mark := 0, []byte{1}
		s := compileWith(t, rememberer(pages), func(_ *wasm.Host, m wasm.Memory, _ []uint64) error {
			calls++
			m.Write(3, mark)
			return nil
		})
		first := s.guest(nil)
		s.call(first, snapshot.FillExport)
		st := s.freeze(first)
		g := s.guest(st.image)
		write, call, stack := g.Func("write"), g.Func("call"), make([]uint64, 2)
		globals := make([]wasm.Global, len(s.prepared.Globals))
		for i, name := range s.prepared.Globals {
			globals[i] = g.Global(name)
		}
		n := testing.AllocsPerRun(100, func() {
			stack[0], stack[1] = 7, 7
			if write(context.Background(), stack) != nil || call(context.Background(), stack) != nil || g.Restore(st.image) != nil {
				t.Error("a call failed")
			}
			for i := range globals {
				globals[i].Set(st.globals[i])
			}
		})
		if n != 0 || calls == 0 {
			t.Errorf("%v allocations, %d calls of the import", n, calls)
		}
	}
}

// TestAGoGuestAnswersTheSameAfterEveryRestore: the answer of a call depends on
// its input alone, whichever guest serves it.
func TestAGoGuestAnswersTheSameAfterEveryRestore(t *testing.T) {
	s := compile(t, riskscore(t))
	if s.prepared.Fresh != "" {
		t.Fatal(s.prepared.Fresh)
	}
	first := s.guest(nil)
	s.ready(first)
	st := s.freeze(first)
	want := s.execute(first, abi.ExportExecute, payment())
	s.restore(first, st)
	content := s.content(first)
	for range 3 {
		g := s.guest(st.image)
		s.thaw(g, st)
		for range 60 {
			if got := s.execute(g, abi.ExportExecute, payment()); !bytes.Equal(got, want) {
				t.Fatalf("%q, want %q", got, want)
			}
			s.restore(g, st)
			if !bytes.Equal(s.content(g), content) {
				t.Fatal("the memory differs from the image")
			}
		}
	}
	described, err := guard.Parse(s.prepared.Module, guard.Limits{})
	if err != nil || described.DataSegments != 1 {
		t.Errorf("%d segments, %v", described.DataSegments, err)
	}
}
