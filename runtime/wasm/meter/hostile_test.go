package meter_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/wasm/meter"
	w "github.com/swapline/swapline/runtime/wasm/wasmtest"
)

// program is a module of functions func(), the first of which is exported as
// "run", with one memory and one table.
func program(pages, most uint32, bodies ...[]byte) []byte {
	types := make([][]byte, len(bodies))
	for i := range types {
		types[i] = w.U32(0)
	}
	return w.Module(w.Section(1, w.Vec(w.Func("", ""), w.Func("i", "i"))), w.Section(3, w.Vec(types...)),
		w.Section(4, w.Vec(w.Op(0x70, 1, 1, 0xa0, 0x8d, 0x06))),
		w.Section(5, w.Vec(w.Join(w.Op(1), w.U32(pages), w.U32(most)))),
		w.Section(7, w.Vec(w.Join(w.Name("run"), w.Op(0, 0)))),
		w.Section(9, w.Vec(w.Join(w.Op(0), w.I32(0), w.Op(0x0b), w.Vec(w.U32(0))))),
		w.Section(10, w.Vec(bodies...)))
}

// tree is a function that calls twice the next, and so on, without any loop:
// two to the power of levels calls.
func tree(levels int) []byte {
	bodies := make([][]byte, levels+1)
	for i := range levels {
		next := w.U32(uint32(i + 1))
		bodies[i] = w.Body(w.Op(0x10), next, w.Op(0x10), next)
	}
	bodies[levels] = w.Body()
	return program(1, 1, bodies...)
}

// endless repeats code in a loop.
func endless(code ...[]byte) []byte {
	return w.Body(w.Op(0x03, 0x40), w.Join(code...), w.Op(0x0c, 0, 0x0b))
}

func times(n int, code ...[]byte) []byte {
	var b []byte
	for range n {
		b = append(b, w.Join(code...)...)
	}
	return b
}

// fibonacci of n by recursion: of 50, some 40,000,000,000 calls.
func fibonacci(n int32) []byte {
	fib := w.Body(w.Op(0x20, 0), w.I32(2), w.Op(0x49, 0x04, 0x7f, 0x20, 0, 0x05),
		w.Op(0x20, 0), w.I32(1), w.Op(0x6b, 0x10, 1, 0x20, 0), w.I32(2), w.Op(0x6b, 0x10, 1, 0x6a, 0x0b))
	return w.Module(w.Section(1, w.Vec(w.Func("", ""), w.Func("i", "i"))), w.Section(3, w.Vec(w.U32(0), w.U32(1))),
		w.Section(7, w.Vec(w.Join(w.Name("run"), w.Op(0, 0)))),
		w.Section(10, w.Vec(w.Body(w.I32(n), w.Op(0x10, 1, 0x1a)), fib)))
}

// hostile are modules that run for hours, or take all memory, unless they are
// stopped.
func hostile() map[string][]byte {
	fill := w.Join(w.I32(0), w.I32(1), w.I32(64<<20), w.Op(0xfc, 11, 0))
	copies := w.Join(w.I32(0), w.I32(1), w.I32(32<<20), w.Op(0xfc, 10, 0, 0))
	tables := w.Join(w.I32(1), w.I32(0), w.I32(90_000), w.Op(0xfc, 14, 0, 0))
	entry := w.Join(w.I32(1), w.Op(0xd2, 0), w.I32(90_000), w.Op(0xfc, 17, 0))
	grown := w.Op(0xd0, 0x70, 0x41, 0x90, 0xbf, 0x05, 0xfc, 15, 0, 0x1a) // table.grow by 90,000
	return map[string][]byte{
		"loop-free tree of 2^45 calls": tree(45),
		"fib(50)":                      fibonacci(50),
		"empty loop":                   program(1, 1, endless()),
		"br_table loop":                program(1, 1, w.Body(w.Op(0x03, 0x40), w.I32(0), w.Op(0x0e, 1, 0, 0, 0x0b))),
		"memory.fill loop":             program(1024, 1024, endless(fill)),
		"memory.fill of 256 MB":        program(4096, 4096, endless(w.I32(0), w.I32(1), w.I32(256<<20), w.Op(0xfc, 11, 0))),
		"memory.copy of 255 MB":        program(4096, 4096, endless(w.I32(1<<20), w.I32(0), w.I32(255<<20), w.Op(0xfc, 10, 0, 0))),
		"memory.fill in a line":        program(1024, 1024, w.Body(times(10_000, fill))),
		"memory.copy in a line":        program(1024, 1024, w.Body(times(3000, copies))),
		"table.copy loop":              program(1, 1, w.Body(grown, w.Op(0x03, 0x40), times(100, tables), w.Op(0x0c, 0, 0x0b))),
		"table.fill loop":              program(1, 1, w.Body(grown, w.Op(0x03, 0x40), times(100, entry), w.Op(0x0c, 0, 0x0b))),
		"table.grow loop":              program(1, 1, endless(w.Op(0xd0, 0x70), w.I32(1), w.Op(0xfc, 15, 0, 0x1a))),
		"memory.grow loop":             program(1, 1024, endless(w.I32(1), w.Op(0x40, 0, 0x1a))),
		"ref.func loop":                program(1, 1, endless(w.Op(0xd2, 0, 0x1a))),
		"indirect calls":               program(1, 1, w.Body(times(2, w.I32(0), w.Op(0x11, 0, 0)))),
		"divisions":                    program(1, 1, endless(w.I64(-1<<62), times(1000, w.I64(3), w.Op(0x7f)), w.Op(0x1a))),
		"chain of missed loads":        program(4096, 4096, chase()),
	}
}

