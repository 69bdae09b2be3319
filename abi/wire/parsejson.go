package wire

import (
	"bytes"
	"encoding/base64"
	"unicode/utf8"
)

// ParseJSON reads one value from a JSON text (RFC 8259), under the default
// limits. Integers without fraction and exponent are int64, all other numbers
// the nearest float64; -0 is the int64 0, -0.0 stays a float. An object with
// the single member "$bytes" is a byte string.
//
// Refused are duplicate keys, invalid UTF-8, halves of surrogate pairs,
// numbers out of range, a byte order mark and everything after the value.
func ParseJSON(b []byte) (any, error) {
	return Limits{}.ParseJSON(b)
}

// ParseJSONMap is [ParseJSON] for a value that must be a map.
func ParseJSONMap(b []byte) (map[string]any, error) {
	v, err := ParseJSON(b)
	if err != nil {
		return nil, err
	}
	return asMap(v)
}

// ParseJSON is the function [ParseJSON] with limits of the caller's choice.
func (l Limits) ParseJSON(b []byte) (any, error) {
	var (
		members [16]located
		values  [16]any
	)
	p := parser{in: b, left: l.budget(), members: members[:0], values: values[:0]}
	if len(b) > p.left.bytes {
		return nil, failAt(p.left.bytes, ErrSize, "too many bytes")
	}
	v, e := p.document()
	if e != nil {
		return nil, e
	}
	return v, nil
}

// parser reads one value from JSON. Elements and members of open containers
// wait on two stacks until their number is known.
type parser struct {
	in      []byte
	at      int
	left    budget
	keys    keyTable
	values  []any
	members []located
	text    []byte // room for strings with escapes
}

// located is a member and the offset of its key.
type located struct {
	member
	offset int
}

func (p *parser) document() (any, *Error) {
	p.space()
	v, e := p.value()
	if e != nil {
		return nil, e
	}
	p.space()
	if p.at < len(p.in) {
		return nil, failAt(p.at, ErrSyntax, "text after the value")
	}
	return v, nil
}

func (p *parser) value() (any, *Error) {
	switch c := p.peek(); {
	case c == '{':
		return p.object()
	case c == '[':
		return p.array()
	case c == '"':
		s, e := p.string()
		return string(s), e
	case c == '-' || '0' <= c && c <= '9':
		v, end, e := scanNumber(p.in, p.at)
		p.at = end
		return v, e
	case c == 't':
		return true, p.literal("true")
	case c == 'f':
		return false, p.literal("false")
	case c == 'n':
		return nil, p.literal("null")
	}
	return nil, p.unexpected("a value")
}

// peek returns the next byte, or 0 at the end.
func (p *parser) peek() byte {
	if p.at < len(p.in) {
		return p.in[p.at]
	}
	return 0
}

func (p *parser) space() {
	for p.at < len(p.in) {
		switch p.in[p.at] {
		case ' ', '\t', '\n', '\r':
			p.at++
		default:
			return
		}
	}
}

// next skips space and takes c if it follows.
func (p *parser) next(c byte) bool {
	p.space()
	if p.peek() != c {
		return false
	}
	p.at++
	return true
}

func (p *parser) unexpected(wanted string) *Error {
	if p.at >= len(p.in) {
		return failAt(p.at, ErrSyntax, "the document ends where "+wanted+" was expected")
	}
	return failAt(p.at, ErrSyntax, "expected "+wanted)
}

func (p *parser) literal(word string) *Error {
	if !bytes.HasPrefix(p.in[p.at:], []byte(word)) {
		return p.unexpected("a value")
	}
	p.at += len(word)
	return nil
}

func (p *parser) array() (any, *Error) {
	if e := p.left.open(0); e != nil {
		return nil, e.read(p.at)
	}
	p.at++
	base := len(p.values)
	if !p.next(']') {
		if e := p.elements(base); e != nil {
			return nil, e
		}
	}
	list := append(make([]any, 0, len(p.values)-base), p.values[base:]...)
	p.values = p.values[:base]
	p.left.close()
	return list, nil
}

// elements reads up to the end of the array whose elements start at base.
func (p *parser) elements(base int) *Error {
	for {
		p.space()
		if e := p.left.item(1); e != nil {
			return e.read(p.at)
		}
		i := len(p.values) - base
		v, e := p.value()
		if e != nil {
			return e.inIndex(i)
		}
		p.values = append(p.values, v)
		if p.next(']') {
			return nil
		}
		if !p.next(',') {
			return p.unexpected("',' or ']'")
		}
	}
}

