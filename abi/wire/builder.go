package wire

import "math"

// Builder writes the encoding of one value piece by piece, without maps and
// boxes:
//
//	b.Reset(nil)
//	b.OpenMap()
//	b.Key("score")
//	b.Int(40)
//	b.Key("reasons")
//	b.OpenList()
//	b.Text("amount_high")
//	b.Close()
//	b.Close()
//	document, err := b.Finish()
//
// Members may come in any order. Those that come in the order of the encoding,
// shorter keys first and keys of one length by their bytes, need no sorting. What
// is not a value of the domain under the default limits, and calls that do not
// fit together, are errors of [Builder.Finish]; after the first, the other calls
// do nothing.
//
// A Builder keeps its memory for the next value. One goroutine uses it at a time.
type Builder struct {
	dst   []byte
	start int // of the value in dst
	items int // in all containers so far
	err   *Error

	want  state
	depth int
	in    *frame  // the innermost: open[depth]
	open  []frame // the first is the outside; those behind depth are reused

	members []member // of the maps that Value is in
}

// state is what may come next.
type state byte

const (
	wantNothing state = iota // the value is whole, or there is none, or an error
	wantValue                // the value, an element or the value of a member
	wantKey                  // a key or the end of a map
)

// frame is a container that is being written.
type frame struct {
	after state // a value in it: wantNothing outside of all containers
	mixed bool  // members came out of order
	head  int   // where it begins in dst; one byte long until it is closed
	count int   // values in it
	key   span  // that came last
}

// span is a range of dst.
type span struct{ start, end int }

// usualDepth is how many frames a Builder has from the beginning.
const usualDepth = 8

// Bounds of a value; those of DefaultLimits.
const (
	mostDepth  = 64
	mostBytes  = 8 << 20
	mostItems  = 100_000
	mostString = 1 << 20
)

// Reset begins a new value, whose encoding will be appended to dst.
func (b *Builder) Reset(dst []byte) {
	b.dst, b.start, b.items, b.err = dst, len(dst), 0, nil
	if b.open == nil {
		b.open = make([]frame, usualDepth)
	}
	b.want, b.depth, b.in = wantValue, 0, &b.open[0]
	clear(b.members) // there are some if a panic left Value
	b.members = b.members[:0]
}

// Finish returns what was given to Reset with the encoding behind it, or as it
// was given with an [*Error]. Then Reset comes next.
func (b *Builder) Finish() ([]byte, error) {
	switch {
	case b.err != nil:
	case b.want != wantNothing || len(b.dst) == b.start:
		b.misuse("the value is not whole")
	case len(b.dst)-b.start > mostBytes:
		b.fail(ErrSize, "too many bytes")
	}
	b.want = wantNothing
	if b.err != nil {
		return b.dst[:b.start], b.err
	}
	return b.dst, nil
}

// Empty reports whether nothing was written since Reset.
func (b *Builder) Empty() bool { return len(b.dst) == b.start && b.err == nil }

// Null writes null.
func (b *Builder) Null() { b.byte(cborNull) }

// Bool writes a boolean.
func (b *Builder) Bool(v bool) {
	if v {
		b.byte(cborTrue)
		return
	}
	b.byte(cborFalse)
}

func (b *Builder) byte(c byte) {
	if b.begin() {
		b.dst = append(b.dst, c)
	}
}

// Int writes an integer.
func (b *Builder) Int(v int64) {
	if !b.begin() {
		return
	}
	if v < 0 {
		b.head(majorInt, uint64(^v))
		return
	}
	b.head(majorUint, uint64(v))
}

// Float writes a float, which must be finite.
func (b *Builder) Float(v float64) {
	if !b.begin() {
		return
	}
	if !finite(v) {
		b.fail(ErrDomain, "not a finite number")
		return
	}
	a := appender{dst: b.dst, left: budget{bytes: math.MaxInt}}
	_ = a.float(v) // finite, and there is room
	b.dst = a.dst
}

// Text writes a text, which must be UTF-8.
func (b *Builder) Text(v string) {
	if b.begin() {
		b.text(v)
	}
}

// Join writes the text that the parts make together, without making it first.
// Each of them must be UTF-8.
func (b *Builder) Join(parts ...string) {
	if !b.begin() {
		return
	}
	size := 0
	for _, s := range parts {
		size += len(s)
	}
	if !b.room(size) {
		return
	}
	b.head(majorText, uint64(size))
	for _, s := range parts {
		b.dst = append(b.dst, s...)
		if !validEnd(b.dst, len(s)) {
			b.fail(ErrUTF8, "")
		}
	}
}

// Bytes writes a byte string.
func (b *Builder) Bytes(v []byte) {
	if b.begin() && b.room(len(v)) {
		b.head(majorBytes, uint64(len(v)))
		b.dst = append(b.dst, v...)
	}
}

// OpenList begins a list. Its elements follow, then Close.
func (b *Builder) OpenList() { b.enter(majorList, wantValue) }

// OpenMap begins a map. Its members follow, each a Key and a value, then Close.
func (b *Builder) OpenMap() { b.enter(majorMap, wantKey) }

