//go:build wasmtime && cgo && linux && amd64

package wasmtimeengine_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/swapline/swapline/runtime/wasm"
	"github.com/swapline/swapline/runtime/wasm/guard"
	w "github.com/swapline/swapline/runtime/wasm/wasmtest"
	"github.com/swapline/swapline/runtime/wasm/wasmtimeengine"
	"github.com/swapline/swapline/runtime/wasm/wazeroengine"
)

// both are the engines that must behave alike.
func both(tb testing.TB) map[string]wasm.Engine {
	tb.Helper()
	wazero, err := wazeroengine.New(wazeroengine.Config{})
	if err != nil {
		tb.Fatal(err)
	}
	engines := map[string]wasm.Engine{wazeroengine.Name: wazero, wasmtimeengine.Name: newEngine(tb, wasmtimeengine.Config{})}
	tb.Cleanup(func() {
		for _, e := range engines {
			if err := e.Close(context.Background()); err != nil {
				tb.Error(err)
			}
		}
	})
	return engines
}

// program is a module with one function "f" of type i of its types; index 0 is
// the import "host" "f" of type 0, func(i64) i64. Global 0 is a mutable i32, "g".
func program(i uint32, more []byte, code ...[]byte) []byte {
	return w.Module(
		w.Section(1, w.Vec(w.Func("I", "I"), w.Func("", ""), w.Func("i", "i"))),
		w.Section(2, w.Vec(w.Join(w.Name("host"), w.Name("f"), w.Op(0, 0)))),
		w.Section(3, w.Vec(w.U32(i))),
		w.Section(4, w.Vec(w.Op(0x70, 0, 2))),
		w.Section(5, w.Vec(w.Op(0, 1))),
		w.Section(6, w.Vec(w.Join(w.Op(0x7f, 1), w.I32(5), w.Op(0x0b)), w.Join(w.Op(0x7e, 0), w.I64(7), w.Op(0x0b)))),
		w.Section(7, w.Vec(w.Join(w.Name("f"), w.Op(0, 1)), w.Join(w.Name("memory"), w.Op(2, 0)),
			w.Join(w.Name("g"), w.Op(3, 0)), w.Join(w.Name("constant"), w.Op(3, 1)))),
		more,
		w.Section(10, w.Vec(w.Body(code...))),
	)
}

const callHost = 0x10

// imports are the import of program.
func imports(call func(h *wasm.Host, m wasm.Memory, stack []uint64) error) []wasm.Import {
	long := []guard.ValueType{guard.I64}
	return []wasm.Import{{Module: "host", Name: "f", Type: guard.FuncType{Params: long, Results: long}, Call: call}}
}

func double(_ *wasm.Host, _ wasm.Memory, stack []uint64) error {
	stack[0] *= 2
	return nil
}

func compile(tb testing.TB, e wasm.Engine, module []byte, call func(*wasm.Host, wasm.Memory, []uint64) error) wasm.Module {
	tb.Helper()
	m, err := e.Compile(context.Background(), module, wasm.Compile{Imports: imports(call), MemoryPages: 4})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := m.Close(context.Background()); err != nil {
			tb.Error(err)
		}
	})
	return m
}

func instantiate(tb testing.TB, m wasm.Module) wasm.Guest {
	tb.Helper()
	g, err := m.Instantiate(context.Background(), nil, nil)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := g.Close(context.Background()); err != nil {
			tb.Error(err)
		}
	})
	return g
}

// run calls f of program's guest on an engine.
func run(tb testing.TB, e wasm.Engine, module []byte, call func(*wasm.Host, wasm.Memory, []uint64) error, stack ...uint64) error {
	tb.Helper()
	return instantiate(tb, compile(tb, e, module, call)).Func("f")(context.Background(), stack)
}

var errOwn = errors.New("an error of ours")

type typed struct{ n int }

func (typed) Error() string { return "a typed error" }

