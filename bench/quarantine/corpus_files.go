package main

import (
	"os"
	"os/exec"
	"path/filepath"

	"github.com/swapline/swapline/runtime/problem"
)

// strangers are files that are no plugins of this host. Most of them end a
// process that opens them.
func strangers() []villain {
	return []villain{
		{name: "truncated", code: problem.NativeMalformed, file: truncated},
		{name: "no-elf", code: problem.NativeMalformed, file: func(*workshop) ([]byte, error) { return []byte("package main\n\nfunc main() {}\n"), nil }},
		{name: "c-library", code: problem.NativeMalformed, file: compiled("-shared", "-fPIC")},
		{name: "c-library-with-asan", code: problem.NativeMalformed, file: compiled("-shared", "-fPIC", "-fsanitize=address")},
		{name: "go-c-shared", code: problem.NativeMalformed, file: foreign("-buildmode=c-shared")},
		{name: "go-executable", code: problem.NativeMalformed, file: foreign("-buildmode=exe")},
		{name: "go-asan", code: problem.NativeToolchain, or: problem.NativeMalformed, file: foreign("-buildmode=plugin", "-asan")},
		{name: "other-flags", code: problem.NativeToolchain, file: foreign("-buildmode=plugin", "-gcflags=-N -l", "-tags=netgo")},
	}
}

// truncated is the beginning of a good plugin: dlopen maps more than there is.
func truncated(w *workshop) ([]byte, error) {
	good, err := os.ReadFile(w.good(0))
	if err != nil {
		return nil, err
	}
	return good[:100_000], nil
}

// compiled is a C library.
func compiled(flags ...string) func(*workshop) ([]byte, error) {
	return func(w *workshop) ([]byte, error) {
		dir, err := w.folder(map[string]string{"c.c": "int one(void) { return 1; }\n"})
		if err != nil {
			return nil, err
		}
		out := filepath.Join(dir, "c.so")
		if err := run1(exec.Command("gcc", append(flags, "-o", out, filepath.Join(dir, "c.c"))...)); err != nil {
			return nil, err
		}
		return os.ReadFile(out)
	}
}

// foreign is a good strategy built by go build alone.
func foreign(flags ...string) func(*workshop) ([]byte, error) {
	return func(w *workshop) ([]byte, error) {
		files := villain{}.files()
		files["export.go"] = "package main\n\nimport \"C\"\n\n//export one\nfunc one() int { return 1 }\n"
		dir, err := w.module(files)
		if err != nil {
			return nil, err
		}
		out := filepath.Join(dir, "plugin.so")
		cmd := exec.Command("go", append(append([]string{"build", "-trimpath", "-buildvcs=false", "-o", out}, flags...), ".")...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod")
		if err := run1(cmd); err != nil {
			return nil, err
		}
		return os.ReadFile(out)
	}
}
