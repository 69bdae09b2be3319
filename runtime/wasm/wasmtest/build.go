package wasmtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// BuildGo builds the main package as a guest, with the flags of a release, into
// a temporary folder and returns the file. The go tool's cache makes repeated
// builds cheap.
func BuildGo(tb testing.TB, pkg string) string {
	tb.Helper()
	out := filepath.Join(tb.TempDir(), filepath.Base(pkg)+".wasm")
	cmd := exec.Command("go", "build", "-buildmode=c-shared", "-trimpath", "-ldflags=-s -w", "-o", out, pkg)
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0", "GOFLAGS=")
	if text, err := cmd.CombinedOutput(); err != nil {
		tb.Fatalf("go build %s: %v\n%s", pkg, err, text)
	}
	return out
}
