package wire

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
)

// extent returns the smallest limits that v fits in, but for Bytes.
func extent(v any, depth int) Limits {
	l := Limits{Depth: depth}
	grow := func(x Limits) {
		l.Depth, l.String, l.Items = max(l.Depth, x.Depth), max(l.String, x.String), l.Items+x.Items
	}
	switch x := v.(type) {
	case string:
		l.String = len(x)
	case []byte:
		l.String = len(x)
	case []any:
		l.Depth, l.Items = depth+1, len(x)
		for _, v := range x {
			grow(extent(v, depth+1))
		}
	case map[string]any:
		l.Depth, l.Items = depth+1, len(x)
		for k, v := range x {
			grow(Limits{String: len(k)})
			grow(extent(v, depth+1))
		}
	}
	return l
}

// passes runs all five passes over one value.
func passes(l Limits, v any, cbor, text []byte) map[string]error {
	jsonLimits := l
	if l.Bytes > 0 {
		jsonLimits.Bytes = l.Bytes - len(cbor) + len(text)
	}
	all := make(map[string]error)
	_, all["Normalize"] = l.Normalize(v)
	_, all["Append"] = l.Append(nil, v)
	_, all["Decode"] = l.Decode(cbor)
	_, all["AppendJSON"] = jsonLimits.AppendJSON(nil, v)
	_, all["ParseJSON"] = jsonLimits.ParseJSON(text)
	return all
}

func TestEachLimitIsExactInEveryPass(t *testing.T) {
	for seed := range uint64(1000) {
		v := random(rand.New(rand.NewPCG(seed, 5)), 4)
		cbor, err := Append(nil, v)
		if err != nil {
			t.Fatal(err)
		}
		text, err := AppendJSON(nil, v)
		if err != nil {
			t.Fatal(err)
		}
		fits := extent(v, 0)
		fits.Bytes = len(cbor)
		for name, err := range passes(fits, v, cbor, text) {
			if err != nil {
				t.Fatalf("seed %d: %s with %+v: %v", seed, name, fits, err)
			}
		}
		for _, c := range []struct {
			of    func(*Limits) *int
			fails error
		}{
			{func(l *Limits) *int { return &l.Depth }, ErrDepth},
			{func(l *Limits) *int { return &l.Bytes }, ErrSize},
			{func(l *Limits) *int { return &l.Items }, ErrSize},
			{func(l *Limits) *int { return &l.String }, ErrSize},
		} {
			tight := fits
			*c.of(&tight)--
			if *c.of(&tight) < 1 {
				continue
			}
			for name, err := range passes(tight, v, cbor, text) {
				if !errors.Is(err, c.fails) {
					t.Fatalf("seed %d: %s with %+v: %v, want %v", seed, name, tight, err, c.fails)
				}
			}
		}
	}
}

func TestZeroAndNegativeLimitsAreTheDefaults(t *testing.T) {
	want := Limits{Depth: 64, Bytes: 8 << 20, Items: 100_000, String: 1 << 20}
	for _, l := range []Limits{{}, {Depth: -1, Bytes: -1, Items: -1, String: -1}, DefaultLimits()} {
		if got := l.orDefault(); got != want {
			t.Errorf("%+v means %+v", l, got)
		}
	}
	if got := (Limits{Items: 3}).orDefault(); got.Items != 3 || got.Depth != 64 {
		t.Errorf("one limit set: %+v", got)
	}
}

