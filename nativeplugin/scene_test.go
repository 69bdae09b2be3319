package nativeplugin_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/swapline/swapline/nativeplugin"
	"github.com/swapline/swapline/runtime/problem"
)

// playScene runs in a process of its own what would spoil the test process.
// SWAPLINE_TEST_FILES names the mischief and two good plugins.
func playScene(scene string) int {
	switch scene {
	case "finding":
		return playFinding()
	case "isolated":
		return playIsolated()
	}
	good, bad, other := os.Getenv("SWAPLINE_TEST_GOOD"), os.Getenv("SWAPLINE_TEST_BAD"), os.Getenv("SWAPLINE_TEST_OTHER")
	d, err := newDriver()
	if scene == "budget" {
		d, err = nativeplugin.New(nativeplugin.Config{Probe: []string{nativeplugin.Self(), probeArgument}, MaxPlugins: 1})
	}
	if err != nil {
		fmt.Println(err)
		return 1
	}
	for _, path := range []string{good, bad, other, good} {
		s, err := specOf(path, "1.0.0", nil)
		if err != nil {
			fmt.Println(err)
			return 1
		}
		_, err = d.Load(context.Background(), s)
		fmt.Printf("%s;", problem.CodeOf(err))
	}
	fmt.Printf("%d open", d.Status().Plugins)
	return 0
}

func TestALiveFailureDegradesTheProcess(t *testing.T) {
	want := ";native_open_failed;native_process_degraded;;1 open"
	if got := scene(t, "degraded", "SWAPLINE_TEST_START=live"); got != want {
		t.Errorf("the process went through %s, want %s", got, want)
	}
}

func TestTheBudgetRefusesNewPluginsOnly(t *testing.T) {
	want := ";native_budget_exhausted;native_budget_exhausted;;1 open"
	if got := scene(t, "budget"); got != want {
		t.Errorf("the process went through %s, want %s", got, want)
	}
}

func scene(t *testing.T, name string, env ...string) string {
	t.Helper()
	cmd := exec.Command(nativeplugin.Self())
	cmd.Env = append(append(os.Environ(), env...), "SWAPLINE_TEST_SCENE="+name,
		"SWAPLINE_TEST_GOOD="+release(t, "1.0.0", scorer("v1")).path,
		"SWAPLINE_TEST_BAD="+release(t, "6.6.6", mischief()).path,
		"SWAPLINE_TEST_OTHER="+release(t, "2.0.0", scorer("v2")).path)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("scene %s: %v\n%s", name, err, out)
	}
	return string(out)
}
