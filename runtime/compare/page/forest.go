package page

import (
	"html/template"

	"github.com/swapline/swapline/runtime/compare"
)

// Heights in a forest plot.
const (
	headroom = 18 // above the marks of a metric: its name, on a phone
	pitch    = 15 // of an arm
)

// forest draws every metric of one scale as a mark with its interval, all arms
// beneath each other, and the margin as a zone.
func forest(id string, t team, metrics []compare.Metric, scale compare.Scale, margin float64) figure {
	rows := rowsOf(metrics, scale)
	if len(rows) == 0 {
		return figure{}
	}
	f := forester{team: t, scale: scale, margin: margin, axis: forestAxis(rows, scale, margin)}
	title := "Every metric against " + t.name(0)
	about := "A filled mark is a change that is certain; a hollow one can as well be none."
	if scale == compare.Difference {
		title = "Rates against " + t.name(0)
	}
	if margin > 0 {
		about += " Shaded: the margin, what counts as the same."
	}
	height := f.height(rows)
	picture(&f.svg, id, "forest", title, about, height+40)
	f.ground(height)
	y := 0.0
	for _, r := range rows {
		y = f.row(r, y)
	}
	return figure{ID: id, Title: title, About: about, Picture: f.done(), Legend: len(t.arms) > 2, Wide: true}
}

// metricRow is a metric of all arms.
type metricRow struct {
	label string
	first compare.Metric
	arms  []compare.Metric
}

// rowsOf groups metrics by name, in the order in which they appear first.
func rowsOf(metrics []compare.Metric, scale compare.Scale) []*metricRow {
	var rows []*metricRow
	byName := map[string]*metricRow{}
	for _, m := range metrics {
		if !drawn(m) || scaleOf(m.Scale) != scale || scale == compare.Difference && m.Unit != "share" {
			continue
		}
		r := byName[m.Name]
		if r == nil {
			r = &metricRow{label: label(m), first: m}
			byName[m.Name] = r
			rows = append(rows, r)
		}
		if len(r.arms) < mostArms {
			r.arms = append(r.arms, m)
		}
	}
	return rows
}

func drawn(m compare.Metric) bool {
	return !unknown(m.Change.Point) && (m.Scale == compare.Difference || m.Change.Point > 0)
}

func label(m compare.Metric) string {
	name := text(m.Label, short)
	if name == "" {
		name = text(m.Name, short)
	}
	return capital(name)
}

func forestAxis(rows []*metricRow, scale compare.Scale, margin float64) axis {
	var list []compare.Interval
	for _, r := range rows {
		for _, m := range r.arms {
			list = append(list, m.Change)
		}
	}
	return changeAxis(list, scale, margin)
}

// forester draws a forest plot.
type forester struct {
	svg
	team   team
	scale  compare.Scale
	margin float64
	axis   axis
}

func (f *forester) height(rows []*metricRow) float64 {
	h := 6.0
	for _, r := range rows {
		h += headroom + pitch*float64(len(r.arms))
	}
	return h
}

// ground draws what lies beneath the marks.
func (f *forester) ground(height float64) {
	lo, same, hi := around(f.scale, f.margin)
	if f.margin > 0 {
		from, to := f.axis.at(f.axis.pin(lo)), f.axis.at(f.axis.pin(hi))
		f.put("rect", "class", "zone", "x", share(from), "width", share(to-from), "y", "0", "height", px(height))
	}
	for _, t := range f.axis.ticks {
		at := share(f.axis.at(t.at))
		f.put("line", "class", "grid", "x1", at, "x2", at, "y1", "0", "y2", px(height))
		named(&f.svg, t, "class", classes("tick", t.minor, "minor"), "x", at, "y", px(height+16), "text-anchor", "middle")
	}
	for _, v := range []float64{lo, hi} {
		if f.margin > 0 && f.axis.inside(v) {
			f.put("line", "class", "margin", "x1", share(f.axis.at(v)), "x2", share(f.axis.at(v)), "y1", "0", "y2", px(height))
		}
	}
	f.put("line", "class", "same", "x1", share(f.axis.at(same)), "x2", share(f.axis.at(same)), "y1", "0", "y2", px(height))
	f.say("text", f.axis.label, "class", "label", "x", "100%", "y", px(height+34), "text-anchor", "end")
}

// row draws a metric of all arms below y, and returns where the next one begins.
func (f *forester) row(r *metricRow, y float64) float64 {
	name := text(r.label, mostLetters)
	if r.first.HigherIsBetter {
		name += " ↑"
	}
	weight := classes("row", r.first.Primary, "primary")
	end := y + headroom + pitch*float64(len(r.arms))
	middle := y + headroom + pitch*float64(len(r.arms)-1)/2
	f.say("text", name, "class", weight+" wide", "x", "0", "dx", "-12", "y", px(middle), "dy", "0.35em", "text-anchor", "end")
	f.say("text", name, "class", weight+" narrow", "x", "0", "y", px(y+9))
	for i, m := range r.arms {
		at := y + headroom + pitch*float64(i)
		said := change(m.Change.Point, m.Scale, m.Unit) + " " + between(m.Change, m.Scale, m.Unit)
		interval(&f.svg, f.axis, f.team.index(m.Arm), at, m, f.team.about(m.Arm)+", "+r.label+": "+said)
		f.say("text", said, "class", "reading wide", "x", "100%", "dx", "12", "y", px(at), "dy", "0.35em")
	}
	return end
}

// interval draws a mark with its interval, with an arrow where it goes on beyond
// the axis. The mark is hollow if the change is not certain.
func interval(s *svg, a axis, arm int, y float64, m compare.Metric, about string) {
	lo, hi := a.pin(m.Change.Lo), a.pin(m.Change.Hi)
	s.begin("g", "class", classes("interval "+tint(arm), !m.Clear, "unclear"))
	s.put("line", "class", "whisker", "x1", share(a.at(lo)), "x2", share(a.at(hi)), "y1", px(y), "y2", px(y))
	if m.Change.Lo < a.lo {
		arrow(s, "0", y, "M-7 0L0-4V4Z")
	}
	if m.Change.Hi > a.hi {
		arrow(s, "100%", y, "M7 0L0-4V4Z")
	}
	sign(s, arm, share(a.at(a.pin(m.Change.Point))), y, about)
	s.end()
}

func arrow(s *svg, x string, y float64, outline string) {
	s.begin("svg", "x", x, "y", px(y), "overflow", "visible")
	s.put("path", "class", "arrow", "d", outline)
	s.end()
}

// bar is a metric's interval in a line of a table.
func bar(a axis, arm int, m compare.Metric, margin float64) template.HTML {
	var s svg
	s.begin("svg", "class", "bar", "width", "100%", "height", "14", "aria-hidden", "true")
	lo, same, hi := around(compare.Ratio, margin)
	if margin > 0 {
		from, to := a.at(a.pin(lo)), a.at(a.pin(hi))
		s.put("rect", "class", "zone", "x", share(from), "width", share(to-from), "y", "0", "height", "14")
	}
	s.put("line", "class", "same", "x1", share(a.at(same)), "x2", share(a.at(same)), "y1", "0", "y2", "14")
	interval(&s, a, arm, 7, m, "")
	return s.done()
}
