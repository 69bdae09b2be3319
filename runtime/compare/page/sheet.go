package page

import (
	"html/template"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/swapline/swapline/runtime/compare"
)

// How much of each list is drawn.
const (
	mostChecks    = 40
	mostMetrics   = 60 // of each arm
	mostNotes     = 40
	mostPlaces    = 50
	mostExamples  = 10
	mostPointers  = 32
	mostTolerance = 20
)

// sheet is a report made ready to be drawn: all its text is clean and cut.
type sheet struct {
	Policy string
	Style  template.CSS

	Title, Strategy, Mode string
	Started, Took         string
	Running               bool
	Partial, PartialNote  string
	Where                 string
	Arms                  []entry
	MoreArms              int

	Verdicts []verdict
	Health   []check
	AllGreen bool
	Tables   []table
	Matrix   matrix // instead of Tables, where there are several
	Methods  []string
	Reading  string // how the intervals of the tables are to be read
	Forests  []figure
	Shapes   []figure // of the distributions
	Times    []figure
	Looks    []figure // at the evidence
	Split    figure
	Costs    grid
	Answers  []answers
	Counts   grid

	Facts     []fact
	Identity  grid
	Plan      string
	PlanHash  string
	Notes     []string
	Command   string
	PlanFile  bool // the command reads the plan from a file
	Downloads []download
}

// figure is a picture with what is said about it.
type figure struct {
	ID, Title, About string
	Picture          template.HTML
	Legend           bool // of the arms
	Parts            bool // the legend of parts
	Wide             bool
	Notes            []string
}

// verdict is the answer about one arm.
type verdict struct {
	Arm, Word, Sign      string
	Swatch               template.HTML
	Sentence, Next       string
	Blocked              string
	Metric, Value, Range string
	Gauge                template.HTML
}

// check is one of the health checks.
type check struct{ Name, Light, Sign, Text string }

// fact is a name with a value.
type fact struct{ Name, Value string }

// newSheet has all but figures and downloads.
func newSheet(r *compare.Report) *sheet {
	t := newTeam(r)
	s := &sheet{Policy: stated(), Style: template.CSS(style), //nolint:gosec // the package's own
		Title: text(r.Title, 2*short), Strategy: text(r.Strategy, short), Mode: mode(r.Mode),
		Started: moment(r.Started), Running: r.Ended.IsZero() && r.Partial == "", Partial: text(r.Partial, long),
		Where: where(r.Host), Arms: t.legend(), MoreArms: t.more,
		PlanHash: text(r.PlanHash, short), Plan: pretty(r.Plan), Command: lines(r.Command, block)}
	s.PlanFile = strings.Contains(s.Command, "--plan "+planFile)
	s.PartialNote = "The plan was not carried out to its end: what follows was measured until then, and no verdict follows from it."
	if r.Mode != compare.ModeOffline {
		s.PartialNote = "The plan was not carried out to its end. Live intervals hold whenever one stops, so a verdict below still means what it says."
	}
	if s.Title == "" {
		s.Title = "Comparison"
	}
	if !r.Ended.IsZero() && r.Ended.After(r.Started) {
		s.Took = duration(r.Ended.Sub(r.Started))
	}
	s.Verdicts = verdicts(t, r)
	s.Health, s.AllGreen = checks(r.Health)
	s.Tables, s.Methods = tables(t, r)
	if len(s.Tables) > 1 {
		s.Matrix = sideBySide(t, s.Tables)
	}
	s.Reading = readingOf(r)
	s.Costs, s.Counts, s.Identity = costs(t), counts(t), identity(t)
	s.Answers = allAnswers(t, r.Answers)
	s.Facts = facts(r.Host)
	notes, _ := first(r.Notes, mostNotes)
	for _, n := range notes {
		s.Notes = append(s.Notes, text(n, long))
	}
	return s
}

// figures draws what only a page has, and makes its downloads.
func (s *sheet) figures(r *compare.Report) {
	t := newTeam(r)
	s.Downloads = downloads(t, r)
	margin := marginOf(r.Verdicts, compare.Ratio)
	metrics, _ := first(r.Metrics, mostMetrics*mostArms)
	s.Forests = drawnOf(forest("forest", t, metrics, compare.Ratio, margin),
		forest("rates", t, metrics, compare.Difference, marginOf(r.Verdicts, compare.Difference)))
	level := levelOf(r.Metrics)
	s.Shapes = drawnOf(
		ecdf("ecdf", latencyTitle(r.Mode), t, level, func(a compare.Arm) *compare.Distribution { return a.Latency }),
		ecdf("ecdf-open", "Latency at a fixed rate", t, level, func(a compare.Arm) *compare.Distribution { return a.Open }))
	shifts, _ := first(r.Shifts, mostArms)
	for i, sh := range shifts {
		s.Shapes = append(s.Shapes, drawnOf(shift(numbered("shift", i), t, sh, margin))...)
	}
	s.Times = drawnOf(
		overTime("p50-time", "p50", t, func(m compare.Moment) time.Duration { return m.P50 }),
		overTime("p99-time", "p99", t, func(m compare.Moment) time.Duration { return m.P99 }))
	proofs, _ := first(r.Evidence, mostArms)
	for i, e := range proofs {
		v := verdictOn(r.Verdicts, e.Arm)
		m := judged(r.Metrics, v)
		s.Looks = append(s.Looks, drawnOf(narrowing(numbered("known", i), t, e, m, marginOf([]compare.Verdict{v}, scaleOf(m.Scale))), evidence(numbered("evidence", i), t, e))...)
	}
	s.Split = splitBars("split", t)
}