// chase fills 256 MB with pointers that jump about, and follows them.
func chase() []byte {
	const mask = 256<<20 - 4
	next := func(local ...byte) []byte { // the successor of an address
		return w.Join(local, w.I32(1664525), w.Op(0x6c), w.I32(1013904220), w.Op(0x6a), w.I32(mask), w.Op(0x71))
	}
	fill := w.Join(w.Op(0x03, 0x40, 0x20, 0), next(0x20, 0), w.Op(0x36, 2, 0, 0x20, 0), w.I32(4), w.Op(0x6a, 0x22, 0),
		w.I32(256<<20), w.Op(0x49, 0x0d, 0, 0x0b))
	follow := w.Join(w.Op(0x03, 0x40, 0x20, 0), times(1000, w.Op(0x28, 2, 0)), w.Op(0x21, 0, 0x0c, 0, 0x0b))
	return w.BodyWith(w.Vec(w.Op(1, i32)), fill, w.I32(4), w.Op(0x21, 0), follow)
}

// TestHostileModulesStop lets each run, on each engine, until the garbage collector has
// run three times beside it, which it cannot unless the module lets it. None of them
// ends by itself but by using up the stack.
func TestHostileModulesStop(t *testing.T) {
	for engine, m := range machines(t) {
		for name, module := range hostile() {
			t.Run(engine+"/"+name, func(t *testing.T) {
				h := &host{}
				i := m.start(t, rewrite(t, module), h)
				defer i.close()
				var cancel context.CancelFunc
				h.ctx, cancel = context.WithCancel(context.Background())
				defer cancel()
				var collecting sync.WaitGroup
				defer collecting.Wait()
				collecting.Go(func() {
					for range 3 {
						time.Sleep(5 * time.Millisecond)
						runtime.GC()
					}
					cancel()
				})
				if _, err := i.call("run", nil, 0); err == nil || h.ctx.Err() == nil && ending(err) != "stack exhausted" {
					t.Errorf("the call ended with %v", err)
				}
			})
		}
	}
}

// TestBudgetsAreExact: a call ends with ErrSpent if and only if its limit is
// below what it needs.
func TestBudgetsAreExact(t *testing.T) {
	metered := rewrite(t, tree(20))
	for engine, m := range machines(t) {
		h := &host{}
		i := m.start(t, metered, h)
		defer i.close()
		h.start(i, sliced)
		if _, err := i.call("run", nil, 0); err != nil {
			t.Fatal(err)
		}
		// Inner functions cost 1 and two calls, the 2^20 leaves cost 1.
		const want = 3*(1<<20-1) + 1<<20
		if used := h.account.Used(int64(i.get(meter.FuelGlobal))); used != want || h.ticks < 3 {
			t.Errorf("%s: the call used %d in %d slices, want %d", engine, used, h.ticks, want)
		}
		for limit, ends := range map[int64]error{want: nil, want - 1: meter.ErrSpent, 1: meter.ErrSpent} {
			i.set(meter.FuelGlobal, uint64(h.account.Begin(limit)))
			i.set(meter.DepthGlobal, meter.MaxDepth)
			if _, err := i.call("run", nil, 0); !errors.Is(err, ends) {
				t.Errorf("%s: with a limit of %d the call ends with %v, want %v", engine, limit, err, ends)
			}
		}
	}
}

// TestDepthIsLimited: recursion without end stops before the engine's stack
// does, and the module can go on with a new depth.
func TestDepthIsLimited(t *testing.T) {
	module := rewrite(t, program(1, 1, w.Body(w.Op(0x10, 0))))
	for engine, m := range machines(t) {
		if engine == "interpreter" {
			continue // it gives up after some thousand calls
		}
		h := &host{}
		i := m.start(t, module, h)
		defer i.close()
		for range 2 {
			h.start(i, sliced)
			if _, err := i.call("run", nil, 0); !errors.Is(err, meter.ErrDepth) {
				t.Errorf("%s: endless recursion ends with %v", engine, err)
			}
		}
	}
}
