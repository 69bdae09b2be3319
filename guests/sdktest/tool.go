package sdktest

import (
	"errors"
	"os"
	"os/exec"
	"testing"

	"github.com/swapline/swapline/runtime/wasm/guestbuild"
)

// NeedTool skips the test if err says that a compiler is not installed, which is
// a failure where the environment says CI=true: there everything is tested. Any
// other error fails the test.
func NeedTool(tb testing.TB, err error) {
	tb.Helper()
	missing := errors.Is(err, guestbuild.ErrNoTool) || errors.Is(err, exec.ErrNotFound)
	switch {
	case err == nil:
	case missing && os.Getenv("CI") != "true":
		tb.Skip(err)
	default:
		tb.Fatal(err)
	}
}
