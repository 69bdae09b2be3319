package wire

import (
	"errors"
	"math"
	"strings"
	"testing"
)

func TestParseJSONReadsExactly(t *testing.T) {
	for in, want := range map[string]any{
		"null": nil, "true": true, "false": false, "\t\r\n 1 \n": int64(1),
		"0": int64(0), "-0": int64(0), "-1": int64(-1), "10": int64(10),
		"9007199254740993":         int64(9007199254740993),
		"9223372036854775807":      int64(math.MaxInt64),
		"-9223372036854775808":     int64(math.MinInt64),
		"1.0":                      1.0,
		"-0.0":                     math.Copysign(0, -1),
		"-0e0":                     math.Copysign(0, -1),
		"0e5":                      0.0,
		"1e3":                      1000.0,
		"1E+3":                     1000.0,
		"1.5e-3":                   0.0015,
		"0.1":                      0.1,
		"9223372036854775808.0":    9223372036854775808.0,
		"1e-400":                   0.0,
		"1.7976931348623157e308":   math.MaxFloat64,
		"5e-324":                   math.SmallestNonzeroFloat64,
		`""`:                       "",
		`"a\"\\\/\b\f\n\r\t"`:      "a\"\\/\b\f\n\r\t",
		`"\u00fC\u6c34"`:           "\u00fc\u6c34",
		`"\uD800\udd51"`:           "\U00010151",
		`"\u0000"`:                 "\x00",
		`"\ufffd"`:                 "\ufffd",
		"\"\ufffd\u2028\x7f\"":     "\ufffd\u2028\x7f",
		"\"x\\ty\u6c34z\"":         "x\ty\u6c34z",
		"[]":                       []any{},
		"[ ]":                      []any{},
		"[1 , [ 2 ] ,{ } ]":        []any{int64(1), []any{int64(2)}, map[string]any{}},
		`{ "a" : 1 , "" : [ ] }`:   map[string]any{"a": int64(1), "": []any{}},
		`{"$bytes":""}`:            []byte{},
		`{ "$bytes" : "AQI=" }`:    []byte{1, 2},
		`{"\u0024bytes":"+/8="}`:   []byte{0xfb, 0xff},
		`{"$bytes":"A\u0051I="}`:   []byte{1, 2},
		`{"$bytesx":1}`:            map[string]any{"$bytesx": int64(1)},
		`{"\u0061":{"$byte":"x"}}`: map[string]any{"a": map[string]any{"$byte": "x"}},
	} {
		if got, err := ParseJSON([]byte(in)); err != nil || !Equal(got, want) {
			t.Errorf("%s: got %#v, %v; want %#v", in, got, err, want)
		}
	}
}

