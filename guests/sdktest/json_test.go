package sdktest_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
)

// TestAGuestWithoutAnSDK runs the part of the suite that a guest in JSON can
// take.
func TestAGuestWithoutAnSDK(t *testing.T) {
	m := build(t, "../json/riskscore")
	m.encoding = manifest.EncodingJSON
	t.Run("riskscore answers as its golden cases say", func(t *testing.T) { golden(t, m) })
	t.Run("riskscore answers as the Go release does", func(t *testing.T) { payments(t, m) })
	t.Run("riskscore judges configs as the Go release does", func(t *testing.T) { configs(t, m) })
	t.Run("a comparison says that its share is unknown", func(t *testing.T) { compared(wholeGuest)(t, m) })
}

func TestTheExampleOfTheJSONPageWorks(t *testing.T) {
	shows(t, "../json/README.md", "../json/limit/main.go", "package main\n")
	m := build(t, "../json/limit")
	m.encoding = manifest.EncodingJSON
	d := driverFor(t)
	limits(t, m, map[string]any{"limit": int64(5000)})
	_, err := d.Load(context.Background(), spec(t, m, map[string]any{}))
	if problem.CodeOf(err) != problem.ConstructorFailed {
		t.Errorf("without a limit: %v", err)
	}
}

// shows checks that a page has the source, from the text on that begins it, with
// some texts replaced.
func shows(t *testing.T, page, source, from string, replaced ...string) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	code, err := os.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(strings.NewReplacer(replaced...).Replace(string(code)), from)
	if !found || !strings.Contains(string(text), from+rest) {
		t.Errorf("%s does not show %s", page, source)
	}
}

// limits checks the strategy of the pages: up to 5000 is approved.
func limits(t *testing.T, m module, config map[string]any) {
	t.Helper()
	in := load(t, driverFor(t), spec(t, m, config))
	for amount, want := range map[int64]bool{5000: true, 5001: false} {
		out, err := in.Execute(t.Context(), map[string]any{"amount": amount})
		if err != nil || !wire.Equal(out, map[string]any{"approved": want}) {
			t.Errorf("%d: %v, %v", amount, out, err)
		}
	}
	_, err := in.Execute(t.Context(), map[string]any{"amount": 1.0})
	var b *abi.Error
	if !errors.As(err, &b) || b.Code != "bad_input" {
		t.Errorf("got %v", err)
	}
}
