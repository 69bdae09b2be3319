package meter_test

import (
	"os"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/wasm/guard"
	"github.com/swapline/swapline/runtime/wasm/meter"
	w "github.com/swapline/swapline/runtime/wasm/wasmtest"
)

// TestNamesAreReserved: a module cannot pass itself off as rewritten, so none is
// rewritten twice.
func TestNamesAreReserved(t *testing.T) {
	types := w.Section(1, w.Vec(w.Func("", "")))
	for name, b := range map[string][]byte{
		"import": w.Module(types, w.Section(2, w.Vec(w.Join(w.Name(meter.ImportModule), w.Name("other"), w.Op(0, 0))))),
		"export": w.Module(types, w.Section(3, w.Vec(w.U32(0))), w.Section(7, w.Vec(w.Join(w.Name(meter.FuelGlobal), w.Op(0, 0)))),
			w.Section(10, w.Vec(w.Body()))),
		"twice": rewrite(t, w.Module()),
	} {
		if _, err := meter.Rewrite(b, guard.Limits{}); problem.CodeOf(err) != problem.WasmMalformed {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestRefusals: what guard refuses, and what is too large only afterwards.
func TestRefusals(t *testing.T) {
	if _, err := meter.Rewrite([]byte("no module"), guard.Limits{}); problem.CodeOf(err) != problem.WasmMalformed {
		t.Errorf("garbage: %v", err)
	}
	if _, err := meter.Rewrite(tree(3), guard.Limits{Functions: 4}); problem.CodeOf(err) != problem.WasmTooLarge {
		t.Errorf("no room for helpers: %v", err)
	}
}

// TestEveryModuleHasTheHostsPart: also one without anything.
func TestEveryModuleHasTheHostsPart(t *testing.T) {
	m, err := guard.Parse(rewrite(t, w.Module()), guard.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Imports) != 1 || !m.Imports[0].Type.Equal(meter.ImportType()) || len(m.Exports) != 2 || m.Globals != 2 {
		t.Errorf("the copy of an empty module is %+v", m)
	}
}

// TestGoGuestGrowsLittle: the largest guests there are come from the Go
// toolchain.
func TestGoGuestGrowsLittle(t *testing.T) {
	b, err := os.ReadFile(w.BuildGo(t, "github.com/swapline/swapline/guests/tck"))
	if err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	out := rewrite(t, b)
	t.Logf("go guest: %d bytes become %d (%.2f) in %v", len(b), len(out), float64(len(out))/float64(len(b)), time.Since(begun).Round(time.Millisecond))
	if len(out) > 2*len(b) {
		t.Errorf("%d bytes become %d", len(b), len(out))
	}
}
