package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/swapline/swapline/runtime/compare"
)

// comparisonText is a comparison's report for a person at a terminal: what can be
// concluded first, then why.
type comparisonText struct {
	report *compare.Report
	files  []reportFile // that it was written to
}

// print ends with the lines that programs look for.
func (t comparisonText) print(w io.Writer, l look) {
	for _, line := range t.lines(l) {
		fmt.Fprintln(w, l.letters(l.fit(line)))
	}
	for _, line := range append(t.footer(), t.summary()...) {
		fmt.Fprintln(w, line) // however long: these are copied
	}
}

// footer says where the report is and how to repeat it.
func (t comparisonText) footer() []string {
	out := []string{""}
	for _, f := range t.files {
		out = append(out, "report  "+oneLine(f.path))
	}
	if t.report.Command != "" {
		out = append(out, "again   "+oneLine(t.report.Command))
	}
	return out
}

// lines draws what is concluded and why. Texts of others are made harmless here.
func (t comparisonText) lines(l look) []string {
	r := t.report
	out := []string{oneLine(r.Title)}
	if r.Partial != "" {
		out = append(out, wrap(l.paint(unsure, "PARTIAL")+"  ", "  ", oneLine(r.Partial), l.width)...)
	}
	out = append(out, "")
	for _, v := range r.Verdicts {
		out = append(out, verdictLines(v, l)...)
	}
	out = append(append(out, ""), healthLines(unsaid(r.Health, r.Verdicts), l)...)
	for _, answers := range r.Answers {
		out = append(out, answerLines(answers, len(r.Answers) > 1, l)...)
	}
	for i := 1; i < len(r.Arms); i++ {
		out = append(append(out, ""), t.table(r.Arms[i].Name, l)...)
	}
	notes := r.Notes
	if len(r.Metrics) > 0 {
		notes = append([]string{ofTheTable}, notes...)
	}
	if len(notes) > 0 {
		out = append(out, "")
	}
	for _, note := range notes {
		out = append(out, wrap("  ", "  ", oneLine(note), l.width)...)
	}
	return out
}

// verdictLines is the answer to the plan's question about one arm.
func verdictLines(v compare.Verdict, l look) []string {
	word := l.paint(colourOfVerdict(v.Word), strings.ToUpper(oneLine(string(v.Word))))
	out := wrap(word+"  ", "  ", oneLine(v.Sentence), l.width)
	if v.Next != "" {
		out = append(out, wrap("  next: ", "  ", oneLine(v.Next), l.width)...)
	}
	return out
}

func colourOfVerdict(w compare.Word) string {
	switch w {
	case compare.Better, compare.Equivalent:
		return good
	case compare.Worse:
		return bad
	}
	return unsure
}

// unsaid are the checks, without the words that a verdict has said already.
func unsaid(checks []compare.Check, verdicts []compare.Verdict) []compare.Check {
	out := slices.Clone(checks)
	for i, c := range out {
		for _, v := range verdicts {
			if c.Text != "" && strings.Contains(v.Sentence, c.Text) {
				out[i].Text = "see above"
			}
		}
	}
	return out
}

// healthLines shows what is not in order.
func healthLines(checks []compare.Check, l look) (out []string) {
	for _, c := range checks {
		if c.Light == compare.Green {
			continue
		}
		colour := unsure
		if c.Light == compare.Red {
			colour = bad
		}
		head := l.paint(colour, oneLine(string(c.Light))) + "  " + oneLine(c.Name) + ": "
		out = append(out, wrap(head, "  ", oneLine(c.Text), l.width)...)
	}
	if green := len(checks) - countNotGreen(checks); green > 0 {
		out = append(out, l.paint(good, "green")+fmt.Sprintf("  %d of %d checks", green, len(checks)))
	}
	return out
}

func countNotGreen(checks []compare.Check) (n int) {
	for _, c := range checks {
		if c.Light != compare.Green {
			n++
		}
	}
	return n
}

// answerLines says whether the answers are the same, and where they are not.
func answerLines(a compare.Answers, named bool, l look) []string {
	head := "answers  "
	if named {
		head += "of " + oneLine(a.Arm) + ": "
	}
	switch {
	case a.Compared == 0:
		return []string{head + l.paint(bad, "none could be compared")}
	case a.Different == 0:
		return []string{head + l.paint(good, "all the same") + fmt.Sprintf(", %s compared", compare.Count(a.Compared))}
	}
	out := []string{head + l.paint(bad, compare.Count(a.Different)+" differ") + fmt.Sprintf(" of %s (%s)", compare.Count(a.Compared), percent(100*float64(a.Different)/float64(max(1, a.Compared))))}
	const enough = 5
	for i, p := range a.Places {
		if i == enough {
			return append(out, fmt.Sprintf("  and at %d more places: see the report", len(a.Places)-enough))
		}
		place, often := oneLine(p.Pointer), compare.Count(p.Count)+" times, as in"
		if place == "" {
			place = "the whole answer"
		}
		if p.Count == 1 {
			often = "once:"
		}
		out = append(out, fmt.Sprintf("  %s  %s %s %s %s", place, often, oneLine(p.Reference), l.sign("→", "->"), oneLine(p.Value)))
	}
	return out
}

