package wire

import (
	"encoding/json"
	"testing"
)

// payment is a typical input of a strategy: twelve fields, all kinds.
func payment() map[string]any {
	return map[string]any{
		"payment_id":  "pay_01HZX4N7Q2",
		"merchant":    "m-48213",
		"mcc":         "5812",
		"amount":      int64(12_950),
		"currency":    "EUR",
		"country":     "NL",
		"card_hash":   []byte{0x9f, 0x86, 0xd0, 0x81, 0x88, 0x4c, 0x7d, 0x65},
		"hour":        int64(23),
		"velocity":    0.75,
		"new_device":  true,
		"referrer":    nil,
		"last_scores": []any{0.1, 0.25, int64(900)},
	}
}

// encodedPayment returns the CBOR and the JSON form of a payment.
func encodedPayment(t testing.TB) (cbor, text []byte) {
	t.Helper()
	cbor, err := Append(nil, payment())
	if err != nil {
		t.Fatal(err)
	}
	if text, err = AppendJSON(nil, payment()); err != nil {
		t.Fatal(err)
	}
	return cbor, text
}

func BenchmarkNormalize(b *testing.B) {
	in := payment()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Normalize(in); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEqual(b *testing.B) {
	x, y := payment(), payment()
	b.ReportAllocs()
	for b.Loop() {
		if !Equal(x, y) {
			b.Fatal("not equal")
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	in, room := payment(), []byte(nil)
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if room, err = Append(room[:0], in); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	in, _ := encodedPayment(b)
	b.ReportAllocs()
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		if _, err := Decode(in); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendJSON(b *testing.B) {
	in, room := payment(), []byte(nil)
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if room, err = AppendJSON(room[:0], in); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseJSON(b *testing.B) {
	_, in := encodedPayment(b)
	b.ReportAllocs()
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		if _, err := ParseJSON(in); err != nil {
			b.Fatal(err)
		}
	}
}

// The figures of the twins, for comparison.
func BenchmarkTwinAppend(b *testing.B) {
	w, in := newTwin(b), payment()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.enc.Marshal(in); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTwinDecode(b *testing.B) {
	w := newTwin(b)
	in, _ := encodedPayment(b)
	b.ReportAllocs()
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		var v any
		if err := w.dec.Unmarshal(in, &v); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTwinAppendJSON(b *testing.B) {
	in := payment()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := json.Marshal(in); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTwinParseJSON(b *testing.B) {
	_, in := encodedPayment(b)
	b.ReportAllocs()
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		var v any
		if err := json.Unmarshal(in, &v); err != nil {
			b.Fatal(err)
		}
	}
}

// Allocations are part of the contract with the request path.
func TestAllocationsOfASmallMap(t *testing.T) {
	in := payment()
	cbor, text := encodedPayment(t)
	room := make([]byte, 0, 1024)
	for _, c := range []struct {
		name string
		most float64
		run  func() error
	}{
		{"Append", 0, func() error { _, err := Append(room, in); return err }},
		{"AppendJSON", 0, func() error { _, err := AppendJSON(room, in); return err }},
		{"Normalize", 10, func() error { _, err := Normalize(in); return err }},
		{"Decode", 26, func() error { _, err := Decode(cbor); return err }},
		{"ParseJSON", 30, func() error { _, err := ParseJSON(text); return err }},
	} {
		got := testing.AllocsPerRun(100, func() {
			if err := c.run(); err != nil {
				t.Fatal(err)
			}
		})
		if got > c.most {
			t.Errorf("%s: %v allocations, at most %v are allowed", c.name, got, c.most)
		}
	}
}
