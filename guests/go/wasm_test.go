package guest_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/wasm"
	"github.com/swapline/swapline/runtime/wasm/wasmtest"
	"github.com/swapline/swapline/runtime/wasm/wazeroengine"
)

// load starts the guest in testdata. Its texts outlive calls, so it is one
// instance that is not brought back.
func load(t *testing.T, over string) driver.Instance {
	t.Helper()
	module, err := os.ReadFile(wasmtest.BuildGo(t, "github.com/swapline/swapline/guests/go/testdata/encoded"))
	if err != nil {
		t.Fatal(err)
	}
	engine, err := wazeroengine.New(wazeroengine.Config{CacheDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	spec := wasmtest.Spec(t, module)
	spec.Manifest.Isolation = manifest.IsolationInstance
	spec.Manifest.Limits.MemoryBytes = 64 << 20
	spec.Manifest.Limits.Concurrency = 1
	spec.Manifest.Config = map[string]any{"over": over}
	return wasmtest.Load(t, wasm.New(wasm.Config{Engines: map[string]wasm.Engine{wazeroengine.Name: engine}, DefaultEngine: wazeroengine.Name}), spec)
}

func TestAGuestOverEncodedValuesAnswers(t *testing.T) {
	guest := load(t, "encoded")
	for _, size := range []int{0, 10, 4000, 4096, 5000, 300_000} {
		in := map[string]any{"do": "echo", "text": strings.Repeat("t", size), "f": 0.5, "list": []any{nil, int64(-7), []byte{1}}}
		out, err := guest.Execute(t.Context(), in)
		if err != nil || !wire.Equal(any(out), any(map[string]any{"in": in})) {
			t.Errorf("%d bytes of text: %.200v and %v", size, out, err)
		}
	}
	if out, err := guest.Execute(t.Context(), map[string]any{"do": "long", "text": "0123456789"}); err != nil || len(out["text"].(string)) != 1_000_000 {
		t.Errorf("a long answer: %v", err)
	}
	if out, err := guest.Execute(t.Context(), map[string]any{"do": "nothing"}); err != nil || len(out) != 0 {
		t.Errorf("nothing written: %v and %v", out, err)
	}
	err := guest.Validate(t.Context())
	if b := (*abi.Error)(nil); !errors.As(err, &b) || b.Code != "not_ready" {
		t.Errorf("Validate: %v", err)
	}
}

// TestAGuestOverEncodedValuesEstimatesItsShare: what it reads in place is not known,
// what reading everything takes is.
func TestAGuestOverEncodedValuesEstimatesItsShare(t *testing.T) {
	text := strings.Repeat("t", 1000)
	in := map[string]any{"do": "echo", "text": text, "long": text + text + text + text + text, "all": []any{nil, true, int64(-7), 0.5, []byte{1}, map[string]any{"k": text}}}
	for over, estimated := range map[string]bool{"encoded": true, "maps": false} {
		metered, ok := load(t, over).(driver.Metered)
		if !ok {
			t.Fatal("the driver does not meter")
		}
		var guest int64
		for range 20 {
			var p driver.Parts
			if _, err := metered.ExecuteMetered(t.Context(), in, &driver.Usage{Parts: &p}); err != nil || !p.Known || p.Estimated != estimated {
				t.Fatalf("over %s: %+v, %v", over, p, err)
			}
			guest += int64(p.Guest)
		}
		if guest <= 0 {
			t.Errorf("over %s its share is nothing", over)
		}
	}
}

func TestErrorsOfAGuestOverEncodedValues(t *testing.T) {
	guest := load(t, "encoded")
	_, err := guest.Execute(t.Context(), map[string]any{"do": "reject", "text": "no"})
	if b := (*abi.Error)(nil); !errors.As(err, &b) || b.Code != "rejected" || b.Message != "no" || !wire.Equal(any(b.Details), any(map[string]any{"n": int64(1)})) {
		t.Errorf("a business error: %v", err)
	}
	for do, want := range map[string]problem.Code{"panic": problem.FaultPanic, "open": problem.FaultABI} {
		_, err := guest.Execute(t.Context(), map[string]any{"do": do, "text": "why"})
		var f *driver.Fault
		if !errors.As(err, &f) || f.Code != want {
			t.Errorf("%s: %v, want %s", do, err, want)
		}
	}
	if _, err := guest.Execute(t.Context(), map[string]any{"do": "none"}); err != nil {
		t.Errorf("after the faults: %v", err)
	}
}

// A text that a strategy keeps must stay what it was, although the next input
// comes through the same functions.
func TestTextsThatAGuestKeepsStay(t *testing.T) {
	for _, over := range []string{"encoded", "maps"} {
		guest := load(t, over)
		before := ""
		for i, size := range []int{10, 10, 100, 5000, 5000, 10, 9000, 5000, 20} {
			text := strings.Repeat(string(rune('a'+i)), size)
			out, err := guest.Execute(t.Context(), map[string]any{"do": "keep", "text": text})
			if err != nil || out["before"] != before {
				t.Errorf("%s, call %d: before was %.20v..., want %.20q..., %v", over, i, out["before"], before, err)
			}
			before = text
		}
	}
}
