package wire

import (
	"iter"
	"math"
)

// View is a value that stays in its encoding and is read there, without maps
// and boxes: what [Decode] spends most of its time and memory on. The zero View
// is no value; reading it is allowed and finds nothing, so lookups can follow
// each other:
//
//	count, ok := in.Get("velocity").Get("count_1h").Int()
//
// Views are values to copy; reading them is safe for concurrent use. The texts
// that they return share the memory of the whole document: a program that keeps
// one for long clones it (strings.Clone).
type View struct {
	at string // begins with the value; what stands behind it is not looked at
}

// TrustedView returns the view of a document that is known to be what [Append]
// writes: because it comes from there, or from a host. Nothing is checked
// beforehand. Of other bytes, views say something meaningless, but they do not
// panic, do not read outside of b and do not take longer than a document of
// that length can.
func TrustedView(document string) View { return View{document} }

// Kind is the kind of a value.
type Kind byte

// Kinds of values. KindNone is the kind of the zero View.
const (
	KindNone Kind = iota
	KindNull
	KindBool
	KindInt
	KindFloat
	KindText
	KindBytes
	KindList
	KindMap
)

// Kind returns the kind of the value.
func (v View) Kind() Kind {
	if len(v.at) == 0 {
		return KindNone
	}
	first := v.at[0]
	switch first &^ 31 {
	case majorUint, majorInt:
		return KindInt
	case majorBytes:
		return KindBytes
	case majorText:
		return KindText
	case majorList:
		return KindList
	case majorMap:
		return KindMap
	case majorOther:
		return kindOfOther(first)
	}
	return KindNone
}

func kindOfOther(first byte) Kind {
	switch first {
	case cborFalse, cborTrue:
		return KindBool
	case cborNull:
		return KindNull
	case cborFloat16, cborFloat32, cborFloat64:
		return KindFloat
	}
	return KindNone
}

// Bool returns a boolean; ok is false if the value is none. So it is with the
// other methods.
func (v View) Bool() (value, ok bool) {
	if len(v.at) == 0 {
		return false, false
	}
	first := v.at[0]
	return first == cborTrue, first == cborTrue || first == cborFalse
}

// Int returns an integer.
func (v View) Int() (value int64, ok bool) {
	if len(v.at) == 0 || v.at[0] >= majorBytes {
		return 0, false
	}
	n, next := head(v.at, 0)
	if n > math.MaxInt64 || next == 0 {
		return 0, false
	}
	return int64(n) ^ -int64(v.at[0]>>5), true
}

// Float returns a float. An integer is none.
func (v View) Float() (value float64, ok bool) {
	if v.Kind() != KindFloat {
		return 0, false
	}
	n, next := head(v.at, 0)
	return floatOf(n, next-1), next > 0
}

// Text returns a text. It shares the document's memory.
func (v View) Text() (value string, ok bool) { return v.str(majorText) }

// Bytes returns a copy of a byte string.
func (v View) Bytes() (value []byte, ok bool) {
	s, ok := v.str(majorBytes)
	if !ok {
		return nil, false
	}
	return []byte(s), true
}

func (v View) str(major byte) (value string, ok bool) {
	if len(v.at) == 0 || v.at[0]&^31 != major {
		return "", false
	}
	n, next := head(v.at, 0)
	if next == 0 || n > uint64(len(v.at)-next) {
		return "", false
	}
	return v.at[next : next+int(n)], true
}

// Len returns how many elements a list or members a map has, and 0 for anything
// else.
func (v View) Len() int {
	if k := v.Kind(); k != KindList && k != KindMap {
		return 0
	}
	n, _ := v.open(v.at[0] &^ 31)
	return n
}

// open returns the number of items of a container and where the first begins. It
// is no more than there are bytes.
func (v View) open(major byte) (n, at int) {
	if len(v.at) == 0 || v.at[0]&^31 != major {
		return 0, 0
	}
	count, next := head(v.at, 0)
	if next == 0 || count > uint64(len(v.at)-next) {
		return 0, 0
	}
	return int(count), next
}

