package wire

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestSentinelsHaveDistinctTexts(t *testing.T) {
	seen := make(map[string]bool)
	for _, err := range []error{ErrSyntax, ErrDomain, ErrDepth, ErrSize, ErrRange, ErrDuplicateKey, ErrUTF8, ErrNotCanonical} {
		if seen[err.Error()] {
			t.Errorf("%q twice", err)
		}
		seen[err.Error()] = true
	}
}

func TestErrorSaysWhatWhyAndWhere(t *testing.T) {
	for want, e := range map[string]*Error{
		"wire: too large":                                  {Err: ErrSize, Offset: -1},
		"wire: too large (offset 0)":                       {Err: ErrSize},
		"wire: too large: too many items at /a (offset 7)": {Err: ErrSize, Offset: 7, Pointer: "/a", why: "too many items"},
	} {
		if e.Error() != want || !errors.Is(e, ErrSize) || errors.Is(e, ErrDepth) {
			t.Errorf("got %q, want %q", e.Error(), want)
		}
	}
}

func TestGoTypesAreNamedInTheError(t *testing.T) {
	_, err := Normalize(map[string]any{"at": struct{ X int }{}})
	if err == nil || !strings.Contains(err.Error(), "struct { X int }") {
		t.Error(err)
	}
}

func TestPointersStayShortAndLegal(t *testing.T) {
	long := strings.Repeat("\u6c34", 1000)
	v := any(func() {})
	for range 60 {
		v = map[string]any{long: v}
	}
	_, err := Normalize(v)
	var e *Error
	if !errors.As(err, &e) || !errors.Is(e, ErrDomain) {
		t.Fatal(err)
	}
	if len(e.Pointer) > 60*257 || !utf8.ValidString(e.Pointer) || strings.Count(e.Pointer, "/") != 60 {
		t.Errorf("%d bytes, valid: %v", len(e.Pointer), utf8.ValidString(e.Pointer))
	}
}

func TestKeysUpTo256BytesAreWholeInPointers(t *testing.T) {
	key := strings.Repeat("k", 256)
	if got := token(key); got != key {
		t.Errorf("256 bytes: %q", got)
	}
	if got := token(key + "k"); got != key[:253]+"..." {
		t.Errorf("257 bytes: %q", got)
	}
}
