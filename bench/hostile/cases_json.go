package main

import (
	"strings"

	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	w "github.com/swapline/swapline/runtime/wasm/wasmtest"
)

// texts are answers of a release that speaks JSON. Its guest tells the mode by byte 8
// of {"mode":1}.
func texts() []attack {
	var list []attack
	for _, c := range []struct{ name, body string }{
		{"nothing", ""}, {"no JSON", "calls=1"}, {"CBOR", "\xa0"}, {"cut", `{"calls":`}, {"two values", `{} {}`}, {"list", `[]`}, {"null", `null`},
		{"comment", `{} // one`}, {"trailing comma", `{"a":1,}`}, {"key twice", `{"a":1,"a":2}`}, {"key twice by an escape", `{"a":1,"\u0061":2}`},
		{"NaN", `{"a":NaN}`}, {"infinity", `{"a":-Infinity}`}, {"1e999", `{"a":1e999}`}, {"2^64", `{"a":18446744073709551616}`},
		{"number with a leading zero", `{"a":01}`}, {"hexadecimal", `{"a":0x10}`}, {"bad UTF-8", "{\"a\":\"\xc3\x28\"}"}, {"lone surrogate", `{"a":"\ud800"}`},
		{"control character", "{\"a\":\"\x01\"}"}, {"byte order mark", "\xef\xbb\xbf{}"},
		{"900 lists in each other", strings.Repeat("[", 900)}, {"100 maps in each other", strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 100)},
		{"a number of 900 digits", `{"a":` + strings.Repeat("9", 900) + "}"}, {"an exponent of 900 digits", `{"a":1e` + strings.Repeat("9", 900) + "}"},
	} {
		g := w.Guest{Data: [][]byte{ok([]byte(c.body)...), ok([]byte(`{"calls":1}`)...), ok([]byte(`{"methods":["Execute"]}`)...)}}
		g.Init = g.Answer(2)
		g.Execute = w.Join(w.Op(0x20, 0, 0x2d, 0, 8), w.I32('1'), w.Op(0x46, 0x04, 0x40), g.Answer(0), w.Op(0x0b), g.Answer(1))
		list = append(list, loads("json/"+c.name, string(problem.FaultABI), g).changed(func(m *manifest.Manifest) { m.Encoding = manifest.EncodingJSON }))
	}
	return list
}
