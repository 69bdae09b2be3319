package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
	"time"
)

type (
	flag    bool
	cents   int32
	count   uint16
	ratio   float32
	name    string
	octet   byte
	blob    []byte
	octets  []octet
	names   []name
	table   map[name]cents
	forward []any
)

// accepted pairs Go values with what they become.
func accepted() map[string][2]any {
	return map[string][2]any{
		"nil":                 {nil, nil},
		"bool":                {true, true},
		"int":                 {int(-7), int64(-7)},
		"int8":                {int8(math.MinInt8), int64(math.MinInt8)},
		"int16":               {int16(math.MinInt16), int64(math.MinInt16)},
		"int32":               {int32(math.MinInt32), int64(math.MinInt32)},
		"int64":               {int64(math.MinInt64), int64(math.MinInt64)},
		"uint":                {uint(7), int64(7)},
		"uint8":               {uint8(255), int64(255)},
		"uint16":              {uint16(65535), int64(65535)},
		"uint32":              {uint32(math.MaxUint32), int64(math.MaxUint32)},
		"uint64":              {uint64(math.MaxInt64), int64(math.MaxInt64)},
		"uintptr":             {uintptr(9), int64(9)},
		"float32":             {float32(0.1), float64(float32(0.1))},
		"float64":             {math.Copysign(0, -1), math.Copysign(0, -1)},
		"string":              {"\u6c34", "\u6c34"},
		"[]byte":              {[]byte{1}, []byte{1}},
		"nil []byte":          {[]byte(nil), []byte{}},
		"[]any":               {[]any{1, "a", nil}, []any{int64(1), "a", nil}},
		"nil []any":           {[]any(nil), []any{}},
		"map":                 {map[string]any{"a": uint8(1)}, map[string]any{"a": int64(1)}},
		"nil map":             {map[string]any(nil), map[string]any{}},
		"named bool":          {flag(true), true},
		"named int":           {cents(-995), int64(-995)},
		"named uint":          {count(5), int64(5)},
		"named float":         {ratio(0.25), 0.25},
		"named string":        {name("x"), "x"},
		"named bytes":         {blob{1, 2}, []byte{1, 2}},
		"bytes of named":      {octets{1, 2}, []byte{1, 2}},
		"raw message":         {json.RawMessage("1"), []byte("1")},
		"duration":            {time.Second, int64(1e9)},
		"named slice":         {names{"a", "b"}, []any{"a", "b"}},
		"[]string":            {[]string{"a"}, []any{"a"}},
		"nil []string":        {[]string(nil), []any{}},
		"[]int8":              {[]int8{-1}, []any{int64(-1)}},
		"[][]byte":            {[][]byte{{1}, nil}, []any{[]byte{1}, []byte{}}},
		"[]map":               {[]map[string]any{{"a": 1}, nil}, []any{map[string]any{"a": int64(1)}, map[string]any{}}},
		"map of ints":         {map[string]int{"a": 1}, map[string]any{"a": int64(1)}},
		"named map":           {table{"a": 1}, map[string]any{"a": int64(1)}},
		"nil named map":       {table(nil), map[string]any{}},
		"map of any":          {map[name]any{"a": nil}, map[string]any{"a": nil}},
		"integer number":      {json.Number("9007199254740993"), int64(9007199254740993)},
		"float number":        {json.Number("1e3"), 1000.0},
		"minus zero number":   {json.Number("-0"), int64(0)},
		"minus zero, a float": {json.Number("-0.0"), math.Copysign(0, -1)},
	}
}

func TestNormalizeAcceptsWhatItsCommentSays(t *testing.T) {
	for name, c := range accepted() {
		got, err := Normalize(c[0])
		if err != nil || !Equal(got, c[1]) {
			t.Errorf("%s: got %#v, %v; want %#v", name, got, err, c[1])
		}
	}
}