// ofTheTable is what surprises in it.
const ofTheTable = "~ is unclear: the interval contains \"no change\". Ratios are those of rounds that ran next to each other, not of the two values."

// Columns of the table of metrics.
const (
	labelWidth = 30
	valueWidth = 12
)

// table puts the metrics of one arm beside the reference's.
func (t comparisonText) table(arm string, l look) []string {
	label := labelWidth
	if l.width > 0 {
		label = max(14, min(label, l.width-2*valueWidth-30))
	}
	out := []string{"  " + pad("", label) + pad(cut(oneLine(t.report.Arms[0].Name), valueWidth-1), -valueWidth) + pad(cut(oneLine(arm), valueWidth-1), -valueWidth) + "   change    (interval)"}
	for _, m := range t.report.Metrics {
		if m.Arm == arm {
			out = append(out, metricLine(m, label, l))
		}
	}
	if len(out) == 1 {
		return []string{"  nothing was measured of " + oneLine(arm)}
	}
	return out
}

func metricLine(m compare.Metric, label int, l look) string {
	mark := "  "
	if m.Primary {
		mark = l.sign("▸", ">") + " "
	}
	line := mark + pad(cut(oneLine(m.Label), label-1), label) + pad(valueText(m.Reference, m), -valueWidth) + pad(valueText(m.Value, m), -valueWidth) + "   "
	line += pad(l.paint(colourOfChange(m), changeText(m.Change.Point, m)), 9)
	return strings.TrimRight(line+" "+intervalText(m), " ")
}

// valueText leaves out what an arm does not count.
func valueText(v float64, m compare.Metric) string {
	if v == 0 && m.Name == "instructions" {
		return "-"
	}
	return unitText(v, m.Unit)
}

// colourOfChange is of changes that are sure, in the direction that counts.
func colourOfChange(m compare.Metric) string {
	if !m.Clear || !m.Change.Known() {
		return dim
	}
	none := 0.0
	if m.Scale == compare.Ratio {
		none = 1
	}
	if (m.Change.Point > none) == m.HigherIsBetter {
		return good
	}
	return bad
}

// changeText writes a change; "~" says that none is sure.
func changeText(v float64, m compare.Metric) string {
	if math.IsNaN(v) {
		return "-"
	}
	text := "x" + times(v)
	if m.Scale == compare.Difference {
		text = unitText(v, m.Unit)
		if v > 0 {
			text = "+" + text
		}
	}
	if !m.Clear {
		text += " ~"
	}
	return text
}

func intervalText(m compare.Metric) string {
	if !m.Change.Known() || math.IsInf(m.Change.Lo, 0) || math.IsInf(m.Change.Hi, 0) {
		return ""
	}
	if m.Scale == compare.Difference {
		return "[" + unitText(m.Change.Lo, m.Unit) + ", " + unitText(m.Change.Hi, m.Unit) + "]"
	}
	return "[" + times(m.Change.Lo) + ", " + times(m.Change.Hi) + "]"
}

// times writes a ratio: near 1 with the digits that tell it from 1.
func times(v float64) string {
	if v > 0.5 && v < 2 {
		return trimmed(v, 3)
	}
	return short(v)
}

// unitText writes a value of a metric's unit.
func unitText(v float64, unit string) string {
	switch {
	case math.IsNaN(v):
		return "-"
	case unit == "ns":
		return threeDigits(time.Duration(math.Round(v)))
	case unit == "1/s":
		return compare.Count(int64(math.Round(v))) + "/s"
	case unit == "bytes" && math.Abs(v) >= 1024:
		return bytesText(int64(v))
	case unit == "bytes":
		return short(v) + " B"
	case unit == "share":
		return percent(100 * v)
	case math.Abs(v) >= 10_000:
		return compare.Count(int64(math.Round(v)))
	}
	return short(v)
}

// cut shortens a text to so many characters.
func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "~"
	}
	return s
}

// summary is one line for each arm but the reference, for programs. The plan's
// first comparison comes last and without a name, so that the last line has one
// form whatever is compared.
func (t comparisonText) summary() (out []string) {
	r := t.report
	for i := len(r.Verdicts) - 1; i >= 0; i-- {
		v := r.Verdicts[i]
		line := fmt.Sprintf("compare: inputs=%d different=%d verdict=%s ratio_p50=%s", t.inputs(i), t.different(i), oneLine(string(v.Word)), t.ratio(v.Arm))
		if i > 0 {
			line += " arm=" + strings.ReplaceAll(oneLine(v.Arm), " ", "_")
		}
		out = append(out, line)
	}
	return out
}

func (t comparisonText) inputs(i int) int64 {
	if i < len(t.report.Answers) {
		return t.report.Answers[i].Compared
	}
	return 0
}

func (t comparisonText) different(i int) int64 {
	if i < len(t.report.Answers) {
		return t.report.Answers[i].Different
	}
	return 0
}

// ratio is the median's, with its interval.
func (t comparisonText) ratio(arm string) string {
	for _, m := range t.report.Metrics {
		if m.Arm == arm && m.Name == "latency_p50" && m.Change.Known() {
			return fmt.Sprintf("%s [%s, %s]", times(m.Change.Point), times(m.Change.Lo), times(m.Change.Hi))
		}
	}
	return "-"
}
