package wasm_test

import (
	"testing"

	"github.com/swapline/swapline/guests/tck/tck"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/driver/drivertest"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/wasm"
	"github.com/swapline/swapline/runtime/wasm/wasmtest"
)

type harness struct{ artifact string }

func (harness) Kind() manifest.Kind               { return wasm.Kind }
func (h harness) Artifact(testing.TB, int) string { return h.artifact }
func (harness) Lacks() []string                   { return []string{tck.Goexit} }
func (harness) Open(tb testing.TB) driver.Driver {
	return open(tb, tb.TempDir())
}

// open makes the driver with the engine that this build of the tests is for.
func open(tb testing.TB, dir string) driver.Driver {
	tb.Helper()
	name, e := engine(tb, dir)
	return wasm.New(wasm.Config{Engines: map[string]wasm.Engine{name: e}, DefaultEngine: name})
}

func TestConformance(t *testing.T) {
	drivertest.Run(t, harness{wasmtest.BuildGo(t, "github.com/swapline/swapline/guests/tck")})
}

func BenchmarkConformance(b *testing.B) {
	drivertest.Bench(b, harness{wasmtest.BuildGo(b, "github.com/swapline/swapline/guests/tck")})
}
