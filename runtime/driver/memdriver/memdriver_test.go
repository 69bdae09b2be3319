package memdriver_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/guests/tck/tck"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/driver/drivertest"
	"github.com/swapline/swapline/runtime/driver/memdriver"
	"github.com/swapline/swapline/runtime/manifest"
)

type harness struct{ dir string }

func (h harness) Kind() manifest.Kind { return memdriver.Kind }

func (h harness) Open(testing.TB) driver.Driver {
	return memdriver.New(map[string]abi.Constructor{"tck": tck.New})
}

func (h harness) Artifact(tb testing.TB, version int) string {
	path := filepath.Join(h.dir, fmt.Sprint(version))
	if err := os.WriteFile(path, fmt.Appendf(nil, "tck\nversion %d\n", version), 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

func (h harness) Lacks() []string { return nil }

func TestConformance(t *testing.T) { drivertest.Run(t, harness{t.TempDir()}) }
func BenchmarkDriver(b *testing.B) { drivertest.Bench(b, harness{b.TempDir()}) }
