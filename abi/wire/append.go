package wire

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// CBOR major types and the first bytes of values without an argument.
const (
	majorUint  = 0 << 5
	majorInt   = 1 << 5
	majorBytes = 2 << 5
	majorText  = 3 << 5
	majorList  = 4 << 5
	majorMap   = 5 << 5
	majorTag   = 6 << 5
	majorOther = 7 << 5

	cborFalse   = majorOther | 20
	cborTrue    = majorOther | 21
	cborNull    = majorOther | 22
	cborFloat16 = majorOther | 25
	cborFloat32 = majorOther | 26
	cborFloat64 = majorOther | 27
)

// Append appends the deterministic CBOR encoding of v to dst. It takes what
// [Normalize] takes and writes what Normalize would return, under the default
// limits. After an error it returns dst as it was given.
func Append(dst []byte, v any) ([]byte, error) {
	return Limits{}.Append(dst, v)
}

// Append is the function [Append] with limits of the caller's choice.
func (l Limits) Append(dst []byte, v any) ([]byte, error) {
	a := appender{dst: dst, left: l.budget()}
	if e := a.value(v); e != nil {
		return dst, e
	}
	return a.dst, nil
}

// appender writes one value as CBOR.
type appender struct {
	dst  []byte
	left budget
}

func (a *appender) value(v any) *Error {
	switch x := v.(type) {
	case nil:
		return a.byte(cborNull)
	case bool:
		return a.bool(x)
	case int64:
		return a.int(x)
	case int:
		return a.int(int64(x))
	case float64:
		return a.float(x)
	case string:
		return a.text(x)
	case []byte:
		return a.bytes(x)
	case []any:
		return a.list(x)
	case map[string]any:
		return a.mapping(x)
	}
	return a.other(v)
}

// other writes a value whose Go type is not of the domain.
func (a *appender) other(v any) *Error {
	n := normalizer{left: a.left}
	x, e := n.value(v)
	if e != nil {
		return e
	}
	return a.value(x)
}

func (a *appender) byte(b byte) *Error {
	a.dst = append(a.dst, b)
	return a.left.write(1)
}

func (a *appender) bool(v bool) *Error {
	if v {
		return a.byte(cborTrue)
	}
	return a.byte(cborFalse)
}

func (a *appender) int(n int64) *Error {
	if n < 0 {
		return a.head(majorInt, uint64(^n))
	}
	return a.head(majorUint, uint64(n))
}

func (a *appender) float(f float64) *Error {
	if !finite(f) {
		return fail(ErrDomain, "not a finite number")
	}
	f32 := float32(f)
	if float64(f32) != f {
		a.dst = append(a.dst, cborFloat64)
		a.dst = binary.BigEndian.AppendUint64(a.dst, math.Float64bits(f))
		return a.left.write(9)
	}
	half, ok := toHalf(math.Float32bits(f32))
	if !ok {
		a.dst = append(a.dst, cborFloat32)
		a.dst = binary.BigEndian.AppendUint32(a.dst, math.Float32bits(f32))
		return a.left.write(5)
	}
	a.dst = append(a.dst, cborFloat16, byte(half>>8), byte(half))
	return a.left.write(3)
}

func (a *appender) text(s string) *Error {
	if e := a.left.text(len(s)); e != nil {
		return e
	}
	if !utf8.ValidString(s) {
		return fail(ErrUTF8, "")
	}
	if e := a.head(majorText, uint64(len(s))); e != nil {
		return e
	}
	if e := a.left.write(len(s)); e != nil {
		return e
	}
	a.dst = append(a.dst, s...)
	return nil
}

func (a *appender) bytes(b []byte) *Error {
	if e := a.left.text(len(b)); e != nil {
		return e
	}
	if e := a.head(majorBytes, uint64(len(b))); e != nil {
		return e
	}
	if e := a.left.write(len(b)); e != nil {
		return e
	}
	a.dst = append(a.dst, b...)
	return nil
}

func (a *appender) list(list []any) *Error {
	if e := a.left.open(len(list)); e != nil {
		return e
	}
	if e := a.head(majorList, uint64(len(list))); e != nil {
		return e
	}
	for i, v := range list {
		if e := a.value(v); e != nil {
			return e.inIndex(i)
		}
	}
	a.left.close()
	return nil
}

func (a *appender) mapping(m map[string]any) *Error {
	if e := a.left.open(len(m)); e != nil {
		return e
	}
	if e := a.head(majorMap, uint64(len(m))); e != nil {
		return e
	}
	var few [fewMembers]member
	for _, x := range encoded(few[:0], m) {
		if e := a.member(x); e != nil {
			return e
		}
	}
	a.left.close()
	return nil
}

func (a *appender) member(x member) *Error {
	if e := reserved(x.key); e != nil {
		return e
	}
	if e := a.text(x.key); e != nil {
		return e
	}
	if e := a.value(x.value); e != nil {
		return e.inKey(x.key)
	}
	return nil
}

// head writes the first byte of an item and its argument, in the shortest form.
func (a *appender) head(major byte, n uint64) *Error {
	switch size := headSize(n); size {
	case 1:
		a.dst = append(a.dst, major|byte(n))
		return a.left.write(1)
	case 2:
		a.dst = append(a.dst, major|24, byte(n))
		return a.left.write(2)
	case 3:
		a.dst = append(a.dst, major|25, byte(n>>8), byte(n))
		return a.left.write(3)
	case 5:
		a.dst = binary.BigEndian.AppendUint32(append(a.dst, major|26), uint32(n))
		return a.left.write(5)
	}
	a.dst = binary.BigEndian.AppendUint64(append(a.dst, major|27), n)
	return a.left.write(9)
}

// headSize returns the length of the shortest head with argument n.
func headSize(n uint64) int {
	switch {
	case n < 24:
		return 1
	case n <= math.MaxUint8:
		return 2
	case n <= math.MaxUint16:
		return 3
	case n <= math.MaxUint32:
		return 5
	}
	return 9
}

// member is one member of a map.
type member struct {
	key   string
	value any
}

// fewMembers is how many members of a map are sorted without allocating.
const fewMembers = 16

// members returns the members of m in the given order, in room if they fit.
func members(room []member, m map[string]any, order func(a, b member) int) []member {
	if len(m) > cap(room) {
		room = make([]member, 0, len(m))
	}
	for k, v := range m {
		room = append(room, member{key: k, value: v})
	}
	slices.SortFunc(room, order)
	return room
}

// encoded returns the members of m in the order of the encoding. Few of them are
// sorted in place as they come.
func encoded(room []member, m map[string]any) []member {
	if len(m) > cap(room) {
		return members(room, m, encodedOrder)
	}
	for k, v := range m {
		room = append(room, member{})
		at := len(room) - 1
		for ; at > 0 && before(k, room[at-1].key); at-- {
			room[at] = room[at-1]
		}
		room[at] = member{k, v}
	}
	return room
}

// before reports whether key a is encoded before key b.
func before(a, b string) bool {
	if len(a) != len(b) {
		return len(a) < len(b)
	}
	return a < b
}

// encodedOrder compares keys by their encoded bytes. The head of a text grows
// with its length, so shorter keys come first.
func encodedOrder(a, b member) int {
	if len(a.key) != len(b.key) {
		return cmp.Compare(len(a.key), len(b.key))
	}
	return strings.Compare(a.key, b.key)
}

// textOrder compares keys by their UTF-8 bytes.
func textOrder(a, b member) int { return strings.Compare(a.key, b.key) }
