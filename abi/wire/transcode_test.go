package wire

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// slowFromJSON is what the transcoder leaves out the middle of.
func slowFromJSON(l Limits, text []byte) ([]byte, error) {
	v, err := l.ParseJSON(text)
	if err != nil {
		return nil, err
	}
	return l.Append(nil, v)
}

func slowFromCBOR(l Limits, b []byte) ([]byte, error) {
	v, err := l.Decode(b)
	if err != nil {
		return nil, err
	}
	return l.AppendJSON(nil, v)
}

func slowMapFromJSON(text []byte) ([]byte, error) {
	m, err := ParseJSONMap(text)
	if err != nil {
		return nil, err
	}
	return Append(nil, m)
}

func slowMapFromCBOR(b []byte) ([]byte, error) {
	m, err := DecodeMap(b)
	if err != nil {
		return nil, err
	}
	return AppendJSON(nil, m)
}

// agree compares the outcomes of the two ways. Errors about what was read are
// the same in every part, but for the place in a list, where the elements of a
// broken list inside of it mislead ParseJSON; those about the length of what
// would be written are of one class.
func agree(t *testing.T, in, got []byte, err error, want []byte, wanted error) {
	t.Helper()
	if wanted == nil && err == nil {
		if !bytes.Equal(got, want) {
			t.Fatalf("%q:\ngot  %q\nwant %q", in, got, want)
		}
		return
	}
	var g, w *Error
	if !errors.As(err, &g) || !errors.As(wanted, &w) {
		t.Fatalf("%q: got error %v, want %v", in, err, wanted)
	}
	if w.Err == ErrSize && w.Offset < 0 && g.Err == ErrSize && g.Offset < 0 {
		return
	}
	if *g != *w {
		t.Fatalf("%q:\ngot  %v\nwant %v", in, err, wanted)
	}
	if len(got) > 0 {
		t.Fatalf("%q: an error and %d bytes", in, len(got))
	}
}

func bothFromJSON(t *testing.T, l Limits, text []byte) {
	t.Helper()
	got, err := l.JSONToCBOR(nil, text)
	want, wanted := slowFromJSON(l, text)
	agree(t, text, got, err, want, wanted)
	if l != (Limits{}) {
		return
	}
	got, err = JSONMapToCBOR(nil, text)
	want, wanted = slowMapFromJSON(text)
	agree(t, text, got, err, want, wanted)
}

func bothFromCBOR(t *testing.T, l Limits, b []byte) {
	t.Helper()
	got, err := l.CBORToJSON(nil, b)
	want, wanted := slowFromCBOR(l, b)
	agree(t, b, got, err, want, wanted)
	if l != (Limits{}) {
		return
	}
	got, err = CBORMapToJSON(nil, b)
	want, wanted = slowMapFromCBOR(b)
	agree(t, b, got, err, want, wanted)
}

func TestTranscodingRandomValuesGivesTheBytesOfTheLongWay(t *testing.T) {
	for seed := range uint64(3000) {
		v := random(rand.New(rand.NewPCG(seed, 77)), 5)
		cbor, err := Append(nil, v)
		if err != nil {
			t.Fatal(err)
		}
		text, err := AppendJSON(nil, v)
		if err != nil {
			t.Fatal(err)
		}
		got, err := JSONToCBOR([]byte("kept"), text)
		if err != nil || string(got) != "kept"+string(cbor) {
			t.Fatalf("seed %d: %v\ngot  %.200x\nwant %.200x", seed, err, got, cbor)
		}
		got, err = CBORToJSON([]byte("kept"), cbor)
		if err != nil || string(got) != "kept"+string(text) {
			t.Fatalf("seed %d: %v\ngot  %.200s\nwant %.200s", seed, err, got, text)
		}
	}
}

// What stands behind the output is used: text without its escapes, members that
// change places. So every length of it is tried.
func TestTranscodingWorksWithEveryFreeRoom(t *testing.T) {
	for seed := range uint64(60) {
		v := randomMap(rand.New(rand.NewPCG(seed, 78)), 2)
		text, err := AppendJSON(nil, v)
		if err != nil || len(text) > 1000 {
			continue
		}
		want, err := Append(nil, v)
		if err != nil {
			t.Fatal(err)
		}
		for room := range 2*len(text) + 20 {
			got, err := JSONMapToCBOR(make([]byte, 0, room), text)
			if err != nil || !bytes.Equal(got, want) {
				t.Fatalf("seed %d, room for %d bytes: %v\n%s\ngot  %x\nwant %x", seed, room, err, text, got, want)
			}
			got, err = CBORMapToJSON(make([]byte, 0, room), want)
			if err != nil || !bytes.Equal(got, text) {
				t.Fatalf("seed %d, room for %d bytes: %v\ngot  %s\nwant %s", seed, room, err, got, text)
			}
		}
	}
}