func TestAppendWritesWhatNormalizeReturns(t *testing.T) {
	for name, c := range accepted() {
		in := map[string]any{"in": []any{c[0]}}
		want := map[string]any{"in": []any{c[1]}}
		got, err1 := Append(nil, in)
		canonical, err2 := Append(nil, want)
		if err1 != nil || err2 != nil || !bytes.Equal(got, canonical) {
			t.Errorf("%s: %x, %v; want %x, %v", name, got, err1, canonical, err2)
		}
		text, err1 := AppendJSON(nil, in)
		canonical, err2 = AppendJSON(nil, want)
		if err1 != nil || err2 != nil || !bytes.Equal(text, canonical) {
			t.Errorf("%s: %s, %v; want %s, %v", name, text, err1, canonical, err2)
		}
	}
}

// rejected values must be refused alike by Normalize, Append and AppendJSON.
func rejected() []struct {
	name    string
	in      any
	err     error
	pointer string
} {
	n := 1
	var none *int
	return []struct {
		name    string
		in      any
		err     error
		pointer string
	}{
		{"pointer", &n, ErrDomain, ""},
		{"nil pointer", []any{0, none}, ErrDomain, "/1"},
		{"struct", struct{ A int }{1}, ErrDomain, ""},
		{"time", map[string]any{"at": time.Now()}, ErrDomain, "/at"},
		{"error", map[string]any{"e": errors.New("x")}, ErrDomain, "/e"},
		{"func", map[string]any{"a/b": []any{func() {}}}, ErrDomain, "/a~1b/0"},
		{"nil func", []any{(func())(nil)}, ErrDomain, "/0"},
		{"chan", make(chan int), ErrDomain, ""},
		{"complex", 1i, ErrDomain, ""},
		{"array", [2]int{}, ErrDomain, ""},
		{"byte array", [4]byte{}, ErrDomain, ""},
		{"big integer", big.NewInt(1), ErrDomain, ""},
		{"slice of pointers", []*int{nil}, ErrDomain, "/0"},
		{"map with integer keys", map[int]any{}, ErrDomain, ""},
		{"map with keys of any", map[any]any{"a": 1}, ErrDomain, ""},
		{"typed map", map[string]map[string]func(){"a": {"b": nil}}, ErrDomain, "/a/b"},
		{"NaN", []float64{1, math.NaN()}, ErrDomain, "/1"},
		{"infinity", map[string]any{"x": math.Inf(1)}, ErrDomain, "/x"},
		{"float32 infinity", float32(math.Inf(-1)), ErrDomain, ""},
		{"2^63", []any{uint64(1 << 63)}, ErrRange, "/0"},
		{"2^64-1", map[string]uint{"~": math.MaxUint}, ErrRange, "/~0"},
		{"2^63 as number", []any{json.Number("9223372036854775808")}, ErrRange, "/0"},
		{"1e999 as number", json.Number("1e999"), ErrRange, ""},
		{"empty number", json.Number(""), ErrDomain, ""},
		{"number with text", json.Number("1x"), ErrDomain, ""},
		{"number with space", json.Number(" 1"), ErrDomain, ""},
		{"NaN as number", json.Number("NaN"), ErrDomain, ""},
		{"number without whole part", json.Number(".5"), ErrDomain, ""},
		{"hexadecimal number", json.Number("0x10"), ErrDomain, ""},
		{"text not UTF-8", []string{"a", "\xff"}, ErrUTF8, "/1"},
		{"surrogate in text", map[string]any{"s": "\xed\xa0\x80"}, ErrUTF8, "/s"},
		{"named text not UTF-8", name("\xff"), ErrUTF8, ""},
		{"key not UTF-8", []any{map[string]any{"\xff": 1}}, ErrUTF8, "/0"},
		{"named key not UTF-8", table{"\xff": 1}, ErrUTF8, ""},
		{"reserved key", map[string]any{"a": map[string]any{BytesKey: "AQI="}}, ErrDomain, "/a/$bytes"},
		{"reserved key beside others", map[string]int{BytesKey: 1, "a": 2}, ErrDomain, "/$bytes"},
		{"text too long", []any{string(make([]byte, 1<<20+1))}, ErrSize, "/0"},
		{"bytes too long", make([]byte, 1<<20+1), ErrSize, ""},
		{"key too long", map[string]any{string(make([]byte, 1<<20+1)): 1}, ErrSize, ""},
		{"too many items", map[string]any{"l": make([]any, 100_001)}, ErrSize, "/l"},
		{"too many typed items", map[string]any{"l": make([]int, 100_001)}, ErrSize, "/l"},
	}
}

