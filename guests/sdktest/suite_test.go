package sdktest_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/swapline/swapline/guests/sdktest"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/driver/drivertest"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/wasm"
	"github.com/swapline/swapline/runtime/wasm/guestbuild"
	"github.com/swapline/swapline/runtime/wasm/wazeroengine"
)

// sdks lists the languages and their folders.
func sdks() map[string]string {
	return map[string]string{"C": "../c", "Rust": "../rust", "AssemblyScript": "../assemblyscript"}
}

func TestSDKs(t *testing.T) {
	for name, folder := range sdks() {
		t.Run(name, func(t *testing.T) { conform(t, folder) })
	}
}

// TestTheGoSDKTellsItsShare: it decodes before it calls a strategy over maps, so that
// nothing is estimated.
func TestTheGoSDKTellsItsShare(t *testing.T) {
	t.Run("its share of a call is told", func(t *testing.T) { share(false)(t, build(t, "../tck")) })
	t.Run("a comparison tells it apart", func(t *testing.T) { compared("")(t, build(t, goRelease(t))) })
}

// conform runs the suite on the SDK in a folder.
func conform(t *testing.T, folder string) {
	modules, built := t.TempDir(), map[string]module{}
	for _, c := range []struct {
		name, strategy string
		run            func(t *testing.T, m module)
	}{
		{"the drivers' conformance suite", "tck", conformance},
		{"a build is the same in any folder", "tck", func(t *testing.T, m module) { reproducible(t, folder, m) }},
		{"riskscore answers as its golden cases say", "examples/riskscore", golden},
		{"riskscore answers as the Go release does", "examples/riskscore", payments},
		{"riskscore judges configs as the Go release does", "examples/riskscore", configs},
		{"values come back as they were", "testdata/mirror", values},
		{"bytes that are no value do no harm", "testdata/mirror", hostileBytes},
		{"measuring reads and writes everything", "testdata/mirror", inPlace},
		{"its share of a call is told", "tck", share(true)},
		{"a comparison says that it is estimated", "examples/riskscore", compared(wholeRead)},
		{"what is asked of the host", "testdata/host", hostCalls},
	} {
		t.Run(c.name, func(t *testing.T) {
			if built[c.strategy].path == "" {
				built[c.strategy] = buildInto(t, modules, filepath.Join(folder, c.strategy))
			}
			c.run(t, built[c.strategy])
		})
	}
}

// module is a built strategy.
type module struct{ path, encoding string }

// build builds a strategy for one test.
func build(tb testing.TB, folder string) module {
	tb.Helper()
	return buildInto(tb, tb.TempDir(), folder)
}

func buildInto(tb testing.TB, dir, folder string) module {
	tb.Helper()
	out := filepath.Join(dir, filepath.Base(folder)+".wasm")
	_, err := guestbuild.Build(context.Background(), guestbuild.Config{Dir: folder, Output: out})
	sdktest.NeedTool(tb, err)
	return module{path: out}
}

type harness struct{ artifact string }

func (harness) Kind() manifest.Kind               { return wasm.Kind }
func (h harness) Artifact(testing.TB, int) string { return h.artifact }
func (harness) Lacks() []string                   { return []string{"goexit"} }
func (harness) Open(tb testing.TB) driver.Driver  { return open(tb) }

func open(tb testing.TB) driver.Driver {
	tb.Helper()
	e, err := wazeroengine.New(wazeroengine.Config{CacheDir: tb.TempDir()})
	if err != nil {
		tb.Fatal(err)
	}
	return wasm.New(wasm.Config{Engines: map[string]wasm.Engine{wazeroengine.Name: e}, DefaultEngine: wazeroengine.Name})
}

func conformance(t *testing.T, m module) { drivertest.Run(t, harness{m.path}) }
