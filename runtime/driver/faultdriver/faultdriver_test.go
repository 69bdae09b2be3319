package faultdriver_test

import (
	"context"
	"crypto/sha256"
	"os"
	"path/filepath"
	"testing"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/guests/tck/tck"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/driver/drivertest"
	"github.com/swapline/swapline/runtime/driver/faultdriver"
	"github.com/swapline/swapline/runtime/driver/memdriver"
	"github.com/swapline/swapline/runtime/manifest"
)

type harness struct{ path string }

func (h harness) Kind() manifest.Kind             { return memdriver.Kind }
func (h harness) Open(testing.TB) driver.Driver   { return faultdriver.New(memory(), 0) }
func (h harness) Artifact(testing.TB, int) string { return h.path }
func (h harness) Lacks() []string                 { return nil }
func memory() *memdriver.Driver                   { return memdriver.New(map[string]abi.Constructor{"tck": tck.New}) }
func artifact(t testing.TB) (path string, s [32]byte) {
	path = filepath.Join(t.TempDir(), "artifact")
	if err := os.WriteFile(path, []byte("tck"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path, sha256.Sum256([]byte("tck"))
}

func TestADriverThatNeverFailsIsConformant(t *testing.T) {
	path, _ := artifact(t)
	drivertest.Run(t, harness{path})
}

func TestEachOperationFailsOnceAndLeavesNothingOpen(t *testing.T) {
	path, sum := artifact(t)
	ctx := context.Background()
	spec := driver.Spec{Path: path, Manifest: &manifest.Manifest{Artifact: manifest.Artifact{SHA256: manifest.DigestOf(sum)}}}
	want := []string{"load", "execute", "validate", "close", "driver", ""}
	for i, operation := range want {
		inner := memory()
		d := faultdriver.New(inner, i+1)
		failed := ""
		note := func(operation string, err error) {
			if err != nil {
				failed += operation
			}
		}
		in, err := d.Load(ctx, spec)
		note("load", err)
		if err == nil {
			_, err = in.Execute(ctx, map[string]any{"behaviour": tck.Echo})
			note("execute", ignoreBusiness(err))
			note("validate", in.Validate(ctx))
			note("close", in.Close(ctx))
			note("driver", d.Close(ctx))
		}
		if failed != operation || d.Open() != 0 || inner.Open() != 0 || d.Failed() != (operation != "") {
			t.Errorf("operation %d: %q failed, want %q; %d open, %d calls", i+1, failed, operation, inner.Open(), d.Calls())
		}
	}
}

// ignoreBusiness keeps what the wrapper injects.
func ignoreBusiness(err error) error {
	if _, business := err.(*abi.Error); business {
		return nil
	}
	return err
}
