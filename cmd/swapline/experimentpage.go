package main

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/compare"
)

// experimentPage is an experiment for a person who looks at it now.
type experimentPage struct {
	experiment runtime.Experiment
	now        time.Time
	note       string // about the connection
}

// print writes the page once.
func (p experimentPage) print(w io.Writer, l look) {
	for _, line := range p.lines(l) {
		fmt.Fprintln(w, l.fit(line))
	}
}

// lines draws the page. Texts of others are made harmless here.
func (p experimentPage) lines(l look) []string {
	e := p.experiment
	out := append(p.title(l), "")
	out = append(out, verdictLines(e.Verdict, l)...)
	if g := gauge(e.Verdict, l); len(g) > 0 {
		out = append(append(out, ""), g...)
	}
	if arms := p.arms(l); len(arms) > 0 {
		out = append(append(out, ""), arms...)
	}
	if health := healthLines(e.Health, l); len(health) > 0 {
		out = append(append(out, ""), health...)
	}
	out = append(append(out, ""), wrap("", "  ", p.end(), l.width)...)
	if p.note != "" {
		out = append(out, "", l.paint(unsure, oneLine(p.note)))
	}
	for i := range out {
		out[i] = l.letters(out[i])
	}
	return out
}

func (p experimentPage) title(l look) []string {
	e := p.experiment
	reference, candidate := releases(e)
	head := fmt.Sprintf("%s  %s %s %s  experiment %d  ", oneLine(e.Strategy), reference, l.sign("→", "->"), candidate, e.ID)
	by := oneLine(e.Mode) + ", started " + stamp(e.Started)
	if e.Actor != "" {
		by += " by " + oneLine(e.Actor)
	}
	if e.Why != "" {
		by += " (" + oneLine(e.Why) + ")"
	}
	return append([]string{head + oneLine(e.State)}, wrap("", "  ", fmt.Sprintf("%s, plan %.12s", by, oneLine(e.PlanHash)), l.width)...)
}

// versionOf is the release of an arm that does not say it.
func (p experimentPage) versionOf(a compare.Arm) string {
	if len(p.experiment.Arms) > 0 && a.Name == p.experiment.Arms[0].Name {
		return p.experiment.Reference.Version
	}
	return p.experiment.Candidate.Version
}

// releases are those of an experiment: their versions or, where both have the same one,
// with what tells them apart.
func releases(e runtime.Experiment) (reference, candidate string) {
	if e.Reference.Version != e.Candidate.Version {
		return oneLine(e.Reference.Version), oneLine(e.Candidate.Version)
	}
	return oneLine(releaseName(e.Reference)), oneLine(releaseName(e.Candidate))
}

// releaseName is a version with its kind and the beginning of its digest.
func releaseName(r runtime.Release) string {
	return fmt.Sprintf("%s (%s, %.12s)", r.Version, r.Kind, strings.TrimPrefix(string(r.Digest), "sha256:"))
}

// endedBy is why an experiment ended, without the verdict's sentence, which stands
// beside it.
func endedBy(e runtime.Experiment) string {
	return oneLine(strings.TrimSuffix(e.Reason, ": "+e.Verdict.Sentence))
}

// arms puts what the releases did side by side.
func (p experimentPage) arms(l look) []string {
	arms := p.experiment.Arms
	if len(arms) == 0 {
		return nil
	}
	line := func(name string, cell func(compare.Arm) string) string {
		b := "  " + pad(name, 10)
		for _, a := range arms {
			b += pad(cut(cell(a), 17), -18)
		}
		return b
	}
	out := []string{line("", func(a compare.Arm) string { return oneLine(a.Name) }),
		line("release", func(a compare.Arm) string { return oneLine(cmp.Or(a.Version, p.versionOf(a))) }),
		line("calls", func(a compare.Arm) string { return compare.Count(a.Calls) })}
	if slices.ContainsFunc(arms, func(a compare.Arm) bool { return a.Units > 0 && a.Units != a.Calls }) {
		out = append(out, line("keys", func(a compare.Arm) string { return compare.Count(a.Units) }))
	}
	out = append(out,
		line("faults", func(a compare.Arm) string { return countOf(a.Faults, a.Calls) }),
		line("refusals", func(a compare.Arm) string { return countOf(a.Business, a.Calls) }))
	for _, q := range []struct {
		name string
		of   func(*compare.Distribution) time.Duration
	}{
		{"p50", func(d *compare.Distribution) time.Duration { return d.P50 }},
		{"p99", func(d *compare.Distribution) time.Duration { return d.P99 }},
	} {
		if slices.ContainsFunc(arms, func(a compare.Arm) bool { return a.Latency != nil }) {
			out = append(out, line(q.name, func(a compare.Arm) string {
				if a.Latency == nil || a.Latency.N == 0 {
					return "-"
				}
				return threeDigits(q.of(a.Latency))
			}))
		}
	}
	return out
}

