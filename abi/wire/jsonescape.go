package wire

import (
	"unicode/utf16"
	"unicode/utf8"
)

// escaped reads on in a string that starts at start and has its first
// backslash at at.
func (p *parser) escaped(start, at int) ([]byte, *Error) {
	p.text = p.text[:0]
	if e := p.plain(start, at); e != nil {
		return nil, e
	}
	for p.at = at; p.at < len(p.in); {
		from := p.at
		switch c := p.in[from]; {
		case c == '"':
			p.at++
			return p.text, p.long(start)
		case c == '\\':
			if e := p.escape(); e != nil {
				return nil, e
			}
		case c < ' ':
			return nil, failAt(from, ErrSyntax, "control character in a string")
		default:
			if e := p.plain(from, p.run(from)); e != nil {
				return nil, e
			}
		}
	}
	return nil, failAt(len(p.in), ErrSyntax, "a string without end")
}

func (p *parser) long(start int) *Error {
	if e := p.left.text(len(p.text)); e != nil {
		return e.read(start - 1)
	}
	return nil
}

// run returns the end of the bytes from at on that stand for themselves.
func (p *parser) run(at int) int {
	for at < len(p.in) && p.in[at] >= ' ' && p.in[at] != '"' && p.in[at] != '\\' {
		at++
	}
	return at
}

// plain takes the bytes between two offsets as they are.
func (p *parser) plain(from, to int) *Error {
	raw := p.in[from:to]
	if !utf8.Valid(raw) {
		return failAt(from+invalidAt(raw), ErrUTF8, "")
	}
	p.text = append(p.text, raw...)
	p.at = to
	return nil
}

// escape reads one escape sequence, or two that are a surrogate pair.
func (p *parser) escape() *Error {
	start := p.at
	if start+1 >= len(p.in) {
		return failAt(len(p.in), ErrSyntax, "a string without end")
	}
	c := p.in[start+1]
	if c == 'u' {
		return p.unicode()
	}
	plain, ok := unescape(c)
	if !ok {
		return failAt(start, ErrSyntax, "unknown escape sequence")
	}
	p.text = append(p.text, plain)
	p.at += 2
	return nil
}

func unescape(c byte) (byte, bool) {
	switch c {
	case '"', '\\', '/':
		return c, true
	case 'b':
		return '\b', true
	case 'f':
		return '\f', true
	case 'n':
		return '\n', true
	case 'r':
		return '\r', true
	case 't':
		return '\t', true
	}
	return 0, false
}

func (p *parser) unicode() *Error {
	start := p.at
	r, ok := p.hex(start)
	if !ok {
		return failAt(start, ErrSyntax, "\\u needs four hexadecimal digits")
	}
	p.at += 6
	if utf16.IsSurrogate(r) {
		low, _ := p.hex(p.at)
		if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
			return failAt(start, ErrUTF8, "half of a surrogate pair")
		}
		p.at += 6
	}
	p.text = utf8.AppendRune(p.text, r)
	return nil
}

// hex reads \uXXXX at an offset.
func (p *parser) hex(at int) (rune, bool) {
	if len(p.in)-at < 6 || p.in[at] != '\\' || p.in[at+1] != 'u' {
		return 0, false
	}
	r := rune(0)
	for _, c := range p.in[at+2 : at+6] {
		digit, ok := hexDigit(c)
		if !ok {
			return 0, false
		}
		r = r<<4 | digit
	}
	return r, true
}

func hexDigit(c byte) (rune, bool) {
	switch {
	case '0' <= c && c <= '9':
		return rune(c - '0'), true
	case 'a' <= c && c <= 'f':
		return rune(c - 'a' + 10), true
	case 'A' <= c && c <= 'F':
		return rune(c - 'A' + 10), true
	}
	return 0, false
}
