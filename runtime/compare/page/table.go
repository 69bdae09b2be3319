package page

import (
	"fmt"
	"html/template"
	"slices"

	"github.com/swapline/swapline/runtime/compare"
)

// table is the metrics of one arm.
type table struct {
	Arm, Reference string
	Swatch         template.HTML
	Rows           []row
	More           int
}

// row is one metric.
type row struct {
	Name                    string // that joins the rows of several arms
	Label, Reference, Value string
	Change, Range           string
	Reading, Class, Sign    string
	About                   string // how it was found, for those who point at it
	Primary, Clear          bool
	Bar                     template.HTML
}

func tables(t team, r *compare.Report) ([]table, []string) {
	byArm := map[string][]compare.Metric{}
	var order, methods []string
	for _, m := range r.Metrics {
		if byArm[m.Arm] == nil {
			order = append(order, m.Arm)
		}
		byArm[m.Arm] = append(byArm[m.Arm], m)
	}
	order, _ = first(order, mostArms)
	margin := marginOf(r.Verdicts, compare.Ratio)
	points := marginOf(r.Verdicts, compare.Difference)
	a := forestAxis(rowsOf(r.Metrics, compare.Ratio), compare.Ratio, margin)
	var out []table
	for _, arm := range order {
		list, more := first(byArm[arm], mostMetrics)
		one := table{Arm: text(arm, short), Reference: t.name(0), Swatch: swatch(t.index(arm)), More: more}
		for _, m := range list {
			one.Rows = append(one.Rows, metric(t, m, a, margin, points))
			if s := method(m); s != "" && !slices.Contains(methods, s) && len(methods) < mostNotes {
				methods = append(methods, s)
			}
		}
		out = append(out, one)
	}
	return out, methods
}

// metric is a row; margin is that of ratios, points that of differences of shares.
func metric(t team, m compare.Metric, a axis, margin, points float64) row {
	r := row{Name: m.Name, Label: label(m), Reference: value(m.Reference, m.Unit), Value: value(m.Value, m.Unit),
		Change: change(m.Change.Point, m.Scale, m.Unit), Range: between(m.Change, m.Scale, m.Unit),
		Primary: m.Primary, Clear: m.Clear, About: method(m)}
	if m.P > 0 {
		r.About += ", p " + probability(m.P)
	}
	r.Reading, r.Class = reading(m, margin, points)
	r.Sign = map[string]string{"better": "▲ ", "worse": "▼ ", "within margin": "= ", "~": "~ "}[r.Reading]
	if m.Scale != compare.Difference && drawn(m) {
		r.Bar = bar(a, t.index(m.Arm), m, margin)
	}
	return r
}

// reading says a metric in a word: ~ where nothing is certain. A change that is
// certain, and certainly within the margin, is neither good nor bad.
func reading(m compare.Metric, margin, points float64) (word, class string) {
	if m.Scale == compare.Difference {
		margin = 0
		if m.Unit == "share" {
			margin = points
		}
	}
	lo, same, hi := around(scaleOf(m.Scale), margin)
	switch up := m.Change.Point > same; {
	case !m.Change.Known():
		return "", "unclear"
	case !m.Clear:
		return "~", "unclear"
	case m.Change.Lo > lo && m.Change.Hi < hi:
		return "within margin", "within"
	case up == m.HigherIsBetter:
		return "better", "good"
	}
	return "worse", "bad"
}

func method(m compare.Metric) string {
	s := text(m.Method, long)
	if m.Level > 0 && m.Level < 1 && s != "" {
		s += ", " + percent(m.Level)
	}
	if m.Test != "" {
		s += "; " + text(m.Test, long)
	}
	return s
}

func probability(p float64) string {
	if p < 0.001 {
		return "< 0.001"
	}
	return fmt.Sprintf("%.3f", p)
}

// matrix is the metrics of several arms side by side: a line for each metric, a
// column for each arm.
type matrix struct {
	Head []entry // the reference, then the arms
	Rows []matrixRow
	More int
}

// matrixRow is a metric; of an arm that lacks it the cell is empty.
type matrixRow struct {
	Label, Reference string
	Primary          bool
	Cells            []row
}

// Of is the arm of a row's i-th cell.
func (m matrix) Of(i int) entry { return m.Head[i+1] }

// sideBySide makes one table of several.
func sideBySide(t team, tables []table) matrix {
	m := matrix{Head: []entry{{swatch(0), t.name(0), true}}}
	for _, one := range tables {
		m.Head = append(m.Head, entry{Swatch: one.Swatch, Name: one.Arm})
		m.More = max(m.More, one.More)
	}
	byName := map[string]int{}
	for i, one := range tables {
		for _, r := range one.Rows {
			at, ok := byName[r.Name]
			if !ok {
				at = len(m.Rows)
				byName[r.Name] = at
				m.Rows = append(m.Rows, matrixRow{Label: r.Label, Reference: r.Reference, Primary: r.Primary, Cells: make([]row, len(tables))})
			}
			m.Rows[at].Cells[i] = r
		}
	}
	return m
}
