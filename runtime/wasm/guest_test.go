package wasm_test

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/wasm"
	w "github.com/swapline/swapline/runtime/wasm/wasmtest"
)

// goGuest is the Go strategy that misbehaves, built and compiled once for all
// tests of this file.
type goGuest struct {
	driver driver.Driver
	spec   driver.Spec
	log    *bytes.Buffer
}

// TestGoGuest runs a real guest of the Go SDK.
func TestGoGuest(t *testing.T) {
	b, err := os.ReadFile(w.BuildGo(t, "github.com/swapline/swapline/guests/misbehave"))
	if err != nil {
		t.Fatal(err)
	}
	g := &goGuest{driver: closed(t, open(t, t.TempDir())), spec: specOf(t, b), log: new(bytes.Buffer)}
	g.spec.Log = slog.New(slog.NewTextHandler(g.log, nil))
	g.spec.Manifest.Limits.MemoryBytes = 32 << 20
	g.spec.Manifest.Limits.Concurrency = 1
	t.Run("misbehaves", g.misbehaves)
	t.Run("sees nothing of the host", g.seesNothing)
	t.Run("keeps copies of inputs", g.keepsCopies)
	t.Run("breaks in its constructor", g.breaksEarly)
	t.Run("is described", g.isDescribed)
}

// load makes an instance and closes it at the end of the test.
func (g *goGuest) load(t *testing.T) driver.Instance {
	t.Helper()
	in, err := g.driver.Load(context.Background(), g.spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := in.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return in
}

func mode(m string) map[string]any { return map[string]any{"mode": m} }

func (g *goGuest) misbehaves(t *testing.T) {
	in := g.load(t)
	for _, c := range []struct {
		mode string
		want problem.Code // "" for an answer or a business error
	}{
		{"panic", problem.FaultPanic},
		{"nil", problem.FaultPanic},
		{"goroutine", problem.FaultTrap},
		{"exit", problem.FaultTrap},
		{"spin", problem.FaultDeadline},
		{"block", problem.FaultTrap},
		{"grow", problem.FaultMemory},
		{"large", problem.FaultABI},
		{"file", ""},
		{"sleep", ""},
		{"chatter", ""},
		{"print", ""},
	} {
		t.Run(c.mode, func(t *testing.T) {
			g.log.Reset()
			limit := time.Minute
			if c.want == problem.FaultDeadline {
				limit = time.Second
			}
			ctx, cancel := context.WithTimeout(context.Background(), limit)
			defer cancel()
			_, err := in.Execute(ctx, mode(c.mode))
			if faultCode(err) != c.want {
				t.Fatalf("err = %v, want fault %q", err, c.want)
			}
			if n := strings.Count(g.log.String(), "\n"); n > 70 || g.log.Len() > 100_000 {
				t.Errorf("logged %d lines, %d bytes", n, g.log.Len())
			}
			out, err := in.Execute(context.Background(), mode("count"))
			if n, _ := out["calls"].(int64); err != nil || (n == 1) != (c.want != "") {
				t.Errorf("the next call answers %v, %v", out, err)
			}
		})
	}
}

func (g *goGuest) seesNothing(t *testing.T) {
	in := g.load(t)
	out, err := in.Execute(context.Background(), mode("environment"))
	if err != nil || out["environment"] != int64(0) || out["arguments"] != int64(0) {
		t.Errorf("environment: %v, %v", out, err)
	}
	if _, err := in.Execute(context.Background(), mode("file")); err == nil || strings.Contains(err.Error(), "root:") {
		t.Errorf("file: %v", err)
	}
}

// keepsCopies keeps a map from one call to the next: the room of inputs
// is used again, values must not be.
func (g *goGuest) keepsCopies(t *testing.T) {
	in := g.load(t)
	var out map[string]any
	var err error
	for _, text := range []string{"first of all", "other things"} {
		if out, err = in.Execute(context.Background(), map[string]any{"mode": "keep", "text": text}); err != nil {
			t.Fatal(err)
		}
	}
	if before, _ := out["before"].(map[string]any); before["text"] != "first of all" {
		t.Errorf("the kept input became %v", out)
	}
}

func (g *goGuest) breaksEarly(t *testing.T) {
	spec := g.spec
	m := *spec.Manifest
	spec.Manifest = &m
	for start, want := range map[string]problem.Code{
		"panic": problem.ConstructorFailed, "exit": problem.ConstructorFailed, "grow": problem.ConstructorFailed, "file": problem.ConstructorFailed,
	} {
		spec.Manifest.Config = map[string]any{"start": start}
		if _, err := g.driver.Load(context.Background(), spec); problem.CodeOf(err) != want {
			t.Errorf("%s: err = %v, want %s", start, err, want)
		}
	}
}

func (g *goGuest) isDescribed(t *testing.T) {
	r, err := wasm.Inspect(g.spec.Path)
	if err != nil || len(r.Problems) != 0 || len(r.Producers) != 2 || len(r.Memory) != 1 {
		t.Fatalf("Inspect = %+v, %v", r, err)
	}
	for _, p := range r.Convention {
		if !p.Present {
			t.Errorf("the Go SDK does not export %s", p.Name)
		}
	}
}
