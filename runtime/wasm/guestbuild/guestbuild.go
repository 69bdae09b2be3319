// Package guestbuild builds a strategy as a Wasm guest of the calling convention
// in package abi. What a folder holds says in which language it is written:
//
//	go.mod, *.go     Go              go build -buildmode=c-shared, GOOS=wasip1
//	Cargo.toml       Rust            cargo build --release for wasm32-unknown-unknown
//	asconfig.json    AssemblyScript  asc --target release
//	*.c              C               clang --target=wasm32, with the SDK of guests/c
//
// The first line that fits counts; without any the folder is taken for Go. No
// build takes stamps of version control, profiles, debug information or the
// names of folders into the module: the same sources and tools give the same
// bytes in any folder. In Rust that holds for what is in one workspace: a path
// that leads out of it is part of a package's identity to cargo, and so of the
// order of the functions. The sister of the Go build, nativeplugin/pluginbuild,
// makes a Go plugin of the same sources.
//
// A tool that is not installed is [ErrNoTool], and the error's cure says how to
// get it.
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

// ErrNoTool is inside of the error of a build whose compiler is not installed.
var ErrNoTool = errors.New("not installed")

// Config says what to build.
type Config struct {
	// Dir is the folder of the strategy.
	Dir string
	// Output is the file to write; it is replaced in one step.
	Output string
	// Progress receives one line at the start of each step; nil is silence.
	Progress io.Writer
}

// Result is a finished build.
type Result struct {
	Path     string   // Config.Output
	SHA256   string   // of the file, hex
	Size     int64    // bytes
	Language string   // "Go", "Rust", "AssemblyScript" or "C"
	Tool     string   // the compiler's version, in its own words
	Flags    []string // that make the module what it is
}

// Build builds the guest. Errors are problems of code BuildFailed with the
// compiler's words. After an error Output is as it was before.
func Build(ctx context.Context, c Config) (Result, error) {
	output, err := filepath.Abs(c.Output)
	if err != nil {
		return Result{}, problem.New(problem.BuildFailed, "output %q: %w", c.Output, err)
	}
	l := languageOf(c.Dir)
	say(c.Progress, "compiling "+l.name)
	aside := output + ".part"
	defer os.Remove(aside)
	r := Result{Path: c.Output, Language: l.name}
	if r.Tool, r.Flags, err = l.build(ctx, c.Dir, aside); err != nil {
		return Result{}, err
	}
	say(c.Progress, "writing "+c.Output)
	err = r.install(aside, output)
	return r, err
}

// language is one way to make a module of a folder.
type language struct {
	name  string
	files []string // patterns; one match is enough
	// build writes the module and returns the tool's version and its flags.
	build func(ctx context.Context, dir, output string) (tool string, flags []string, err error)
}

func languages() []language {
	return []language{
		{"Go", []string{"go.mod", "*.go"}, buildGo},
		{"Rust", []string{"Cargo.toml"}, buildRust},
		{"AssemblyScript", []string{"asconfig.json"}, buildAssemblyScript},
		{"C", []string{"*.c"}, buildC},
	}
}

func languageOf(dir string) language {
	all := languages()
	for _, l := range all {
		for _, pattern := range l.files {
			if len(match(dir, pattern)) > 0 {
				return l
			}
		}
	}
	return all[0]
}

// match returns the names of the files in dir that fit the pattern, sorted.
func match(dir, pattern string) []string {
	names, err := filepath.Glob(filepath.Join(escape(dir), pattern))
	if err != nil {
		return nil
	}
	for i, name := range names {
		names[i] = filepath.Base(name)
	}
	return names
}

// escape takes the meaning from what a pattern would understand.
func escape(dir string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(dir)
}

func (r *Result) install(aside, output string) error {
	data, err := os.ReadFile(aside)
	if err != nil {
		return problem.New(problem.BuildFailed, "the compiler wrote nothing: %w", err).
			Cure("the folder must hold a strategy, in Go a main package")
	}
	if !bytes.HasPrefix(data, []byte("\x00asm")) {
		return problem.New(problem.BuildFailed, "the compiler wrote no Wasm module").
			Cure("the folder must hold a strategy, in Go a main package")
	}
	sum := sha256.Sum256(data)
	r.SHA256, r.Size = hex.EncodeToString(sum[:]), int64(len(data))
	if err := os.Rename(aside, output); err != nil {
		return problem.New(problem.BuildFailed, "output: %w", err)
	}
	return nil
}

// command is a compiler with its arguments.
type command struct {
	dir  string
	env  []string // beside those of this process
	name string
	args []string
}

// run returns what the command printed, without white space around it.
func (c command) run(ctx context.Context) (string, error) {
	cmd := exec.CommandContext(ctx, c.name, c.args...)
	cmd.Dir = c.dir
	cmd.Env = append(os.Environ(), c.env...)
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	err := cmd.Run()
	switch {
	case err == nil:
		return strings.TrimSpace(out.String()), nil
	case ctx.Err() != nil:
		return "", problem.New(problem.Canceled, "the build was interrupted: %w", ctx.Err())
	case errors.Is(err, exec.ErrNotFound):
		return "", missing(c.name, "install it and put it on PATH")
	}
	words := strings.TrimSpace(complaints.String() + out.String())
	return "", problem.New(problem.BuildFailed, "%s says (%w):\n%s", filepath.Base(c.name), err, words)
}

func missing(tool, cure string) error {
	return problem.New(problem.BuildFailed, "%s: %w", tool, ErrNoTool).Cure("%s", cure)
}

func say(w io.Writer, line string) {
	if w != nil {
		_, _ = io.WriteString(w, line+"\n")
	}
}
