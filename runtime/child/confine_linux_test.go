package child_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/child"
)

// TestAChildEndsWithItsParent kills the parent as nothing else is killed.
func TestAChildEndsWithItsParent(t *testing.T) {
	mark := t.TempDir()
	p := self("parent", mark)
	c := exec.Command(p.Argv[0], p.Argv[1:]...)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	await(t, func() bool { return processes(t, mark) == 2 })
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait()
	await(t, func() bool { return processes(t, mark) == 0 })
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

// processes counts those with a word among their arguments.
func processes(t *testing.T, word string) int {
	t.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil || len(lines) == 0 {
		t.Skip("no list of processes")
	}
	n := 0
	for _, path := range lines {
		if b, err := os.ReadFile(path); err == nil && strings.Contains(string(b), word) {
			n++
		}
	}
	return n
}

// TestLimitsHold one by one; without them each role succeeds or never ends.
func TestLimitsHold(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	for name, c := range map[string]struct {
		role   string
		limits child.Limits
		ended  func(r child.Result) bool
	}{
		"processor": {"spinner", child.Limits{CPU: time.Second}, func(r child.Result) bool {
			return r.Killed() && r.CPU > 700*time.Millisecond && r.CPU < 5*time.Second
		}},
		"address space": {"greedy", child.Limits{AddressSpace: 256 << 20}, starved},
		"data":          {"greedy", child.Limits{Data: 256 << 20}, starved},
		"enough data":   {"greedy", child.Limits{Data: 2 << 30, AddressSpace: 4 << 30}, said("1073741824")},
		"file size":     {"writer", child.Limits{FileSize: 4096}, either(diedOf("SIGXFSZ"), said("file too large"))},
		"enough file":   {"writer", child.Limits{FileSize: 1 << 20}, said("<nil>")},
		"open files":    {"opener", child.Limits{Files: 64}, said("too many open files")},
	} {
		if c.role == "greedy" && withRaceDetector() {
			continue // it takes gigabytes itself
		}
		if r := ask(t, c.role, question{file, c.limits}, ""); !c.ended(r) {
			t.Errorf("%s: %s, CPU %v, answer %s%s", name, r.Ended(), r.CPU, r.Answer, r.Quote())
		}
	}
}

func withRaceDetector() bool {
	info, _ := debug.ReadBuildInfo()
	return slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

func starved(r child.Result) bool { return r.Answer == nil && r.End != nil && r.OutOfMemory() }

func diedOf(words string) func(child.Result) bool {
	return func(r child.Result) bool { return r.Answer == nil && strings.Contains(r.Output, words) }
}

func said(words string) func(child.Result) bool {
	return func(r child.Result) bool { return r.End == nil && strings.Contains(string(r.Answer), quoted(words)) }
}

// quoted is text as JSON has it, without the marks.
func quoted(s string) string { b, _ := json.Marshal(s); return strings.Trim(string(b), `"`) }

func either(a, b func(child.Result) bool) func(child.Result) bool {
	return func(r child.Result) bool { return a(r) || b(r) }
}

// TestAChildHasNoNetwork where the kernel gives it namespaces.
func TestAChildHasNoNetwork(t *testing.T) {
	c := exec.Command("/proc/self/exe", "-test.run=^$")
	c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER}
	if err := c.Run(); err != nil {
		t.Skip("no user namespaces here:", err)
	}
	got := answer(t, ask(t, "looker", question{}, "")).Found
	if len(got) > 1 || len(got) == 1 && got[0] != "lo" {
		t.Errorf("it sees %q", got)
	}
}
