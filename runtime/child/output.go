package child

import (
	"bytes"
	"strings"
)

// edges keeps the beginning and the end of what is written to it: a program
// says at its beginning what it is about, and at its end why it died.
type edges struct {
	limit   int // bytes that are kept, half of them of the end
	first   bytes.Buffer
	last    []byte
	written int64
}

func (e *edges) Write(p []byte) (int, error) {
	e.written += int64(len(p))
	half := e.limit / 2
	n := min(len(p), half-e.first.Len())
	e.first.Write(p[:n])
	rest := p[n:]
	e.last = append(e.last, rest[max(0, len(rest)-half):]...)
	if over := len(e.last) - half; over > 0 {
		e.last = append(e.last[:0], e.last[over:]...)
	}
	return len(p), nil
}

// String marks where something is left out.
func (e *edges) String() string {
	if e.written > int64(e.first.Len()+len(e.last)) {
		return e.first.String() + "\n…\n" + string(e.last)
	}
	return e.first.String() + string(e.last)
}

// Bounds of a quotation.
const (
	maxQuoteLines = 3
	maxQuote      = 500
)

// Quote returns the first lines of the output for an error message, behind a
// colon; "" if there are none.
func (r Result) Quote() string {
	lines := strings.Split(strings.TrimSpace(r.Output), "\n")
	text := strings.Join(lines[:min(len(lines), maxQuoteLines)], " | ")
	if text == "" {
		return ""
	}
	return ": " + text[:min(len(text), maxQuote)]
}
