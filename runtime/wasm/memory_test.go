package wasm_test

import (
	"context"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"

	"github.com/swapline/swapline/guests/tck/tck"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/wasm/wasmtest"
)

// TestARetiredReleaseReturnsItsMemory opens and closes one Go guest many times.
// A guest has 2 to 5 MB of linear memory and as much machine code; what stays
// must be far less than that for each.
func TestARetiredReleaseReturnsItsMemory(t *testing.T) {
	const rounds, allowed = 12, 1 << 20 // bytes that may stay for each
	module, err := os.ReadFile(wasmtest.BuildGo(t, "github.com/swapline/swapline/guests/tck"))
	if err != nil {
		t.Fatal(err)
	}
	spec := specOf(t, module)
	spec.Manifest.Config = map[string]any{"behaviour": tck.Echo}
	spec = wasmtest.Granted(t, spec, "clock", "emit", "log", "state")
	d := closed(t, open(t, t.TempDir()))
	for range 2 {
		openAndClose(t, d, spec)
	}
	before := resident(t)
	for range rounds {
		openAndClose(t, d, spec)
	}
	if after := resident(t); after > before+rounds*allowed {
		t.Errorf("%d releases left %d bytes each", rounds, (after-before)/rounds)
	}
}

func openAndClose(t *testing.T, d driver.Driver, spec driver.Spec) {
	t.Helper()
	in, err := d.Load(context.Background(), spec)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := in.Execute(context.Background(), map[string]any{"n": int64(1)}); err != nil {
		t.Error(err)
	}
	if err := in.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

// resident is the process's memory in bytes after the collector has returned
// what it can.
func resident(t *testing.T) int {
	t.Helper()
	debug.FreeOSMemory()
	debug.FreeOSMemory()
	raw, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(raw))[1])
	if err != nil {
		t.Fatal(err)
	}
	return pages * os.Getpagesize()
}
