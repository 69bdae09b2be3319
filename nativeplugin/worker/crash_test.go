package worker_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/swapline/swapline/nativeplugin/worker"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/problem"
)

// TestACrashCostsTheRequestsInFlight of its own worker, a hundred of them, and
// nobody else's.
func TestACrashCostsTheRequestsInFlight(t *testing.T) {
	for what, words := range map[string][]string{
		"exit":      {"exit status 3"},
		"kill":      {"signal: killed"},
		"goroutine": {"exit status 2", "panic: nobody recovers this"},
		"fatal":     {"exit status 2", "fatal error: sync: unlock of unlocked mutex"},
	} {
		t.Run(what, func(t *testing.T) {
			in, other := load(t, config(), specOf(t, "wild", nil)), load(t, config(), specOf(t, "wild", nil))
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			lost, kept := hold(t, ctx, in, 100), hold(t, ctx, other, 10)
			before := pidOf(other)
			if what == "kill" {
				if err := syscall.Kill(pidOf(in), syscall.SIGKILL); err != nil {
					t.Fatal(err)
				}
			} else {
				_, err := in.Execute(within(t, time.Minute), do(what))
				wantFault(t, err, problem.FaultCrashed, words...)
			}
			for range 100 {
				wantFault(t, <-lost, problem.FaultCrashed, words...)
			}
			answers(t, in)
			if got := driver.StatsOf(in).Restarts; got != 1 {
				t.Errorf("%d restarts are counted", got)
			}
			answers(t, other)
			if s := driver.StatsOf(other); s.Restarts != 0 || s.InUse != 10 || pidOf(other) != before {
				t.Errorf("the other worker has noticed: %+v", s)
			}
			cancel()
			for range 10 {
				if err := <-kept; problem.CodeOf(err) != problem.Canceled {
					t.Errorf("a call of the other worker: %v", err)
				}
			}
		})
	}
}

// hold keeps n calls in flight.
func hold(t *testing.T, ctx context.Context, in driver.Instance, n int) <-chan error {
	ended := make(chan error, n)
	for range n {
		go func() {
			_, err := in.Execute(ctx, do("hold"))
			ended <- err
		}()
	}
	await(t, "all calls are in flight", func() bool { return driver.StatsOf(in).InUse == n })
	return ended
}

func TestMoreMemoryThanTheLimitIsACrash(t *testing.T) {
	spec := specOf(t, "wild", nil)
	spec.Manifest.Limits.MemoryBytes = 256 << 20
	in := load(t, config(), spec)
	_, err := in.Execute(within(t, time.Minute), do("memory"))
	wantFault(t, err, problem.FaultCrashed, "exit status")
	answers(t, in)
}

// TestARunawayCallEndsWithItsProcess: the caller has its answer at the deadline,
// another process takes over, and calls that somebody waits for are not lost.
func TestARunawayCallEndsWithItsProcess(t *testing.T) {
	c := config()
	c.Patience = 2 * time.Second
	in := load(t, c, specOf(t, "wild", nil))
	first := pidOf(in)
	slow := make(chan error, 1)
	_, err := in.Execute(within(t, 200*time.Millisecond), map[string]any{"do": "sleep", "ms": int64(3_600_000)})
	wantFault(t, err, problem.FaultDeadline)
	go func() {
		_, err := in.Execute(within(t, time.Minute), map[string]any{"do": "sleep", "ms": int64(2200)})
		slow <- err
	}()
	await(t, "another process", func() bool { return pidOf(in) != first })
	if err := <-slow; err != nil {
		t.Errorf("a call beside the runaway: %v", err)
	}
	await(t, "the end of the first process", func() bool { return !runs(first) })
	answers(t, in)
	if s := driver.StatsOf(in); s.Abandoned != 0 || s.Restarts != 1 || s.Instances != 1 {
		t.Errorf("stats %+v", s)
	}
}

