package runtime

import (
	"maps"
	"slices"
	"strings"

	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store"
)

// Baseline is what every later release of a strategy must look like.
type Baseline struct {
	// Methods are the names that releases of all kinds have.
	Methods []string `json:"methods"`
	// Signatures are the names with their types for each kind that was active
	// and can tell. A kind that is not listed records its own when it is first
	// served.
	Signatures map[manifest.Kind][]string `json:"signatures,omitempty"`
}

// baselineOf reads what a route records; nil if that is nothing yet.
func baselineOf(r store.Route) *Baseline {
	if len(r.Methods) == 0 {
		return nil
	}
	return &Baseline{Methods: r.Methods, Signatures: r.Signatures}
}

// checkBaseline asks a release to be like the ones before it, unless it is to
// become the new baseline.
func (rel *release) checkBaseline(route store.Route, renew bool) (string, error) {
	was := baselineOf(route)
	switch {
	case was == nil:
		return "the first: " + listed(rel.methods), nil
	case renew:
		return "a new one: " + listed(rel.methods), nil
	}
	return was.admit(rel)
}

// admit refuses a release that has less than the baseline, or more, or the same
// with another type.
func (b *Baseline) admit(rel *release) (string, error) {
	lines := missingAndAdded(b.Signatures[rel.info.Kind], rel.signatures)
	if len(lines) == 0 {
		lines = missingAndAdded(b.Methods, rel.methods)
	}
	if len(lines) == 0 {
		return listed(b.Methods), nil
	}
	return "", problem.New(problem.BaselineMismatch, "%s differs from its strategy's releases so far:\n%s\nwhere - is what they have and + what this one has", rel.label(), strings.Join(lines, "\n")).
		Want("%s", listed(b.Methods)).Got("%s", listed(rel.methods)).
		Cure("build it with what the strategy has; or, if the difference is meant, make it the new baseline: swapline push --new-baseline")
}

// missingAndAdded lists what differs: "- was" and "+ now". Without one of the two lists
// there is nothing to compare.
func missingAndAdded(was, now []string) []string {
	if len(was) == 0 || len(now) == 0 {
		return nil
	}
	var lines []string
	for _, s := range was {
		if !slices.Contains(now, s) {
			lines = append(lines, "- "+s)
		}
	}
	for _, s := range now {
		if !slices.Contains(was, s) {
			lines = append(lines, "+ "+s)
		}
	}
	return lines
}

// record writes into the next route what later releases are compared with. The
// first release and a new baseline are recorded whole, and so begin anew for every
// kind; a kind that is new adds its signatures. Going back records nothing.
func (b *Baseline) record(next *store.Route, rel *release, renew, back bool) {
	if b == nil || renew {
		b = &Baseline{Methods: rel.methods}
	} else if back {
		next.Methods, next.Signatures = b.Methods, b.Signatures
		return
	}
	next.Methods, next.Signatures = b.Methods, maps.Clone(b.Signatures)
	if len(next.Signatures[rel.info.Kind]) > 0 || len(rel.signatures) == 0 {
		return
	}
	if next.Signatures == nil {
		next.Signatures = map[manifest.Kind][]string{}
	}
	next.Signatures[rel.info.Kind] = rel.signatures
}