func TestAnErrorOfAnImportIsFoundInTheErrorOfTheCall(t *testing.T) {
	module := program(0, nil, w.Op(0x20, 0, callHost, 0))
	for name, e := range both(t) {
		failing := func(*wasm.Host, wasm.Memory, []uint64) error {
			return fmt.Errorf("%w, %w and %w", errOwn, wasm.ErrInterrupted, typed{7})
		}
		err := run(t, e, module, failing, 1)
		var found typed
		if !errors.Is(err, errOwn) || !errors.Is(err, wasm.ErrInterrupted) || !errors.As(err, &found) || found.n != 7 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAPanicInAnImportEndsTheCallAlone(t *testing.T) {
	module := program(0, nil, w.Op(0x20, 0, callHost, 0))
	for name, e := range both(t) {
		m := compile(t, e, module, func(_ *wasm.Host, _ wasm.Memory, stack []uint64) error {
			if stack[0] == 1 {
				panic("out of order")
			}
			return nil
		})
		if err := instantiate(t, m).Func("f")(context.Background(), []uint64{1}); err == nil || !strings.Contains(err.Error(), "out of order") {
			t.Errorf("%s: %v", name, err)
		}
		if err := instantiate(t, m).Func("f")(context.Background(), []uint64{2}); err != nil {
			t.Errorf("%s: the next guest: %v", name, err)
		}
	}
}

// TestTrapsAreToldInTheSameWords compares the first line, which is recorded.
func TestTrapsAreToldInTheSameWords(t *testing.T) {
	engines := both(t)
	zero := w.I32(0)
	for name, code := range map[string][]byte{
		"unreachable":       w.Op(0x00),
		"division by zero":  w.Join(w.I32(1), zero, w.Op(0x6d, 0x1a)),
		"overflow":          w.Join(w.I32(-1<<31), w.I32(-1), w.Op(0x6d, 0x1a)),
		"not a number":      w.Join(w.Op(0x43, 0, 0, 0xc0, 0x7f), w.Op(0xa8, 0x1a)),
		"too large":         w.Join(w.Op(0x43, 0, 0, 0, 0x7f), w.Op(0xa8, 0x1a)),
		"load outside":      w.Join(w.I32(-4), w.Op(0x28, 2, 0, 0x1a)),
		"load far outside":  w.Join(w.I32(-1), w.Op(0x28, 2, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x1a)),
		"load just outside": w.Join(w.I32(65533), w.Op(0x28, 2, 0, 0x1a)),
		"fill outside":      w.Join(w.I32(65536), zero, w.I32(1), w.Op(0xfc, 11, 0)),
		"entry is null":     w.Join(zero, w.Op(0x11, 1, 0)),
		"no entry":          w.Join(w.I32(9), w.Op(0x11, 1, 0)),
		"table set outside": w.Join(w.I32(9), w.Op(0xd0, 0x70, 0x26, 0)),
	} {
		told := map[string]string{}
		for engine, e := range engines {
			if err := run(t, e, program(1, nil, code), double); err != nil {
				told[engine], _, _ = strings.Cut(err.Error(), "\n")
			}
		}
		if told[wasmtimeengine.Name] == "" || told[wasmtimeengine.Name] != told[wazeroengine.Name] {
			t.Errorf("%s: %q", name, told)
		}
	}
}

func TestATrapTellsWhereItWas(t *testing.T) {
	name := w.Section(0, w.Name("name"), w.Op(1), w.Sized(w.Vec(w.Join(w.U32(1), w.Name("broken")))))
	module := append(program(1, nil, w.Op(0x00)), name...)
	err := run(t, newEngine(t, wasmtimeengine.Config{}), module, double)
	if err == nil || err.Error() != "wasm error: unreachable\nwasm stack trace:\n\tbroken" {
		t.Errorf("%v", err)
	}
}

// TestLimitsHoldWhateverTheModuleDeclares: four pages and 100,000 entries.
func TestLimitsHoldWhateverTheModuleDeclares(t *testing.T) {
	for name, e := range both(t) {
		g := instantiate(t, compile(t, e, program(2, nil, w.Op(0x20, 0, 0x40, 0)), double))
		for _, step := range []struct {
			pages uint64
			want  int32
			size  uint32
		}{{4, -1, 1}, {3, 1, 4}, {1, -1, 4}, {65535, -1, 4}, {1<<32 - 1, -1, 4}, {0, 4, 4}} {
			stack := []uint64{step.pages}
			if err := g.Func("f")(context.Background(), stack); err != nil || int32(stack[0]) != step.want || g.Size() != step.size<<16 {
				t.Errorf("%s: grow by %d = %d, %v, then %d bytes", name, step.pages, int32(stack[0]), err, g.Size())
			}
		}
	}
	g := instantiate(t, compile(t, newEngine(t, wasmtimeengine.Config{}), program(2, nil, w.Op(0xd0, 0x70, 0x20, 0, 0xfc, 15, 0)), double))
	for _, step := range []struct {
		entries uint64
		want    int32
	}{{99_999, -1}, {99_998, 2}, {1, -1}, {1<<32 - 1, -1}} {
		stack := []uint64{step.entries}
		if err := g.Func("f")(context.Background(), stack); err != nil || int32(stack[0]) != step.want {
			t.Errorf("table.grow by %d = %d, %v", step.entries, int32(stack[0]), err)
		}
	}
}

func TestReadAndWriteStayInside(t *testing.T) {
	g := instantiate(t, compile(t, newEngine(t, wasmtimeengine.Config{}), program(1, nil), double))
	for _, c := range []struct {
		ptr, size uint32
		inside    bool
	}{{0, 0, true}, {0, 65536, true}, {65535, 1, true}, {65536, 0, true}, {65536, 1, false}, {0, 65537, false}, {1<<32 - 1, 1, false},
		{1<<32 - 16, 32, false}, {32, 1<<32 - 16, false}} {
		b, ok := g.Read(c.ptr, c.size)
		if ok != c.inside || ok && len(b) != int(c.size) {
			t.Errorf("Read(%d, %d) = %d bytes, %t", c.ptr, c.size, len(b), ok)
		}
		if c.size < 1<<20 && g.Write(c.ptr, make([]byte, c.size)) != c.inside {
			t.Errorf("Write(%d, %d)", c.ptr, c.size)
		}
	}
}

func TestImportsSeeTheMemoryAsItIs(t *testing.T) {
	grows := program(0, nil, w.I32(2), w.Op(0x40, 0, 0x1a), w.I32(70_000), w.I32(9), w.Op(0x3a, 0, 0, 0x20, 0, callHost, 0))
	looks := func(_ *wasm.Host, m wasm.Memory, stack []uint64) error {
		b, ok := m.Read(70_000, 1)
		if !ok || b[0] != 9 || m.Size() != 3<<16 || !m.Write(70_001, []byte{4}) {
			return errOwn
		}
		return nil
	}
	for name, e := range both(t) {
		g := instantiate(t, compile(t, e, grows, looks))
		if err := g.Func("f")(context.Background(), []uint64{1}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if b, ok := g.Read(70_001, 1); !ok || b[0] != 4 {
			t.Errorf("%s: what the import wrote is %v, %t", name, b, ok)
		}
	}
}

// TestTheStartFunctionMayCallImports, with the memory, before the guest is there.
func TestTheStartFunctionMayCallImports(t *testing.T) {
	start := w.Section(8, w.U32(1))
	module := program(1, start, w.I64(3), w.Op(callHost, 0, 0x1a))
	for name, e := range both(t) {
		writes := func(_ *wasm.Host, m wasm.Memory, stack []uint64) error {
			if stack[0] != 3 || !m.Write(10, []byte("hi")) {
				return errOwn
			}
			return nil
		}
		if b, ok := instantiate(t, compile(t, e, module, writes)).Read(10, 2); !ok || string(b) != "hi" {
			t.Errorf("%s: %q, %t", name, b, ok)
		}
		fails := func(*wasm.Host, wasm.Memory, []uint64) error { return errOwn }
		if g, err := compile(t, e, module, fails).Instantiate(context.Background(), nil, nil); g != nil || !errors.Is(err, errOwn) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOnlyMutableGlobalsAreGiven(t *testing.T) {
	g := instantiate(t, compile(t, newEngine(t, wasmtimeengine.Config{}), program(2, nil, w.Op(0x23, 0)), double))
	for _, name := range []string{"constant", "f", "memory", "none"} {
		if g.Global(name) != nil {
			t.Errorf("there is a global %s", name)
		}
	}
	for _, name := range []string{"constant", "g", "memory", "none"} {
		if g.Func(name) != nil {
			t.Errorf("there is a function %s", name)
		}
	}
	v, stack := g.Global("g"), []uint64{0}
	if v.Get() != 5 {
		t.Errorf("it starts with %d", v.Get())
	}
	v.Set(1<<40 | 1<<31)
	if err := g.Func("f")(context.Background(), stack); err != nil || uint32(stack[0]) != 1<<31 || v.Get() != 1<<31 {
		t.Errorf("set to 2^31 it is %d, the guest sees %d, %v", v.Get(), stack[0], err)
	}
}

func TestAClosedGuestDoesNothing(t *testing.T) {
	ctx := context.Background()
	m := compile(t, newEngine(t, wasmtimeengine.Config{}), program(0, nil, w.Op(0x20, 0)), double)
	g := instantiate(t, m)
	f, v := g.Func("f"), g.Global("g")
	if err := errors.Join(g.Close(ctx), g.Close(ctx)); err != nil {
		t.Error(err)
	}
	v.Set(1)
	_, readable := g.Read(0, 0)
	if f(ctx, []uint64{1}) == nil || readable && g.Size() > 0 || g.Write(0, []byte{1}) || v.Get() != 0 || g.Func("f") != nil || g.Global("g") != nil {
		t.Error("a closed guest answers")
	}
	if _, err := g.Freeze(); err == nil {
		t.Error("a closed guest can be frozen")
	}
}

// TestAGuestOutlivesItsModule: a call may be under way when a release is closed.
func TestAGuestOutlivesItsModule(t *testing.T) {
	ctx := context.Background()
	m := compile(t, newEngine(t, wasmtimeengine.Config{}), program(0, nil, w.Op(0x20, 0, callHost, 0)), double)
	g := instantiate(t, m)
	if err := errors.Join(m.Close(ctx), m.Close(ctx)); err != nil {
		t.Error(err)
	}
	stack := []uint64{21}
	if err := g.Func("f")(ctx, stack); err != nil || stack[0] != 42 {
		t.Errorf("%d, %v", stack[0], err)
	}
	if _, err := m.Instantiate(ctx, nil, nil); err == nil {
		t.Error("a closed module makes guests")
	}
}

func TestWhatIsOverIsInterrupted(t *testing.T) {
	e := newEngine(t, wasmtimeengine.Config{})
	m := compile(t, e, program(1, nil), double)
	over, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := m.Instantiate(over, nil, nil); !errors.Is(err, wasm.ErrInterrupted) {
		t.Errorf("Instantiate: %v", err)
	}
	if _, err := e.Compile(over, program(1, nil), wasm.Compile{}); !errors.Is(err, wasm.ErrInterrupted) {
		t.Errorf("Compile: %v", err)
	}
}

func TestImportsThatTheHostDoesNotOfferAreRefused(t *testing.T) {
	e := newEngine(t, wasmtimeengine.Config{})
	if _, err := e.Compile(context.Background(), program(1, nil), wasm.Compile{MemoryPages: 4}); err == nil {
		t.Error("an import without a function")
	}
	other := imports(double)
	other[0].Type.Results = nil
	if _, err := e.Compile(context.Background(), program(1, nil), wasm.Compile{Imports: other, MemoryPages: 4}); err == nil {
		t.Error("an import of another type")
	}
}

// TestACallAllocatesNothing, with an import and a global.
func TestACallAllocatesNothing(t *testing.T) {
	g := instantiate(t, compile(t, newEngine(t, wasmtimeengine.Config{}), program(0, nil, w.Op(0x20, 0, callHost, 0)), double))
	f, v, stack := g.Func("f"), g.Global("g"), make([]uint64, 2)
	n := testing.AllocsPerRun(100, func() {
		stack[0] = 4
		v.Set(uint64(v.Get() + 1))
		if err := f(context.Background(), stack); err != nil || stack[0] != 8 {
			t.Errorf("%d, %v", stack[0], err)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestHammer starts, calls, breaks and closes guests of one module on many
// threads.
func TestHammer(t *testing.T) {
	m := compile(t, newEngine(t, wasmtimeengine.Config{}), program(0, nil, w.Op(0x20, 0, callHost, 0)),
		func(_ *wasm.Host, _ wasm.Memory, stack []uint64) error {
			if stack[0]%5 == 0 {
				return errOwn
			}
			return double(nil, nil, stack)
		})
	var wg sync.WaitGroup
	for worker := range uint64(8) {
		wg.Go(func() {
			for i := range uint64(200) {
				hit(t, m, worker*1000+i)
			}
		})
	}
	wg.Wait()
}

func hit(t *testing.T, m wasm.Module, n uint64) {
	g, err := m.Instantiate(context.Background(), nil, nil)
	if err != nil {
		t.Error(err)
		return
	}
	stack := []uint64{n}
	err = g.Func("f")(context.Background(), stack)
	if errors.Is(err, errOwn) != (n%5 == 0) || err == nil && stack[0] != 2*n {
		t.Errorf("f(%d) = %d, %v", n, stack[0], err)
	}
	if err := g.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

func BenchmarkCall(b *testing.B) {
	for name, e := range both(b) {
		for what, code := range map[string][]byte{"nothing": w.Op(0x20, 0), "import": w.Op(0x20, 0, callHost, 0)} {
			g := instantiate(b, compile(b, e, program(0, nil, code), double))
			f, stack := g.Func("f"), []uint64{1}
			b.Run(name+"/"+what, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					_ = f(context.Background(), stack)
				}
			})
		}
		v := instantiate(b, compile(b, e, program(1, nil), double)).Global("g")
		b.Run(name+"/global", func(b *testing.B) {
			for b.Loop() {
				v.Set(v.Get())
			}
		})
		m := compile(b, e, program(1, nil), double)
		b.Run(name+"/instantiate", func(b *testing.B) {
			for b.Loop() {
				g, err := m.Instantiate(context.Background(), nil, nil)
				if err != nil {
					b.Fatal(err)
				}
				_ = g.Close(context.Background())
			}
		})
	}
}
