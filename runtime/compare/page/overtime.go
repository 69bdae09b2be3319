package page

import (
	"fmt"
	"math"
	"time"

	"github.com/swapline/swapline/runtime/compare"
)

// overTime draws a quantile of every arm as it changed.
func overTime(id, name string, t team, pick func(compare.Moment) time.Duration) figure {
	lo, hi, begin, end := math.Inf(1), 0.0, math.Inf(1), 0.0
	for _, a := range t.arms {
		for _, m := range a.Series {
			if at := float64(pick(m)); at > 0 && m.N > 0 {
				lo, hi = min(lo, at), max(hi, at)
				begin, end = min(begin, float64(m.At)), max(end, float64(m.At))
			}
		}
	}
	if hi == 0 || end == 0 {
		return figure{}
	}
	title := name + " over time"
	about := "Every point is a stretch of time. Curves that run alike saw the same weather."
	p := newPlot(id, title, about, elapsed("since the start", begin, end), durations("time of a call", lo/1.1, hi*1.1), 200)
	for i, a := range t.arms {
		p.moments(i, t.name(i)+" "+name, a.Series, pick)
	}
	return figure{ID: id, Title: title, About: about, Picture: p.done(), Legend: true}
}

func (p *plot) moments(arm int, name string, series []compare.Moment, pick func(compare.Moment) time.Duration) {
	var line []spot
	var said []string
	for _, m := range thin(series, 120) {
		if at := float64(pick(m)); at > 0 && m.N > 0 {
			line = append(line, spot{float64(m.At), at})
			said = append(said, fmt.Sprintf("%s at %s: %s of %s calls", name, duration(m.At), nanos(at), compare.Count(m.N)))
		}
	}
	p.stretched()
	p.begin("g", "class", tint(arm))
	p.curve("line", line)
	p.end()
	p.end()
	if len(line) > 60 {
		return
	}
	for i, s := range line {
		p.mark(arm, s, said[i])
	}
}