// readingOf says what surprises in a table: ratios that are not the quotient of the two
// values beside them, and intervals that are narrower than the verdict's.
func readingOf(r *compare.Report) string {
	if r.Mode != compare.ModeOffline || len(r.Metrics) == 0 {
		return ""
	}
	said := "Ratios are those of rounds that ran next to each other, not of the two values."
	if len(r.Verdicts) > 1 {
		said += " Each interval here holds by itself; those of the verdicts are wider, since " + compare.Count(int64(len(r.Verdicts))) + " arms share one chance to be wrong."
	}
	return said
}

func latencyTitle(mode string) string {
	if mode == compare.ModeOffline {
		return "Latency, one call after the other"
	}
	return "Latency"
}

// marginOf is the margin that pictures of a scale show.
func marginOf(verdicts []compare.Verdict, scale compare.Scale) float64 {
	for _, v := range verdicts {
		if scaleOf(v.Scale) == scale && v.Margin > 0 && v.Margin < 1e3 {
			return v.Margin
		}
	}
	return 0
}

// levelOf is that of all that a report's plan has one level for, 0 for none.
func levelOf(metrics []compare.Metric) float64 {
	if len(metrics) == 0 {
		return 0
	}
	return metrics[0].Level
}

func drawnOf(list ...figure) []figure {
	var out []figure
	for _, f := range list {
		if f.Picture != "" {
			out = append(out, f)
		}
	}
	return out
}

func verdicts(t team, r *compare.Report) []verdict {
	list, _ := first(r.Verdicts, mostArms)
	ratio, difference := gaugeAxis(list, compare.Ratio), gaugeAxis(list, compare.Difference)
	out := make([]verdict, len(list))
	for i, v := range list {
		word, sign := wordOf(v.Word)
		m := judged(r.Metrics, v)
		a := ratio
		if v.Scale == compare.Difference {
			a = difference
		}
		out[i] = verdict{Arm: text(v.Arm, short), Word: word, Sign: sign, Swatch: swatch(t.index(v.Arm)),
			Sentence: together(text(v.Sentence, long)), Next: together(capital(text(v.Next, long))), Blocked: text(v.Blocked, short),
			Metric: label(m), Value: change(v.Value.Point, v.Scale, m.Unit), Range: between(v.Value, v.Scale, m.Unit),
			Gauge: gauge(numbered("gauge", i), t, v, m, a)}
	}
	return out
}

// verdictOn is the verdict about an arm, an empty one if there is none.
func verdictOn(verdicts []compare.Verdict, arm string) compare.Verdict {
	if i := slices.IndexFunc(verdicts, func(v compare.Verdict) bool { return v.Arm == arm }); i >= 0 {
		return verdicts[i]
	}
	return compare.Verdict{}
}

// judged is the metric that a verdict is about, with the interval that was judged.
func judged(metrics []compare.Metric, v compare.Verdict) compare.Metric {
	out := compare.Metric{Name: v.Metric}
	for _, m := range metrics {
		if m.Arm == v.Arm && m.Name == v.Metric {
			out = m
			break
		}
	}
	out.Change, out.Scale, out.Clear = v.Value, v.Scale, v.Value.Excludes(v.Scale)
	return out
}

// wordOf is a verdict's word, which is also its class, and its sign.
func wordOf(w compare.Word) (word, sign string) {
	switch w {
	case compare.Better:
		return string(w), "▲"
	case compare.Worse:
		return string(w), "▼"
	case compare.Equivalent:
		return string(w), "="
	}
	return string(compare.Undecided), "?"
}

// checks puts what is not green first.
func checks(list []compare.Check) (out []check, allGreen bool) {
	list, _ = first(list, mostChecks)
	allGreen = true
	for _, light := range []compare.Light{compare.Red, compare.Yellow, compare.Green} {
		for _, c := range list {
			if lightOf(c.Light) == light {
				out = append(out, check{capital(text(c.Name, short)), string(light), signOf(light), together(text(c.Text, long))})
				allGreen = allGreen && light == compare.Green
			}
		}
	}
	return out, allGreen
}

// lightOf takes what is no light for a yellow one: it is not known to be good.
func lightOf(l compare.Light) compare.Light {
	if l == compare.Green || l == compare.Red {
		return l
	}
	return compare.Yellow
}

func signOf(l compare.Light) string {
	switch l {
	case compare.Green:
		return "✓"
	case compare.Red:
		return "✕"
	}
	return "!"
}

func mode(m string) string {
	switch m {
	case compare.ModeOffline:
		return "offline, the same inputs in turns"
	case compare.ModeSplit:
		return "live traffic, each call on one arm"
	case compare.ModePaired:
		return "live traffic, both arms on the same calls"
	}
	return text(m, short)
}

func moment(t time.Time) string {
	if t.IsZero() || t.Year() < 1 || t.Year() > 9999 {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04 UTC")
}

func where(h compare.Host) string {
	var parts []string
	for _, s := range []string{h.Processor, h.OS + "/" + h.Arch} {
		if s = text(s, short); s != "" && s != "/" {
			parts = append(parts, s)
		}
	}
	if h.Processors > 0 {
		parts = append(parts, plural(h.Processors, "processor"))
	}
	return strings.Join(parts, ", ")
}

func plural(n int, of string) string {
	if n == 1 {
		return "1 " + of
	}
	return compare.Count(int64(n)) + " " + of + "s"
}

func finite(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) }

// framed is a figure with the legends that it may show.
type framed struct {
	F     figure
	Arms  []entry
	Parts []partEntry
}

// With hands a figure to the template.
func (s *sheet) With(f figure) framed {
	f.About = together(f.About)
	return framed{f, s.Arms, partLegend()}
}
