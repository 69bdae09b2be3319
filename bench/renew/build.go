package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"golang.org/x/sync/errgroup"
)

// program is what is renewed.
const program = "github.com/swapline/swapline/cmd/swapline"

// Strategies of the host: one of plugins, one of a module.
const (
	nativeName = "tick"
	wasmName   = "tock"
)

// works is where everything that is built lies.
type works struct {
	exe       string
	plugins   []string // version 1.0.0 first
	module    string
	sourceDir string
}

// build makes the program, plugins and the module, two at a time.
func (o options) build(stderr io.Writer) (works, error) {
	exe, err := o.buildProgram()
	if err != nil {
		return works{}, err
	}
	w := works{exe: exe}
	host, err := digestOf(exe)
	if err != nil {
		return w, err
	}
	w.sourceDir = filepath.Join(o.cache, "source")
	out := filepath.Join(o.cache, host[:12])
	w.plugins = make([]string, o.builds)
	var g errgroup.Group
	g.SetLimit(2)
	for n := range o.builds {
		g.Go(func() (err error) {
			w.plugins[n], err = w.buildOne(nativeName, "native", ".so", n, out)
			return err
		})
	}
	g.Go(func() (err error) {
		w.module, err = w.buildOne(wasmName, "wasm", ".wasm", 0, out)
		return err
	})
	fmt.Fprintf(stderr, "building %d plugins and a module in %s\n", o.builds, out)
	return w, g.Wait()
}

// buildProgram makes the host's program and returns its absolute path.
func (o options) buildProgram() (string, error) {
	if o.program != "" {
		return filepath.Abs(o.program)
	}
	exe, err := filepath.Abs(filepath.Join(o.cache, "swapline"))
	if err != nil {
		return "", err
	}
	if out, err := exec.Command("go", "build", "-trimpath", "-o", exe, program).CombinedOutput(); err != nil { //nolint:gosec // constant but for the folder
		return "", fmt.Errorf("build %s: %w: %s", program, err, out)
	}
	return exe, nil
}

// buildOne makes version 1.0.n of a strategy, unless it is there already.
func (w works) buildOne(name, kind, suffix string, n int, out string) (string, error) {
	version := fmt.Sprintf("1.0.%d", n)
	file := filepath.Join(out, name+"-"+version+suffix)
	if _, err := os.Stat(file + ".strategy.json"); err == nil {
		return file, nil
	}
	dir := filepath.Join(w.sourceDir, name+"-"+version)
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // sources are for everybody
		return "", err
	}
	for file, text := range map[string]string{"main.go": fmt.Sprintf(source, version), "strategy.json": fmt.Sprintf(description, name, version, version)} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil { //nolint:gosec // the same
			return "", err
		}
	}
	b, err := exec.Command(w.exe, "build", "--kind", kind, "--out", out, dir).CombinedOutput() //nolint:gosec // built above
	if err != nil {
		return "", fmt.Errorf("build %s %s: %w: %s", name, version, err, b)
	}
	return file, nil
}

func digestOf(path string) (string, error) {
	f, err := os.Open(path) //nolint:gosec // built above
	if err != nil {
		return "", err
	}
	defer f.Close() //nolint:errcheck // only read
	sum := sha256.New()
	_, err = io.Copy(sum, f)
	return hex.EncodeToString(sum.Sum(nil)), err
}

// source answers with its version and what it was asked.
const source = `package main

import (
	"context"

	"github.com/swapline/swapline/abi"
	guest "github.com/swapline/swapline/guests/go"
)

type echo struct{}

func NewStrategy(abi.Host) (abi.Strategy, error) { return echo{}, nil }

func (echo) Execute(_ context.Context, in map[string]any) (map[string]any, error) {
	return map[string]any{"version": %q, "n": in["n"]}, nil
}

var _ = guest.Register(NewStrategy)

func main() {}
`

const description = `{"name": %q, "version": %q, "methods": ["Execute"], "capabilities": ["log"],
	"limits": {"timeout_ms": 10000}, "config": {},
	"golden": [{"name": "echo", "input": {"n": 7}, "output": {"version": %q, "n": 7}}]}
`