func TestDepthOf64IsTheLastAccepted(t *testing.T) {
	for depth, want := range map[int]error{64: nil, 65: ErrDepth, 10_000: ErrDepth, 1_000_000: ErrDepth} {
		lists := append(bytes.Repeat([]byte{0x81}, depth-1), 0x80)
		maps := append(bytes.Repeat([]byte{0xa1, 0x61, 'a'}, depth-1), 0xa0)
		texts := []string{
			strings.Repeat("[", depth) + strings.Repeat("]", depth),
			strings.Repeat(`{"a":`, depth-1) + "{}" + strings.Repeat("}", depth-1),
		}
		var tower any = []any{}
		for range depth - 1 {
			tower = []any{tower}
		}
		all := make(map[string]error)
		_, all["lists"] = Decode(lists)
		_, all["maps"] = Decode(maps)
		_, all["arrays"] = ParseJSON([]byte(texts[0]))
		_, all["objects"] = ParseJSON([]byte(texts[1]))
		_, all["Normalize"] = Normalize(tower)
		_, all["Append"] = Append(nil, tower)
		_, all["AppendJSON"] = AppendJSON(nil, tower)
		for name, err := range all {
			if !errors.Is(err, want) {
				t.Errorf("%s of depth %d: %v, want %v", name, depth, err, want)
			}
		}
	}
}

func TestDepthErrorsPointAtTheContainerTooMany(t *testing.T) {
	_, err := Limits{Depth: 2}.ParseJSON([]byte(`{"a": [1, [2]]}`))
	refusal{err: ErrDepth, offset: 10, pointer: "/a/1"}.check(t, nil, err)
	_, err = Limits{Depth: 2}.Decode(unhex(t, "a1616182018102"))
	refusal{err: ErrDepth, offset: 5, pointer: "/a/1"}.check(t, nil, err)
}

func TestSiblingsDoNotAddToTheDepth(t *testing.T) {
	var siblings []any
	for range 100 {
		siblings = append(siblings, []any{}, map[string]any{}, []int{}, map[string]int{}, []byte{})
	}
	b, err := Append(nil, siblings)
	if err != nil {
		t.Fatal(err)
	}
	text, err := AppendJSON(nil, siblings)
	if err != nil {
		t.Fatal(err)
	}
	v, err := Normalize(siblings)
	if err != nil {
		t.Fatal(err)
	}
	if back, err := Decode(b); err != nil || !Equal(back, v) {
		t.Error(err)
	}
	if back, err := ParseJSON(text); err != nil || !Equal(back, v) {
		t.Error(err)
	}
}

func TestSizeErrorsPointAtTheStringTooLong(t *testing.T) {
	for in, offset := range map[string]int{`["ab", "abcd"]`: 7, `["ab", "a\nbcd"]`: 7} {
		_, err := Limits{String: 3}.ParseJSON([]byte(in))
		refusal{err: ErrSize, offset: offset, pointer: "/1"}.check(t, nil, err)
	}
	_, err := Limits{String: 3}.ParseJSON([]byte(`{"a": {"abcd":1}}`))
	refusal{err: ErrSize, offset: 7, pointer: "/a"}.check(t, nil, err)
	_, err = Limits{String: 1}.ParseJSON([]byte(`[{"$bytes":"AQI="}]`))
	refusal{err: ErrSize, offset: 11, pointer: "/0/$bytes"}.check(t, nil, err)
	_, err = Limits{String: 3}.Decode(unhex(t, "82616164616263640000"))
	refusal{err: ErrSize, offset: 3, pointer: "/1"}.check(t, nil, err)
}

func TestItemErrorsPointAtTheContainer(t *testing.T) {
	_, err := Limits{Items: 3}.ParseJSON([]byte(`{"a":[1,2,3]}`))
	refusal{err: ErrSize, offset: 10, pointer: "/a"}.check(t, nil, err)
	_, err = Limits{Items: 3}.ParseJSON([]byte(`[1,{"a":2,"b":3}]`))
	refusal{err: ErrSize, offset: 10, pointer: "/1"}.check(t, nil, err)
	_, err = Limits{Items: 3}.Decode(unhex(t, "a1616183010203"))
	refusal{err: ErrSize, offset: 3, pointer: "/a"}.check(t, nil, err)
	_, err = Limits{Bytes: 3}.Decode(unhex(t, "83010203"))
	refusal{err: ErrSize, offset: 3}.check(t, nil, err)
	_, err = Limits{Bytes: 3}.ParseJSON([]byte("[1] "))
	refusal{err: ErrSize, offset: 3}.check(t, nil, err)
}

