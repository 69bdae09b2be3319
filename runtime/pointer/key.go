package pointer

import (
	"math"
	"strconv"

	"github.com/swapline/swapline/abi/wire"
)

// KeyOf appends the key that a value is to dst: the bytes of a text, true or false,
// and the digits of a number. A float is the text that JavaScript makes of it, 17,
// 0.25, 1e+21, 1e-7, and an integer its digits, so that 17, 17.0, "17" and a header
// with the value 17 are one caller. (Beyond 2^53 an integer and a float may differ.) A
// text that is empty, null, bytes, lists and maps are no keys.
// Values that wire.Normalize accepts have the key of what it makes of them.
//
// It allocates only if dst is too short, or for types that are not of the value
// domain.
func KeyOf(dst []byte, v any) (key []byte, ok bool) {
	switch x := v.(type) {
	case string:
		return append(dst, x...), x != ""
	case int64:
		return strconv.AppendInt(dst, x, 10), true
	case int:
		return strconv.AppendInt(dst, int64(x), 10), true
	case float64:
		if finite(x) {
			return keyOfFloat(dst, x), true
		}
		return dst, false
	case bool:
		return strconv.AppendBool(dst, x), true
	case nil, []byte, []any, map[string]any:
		return dst, false
	}
	if normal, err := wire.Normalize(v); err == nil {
		return KeyOf(dst, normal)
	}
	return dst, false
}

func finite(f float64) bool { return math.Abs(f) <= math.MaxFloat64 }

// keyOfFloat writes the shortest digits that read back as f, without exponent from
// 1e-6 up to below 1e21.
func keyOfFloat(dst []byte, f float64) []byte {
	size := math.Abs(f)
	switch {
	case size == 0: // -0 is no other caller
		return append(dst, '0')
	case size >= 1e-6 && size < 1e21:
		return strconv.AppendFloat(dst, f, 'f', -1, 64)
	}
	dst = strconv.AppendFloat(dst, f, 'e', -1, 64)
	if n := len(dst); dst[n-3] == '-' && dst[n-2] == '0' { // e-07
		dst = append(dst[:n-2], dst[n-1])
	}
	return dst
}

// KeyOfText is KeyOf for a value as JSON text, without space around it: the same
// value has the same key, however it is spelt.
func KeyOfText(dst, raw []byte) (key []byte, ok bool) {
	if text, ok := quoted(raw); ok {
		return textKey(dst, text)
	}
	if string(raw) == "true" || string(raw) == "false" {
		return append(dst, raw...), true
	}
	n, f, whole, ok := number(raw)
	switch {
	case !ok:
		return dst, false
	case whole:
		return strconv.AppendInt(dst, n, 10), true
	}
	return keyOfFloat(dst, f), true
}

func textKey(dst, text []byte) (key []byte, ok bool) {
	key, ok = appendRead(dst, text)
	if !ok || len(text) == 0 {
		return dst, false
	}
	return key, true
}

// quoted returns what is between the quotes of a string.
func quoted(raw []byte) (text []byte, ok bool) {
	if len(raw) < 2 || raw[0] != '"' || raw[len(raw)-1] != '"' {
		return nil, false
	}
	return raw[1 : len(raw)-1], true
}

// Number returns an integer or a float of the value domain; nothing else is a
// number.
func Number(v any) (f float64, ok bool) {
	switch x := v.(type) {
	case int64:
		return float64(x), true
	case float64:
		return x, true
	}
	return 0, false
}

// NumberOfText is Number for a value as JSON text.
func NumberOfText(raw []byte) (f float64, ok bool) {
	n, f, whole, ok := number(raw)
	if whole {
		f = float64(n)
	}
	return f, ok
}

// number reads a JSON number as package wire does: n if it is whole, else f.
func number(raw []byte) (n int64, f float64, whole, ok bool) {
	whole, ok = numeral(raw)
	if !ok {
		return 0, 0, false, false
	}
	var err error
	if whole {
		n, err = strconv.ParseInt(string(raw), 10, 64)
	} else {
		f, err = strconv.ParseFloat(string(raw), 64)
	}
	return n, f, whole, err == nil
}

// numeral checks the grammar of a number: -? (0 | 1-9 digits) (. digits)?
// (e sign? digits)?. Whole means that there is no fraction and no exponent.
func numeral(raw []byte) (whole, ok bool) {
	if len(raw) > 0 && raw[0] == '-' {
		raw = raw[1:]
	}
	n := digits(raw)
	if n == 0 || n > 1 && raw[0] == '0' {
		return false, false
	}
	if raw = raw[n:]; len(raw) == 0 {
		return true, true
	}
	if raw[0] == '.' {
		if n = digits(raw[1:]); n == 0 {
			return false, false
		}
		raw = raw[1+n:]
	}
	return false, len(raw) == 0 || exponent(raw)
}

// exponent checks a whole exponent.
func exponent(raw []byte) bool {
	if raw[0]|0x20 != 'e' {
		return false
	}
	if raw = raw[1:]; len(raw) > 0 && (raw[0] == '+' || raw[0] == '-') {
		raw = raw[1:]
	}
	return len(raw) > 0 && digits(raw) == len(raw)
}

// digits counts the digits with which raw begins.
func digits(raw []byte) (n int) {
	for n < len(raw) && '0' <= raw[n] && raw[n] <= '9' {
		n++
	}
	return n
}

// EqualText reports whether a value as JSON text is the same as want, a value of
// the domain, in the sense of wire.Equal: 1 is not 1.0. It allocates only for lists,
// maps and bytes.
func EqualText(raw []byte, want any) bool {
	switch x := want.(type) {
	case nil:
		return string(raw) == "null"
	case bool:
		return string(raw) == strconv.FormatBool(x)
	case string:
		text, ok := quoted(raw)
		return ok && reads(text, x)
	case int64:
		n, _, whole, ok := number(raw)
		return ok && whole && n == x
	case float64:
		_, f, whole, ok := number(raw)
		return ok && !whole && math.Float64bits(f) == math.Float64bits(x)
	}
	v, err := wire.ParseJSON(raw)
	return err == nil && wire.Equal(v, want)
}
