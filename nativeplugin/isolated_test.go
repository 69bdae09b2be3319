package nativeplugin_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/swapline/swapline/nativeplugin"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/driver/drivertest"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
)

// workerArgument makes the test binary a worker process.
const workerArgument = "native-worker"

// apart loads releases into worker processes.
type apart struct{ driver.Driver }

func (a apart) Load(ctx context.Context, spec driver.Spec) (driver.Instance, error) {
	return a.Driver.Load(ctx, inProcess(spec))
}

func inProcess(spec driver.Spec) driver.Spec {
	m := *spec.Manifest
	m.Isolation = manifest.IsolationProcess
	spec.Manifest = &m
	return spec
}

// isolatedHarness is harness with a process for each instance.
type isolatedHarness struct{ harness }

func (isolatedHarness) Open(tb testing.TB) driver.Driver { return apart{sharedDriver(tb)} }

func TestConformanceInAProcess(t *testing.T) { drivertest.Run(t, isolatedHarness{}) }
func BenchmarkProcess(b *testing.B)          { drivertest.Bench(b, isolatedHarness{}) }

// TestAnIsolatedReleaseAddsNothingToTheProcess and is gone when it is closed.
func TestAnIsolatedReleaseAddsNothingToTheProcess(t *testing.T) {
	d := sharedDriver(t)
	before := d.Status()
	p := release(t, "1.0.0", scorer("v1"))
	for range 2 {
		in, err := d.Load(context.Background(), inProcess(spec(t, p.path, "1.0.0", map[string]any{"max": int64(3)})))
		if err != nil {
			t.Fatal(err)
		}
		if got := answer(t, in, map[string]any{"amount": int64(21)}, "score"); got != int64(42) {
			t.Errorf("it answers %v", got)
		}
		if got := answer(t, in, nil, "calls"); got != int64(2) {
			t.Errorf("its helper counts %v calls: the plugin is not its own", got)
		}
		pid := in.(interface{ Pid() int }).Pid()
		maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
		if err != nil || !strings.Contains(string(maps), p.path) || driver.StatsOf(in).MemoryBytes < 1<<20 {
			t.Errorf("process %d does not hold the plugin: %v, %+v", pid, err, driver.StatsOf(in))
		}
		if err := in.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(fmt.Sprintf("/proc/%d", pid)); err == nil {
			t.Error("the process is still there")
		}
	}
	if got := d.Status(); got.Plugins != before.Plugins || got.MemoryBytes != before.MemoryBytes {
		t.Errorf("status went from %+v to %+v", before, got)
	}
}

func TestAnIsolatedPanicHasTheStackOfTheRelease(t *testing.T) {
	in, err := sharedDriver(t).Load(context.Background(), inProcess(spec(t, release(t, "1.0.0", scorer("v1")).path, "1.0.0", nil)))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close(context.Background())
	_, err = in.Execute(context.Background(), map[string]any{"panic": true})
	f, ok := err.(*driver.Fault)
	if !ok || f.Code != problem.FaultPanic || !strings.Contains(f.Stack, "swapline.release/risk/v1_0_0_") {
		t.Fatalf("got %v", err)
	}
}

// TestAnIsolatedReleaseIsExaminedLikeAnyOther but not held against what is open.
func TestAnIsolatedReleaseIsExaminedLikeAnyOther(t *testing.T) {
	bad := spec(t, release(t, "6.6.6", mischief()).path, "6.6.6", map[string]any{"constructor": "error"})
	if _, err := sharedDriver(t).Load(context.Background(), inProcess(bad)); problem.CodeOf(err) != problem.ConstructorFailed {
		t.Errorf("a constructor that refuses: %v", err)
	}
	without, err := nativeplugin.New(nativeplugin.Config{Probe: []string{nativeplugin.Self(), probeArgument}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := without.Load(context.Background(), inProcess(bad)); problem.CodeOf(err) != problem.Internal {
		t.Errorf("a host without workers: %v", err)
	}
}

// TestADegradedProcessLoadsIsolatedReleases and so does one that has opened as
// many plugins as it may.
func TestADegradedProcessLoadsIsolatedReleases(t *testing.T) {
	want := ";native_open_failed;native_process_degraded;;1 open"
	if got := scene(t, "isolated", "SWAPLINE_TEST_START=live"); got != want {
		t.Errorf("the process went through %s, want %s", got, want)
	}
}

// playIsolated spoils the process, and loads another release into a worker.
func playIsolated() int {
	d, err := newDriver()
	if err != nil {
		fmt.Println(err)
		return 1
	}
	good, bad, other := os.Getenv("SWAPLINE_TEST_GOOD"), os.Getenv("SWAPLINE_TEST_BAD"), os.Getenv("SWAPLINE_TEST_OTHER")
	for n, path := range []string{good, bad, other, other} {
		s, err := specOf(path, "1.0.0", nil)
		if err != nil {
			fmt.Println(err)
			return 1
		}
		if n == 3 {
			s = inProcess(s)
		}
		in, err := d.Load(context.Background(), s)
		fmt.Printf("%s;", problem.CodeOf(err))
		if n == 3 && err == nil {
			defer in.Close(context.Background())
			if _, err := in.Execute(context.Background(), map[string]any{"amount": int64(1)}); err != nil {
				fmt.Print(err)
			}
		}
	}
	fmt.Printf("%d open", d.Status().Plugins)
	return 0
}
