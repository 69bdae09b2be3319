package wire

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"testing"
)

// vector is one line of RFC 8949, appendix A: the diagnostic notation, the
// bytes, and either the value or the error with which it is refused.
type vector struct {
	diagnostic, hex string
	value           any
	err             error
}

func list(v ...any) []any { return v }

func oneTo25() []any {
	all := make([]any, 25)
	for i := range all {
		all[i] = int64(i + 1)
	}
	return all
}

func vectors() []vector {
	var (
		nested  = list(int64(1), list(int64(2), int64(3)), list(int64(4), int64(5)))
		letters = map[string]any{"a": "A", "b": "B", "c": "C", "d": "D", "e": "E"}
	)
	return []vector{
		{"0", "00", int64(0), nil},
		{"1", "01", int64(1), nil},
		{"10", "0a", int64(10), nil},
		{"23", "17", int64(23), nil},
		{"24", "1818", int64(24), nil},
		{"25", "1819", int64(25), nil},
		{"100", "1864", int64(100), nil},
		{"1000", "1903e8", int64(1000), nil},
		{"1000000", "1a000f4240", int64(1000000), nil},
		{"1000000000000", "1b000000e8d4a51000", int64(1000000000000), nil},
		{"18446744073709551615", "1bffffffffffffffff", nil, ErrRange},
		{"18446744073709551616", "c249010000000000000000", nil, ErrDomain},
		{"-18446744073709551616", "3bffffffffffffffff", nil, ErrRange},
		{"-18446744073709551617", "c349010000000000000000", nil, ErrDomain},
		{"-1", "20", int64(-1), nil},
		{"-10", "29", int64(-10), nil},
		{"-100", "3863", int64(-100), nil},
		{"-1000", "3903e7", int64(-1000), nil},
		{"0.0", "f90000", 0.0, nil},
		{"-0.0", "f98000", math.Copysign(0, -1), nil},
		{"1.0", "f93c00", 1.0, nil},
		{"1.1", "fb3ff199999999999a", 1.1, nil},
		{"1.5", "f93e00", 1.5, nil},
		{"65504.0", "f97bff", 65504.0, nil},
		{"100000.0", "fa47c35000", 100000.0, nil},
		{"3.4028234663852886e+38", "fa7f7fffff", 3.4028234663852886e+38, nil},
		{"1.0e+300", "fb7e37e43c8800759c", 1.0e+300, nil},
		{"5.960464477539063e-8", "f90001", 5.960464477539063e-8, nil},
		{"0.00006103515625", "f90400", 0.00006103515625, nil},
		{"-4.0", "f9c400", -4.0, nil},
		{"-4.1", "fbc010666666666666", -4.1, nil},
		{"Infinity", "f97c00", nil, ErrDomain},
		{"NaN", "f97e00", nil, ErrDomain},
		{"-Infinity", "f9fc00", nil, ErrDomain},
		{"Infinity", "fa7f800000", nil, ErrDomain},
		{"NaN", "fa7fc00000", nil, ErrDomain},
		{"-Infinity", "faff800000", nil, ErrDomain},
		{"Infinity", "fb7ff0000000000000", nil, ErrDomain},
		{"NaN", "fb7ff8000000000000", nil, ErrDomain},
		{"-Infinity", "fbfff0000000000000", nil, ErrDomain},
		{"false", "f4", false, nil},
		{"true", "f5", true, nil},
		{"null", "f6", nil, nil},
		{"undefined", "f7", nil, ErrDomain},
		{"simple(16)", "f0", nil, ErrDomain},
		{"simple(255)", "f8ff", nil, ErrDomain},
		{`0("2013-03-21T20:04:00Z")`, "c074323031332d30332d32315432303a30343a30305a", nil, ErrDomain},
		{"1(1363896240)", "c11a514b67b0", nil, ErrDomain},
		{"1(1363896240.5)", "c1fb41d452d9ec200000", nil, ErrDomain},
		{"23(h'01020304')", "d74401020304", nil, ErrDomain},
		{"24(h'6449455446')", "d818456449455446", nil, ErrDomain},
		{`32("http://www.example.com")`, "d82076687474703a2f2f7777772e6578616d706c652e636f6d", nil, ErrDomain},
		{"h''", "40", []byte{}, nil},
		{"h'01020304'", "4401020304", []byte{1, 2, 3, 4}, nil},
		{`""`, "60", "", nil},
		{`"a"`, "6161", "a", nil},
		{`"IETF"`, "6449455446", "IETF", nil},
		{`"\"\\"`, "62225c", `"\`, nil},
		{`"\u00fc"`, "62c3bc", "\u00fc", nil},
		{`"\u6c34"`, "63e6b0b4", "\u6c34", nil},
		{`"\ud800\udd51"`, "64f0908591", "\U00010151", nil},
		{"[]", "80", list(), nil},
		{"[1, 2, 3]", "83010203", list(int64(1), int64(2), int64(3)), nil},
		{"[1, [2, 3], [4, 5]]", "8301820203820405", nested, nil},
		{"[1, 2, ... 25]", "98190102030405060708090a0b0c0d0e0f101112131415161718181819", oneTo25(), nil},
		{"{}", "a0", map[string]any{}, nil},
		{"{1: 2, 3: 4}", "a201020304", nil, ErrDomain},
		{`{"a": 1, "b": [2, 3]}`, "a26161016162820203", map[string]any{"a": int64(1), "b": list(int64(2), int64(3))}, nil},
		{`["a", {"b": "c"}]`, "826161a161626163", list("a", map[string]any{"b": "c"}), nil},
		{`{"a": "A", ... "e": "E"}`, "a56161614161626142616361436164614461656145", letters, nil},
		{"(_ h'0102', h'030405')", "5f42010243030405ff", nil, ErrNotCanonical},
		{`(_ "strea", "ming")`, "7f657374726561646d696e67ff", nil, ErrNotCanonical},
		{"[_ ]", "9fff", nil, ErrNotCanonical},
		{"[_ 1, [2, 3], [_ 4, 5]]", "9f018202039f0405ffff", nil, ErrNotCanonical},
		{"[_ 1, [2, 3], [4, 5]]", "9f01820203820405ff", nil, ErrNotCanonical},
		{"[1, [2, 3], [_ 4, 5]]", "83018202039f0405ff", nil, ErrNotCanonical},
		{"[1, [_ 2, 3], [4, 5]]", "83019f0203ff820405", nil, ErrNotCanonical},
		{"[_ 1, 2, ... 25]", "9f0102030405060708090a0b0c0d0e0f101112131415161718181819ff", nil, ErrNotCanonical},
		{`{_ "a": 1, "b": [_ 2, 3]}`, "bf61610161629f0203ffff", nil, ErrNotCanonical},
		{`["a", {_ "b": "c"}]`, "826161bf61626163ff", nil, ErrNotCanonical},
		{`{_ "Fun": true, "Amt": -2}`, "bf6346756ef563416d7421ff", nil, ErrNotCanonical},
	}
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestVectorsOfRFC8949AppendixA(t *testing.T) {
	for _, v := range vectors() {
		t.Run(v.diagnostic, func(t *testing.T) {
			in := unhex(t, v.hex)
			got, err := Decode(in)
			if v.err != nil {
				if !errors.Is(err, v.err) {
					t.Fatalf("got %v, %v; want error %v", got, err, v.err)
				}
				return
			}
			if err != nil || !Equal(got, v.value) {
				t.Fatalf("got %#v, %v; want %#v", got, err, v.value)
			}
			if out, err := Append(nil, v.value); err != nil || !bytes.Equal(out, in) {
				t.Fatalf("encoded as %x, %v; want %x", out, err, in)
			}
		})
	}
}

// The numbers just inside and outside of each head length, beyond the RFC's own.
func TestIntegersAtTheEdgesOfEachHead(t *testing.T) {
	for _, v := range []struct {
		n   int64
		hex string
	}{
		{math.MaxInt64, "1b7fffffffffffffff"}, {math.MinInt64, "3b7fffffffffffffff"},
		{255, "18ff"}, {256, "190100"}, {65535, "19ffff"}, {65536, "1a00010000"},
		{4294967295, "1affffffff"}, {4294967296, "1b0000000100000000"},
		{-24, "37"}, {-25, "3818"}, {-256, "38ff"}, {-257, "390100"},
		{-65536, "39ffff"}, {-65537, "3a00010000"},
		{-4294967296, "3affffffff"}, {-4294967297, "3b0000000100000000"},
	} {
		b, err := Append(nil, v.n)
		if err != nil || hex.EncodeToString(b) != v.hex {
			t.Errorf("%d: got %x, %v; want %s", v.n, b, err, v.hex)
		}
		if back, err := Decode(b); err != nil || back != v.n {
			t.Errorf("%d came back as %v, %v", v.n, back, err)
		}
	}
}
