//go:build wasmtime && cgo && linux && amd64

package wasmtimeengine

import (
	"context"
	"strings"
	"testing"
)

func opened(t *testing.T, c Config) *engine {
	t.Helper()
	e, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return e.(*engine)
}

// TestProposalsAreRefusedForWhatTheyAre: a probe with a mistake in it would be
// refused, too, and prove nothing.
func TestProposalsAreRefusedForWhatTheyAre(t *testing.T) {
	e := opened(t, Config{})
	reasons := map[string]string{
		"components": "component model feature is not enabled", "SIMD": "SIMD support is not enabled",
		"threads": "threads must be enabled", "atomics": "threads support is not enabled",
		"memory64": "memory64 must be enabled", "table64": "memory64 must be enabled", "several memories": "multiple memories",
		"tail calls": "tail calls support is not enabled", "function references": "function references required",
		"structs": "without the gc feature", "i31": "gc support is not enabled", "exception tags": "exceptions proposal not enabled",
		"exceptions": "exceptions support is not enabled", "legacy exceptions": "legacy_exceptions feature required",
		"wide arithmetic": "wide arithmetic support is not enabled", "page sizes": "custom page sizes proposal must be enabled",
		"stack switching": "stack switching is disabled", "a module of text": "bad magic number",
	}
	for name, m := range proposals() {
		err := e.validate(m)
		if name == core {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if reasons[name] == "" || err == nil || !strings.Contains(err.Error(), reasons[name]) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(reasons) != len(proposals())-1 {
		t.Errorf("%d reasons for %d probes", len(reasons), len(proposals())-1)
	}
}

func TestAProcessHasOneEngine(t *testing.T) {
	a, b := opened(t, Config{}), opened(t, Config{})
	if a.c != b.c {
		t.Error("there are two")
	}
	if err := a.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := a.Close(context.Background()); err != nil { // must count once
		t.Fatal(err)
	}
	if err := b.validate(proposals()[core]); err != nil {
		t.Errorf("after one was closed: %v", err)
	}
}