// Each document is tried whole, cut short at each byte and with each byte
// changed, under the default limits and under tight ones.
func TestTranscodingAgreesWithTheLongWayOnBrokenDocuments(t *testing.T) {
	limits := []Limits{{}, {Depth: 2}, {Items: 3}, {String: 3}, {Bytes: 24}, {Depth: 1, String: 1}}
	for _, text := range jsonSeeds() {
		for _, in := range broken([]byte(text), `"\{}[],:0-.e1u$ `+"\xff\x00") {
			for _, l := range limits {
				bothFromJSON(t, l, in)
			}
		}
	}
	for _, text := range cborSeeds(t) {
		for _, in := range broken(text, "\x00\x18\x1b\x3b\x40\x58\x60\x78\x7f\x80\xa0\xa1\xbf\xc0\xe0\xf4\xf6\xf8\xf9\xfa\xfb\xff$") {
			for _, l := range limits {
				bothFromCBOR(t, l, in)
			}
		}
	}
}

func broken(in []byte, with string) [][]byte {
	all := [][]byte{in}
	for i := range in {
		all = append(all, in[:i], append(bytes.Clone(in[:i]), in[i+1:]...))
		for _, c := range []byte(with) {
			changed := bytes.Clone(in)
			changed[i] = c
			inserted := append(append(bytes.Clone(in[:i]), c), in[i:]...)
			all = append(all, changed, inserted)
		}
	}
	return all
}

func jsonSeeds() []string {
	many := strings.Split("zyxwvutsrqponmlkjihgfedcba", "")
	return []string{
		`{"a":[1,-0,-0.0,1e3,0.1,9223372036854775807],"b":{"$bytes":"AQI="}}`,
		` [ true , false , null , [ ] , { } , "" , "\u00fc\n\ud83d\udcb6" ] `,
		`{"b":1,"a":{"z":1,"y":{"bb":[{"d":1,"c":2}],"a":0}},"\u0061":2,"c":3,"c":4,"b":5}`,
		`{"x/~y":{"\u0024bytes":"AA=="},"q":{"$bytes":"AQID","z":1},"n":{"a":1,"$bytes":""}}`,
		`{"long":"` + strings.Repeat(`x\n`, 20) + `","longest key of all, longer than 23":1}`,
		`[-9223372036854775808,9223372036854775808,1e400,01]`,
		`[{"$bytes":"AQID\n"},{"$bytes":"AQ\r\n=="},{"$bytes":"\/\u002f\/\/"},{"$bytes":"AQIDBB=="}]`,
		"[" + strings.TrimSuffix(strings.Repeat("1,", 24), ",") + "]",
		`{"` + strings.Join(many, `":1,"`) + `":1}`,
	}
}

func cborSeeds(t *testing.T) [][]byte {
	t.Helper()
	var all [][]byte
	for _, text := range jsonSeeds() {
		if b, err := JSONToCBOR(nil, []byte(text)); err == nil {
			all = append(all, b)
		}
	}
	for _, v := range vectors() {
		b, err := hex.DecodeString(v.hex)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b)
	}
	return append(all, unhex(t, "a3616201616102616203"), unhex(t, "a2646262626201626161a0"), unhex(t, "a162616101"))
}

func TestTranscodedContainersOfEverySizeHaveTheirHead(t *testing.T) {
	for _, n := range []int{0, 1, 23, 24, 63, 64, 65, 255, 256, 257, 65_535, 65_536, 99_999} {
		list := make([]any, n)
		m := make(map[string]any, n)
		for i := range n {
			list[i] = int64(i % 100)
			m[strings.Repeat("k", i%5)+string(rune('A'+i%50))+string(rune(0x4e00+i/250))] = int64(i)
		}
		for _, v := range []any{list, m, map[string]any{"in": list}} {
			if _, isMap := v.(map[string]any); isMap && n == 99_999 {
				continue // one item too many
			}
			text, err := AppendJSON(nil, v)
			if err != nil {
				t.Fatal(err)
			}
			bothFromJSON(t, Limits{}, text)
			cbor, err := Append(nil, v)
			if err != nil {
				t.Fatal(err)
			}
			bothFromCBOR(t, Limits{}, cbor)
		}
	}
}

func TestTheFirstDuplicateInTheTextIsNamed(t *testing.T) {
	text := `{"b":1,"a":2,"c":3,"c":4,"a":5,"b":6}`
	_, err := JSONToCBOR(nil, []byte(text))
	refusal{err: ErrDuplicateKey, offset: 19, pointer: "/c"}.check(t, nil, err)
	bothFromJSON(t, Limits{}, []byte(text))
}