// end says when it ends, or how it did.
func (p experimentPage) end() string {
	e := p.experiment
	if e.State == experimentEnded {
		text := "ended after " + wholeSeconds(e.Ended.Sub(e.Started))
		if e.Reason != "" {
			text += ": " + endedBy(e)
		}
		return text + fmt.Sprintf("; report: swapline experiment report %s %d -o report.html", oneLine(e.Strategy), e.ID)
	}
	text := "runs for " + wholeSeconds(p.now.Sub(e.Started))
	if !e.Until.IsZero() {
		text += ", ends in " + countdown(e.Until.Sub(p.now)) + " at the latest"
	}
	if e.Measured.After(e.Started.Add(time.Second)) {
		text += ", measured since " + stamp(e.Measured)
	}
	return text + "; end it now: swapline experiment stop " + oneLine(e.Strategy)
}

// gaugeWidth is the number of characters of a gauge where nothing limits it.
const gaugeWidth = 61

// gauge draws an interval against "no change" and the margins:
//
//	         -5 %            x1             +5 %
//	───────────┃──────────────│─━━━━●━━━━─────┃─────
//
// Of a ratio the axis is logarithmic, so that half and double are as far away.
func gauge(v compare.Verdict, l look) []string {
	if !v.Value.Known() {
		return nil
	}
	g := newAxis(v, l)
	marks := []rune(strings.Repeat(l.sign("─", "-"), g.width))
	interval, dot := []rune(l.sign("━", "="))[0], []rune(l.sign("●", "*"))[0]
	lo, hi := g.column(v.Value.Lo), g.column(v.Value.Hi)
	for i := lo; i <= hi; i++ {
		marks[i] = interval
	}
	labels := []rune(strings.Repeat(" ", g.width+8))
	g.put(marks, labels, g.none, l.sign("│", "|"), g.text(g.none))
	if v.Margin > 0 {
		g.put(marks, labels, g.low, l.sign("┃", "!"), g.text(g.low))
		g.put(marks, labels, g.high, l.sign("┃", "!"), g.text(g.high))
	}
	marks[g.column(v.Value.Point)] = dot
	text := fmt.Sprintf("  %s, %s", oneLine(v.Metric), g.sentence(v.Value))
	return []string{text, "  " + strings.TrimRight(string(labels), " "), "  " + l.paint(colourOfVerdict(v.Word), string(marks))}
}

// axis maps values to columns.
type axis struct {
	scale           compare.Scale
	none, low, high float64 // no change, and the margins
	half            float64 // of what is shown, on the axis
	width           int
}

func newAxis(v compare.Verdict, l look) axis {
	g := axis{scale: v.Scale, width: gaugeWidth, none: 0, low: -v.Margin, high: v.Margin}
	if v.Scale == compare.Ratio {
		g.none, g.low, g.high = 1, 1/(1+v.Margin), 1+v.Margin
	}
	if l.width > 0 {
		g.width = max(21, min(g.width, l.width-6))
	}
	margin := math.Abs(g.at(g.high))
	g.half = max(1.3*margin, 1.2*math.Abs(g.at(v.Value.Point)))
	for _, end := range []float64{v.Value.Lo, v.Value.Hi} {
		if d := 1.1 * math.Abs(g.at(end)); !math.IsInf(d, 0) && !math.IsNaN(d) && d <= 6*max(margin, math.Abs(g.at(v.Value.Point))) {
			g.half = max(g.half, d)
		}
	}
	if !(g.half > 0) || math.IsInf(g.half, 0) {
		g.half = 1
	}
	return g
}

// at is a value's place: 0 is no change.
func (g axis) at(v float64) float64 {
	if g.scale == compare.Ratio {
		return math.Log(max(v, 0))
	}
	return v
}

// column is the character at which a value is drawn; those that are off the axis
// are at its ends.
func (g axis) column(v float64) int {
	x := (g.at(v)/g.half + 1) / 2 * float64(g.width-1)
	if math.IsNaN(x) {
		return g.width / 2
	}
	return int(math.Round(min(max(x, 0), float64(g.width-1))))
}

// put draws a mark and centres its label above it, where there is room.
func (g axis) put(marks, labels []rune, v float64, sign, text string) {
	i := g.column(v)
	marks[i] = []rune(sign)[0]
	from := min(max(0, i-len(text)/2), len(labels)-len(text))
	for j := max(0, from-1); j < min(len(labels), from+len(text)+1); j++ {
		if labels[j] != ' ' {
			return
		}
	}
	copy(labels[from:], []rune(text))
}

func (g axis) text(v float64) string {
	if g.scale == compare.Ratio {
		return "x" + times(v)
	}
	if v > 0 {
		return "+" + percent(100*v)
	}
	return percent(100 * v)
}

// sentence is an interval in words; an end that is not known is left out.
func (g axis) sentence(i compare.Interval) string {
	below := math.IsInf(i.Lo, 0) || g.scale == compare.Ratio && i.Lo <= 0
	above := math.IsInf(i.Hi, 0)
	switch {
	case below && above:
		return g.text(i.Point) + ", by how much is not known"
	case below:
		return g.text(i.Point) + ", at most " + g.text(i.Hi)
	case above:
		return g.text(i.Point) + ", at least " + g.text(i.Lo)
	}
	return fmt.Sprintf("%s, between %s and %s", g.text(i.Point), g.text(i.Lo), g.text(i.Hi))
}
