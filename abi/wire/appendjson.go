package wire

import (
	"encoding/base64"
	"math"
	"strconv"
	"unicode/utf8"
)

// AppendJSON appends v as JSON to dst, under the default limits. It takes what
// [Normalize] takes. After an error it returns dst as it was given.
//
// There is no white space; members are sorted by the UTF-8 bytes of their key;
// floats always have a point or an exponent, so that [ParseJSON] returns the
// same value; bytes are {"$bytes":"..."} in standard base64.
func AppendJSON(dst []byte, v any) ([]byte, error) {
	return Limits{}.AppendJSON(dst, v)
}

// AppendJSON is the function [AppendJSON] with limits of the caller's choice.
func (l Limits) AppendJSON(dst []byte, v any) ([]byte, error) {
	w := jsonWriter{dst: dst, left: l.budget()}
	limit := len(dst) + w.left.bytes
	if e := w.value(v); e != nil {
		return dst, e
	}
	if len(w.dst) > limit {
		return dst, fail(ErrSize, "too many bytes")
	}
	return w.dst, nil
}

// jsonWriter writes one value as JSON. Its budget counts at least the bytes of
// all strings, which bounds the text that an unlucky value can grow to.
type jsonWriter struct {
	dst  []byte
	left budget
}

func (w *jsonWriter) value(v any) *Error {
	switch x := v.(type) {
	case nil:
		w.dst = append(w.dst, "null"...)
	case bool:
		w.dst = strconv.AppendBool(w.dst, x)
	case int64:
		w.dst = strconv.AppendInt(w.dst, x, 10)
	case float64:
		return w.float(x)
	case string:
		return w.text(x)
	case []byte:
		return w.bytes(x)
	case []any:
		return w.list(x)
	case map[string]any:
		return w.mapping(x)
	default:
		return w.other(v)
	}
	return nil
}

// other writes a value whose Go type is not of the domain.
func (w *jsonWriter) other(v any) *Error {
	n := normalizer{left: w.left}
	x, e := n.value(v)
	if e != nil {
		return e
	}
	return w.value(x)
}

// float writes the shortest digits that read back as f: plain from 1e-6 up to
// 1e21, with an exponent outside.
func (w *jsonWriter) float(f float64) *Error {
	if !finite(f) {
		return fail(ErrDomain, "not a finite number")
	}
	if size := math.Abs(f); f != 0 && (size < 1e-6 || size >= 1e21) {
		w.dst = appendExponent(w.dst, f)
		return nil
	}
	start := len(w.dst)
	w.dst = strconv.AppendFloat(w.dst, f, 'f', -1, 64)
	for _, c := range w.dst[start:] {
		if c == '.' {
			return nil
		}
	}
	w.dst = append(w.dst, ".0"...)
	return nil
}

// appendExponent writes f as 1.5e+21 or 1e-7: the exponent has a sign and no
// leading zero.
func appendExponent(dst []byte, f float64) []byte {
	dst = strconv.AppendFloat(dst, f, 'e', -1, 64)
	if n := len(dst); dst[n-3] == '-' && dst[n-2] == '0' {
		dst[n-2] = dst[n-1]
		dst = dst[:n-1]
	}
	return dst
}

func (w *jsonWriter) text(s string) *Error {
	if e := w.size(len(s)); e != nil {
		return e
	}
	if !utf8.ValidString(s) {
		return fail(ErrUTF8, "")
	}
	w.dst = appendQuoted(w.dst, s)
	return nil
}

// size takes a string of n bytes.
func (w *jsonWriter) size(n int) *Error {
	if e := w.left.text(n); e != nil {
		return e
	}
	return w.left.write(n)
}

func (w *jsonWriter) bytes(b []byte) *Error {
	if e := w.size(len(b)); e != nil {
		return e
	}
	w.dst = append(w.dst, `{"`+BytesKey+`":"`...)
	w.dst = base64.StdEncoding.AppendEncode(w.dst, b)
	w.dst = append(w.dst, `"}`...)
	return nil
}

func (w *jsonWriter) list(list []any) *Error {
	if e := w.left.open(len(list)); e != nil {
		return e
	}
	w.dst = append(w.dst, '[')
	for i, v := range list {
		if i > 0 {
			w.dst = append(w.dst, ',')
		}
		if e := w.value(v); e != nil {
			return e.inIndex(i)
		}
	}
	w.dst = append(w.dst, ']')
	w.left.close()
	return nil
}

func (w *jsonWriter) mapping(m map[string]any) *Error {
	if e := w.left.open(len(m)); e != nil {
		return e
	}
	w.dst = append(w.dst, '{')
	var few [fewMembers]member
	for i, x := range members(few[:0], m, textOrder) {
		if i > 0 {
			w.dst = append(w.dst, ',')
		}
		if e := w.member(x); e != nil {
			return e
		}
	}
	w.dst = append(w.dst, '}')
	w.left.close()
	return nil
}

func (w *jsonWriter) member(x member) *Error {
	if e := reserved(x.key); e != nil {
		return e
	}
	if e := w.text(x.key); e != nil {
		return e
	}
	w.dst = append(w.dst, ':')
	if e := w.value(x.value); e != nil {
		return e.inKey(x.key)
	}
	return nil
}

// appendQuoted writes s with the fewest escapes that JSON allows.
func appendQuoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' {
			dst = append(dst, s[start:i]...)
			dst = appendEscape(dst, c)
			start = i + 1
		}
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

func appendEscape(dst []byte, c byte) []byte {
	const hex = "0123456789abcdef"
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, `\b`...)
	case '\f':
		return append(dst, `\f`...)
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	}
	return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}
