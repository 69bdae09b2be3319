package pointer_test

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/pointer"
)

// places lists the pointers of all values in v.
func places(v any, at string) []string {
	all := []string{at}
	switch x := v.(type) {
	case map[string]any:
		for name, y := range x {
			all = append(all, places(y, at+"/"+strings.NewReplacer("~", "~0", "/", "~1").Replace(name))...)
		}
	case []any:
		for i, y := range x {
			all = append(all, places(y, at+"/"+strconv.Itoa(i))...)
		}
	}
	return all
}

// FuzzInText holds InText against the parsed map: at a pointer of the fuzzer's
// choice, and everywhere where the map has a value. On bytes that are no map it
// must only come back.
func FuzzInText(f *testing.F) {
	for _, seed := range []string{
		ofTheRFC, `{}`, `{"a":[1,{"b":"\\\"]}"}],"\u0061b":-0.0}`, `{"a":{"$bytes":"AQI="}}`, `[1]`, `{"a"`, `{"a":"\`, `{"a":[`, `{"a":`,
		`{"x":"\ud83d\ude00","\ud83d\ude00":1e5}`, "{\"a\"\t:\r\n1 , \"b\":true}", `{"a":"b" "c":1}`, `{"a":]}`, `}`, `"`,
	} {
		f.Add([]byte(seed), "/a/1")
		f.Add([]byte(seed), "/a/b")
	}
	f.Fuzz(func(t *testing.T, text []byte, place string) {
		p, err := pointer.Parse(place)
		if err != nil {
			p = pointer.Pointer{}
		}
		raw, _ := p.InText(text)
		pointer.KeyOfText(nil, raw)
		pointer.KeyOfText(nil, text)
		pointer.EqualText(text, place)
		pointer.EqualText(text, 1.5)
		m, err := wire.ParseJSONMap(text)
		if err != nil || len(text) > 2000 {
			return
		}
		agree(t, string(text), p.String())
		for _, place := range places(m, "") {
			if !agree(t, string(text), place) {
				t.Fatalf("%q is not in %s", place, text)
			}
		}
	})
}

// FuzzParse reads pointers back from their tokens' own spelling.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", "/", "/a~1b/~0", "/~01", "a", "/~"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := pointer.Parse(text)
		valid := text == "" || text[0] == '/'
		rest := strings.NewReplacer("~0", "", "~1", "").Replace(text)
		if valid = valid && !strings.Contains(rest, "~"); valid != (err == nil) {
			t.Fatalf("%q: %v", text, err)
		}
		if err == nil && p.String() != text {
			t.Fatalf("%q became %q", text, p)
		}
	})
}

// TestRandomTextsAgreeWithTheirMaps spells random maps in random ways.
func TestRandomTextsAgreeWithTheirMaps(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for range 3000 {
		text := randomObject(random, 4)
		m, err := wire.ParseJSONMap([]byte(text))
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		all := places(m, "")
		for _, place := range all {
			if !agree(t, text, place) {
				t.Fatalf("%q is not in %s", place, text)
			}
			if beside := place + "/x"; !slices.Contains(all, beside) && agree(t, text, beside) {
				t.Fatalf("%q is in %s", beside, text)
			}
		}
	}
}

func randomObject(random *rand.Rand, depth int) string {
	names := random.Perm(6)[:random.IntN(5)]
	members := make([]string, len(names))
	for i, n := range names {
		members[i] = pad(random, spell(random, string("ab/~\"é"[n:][:1+n/5])+strconv.Itoa(n))) + ":" + pad(random, randomValue(random, depth-1))
	}
	return "{" + strings.Join(members, ",") + pad(random, "") + "}"
}

func randomValue(random *rand.Rand, depth int) string {
	switch n := random.IntN(8); {
	case n == 0 && depth > 0:
		return randomObject(random, depth)
	case n == 1 && depth > 0:
		list := make([]string, random.IntN(4))
		for i := range list {
			list[i] = pad(random, randomValue(random, depth-1))
		}
		return "[" + strings.Join(list, ",") + pad(random, "") + "]"
	case n < 5:
		return spell(random, []string{"", "a", "]}{[", "\\", "\"", "\\\"", "😀é\x01", ",\":"}[random.IntN(8)])
	}
	return []string{"0", "-0", "-0.0", "17", "-3.25", "1e3", "1E-9", "true", "false", "null", `{"$bytes":"AQI="}`}[random.IntN(11)]
}

// spell writes a text as JSON with some characters escaped.
func spell(random *rand.Rand, s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r > 0xffff:
			b.WriteString(`\ud83d\uDE00`)
		case r < ' ' || random.IntN(4) == 0:
			code := strconv.FormatInt(int64(r), 16)
			b.WriteString(`\u` + strings.Repeat("0", 4-len(code)) + code)
		case r == '"' || r == '\\':
			b.WriteString(`\` + string(r))
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

func pad(random *rand.Rand, s string) string {
	space := func() string { return []string{"", "", "", " ", "\n\t"}[random.IntN(5)] }
	return space() + s + space()
}
