package compiler

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/problem"
)

// TestAChildIsNotBelieved: one that dies, lies or is silent leaves nothing, and
// an honest one succeeds afterwards on the same folder.
func TestAChildIsNotBelieved(t *testing.T) {
	for role, code := range map[string]problem.Code{
		"silent": problem.WasmCompile, "garbage": problem.WasmCompile, "words": problem.WasmCompile,
		"dies": problem.WasmCompile, "dies late": problem.WasmCompile, "no file": problem.WasmCompile,
		"extra file": problem.StoreFailed, "many files": problem.StoreFailed, "missing file": problem.StoreFailed,
		"other bytes": problem.StoreFailed, "link": problem.StoreFailed, "outside": problem.StoreFailed,
		"huge": problem.StoreFailed,
	} {
		t.Run(role, func(t *testing.T) {
			s := newShop(t, role)
			_, err := s.open().Compile(t.Context(), seven(1), plain())
			if problem.CodeOf(err) != code {
				t.Errorf("err = %v, want %s", err, code)
			}
			if n := len(s.kept("code")) + len(s.kept("seals")); n != 0 {
				t.Errorf("%d files are kept", n)
			}
			s.config.Command[1] = "honest"
			works(t, s.open(), seven(1))
			if n := s.children(); n != 2 {
				t.Errorf("%d children, want 2", n)
			}
		})
	}
}

func TestAChildThatDoesNotStartIsTheHostsProblem(t *testing.T) {
	s := newShop(t, "honest")
	s.config.Command = []string{filepath.Join(t.TempDir(), "nothing")}
	if _, err := s.open().Compile(t.Context(), seven(1), plain()); problem.CodeOf(err) != problem.Internal {
		t.Errorf("err = %v", err)
	}
}

// TestNothingOutlivesADeploy that its caller gave up, or that took too long: not
// the child, and not what the child started in a group of its own.
func TestNothingOutlivesADeploy(t *testing.T) {
	for name, c := range map[string]struct {
		wall time.Duration
		code problem.Code
	}{
		"given up": {time.Minute, problem.Canceled},
		"too long": {time.Second, problem.WasmCompileLimit},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t, "sleeper")
			s.config.Limits.Wall = c.wall
			e := s.open()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			ended := make(chan error, 1)
			go func() {
				_, err := e.Compile(ctx, seven(1), plain())
				ended <- err
			}()
			// The child and its own, if that comes in time.
			await(t, func() bool { return s.children() == 2 || c.wall == time.Second && len(ended) == 1 })
			if c.wall == time.Minute {
				cancel()
			}
			if err := <-ended; problem.CodeOf(err) != c.code {
				t.Errorf("err = %v, want %s", err, c.code)
			}
			await(t, func() bool { return len(processes(t, s.starts)) == 0 })
			if n := s.unswept(); n != 0 {
				t.Errorf("%d folders of the child are left", n)
			}
		})
	}
}

// TestAChildThatIsKilledIsOneFailure, and not the host's.
func TestAChildThatIsKilledIsOneFailure(t *testing.T) {
	s := newShop(t, "sleeper")
	e := s.open()
	ended := make(chan error, 1)
	go func() {
		_, err := e.Compile(t.Context(), seven(1), plain())
		ended <- err
	}()
	await(t, func() bool { return s.children() == 2 })
	for _, pid := range processes(t, s.starts) {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	if err := <-ended; problem.CodeOf(err) != problem.WasmCompile || !strings.Contains(err.Error(), "killed") {
		t.Errorf("err = %v", err)
	}
	if n := len(s.kept("")); n != 0 {
		t.Errorf("%d files are left", n)
	}
	s.config.Command[1] = "honest"
	works(t, s.open(), seven(1))
}

// await waits for something that is sure to happen.
func await(t *testing.T, done func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it did not happen")
		}
	}
}

// processes finds those with a word among their arguments.
func processes(t *testing.T, word string) (pids []int) {
	t.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	must(t, err)
	for _, path := range lines {
		if b, err := os.ReadFile(path); err == nil && strings.Contains(string(b), word) {
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			must(t, err)
			pids = append(pids, pid)
		}
	}
	return pids
}

// TestOneThatWaitsCanGiveUp: for its turn, and for the same module.
func TestOneThatWaitsCanGiveUp(t *testing.T) {
	s := newShop(t, "sleeper")
	e := s.open()
	first, cancelFirst := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := e.Compile(first, seven(1), plain())
		ended <- err
	}()
	await(t, func() bool { return s.children() == 2 })
	for _, number := range []int{1, 2} {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		if _, err := e.Compile(ctx, seven(number), plain()); problem.CodeOf(err) != problem.Canceled {
			t.Errorf("module %d: err = %v", number, err)
		}
		cancel()
	}
	cancelFirst()
	if err := <-ended; problem.CodeOf(err) != problem.Canceled {
		t.Errorf("err = %v", err)
	}
}