func TestManyRunawayCallsEndTheProcessAtOnce(t *testing.T) {
	in := load(t, config(), specOf(t, "wild", nil))
	first := pidOf(in)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			_, _ = in.Execute(within(t, 200*time.Millisecond), map[string]any{"do": "sleep", "ms": int64(3_600_000)})
		})
	}
	wg.Wait()
	await(t, "another process", func() bool { p := pidOf(in); return p != first && p != 0 })
	answers(t, in)
}

// TestNothingOutlivesItsHost kills a host as nothing else is killed.
func TestNothingOutlivesItsHost(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "host", artifact(t, t.TempDir(), "wild"))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	if _, err := fmt.Fscan(out, &pid); err != nil || !runs(pid) {
		t.Fatalf("worker %d: %v", pid, err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	await(t, "the end of the worker", func() bool { return !runs(pid) })
}

// beHost starts a worker, says which and stays.
func beHost(path string) int {
	spec, err := describe(path, "wild", nil)
	if err != nil {
		return 1
	}
	in, err := worker.Load(context.Background(), config(), spec)
	if err != nil {
		return 1
	}
	fmt.Println(pidOf(in))
	_, _ = in.Execute(context.Background(), do("hold"))
	return 0
}

// runs reports whether there is such a process that is no zombie.
func runs(pid int) bool {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	_, state, _ := strings.Cut(string(text), ") ")
	return err == nil && !strings.HasPrefix(state, "Z")
}

// TestLoadingLeavesNothingOpen whether it succeeds or fails, at whichever step.
func TestLoadingLeavesNothingOpen(t *testing.T) {
	nothing := config("no-such-role")
	nothing.Argv[0] = filepath.Join(t.TempDir(), "nothing")
	hasty := config()
	hasty.StartTimeout = time.Nanosecond
	gone := specOf(t, "wild", nil)
	gone.Path += "-gone"
	for name, c := range map[string]struct {
		config worker.Config
		spec   driver.Spec
		code   problem.Code
	}{
		"no program":               {nothing, specOf(t, "wild", nil), problem.NativeOpen},
		"a program without a role": {config("silent"), specOf(t, "wild", nil), problem.NativeOpen},
		"no command":               {worker.Config{}, specOf(t, "wild", nil), problem.Internal},
		"no time":                  {hasty, specOf(t, "wild", map[string]any{"start": "never"}), problem.ConstructorFailed},
		"no file":                  {config(), gone, problem.StoreFailed},
		"no strategy":              {config(), specOf(t, "nobody", nil), problem.NativeOpen},
		"an exit":                  {config(), specOf(t, "wild", map[string]any{"start": "exit"}), problem.NativeOpen},
		"an error":                 {config(), specOf(t, "wild", map[string]any{"start": "error"}), problem.ConstructorFailed},
		"points":                   {config(), specOf(t, "wild", map[string]any{"start": "points"}), problem.RebindMalformed},
		"a bad config":             {config(), specOf(t, "wild", map[string]any{"x": make(chan int)}), problem.ValueDomain},
		"success":                  {config(), specOf(t, "wild", nil), ""},
	} {
		t.Run(name, func(t *testing.T) {
			before := files(t)
			for range 3 {
				in, err := worker.Load(within(t, time.Minute), c.config, c.spec)
				if problem.CodeOf(err) != c.code {
					t.Fatalf("%v, want the code %q", err, c.code)
				}
				if err == nil {
					pid := pidOf(in)
					if err := in.Close(context.Background()); err != nil || runs(pid) {
						t.Errorf("close: %v", err)
					}
					if _, err := in.Execute(within(t, time.Minute), nil); problem.CodeOf(err) != problem.ShuttingDown {
						t.Errorf("after its end: %v", err)
					}
				}
			}
			await(t, "as many open files as before", func() bool { return files(t) <= before })
			await(t, "no shared memory", func() bool {
				maps, err := os.ReadFile("/proc/self/maps")
				return err == nil && !strings.Contains(string(maps), "swapline-worker")
			})
		})
	}
}

// files counts the open files of this process.
func files(t *testing.T) int {
	t.Helper()
	d, err := os.Open("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	names, err := d.Readdirnames(-1)
	if err != nil && err != io.EOF {
		t.Fatal(err)
	}
	return len(names)
}
