package wire

import (
	"bytes"
	"encoding/binary"
	"math"
	"unicode/utf8"
)

// Decode reads one value from its deterministic CBOR encoding, under the
// default limits. It accepts exactly the bytes that [Append] makes: for every
// accepted b, Append(nil, v) is b. The value shares no memory with b.
func Decode(b []byte) (any, error) {
	return Limits{}.Decode(b)
}

// DecodeMap is [Decode] for a value that must be a map.
func DecodeMap(b []byte) (map[string]any, error) {
	v, err := Decode(b)
	if err != nil {
		return nil, err
	}
	return asMap(v)
}

func asMap(v any) (map[string]any, error) {
	m, ok := v.(map[string]any)
	if !ok {
		return nil, failAt(0, ErrDomain, "not a map")
	}
	return m, nil
}

// Decode is the function [Decode] with limits of the caller's choice.
func (l Limits) Decode(b []byte) (any, error) {
	d := decoder{in: b, left: l.budget()}
	if len(b) > d.left.bytes {
		return nil, failAt(d.left.bytes, ErrSize, "too many bytes")
	}
	v, e := d.value()
	if e != nil {
		return nil, e
	}
	if d.at < len(b) {
		return nil, failAt(d.at, ErrSyntax, "bytes after the value")
	}
	return v, nil
}

// decoder reads one value from CBOR. Nothing is allocated for a length or
// count before it was held against the limits and the bytes that are left.
type decoder struct {
	in   []byte
	at   int
	left budget
	keys keyTable
}

func (d *decoder) value() (any, *Error) {
	if d.at >= len(d.in) {
		return nil, d.early()
	}
	start := d.at
	switch first := d.in[start]; first &^ 31 {
	case majorTag:
		return nil, d.tag(first)
	case majorOther:
		return d.other(first)
	}
	major, n, e := d.head()
	if e != nil {
		return nil, e
	}
	switch major {
	case majorUint:
		return d.int(start, n, 0)
	case majorInt:
		return d.int(start, n, -1)
	case majorBytes:
		b, e := d.take(start, n)
		return bytes.Clone(b), e
	case majorText:
		b, e := d.text(start, n)
		return d.keys.pack(b), e
	case majorList:
		return d.list(start, n)
	}
	return d.mapping(start, n)
}

func (d *decoder) early() *Error {
	return failAt(len(d.in), ErrSyntax, "the document ends too early")
}

// head reads the first byte of an item of the major types 0 to 5 and its argument.
func (d *decoder) head() (major byte, n uint64, e *Error) {
	start := d.at
	first := d.in[start]
	major, info := first&^31, first&31
	switch {
	case info < 24:
		d.at++
		return major, uint64(info), nil
	case info < 28:
		n, e = d.argument(1 << (info - 24))
	case info == 31 && major >= majorBytes:
		return major, 0, failAt(start, ErrNotCanonical, "indefinite length")
	default:
		return major, 0, failAt(start, ErrSyntax, "reserved first byte")
	}
	if e == nil && headSize(n) != d.at-start {
		e = failAt(start, ErrNotCanonical, "length or number not in its shortest form")
	}
	return major, n, e
}

// argument reads the bytes behind the first one as a big-endian number.
func (d *decoder) argument(width int) (uint64, *Error) {
	if len(d.in)-d.at-1 < width {
		return 0, d.early()
	}
	b := d.in[d.at+1 : d.at+1+width]
	d.at += 1 + width
	switch width {
	case 1:
		return uint64(b[0]), nil
	case 2:
		return uint64(binary.BigEndian.Uint16(b)), nil
	case 4:
		return uint64(binary.BigEndian.Uint32(b)), nil
	}
	return binary.BigEndian.Uint64(b), nil
}

// int returns n, or -1-n where flip is -1.
func (d *decoder) int(start int, n uint64, flip int64) (any, *Error) {
	if n > math.MaxInt64 {
		return nil, failAt(start, ErrRange, "integer does not fit int64")
	}
	return int64(n) ^ flip, nil
}

// take returns the next n bytes of the input itself.
func (d *decoder) take(start int, n uint64) ([]byte, *Error) {
	if n > uint64(d.left.str) {
		return nil, failAt(start, ErrSize, "string too long")
	}
	if n > uint64(len(d.in)-d.at) {
		return nil, d.early()
	}
	b := d.in[d.at : d.at+int(n)]
	d.at += int(n)
	return b, nil
}

func (d *decoder) text(start int, n uint64) ([]byte, *Error) {
	b, e := d.take(start, n)
	if e != nil {
		return nil, e
	}
	if !utf8.Valid(b) {
		return nil, failAt(d.at-len(b)+invalidAt(b), ErrUTF8, "")
	}
	return b, nil
}

