// Package guestbuild builds a strategy written in Go as a Wasm guest of the
// calling convention in package abi: the command
//
//	GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -trimpath -ldflags='-s -w' -o OUTPUT .
//
// in the folder of the strategy's main package, without version control stamps
// and profiles, so that the same sources give the same bytes in any folder. Its
// sister nativeplugin/pluginbuild builds the same sources as a Go plugin.
package guestbuild

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/swapline/swapline/runtime/problem"
)

// Config says what to build.
type Config struct {
	// Dir is the folder of the strategy's main package.
	Dir string
	// Output is the file to write; it is replaced in one step.
	Output string
	// Progress receives one line at the start of each step; nil is silence.
	Progress io.Writer
}

// Result is a finished build.
type Result struct {
	Path   string   // Config.Output
	SHA256 string   // of the file, hex
	Size   int64    // bytes
	Go     string   // version of the toolchain
	Flags  []string // of go build
}

// Build builds the guest. Errors are problems of code BuildFailed with the
// compiler's words. After an error Output is as it was before.
func Build(ctx context.Context, c Config) (Result, error) {
	output, err := filepath.Abs(c.Output)
	if err != nil {
		return Result{}, problem.New(problem.BuildFailed, "output %q: %w", c.Output, err)
	}
	version, err := runGo(ctx, c.Dir, "env", "GOVERSION")
	if err != nil {
		return Result{}, err
	}
	say(c.Progress, "compiling")
	aside := output + ".part"
	defer os.Remove(aside)
	args := append(append([]string{"build"}, flags()...), "-o", aside, ".")
	if _, err := runGo(ctx, c.Dir, args...); err != nil {
		return Result{}, err
	}
	say(c.Progress, "writing "+c.Output)
	r := Result{Path: c.Output, Go: version, Flags: flags()}
	err = r.install(aside, output)
	return r, err
}

func flags() []string {
	return []string{"-buildmode=c-shared", "-trimpath", "-buildvcs=false", "-pgo=off", "-ldflags=-s -w"}
}

func (r *Result) install(aside, output string) error {
	data, err := os.ReadFile(aside)
	if err != nil {
		return problem.New(problem.BuildFailed, "the compiler wrote nothing: %w", err).
			Cure("the folder must hold a main package")
	}
	if !bytes.HasPrefix(data, []byte("\x00asm")) {
		return problem.New(problem.BuildFailed, "the compiler wrote no Wasm module").
			Cure("the folder must hold a main package")
	}
	sum := sha256.Sum256(data)
	r.SHA256, r.Size = hex.EncodeToString(sum[:]), int64(len(data))
	if err := os.Rename(aside, output); err != nil {
		return problem.New(problem.BuildFailed, "output: %w", err)
	}
	return nil
}

// runGo runs the go command for Wasm and returns what it printed.
func runGo(ctx context.Context, dir string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	// An empty GOFLAGS would let the user's configuration file decide.
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOFLAGS=-buildvcs=false", "GOEXPERIMENT=", "CGO_ENABLED=0")
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	err := cmd.Run()
	switch {
	case err == nil:
		return strings.TrimSpace(out.String()), nil
	case ctx.Err() != nil:
		return "", problem.New(problem.Canceled, "the build was interrupted: %w", ctx.Err())
	case errors.Is(err, exec.ErrNotFound):
		return "", problem.New(problem.BuildFailed, "the go command is not there: %w", err).
			Cure("install Go and put it on PATH")
	}
	return "", problem.New(problem.BuildFailed, "go %s says (%w):\n%s", args[0], err, strings.TrimSpace(complaints.String()))
}

func say(w io.Writer, line string) {
	if w != nil {
		_, _ = io.WriteString(w, line+"\n")
	}
}
