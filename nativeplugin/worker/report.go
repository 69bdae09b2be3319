package worker

import (
	"bytes"
	"slices"
	"strings"
	"sync"
)

// Bounds of what is kept of a worker's output and quoted of it.
const (
	keptOutput  = 64 << 10
	quotedLines = 6
	quotedBytes = 1 << 10
)

// output keeps the end of what a worker writes to its standard streams.
type output struct {
	mu    sync.Mutex
	kept  []byte // guarded by mu
	begun bool   // guarded by mu: kept begins with a report
}

// Write implements io.Writer. Once a report of the Go runtime began, the rest is
// kept up to the bound; before that, the latest output is.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.kept = append(o.kept, p...)
	if !o.begun {
		if at := reportIn(o.kept); at >= 0 {
			o.kept, o.begun = slices.Clone(o.kept[at:]), true
		}
	}
	if over := len(o.kept) - keptOutput; over > 0 {
		if o.begun {
			o.kept = o.kept[:keptOutput]
		} else {
			o.kept = slices.Delete(o.kept, 0, over)
		}
	}
	return len(p), nil
}

// reportIn finds where a line begins with which the Go runtime starts its report;
// -1 if there is none.
func reportIn(b []byte) int {
	first := -1
	for _, begin := range []string{"panic: ", "fatal error: ", "runtime: ", "unexpected fault address", "SIG", "worker process: "} {
		for at, from := 0, 0; ; from = at + 1 {
			i := bytes.Index(b[from:], []byte(begin))
			if i < 0 {
				break
			}
			at = from + i
			if at == 0 || b[at-1] == '\n' {
				if first < 0 || at < first {
					first = at
				}
				break
			}
		}
	}
	return first
}

// quote returns the first lines of the report, or else the last ones of the
// output, in one line behind a colon; "" if nothing was written.
func (o *output) quote() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	var lines []string
	for line := range strings.Lines(strings.ToValidUTF8(string(o.kept), "?")) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	if o.begun {
		lines = lines[:min(len(lines), quotedLines)]
	} else {
		lines = lines[max(0, len(lines)-quotedLines):]
	}
	quoted := strings.Join(lines, " | ")
	if quoted == "" {
		return ""
	}
	return ": " + strings.ToValidUTF8(quoted[:min(len(quoted), quotedBytes)], "")
}
