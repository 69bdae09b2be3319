//go:build wasmtime && cgo && linux && amd64

package wasmtimeengine_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/swapline/swapline/guests/tck/tck"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/driver/drivertest"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/wasm"
	"github.com/swapline/swapline/runtime/wasm/wasmtest"
	"github.com/swapline/swapline/runtime/wasm/wasmtimeengine"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type harness struct{ artifact string }

func (harness) Kind() manifest.Kind               { return wasm.Kind }
func (h harness) Artifact(testing.TB, int) string { return h.artifact }
func (harness) Lacks() []string                   { return []string{tck.Goexit} }
func (harness) Open(tb testing.TB) driver.Driver {
	return open(tb, wasmtimeengine.Config{CacheDir: tb.TempDir()})
}

func open(tb testing.TB, c wasmtimeengine.Config) driver.Driver {
	tb.Helper()
	return wasm.New(wasm.Config{Engines: map[string]wasm.Engine{wasmtimeengine.Name: newEngine(tb, c)}, DefaultEngine: wasmtimeengine.Name})
}

func newEngine(tb testing.TB, c wasmtimeengine.Config) wasm.Engine {
	tb.Helper()
	e, err := wasmtimeengine.New(c)
	if err != nil {
		tb.Fatal(err)
	}
	return e
}

func TestConformance(t *testing.T) {
	drivertest.Run(t, harness{wasmtest.BuildGo(t, "github.com/swapline/swapline/guests/tck")})
}

func BenchmarkConformance(b *testing.B) {
	drivertest.Bench(b, harness{wasmtest.BuildGo(b, "github.com/swapline/swapline/guests/tck")})
}
