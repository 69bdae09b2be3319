package meter_test

import (
	"context"
	"testing"

	"github.com/tetratelabs/wazero"

	w "github.com/swapline/swapline/runtime/wasm/wasmtest"
)

// counted is a loop of n rounds with a body of arithmetic.
func counted(n int32) []byte {
	body := w.BodyWith(w.Vec(w.Op(2, 0x7f)), w.Op(0x03, 0x40),
		w.Op(0x20, 0, 0x20, 1), w.I32(31), w.Op(0x6c, 0x6a, 0x21, 0),
		w.Op(0x20, 1), w.I32(1), w.Op(0x6a, 0x22, 1), w.I32(n), w.Op(0x48, 0x0d, 0, 0x0b))
	return program(0, 0, body)
}

// BenchmarkCost compares modules as they are, rewritten, and with wazero's own
// check of the context.
func BenchmarkCost(b *testing.B) {
	for name, module := range map[string][]byte{"2^21 calls": tree(20), "loop of 1,000,000": counted(1_000_000)} {
		config := engines()["compiler"]
		b.Run(name+"/plain", func(b *testing.B) { bench(b, config, module) })
		b.Run(name+"/metered", func(b *testing.B) { bench(b, config, rewrite(b, module)) })
		b.Run(name+"/own check", func(b *testing.B) { bench(b, config.WithCloseOnContextDone(true), module) })
	}
}

func bench(b *testing.B, config wazero.RuntimeConfig, module []byte) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	f := (&host{}).open(b, config, module).ExportedFunction("run")
	for b.Loop() {
		if _, err := f.Call(ctx); err != nil {
			b.Fatal(err)
		}
	}
}
