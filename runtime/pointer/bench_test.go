package pointer_test

import (
	"testing"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/pointer"
)

// BenchmarkKey has what a sticky key in the input costs: from the map, from the
// text, and by making a map of the text.
func BenchmarkKey(b *testing.B) {
	text := []byte(`{"amount":12950,"currency":"EUR","card":{"brand":"visa","bin":"424242","country":"DE"},"customer":"3f2b8c1e-77aa-4c1e-9a53-0d9f1c2b7e55","items":[{"sku":"a-1","n":2},{"sku":"b-2","n":1}]}`)
	m, err := wire.ParseJSONMap(text)
	if err != nil {
		b.Fatal(err)
	}
	p := parse(b, "/customer")
	fromMap := func(m map[string]any) int {
		var room [96]byte
		v, _ := p.In(m)
		key, _ := pointer.KeyOf(room[:0], v)
		return len(key)
	}
	fromText := func() int {
		var room [96]byte
		raw, _ := p.InText(text)
		key, _ := pointer.KeyOfText(room[:0], raw)
		return len(key)
	}
	for _, c := range []struct {
		name string
		key  func() int
	}{
		{"map", func() int { return fromMap(m) }},
		{"text", fromText},
		{"parse", func() int { m, _ := wire.ParseJSONMap(text); return fromMap(m) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if c.key() != 36 {
					b.Fatal("no key")
				}
			}
		})
	}
}
