package wire

import (
	"errors"
	"testing"
)

// refusal is an input that must be refused, and where the fault is.
type refusal struct {
	name, in string
	err      error
	offset   int
	pointer  string
}

// check compares an error with what a refusal says about it.
func (r refusal) check(t *testing.T, v any, err error) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("accepted as %#v, want %v", v, r.err)
	}
	if !errors.Is(e.Err, r.err) || e.Offset != r.offset || e.Pointer != r.pointer {
		t.Fatalf("got %v at %d %q, want %v at %d %q", e, e.Offset, e.Pointer, r.err, r.offset, r.pointer)
	}
	if v != nil {
		t.Fatalf("an error and the value %#v", v)
	}
}

func TestDecodeRefusesWithPlace(t *testing.T) {
	for _, c := range []refusal{
		{"nothing", "", ErrSyntax, 0, ""},
		{"integer cut", "19ff", ErrSyntax, 2, ""},
		{"text cut", "6361", ErrSyntax, 2, ""},
		{"bytes cut", "4301", ErrSyntax, 2, ""},
		{"float cut", "fb0000", ErrSyntax, 3, ""},
		{"list cut", "8201", ErrSyntax, 2, ""},
		{"list cut behind a container", "828100", ErrSyntax, 3, "/1"},
		{"map cut before a value", "a1616181", ErrSyntax, 4, "/a"},
		{"second value", "0000", ErrSyntax, 1, ""},
		{"break alone", "ff", ErrSyntax, 0, ""},
		{"reserved head 28", "1c", ErrSyntax, 0, ""},
		{"reserved head 30", "7e", ErrSyntax, 0, ""},
		{"integer without length", "1f", ErrSyntax, 0, ""},
		{"negative without length", "3f", ErrSyntax, 0, ""},
		{"reserved tag", "dc00", ErrSyntax, 0, ""},
		{"tag without length", "df00", ErrSyntax, 0, ""},
		{"reserved simple", "fc", ErrSyntax, 0, ""},
		{"simple false in two bytes", "f814", ErrSyntax, 0, ""},
		{"simple 24 in two bytes", "f818", ErrSyntax, 0, ""},
		{"simple cut", "f8", ErrSyntax, 1, ""},
		{"simple 32", "f820", ErrDomain, 0, ""},
		{"simple 0", "e0", ErrDomain, 0, ""},
		{"undefined in a list", "8201f7", ErrDomain, 2, "/1"},
		{"tag in a map", "a16161c100", ErrDomain, 3, "/a"},
		{"NaN with payload", "fb7ff8000000000001", ErrDomain, 0, ""},
		{"0 in two bytes", "1800", ErrNotCanonical, 0, ""},
		{"23 in two bytes", "1817", ErrNotCanonical, 0, ""},
		{"255 in three bytes", "1900ff", ErrNotCanonical, 0, ""},
		{"65535 in five bytes", "1a0000ffff", ErrNotCanonical, 0, ""},
		{"2^32-1 in nine bytes", "1b00000000ffffffff", ErrNotCanonical, 0, ""},
		{"-1 in two bytes", "3800", ErrNotCanonical, 0, ""},
		{"long length of text", "780161", ErrNotCanonical, 0, ""},
		{"long length of bytes", "580100", ErrNotCanonical, 0, ""},
		{"long count of a list", "980100", ErrNotCanonical, 0, ""},
		{"long count of a map", "b801616100", ErrNotCanonical, 0, ""},
		{"long length of a key", "a178016100", ErrNotCanonical, 1, ""},
		{"1.0 as binary32", "fa3f800000", ErrNotCanonical, 0, ""},
		{"1.0 as binary64", "fb3ff0000000000000", ErrNotCanonical, 0, ""},
		{"100000.0 as binary64", "fb40f86a0000000000", ErrNotCanonical, 0, ""},
		{"-0.0 as binary64", "fb8000000000000000", ErrNotCanonical, 0, ""},
		{"keys out of order", "a2616200616100", ErrNotCanonical, 5, "/a"},
		{"longer key first", "a262616100616200", ErrNotCanonical, 6, "/b"},
		{"key twice in a row", "a2616100616101", ErrDuplicateKey, 5, "/a"},
		{"key twice apart", "a3616100616200616100", ErrDuplicateKey, 8, "/a"},
		{"key twice, deep", "81a16178a2612f00612f01", ErrDuplicateKey, 9, "/0/x/~1"},
		{"integer as key", "a10000", ErrDomain, 1, ""},
		{"bytes as key", "a1416100", ErrDomain, 1, ""},
		{"indefinite text as key", "a17f6161ff00", ErrNotCanonical, 1, ""},
		{"reserved key", "a1662462797465734101", ErrDomain, 1, "/$bytes"},
		{"-2^63-1", "3b8000000000000000", ErrRange, 0, ""},
		{"2^63 in a map", "a1617e1b8000000000000000", ErrRange, 3, "/~0"},
		{"byte that is not UTF-8", "63616280", ErrUTF8, 3, ""},
		{"overlong UTF-8", "62c080", ErrUTF8, 1, ""},
		{"surrogate in UTF-8", "63eda080", ErrUTF8, 1, ""},
		{"key that is not UTF-8", "81a161ff00", ErrUTF8, 3, "/0"},
		{"list of 2^63", "9b8000000000000000", ErrSize, 0, ""},
		{"list of 2^64-1", "9bffffffffffffffff", ErrSize, 0, ""},
		{"map of 2^64-1", "bbffffffffffffffff", ErrSize, 0, ""},
		{"bytes of 2^64-1", "5bffffffffffffffff", ErrSize, 0, ""},
		{"text of 2^63-1", "7b7fffffffffffffff", ErrSize, 0, ""},
		{"key of 2^63-1", "a17b7fffffffffffffff", ErrSize, 1, ""},
		{"list longer than the document", "9a00010000", ErrSyntax, 5, ""},
		{"map longer than the document", "a2616100", ErrSyntax, 4, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			v, err := Decode(unhex(t, c.in))
			c.check(t, v, err)
		})
	}
}

