package main

import (
	"context"
	"debug/elf"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/wasm/wasmtimeengine"
	"github.com/swapline/swapline/runtime/wasm/wazeroengine"
)

// TestEnginesAreOfferedWhenTheOperatorSaysSo, on a build that has the second one
// and on one that has not.
func TestEnginesAreOfferedWhenTheOperatorSaysSo(t *testing.T) {
	second, err := wasmtimeengine.New(wasmtimeengine.Config{})
	built := err == nil
	if built {
		err = second.Close(t.Context())
	}
	if built && err != nil || !built && problem.CodeOf(err) != problem.EngineUnknown {
		t.Fatal(err)
	}
	only, withSecond := []string{wazeroengine.Name}, []string{wazeroengine.Name, wasmtimeengine.Name}
	for _, c := range []struct {
		name           string
		asked, allowed []string
		want           []string // nil: the start is refused
	}{
		{"nothing said", nil, nil, only},
		{"the default one asked for", only, only, only},
		{"asked for", []string{wasmtimeengine.Name}, nil, map[bool][]string{true: withSecond}[built]},
		{"allowed by the policy", nil, []string{wasmtimeengine.Name}, map[bool][]string{true: withSecond, false: only}[built]},
		{"one that nobody has, asked for", []string{"v8"}, nil, nil},
		{"one that nobody has, allowed", nil, []string{"v8"}, only},
	} {
		engines, err := openEngines(t.Context(), dataFolder(t.TempDir()), c.asked, c.allowed, slog.New(slog.DiscardHandler))
		if c.want == nil {
			if engines != nil || problem.CodeOf(err) != problem.EngineUnknown {
				t.Errorf("%s: %v, %v", c.name, engines, err)
			}
			continue
		}
		if err != nil || len(engines) != len(c.want) {
			t.Errorf("%s: %v, %v, want %v", c.name, engines, err, c.want)
		}
		for _, name := range c.want {
			if engines[name] == nil {
				t.Errorf("%s: there is no engine %s", c.name, name)
			}
		}
		if err := closeEngines(context.Background(), engines); err != nil {
			t.Error(err)
		}
	}
}

// TestAStaticBinaryRefusesWhatNeedsC: it holds the default engine alone, and says
// with a code why it does not load what needs more.
func TestAStaticBinaryRefusesWhatNeedsC(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program")
	}
	static := filepath.Join(t.TempDir(), "swapline")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", static, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
	if text, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, text)
	}
	file, err := elf.Open(static)
	if err != nil {
		t.Fatal(err)
	}
	libraries, err := file.ImportedLibraries()
	if err := errors.Join(err, file.Close()); err != nil || len(libraries) > 0 {
		t.Errorf("the binary needs %v, %v", libraries, err)
	}
	t.Run("an engine asked for at the start", func(t *testing.T) {
		var stderr strings.Builder
		c := exec.CommandContext(t.Context(), static, "serve", "--json", "--listen", "127.0.0.1:0", "--data", t.TempDir(), "--allow-engine", wasmtimeengine.Name)
		c.Stderr = &stderr
		var failed *exec.ExitError
		if err := c.Run(); !errors.As(err, &failed) || codeIn(t, stderr.String()) != problem.EngineUnknown || !strings.Contains(stderr.String(), "-tags wasmtime") {
			t.Errorf("%v, %s", err, stderr.String())
		}
	})
	data := t.TempDir()
	starts(t, static, data)
	for name, c := range map[string]struct {
		artifact, engine string
		want             problem.Code
	}{
		"a release that names another engine": {wasmBytes, wasmtimeengine.Name, problem.EngineDenied},
		"a native release":                    {"\x7fELF of no matter what", "", problem.NativeToolchain},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			artifact := write(t, filepath.Join(dir, "risk-1.2.0"), c.artifact)
			source := write(t, filepath.Join(dir, "strategy.json"), `{"name": "risk", "version": "1.2.0", "engine": "`+c.engine+`",
 "golden": [{"name": "any", "input": {}, "output": {}}]}`)
			must(t, data, "sign", artifact, "--source", source)
			if r := command(t, data, "push", artifact, "--json"); r.code != exitInvalid || codeIn(t, r.stderr) != c.want {
				t.Errorf("exit code %d: %s", r.code, r.stderr)
			}
		})
	}
}

// starts runs a server until the end of the test.
func starts(t *testing.T, program, data string) {
	t.Helper()
	c := exec.Command(program, "serve", "--listen", "127.0.0.1:0", "--data", data)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Signal(os.Interrupt)
		if err := c.Wait(); err != nil {
			t.Errorf("the server ended with %v", err)
		}
	})
	for end := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		if _, err := dataFolder(data).server(); err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatal("the server did not start")
		}
	}
}

// codeIn is the code of a report.
func codeIn(t *testing.T, report string) problem.Code {
	t.Helper()
	var r reported
	if err := json.Unmarshal([]byte(report), &r); err != nil {
		t.Fatalf("%v in %s", err, report)
	}
	return problem.Code(r.Code)
}
