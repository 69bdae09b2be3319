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

// BenchmarkCall compares calls with and without restoring.
func BenchmarkCall(b *testing.B) {
	for name, module := range map[string][]byte{"small": wasmtest.Guest{}.Module(), "go": riskscore(b)} {
		s := compile(b, module)
		g := s.guest(nil)
		if name == "go" {
			s.ready(g)
		}
		st := s.freeze(g)
		globals := make([]wasm.Global, len(s.prepared.Globals))
		for i, name := range s.prepared.Globals {
			globals[i] = g.Global(name)
		}
		in, _ := wire.Append(nil, payment())
		alloc, execute, stack := g.Func(abi.ExportAlloc), g.Func(abi.ExportExecute), make([]uint64, 2)
		call := func(b *testing.B) {
			stack[0] = uint64(len(in))
			if err := alloc(context.Background(), stack); err != nil {
				b.Fatal(err)
			}
			g.Write(uint32(stack[0]), in)
			stack[1] = uint64(len(in))
			if err := execute(context.Background(), stack); err != nil {
				b.Fatal(err)
			}
		}
		b.Run(name+"/call", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				call(b)
			}
		})
		b.Run(name+"/call+restore", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				call(b)
				if err := g.Restore(st.image); err != nil {
					b.Fatal(err)
				}
				for i, global := range globals {
					global.Set(st.globals[i])
				}
			}
		})
	}
}
