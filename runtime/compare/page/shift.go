package page

import (
	"fmt"
	"math"

	"github.com/swapline/swapline/runtime/compare"
)

// shift draws how many times the reference's quantile an arm's is, at every
// quantile (Doksum's shift function, as a ratio).
func shift(id string, t team, s compare.Shift, margin float64) figure {
	points := known(thin(s.Points, mostSteps))
	if len(points) == 0 {
		return figure{}
	}
	lo, hi := 1.0, 1.0
	for _, q := range points {
		lo, hi = widen(lo, hi, q.Change)
	}
	lo, hi = withMargin(lo, hi, margin)
	title := t.about(s.Arm) + " at every quantile"
	about := "How many times as long as " + t.name(0) + ". Below 1 is faster." + bandText(s.Level)
	p := newPlot(id, title, about, quantiles("quantile of the calls", points[0].P, points[len(points)-1].P), ratios("ratio", lo, hi), 240)
	p.marginZone(margin)
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

// marginZone shades the ratios that count as the same.
func (p *plot) marginZone(margin float64) {
	if margin > 0 {
		p.zone("zone", 1/(1+margin), 1+margin)
		p.level("margin", 1+margin, "margin "+times(1+margin))
		p.level("margin", 1/(1+margin), "")
	}
	p.level("same", 1, "")
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

// widen stretches a range of ratios so that an interval fits, if it is not absurd.
func widen(lo, hi float64, i compare.Interval) (float64, float64) {
	for _, v := range []float64{i.Lo, i.Point, i.Hi} {
		if v > 0 && !math.IsInf(v, 1) {
			lo, hi = min(lo, v), max(hi, v)
		}
	}
	return lo, hi
}

// withMargin stretches a range of ratios so that the margin fits, with some air.
func withMargin(lo, hi, margin float64) (float64, float64) {
	if margin > 0 && margin < 100 {
		lo, hi = min(lo, 1/(1+margin)), max(hi, 1+margin)
	}
	air := math.Pow(hi/lo, 0.08)
	return lo / air, hi * air
}
