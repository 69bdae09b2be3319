package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/swapline/swapline/runtime/problem"
)

// shown is the writer of texts for people. Names in artifacts, messages of
// strategies and reasons of colleagues are foreign: what is not printable, such
// as the escape sequences of a terminal, is written as Go would quote it.
type shown struct{ io.Writer }

// Write implements io.Writer; a character is never split between two calls by
// fmt and text/tabwriter.
func (w shown) Write(b []byte) (int, error) {
	_, err := io.WriteString(w.Writer, harmless(string(b)))
	return len(b), err
}

// harmless escapes all but printable characters and the ends of lines.
func harmless(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if r == '\n' || unicode.IsPrint(r) && !(r == utf8.RuneError && n == 1) {
			b.WriteString(s[:n])
		} else {
			b.WriteString(strings.Trim(strconv.QuoteToASCII(s[:n]), `"`))
		}
		s = s[n:]
	}
	return b.String()
}

// oneLine is a foreign name as part of a line: a newline in it must not begin
// another one.
func oneLine(s string) string { return strings.ReplaceAll(harmless(s), "\n", `\n`) }

// readAtMost reads a whole file that must not be larger.
func readAtMost(path string, most int) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, int64(most)+1))
	if err == nil && len(b) > most {
		return nil, problem.New(problem.BodyTooLarge, "%s is too large", path).
			Want("at most %d bytes", most).Got("more").Cure("is it the right file?")
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return b, nil
}
