package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/swapline/swapline/bench/measure"
	"github.com/swapline/swapline/bench/scene"
)

// idleArgument makes this program load strategies and tell what they cost.
const idleArgument = "idle"

// idleFigures measures what a loaded strategy that nobody calls keeps of memory, in
// a process of its own for each language: machine code, one guest, its frozen
// state and what the host knows of it.
func idleFigures(ctx context.Context, o options, guests map[string][]byte, r *measure.Report) error {
	executable, err := os.Executable()
	if err != nil || o.idle < 1 {
		return err
	}
	for _, label := range slices.Sorted(maps.Keys(guests)) {
		if !o.only.MatchString("idle." + label) {
			continue
		}
		mib, err := idleIn(ctx, executable, o, guests[label])
		if err != nil {
			return fmt.Errorf("idle %s: %w", label, err)
		}
		r.Add("idle."+label, mib, "MiB")
	}
	return nil
}

// idleIn starts the process.
func idleIn(ctx context.Context, executable string, o options, module []byte) (mib float64, err error) {
	folder, err := os.MkdirTemp("", "swapline-bench-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "guest")
	if err := os.WriteFile(path, module, 0o600); err != nil {
		return 0, err
	}
	c := exec.CommandContext(ctx, executable, idleArgument, path, o.root, strconv.Itoa(o.idle))
	c.Stderr = os.Stderr
	out, err := c.Output()
	if err != nil {
		return 0, err
	}
	return strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
}

// runIdle is the process, if it is one.
func runIdle(args []string) (code int, ok bool) {
	if len(args) != 4 || args[0] != idleArgument {
		return 0, false
	}
	if err := load(context.Background(), args[1], args[2], args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		return 1, true
	}
	return 0, true
}

// load deploys one strategy, which is not counted, and then n with modules that
// differ, and prints how many MiB each of those added.
func load(ctx context.Context, path, root, count string) (err error) {
	module, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(count)
	if err != nil {
		return err
	}
	s, err := scene.Open(ctx, scene.Config{Root: root, Kinds: []scene.Kind{numbered(module, 0)}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close(ctx)) }()
	before, err := resident()
	if err != nil {
		return err
	}
	for i := range n {
		if err := s.Deploy(ctx, numbered(module, i+1), 1); err != nil {
			return err
		}
	}
	after, err := resident()
	fmt.Println(float64(after-before) / float64(n) / (1 << 20))
	return err
}

// numbered is the guest with a number in a custom section, so that no two share
// machine code.
func numbered(module []byte, i int) scene.Kind {
	number := fmt.Sprintf("%04d", i)
	section := append([]byte{0, byte(2 + len(number)), 1, 'n'}, number...)
	return scene.Both("idle."+number, append(module[:len(module):len(module)], section...))[1]
}

// resident is the memory that this process keeps: its own pages, and memory files,
// whether their pages are mapped or not.
func resident() (bytes int64, err error) {
	debug.FreeOSMemory()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "RssAnon:"); ok {
			kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			if err != nil {
				return 0, err
			}
			bytes = kib << 10
		}
	}
	files, err := memoryFiles()
	return bytes + files, err
}

// memoryFiles is what memory files hold.
func memoryFiles() (bytes int64, err error) {
	const folder = "/proc/self/fd"
	entries, err := os.ReadDir(folder)
	if err != nil {
		return 0, err
	}
	for _, e := range entries {
		path := filepath.Join(folder, e.Name())
		if to, err := os.Readlink(path); err != nil || !strings.HasPrefix(to, "/memfd:") {
			continue // the folder itself is closed by now
		}
		var s syscall.Stat_t
		if err := syscall.Stat(path, &s); err != nil {
			return 0, err
		}
		bytes += s.Blocks * 512
	}
	return bytes, nil
}