func (b *Builder) enter(major byte, after state) {
	if !b.begin() {
		return
	}
	if b.depth == mostDepth {
		b.fail(ErrDepth, "")
		return
	}
	if b.depth++; b.depth == len(b.open) {
		b.open = append(b.open, frame{})
	}
	f := &b.open[b.depth]
	b.in = f
	f.after, f.mixed, f.head, f.count, f.key = after, false, len(b.dst), 0, span{}
	b.dst = append(b.dst, major)
	b.want = after
}

// Key writes the key of a member; its value comes next.
func (b *Builder) Key(key string) {
	if b.want != wantKey {
		b.misuse("a key outside of a map, or one without a value")
		return
	}
	b.want = wantValue
	f := b.in
	last := f.key
	f.key.start, f.key.end = len(b.dst), len(b.dst)
	b.text(key)
	f.key.end = len(b.dst)
	if f.count > 0 && !longer(f.key, last) && string(b.dst[last.start:last.end]) >= string(b.dst[f.key.start:]) {
		f.mixed = true
	}
	if key == BytesKey {
		b.fail(ErrDomain, "the key "+BytesKey+" is reserved for bytes in JSON")
	}
}

// longer reports whether x has more bytes than y. An encoded key that has more
// comes later.
func longer(x, y span) bool { return x.end-x.start > y.end-y.start }

// Close ends the innermost list or map.
func (b *Builder) Close() {
	f := b.in
	if b.depth == 0 || b.want != f.after {
		b.misuse("the end of no list or map, or of one that lacks a value")
		return
	}
	if b.items += f.count; b.items > mostItems {
		b.fail(ErrSize, "too many items")
		return
	}
	if f.mixed && !b.sort(f) {
		return
	}
	b.count(f)
	b.depth--
	b.in = &b.open[b.depth]
	b.want = b.in.after
}

// count gives a container that is whole its head.
func (b *Builder) count(f *frame) {
	if f.count < 24 {
		b.dst[f.head] |= byte(f.count)
		return
	}
	major, size := b.dst[f.head], headSize(uint64(f.count))
	var longer [8]byte
	end := len(b.dst)
	b.dst = append(b.dst, longer[:size-1]...)
	copy(b.dst[f.head+size:], b.dst[f.head+1:end])
	whole := b.dst
	b.dst = b.dst[:f.head]
	b.head(major, uint64(f.count))
	b.dst = whole
}

// begin makes room for a value, if there may be one.
func (b *Builder) begin() bool {
	if b.want != wantValue {
		return b.misplaced()
	}
	b.want = b.in.after
	b.in.count++
	return true
}

//go:noinline
func (b *Builder) misplaced() bool {
	b.misuse("a value where none can be: behind the end, or in a map without a key")
	return false
}

// text writes a text or a key.
func (b *Builder) text(s string) {
	if len(s) < 24 {
		b.dst = append(b.dst, majorText|byte(len(s)))
	} else {
		if !b.room(len(s)) {
			return
		}
		b.head(majorText, uint64(len(s)))
	}
	b.dst = append(b.dst, s...)
	if !validEnd(b.dst, len(s)) {
		b.fail(ErrUTF8, "")
	}
}

// room reports whether a string of n bytes may follow.
func (b *Builder) room(n int) bool {
	if n > mostString {
		b.fail(ErrSize, "string too long")
		return false
	}
	if n > mostBytes-(len(b.dst)-b.start) {
		b.fail(ErrSize, "too many bytes")
		return false
	}
	return true
}

// head writes the head of an item.
func (b *Builder) head(major byte, n uint64) {
	if n < 24 {
		b.dst = append(b.dst, major|byte(n))
		return
	}
	if n <= math.MaxUint8 {
		b.dst = append(b.dst, major|24, byte(n))
		return
	}
	a := appender{dst: b.dst, left: budget{bytes: math.MaxInt}}
	_ = a.head(major, n) // there is room
	b.dst = a.dst
}

// misuse is an error of the program that calls, not of a value.
func (b *Builder) misuse(why string) {
	if b.err == nil {
		b.fail(ErrSyntax, why)
	}
}

// fail keeps the first error and where it is. It stays out of its callers, which
// are short.
//
//go:noinline
func (b *Builder) fail(err error, why string) {
	b.refuse(fail(err, why))
}

// refuse keeps an error that came out of the value to be written now.
func (b *Builder) refuse(e *Error) {
	if b.err != nil {
		return
	}
	for i := b.depth; i > 0; i-- {
		e = b.locate(&b.open[i], e)
	}
	b.err, b.want = e, wantNothing
}

// locate says where in the container an error is.
func (b *Builder) locate(f *frame, e *Error) *Error {
	if f.after == wantValue {
		return e.inIndex(max(f.count-1, 0))
	}
	if f.key.end == 0 {
		return e // there is no key yet
	}
	key, _ := TrustedView(string(b.dst[f.key.start:f.key.end])).Text()
	return e.inKey(key)
}
