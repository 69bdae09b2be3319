package page

import (
	"fmt"

	"github.com/swapline/swapline/runtime/compare"
)

// shift draws how many times the reference's quantile an arm's is, at every
// quantile (Doksum's shift function, as a ratio).
func shift(id string, t team, s compare.Shift, margin float64) figure {
	points := known(thin(s.Points, mostSteps))
	if len(points) == 0 {
		return figure{}
	}
	list := make([]compare.Interval, len(points))
	for i, q := range points {
		list[i] = q.Change
	}
	title := t.about(s.Arm) + " at every quantile"
	about := "How many times as long as " + t.name(0) + ". Below 1 is faster." + bandText(s.Level)
	p := newPlot(id, title, about, quantiles("quantile of the calls", points[0].P, points[len(points)-1].P), changeAxis(list, compare.Ratio, margin), 240)
	p.marginZone(compare.Ratio, "", margin)
	arm := t.index(s.Arm)
	var mid, upper, lower []spot
	for _, q := range points {
		mid = append(mid, spot{q.P, q.Change.Point})
		upper = append(upper, spot{q.P, p.y.pin(q.Change.Hi)})
		lower = append(lower, spot{q.P, p.y.pin(q.Change.Lo)})
	}
	p.stretched()
	p.begin("g", "class", tint(arm))
	p.ribbon("band", upper, lower)
	p.curve("line", mid)
	p.end()
	p.end()
	for _, q := range thin(points, 25) {
		p.mark(arm, spot{q.P, q.Change.Point}, fmt.Sprintf("p%s: %s %s", digits(q.P*100), times(q.Change.Point), between(q.Change, compare.Ratio, "")))
	}
	return figure{ID: id, Title: title, About: about, Picture: p.done()}
}

func bandText(level float64) string {
	if level <= 0 || level >= 1 {
		return ""
	}
	return " Shaded: " + percent(level) + " intervals."
}

// marginZone shades the changes that count as the same.
func (p *plot) marginZone(scale compare.Scale, unit string, margin float64) {
	lo, same, hi := around(scale, margin)
	if margin > 0 {
		p.zone("zone", lo, hi)
		p.level("margin", hi, "margin "+change(hi, scale, unit))
		p.level("margin", lo, "")
	}
	p.level("same", same, "")
}

func known(points []compare.ShiftPoint) []compare.ShiftPoint {
	var out []compare.ShiftPoint
	for _, q := range points {
		if q.P > 0 && q.P < 1 && q.Change.Point > 0 && !unknown(q.Change.Point) {
			out = append(out, q)
		}
	}
	return out
}
