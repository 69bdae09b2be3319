package wire

import (
	"encoding/base64"
	"math"
	"slices"
	"strconv"
)

// JSONToCBOR is the function [JSONToCBOR] with limits of the caller's choice.
func (l Limits) JSONToCBOR(dst, text []byte) ([]byte, error) {
	out, e := l.fromJSON(dst, text)
	return l.transcoded(dst, out, e)
}

func (l Limits) fromJSON(dst, text []byte) ([]byte, *Error) {
	t := jsonReader{
		parser: parser{in: text, left: l.budget()},
		out:    appender{dst: dst, left: budget{bytes: math.MaxInt, str: math.MaxInt}},
	}
	if len(text) > t.left.bytes {
		return nil, failAt(t.left.bytes, ErrSize, "too many bytes")
	}
	if e := t.document(); e != nil {
		return nil, e
	}
	return t.out.dst, nil
}

// jsonReader writes the CBOR of a JSON text while it reads it. The parser keeps
// the limits; the appender, without limits of its own, has the output.
type jsonReader struct {
	parser
	out     appender
	members memberStack // of the open objects
}

func (t *jsonReader) document() *Error {
	t.space()
	if e := t.value(); e != nil {
		return e
	}
	t.space()
	if t.at < len(t.in) {
		return failAt(t.at, ErrSyntax, "text after the value")
	}
	return nil
}

func (t *jsonReader) value() *Error {
	switch c := t.peek(); {
	case c == '{':
		return t.object()
	case c == '[':
		return t.array()
	case c == '"':
		return t.string()
	case c == '-' || '0' <= c && c <= '9':
		return t.number()
	case c == 't':
		return t.word("true", cborTrue)
	case c == 'f':
		return t.word("false", cborFalse)
	case c == 'n':
		return t.word("null", cborNull)
	}
	return t.unexpected("a value")
}

func (t *jsonReader) word(text string, first byte) *Error {
	if e := t.literal(text); e != nil {
		return e
	}
	return t.out.byte(first)
}

func (t *jsonReader) number() *Error {
	end, whole, e := numberEnd(t.in, t.at)
	if e != nil {
		return e
	}
	digits := t.in[t.at:end]
	if whole {
		n, ok := parseInt(digits)
		if !ok {
			return failAt(t.at, ErrRange, "integer does not fit int64")
		}
		t.at = end
		return t.out.int(n)
	}
	f, err := strconv.ParseFloat(string(digits), 64)
	if err != nil {
		return failAt(t.at, ErrRange, "number does not fit float64")
	}
	t.at = end
	return t.out.float(f)
}

func (t *jsonReader) string() *Error {
	s, e := t.read()
	if e != nil {
		return e
	}
	return t.text(s)
}

// read reads a string. Without its escapes it is put together behind the
// output, past the head that it will get there.
func (t *jsonReader) read() ([]byte, *Error) {
	t.parser.text = nil
	if at := len(t.out.dst) + longestHead; at < cap(t.out.dst) {
		t.parser.text = t.out.dst[at:at]
	}
	return t.parser.string()
}

// text writes text that is known to be valid.
func (t *jsonReader) text(s []byte) *Error {
	e := t.out.head(majorText, uint64(len(s)))
	t.out.dst = append(t.out.dst, s...)
	return e
}

func (t *jsonReader) array() *Error {
	if e := t.left.open(0); e != nil {
		return e.read(t.at)
	}
	t.at++
	start, n := t.begin(), 0
	if !t.next(']') {
		var e *Error
		if n, e = t.elements(); e != nil {
			return e
		}
	}
	t.finish(start, majorList, n)
	return nil
}

// begin leaves a byte for the head of a container, whose items are not counted
// yet.
func (t *jsonReader) begin() int {
	t.out.dst = append(t.out.dst, 0)
	return len(t.out.dst) - 1
}

// finish writes the head of the container that begins at start. The items of
// a large one move.
func (t *jsonReader) finish(start int, major byte, n int) {
	t.left.close()
	if n < 24 {
		t.out.dst[start] = major | byte(n)
		return
	}
	end := len(t.out.dst)
	_ = t.out.head(major, uint64(n)) // has no limit
	var room [longestHead]byte
	head := room[:copy(room[:], t.out.dst[end:])]
	t.out.dst = slices.Replace(t.out.dst[:end], start, start+1, head...)
}

// elements reads up to the end of an array and returns their number.
func (t *jsonReader) elements() (n int, e *Error) {
	for {
		t.space()
		if e := t.left.item(1); e != nil {
			return n, e.read(t.at)
		}
		if e := t.value(); e != nil {
			return n, e.inIndex(n)
		}
		n++
		if t.next(']') {
			return n, nil
		}
		if !t.next(',') {
			return n, t.unexpected("',' or ']'")
		}
	}
}

func (t *jsonReader) object() *Error {
	start := t.at
	t.at++
	empty := t.next('}')
	if !empty && t.bytesKey() {
		return t.bytes()
	}
	if e := t.left.open(0); e != nil {
		return e.read(start)
	}
	at, base := t.begin(), t.members.len()
	if !empty {
		if e := t.readMembers(base); e != nil {
			return e
		}
	}
	n := t.members.len() - base
	t.members.cut(base)
	t.finish(at, majorMap, n)
	return nil
}