// Get returns the value that a map has for the key, or no value. It looks
// through the members, which serves for maps of a few dozens.
func (v View) Get(key string) View {
	s := v.at
	n, at := v.open(majorMap)
	for ; n > 0 && at < len(s); n-- {
		size, next := int(s[at])-majorText, at+1
		if uint(size) >= 24 {
			if size, next = longKey(s, at); next == 0 {
				break
			}
		}
		end := next + size
		if end >= len(s) {
			break
		}
		if size >= len(key) {
			if s[next:end] == key {
				return View{s[end:]}
			}
			if size > len(key) {
				break // shorter keys come first
			}
		}
		if width := int(widths[s[end]]); width > 0 {
			at = end + width
		} else {
			at = skip(s, end)
		}
	}
	return View{}
}

// longKey reads the head of a key of 24 bytes or more. The key is whole.
func longKey(s string, at int) (size, next int) {
	n, next := head(s, at)
	if s[at]&^31 != majorText || next == 0 || n > uint64(len(s)-next) {
		return 0, 0
	}
	return int(n), next
}

// widths has the length of an item for its first byte, 0 where that does not
// say it all.
const widths = ints + ints + // major types 0 and 1
	strs + strs +
	empty + empty + // of lists and maps only the empty ones
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x01\x01\x00\x00\x03\x05\x09\x00\x00\x00\x00"

const (
	ints  = "\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x02\x03\x05\x09\x00\x00\x00\x00"
	strs  = "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x00\x00\x00\x00\x00\x00\x00\x00"
	empty = "\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
)

// Members runs over a map: keys and values in the order of the encoding.
func (v View) Members() iter.Seq2[string, View] {
	return func(yield func(string, View) bool) {
		n, at := v.open(majorMap)
		for range n {
			key, ok := View{v.at[at:]}.Text()
			if !ok {
				return
			}
			at = skip(v.at, at)
			if !yield(key, View{v.at[at:]}) {
				return
			}
			at = skip(v.at, at)
		}
	}
}

// Elements runs over a list.
func (v View) Elements() iter.Seq[View] {
	return func(yield func(View) bool) {
		n, at := v.open(majorList)
		for range n {
			if at == len(v.at) || !yield(View{v.at[at:]}) {
				return
			}
			at = skip(v.at, at)
		}
	}
}

// head reads the head of the item at the position: its argument and where what
// follows begins, 0 if the head is not whole.
func head(s string, at int) (n uint64, next int) {
	if at >= len(s) {
		return 0, 0
	}
	if info := s[at] & 31; info < 24 {
		return uint64(info), at + 1
	}
	return longHead(s, at)
}

func longHead(s string, at int) (n uint64, next int) {
	info := s[at] & 31
	if info > 27 {
		return 0, 0
	}
	next = at + 1 + 1<<(info-24)
	if next > len(s) {
		return 0, 0
	}
	for _, b := range []byte(s[at+1 : next]) {
		n = n<<8 | uint64(b)
	}
	return n, next
}

// skip returns where the item at the position ends: the end of s if it is not
// whole.
func skip(s string, at int) int {
	for left := 1; left > 0 && at < len(s); left-- {
		if width := int(widths[s[at]]); width > 0 {
			at += width
			continue
		}
		next, items := enter(s, at)
		at, left = next, left+items
	}
	return min(at, len(s))
}

// enter returns the end of an item that has no items in it, or where those
// begin and how many they are.
func enter(s string, at int) (next, items int) {
	n, next := head(s, at)
	if next == 0 || n > uint64(len(s)-next) {
		return len(s), 0
	}
	switch s[at] &^ 31 {
	case majorBytes, majorText:
		return next + int(n), 0
	case majorList:
		return next, int(n)
	case majorMap:
		return next, 2 * int(n)
	}
	return len(s), 0
}
