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

// spec makes a release of a module.
func spec(tb testing.TB, guest module, config map[string]any) driver.Spec {
	tb.Helper()
	content, err := os.ReadFile(guest.path)
	if err != nil {
		tb.Fatal(err)
	}
	digest := manifest.DigestOf(sha256.Sum256(content))
	m := &manifest.Manifest{
		Name: "sdktest", Version: "1.0.0", Sequence: 1, Kind: wasm.Kind, ABIVersion: abi.Version,
		Artifact: manifest.Artifact{SHA256: digest, Size: int64(len(content))},
		Methods:  []string{abi.MethodExecute}, Config: config, Encoding: guest.encoding,
	}
	return driver.Spec{Digest: digest, Manifest: m, Path: guest.path, Log: slog.New(slog.DiscardHandler), Now: time.Now}
}

// load loads a release and frees it at the end of the test.
func load(tb testing.TB, d driver.Driver, release driver.Spec) driver.Instance {
	tb.Helper()
	in, err := d.Load(context.Background(), release)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := in.Close(context.Background()); err != nil {
			tb.Error(err)
		}
	})
	return in
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
