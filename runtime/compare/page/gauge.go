package page

import (
	"html/template"

	"github.com/swapline/swapline/runtime/compare"
)

// gauge draws a verdict: its interval against the margin.
func gauge(id string, t team, v compare.Verdict, m compare.Metric, a axis) template.HTML {
	if !drawn(m) {
		return ""
	}
	var s svg
	said := change(v.Value.Point, v.Scale, m.Unit) + " " + between(v.Value, v.Scale, m.Unit)
	picture(&s, id, "gauge", "The judged interval", t.about(v.Arm)+": "+said+", margin "+marginText(v), 64)
	lo, same, hi := around(scaleOf(v.Scale), v.Margin)
	if v.Margin > 0 {
		from, to := a.at(a.pin(lo)), a.at(a.pin(hi))
		s.put("rect", "class", "zone", "x", share(from), "width", share(to-from), "y", "14", "height", "30")
		edge(&s, a, lo, change(lo, v.Scale, m.Unit), "end")
		edge(&s, a, hi, change(hi, v.Scale, m.Unit), "start")
	}
	s.put("line", "class", "base", "x1", "0", "x2", "100%", "y1", "44", "y2", "44")
	s.put("line", "class", "same", "x1", share(a.at(same)), "x2", share(a.at(same)), "y1", "14", "y2", "44")
	left, right := "better", "worse"
	if m.HigherIsBetter {
		left, right = right, left
	}
	s.say("text", "← "+left, "class", "label", "x", "0", "y", "8")
	s.say("text", right+" →", "class", "label", "x", "100%", "y", "8", "text-anchor", "end")
	interval(&s, a, t.index(v.Arm), 29, m, said)
	return s.done()
}

// edge draws where the margin ends.
func edge(s *svg, a axis, v float64, name, anchor string) {
	at := share(a.at(a.pin(v)))
	s.put("line", "class", "margin", "x1", at, "x2", at, "y1", "14", "y2", "44")
	s.say("text", name, "class", "tick", "x", at, "y", "58", "text-anchor", anchor)
}

// gaugeAxis is one axis for all verdicts of a scale, so that they can be compared.
func gaugeAxis(verdicts []compare.Verdict, scale compare.Scale) axis {
	var list []compare.Interval
	margin := 0.0
	for _, v := range verdicts {
		if scaleOf(v.Scale) == scale {
			list, margin = append(list, v.Value), max(margin, v.Margin)
		}
	}
	a := changeAxis(list, scale, margin)
	if scale == compare.Difference {
		return a
	}
	far := max(a.hi, 1/a.lo)
	return ratios(a.label, 1/far, far)
}

// marginText is how much counts: a part of the reference's value, or points.
func marginText(v compare.Verdict) string {
	if scaleOf(v.Scale) == compare.Difference {
		return digits(100*v.Margin) + " pp"
	}
	return percent(v.Margin)
}
