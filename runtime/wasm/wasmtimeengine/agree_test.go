//go:build wasmtime && cgo && linux && amd64

package wasmtimeengine_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/swapline/swapline/runtime/wasm"
	"github.com/swapline/swapline/runtime/wasm/guard"
	"github.com/swapline/swapline/runtime/wasm/meter"
)

// metered is a guest of one engine with its account.
type metered struct {
	wasm.Guest
	account     meter.Account
	fuel, depth wasm.Global
}

// start makes a guest of a module that meter.Rewrite made.
func start(tb testing.TB, e wasm.Engine, module []byte) (*metered, error) {
	tb.Helper()
	g := &metered{}
	tick := wasm.Import{Module: meter.ImportModule, Name: meter.ImportName, Type: meter.ImportType(),
		Call: func(_ *wasm.Host, _ wasm.Memory, stack []uint64) error {
			granted, err := g.account.Tick(int64(stack[0]), int64(stack[1]))
			stack[0] = uint64(granted)
			return err
		}}
	nothing := wasm.Import{Module: "host", Name: "nothing", Call: func(*wasm.Host, wasm.Memory, []uint64) error { return nil }}
	m, err := e.Compile(context.Background(), module, wasm.Compile{Imports: []wasm.Import{tick, nothing}, MemoryPages: 16})
	if err != nil {
		return nil, err
	}
	tb.Cleanup(func() { _ = m.Close(context.Background()) })
	if g.Guest, err = m.Instantiate(context.Background(), nil, nil); err != nil {
		return nil, err
	}
	tb.Cleanup(func() { _ = g.Close(context.Background()) })
	g.fuel, g.depth = g.Global(meter.FuelGlobal), g.Global(meter.DepthGlobal)
	return g, nil
}

// call runs an export with a budget and says how it ended and what it left.
func (g *metered) call(e guard.Export, budget int64, random *rand.Rand) string {
	g.fuel.Set(uint64(g.account.Begin(budget)))
	g.depth.Set(meter.MaxDepth)
	stack := make([]uint64, max(len(e.Type.Params), len(e.Type.Results)))
	for i, t := range e.Type.Params {
		stack[i] = argument(t, random)
	}
	err := g.Func(e.Name)(context.Background(), stack)
	var b strings.Builder
	if err != nil {
		line, _, _ := strings.Cut(err.Error(), "\n")
		b.WriteString(strings.TrimSuffix(line, " (recovered by wazero)"))
	} else {
		for i, t := range e.Type.Results {
			fmt.Fprintf(&b, " %x", result(t, stack[i]))
		}
	}
	memory, _ := g.Read(0, g.Size())
	sum := sha256.Sum256(memory)
	fmt.Fprintf(&b, "; fuel %d, memory %d %x", g.account.Used(int64(g.fuel.Get())), len(memory), sum[:4])
	return b.String()
}

// argument is often a number that matters.
func argument(t guard.ValueType, r *rand.Rand) uint64 {
	few := []float64{0, 1, -1, math.NaN(), math.Inf(1), 0.5, 1 << 31, -1 << 63}
	switch n := r.IntN(len(few)); t {
	case guard.F32:
		return uint64(math.Float32bits(float32(few[n])))
	case guard.F64:
		return math.Float64bits(few[n])
	case guard.I32:
		return uint64(uint32(r.Uint64() >> r.IntN(64)))
	}
	return r.Uint64() >> r.IntN(64)
}

// result leaves out what the type does not have, and which NaN it is.
func result(t guard.ValueType, v uint64) uint64 {
	switch {
	case t == guard.F32 && math.Float32frombits(uint32(v)) != math.Float32frombits(uint32(v)):
		return 0x7fc00000
	case t == guard.F64 && math.Float64frombits(v) != math.Float64frombits(v):
		return 0x7ff8 << 48
	case t == guard.I32, t == guard.F32:
		return v & math.MaxUint32
	}
	return v
}

// agree runs every exported function twice on both engines and compares what
// they return or how they trap, the fuel, the memory and the mutable globals.
// It returns false for a module that is none.
func agree(t *testing.T, engines map[string]wasm.Engine, plain []byte, seed uint64) bool {
	t.Helper()
	l := guard.Limits{Bytes: 1 << 20, Pages: 16}
	module, err := meter.Rewrite(plain, l)
	if err != nil {
		return false
	}
	parsed, err := guard.Parse(module, guard.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if len(parsed.Memories) > 0 && parsed.Memories[0].Min == 0 {
		return true // the engines differ on purpose
	}
	ends := map[string][]string{}
	for name, e := range engines {
		g, err := start(t, e, module)
		if err != nil {
			continue // told below if the other one takes it
		}
		random := rand.New(rand.NewPCG(seed, 1))
		ends[name] = []string{"started"}
		for _, export := range parsed.Exports {
			if export.Kind != guard.ExportFunction {
				continue
			}
			for range 2 {
				ends[name] = append(ends[name], export.Name+g.call(export, 200_000, random)+globals(g, parsed.Exports))
			}
		}
	}
	var told []string
	for name := range engines {
		told = append(told, strings.Join(ends[name], "\n\t"))
	}
	if told[0] != told[1] {
		t.Fatalf("the engines differ on %x:\n%v", plain, ends)
	}
	return told[0] != ""
}

// FuzzEnginesAgree makes modules of bytes, in two ways: as they are, and as
// choices of a writer that knows no invalid module.
func FuzzEnginesAgree(f *testing.F) {
	random := rand.New(rand.NewPCG(1, 2))
	for n := range 64 {
		b := make([]byte, 40+20*n)
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		f.Add(b, uint64(n))
	}
	f.Add(recursive(3), uint64(1))
	engines := both(f)
	f.Fuzz(func(t *testing.T, b []byte, seed uint64) {
		agree(t, engines, b, seed)
		if len(b) < 4096 && !agree(t, engines, written(b), seed) {
			t.Fatalf("an invalid module was written: %x", written(b))
		}
	})
}

// TestWrittenModulesAgree is the same with more modules than there are seeds.
func TestWrittenModulesAgree(t *testing.T) {
	engines := both(t)
	random := rand.New(rand.NewPCG(3, 4))
	for n := range 1000 {
		b := make([]byte, 20+random.IntN(1500))
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		t.Run("", func(t *testing.T) {
			if !agree(t, engines, written(b), uint64(n)) {
				t.Errorf("an invalid module was written of %x", b)
			}
		})
	}
}

func globals(g wasm.Guest, exports []guard.Export) string {
	var b strings.Builder
	for _, e := range exports {
		if v := g.Global(e.Name); e.Kind == guard.ExportGlobal && v != nil && !strings.HasPrefix(e.Name, "nan") {
			fmt.Fprintf(&b, ", %s=%x", e.Name, v.Get())
		}
	}
	return b.String()
}
