package child

import (
	"bytes"
	"strings"
)

// head keeps the beginning of what is written to it.
type head struct {
	limit int
	kept  bytes.Buffer
}

func (h *head) Write(p []byte) (int, error) {
	h.kept.Write(p[:min(len(p), h.limit-h.kept.Len())])
	return len(p), nil
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
