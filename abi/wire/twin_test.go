package wire

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
)

// twin is another library for CBOR, set to the same rules.
type twin struct {
	enc cbor.EncMode
	dec cbor.DecMode
}

func newTwin(t testing.TB) twin {
	t.Helper()
	o := cbor.CoreDetEncOptions()
	o.NaNConvert, o.InfConvert = cbor.NaNConvertReject, cbor.InfConvertReject
	enc, err := o.EncMode()
	if err != nil {
		t.Fatal(err)
	}
	dec, err := cbor.DecOptions{
		DupMapKey:       cbor.DupMapKeyEnforcedAPF,
		IndefLength:     cbor.IndefLengthForbidden,
		TagsMd:          cbor.TagsForbidden,
		IntDec:          cbor.IntDecConvertSignedOrFail,
		DefaultMapType:  reflect.TypeFor[map[string]any](),
		UTF8:            cbor.UTF8RejectInvalid,
		MaxNestedLevels: 64,
	}.DecMode()
	if err != nil {
		t.Fatal(err)
	}
	return twin{enc, dec}
}

// accepts says what the twin thinks: b is acceptable when it reads it as a
// value of the domain that it would write as the same bytes.
func (w twin) accepts(b []byte) (any, bool) {
	var v any
	if w.dec.Unmarshal(b, &v) != nil || !inDomain(v) {
		return nil, false
	}
	again, err := w.enc.Marshal(v)
	return v, err == nil && bytes.Equal(again, b)
}

func inDomain(v any) bool {
	switch x := v.(type) {
	case nil, bool, int64, string, []byte:
		return true
	case float64:
		return finite(x)
	case []any:
		return !slices.ContainsFunc(x, func(v any) bool { return !inDomain(v) })
	case map[string]any:
		for k, v := range x {
			if k == BytesKey || !inDomain(v) {
				return false
			}
		}
		return true
	}
	return false
}

func TestAppendWritesWhatTheTwinWrites(t *testing.T) {
	w := newTwin(t)
	for seed := range uint64(5_000) {
		v := random(rand.New(rand.NewPCG(seed, 0)), 4)
		want, err := w.enc.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Append(nil, v)
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("seed %d: got %x, %v; want %x", seed, got, err, want)
		}
		back, err := Decode(want)
		if err != nil || !Equal(back, v) {
			t.Fatalf("seed %d: %v, %s", seed, err, difference(back, v))
		}
	}
}

func TestDecodeAcceptsWhatTheTwinAccepts(t *testing.T) {
	w, accepted := newTwin(t), 0
	for seed := range uint64(50_000) {
		r := rand.New(rand.NewPCG(seed, 1))
		b, err := Append(nil, random(r, 3))
		if err != nil || len(b) > 1000 {
			continue
		}
		b = mutate(r, b)
		want, ok := w.accepts(b)
		got, err := Decode(b)
		if (err == nil) != ok || ok && !Equal(got, want) {
			t.Fatalf("seed %d: %x: got %v, %v; twin: %v, %v", seed, b, got, err, want, ok)
		}
		if ok {
			accepted++
		}
	}
	if accepted < 1000 {
		t.Errorf("only %d mutants were accepted, the test says little", accepted)
	}
}

// mutate changes, drops or adds a few bytes.
func mutate(r *rand.Rand, b []byte) []byte {
	b = bytes.Clone(b)
	for range 1 + r.IntN(3) {
		at := r.IntN(len(b) + 1)
		switch r.IntN(4) {
		case 0:
			b = append(b[:at:at], append([]byte{byte(r.Uint32())}, b[at:]...)...)
		case 1:
			b = b[:at]
		default:
			if at < len(b) {
				b[at] ^= 1 << r.IntN(8)
			}
		}
	}
	return b
}

// fromTwinJSON converts what encoding/json read with UseNumber.
func fromTwinJSON(v any) any {
	switch x := v.(type) {
	case json.Number:
		if n, err := x.Int64(); err == nil && !strings.ContainsAny(x.String(), ".eE") {
			return n
		}
		f, _ := x.Float64()
		return f
	case []any:
		for i := range x {
			x[i] = fromTwinJSON(x[i])
		}
	case map[string]any:
		for k := range x {
			x[k] = fromTwinJSON(x[k])
		}
	}
	return v
}

func readTwinJSON(b []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	err := d.Decode(&v)
	return fromTwinJSON(v), err
}

// withoutHugeFloats drops the floats that encoding/json writes as integers
// beyond int64, which ParseJSON refuses on purpose.
func withoutHugeFloats(v any) any {
	switch x := v.(type) {
	case float64:
		if size := math.Abs(x); size >= 1<<63 && size < 1e21 {
			return 0.5
		}
	case []any:
		for i := range x {
			x[i] = withoutHugeFloats(x[i])
		}
	case map[string]any:
		for k := range x {
			x[k] = withoutHugeFloats(x[k])
		}
	}
	return v
}

func TestParseJSONReadsWhatEncodingJSONWrites(t *testing.T) {
	for seed := range uint64(5_000) {
		r := rand.New(rand.NewPCG(seed, 2))
		doc, err := json.Marshal(withoutHugeFloats(random(r, 4)))
		if err != nil {
			t.Fatal(err)
		}
		if r.IntN(2) == 0 {
			var spaced bytes.Buffer
			if err := json.Indent(&spaced, doc, " \r", "\t "); err != nil {
				t.Fatal(err)
			}
			doc = spaced.Bytes()
		}
		want, err := readTwinJSON(doc)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ParseJSON(doc); err != nil || !Equal(got, want) {
			t.Fatalf("seed %d: %v, %s", seed, err, difference(got, want))
		}
	}
}

func TestEncodingJSONReadsWhatAppendJSONWrites(t *testing.T) {
	for seed := range uint64(5_000) {
		v := random(rand.New(rand.NewPCG(seed, 3)), 4)
		doc, err := AppendJSON(nil, v)
		if err != nil {
			t.Fatal(err)
		}
		if !json.Valid(doc) {
			t.Fatalf("seed %d: not valid: %s", seed, doc)
		}
		if back, err := ParseJSON(doc); err != nil || !Equal(back, v) {
			t.Fatalf("seed %d: came back differently: %v, %s", seed, err, difference(back, v))
		}
	}
}

func TestParseJSONAcceptsNothingThatEncodingJSONRefuses(t *testing.T) {
	accepted := 0
	for seed := range uint64(50_000) {
		r := rand.New(rand.NewPCG(seed, 4))
		doc, err := AppendJSON(nil, random(r, 3))
		if err != nil || len(doc) > 1000 {
			continue
		}
		doc = mutate(r, doc)
		got, err := ParseJSON(doc)
		if err != nil {
			continue
		}
		accepted++
		want, err := readTwinJSON(doc)
		if err != nil || !json.Valid(doc) {
			t.Fatalf("seed %d: accepted %q", seed, doc)
		}
		if !bytes.Contains(doc, []byte(BytesKey)) && !Equal(got, want) {
			t.Fatalf("seed %d: %q: got %v, want %v", seed, doc, got, want)
		}
	}
	if accepted < 1000 {
		t.Errorf("only %d mutants were accepted, the test says little", accepted)
	}
}
