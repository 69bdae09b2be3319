package rollout

import (
	"slices"
	"strings"
)

// The members of a guard that bound something.
const (
	maxBound      = "max"
	minBound      = "min"
	increaseBound = "max_increase"
	changeBound   = "max_change"
	ratioBound    = "max_ratio"
)

// nature is what a metric's numbers are like.
type nature struct {
	low, high float64  // of its own value
	own       []string // bounds without an arm to compare with; nil: it is only compared
	versus    string   // the bound with one
	exact     bool     // a reading, not an estimate: there is nothing to tolerate
	field     bool
	latency   bool
}

func natureOf(m Metric) nature {
	switch m {
	case ErrorRate, FaultRate, BusinessErrorRate:
		return nature{high: 1, own: []string{maxBound}, versus: increaseBound}
	case LatencyP50, LatencyP95, LatencyP99, LatencyP999:
		return nature{low: 0.001, high: 3_600_000, own: []string{maxBound}, versus: ratioBound, latency: true}
	case Latency:
		return nature{high: 1, versus: ratioBound, latency: true}
	case Instructions:
		return nature{low: 1, high: 1e15, own: []string{maxBound}, versus: ratioBound}
	case MemoryBytes:
		return nature{low: 1, high: 1e15, own: []string{maxBound}, versus: ratioBound, exact: true}
	case FieldMean:
		return nature{low: -1e15, high: 1e15, own: []string{maxBound, minBound}, versus: changeBound, field: true}
	default:
		return nature{high: 1, own: []string{maxBound, minBound}, versus: changeBound, field: true}
	}
}

func guardMetrics() []string {
	return []string{string(ErrorRate), string(FaultRate), string(BusinessErrorRate), string(LatencyP50), string(LatencyP95),
		string(LatencyP99), string(LatencyP999), string(Latency), string(Instructions), string(MemoryBytes), string(FieldMean), string(FieldShare)}
}

func readGuards(m *members) []Guard {
	var out []Guard
	for _, o := range m.objects("guards", MaxGuards) {
		out = append(out, readGuard(o))
	}
	return out
}

func readGuard(m *members) Guard {
	defer m.done()
	g := Guard{Name: m.text("name", "1 to 64 of a-z 0-9 _ - beginning with a letter or digit", validGuardName)}
	if !m.has("name") {
		m.refuse("name", "a guard needs a name for its decisions", "text", "")
	}
	if v, _ := m.of["metric"].(string); v == string(DifferenceRate) {
		m.refuse("metric", "only a shadow has answers to compare", "another metric", "set shadow.max_different")
	}
	g.Metric = Metric(m.text("metric", strings.Join(guardMetrics(), " or "), func(s string) bool { return slices.Contains(guardMetrics(), s) }))
	if !m.has("metric") {
		m.refuse("metric", "a guard looks at something", strings.Join(guardMetrics(), " or "), "")
	}
	if m.has("versus") {
		g.Versus = m.word("versus", ArmStable, ArmBaseline)
	}
	m.read["versus"] = true
	n := natureOf(g.Metric)
	m.bounds(&g, n)
	m.field(&g, n)
	return g
}

// bounds reads what the guard's value is held against: exactly the bounds that its
// metric has, at least one of them.
func (m *members) bounds(g *Guard, n nature) {
	low, high := n.low, n.high
	switch n.versus {
	case ratioBound:
		g.MaxRatio = m.maybe(ratioBound, 1, maxRatio)
	case changeBound:
		g.MaxChange = m.maybe(changeBound, 0, high)
	case increaseBound:
		g.MaxIncrease = m.maybe(increaseBound, 0, high)
	}
	if len(n.own) > 0 {
		g.Max = m.maybe(maxBound, low, high)
	}
	if slices.Contains(n.own, minBound) {
		g.Min = m.maybe(minBound, low, high)
	}
	if g.Versus != "" && n.latency {
		g.Floor = m.millis("floor_ms", 0)
	}
	m.matching(*g, n)
	m.tolerance(g, n)
	if g.Max != nil && g.Min != nil && *g.Min > *g.Max {
		m.refuse(minBound, "the bounds leave nothing between them", "at most max", "")
	}
}

// matching refuses bounds that do not go with the guard's metric and arm.
func (m *members) matching(g Guard, n nature) {
	allowed := n.own
	if g.Versus != "" {
		allowed = []string{n.versus}
	}
	if len(allowed) == 0 {
		m.refuse("versus", string(g.Metric)+" is a comparison", ArmStable+" or "+ArmBaseline, "name the arm to compare with")
		return
	}
	found := false
	for _, name := range []string{maxBound, minBound, increaseBound, changeBound, ratioBound} {
		ok := slices.Contains(allowed, name)
		found = found || ok && m.has(name)
		if !ok && m.has(name) {
			m.refuse(name, string(g.Metric)+" "+either(g.Versus == "", "without versus", "versus "+g.Versus)+" has no such bound",
				strings.Join(allowed, " or "), either(g.Versus == "" && name == n.versus, "set versus to compare with another arm", "remove it"))
		}
	}
	if !found {
		m.refuse(allowed[0], "a guard without a bound guards nothing", "a number", "")
	}
}

func (m *members) tolerance(g *Guard, n nature) {
	if n.exact && m.has("tolerance") {
		m.refuse("tolerance", string(g.Metric)+" is read, not estimated", "nothing", "remove it")
	}
	high := n.high
	if g.MaxRatio != nil && g.Metric != Latency {
		high = maxRatio
	}
	g.Tolerance = m.maybe("tolerance", 0, high)
}

func (m *members) field(g *Guard, n nature) {
	if n.field {
		g.Field = m.text("field", wantPointer, validPointer)
		if !m.has("field") {
			m.refuse("field", string(g.Metric)+" looks at a field of the answer", wantPointer, "")
		}
	}
	if g.Metric == FieldShare {
		g.Equals = m.plain("equals")
	}
	if g.Metric == ErrorRate || g.Metric == BusinessErrorRate {
		g.Expected = m.expected()
	}
}

// expected reads codes of business errors.
func (m *members) expected() []string {
	return m.texts("expected", "a code of 1 to 256 bytes", maxEntries, func(s string) bool { return s != "" && len(s) <= maxText && validText(s) })
}

// plain reads a value that answers can be compared with.
func (m *members) plain(name string) any {
	m.read[name] = true
	v, ok := m.of[name]
	if !ok {
		m.refuse(name, "a share needs the value that is counted", "text, a number, true, false or null", "")
	}
	switch v.(type) {
	case []any, map[string]any, []byte:
		m.bad(name, "text, a number, true, false or null", describe(v))
	}
	if r := (room{values: 1, bytes: maxText}); !r.holds(v, 1) {
		m.bad(name, "at most 256 bytes of UTF-8 or a finite number", describe(v))
	}
	return v
}

func validGuardName(s string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789"
	return s != "" && len(s) <= 64 && strings.Trim(s, letters+"_-") == "" && strings.Contains(letters, s[:1])
}