func TestErrorsOfTranscodingNameThePlace(t *testing.T) {
	for text, want := range map[string]refusal{
		`{"a":[{"x/~":[1,2,{}]},[3,[4,01]]]}`: {err: ErrSyntax, offset: 29, pointer: "/a/1/1/1"},
		`[[1,2],{"b":{"$bytes":"AQ="}}]`:      {err: ErrDomain, offset: 22, pointer: "/1/b/$bytes"},
		`[0,{"a/b":{"~":1e999}}]`:             {err: ErrRange, offset: 15, pointer: "/1/a~1b/~0"},
		`{"a":{"b":1,"c" 2}}`:                 {err: ErrSyntax, offset: 16, pointer: "/a/c"},
	} {
		_, err := JSONToCBOR(nil, []byte(text))
		want.check(t, nil, err)
	}
	for in, want := range map[string]refusal{
		"8200a1616182f5fb3ff0000000000000": {err: ErrNotCanonical, offset: 7, pointer: "/1/a/1"},
		"81a26161016161fe":                 {err: ErrDuplicateKey, offset: 6, pointer: "/0/a"},
	} {
		_, err := CBORToJSON(nil, unhex(t, in))
		want.check(t, nil, err)
	}
}

func TestWhatIsTooLongOnceTranscodedIsRefused(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3, 30} {
		text := []byte("[" + strings.TrimSuffix(strings.Repeat("0.1,", n), ",") + "]")
		cbor, err := JSONToCBOR(nil, text)
		if err != nil {
			t.Fatal(err)
		}
		for _, most := range []int{len(cbor) - 1, len(cbor), len(text) - 1, len(text)} {
			bothFromJSON(t, Limits{Bytes: most}, text)
			bothFromCBOR(t, Limits{Bytes: most}, cbor)
		}
	}
	b := unhex(t, "61"+"01")
	bothFromCBOR(t, Limits{Bytes: 7}, b)
	bothFromCBOR(t, Limits{Bytes: 8}, b)
}

func TestMapsAreToldBehindAPrefix(t *testing.T) {
	out, err := JSONMapToCBOR([]byte("kept"), []byte("{}"))
	if err != nil || string(out) != "kept\xa0" {
		t.Errorf("got %q, %v", out, err)
	}
	if out, err = JSONMapToCBOR([]byte("\xa0"), []byte("[]")); err == nil || string(out) != "\xa0" {
		t.Errorf("got %q, %v", out, err)
	}
	if out, err = CBORMapToJSON([]byte("kept"), []byte{0xa0}); err != nil || string(out) != "kept{}" {
		t.Errorf("got %q, %v", out, err)
	}
}

func TestBase64WithEscapesIsReadBesideTheOutput(t *testing.T) {
	text := []byte(`{"b":{"$bytes":"` + strings.Repeat(`\/\u002b`, 500) + `"}}`)
	want, err := slowMapFromJSON(text)
	if err != nil {
		t.Fatal(err)
	}
	got, err := JSONMapToCBOR(make([]byte, 0, 4*len(text)), text)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("got %.100x, %v, want %.100x", got, err, want)
	}
}

func TestDocumentsThatAreNoMapAreReadToTheirEnd(t *testing.T) {
	for _, text := range []string{`1`, `[]`, `[1`, `"a" 1`, `{}`, `null`, `{"$bytes":""}`} {
		bothFromJSON(t, Limits{}, []byte(text))
	}
	for _, b := range []string{"01", "80", "8101ff", "0101", "a0", "f6", "40", ""} {
		bothFromCBOR(t, Limits{}, unhex(t, b))
	}
}

func TestTranscodingUnderTheDepthLimitOnly(t *testing.T) {
	for _, depth := range []int{1, 63, 64, 65, 1_000_000} {
		bothFromJSON(t, Limits{}, []byte(strings.Repeat("[", depth)+strings.Repeat("]", depth)))
		bothFromJSON(t, Limits{}, []byte(strings.Repeat(`{"b":`, depth-1)+"{}"+strings.Repeat(`,"a":1}`, depth-1)))
		bothFromCBOR(t, Limits{}, append(bytes.Repeat([]byte{0x81}, depth-1), 0x80))
		bothFromCBOR(t, Limits{}, append(bytes.Repeat([]byte{0xa1, 0x61, 'a'}, depth-1), 0xa0))
	}
}

func FuzzJSONToCBOR(f *testing.F) {
	for _, text := range jsonSeeds() {
		f.Add([]byte(text), uint8(0), uint8(0), uint16(0))
		f.Add([]byte(text), uint8(3), uint8(4), uint16(40))
	}
	f.Fuzz(func(t *testing.T, text []byte, depth, str uint8, size uint16) {
		bothFromJSON(t, Limits{}, text)
		bothFromJSON(t, Limits{Depth: int(depth), String: int(str), Bytes: int(size), Items: int(str) * 2}, text)
	})
}

