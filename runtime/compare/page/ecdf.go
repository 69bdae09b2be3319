package page

import (
	"fmt"
	"math"

	"github.com/swapline/swapline/runtime/compare"
)

// mostSteps is how many steps of a distribution are drawn.
const mostSteps = 400

// ecdf draws the distribution functions of all arms over each other, with the band
// that each of them surely lies in. Which distribution of an arm says pick.
func ecdf(id, title string, t team, level float64, pick func(compare.Arm) *compare.Distribution) figure {
	lo, hi, band := math.Inf(1), 0.0, false
	for _, a := range t.arms {
		if d := pick(a); drawable(d) {
			lo = min(lo, float64(d.Steps[0].At))
			hi = max(hi, min(float64(max(d.Max, d.P99)), 2*float64(max(d.P99, d.P90, d.P50))))
			band = band || d.Band > 0
		}
	}
	if hi == 0 {
		return figure{}
	}
	about := "Share of calls that took at most so long: further left is faster. The slowest 1 % may lie beyond the edge."
	if band {
		about += " Shaded: the band in which the whole curve lies" + atLevel(level) + "."
	}
	p := newPlot(id, title, about, durations("time of a call", lo, hi), shares("share of calls"), 260)
	p.stretched()
	for i, a := range t.arms {
		if d := pick(a); drawable(d) {
			p.distribution(i, d)
		}
	}
	p.end()
	for i, a := range t.arms {
		if d := pick(a); drawable(d) {
			p.quantiles(i, t.name(i), d)
		}
	}
	return figure{ID: id, Title: title, About: about, Picture: p.done(), Legend: true}
}

// atLevel tells a level behind what has it.
func atLevel(level float64) string {
	if !(level > 0 && level < 1) {
		return ""
	}
	return ", " + percent(level)
}

func drawable(d *compare.Distribution) bool { return d != nil && len(d.Steps) > 0 }

// distribution draws one arm's stairs and band.
func (p *plot) distribution(arm int, d *compare.Distribution) {
	steps := thin(d.Steps, mostSteps)
	stairs := make([]spot, 0, 2*len(steps)+2)
	level := 0.0
	for _, s := range steps {
		stairs = append(stairs, spot{float64(s.At), level}, spot{float64(s.At), s.Share})
		level = s.Share
	}
	stairs = append(stairs, spot{p.x.hi * 2, level})
	p.begin("g", "class", tint(arm))
	if d.Band > 0 {
		p.ribbon("band", raised(stairs, d.Band), raised(stairs, -d.Band))
	}
	p.curve("line", stairs)
	p.svg.end()
}

func raised(stairs []spot, by float64) []spot {
	out := make([]spot, len(stairs))
	for i, s := range stairs {
		out[i] = spot{s.x, min(max(s.y+by, 0), 1)}
	}
	return out
}

// quantiles marks where people look.
func (p *plot) quantiles(arm int, name string, d *compare.Distribution) {
	for _, q := range []struct {
		share float64
		at    float64
		text  string
	}{{0.5, float64(d.P50), "p50"}, {0.9, float64(d.P90), "p90"}, {0.99, float64(d.P99), "p99"}} {
		if q.at > 0 && p.x.inside(q.at) {
			p.mark(arm, spot{q.at, q.share}, fmt.Sprintf("%s %s: %s", name, q.text, nanos(q.at)))
		}
	}
}
