package page

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/swapline/swapline/runtime/compare"
)

// claims are what evidence is gathered for.
func claims() []claim {
	return []claim{
		{"worse", "e1", func(p compare.ProofPoint) float64 { return p.Worse }},
		{"better", "e2", func(p compare.ProofPoint) float64 { return p.Better }},
		{"equivalent", "e3", func(p compare.ProofPoint) float64 { return p.Equivalent }},
	}
}

type claim struct {
	name, class string
	pick        func(compare.ProofPoint) float64
}

// evidence draws how e-values grew towards what decides. Its y axis has natural
// logarithms, its ticks name the values.
func evidence(id string, t team, e compare.Proof) figure {
	points := thin(e.Points, mostSteps)
	if len(points) == 0 {
		return figure{}
	}
	enough := e.Threshold
	if !(enough > 0) || enough > 50 {
		enough = math.Log(20)
	}
	top := enough * 1.25
	for _, q := range points {
		for _, c := range claims() {
			if v := c.pick(q); !math.IsNaN(v) {
				top = min(max(top, v*1.05), 3*enough)
			}
		}
	}
	title := "Evidence about " + t.about(e.Arm)
	about := "What reaches the line is decided; looking at any time and stopping there is allowed."
	p := newPlot(id, title, about, elapsed("since the start", 0, float64(points[len(points)-1].At)), odds(top), 220)
	p.level("margin", enough, "decided: "+rounded(digits(math.Exp(enough)))+" : 1")
	last := map[string]float64{}
	for _, c := range claims() {
		if at, ok := p.claim(c, points); ok {
			last[c.name] = at
		}
	}
	p.claimNames(last)
	return figure{ID: id, Title: title, About: about, Picture: p.done()}
}

// claim draws one line, and says how far down it ends.
func (p *plot) claim(c claim, points []compare.ProofPoint) (at float64, ok bool) {
	var line []spot
	for _, q := range points {
		if v := c.pick(q); !math.IsNaN(v) {
			line = append(line, spot{float64(q.At), v})
			at = p.down(p.y.pin(v))
		}
	}
	p.stretched()
	p.begin("g", "class", c.class)
	p.curve("line", line)
	p.end()
	p.end()
	return at, len(line) > 0
}

// claimNames writes the lines' names where they end, none over another.
func (p *plot) claimNames(last map[string]float64) {
	list := claims()
	slices.SortStableFunc(list, func(a, b claim) int { return cmp.Compare(last[b.name], last[a.name]) })
	below := p.height + 8
	for _, c := range list {
		at, ok := last[c.name]
		if !ok {
			continue
		}
		at = min(max(at-6, 12), below-14)
		p.begin("g", "class", c.class)
		p.say("text", c.name, "class", "name", "x", "100%", "dx", "-4", "y", px(at), "text-anchor", "end")
		p.end()
		below = at
	}
}

// odds is an axis of logarithms of e-values.
func odds(top float64) axis {
	a := axis{label: "evidence", lo: -1, hi: top, scale: linear}
	step := max(1, math.Ceil(top/math.Ln10/5))
	for e := 0.0; e*math.Ln10 <= top; e += step {
		a.ticks = append(a.ticks, tick{e * math.Ln10, rounded(digits(math.Pow(10, e))), false})
	}
	return a
}

// narrowing draws how the interval of the judged metric closed over the looks. The
// first ones may be as wide as can be: what is drawn to scale is the last.
func narrowing(id string, t team, e compare.Proof, m compare.Metric, margin float64) figure {
	scale := scaleOf(m.Scale)
	var points []compare.ProofPoint
	var list []compare.Interval
	for _, q := range thin(e.Points, mostSteps) {
		if drawn(compare.Metric{Scale: scale, Change: q.Change}) {
			points, list = append(points, q), append(list, compare.Interval{Lo: q.Change.Point, Point: q.Change.Point, Hi: q.Change.Point})
		}
	}
	if len(points) == 0 {
		return figure{}
	}
	last := points[len(points)-1]
	title := "What is known of " + t.about(e.Arm)
	about := "The " + string(scale) + " with the interval that holds at all times at once."
	p := newPlot(id, title, about, elapsed("since the start", 0, float64(last.At)), changeAxis(append(list, last.Change), scale, margin), 220)
	p.marginZone(scale, m.Unit, margin)
	p.closing(t.index(e.Arm), points)
	p.mark(t.index(e.Arm), spot{float64(last.At), last.Change.Point},
		fmt.Sprintf("%s %s after %s units", change(last.Change.Point, scale, m.Unit), between(last.Change, scale, m.Unit), compare.Count(last.Units)))
	return figure{ID: id, Title: title, About: about, Picture: p.done()}
}

func (p *plot) closing(arm int, points []compare.ProofPoint) {
	var mid, upper, lower []spot
	for _, q := range points {
		at := float64(q.At)
		mid = append(mid, spot{at, q.Change.Point})
		upper = append(upper, spot{at, p.y.pin(q.Change.Hi)})
		lower = append(lower, spot{at, p.y.pin(q.Change.Lo)})
	}
	p.stretched()
	p.begin("g", "class", tint(arm))
	p.ribbon("band", upper, lower)
	p.curve("line", mid)
	p.end()
	p.end()
}
