package sdktest_test

import (
	"os"
	"os/exec"
	"testing"

	"github.com/swapline/swapline/guests/sdktest"
)

// TestTheCrateOnTheAuthorsMachine runs the tests and the documented example of
// the crate natively.
func TestTheCrateOnTheAuthorsMachine(t *testing.T) {
	cargo, err := exec.LookPath("cargo")
	sdktest.NeedTool(t, err)
	cmd := exec.Command(cargo, "test", "--quiet", "--offline")
	cmd.Dir = "../rust"
	cmd.Env = append(os.Environ(), "CARGO_TARGET_DIR="+t.TempDir())
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
}
