package inputs

import (
	"crypto/sha256"
	"fmt"
	"testing"

	"github.com/swapline/swapline/abi/wire"
)

func digest(t *testing.T, list []map[string]any) string {
	t.Helper()
	h := sha256.New()
	for _, in := range list {
		if err := func() error { _, err := wire.NormalizeMap(in); return err }(); err != nil {
			t.Fatal(err)
		}
		b, err := wire.Append(nil, in)
		if err != nil {
			t.Fatal(err)
		}
		h.Write(b)
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

// TestTheSameNumbersMakeTheSameInputs: a report can be repeated with its command.
func TestTheSameNumbersMakeTheSameInputs(t *testing.T) {
	once := digest(t, Make(2000, 7))
	if again := digest(t, Make(2000, 7)); again != once {
		t.Error("two runs differ")
	}
	if once == digest(t, Make(2000, 8)) {
		t.Error("two seeds make the same inputs")
	}
	if digest(t, Make(2000, 7)[:500]) != digest(t, Make(500, 7)) {
		t.Error("fewer inputs are not the first of more")
	}
}

// TestInputsDiffer: a comparison over one input a thousand times would measure its
// caches.
func TestInputsDiffer(t *testing.T) {
	seen := map[string]bool{}
	for _, in := range Make(10_000, 1) {
		seen[digest(t, []map[string]any{in})] = true
	}
	if len(seen) < 9_990 {
		t.Errorf("%d of 10,000 are distinct", len(seen))
	}
}