func TestBytesInJSONDoNotCountAsAContainer(t *testing.T) {
	v, err := Limits{Depth: 1}.ParseJSON([]byte(`[{"$bytes":"AQ=="}]`))
	if err != nil || !Equal(v, []any{[]byte{1}}) {
		t.Errorf("got %v, %v", v, err)
	}
}

func TestBytesInJSONHaveTheirOwnLengthAsLimit(t *testing.T) {
	if v, err := (Limits{String: 1}).ParseJSON([]byte(`{"$bytes":"AQ=="}`)); err != nil || !Equal(v, []byte{1}) {
		t.Errorf("one byte: %v, %v", v, err)
	}
	l := Limits{String: 6}
	for text, want := range map[string]error{
		`{"$bytes":"AQEBAQEB"}`:     nil,
		`{"$bytes":"AQEBAQEBAQ=="}`: ErrSize,
		`{"$bytes":"AQEBAQEBAQE="}`: ErrSize,
		`"AQEBAQEB"`:                ErrSize,
	} {
		if _, err := l.ParseJSON([]byte(text)); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", text, err, want)
		}
	}
}

// allocated returns how many bytes f allocates in all.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestDeclaredCountsAllocateNothing(t *testing.T) {
	for _, in := range []string{
		"9bffffffffffffffff", "9b0000000100000000", "9a0001869f", "9a000186a0",
		"bbffffffffffffffff", "ba00010000", "ba0001869f",
		"5bffffffffffffffff", "5a00100000", "7b7fffffffffffffff", "7a00100000",
		"a17a00100000", "a17bffffffffffffffff",
	} {
		b := unhex(t, in)
		var err error
		if n := allocated(func() { _, err = Decode(b) }); n > 16<<10 {
			t.Errorf("%s allocates %d bytes", in, n)
		}
		if !errors.Is(err, ErrSize) && !errors.Is(err, ErrSyntax) {
			t.Errorf("%s: %v", in, err)
		}
	}
}

// Each level declares as many elements as the limit allows, and the bytes for
// them are there; together they would be 64 times the limit.
func TestDeclaredCountsAddUpOverLevels(t *testing.T) {
	in := append(bytes.Repeat([]byte{0x9a, 0x00, 0x01, 0x86, 0x9f}, 64), make([]byte, 1<<20)...)
	var err error
	if n := allocated(func() { _, err = Decode(in) }); n > 4<<20 {
		t.Errorf("allocates %d bytes", n)
	}
	if !errors.Is(err, ErrSize) {
		t.Error(err)
	}
}

func TestTheGreediestAcceptedDocumentsStayBounded(t *testing.T) {
	maps := append([]byte{0x99, 0xc3, 0x50}, bytes.Repeat([]byte{0xa1, 0x61, 'k', 0x00}, 50_000)...)
	texts := "[" + strings.TrimSuffix(strings.Repeat(`{"k":0},`, 50_000), ",") + "]"
	var errs [2]error
	n := allocated(func() { _, errs[0] = Decode(maps) })
	m := allocated(func() { _, errs[1] = ParseJSON([]byte(texts)) })
	if errs[0] != nil || errs[1] != nil {
		t.Fatal(errs)
	}
	if n > 64<<20 || m > 64<<20 {
		t.Errorf("Decode allocates %d bytes, ParseJSON %d", n, m)
	}
}

// Values that are small in memory and endless when they are written out.
func TestSharedValuesAreCountedEachTime(t *testing.T) {
	var doubled any = []any{}
	for range 60 {
		doubled = []any{doubled, doubled}
	}
	long := strings.Repeat("x", 1<<20)
	blob := make([]byte, 1<<20)
	var texts, blobs [9]any
	for i := range texts {
		texts[i], blobs[i] = long, blob
	}
	for name, v := range map[string]any{"doubled": doubled, "texts": texts[:], "blobs": blobs[:], "typed": [][]byte{blob, blob, blob, blob, blob, blob, blob, blob}} {
		_, e1 := Normalize(v)
		_, e2 := Append(nil, v)
		_, e3 := AppendJSON(nil, v)
		for _, err := range []error{e1, e2, e3} {
			if !errors.Is(err, ErrSize) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}
