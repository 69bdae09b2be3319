package sdktest_test

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/wasm"
)

// release is a loaded module.
type release struct{ driver.Instance }

func spec(tb testing.TB, artifact string, config map[string]any) driver.Spec {
	tb.Helper()
	content, err := os.ReadFile(artifact)
	if err != nil {
		tb.Fatal(err)
	}
	digest := manifest.DigestOf(sha256.Sum256(content))
	m := &manifest.Manifest{
		Name: "sdktest", Version: "1.0.0", Sequence: 1, Kind: wasm.Kind, ABIVersion: abi.Version,
		Artifact: manifest.Artifact{SHA256: digest, Size: int64(len(content))},
		Methods:  []string{abi.MethodExecute}, Config: config,
	}
	return driver.Spec{Digest: digest, Manifest: m, Path: artifact, Log: slog.New(slog.DiscardHandler), Now: time.Now}
}

// load loads a module and frees it at the end of the test.
func load(tb testing.TB, d driver.Driver, artifact string, config map[string]any) release {
	tb.Helper()
	in, err := d.Load(context.Background(), spec(tb, artifact, config))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := in.Close(context.Background()); err != nil {
			tb.Error(err)
		}
	})
	return release{in}
}

// driverFor opens a driver and closes it after everything it loaded.
func driverFor(tb testing.TB) driver.Driver {
	tb.Helper()
	d := open(tb)
	tb.Cleanup(func() {
		if err := d.Close(context.Background()); err != nil {
			tb.Error(err)
		}
	})
	return d
}
