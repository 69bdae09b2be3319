package page

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Lengths to which foreign text is cut, in characters.
const (
	short       = 80   // names, units
	long        = 600  // sentences
	mostLetters = 28   // names within pictures, which break no line
	block       = 4000 // examples, plans
)

// text makes foreign text fit for a line: one line, nothing invisible, nothing that
// turns the direction of writing, at most so many characters.
func text(s string, most int) string {
	return strings.Join(strings.Fields(lines(s, most)), " ")
}

// lines is text that keeps its line breaks.
func lines(s string, most int) string {
	var b strings.Builder
	n := 0
	for _, r := range s {
		if n == most {
			b.WriteRune('…')
			break
		}
		b.WriteRune(visible(r))
		n++
	}
	return b.String()
}

// visible replaces what cannot be seen, and what XML does not allow.
func visible(r rune) rune {
	switch {
	case r == '\n' || r == '\t':
		return r
	case unicode.IsControl(r), unicode.In(r, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp), r&0xfffe == 0xfffe:
		return utf8.RuneError
	}
	return r
}

// together keeps numbers and their units in one line.
func together(s string) string {
	words := strings.Split(s, " ")
	var b strings.Builder
	for i, w := range words {
		if i > 0 {
			b.WriteString(gapBefore(words[i-1], w))
		}
		b.WriteString(w)
	}
	return b.String()
}

// gapBefore is a blank, one that breaks no line between a number and its unit.
func gapBefore(before, word string) string {
	switch strings.TrimRight(word, ".,;:)") {
	case "%", "ns", "µs", "ms", "s", "min", "B", "KiB", "MiB", "pp", "times":
		if r, _ := utf8.DecodeLastRuneInString(before); unicode.IsDigit(r) {
			return "\u00a0"
		}
	}
	return " "
}

// first returns at most so many elements, and how many are left out.
func first[T any](list []T, most int) ([]T, int) {
	if len(list) <= most {
		return list, 0
	}
	return list[:most], len(list) - most
}

// thin returns at most so many elements, evenly spread, with the last.
func thin[T any](list []T, most int) []T {
	if len(list) <= most {
		return list
	}
	out := make([]T, most)
	for i := range out {
		out[i] = list[i*(len(list)-1)/(most-1)]
	}
	return out
}

// capital begins a line with a capital letter.
func capital(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return s
	}
	return string(unicode.ToUpper(r)) + s[n:]
}
