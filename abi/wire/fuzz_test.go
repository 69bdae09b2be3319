package wire

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"testing"
)

// FuzzDecode: no input panics, what is accepted is what Append writes, and the
// twin accepts the same.
func FuzzDecode(f *testing.F) {
	for _, v := range vectors() {
		b, err := hex.DecodeString(v.hex)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	w := newTwin(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 64<<10 {
			return // the twin has other limits
		}
		v, err := Decode(b)
		want, ok := w.accepts(b)
		if (err == nil) != ok {
			t.Fatalf("got %v, twin accepts: %v", err, ok)
		}
		if err != nil {
			return
		}
		if !Equal(v, want) {
			t.Fatal(difference(v, want))
		}
		roundTrip(t, v, b)
	})
}

// roundTrip checks the laws that every value of the domain obeys.
func roundTrip(t *testing.T, v any, encoded []byte) {
	t.Helper()
	again, err := Append(nil, v)
	if err != nil || encoded != nil && !bytes.Equal(again, encoded) {
		t.Fatalf("encoded as %x, %v", again, err)
	}
	copied, err := Normalize(v)
	if err != nil || !Equal(copied, v) {
		t.Fatalf("normalised: %v, %s", err, difference(copied, v))
	}
	back, err := Decode(again)
	if err != nil || !Equal(back, v) {
		t.Fatalf("decoded: %v, %s", err, difference(back, v))
	}
	text, err := AppendJSON(nil, v)
	if err != nil || !json.Valid(text) {
		t.Fatalf("JSON: %s, %v", text, err)
	}
	if back, err = ParseJSON(text); err != nil || !Equal(back, v) {
		t.Fatalf("parsed: %v, %s", err, difference(back, v))
	}
}

// FuzzParseJSON: no input panics, what is accepted is valid JSON with the same
// meaning for encoding/json, and survives every round trip.
func FuzzParseJSON(f *testing.F) {
	for _, s := range []string{
		`{"a":[1,-0,-0.0,1e3,0.1,9223372036854775807],"b":{"$bytes":"AQI="}}`,
		`"\ud800\udd51\u0000\n\/"`, `{"a":1,"\u0061":2}`, `[[],{},null,true,false]`, "01", `{"$bytes":1}`, " 1 ",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := ParseJSON(b)
		if err != nil {
			return
		}
		if !json.Valid(b) {
			t.Fatal("accepted what is not JSON")
		}
		want, err := readTwinJSON(b)
		if err != nil {
			t.Fatal(err)
		}
		if text, _ := AppendJSON(nil, v); !bytes.Contains(text, []byte(BytesKey)) && !Equal(v, want) {
			t.Fatal(difference(v, want))
		}
		roundTrip(t, v, nil)
	})
}

// FuzzNormalize: what encoding/json reads, with numbers as text or as float64,
// is either refused or normalised to a value that stays the same.
func FuzzNormalize(f *testing.F) {
	f.Add([]byte(`{"a":[1,2.5,"x",null],"b":{"c":1e400}}`), true)
	f.Add([]byte(`[9223372036854775808,-0,-0.0]`), true)
	f.Add([]byte("\"\xff\""), false)
	f.Fuzz(func(t *testing.T, b []byte, exact bool) {
		d := json.NewDecoder(bytes.NewReader(b))
		if exact {
			d.UseNumber()
		}
		var in any
		if d.Decode(&in) != nil {
			return
		}
		v, err := Normalize(in)
		encoded, err2 := Append(nil, in)
		if (err == nil) != (err2 == nil) {
			t.Fatalf("Normalize: %v, Append: %v", err, err2)
		}
		if err == nil {
			roundTrip(t, v, encoded)
		}
	})
}
