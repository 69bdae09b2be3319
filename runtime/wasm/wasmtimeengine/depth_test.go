//go:build wasmtime && cgo && linux && amd64

package wasmtimeengine_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/swapline/swapline/runtime/wasm/guard"
	"github.com/swapline/swapline/runtime/wasm/meter"
	w "github.com/swapline/swapline/runtime/wasm/wasmtest"
	"github.com/swapline/swapline/runtime/wasm/wasmtimeengine"
)

// recursive is a module whose function f counts in the global g and calls
// itself, with values alive meanwhile.
func recursive(values int) []byte {
	var code, after []byte
	for range values {
		code = append(code, 0x23, 0) // global.get 0
		after = append(after, 0x7c)  // i64.add
	}
	return w.Module(
		w.Section(1, w.Vec(w.Func("", "I"))),
		w.Section(3, w.Vec(w.U32(0))),
		w.Section(5, w.Vec(w.Op(0, 1))),
		w.Section(6, w.Vec(w.Join(w.Op(0x7e, 1), w.I64(0), w.Op(0x0b)))),
		w.Section(7, w.Vec(w.Join(w.Name("f"), w.Op(0, 0)), w.Join(w.Name("memory"), w.Op(2, 0)), w.Join(w.Name("g"), w.Op(3, 0)))),
		w.Section(10, w.Vec(w.Body(w.Op(0x23, 0), w.I64(1), w.Op(0x7c, 0x24, 0), code, w.Op(0x10, 0), after))),
	)
}

// TestRecursionEndsAtTheSameDepthOnBothEngines: the count of package meter ends
// it before a stack does, also where each call keeps many values.
func TestRecursionEndsAtTheSameDepthOnBothEngines(t *testing.T) {
	engines := both(t)
	for _, values := range []int{0, 10, 1000} {
		module, err := meter.Rewrite(recursive(values), guard.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		depths := map[uint64]string{}
		for name, e := range engines {
			g, err := start(t, e, module)
			if err != nil {
				t.Fatal(err)
			}
			g.fuel.Set(uint64(g.account.Begin(0)))
			g.depth.Set(meter.MaxDepth)
			if err := g.Func("f")(context.Background(), make([]uint64, 1)); !errors.Is(err, meter.ErrDepth) {
				t.Errorf("%s, %d values: %.100v", name, values, err)
			}
			depths[g.Global("g").Get()] += name
		}
		if len(depths) != 1 {
			t.Errorf("%d values: %v", values, depths)
		}
	}
}

// TestAStackThatIsUsedUpIsATrap, if nothing counts: a guest of its own is lost,
// the process is not.
func TestAStackThatIsUsedUpIsATrap(t *testing.T) {
	e := newEngine(t, wasmtimeengine.Config{})
	m := compile(t, e, recursive(1000), double)
	err := instantiate(t, m).Func("f")(context.Background(), make([]uint64, 1))
	if err == nil || !strings.HasPrefix(err.Error(), "wasm error: stack overflow\n") || !strings.HasSuffix(err.Error(), " more") ||
		strings.Count(err.Error(), "\n") != 34 {
		t.Errorf("%v", err)
	}
}