// invalidAt returns the offset of the first byte of b that is not UTF-8.
func invalidAt(b []byte) int {
	at := 0
	for at < len(b) {
		r, size := utf8.DecodeRune(b[at:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		at += size
	}
	return at
}

// open enters a container of n items of at least size bytes each.
func (d *decoder) open(start int, n uint64, size int) *Error {
	if d.left.depth == 0 {
		return failAt(start, ErrDepth, "")
	}
	if n > uint64(d.left.items) {
		return failAt(start, ErrSize, "too many items")
	}
	if n > uint64((len(d.in)-d.at)/size) {
		return d.early()
	}
	return d.left.open(int(n))
}

func (d *decoder) list(start int, n uint64) (any, *Error) {
	if e := d.open(start, n, 1); e != nil {
		return nil, e
	}
	list := make([]any, n)
	for i := range list {
		v, e := d.value()
		if e != nil {
			return nil, e.inIndex(i)
		}
		list[i] = v
	}
	d.left.close()
	return list, nil
}

func (d *decoder) mapping(start int, n uint64) (any, *Error) {
	if e := d.open(start, n, 2); e != nil {
		return nil, e
	}
	m := make(map[string]any, n)
	var last []byte
	for i := range n {
		raw, e := d.key()
		if e != nil {
			return nil, e
		}
		key := d.keys.get(raw)
		if i > 0 && !ascending(last, raw) {
			return nil, misplaced(d.at-len(raw), m, key)
		}
		if m[key], e = d.value(); e != nil {
			return nil, e.inKey(key)
		}
		last = raw
	}
	d.left.close()
	return m, nil
}

// key reads the key of a member.
func (d *decoder) key() ([]byte, *Error) {
	if d.at >= len(d.in) {
		return nil, d.early()
	}
	start := d.at
	if d.in[start]&^31 != majorText {
		return nil, failAt(start, ErrDomain, "a key that is not text")
	}
	_, n, e := d.head()
	if e != nil {
		return nil, e
	}
	b, e := d.text(start, n)
	if e == nil && string(b) == BytesKey {
		return nil, reserved(BytesKey).read(start)
	}
	return b, e
}

// ascending reports whether key a comes before key b.
func ascending(a, b []byte) bool {
	if len(a) != len(b) {
		return len(a) < len(b)
	}
	return bytes.Compare(a, b) < 0
}

func misplaced(at int, m map[string]any, key string) *Error {
	if _, twice := m[key]; twice {
		return failAt(at, ErrDuplicateKey, "").inKey(key)
	}
	return failAt(at, ErrNotCanonical, "keys out of order").inKey(key)
}

func (d *decoder) tag(first byte) *Error {
	if first&31 >= 28 {
		return failAt(d.at, ErrSyntax, "reserved first byte")
	}
	return failAt(d.at, ErrDomain, "a tag")
}

// other reads an item of major type 7: a simple value or a float.
func (d *decoder) other(first byte) (any, *Error) {
	switch first {
	case cborFalse, cborTrue:
		d.at++
		return first == cborTrue, nil
	case cborNull:
		d.at++
		return nil, nil
	case cborFloat16, cborFloat32, cborFloat64:
		return d.float(1 << (first&31 - 24))
	case majorOther | 24:
		return nil, d.simple()
	}
	if first&31 >= 28 {
		return nil, failAt(d.at, ErrSyntax, "reserved first byte")
	}
	return nil, failAt(d.at, ErrDomain, "undefined or an unassigned simple value")
}

// simple refuses a simple value of two bytes.
func (d *decoder) simple() *Error {
	start := d.at
	n, e := d.argument(1)
	switch {
	case e != nil:
		return e
	case n < 32:
		return failAt(start, ErrSyntax, "simple value in a reserved form")
	}
	return failAt(start, ErrDomain, "an unassigned simple value")
}

func (d *decoder) float(width int) (any, *Error) {
	start := d.at
	n, e := d.argument(width)
	if e != nil {
		return nil, e
	}
	f := floatOf(n, width)
	if !finite(f) {
		return nil, failAt(start, ErrDomain, "not a finite number")
	}
	if floatSize(f) != 1+width {
		return nil, failAt(start, ErrNotCanonical, "float not in its shortest form")
	}
	return f, nil
}

// floatOf returns the float with the given bits and width in bytes.
func floatOf(n uint64, width int) float64 {
	switch width {
	case 2:
		return fromHalf(uint16(n))
	case 4:
		return float64(math.Float32frombits(uint32(n)))
	}
	return math.Float64frombits(n)
}
