package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"
)

// look is how a text may be drawn.
type look struct {
	colour  bool
	unicode bool
	width   int // of lines, at most; 0: as long as they are
	height  int // of what is redrawn, at most; 0: any
}

// What colours say. They never say anything that the text does not.
const (
	plain  = ""
	good   = "32"
	bad    = "31"
	unsure = "33"
	dim    = "2"
)

// lookOf finds out what w can show. Texts for files and pipes have no colour and
// no width. See https://no-color.org for NO_COLOR.
func lookOf(w io.Writer) look {
	l := look{unicode: speaksUTF8()}
	f, ok := w.(*os.File)
	if !ok || !isTerminal(w) {
		return l
	}
	l.colour = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	if columns, rows, err := term.GetSize(int(f.Fd())); err == nil {
		l.width, l.height = columns, rows
	}
	return l
}

// speaksUTF8 follows the order of POSIX; a machine without a locale is a
// container, where a log reader is the terminal and knows UTF-8.
func speaksUTF8() bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := os.Getenv(name); v != "" {
			v = strings.ToLower(v)
			return strings.Contains(v, "utf-8") || strings.Contains(v, "utf8")
		}
	}
	return true
}

// paint gives text a colour.
func (l look) paint(colour, text string) string {
	if !l.colour || colour == plain || text == "" {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

// sign chooses between a sign and what stands for it in ASCII.
func (l look) sign(fine, ascii string) string {
	if l.unicode {
		return fine
	}
	return ascii
}

// letters leaves a line as it is where letters beyond ASCII can be shown.
func (l look) letters(line string) string {
	if l.unicode {
		return line
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r < utf8.RuneSelf:
			return r
		case r == 'µ':
			return 'u'
		}
		return '?'
	}, line)
}

// fit cuts a line at the width; escape sequences have none.
func (l look) fit(line string) string {
	if l.width <= 0 || visible(line) < l.width {
		return line
	}
	var b strings.Builder
	room, escape := l.width-2, false
	for _, r := range line {
		switch {
		case r == '\x1b':
			escape = true
		case escape:
			escape = r != 'm'
		case room == 0:
			continue
		default:
			room--
		}
		b.WriteRune(r)
	}
	return b.String() + l.sign("…", "~")
}

// visible counts the characters that take room.
func visible(line string) int {
	n, escape := 0, false
	for _, r := range line {
		switch {
		case r == '\x1b':
			escape = true
		case escape:
			escape = r != 'm'
		default:
			n++
		}
	}
	return n
}

// pad fills text with blanks up to a width, in front if it is negative.
func pad(text string, width int) string {
	fill := strings.Repeat(" ", max(0, max(width, -width)-visible(text)))
	if width < 0 {
		return fill + text
	}
	return text + fill
}

// wrap breaks a text into lines of at most width characters, each behind indent
// but the first behind first.
func wrap(first, indent, text string, width int) []string {
	if width <= 0 {
		return []string{first + text}
	}
	const together = "\x00" // a number and its sign stay in one line
	var lines []string
	line := first
	for i, word := range strings.Fields(strings.ReplaceAll(text, " %", together+"%")) {
		word = strings.ReplaceAll(word, together, " ")
		if i > 0 && visible(line)+1+visible(word) >= width {
			lines = append(lines, line)
			line = indent + word
			continue
		}
		if i > 0 {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}

// screen redraws a page in place. The terminal must understand the sequences of
// ECMA-48 for going up and clearing, as all do that are not "dumb".
type screen struct {
	w     io.Writer
	drawn int // lines of the page that is shown
}

// draw replaces the page. Lines must fit the width, or they would be more than
// they are.
func (s *screen) draw(lines []string, l look) {
	if l.height > 1 && len(lines) >= l.height {
		lines = append(lines[:l.height-2:l.height-2], l.sign("…", "~"))
	}
	var b strings.Builder
	if s.drawn > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", s.drawn)
	}
	b.WriteString("\r\x1b[J")
	for _, line := range lines {
		b.WriteString(l.fit(line) + "\n")
	}
	s.drawn = len(lines)
	_, _ = io.WriteString(s.w, b.String()) // one write, so that it does not flicker
}
