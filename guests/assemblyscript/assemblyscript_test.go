package assemblyscript_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/guests/tck/tck"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/driver/drivertest"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/wasm"
	"github.com/swapline/swapline/runtime/wasm/wazeroengine"
)

// build compiles a strategy with the commands of README.md. Without the
// compiler the test is skipped, but not where everything must be tested.
func build(tb testing.TB, entry string, options ...string) string {
	tb.Helper()
	compiler := filepath.Join("node_modules", "assemblyscript", "bin", "asc.js")
	node, err := exec.LookPath("node")
	if _, missing := os.Stat(compiler); err != nil || missing != nil {
		const cure = "the AssemblyScript compiler is not installed: npm ci in guests/assemblyscript"
		if os.Getenv("CI") == "true" {
			tb.Fatal(cure)
		}
		tb.Skip(cure)
	}
	out := filepath.Join(tb.TempDir(), "guest.wasm")
	if text, err := exec.Command(node, append([]string{compiler, entry, "-o", out}, options...)...).CombinedOutput(); err != nil {
		tb.Fatalf("asc %s: %v\n%s", entry, err, text)
	}
	return out
}

type harness struct{ artifact string }

func (harness) Kind() manifest.Kind               { return wasm.Kind }
func (h harness) Artifact(testing.TB, int) string { return h.artifact }
func (harness) Lacks() []string                   { return []string{tck.Goexit} }
func (harness) Open(tb testing.TB) driver.Driver  { return open(tb) }

func open(tb testing.TB) driver.Driver {
	tb.Helper()
	e, err := wazeroengine.New(wazeroengine.Config{CacheDir: tb.TempDir()})
	if err != nil {
		tb.Fatal(err)
	}
	return wasm.New(wasm.Config{Engines: map[string]wasm.Engine{wazeroengine.Name: e}, DefaultEngine: wazeroengine.Name})
}

func TestConformance(t *testing.T) { drivertest.Run(t, harness{build(t, "tck/index.ts")}) }

func BenchmarkConformance(b *testing.B) { drivertest.Bench(b, harness{build(b, "tck/index.ts")}) }

func TestTheExampleOfTheReadmeWorks(t *testing.T) {
	code, err := os.ReadFile("examples/limit/index.ts")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("README.md")
	if err != nil || !bytes.Contains(page, append([]byte("```ts\n"), code...)) {
		t.Errorf("the README does not show examples/limit/index.ts (%v)", err)
	}
	b := newBare(t, build(t, "examples/limit/index.ts"))
	for amount, want := range map[int64]bool{5000: true, 5001: false} {
		if status, got := b.execute(map[string]any{"amount": amount}); status != abi.StatusOK || !wire.Equal(got, map[string]any{"approved": want}) {
			t.Errorf("%d: status %d, %v", amount, status, got)
		}
	}
	want := map[string]any{"code": "bad_input", "message": "amount must be an integer", "details": map[string]any{"field": "amount"}}
	if status, got := b.execute(map[string]any{"amount": 1.0}); status != abi.StatusRejected || !wire.Equal(got, want) {
		t.Errorf("status %d, %v", status, got)
	}
}