func TestParseJSONRefusesWithPlace(t *testing.T) {
	for _, c := range []refusal{
		{"nothing", "", ErrSyntax, 0, ""},
		{"only space", "  ", ErrSyntax, 2, ""},
		{"byte order mark", "\ufeff1", ErrSyntax, 0, ""},
		{"second value", "1 2", ErrSyntax, 2, ""},
		{"closing bracket behind", "[]]", ErrSyntax, 2, ""},
		{"comment", "1//", ErrSyntax, 1, ""},
		{"NaN", "NaN", ErrSyntax, 0, ""},
		{"Infinity", "-Infinity", ErrSyntax, 1, ""},
		{"capital literal", "True", ErrSyntax, 0, ""},
		{"half a literal", "[nul]", ErrSyntax, 1, "/0"},
		{"literal and more", "nullx", ErrSyntax, 4, ""},
		{"plus sign", "+1", ErrSyntax, 0, ""},
		{"leading zero", "01", ErrSyntax, 0, ""},
		{"negative leading zero", "-01", ErrSyntax, 1, ""},
		{"minus alone", "-", ErrSyntax, 1, ""},
		{"point without digits", "1.", ErrSyntax, 2, ""},
		{"point first", ".5", ErrSyntax, 0, ""},
		{"point behind the sign", "-.5", ErrSyntax, 1, ""},
		{"exponent behind the sign", "-e5", ErrSyntax, 1, ""},
		{"exponent behind the point", "1.e5", ErrSyntax, 2, ""},
		{"exponent without digits", "1e", ErrSyntax, 2, ""},
		{"exponent with sign only", "[1e+]", ErrSyntax, 4, "/0"},
		{"hexadecimal", "0x1", ErrSyntax, 1, ""},
		{"digits with underscore", "1_0", ErrSyntax, 1, ""},
		{"2^63", `{"a":9223372036854775808}`, ErrRange, 5, "/a"},
		{"-2^63-1", "-9223372036854775809", ErrRange, 0, ""},
		{"60 digits", strings.Repeat("9", 60), ErrRange, 0, ""},
		{"float too large", "[1,1e309]", ErrRange, 3, "/1"},
		{"open array", "[", ErrSyntax, 1, "/0"},
		{"array without end", "[1", ErrSyntax, 2, ""},
		{"trailing comma in array", "[1,]", ErrSyntax, 3, "/1"},
		{"comma alone", "[,]", ErrSyntax, 1, "/0"},
		{"no comma", "[1 2]", ErrSyntax, 3, ""},
		{"wrong bracket", "[1}", ErrSyntax, 2, ""},
		{"open object", "{", ErrSyntax, 1, ""},
		{"key without quotes", "{a:1}", ErrSyntax, 1, ""},
		{"key in single quotes", "{'a':1}", ErrSyntax, 1, ""},
		{"number as key", "{1:1}", ErrSyntax, 1, ""},
		{"no colon", `{"a" 1}`, ErrSyntax, 5, "/a"},
		{"no value", `{"a":}`, ErrSyntax, 5, "/a"},
		{"trailing comma in object", `{"a":1,}`, ErrSyntax, 7, ""},
		{"object without end", `{"a":1`, ErrSyntax, 6, ""},
		{"no comma in object", `{"a":1 "b":2}`, ErrSyntax, 7, ""},
		{"string without end", `"a`, ErrSyntax, 2, ""},
		{"string without end after escape", `"\n`, ErrSyntax, 3, ""},
		{"string ends in backslash", `"\`, ErrSyntax, 2, ""},
		{"line break in string", "\"a\n\"", ErrSyntax, 2, ""},
		{"control character after escape", "\"\\n\x01\"", ErrSyntax, 3, ""},
		{"unknown escape", `"\x41"`, ErrSyntax, 1, ""},
		{"escaped single quote", `"\'"`, ErrSyntax, 1, ""},
		{"short unicode escape", `"\u12"`, ErrSyntax, 1, ""},
		{"unicode escape not hexadecimal", `"\u12g4"`, ErrSyntax, 1, ""},
		{"byte that is not UTF-8", "\"ab\xff\"", ErrUTF8, 3, ""},
		{"not UTF-8 before an escape", "\"\xc0\x80\\n\"", ErrUTF8, 1, ""},
		{"not UTF-8 after an escape", "\"\\n\xed\xa0\x80\"", ErrUTF8, 3, ""},
		{"character cut by an escape", "\"\xe6\xb0\\n\"", ErrUTF8, 1, ""},
		{"key that is not UTF-8", "[{\"\xff\":1}]", ErrUTF8, 3, "/0"},
		{"high surrogate alone", `"a\ud800"`, ErrUTF8, 2, ""},
		{"low surrogate alone", `"\udd51"`, ErrUTF8, 1, ""},
		{"surrogates in the wrong order", `"\udd51\ud800"`, ErrUTF8, 1, ""},
		{"high surrogate and text", `"\ud800x"`, ErrUTF8, 1, ""},
		{"high surrogate and other escape", `"\ud800\u0041"`, ErrUTF8, 1, ""},
		{"key twice", `{"a":1,"b":2,"a":3}`, ErrDuplicateKey, 13, "/a"},
		{"key twice, spelt differently", `{"a":1,"\u0061":2}`, ErrDuplicateKey, 7, "/a"},
		{"key twice, deep", `{"x":[0,{"a/b":1,"a/b":1}]}`, ErrDuplicateKey, 17, "/x/1/a~1b"},
		{"empty key twice", `{"":1,"":2}`, ErrDuplicateKey, 6, "/"},
		{"bytes that are a number", `{"$bytes":1}`, ErrDomain, 10, "/$bytes"},
		{"bytes not in base64", `[{"$bytes":"A!=="}]`, ErrDomain, 11, "/0/$bytes"},
		{"bytes without padding", `{"$bytes":"AQI"}`, ErrDomain, 10, "/$bytes"},
		{"bytes with a line break", `{"$bytes":"AQ\nI="}`, ErrDomain, 10, "/$bytes"},
		{"bytes with loose bits", `{"$bytes":"AQJ="}`, ErrDomain, 10, "/$bytes"},
		{"bytes in URL alphabet", `{"$bytes":"-_8="}`, ErrDomain, 10, "/$bytes"},
		{"bytes and another key", `{"$bytes":"AQI=","a":1}`, ErrDomain, 16, ""},
		{"another key and bytes", `{"a":1,"$bytes":"AQI="}`, ErrDomain, 7, "/$bytes"},
		{"bytes twice", `{"$bytes":"","$bytes":""}`, ErrDomain, 12, ""},
		{"bytes without end", `{"$bytes":""`, ErrSyntax, 12, ""},
		{"bytes not UTF-8", "{\"$bytes\":\"\xff\"}", ErrUTF8, 11, "/$bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v, err := ParseJSON([]byte(c.in))
			c.check(t, v, err)
		})
	}
}

func TestParseJSONMapAcceptsOnlyMaps(t *testing.T) {
	if m, err := ParseJSONMap([]byte("{}")); err != nil || m == nil || len(m) != 0 {
		t.Errorf("empty object: %v, %v", m, err)
	}
	for _, in := range []string{"[]", "null", "1", `{"$bytes":""}`} {
		if m, err := ParseJSONMap([]byte(in)); m != nil || !errors.Is(err, ErrDomain) {
			t.Errorf("%s: %v, %v", in, m, err)
		}
	}
	if _, err := ParseJSONMap([]byte("{")); !errors.Is(err, ErrSyntax) {
		t.Errorf("cut: %v", err)
	}
}

func TestAppendJSONWritesOneText(t *testing.T) {
	for _, c := range []struct {
		in   any
		want string
	}{
		{nil, "null"},
		{true, "true"},
		{int64(-5), "-5"},
		{int64(math.MinInt64), "-9223372036854775808"},
		{1.0, "1.0"},
		{0.0, "0.0"},
		{math.Copysign(0, -1), "-0.0"},
		{-2.5, "-2.5"},
		{0.1, "0.1"},
		{float32(0.5), "0.5"},
		{1e20, "100000000000000000000.0"},
		{123456789012345680000.0, "123456789012345680000.0"},
		{1e21, "1e+21"},
		{-1.5e300, "-1.5e+300"},
		{1e-6, "0.000001"},
		{9.99e-7, "9.99e-7"},
		{1e-10, "1e-10"},
		{1e-100, "1e-100"},
		{1.25e-307, "1.25e-307"},
		{5.5e304, "5.5e+304"},
		{math.SmallestNonzeroFloat64, "5e-324"},
		{"", `""`},
		{"a\"\\/\b\f\n\r\t", `"a\"\\/\b\f\n\r\t"`},
		{"\x00\x1f\x7f<>&\u2028\U0001f4b6", `"\u0000\u001f` + "\x7f<>&\u2028\U0001f4b6" + `"`},
		{[]byte{}, `{"$bytes":""}`},
		{[]byte{0xfb, 0xff}, `{"$bytes":"+/8="}`},
		{[]any(nil), "[]"},
		{map[string]any(nil), "{}"},
		{[]int{1, 2}, "[1,2]"},
		{map[string]any{"b": 1, "aa": nil, "B": []any{}, "": map[string]bool{"x": true}}, `{"":{"x":true},"B":[],"aa":null,"b":1}`},
	} {
		if got, err := AppendJSON([]byte("> "), c.in); err != nil || string(got) != "> "+c.want {
			t.Errorf("%#v: got %s, %v; want %s", c.in, got, err, c.want)
		}
	}
}