func FuzzCBORToJSON(f *testing.F) {
	for _, v := range vectors() {
		b, err := hex.DecodeString(v.hex)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b, uint8(0), uint8(0), uint16(0))
	}
	for _, text := range jsonSeeds() {
		if b, err := JSONToCBOR(nil, []byte(text)); err == nil {
			f.Add(b, uint8(0), uint8(0), uint16(0))
			f.Add(b, uint8(3), uint8(4), uint16(40))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte, depth, str uint8, size uint16) {
		bothFromCBOR(t, Limits{}, b)
		bothFromCBOR(t, Limits{Depth: int(depth), String: int(str), Bytes: int(size), Items: int(str) * 2}, b)
	})
}

func TestTranscodingAllocatesNothing(t *testing.T) {
	cbor, text := encodedPayment(t)
	loose := []byte(`{ "name" : "caf\u00e9 \"x\"", "b" : { "z" : 1.5e3, "a" : [ 0.1, 3.00000000000000000000004 ] } , "a" : -7 }`)
	room := make([]byte, 0, 1024)
	for _, c := range []struct {
		name string
		run  func() error
	}{
		{"JSONToCBOR", func() error { _, err := JSONToCBOR(room, text); return err }},
		{"JSONMapToCBOR", func() error { _, err := JSONMapToCBOR(room, loose); return err }},
		{"CBORToJSON", func() error { _, err := CBORToJSON(room, cbor); return err }},
		{"CBORMapToJSON", func() error { _, err := CBORMapToJSON(room, cbor); return err }},
	} {
		got := testing.AllocsPerRun(100, func() {
			if err := c.run(); err != nil {
				t.Fatal(err)
			}
		})
		if got > 0 {
			t.Errorf("%s: %v allocations", c.name, got)
		}
	}
}

func BenchmarkTranscode(b *testing.B) {
	cbor, text := encodedPayment(b)
	room := make([]byte, 0, 1024)
	for _, c := range []struct {
		name string
		run  func() error
	}{
		{"JSONToCBOR", func() error { _, err := JSONMapToCBOR(room, text); return err }},
		{"ParseJSONAndAppend", func() error {
			m, err := ParseJSONMap(text)
			if err != nil {
				return err
			}
			_, err = Append(room, m)
			return err
		}},
		{"CBORToJSON", func() error { _, err := CBORMapToJSON(room, cbor); return err }},
		{"DecodeAndAppendJSON", func() error {
			m, err := DecodeMap(cbor)
			if err != nil {
				return err
			}
			_, err = AppendJSON(room, m)
			return err
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := c.run(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

type (
	namedInt  int32
	namedText string
	namedList []namedInt
	namedMap  map[namedText]any
	numeral   string
)

func (d numeral) Int64() (int64, error)     { return 0, nil }
func (d numeral) Float64() (float64, error) { return 0, nil }
func (d numeral) String() string            { return string(d) }

// A caller's map may be encoded as it is.
func TestAppendGivesTheBytesOfTheNormalForm(t *testing.T) {
	exotic := []any{
		1, int8(-1), int16(300), int32(-70_000), uint(1), uint8(255), uint16(65_535), uint32(1 << 31), uint64(1) << 62, uint64(1) << 63,
		uintptr(7), float32(0.1), float32(1.5), math.NaN(), math.Inf(1), math.Copysign(0, -1), namedInt(-5), namedText("x"), namedText("\xff"),
		numeral("12"), numeral("1.50"), numeral("1e999"), numeral("9223372036854775808"), numeral("01"), numeral(""), namedList{1, 2}, namedList(nil),
		namedMap{"b": 1, "a": []string{"x"}, "aa": map[string]uint8{"z": 1, "y": 2}}, namedMap{"$bytes": 1}, []byte(nil), []uint8{1}, []any(nil),
		map[string]any(nil), []map[string]any{nil, {"k": int8(1)}}, [2]int{}, struct{}{}, &struct{}{}, func() {}, complex(1, 1), "\xff", nil, true,
	}
	for i, v := range exotic {
		for _, in := range []any{v, map[string]any{"v": v}, []any{"x", map[string]any{"k": v}}} {
			normal, wanted := Normalize(in)
			got, err := Append(nil, in)
			if (err == nil) != (wanted == nil) {
				t.Fatalf("%d %T: Append %v, Normalize %v", i, v, err, wanted)
			}
			if err != nil {
				if err.Error() != wanted.Error() {
					t.Errorf("%d %T: Append %v, Normalize %v", i, v, err, wanted)
				}
				continue
			}
			if want, err := Append(nil, normal); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%d %T: %x, want %x, %v", i, v, got, want, err)
			}
		}
	}
}
