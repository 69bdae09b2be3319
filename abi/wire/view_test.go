package wire

import (
	"bytes"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// viewOf encodes a value.
func viewOf(t testing.TB, v any) View {
	t.Helper()
	b, err := Append(nil, v)
	if err != nil {
		t.Fatal(err)
	}
	return TrustedView(string(b))
}

func TestViewsSayWhatDecodeSays(t *testing.T) {
	for seed := range uint64(3000) {
		v := random(rand.New(rand.NewPCG(seed, 11)), 3)
		view := viewOf(t, v)
		if got, ok := view.Value(); !ok || !Equal(got, v) {
			t.Fatalf("seed %d: %s", seed, difference(got, v))
		}
		if !sees(view, v) {
			t.Fatalf("seed %d: the view of %x shows something else", seed, view.at)
		}
	}
}

// sees compares a view with a value piece by piece, with every method.
func sees(view View, v any) bool {
	b, isBool := view.Bool()
	n, isInt := view.Int()
	f, isFloat := view.Float()
	text, isText := view.Text()
	raw, isBytes := view.Bytes()
	_, isMap := view.Map()
	kinds := [KindMap + 1]bool{KindBool: isBool, KindInt: isInt, KindFloat: isFloat, KindText: isText, KindBytes: isBytes, KindMap: isMap}
	for k, is := range kinds {
		if is != (Kind(k) == view.Kind()) && k != int(KindNull) && k != int(KindList) {
			return false
		}
	}
	switch x := v.(type) {
	case nil:
		return view.Kind() == KindNull
	case bool:
		return isBool && b == x
	case int64:
		return isInt && n == x
	case float64:
		return isFloat && math.Float64bits(f) == math.Float64bits(x)
	case string:
		return isText && text == x
	case []byte:
		return isBytes && bytes.Equal(raw, x)
	case []any:
		return view.Kind() == KindList && seesList(view, x)
	}
	return isMap && seesMap(view, v.(map[string]any))
}

func seesList(view View, list []any) bool {
	i := 0
	for element := range view.Elements() {
		if i >= len(list) || !sees(element, list[i]) {
			return false
		}
		i++
	}
	return i == len(list) && view.Len() == i
}

func seesMap(view View, m map[string]any) bool {
	count := 0
	for key, value := range view.Members() {
		if x, ok := m[key]; !ok || !sees(value, x) || view.Get(key) != value {
			return false
		}
		if view.Get(key+"+").Kind() != KindNone && m[key+"+"] == nil {
			return false
		}
		count++
	}
	return count == len(m) && view.Len() == count
}

func TestLookupsFindNothingWhereNothingIs(t *testing.T) {
	view := viewOf(t, map[string]any{"a": int64(1), "ccc": "text", strings.Repeat("k", 30): true, "list": []any{int64(1)}})
	for name, v := range map[string]View{
		"zero view": {}, "between two keys": view.Get("bb"), "same length": view.Get("b"), "before all": view.Get(""),
		"behind all": view.Get(strings.Repeat("k", 31)), "long, other bytes": view.Get(strings.Repeat("j", 30)),
		"in a text": view.Get("ccc").Get("a"), "in a list": view.Get("list").Get("a"), "in nothing": View{}.Get("a").Get("b"),
	} {
		if v.Kind() != KindNone || v.Len() != 0 {
			t.Errorf("%s: kind %d", name, v.Kind())
		}
		if _, ok := v.Value(); ok {
			t.Errorf("%s has a value", name)
		}
	}
	if b, ok := view.Get(strings.Repeat("k", 30)).Bool(); !ok || !b {
		t.Error("a key of 30 bytes is not found")
	}
	for range (View{}).Members() {
		t.Error("no value has a member")
	}
	for range view.Elements() {
		t.Error("a map has an element")
	}
}

func TestIterationsCanBeLeft(t *testing.T) {
	view := viewOf(t, map[string]any{"a": int64(1), "b": int64(2)})
	for key := range view.Members() {
		if key != "a" {
			t.Errorf("%q after the end", key)
		}
		break
	}
	for element := range viewOf(t, []any{int64(7), int64(8)}).Elements() {
		if n, _ := element.Int(); n != 7 {
			t.Errorf("%d after the end", n)
		}
		break
	}
}

func TestBytesOfAViewAreACopy(t *testing.T) {
	view := viewOf(t, []byte{1, 2})
	b, _ := view.Bytes()
	b[0] = 9
	v, _ := view.Value()
	v.([]byte)[1] = 9
	if again, _ := view.Bytes(); !bytes.Equal(again, []byte{1, 2}) {
		t.Errorf("writing to a copy made % x of the document", again)
	}
}

// look uses every method on whatever the bytes are, and returns how many values
// it has seen.
func look(t *testing.T, view View, depth int) (seen int) {
	t.Helper()
	_, isBool := view.Bool()
	_, isInt := view.Int()
	_, isFloat := view.Float()
	_, isText := view.Text()
	_, isBytes := view.Bytes()
	kinds := 0
	for _, is := range []bool{isBool, isInt, isFloat, isText, isBytes, view.Len() > 0} {
		if is {
			kinds++
		}
	}
	if kinds > 1 {
		t.Fatalf("%.20x is of %d kinds", view.at, kinds)
	}
	if n := view.Len(); n < 0 || n > len(view.at) {
		t.Fatalf("%.20x has %d items", view.at, n)
	}
	for _, key := range []string{"a", strings.Repeat("a", 40)} {
		if found := view.Get(key); len(found.at) > len(view.at) {
			t.Fatal("a member is longer than its map")
		}
	}
	if depth == 0 {
		return 1
	}
	for _, v := range view.Members() {
		seen += look(t, v, depth-1)
	}
	for v := range view.Elements() {
		seen += look(t, v, depth-1)
	}
	return seen + 1
}

func TestViewsOfDamagedBytesStayInside(t *testing.T) {
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 12))
		document := []byte(viewOf(t, random(r, 3)).at)
		for range 1 + r.IntN(3) {
			document[r.IntN(len(document))] = byte(r.Uint32())
		}
		document = document[:r.IntN(len(document)+1)]
		if len(document) > 2000 {
			continue
		}
		view := TrustedView(string(document))
		if seen := look(t, view, 2); seen > 3*len(document)*len(document)+1 {
			t.Fatalf("seed %d: %d values in %d bytes", seed, seen, len(document))
		}
		v, ok := view.Value()
		if want, err := Decode(document); err == nil && (!ok || !Equal(v, want)) {
			t.Fatalf("seed %d: %x is right, but the view says %v", seed, document, v)
		}
	}
}

