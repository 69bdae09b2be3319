package wasmtest

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/manifest"
)

// Spec makes a release of a module.
func Spec(t testing.TB, module []byte) driver.Spec {
	t.Helper()
	path := filepath.Join(t.TempDir(), "guest.wasm")
	if err := os.WriteFile(path, module, 0o400); err != nil {
		t.Fatal(err)
	}
	sum := manifest.DigestOf(sha256.Sum256(module))
	return Granted(t, driver.Spec{Digest: sum, Path: path, Log: slog.New(slog.DiscardHandler), Now: time.Now, Manifest: &manifest.Manifest{
		Name: "guest", Version: "1.0.0", Kind: "wasm", ABIVersion: abi.Version,
		Artifact: manifest.Artifact{SHA256: sum, Size: int64(len(module))},
		Limits:   manifest.Limits{Timeout: 5 * time.Second, MemoryBytes: 4 << 20, Concurrency: 2},
		Config:   map[string]any{},
	}}, abi.CapabilityLog)
}

// Load loads a release with a driver of its own, and closes both at the end of the
// test, after which nothing of the instance may be left.
func Load(t testing.TB, d driver.Driver, spec driver.Spec) driver.Instance {
	t.Helper()
	t.Cleanup(func() {
		if err := d.Close(context.Background()); err != nil {
			t.Errorf("close of the driver: %v", err)
		}
	})
	in, err := d.Load(context.Background(), spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := in.Close(context.Background()); err != nil {
			t.Errorf("close: %v", err)
		}
		if s := driver.StatsOf(in); s != (driver.Stats{}) {
			t.Errorf("after close there is %+v", s)
		}
	})
	return in
}
