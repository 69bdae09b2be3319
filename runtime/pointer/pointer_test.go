package pointer_test

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/pointer"
)

func Example() {
	text := []byte(`{"customer":{"id":"c-\u0031"},"items":[{"price":0.5}]}`)
	id, err := pointer.Parse("/customer/id")
	if err != nil {
		panic(err)
	}
	raw, _ := id.InText(text)
	fromText, _ := pointer.KeyOfText(nil, raw)
	m, _ := wire.ParseJSONMap(text)
	v, _ := id.In(m)
	fromMap, _ := pointer.KeyOf(nil, v)
	fmt.Printf("%s is the key %s, in the map %s\n", raw, fromText, fromMap)
	// Output: "c-\u0031" is the key c-1, in the map c-1
}

func parse(t testing.TB, text string) pointer.Pointer {
	t.Helper()
	p, err := pointer.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if p.String() != text {
		t.Fatalf("%q became %q", text, p)
	}
	return p
}

// ofTheRFC is the example document of RFC 6901, section 5.
const ofTheRFC = `{
   "foo": ["bar", "baz"],
   "": 0,
   "a/b": 1,
   "c%d": 2,
   "e^f": 3,
   "g|h": 4,
   "i\\j": 5,
   "k\"l": 6,
   " ": 7,
   "m~n": 8
}`

func TestTheExamplesOfTheRFC(t *testing.T) {
	for text, want := range map[string]string{
		"/foo": `["bar", "baz"]`, "/foo/0": `"bar"`, "/": "0", "/a~1b": "1", "/c%d": "2", "/e^f": "3",
		"/g|h": "4", `/i\j`: "5", `/k"l`: "6", "/ ": "7", "/m~0n": "8", "": ofTheRFC,
	} {
		raw, ok := parse(t, text).InText([]byte(" " + ofTheRFC + " "))
		if !ok || string(raw) != want {
			t.Errorf("%q is %s, want %s", text, raw, want)
		}
		agree(t, ofTheRFC, text)
	}
}

func TestWhatIsNoPointerIsRefused(t *testing.T) {
	seen := map[string]bool{}
	for _, text := range []string{"a", "a/b", "#/a", "/~", "/~2", "/a~", "/~0~", "/ok/~x", "~0"} {
		_, err := pointer.Parse(text)
		if err == nil {
			t.Errorf("%q was accepted", text)
			continue
		}
		if !strings.Contains(err.Error(), fmt.Sprintf("%q", text)) || seen[err.Error()] {
			t.Errorf("%q is refused with %q", text, err)
		}
		seen[err.Error()] = true
	}
}