func TestDecodeMapAcceptsOnlyMaps(t *testing.T) {
	if m, err := DecodeMap([]byte{0xa0}); err != nil || m == nil || len(m) != 0 {
		t.Errorf("empty map: %v, %v", m, err)
	}
	m, err := DecodeMap([]byte{0x80})
	var e *Error
	if m != nil || !errors.As(err, &e) || !errors.Is(e, ErrDomain) || e.Offset != 0 {
		t.Errorf("list: %v, %v", m, err)
	}
	if _, err := DecodeMap(nil); !errors.Is(err, ErrSyntax) {
		t.Errorf("nothing: %v", err)
	}
}

func TestDecodedValuesShareNothingWithTheInput(t *testing.T) {
	in := unhex(t, "a2616bf5616d8241016174")
	v, err := Decode(in)
	if err != nil {
		t.Fatal(err)
	}
	clear(in)
	want := map[string]any{"k": true, "m": []any{[]byte{1}, "t"}}
	if !Equal(v, want) {
		t.Errorf("became %#v", v)
	}
}

func TestManyKeysComeBackWhole(t *testing.T) {
	var rows []any
	for i := range 500 {
		row := map[string]any{"": int64(i)}
		for _, key := range []string{"id", "di", "i-d", "amount", "tnuoma", "a\u0000t"} {
			row[key] = int64(i)
			row[key+string(rune('a'+i%26))] = key
		}
		rows = append(rows, row)
	}
	b, err := Append(nil, rows)
	if err != nil {
		t.Fatal(err)
	}
	if back, err := Decode(b); err != nil || !Equal(back, rows) {
		t.Errorf("came back differently: %v %s", err, difference(back, rows))
	}
}
