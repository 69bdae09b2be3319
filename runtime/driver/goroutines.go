package driver

import (
	"bytes"
	"encoding/json"
	"runtime/pprof"
	"strconv"
	"strings"

	"github.com/swapline/swapline/runtime/problem"
)

// Goroutines are those that carry equal labels of a release and stand at one
// place.
type Goroutines struct {
	Strategy, Release, Digest string
	Load                      string // "" for those that began with the code itself
	Count                     int
	Stack                     string // one line a function, the innermost first
}

// LabelledGoroutines takes a profile of all goroutines of the process and lists
// those with labels of a release. The process stands still for an instant; reading
// the profile costs microseconds for each place where goroutines stand. A strategy
// can give its goroutines other labels, and then they are not found.
func LabelledGoroutines() ([]Goroutines, error) {
	var text bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&text, 1); err != nil {
		return nil, problem.New(problem.Internal, "profile of goroutines: %w", err)
	}
	return parseGoroutines(text.String()), nil
}

// parseGoroutines reads the text form: blocks with an empty line between them.
//
//	2 @ 0x43e2ae 0x47a3c5
//	# labels: {"digest":"0a1b2c", "load":"7", "release":"1.0.0", "strategy":"risk"}
//	#	0x43e2ad	example.com/risk.wait+0x2d	/src/risk.go:12
func parseGoroutines(profile string) []Goroutines {
	var all []Goroutines
	for block := range strings.SplitSeq(profile, "\n\n") {
		if g, ok := parseBlock(block); ok {
			all = append(all, g)
		}
	}
	return all
}

func parseBlock(block string) (g Goroutines, ok bool) {
	labels := map[string]string{}
	var stack []string
	for line := range strings.Lines(block) {
		line = strings.TrimSuffix(line, "\n")
		if count, _, found := strings.Cut(line, " @ "); found && g.Count == 0 {
			g.Count, _ = strconv.Atoi(count)
		} else if text, found := strings.CutPrefix(line, "# labels: "); found {
			if json.Unmarshal([]byte(text), &labels) != nil {
				return g, false // not ours: names and versions need no escapes
			}
		} else if text, found := strings.CutPrefix(line, "#\t"); found {
			stack = append(stack, frame(text))
		}
	}
	g.Strategy, g.Release, g.Digest, g.Load = labels[LabelStrategy], labels[LabelRelease], labels[LabelDigest], labels[LabelLoad]
	g.Stack = strings.Join(stack, "\n")
	return g, g.Count > 0 && g.Strategy != "" && g.Digest != ""
}

// frame leaves the address out of a line of a stack.
func frame(line string) string {
	fields := strings.Fields(line)
	if len(fields) > 0 && strings.HasPrefix(fields[0], "0x") {
		fields = fields[1:]
	}
	return strings.Join(fields, " ")
}