// agree holds InText, and what is made of its answer, against the map.
func agree(t *testing.T, text, place string) (found bool) {
	t.Helper()
	m, err := wire.ParseJSONMap([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	p := parse(t, place)
	want, there := p.In(m)
	raw, ok := p.InText([]byte(text))
	if ok != there {
		t.Fatalf("%q in %s: found %v, in the map %v", place, text, ok, there)
	}
	if !ok {
		return false
	}
	if got, err := wire.ParseJSON(raw); err != nil || !wire.Equal(got, want) || strings.TrimSpace(string(raw)) != string(raw) {
		t.Fatalf("%q in %s: %s (%v), in the map %v", place, text, raw, err, want)
	}
	agreeOnScalars(t, raw, want)
	return true
}

func agreeOnScalars(t *testing.T, raw []byte, v any) {
	t.Helper()
	key, ok := pointer.KeyOf(nil, v)
	keyOfText, okText := pointer.KeyOfText(nil, raw)
	if ok != okText || string(key) != string(keyOfText) {
		t.Fatalf("%s: key %q %v, in the map %q %v", raw, keyOfText, okText, key, ok)
	}
	f, ok := pointer.Number(v)
	fOfText, okText := pointer.NumberOfText(raw)
	if ok != okText || f != fOfText {
		t.Fatalf("%s: number %v %v, in the map %v %v", raw, fOfText, okText, f, ok)
	}
	if !pointer.EqualText(raw, v) {
		t.Fatalf("%s is not %v", raw, v)
	}
	for _, other := range []any{nil, true, false, int64(1), int64(0), 1.0, 0.0, "", "a", "1", []any{}, map[string]any{}, []byte{}} {
		if pointer.EqualText(raw, other) != wire.Equal(v, other) {
			t.Fatalf("%s and %#v: equal %v in the text, %v in the map", raw, other, pointer.EqualText(raw, other), wire.Equal(v, other))
		}
	}
}

func TestTextAndMapHaveTheSameValues(t *testing.T) {
	for _, c := range []struct {
		text, place string
		found       bool
	}{
		{`{}`, "/a", false},
		{`{}`, "", true},
		{`{"a":1}`, "/a", true},
		{`{"a":1}`, "/b", false},
		{`{"a":1}`, "/a/b", false},
		{`{"a":1}`, "/a/", false},
		{` { "a" : { "b" : [ 1 , 2.5 , "x" ] } } `, "/a/b/1", true},
		{` { "a" : { "b" : [ 1 , 2.5 , "x" ] } } `, "/a/b/2", true},
		{` { "a" : { "b" : [ 1 , 2.5 , "x" ] } } `, "/a/b/3", false},
		{` { "a" : { "b" : [ 1 , 2.5 , "x" ] } } `, "/a/b", true},
		{`{"a":[]}`, "/a/0", false},
		{`{"a":[ ]}`, "/a/0", false},
		{`{"a":[[1],[2,[3]]]}`, "/a/1/1/0", true},
		{`{"a":[1,2]}`, "/a/-", false},
		{`{"a":[1,2]}`, "/a/00", false},
		{`{"a":[1,2]}`, "/a/01", false},
		{`{"a":[1,2]}`, "/a/+1", false},
		{`{"a":[1,2]}`, "/a/1e0", false},
		{`{"a":[1,2]}`, "/a/4294967296", false},
		{`{"a":[1,2]}`, "/a/18446744073709551616", false},
		{`{"a":{"0":"x","-":"y"}}`, "/a/0", true},
		{`{"a":{"0":"x","-":"y"}}`, "/a/-", true},
		{`{"b":"a","a":7}`, "/a", true},
		{`{"b":"\"a\":1,","a":7}`, "/a", true},
		{`{"b":"\\","a":7}`, "/a", true},
		{`{"b":"\\\\\"","a":7}`, "/a", true},
		{`{"b":["]",{"a":"}"}],"a":7}`, "/a", true},
		{`{"b":{"a":1}}`, "/a", false},
		{`{"\u0061":1}`, "/a", true},
		{`{"\u0061b":1}`, "/a", false},
		{`{"\u0061":1}`, "/ab", false},
		{`{"a\\n":1}`, `/a\n`, true},
		{`{"a\n":1}`, `/a\n`, false},
		{`{"\"\\\/\b\f\n\r\t":1}`, "/\"\\~1\b\f\n\r\t", true},
		{`{"\uD83D\ude00":1}`, "/😀", true},
		{`{"x😀\u00e9":1}`, "/x😀é", true},
		{`{"\ufffd":1}`, "/\ufffd", true},
		{`{"\ufffd":1}`, "/\xff", false},
		{`{"":{"":1}}`, "//", true},
		{`{"a":{"$bytes":"AQI="}}`, "/a", true},
		{`{"a":{"$bytes":"AQI="}}`, "/a/$bytes", false},
		{`{"a":{"\u0024bytes":"AQI="}}`, "/a/$bytes", false},
		{`{"a":null,"b":true,"c":false}`, "/a", true},
		{`{"a":null,"b":true,"c":false}`, "/b", true},
		{`{"a":null,"b":true,"c":false}`, "/c", true},
		{`{"a":-0}`, "/a", true},
		{`{"a":-0.0}`, "/a", true},
		{`{"a":0.0}`, "/a", true},
		{`{"a":1E+2}`, "/a", true},
		{`{"a":1.5e-7}`, "/a", true},
		{`{"a":1e-400}`, "/a", true},
		{`{"a":-9223372036854775808}`, "/a", true},
		{`{"a":9223372036854775807}`, "/a", true},
		{`{"a":123456789012345678901234567890.5}`, "/a", true},
		{`{"a":""}`, "/a", true},
		{`{"a":"\u0061"}`, "/a", true},
		{`{"a":"\u0031"}`, "/a", true},
		{`{"a":"x\u0031\n😀\ud83d\ude00"}`, "/a", true},
	} {
		if found := agree(t, c.text, c.place); found != c.found {
			t.Errorf("%q in %s: found %v", c.place, c.text, found)
		}
	}
}

func TestKeysAreWhatTheDescriptionSays(t *testing.T) {
	type name string
	for _, c := range []struct {
		v    any
		want string
	}{
		{"c-1", "c-1"}, {int64(17), "17"}, {"17", "17"}, {0.5, "0.5"}, {17.0, "17"}, {1e21, "1e+21"}, {1e20, "100000000000000000000"},
		{-1.5e-7, "-1.5e-7"}, {1e-100, "1e-100"}, {1e-6, "0.000001"}, {0.0, "0"}, {math.Copysign(0, -1), "0"}, {int64(0), "0"},
		{true, "true"}, {false, "false"}, {int64(-3), "-3"}, {17, "17"}, {uint8(17), "17"}, {name("x"), "x"},
		{json.Number("17"), "17"}, {json.Number("17.0"), "17"}, {float32(0.5), "0.5"},
	} {
		key, ok := pointer.KeyOf([]byte("before:"), c.v)
		if !ok || string(key) != "before:"+c.want {
			t.Errorf("%#v has the key %q %v", c.v, key, ok)
		}
	}
	for _, none := range []any{nil, "", name(""), []byte("x"), []any{"x"}, map[string]any{}, []string{"x"}, math.NaN(), math.Inf(1), math.Inf(-1), uint64(1 << 63), struct{}{}, make(chan int)} {
		if key, ok := pointer.KeyOf([]byte("before"), none); ok || string(key) != "before" {
			t.Errorf("%#v has the key %q", none, key)
		}
	}
}

func TestWhatIsNoScalarAsTextIsNoKey(t *testing.T) {
	for _, raw := range []string{
		``, `""`, `"`, `null`, `{}`, `[1]`, `{"$bytes":"AQI="}`, `tru`, `truee`, `nan`, `Inf`, `infinity`, `0x1`, `1_0`, `+1`,
		`01`, `1.`, `.5`, `1e`, `1e+`, `1e5.`, `1.5x`, `1x`, `-`, `-x`, `--1`, `9223372036854775808`, `-9223372036854775809`, `1e400`,
		`"\x"`, `"\u12"`, `"\u12g4"`, `"\ud800"`, `"\ud800\u0041"`, `"\ud800x"`, `"\"`, ` 1`, "\"\\u00\x104\"",
	} {
		if key, ok := pointer.KeyOfText([]byte("before"), []byte(raw)); ok || string(key) != "before" {
			t.Errorf("%s has the key %q", raw, key)
		}
	}
	for _, raw := range []string{``, `"1"`, `null`, `true`, `Inf`, `0x1`, `01`, `1e400`, `9223372036854775808`} {
		if f, ok := pointer.NumberOfText([]byte(raw)); ok {
			t.Errorf("%s is the number %v", raw, f)
		}
	}
}

// TestMapsOfOtherTypesAreFollowed: callers from Go may come with types that the
// runtime would bring into the domain later.
func TestMapsOfOtherTypesAreFollowed(t *testing.T) {
	m := map[string]any{
		"strings": map[string]string{"id": "x"},
		"list":    []map[string]any{{"id": 7}},
		"pointer": &struct{}{},
	}
	for place, want := range map[string]any{"/strings/id": "x", "/list/0/id": int64(7), "/list/1": nil, "/pointer/x": nil} {
		got, ok := parse(t, place).In(m)
		if ok != (want != nil) || !reflect.DeepEqual(got, want) {
			t.Errorf("%s is %v %v", place, got, ok)
		}
	}
	if v, ok := parse(t, "/a").In(nil); ok {
		t.Errorf("found %v in nothing", v)
	}
}

func TestNothingIsAllocated(t *testing.T) {
	text := []byte(`{"other":{"x":["y",{"z":"w"}]},"\u0063ustomer":{"id":"c-\u0031"},"n":12,"f":0.25}`)
	m, err := wire.ParseJSONMap(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, place := range []string{"/customer/id", "/n", "/f", "/other/x/1/z"} {
		p := parse(t, place)
		if n := testing.AllocsPerRun(100, func() {
			var room [64]byte
			raw, _ := p.InText(text)
			v, _ := p.In(m)
			a, _ := pointer.KeyOfText(room[:0], raw)
			b, _ := pointer.KeyOf(room[32:32], v)
			_, numeric := pointer.NumberOfText(raw)
			if string(a) != string(b) || !pointer.EqualText(raw, v) || numeric != (place == "/n" || place == "/f") {
				t.Fatalf("%s: %s and %s", place, string(a), string(b))
			}
		}); n != 0 {
			t.Errorf("%s: %g allocations", place, n)
		}
	}
}