func TestDamagedDocumentsHaveNoValue(t *testing.T) {
	for name, document := range map[string]string{
		"nothing": "", "half a number": "\x19\x01", "reserved head": "\x1c", "text without its end": "\x62a", "bytes without their end": "\x42a",
		"list without an element": "\x82\x01", "map without a value": "\xa1\x61a", "map without a key": "\xa1", "tag": "\xc0\x00", "undefined": "\xf7",
		"huge list": "\x9b\xff\xff\xff\xff\xff\xff\xff\xff", "huge map": "\xbb\xff\xff\xff\xff\xff\xff\xff\xff\x61a\x00",
		"huge text": "\x7b\xff\xff\xff\xff\xff\xff\xff\xff", "too deep": strings.Repeat("\x81", 65) + "\x00",
		"too many items": "\x9a\x00\x01\x86\xa1" + strings.Repeat("\x00", 100_001), "half a float": "\xf9\x00",
	} {
		if v, ok := TrustedView(document).Value(); ok {
			t.Errorf("%s: %v", name, v)
		}
		look(t, TrustedView(document), 2)
	}
}

func TestManyListsInOneAnotherTakeNoMemoryForWhatIsNotThere(t *testing.T) {
	const level = "\x9a\x00\x01\x86\x9f" // a list of 99,999 elements
	document := strings.Repeat(level, 60) + strings.Repeat("\x00", 100_000)
	allocated := testing.Benchmark(func(b *testing.B) {
		for b.Loop() {
			TrustedView(document).Value()
		}
	}).AllocedBytesPerOp()
	if allocated > 4<<20 {
		t.Errorf("%d bytes for a damaged document", allocated)
	}
}

func FuzzView(f *testing.F) {
	for seed := range uint64(50) {
		f.Add(viewOf(f, random(rand.New(rand.NewPCG(seed, 13)), 3)).at)
	}
	f.Fuzz(func(t *testing.T, document string) {
		if len(document) > 300 {
			return
		}
		view := TrustedView(document)
		look(t, view, 2)
		v, ok := view.Value()
		if want, err := Decode([]byte(document)); err == nil && (!ok || !Equal(v, want) || !sees(view, want)) {
			t.Fatalf("%x is right, but the view says %v", document, v)
		}
	})
}
