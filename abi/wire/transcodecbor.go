package wire

import (
	"bytes"
	"encoding/base64"
	"math"
	"strconv"
)

// CBORToJSON is the function [CBORToJSON] with limits of the caller's choice.
func (l Limits) CBORToJSON(dst, b []byte) ([]byte, error) {
	out, e := l.fromCBOR(dst, b)
	return l.transcoded(dst, out, e)
}

func (l Limits) fromCBOR(dst, b []byte) ([]byte, *Error) {
	t := cborReader{decoder: decoder{in: b, left: l.budget()}, out: jsonWriter{dst: dst}}
	if len(b) > t.left.bytes {
		return nil, failAt(t.left.bytes, ErrSize, "too many bytes")
	}
	if e := t.value(); e != nil {
		return nil, e
	}
	if t.at < len(b) {
		return nil, failAt(t.at, ErrSyntax, "bytes after the value")
	}
	return t.out.dst, nil
}

// cborReader writes the JSON of a CBOR document while it reads it. The decoder
// keeps the limits, the writer has the output.
type cborReader struct {
	decoder
	out     jsonWriter
	members memberStack // of the open maps
}

func (t *cborReader) value() *Error {
	if t.at >= len(t.in) {
		return t.early()
	}
	start := t.at
	switch first := t.in[start]; first &^ 31 {
	case majorTag:
		return t.tag(first)
	case majorOther:
		return t.other(first)
	}
	major, n, e := t.head()
	if e != nil {
		return e
	}
	switch major {
	case majorUint:
		return t.int(start, n, 0)
	case majorInt:
		return t.int(start, n, -1)
	case majorBytes:
		return t.bytes(start, n)
	case majorText:
		return t.text(start, n)
	case majorList:
		return t.list(start, n)
	}
	return t.mapping(start, n)
}

// int writes n, or -1-n where flip is -1.
func (t *cborReader) int(start int, n uint64, flip int64) *Error {
	if n > math.MaxInt64 {
		return failAt(start, ErrRange, "integer does not fit int64")
	}
	t.out.dst = strconv.AppendInt(t.out.dst, int64(n)^flip, 10)
	return nil
}

func (t *cborReader) bytes(start int, n uint64) *Error {
	b, e := t.take(start, n)
	if e != nil {
		return e
	}
	t.out.dst = append(t.out.dst, `{"`+BytesKey+`":"`...)
	t.out.dst = base64.StdEncoding.AppendEncode(t.out.dst, b)
	t.out.dst = append(t.out.dst, `"}`...)
	return nil
}

func (t *cborReader) text(start int, n uint64) *Error {
	s, e := t.decoder.text(start, n)
	if e != nil {
		return e
	}
	t.quote(s)
	return nil
}

// quote writes s as appendQuoted does, without making a string of it.
func (t *cborReader) quote(s []byte) {
	dst, start := append(t.out.dst, '"'), 0
	for i, c := range s {
		if c < ' ' || c == '"' || c == '\\' {
			dst = appendEscape(append(dst, s[start:i]...), c)
			start = i + 1
		}
	}
	t.out.dst = append(append(dst, s[start:]...), '"')
}

func (t *cborReader) list(start int, n uint64) *Error {
	if e := t.open(start, n, 1); e != nil {
		return e
	}
	t.out.dst = append(t.out.dst, '[')
	for i := range int(n) {
		if i > 0 {
			t.out.dst = append(t.out.dst, ',')
		}
		if e := t.value(); e != nil {
			return e.inIndex(i)
		}
	}
	t.out.dst = append(t.out.dst, ']')
	t.left.close()
	return nil
}

// mapping writes a map. Each member has a comma behind it, so that it can be
// moved; the last one becomes the closing brace.
func (t *cborReader) mapping(start int, n uint64) *Error {
	if e := t.open(start, n, 2); e != nil {
		return e
	}
	t.out.dst = append(t.out.dst, '{')
	base := t.members.len()
	for range n {
		if e := t.member(base); e != nil {
			return e
		}
	}
	if n == 0 {
		t.out.dst = append(t.out.dst, '}')
	} else {
		t.order(t.members.from(base))
		t.out.dst[len(t.out.dst)-1] = '}'
	}
	t.members.cut(base)
	t.left.close()
	return nil
}

// member reads one member of the map whose members are those from base on.
func (t *cborReader) member(base int) *Error {
	key, e := t.key()
	if e != nil {
		return e
	}
	m := written{start: len(t.out.dst), from: t.at - len(key), key: len(key)}
	if e := t.placed(t.members.from(base), m); e != nil {
		return e
	}
	t.quote(key)
	t.out.dst = append(t.out.dst, ':')
	if e := t.value(); e != nil {
		return e.inKey(string(key))
	}
	t.out.dst = append(t.out.dst, ',')
	m.end = len(t.out.dst)
	t.members.push(m)
	return nil
}

// placed checks that a key comes behind those before it.
func (t *cborReader) placed(before []written, m written) *Error {
	key := t.keyText(m)
	if len(before) == 0 || ascending(t.keyText(before[len(before)-1]), key) {
		return nil
	}
	for _, b := range before {
		if bytes.Equal(t.keyText(b), key) {
			return failAt(m.from, ErrDuplicateKey, "").inKey(string(key))
		}
	}
	return failAt(m.from, ErrNotCanonical, "keys out of order").inKey(string(key))
}

// keyText returns the key of a member.
func (t *cborReader) keyText(m written) []byte { return t.in[m.from : m.from+m.key] }

// order sorts the members of a map by their text, unless they came so.
func (t *cborReader) order(all []written) {
	sorted := true
	for i := 1; i < len(all) && sorted; i++ {
		sorted = string(t.keyText(all[i-1])) < string(t.keyText(all[i]))
	}
	if sorted {
		return
	}
	base := all[0].start
	sortWritten(all, t.keyText)
	t.out.dst = arrange(t.out.dst, base, all)
}

// other writes an item of major type 7. What is no float is left to the
// decoder, whose results for it need no memory.
func (t *cborReader) other(first byte) *Error {
	switch first {
	case cborFloat16, cborFloat32, cborFloat64:
		return t.float(1 << (first&31 - 24))
	}
	v, e := t.decoder.other(first)
	if e != nil {
		return e
	}
	return t.out.value(v)
}

func (t *cborReader) float(width int) *Error {
	start := t.at
	n, e := t.argument(width)
	if e != nil {
		return e
	}
	f := floatOf(n, width)
	if !finite(f) {
		return failAt(start, ErrDomain, "not a finite number")
	}
	if floatSize(f) != 1+width {
		return failAt(start, ErrNotCanonical, "float not in its shortest form")
	}
	return t.out.float(f)
}
