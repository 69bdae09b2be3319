package wire

import (
	"bytes"
	"cmp"
	"slices"
)

// JSONToCBOR appends to dst the deterministic CBOR encoding of the value that
// a JSON text holds, under the default limits: the bytes that [ParseJSON] and
// then [Append] would give, without the value between them. After an error,
// one of those that ParseJSON gives or, of class [ErrSize], an encoding that is
// too long, it returns dst as it was given.
//
// It allocates nothing as long as dst has room for twice the encoding, the
// objects that are open at one time have at most 64 members together and no
// float has more than 32 characters. The free room of dst, which it uses, must
// not overlap text.
func JSONToCBOR(dst, text []byte) ([]byte, error) {
	return Limits{}.JSONToCBOR(dst, text)
}

// JSONMapToCBOR is [JSONToCBOR] for a value that must be a map.
func JSONMapToCBOR(dst, text []byte) ([]byte, error) {
	var l Limits
	out, e := l.fromJSON(dst, text)
	if e == nil && out[len(dst)]&^31 != majorMap {
		e = failAt(0, ErrDomain, "not a map")
	}
	return l.transcoded(dst, out, e)
}

// CBORToJSON appends to dst the JSON text of the value that b encodes, under
// the default limits: the bytes that [Decode] and then [AppendJSON] would give.
// After an error, one of those that Decode gives or, of class [ErrSize], a text
// that is too long, it returns dst as it was given. It is as sparing with
// memory as [JSONToCBOR].
func CBORToJSON(dst, b []byte) ([]byte, error) {
	return Limits{}.CBORToJSON(dst, b)
}

// CBORMapToJSON is [CBORToJSON] for a value that must be a map.
func CBORMapToJSON(dst, b []byte) ([]byte, error) {
	var l Limits
	out, e := l.fromCBOR(dst, b)
	if e == nil && b[0]&^31 != majorMap {
		e = failAt(0, ErrDomain, "not a map")
	}
	return l.transcoded(dst, out, e)
}

// transcoded returns out, which is dst and a document behind it, if there was no
// error and the document is not too long.
func (l Limits) transcoded(dst, out []byte, e *Error) ([]byte, error) {
	if e == nil {
		left := l.budget()
		e = left.write(len(out) - len(dst))
	}
	if e != nil {
		return dst, e
	}
	return out, nil
}

// openMembers is how many members of open maps are kept without allocating.
const openMembers = 64

// written is a member that stands in the output while its map is open. The
// members of a map are written as they come and put in order at its end.
type written struct {
	start, end int // of the member in the output
	from       int // where its key is in the input
	key        int // length of the key as it is compared
}

// memberStack keeps the members of all open maps. It is its own room for a few:
// a slice of the caller's stack could not stay there.
type memberStack struct {
	few  [openMembers]written
	n    int
	many []written // all of them, once they are more than a few
}

func (s *memberStack) push(m written) {
	switch {
	case s.many != nil:
		s.many = append(s.many, m)
	case s.n < len(s.few):
		s.few[s.n] = m
		s.n++
	default:
		s.many = append(append(make([]written, 0, 4*openMembers), s.few[:]...), m)
	}
}

func (s *memberStack) len() int {
	if s.many != nil {
		return len(s.many)
	}
	return s.n
}

// from returns the members from base on.
func (s *memberStack) from(base int) []written {
	if s.many != nil {
		return s.many[base:]
	}
	return s.few[base:s.n]
}

// cut forgets the members from base on.
func (s *memberStack) cut(base int) {
	if s.many != nil {
		s.many = s.many[:base]
		return
	}
	s.n = base
}

// longestHead is the length of the longest head of an item in CBOR.
const longestHead = 9

// sortWritten sorts members by their keys, equal ones as they came.
func sortWritten(all []written, key func(written) []byte) {
	slices.SortFunc(all, func(a, b written) int {
		if c := bytes.Compare(key(a), key(b)); c != 0 {
			return c
		}
		return cmp.Compare(a.start, b.start)
	})
}

// arrange puts the members, which are all that out holds from base on, into
// the given order. It needs room behind the output for a copy of them.
func arrange(out []byte, base int, all []written) []byte {
	end := len(out)
	for _, m := range all {
		out = append(out, out[m.start:m.end]...)
	}
	copy(out[base:end], out[end:])
	return out[:end]
}