func TestWhatHasNoFormIsRefusedWithPlace(t *testing.T) {
	for _, c := range rejected() {
		t.Run(c.name, func(t *testing.T) {
			want := refusal{err: c.err, offset: -1, pointer: c.pointer}
			v, err := Normalize(c.in)
			want.check(t, v, err)
			dst, err := Append([]byte{7}, c.in)
			want.check(t, nil, err)
			text, err := AppendJSON([]byte{7}, c.in)
			want.check(t, nil, err)
			if !bytes.Equal(dst, []byte{7}) || !bytes.Equal(text, []byte{7}) {
				t.Errorf("after the error dst was %x and %x", dst, text)
			}
		})
	}
}

func TestValuesThatContainThemselvesEndInErrDepth(t *testing.T) {
	list := []any{nil}
	list[0] = list
	m := map[string]any{}
	m["m"] = []any{m}
	typed := forward{nil}
	typed[0] = typed
	for _, v := range []any{list, m, typed} {
		_, e1 := Normalize(v)
		_, e2 := Append(nil, v)
		_, e3 := AppendJSON(nil, v)
		for _, err := range []error{e1, e2, e3} {
			if !errors.Is(err, ErrDepth) {
				t.Errorf("%T: %v", v, err)
			}
		}
	}
}

func TestNormalizeMapKeepsNilAndCopies(t *testing.T) {
	if m, err := NormalizeMap(nil); m != nil || err != nil {
		t.Errorf("nil: %v, %v", m, err)
	}
	in := map[string]any{"a": 1}
	m, err := NormalizeMap(in)
	if err != nil || !Equal(m, map[string]any{"a": int64(1)}) {
		t.Fatalf("got %v, %v", m, err)
	}
	m["a"] = "changed"
	if in["a"] != 1 {
		t.Error("the copy writes to the original")
	}
	if m, err := NormalizeMap(map[string]any{"a": &in}); m != nil || !errors.Is(err, ErrDomain) {
		t.Errorf("pointer: %v, %v", m, err)
	}
}

// scramble overwrites everything that can be written in a value.
func scramble(v any) {
	switch x := v.(type) {
	case []byte:
		for i := range x {
			x[i]++
		}
	case []any:
		for i := range x {
			scramble(x[i])
			x[i] = "scrambled"
		}
	case map[string]any:
		for k := range x {
			scramble(x[k])
			x[k] = "scrambled"
		}
		x["more"] = true
	}
}

func TestNormalizedCopiesShareNothing(t *testing.T) {
	for seed := range uint64(1000) {
		v := random(rand.New(rand.NewPCG(seed, 6)), 4)
		copied, err := Normalize(v)
		if err != nil || !Equal(copied, v) {
			t.Fatalf("seed %d: %v %s", seed, err, difference(copied, v))
		}
		before, _ := Append(nil, copied)
		scramble(v)
		if after, err := Append(nil, copied); err != nil || !bytes.Equal(before, after) {
			t.Fatalf("seed %d: the copy changed with the original", seed)
		}
	}
}

func TestNormalizedTypedSlicesShareNothing(t *testing.T) {
	in := map[string]any{"b": blob{1}, "o": octets{1}, "bb": [][]byte{{1}}, "m": []map[string]any{{"a": []byte{1}}}}
	v, err := Normalize(in)
	if err != nil {
		t.Fatal(err)
	}
	before, _ := Append(nil, v)
	in["b"].(blob)[0], in["o"].(octets)[0] = 2, 2
	in["bb"].([][]byte)[0][0] = 2
	in["m"].([]map[string]any)[0]["a"].([]byte)[0] = 2
	if after, _ := Append(nil, v); !bytes.Equal(before, after) {
		t.Error("the copy changed with the original")
	}
}
