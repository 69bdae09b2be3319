package pointer

import (
	"bytes"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/swapline/swapline/abi/wire"
)

// none is the offset of what is not there.
const none = -1

// InText is In for a map as JSON text: it returns the part of the text that is the
// value, without space around it. It makes nothing of the rest and allocates
// nothing.
//
// It reads only as far as the value and does not check what it passes. So it has
// the answer of In for every text that wire.ParseJSONMap accepts, and any answer,
// but no panic, for other bytes.
func (p Pointer) InText(text []byte) (raw []byte, ok bool) {
	at := space(text, 0)
	for i := range p.tokens {
		if at = p.tokens[i].inText(text, at); at == none {
			return nil, false
		}
	}
	end := skip(text, at)
	if end == none {
		return nil, false
	}
	return text[at:end], true
}

// inText returns the offset of the value to which a token leads from the one at an
// offset.
func (t *token) inText(text []byte, at int) int {
	switch {
	case has(text, at, '{'):
		return member(text, at+1, t.name)
	case has(text, at, '['):
		return element(text, at+1, t.index)
	}
	return none
}

func has(text []byte, at int, c byte) bool { return at < len(text) && text[at] == c }

func space(text []byte, at int) int {
	for at < len(text) && (text[at] == ' ' || text[at] == '\t' || text[at] == '\n' || text[at] == '\r') {
		at++
	}
	return at
}

// member returns the offset of the value with a name, in the object whose first
// member, or end, follows at.
func member(text []byte, at int, name string) int {
	if name == wire.BytesKey {
		return none // such an object is a byte string, not a map
	}
	for {
		key := space(text, at)
		if !has(text, key, '"') {
			return none
		}
		end := stringEnd(text, key)
		if end == none {
			return none
		}
		if at = space(text, end); !has(text, at, ':') {
			return none
		}
		at = space(text, at+1)
		if reads(text[key+1:end-1], name) {
			return at
		}
		if at = behind(text, at); at == none {
			return none
		}
	}
}

// element returns the offset of the value with a number, in the list whose first
// value, or end, follows at.
func element(text []byte, at, index int) int {
	if index < 0 {
		return none
	}
	at = space(text, at)
	for range index {
		if at = behind(text, at); at == none {
			return none
		}
		at = space(text, at)
	}
	return at // of no value, if the list is empty
}

// behind returns the offset behind the comma that follows the value at an offset.
func behind(text []byte, at int) int {
	if at = skip(text, at); at == none {
		return none
	}
	if at = space(text, at); !has(text, at, ',') {
		return none
	}
	return at + 1
}

// skip returns the end of the value at an offset.
func skip(text []byte, at int) int {
	if at >= len(text) {
		return none
	}
	switch text[at] {
	case '"':
		return stringEnd(text, at)
	case '{', '[':
		return containerEnd(text, at)
	}
	end := at
	for end < len(text) && !delimits(text[end]) {
		end++
	}
	if end == at {
		return none
	}
	return end
}

// delimits reports whether a number or a word ends before c.
func delimits(c byte) bool {
	switch c {
	case ',', ']', '}', ':', '"', '[', '{', ' ', '\t', '\n', '\r':
		return true
	}
	return false
}

// containerEnd counts brackets, of both kinds alike.
func containerEnd(text []byte, at int) int {
	for depth := 0; at < len(text); {
		switch text[at] {
		case '"':
			if at = stringEnd(text, at); at == none {
				return none
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return at + 1
			}
		}
		at++
	}
	return none
}

// stringEnd returns the offset behind the closing quote of the string at an offset.
func stringEnd(text []byte, at int) int {
	first := at + 1
	for from := first; ; {
		n := bytes.IndexByte(text[from:], '"')
		if n < 0 {
			return none
		}
		quote := from + n
		slashes := quote
		for slashes > first && text[slashes-1] == '\\' {
			slashes--
		}
		if from = quote + 1; (quote-slashes)%2 == 0 {
			return from
		}
	}
}

// reads reports whether what stands between the quotes of a string stands for want.
func reads(raw []byte, want string) bool {
	if len(raw) <= len(want) { // every escape is longer than what it stands for
		return string(raw) == want && bytes.IndexByte(raw, '\\') < 0
	}
	for len(raw) > 0 && want != "" {
		if raw[0] != '\\' {
			if raw[0] != want[0] {
				return false
			}
			raw, want = raw[1:], want[1:]
			continue
		}
		r, size := escape(raw)
		found, length := utf8.DecodeRuneInString(want)
		if size == 0 || found != r || length != utf8.RuneLen(r) {
			return false
		}
		raw, want = raw[size:], want[length:]
	}
	return len(raw) == 0 && want == ""
}

// appendRead appends what the text between the quotes of a string stands for.
func appendRead(dst, raw []byte) ([]byte, bool) {
	for {
		n := bytes.IndexByte(raw, '\\')
		if n < 0 {
			return append(dst, raw...), true
		}
		r, size := escape(raw[n:])
		if size == 0 {
			return dst, false
		}
		dst = utf8.AppendRune(append(dst, raw[:n]...), r)
		raw = raw[n+size:]
	}
}

// escape reads the escape sequence, or the two that are a surrogate pair, with
// which raw begins. Size is 0 if it is none.
func escape(raw []byte) (r rune, size int) {
	if len(raw) < 2 {
		return 0, 0
	}
	if raw[1] == 'u' {
		return unicode(raw)
	}
	if n := strings.IndexByte(`"\/bfnrt`, raw[1]); n >= 0 {
		return rune("\"\\/\b\f\n\r\t"[n]), 2
	}
	return 0, 0
}

func unicode(raw []byte) (r rune, size int) {
	r, ok := hex(raw)
	if !ok || !utf16.IsSurrogate(r) {
		return r, sizeIf(ok, 6)
	}
	low, _ := hex(raw[6:])
	r = utf16.DecodeRune(r, low)
	return r, sizeIf(r != utf8.RuneError, 12)
}

func sizeIf(ok bool, size int) int {
	if ok {
		return size
	}
	return 0
}

// hex reads \uXXXX.
func hex(raw []byte) (r rune, ok bool) {
	if len(raw) < 6 || raw[0] != '\\' || raw[1] != 'u' {
		return 0, false
	}
	for _, c := range raw[2:6] {
		n := strings.IndexByte("0123456789abcdef", c|0x20)
		if n < 0 || c < '0' {
			return 0, false
		}
		r = r<<4 | rune(n)
	}
	return r, true
}