// readMembers reads up to the end of an object and puts its members, which are
// those from base on, in order.
func (t *jsonReader) readMembers(base int) *Error {
	for {
		t.space()
		if e := t.left.item(1); e != nil {
			return e.read(t.at)
		}
		if e := t.member(); e != nil {
			return e
		}
		if t.next('}') {
			return t.order(t.members.from(base))
		}
		if !t.next(',') {
			return t.unexpected("',' or '}'")
		}
	}
}

func (t *jsonReader) member() *Error {
	m := written{start: len(t.out.dst), from: t.at}
	if e := t.key(); e != nil {
		return e
	}
	m.key = len(t.out.dst) - m.start
	if key := t.keyText(m); string(key) == BytesKey {
		return failAt(m.from, ErrDomain, BytesKey+" beside other keys").inKey(BytesKey)
	}
	if e := t.value(); e != nil {
		return e.inKey(string(t.keyText(m)))
	}
	m.end = len(t.out.dst)
	t.members.push(m)
	return nil
}

// key reads a key, the colon and the space behind it, and writes the key.
func (t *jsonReader) key() *Error {
	if t.peek() != '"' {
		return t.unexpected("a key")
	}
	raw, e := t.read()
	if e != nil {
		return e
	}
	if !t.next(':') {
		return t.unexpected("':'").inKey(string(raw))
	}
	t.space()
	return t.text(raw)
}

// keyBytes returns the encoded key of a member.
func (t *jsonReader) keyBytes(m written) []byte { return t.out.dst[m.start : m.start+m.key] }

// keyText returns the key of a member without its head.
func (t *jsonReader) keyText(m written) []byte {
	b := t.keyBytes(m)
	switch b[0] {
	case majorText | 24:
		return b[2:]
	case majorText | 25:
		return b[3:]
	case majorText | 26:
		return b[5:]
	case majorText | 27:
		return b[9:]
	}
	return b[1:]
}

// order sorts the members of an object, unless they came in order.
func (t *jsonReader) order(all []written) *Error {
	sorted := true
	for i := 1; i < len(all) && sorted; i++ {
		sorted = string(t.keyBytes(all[i-1])) < string(t.keyBytes(all[i]))
	}
	if sorted {
		return nil
	}
	base := all[0].start
	sortWritten(all, t.keyBytes)
	if e := t.twice(all); e != nil {
		return e
	}
	t.out.dst = arrange(t.out.dst, base, all)
	return nil
}

// twice names the first key of a sorted object that stood in it before.
func (t *jsonReader) twice(all []written) *Error {
	first := -1
	for i := 1; i < len(all); i++ {
		if string(t.keyBytes(all[i-1])) == string(t.keyBytes(all[i])) && (first < 0 || all[i].from < all[first].from) {
			first = i
		}
	}
	if first < 0 {
		return nil
	}
	return failAt(all[first].from, ErrDuplicateKey, "").inKey(string(t.keyText(all[first])))
}

// bytesKey takes "$bytes" and its colon if they follow, however they are spelt.
func (t *jsonReader) bytesKey() bool {
	if !t.maybeBytesKey() {
		return false
	}
	start, limit := t.at, t.left.str
	t.left.str = max(limit, len(BytesKey))
	raw, e := t.read()
	t.left.str = limit
	if e != nil || string(raw) != BytesKey || !t.next(':') {
		t.at = start
		return false
	}
	t.space()
	return true
}

// bytes reads the rest of an object behind {"$bytes":.
func (t *jsonReader) bytes() *Error {
	start := t.at
	if t.peek() != '"' {
		return failAt(start, ErrDomain, BytesKey+" must be text").inKey(BytesKey)
	}
	limit := t.left.str
	t.left.str = base64.StdEncoding.EncodedLen(limit)
	t.parser.text = nil // the output comes where read puts text
	text, e := t.parser.string()
	t.left.str = limit
	if e == nil {
		e = t.base64(start, text)
	}
	if e != nil {
		return e.inKey(BytesKey)
	}
	if t.next('}') {
		return nil
	}
	if t.peek() == ',' {
		return failAt(t.at, ErrDomain, BytesKey+" beside other keys")
	}
	return t.unexpected("'}'")
}

// base64 writes the bytes that text stands for, in the one standard form.
func (t *jsonReader) base64(start int, text []byte) *Error {
	at := len(t.out.dst)
	_ = t.out.head(majorBytes, uint64(decodedLen(text))) // has no limit
	body := len(t.out.dst)
	out, err := base64.StdEncoding.Strict().AppendDecode(t.out.dst, text)
	n := len(out) - body
	if err != nil || n != decodedLen(text) || base64.StdEncoding.EncodedLen(n) != len(text) {
		t.out.dst = t.out.dst[:at]
		return failAt(start, ErrDomain, "not standard base64 with padding")
	}
	if e := t.left.text(n); e != nil {
		return e.read(start)
	}
	t.out.dst = out
	return nil
}

// decodedLen returns the length of what correct base64 stands for.
func decodedLen(text []byte) int {
	n := len(text) / 4 * 3
	for i := len(text) - 1; i >= 0 && i >= len(text)-2 && text[i] == '='; i-- {
		n--
	}
	return max(n, 0)
}
