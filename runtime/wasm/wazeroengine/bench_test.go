package wazeroengine_test

import (
	"context"
	"testing"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/wasm"
	"github.com/swapline/swapline/runtime/wasm/wasmtest"
)

// BenchmarkInstantiate compares a guest made from the module with one made from
// an image.
func BenchmarkInstantiate(b *testing.B) {
	for name, module := range map[string][]byte{"small": wasmtest.Guest{}.Module(), "go": riskscore(b)} {
		b.Run(name+"/module", func(b *testing.B) {
			m := compileAsIs(b, module)
			b.ReportAllocs()
			for b.Loop() {
				g, err := m.Instantiate(context.Background(), nil, nil)
				if err != nil {
					b.Fatal(err)
				}
				g.Close(context.Background())
			}
		})
		b.Run(name+"/image", func(b *testing.B) {
			s := compile(b, module)
			first := s.guest(nil)
			if name == "go" {
				s.ready(first)
			}
			st := s.freeze(first)
			b.ReportAllocs()
			for b.Loop() {
				g, err := s.module.Instantiate(context.Background(), nil, st.image)
				if err != nil {
					b.Fatal(err)
				}
				s.thaw(g, st)
				g.Close(context.Background())
			}
		})
	}
}

// BenchmarkCall compares calls on a guest that keeps its state with calls that
// are followed by a restore. It reports how much of the time is the restore's.
func BenchmarkCall(b *testing.B) {
	for name, module := range map[string][]byte{"small": wasmtest.Guest{}.Module(), "go": riskscore(b)} {
		s := compile(b, module)
		first := s.guest(nil)
		if name == "go" {
			s.ready(first)
		}
		st := s.freeze(first)
		b.Run(name+"/call", func(b *testing.B) {
			call := newCaller(s, s.guest(st.image), st)
			b.ReportAllocs()
			for b.Loop() {
				call.once(b)
			}
		})
		b.Run(name+"/call+restore", func(b *testing.B) {
			call := newCaller(s, s.guest(st.image), st)
			b.ReportAllocs()
			for b.Loop() {
				call.once(b)
				call.restore(b)
			}
		})
	}
}

// caller has at hand what a call needs, as a host has.
type caller struct {
	guest          wasm.Guest
	state          *state
	alloc, execute wasm.Func
	globals        []wasm.Global
	in             []byte
	stack          []uint64
}

func newCaller(s *subject, g wasm.Guest, st *state) *caller {
	c := &caller{guest: g, state: st, alloc: g.Func(abi.ExportAlloc), execute: g.Func(abi.ExportExecute), stack: make([]uint64, 2)}
	for _, name := range s.prepared.Globals {
		c.globals = append(c.globals, g.Global(name))
	}
	s.thaw(g, st)
	c.in, _ = wire.Append(nil, payment())
	return c
}

func (c *caller) once(t testing.TB) {
	c.stack[0] = uint64(len(c.in))
	if err := c.alloc(context.Background(), c.stack); err != nil {
		t.Fatal(err)
	}
	c.guest.Write(uint32(c.stack[0]), c.in)
	c.stack[1] = uint64(len(c.in))
	if err := c.execute(context.Background(), c.stack); err != nil {
		t.Fatal(err)
	}
}

func (c *caller) restore(t testing.TB) {
	if err := c.guest.Restore(c.state.image); err != nil {
		t.Fatal(err)
	}
	for i, g := range c.globals {
		g.Set(c.state.globals[i])
	}
}
