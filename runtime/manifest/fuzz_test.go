package manifest

import (
	"bytes"
	"math"
	"reflect"
	"testing"

	"github.com/swapline/swapline/runtime/problem"
)

func FuzzDecode(f *testing.F) {
	f.Add(example(f))
	f.Add(without(f, "limits", "config", "labels"))
	f.Add(changed(f, map[string]any{"/withdraw": map[string]any{"faults": int64(3), "share": 0.5, "window_ms": int64(9)}}))
	f.Add(changed(f, map[string]any{"/rollout": map[string]any{"stages": []any{map[string]any{"weight": 0.01, "for_s": int64(1)}}}}))
	f.Add(changed(f, map[string]any{"/config": map[string]any{"z": math.Copysign(0, -1), "b": []byte{1}, "n": nil, "l": []any{1e300}}}))
	f.Add([]byte(`{"name":1}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Decode(b)
		if err != nil {
			if problem.CodeOf(err) != problem.ManifestMalformed {
				t.Fatalf("code of %v", err)
			}
			return
		}
		canonical, err := m.Encode()
		if err != nil {
			t.Fatalf("accepted but cannot be encoded: %v", err)
		}
		again, err := Decode(canonical)
		if err != nil {
			t.Fatalf("canonical text refused: %v\n%s", err, canonical)
		}
		if !reflect.DeepEqual(again, m) {
			t.Fatalf("round trip:\n%+v\n%+v", again, m)
		}
		if twice, err := again.Encode(); err != nil || !bytes.Equal(twice, canonical) {
			t.Fatalf("canonical text is not stable: %v\n%s\n%s", err, twice, canonical)
		}
	})
}
