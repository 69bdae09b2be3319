package guestbuild

import (
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/swapline/swapline/guests/c"
	"github.com/swapline/swapline/runtime/problem"
)

// Versions of LLVM that are looked for by name, as Debian calls them.
const (
	oldestLLVM = 13
	newestLLVM = 22
)

// stackSize is how much of a guest's memory is its stack, in bytes. Small
// memories are quick to restore.
const stackSize = "65536"

const installClang = "apt-get install --no-install-recommends clang-14 lld-14"

// buildC compiles the *.c files in dir together with the SDK.
func buildC(ctx context.Context, dir, output string) (tool string, flags []string, err error) {
	clang, linker, err := findClang(ctx)
	if err != nil {
		return "", nil, err
	}
	tool, err = command{name: clang, args: []string{"--version"}}.run(ctx)
	if err != nil {
		return "", nil, err
	}
	tool, _, _ = strings.Cut(tool, "\n")
	sdk, err := os.MkdirTemp("", "swapline-c-")
	if err != nil {
		return "", nil, problem.New(problem.BuildFailed, "a folder for the SDK: %w", err)
	}
	defer os.RemoveAll(sdk)
	if err := writeSDK(sdk); err != nil {
		return "", nil, problem.New(problem.BuildFailed, "the SDK cannot be written: %w", err)
	}
	flags = []string{"--target=wasm32", "-std=c11", "-O2", "-flto", "-Wall", "-Wextra", "-nostdlib",
		"-Wl,--no-entry", "-Wl,--stack-first", "-Wl,-z,stack-size=" + stackSize, "-Wl,--strip-all"}
	args := append(append([]string{}, flags...), "-I", sdk, "-o", output)
	args = append(args, match(dir, "*.c")...)
	for _, name := range match(sdk, "*.c") {
		args = append(args, filepath.Join(sdk, name))
	}
	// Some versions run any wasm-opt on the PATH, which changes the output, so
	// the PATH has the linker only.
	if err := os.Symlink(linker, filepath.Join(sdk, strings.Replace(clang, "clang", "wasm-ld", 1))); err != nil {
		return "", nil, problem.New(problem.BuildFailed, "the linker cannot be offered: %w", err)
	}
	_, err = command{dir: dir, name: clang, args: args, env: []string{"PATH=" + sdk}}.run(ctx)
	return tool, flags, err
}

// findClang returns the first clang that has a linker for Wasm, and that.
func findClang(ctx context.Context) (clang, linker string, err error) {
	for _, name := range versioned("clang") {
		if _, err := exec.LookPath(name); err != nil {
			continue
		}
		linker, err := command{name: name, args: []string{"-print-prog-name=wasm-ld"}}.run(ctx)
		if err == nil && filepath.IsAbs(linker) {
			return name, linker, nil
		}
	}
	return "", "", missing("clang with wasm-ld", installClang)
}

// versioned lists the names of a tool of LLVM: its own, then by version.
func versioned(tool string) []string {
	names := []string{tool}
	for v := newestLLVM; v >= oldestLLVM; v-- {
		names = append(names, tool+"-"+strconv.Itoa(v))
	}
	return names
}

func writeSDK(dir string) error {
	sdk, err := c.SDK()
	if err != nil {
		return err
	}
	return fs.WalkDir(sdk, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		content, err := fs.ReadFile(sdk, name)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, name), content, 0o600)
	})
}