func (p *parser) object() (any, *Error) {
	start := p.at
	p.at++
	empty := p.next('}')
	if !empty && p.bytesKey() {
		return p.bytes()
	}
	if e := p.left.open(0); e != nil {
		return nil, e.read(start)
	}
	base := len(p.members)
	if !empty {
		if e := p.readMembers(); e != nil {
			return nil, e
		}
	}
	m, e := collect(p.members[base:])
	p.members = p.members[:base]
	p.left.close()
	return m, e
}

func collect(all []located) (any, *Error) {
	m := make(map[string]any, len(all))
	for i, x := range all {
		m[x.key] = x.value
		if len(m) <= i {
			return nil, failAt(x.offset, ErrDuplicateKey, "").inKey(x.key)
		}
	}
	return m, nil
}

// readMembers reads up to the end of an object.
func (p *parser) readMembers() *Error {
	for {
		p.space()
		if e := p.left.item(1); e != nil {
			return e.read(p.at)
		}
		x, e := p.member()
		if e != nil {
			return e
		}
		p.members = append(p.members, x)
		if p.next('}') {
			return nil
		}
		if !p.next(',') {
			return p.unexpected("',' or '}'")
		}
	}
}

func (p *parser) member() (x located, e *Error) {
	x.offset = p.at
	if x.key, e = p.key(); e != nil {
		return x, e
	}
	if x.key == BytesKey {
		return x, failAt(x.offset, ErrDomain, BytesKey+" beside other keys").inKey(x.key)
	}
	if x.value, e = p.value(); e != nil {
		return x, e.inKey(x.key)
	}
	return x, nil
}

// key reads a key, the colon and the space behind it.
func (p *parser) key() (string, *Error) {
	if p.peek() != '"' {
		return "", p.unexpected("a key")
	}
	raw, e := p.string()
	if e != nil {
		return "", e
	}
	key := p.keys.get(raw)
	if !p.next(':') {
		return "", p.unexpected("':'").inKey(key)
	}
	p.space()
	return key, nil
}

// bytesKey takes "$bytes" and its colon if they follow, however they are spelt.
func (p *parser) bytesKey() bool {
	start := p.at
	if !p.maybeBytesKey() {
		return false
	}
	limit := p.left.str
	p.left.str = max(limit, len(BytesKey))
	key, e := p.key()
	p.left.str = limit
	if e != nil || key != BytesKey {
		p.at = start
		return false
	}
	return true
}

// maybeBytesKey saves most keys from being read twice.
func (p *parser) maybeBytesKey() bool {
	rest := p.in[p.at:]
	return len(rest) > 1 && rest[0] == '"' && (rest[1] == BytesKey[0] || rest[1] == '\\')
}

// bytes reads the rest of an object behind {"$bytes":.
func (p *parser) bytes() (any, *Error) {
	start := p.at
	if p.peek() != '"' {
		return nil, failAt(start, ErrDomain, BytesKey+" must be text").inKey(BytesKey)
	}
	limit := p.left.str
	p.left.str = base64.StdEncoding.EncodedLen(limit)
	text, e := p.string()
	p.left.str = limit
	if e != nil {
		return nil, e.inKey(BytesKey)
	}
	b, e := decodeBase64(text)
	if e == nil {
		e = p.left.text(len(b))
	}
	if e != nil {
		return nil, e.read(start).inKey(BytesKey)
	}
	if !p.next('}') {
		if p.peek() == ',' {
			return nil, failAt(p.at, ErrDomain, BytesKey+" beside other keys")
		}
		return nil, p.unexpected("'}'")
	}
	return b, nil
}

// decodeBase64 accepts the one standard form: padded, no line breaks, no bits
// beyond the end.
func decodeBase64(text []byte) ([]byte, *Error) {
	b, err := base64.StdEncoding.Strict().AppendDecode([]byte{}, text)
	if err != nil || base64.StdEncoding.EncodedLen(len(b)) != len(text) {
		return nil, fail(ErrDomain, "not standard base64 with padding")
	}
	return b, nil
}

// string reads a string. The bytes are valid until the next call.
func (p *parser) string() ([]byte, *Error) {
	start := p.at + 1
	for i := start; i < len(p.in); i++ {
		switch c := p.in[i]; {
		case c == '"':
			p.at = i + 1
			return p.checked(start, p.in[start:i])
		case c == '\\':
			return p.escaped(start, i)
		case c < ' ':
			return nil, failAt(i, ErrSyntax, "control character in a string")
		}
	}
	return nil, failAt(len(p.in), ErrSyntax, "a string without end")
}

// checked returns text, which starts at an offset, if it is legal.
func (p *parser) checked(start int, text []byte) ([]byte, *Error) {
	if e := p.left.text(len(text)); e != nil {
		return nil, e.read(start - 1)
	}
	if !utf8.Valid(text) {
		return nil, failAt(start+invalidAt(text), ErrUTF8, "")
	}
	return text, nil
}
