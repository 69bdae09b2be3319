package guesttest

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/guests/tck/tck"
)

// TestGoldenCasesBeginWithAnEmptyState runs a strategy that counts: every case
// sees 1.
func TestGoldenCasesBeginWithAnEmptyState(t *testing.T) {
	folder := t.TempDir()
	text := `{"config": {"behaviour": "choose"}, "capabilities": ["emit", "state"], "golden": [
		{"name": "one", "input": {"behaviour": "state"}, "output": {"count": 1}},
		{"name": "again", "input": {"behaviour": "state"}, "output": {"count": 1}},
		{"name": "event", "input": {"behaviour": "emit"}, "output": {}},
		{"name": "forget", "input": {"behaviour": "forget"}, "output": {"found": false}}]}`
	if err := os.WriteFile(filepath.Join(folder, "strategy.json"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	Run(t, folder, tck.New)
}

func TestWhatIsNotAskedForIsDenied(t *testing.T) {
	h := Host{T: t}
	_, _, get := h.Get(t.Context(), "k")
	_, do := h.Do(t.Context(), abi.HTTPRequest{})
	for name, err := range map[string]error{
		"emit": h.Emit(t.Context(), "t", nil), "get": get, "put": h.Put(t.Context(), "k", 1), "delete": h.Delete(t.Context(), "k"), "do": do,
	} {
		var e *abi.Error
		if !errors.As(err, &e) || e.Code != abi.CodeCapabilityDenied {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheHostOfATestKeepsCopies(t *testing.T) {
	h := Host{T: t, State: map[string]any{}}
	list := []any{"a"}
	if err := h.Put(t.Context(), "k", list); err != nil {
		t.Fatal(err)
	}
	list[0] = "changed"
	v, found, err := h.Get(t.Context(), "k")
	if err != nil || !found || v.([]any)[0] != "a" {
		t.Errorf("got %v, %t, %v", v, found, err)
	}
	if err := h.Put(t.Context(), "k", make(chan int)); err == nil {
		t.Error("a channel was kept")
	}
}
