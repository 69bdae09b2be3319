package page

import (
	"html/template"

	"github.com/swapline/swapline/runtime/compare"
)

// part is where time goes.
type part struct {
	name, class, about string
	pick               func(*compare.Split) float64
}

func parts() []part {
	return []part{
		{"strategy", "s1", "the strategy's own code", func(s *compare.Split) float64 { return s.Strategy }},
		{"encoding", "s2", "values to bytes and back", func(s *compare.Split) float64 { return s.Encoding }},
		{"boundary", "s3", "entering, leaving, copying", func(s *compare.Split) float64 { return s.Boundary }},
		{"runtime", "s4", "deadlines and accounts", func(s *compare.Split) float64 { return s.Runtime }},
	}
}

// splitBars draws where the time of a call goes, one bar for each arm, all on one
// scale.
func splitBars(id string, t team) figure {
	longest, arms := 0.0, 0
	for _, a := range t.arms {
		if total(a.Split) > 0 {
			longest, arms = max(longest, total(a.Split)), arms+1
		}
	}
	if arms == 0 {
		return figure{}
	}
	title, about := "Where the time of a call goes", "Means of sampled calls, which take a little longer than others because they are watched."
	var s svg
	picture(&s, id, "bars", title, about, float64(arms)*52)
	y := 0.0
	var notes []string
	for i, a := range t.arms {
		if total(a.Split) <= 0 {
			continue
		}
		s.say("text", text(t.name(i), mostLetters), "class", "row", "x", "0", "y", px(y+12))
		s.say("text", nanos(total(a.Split)), "class", "reading", "x", "100%", "y", px(y+12), "text-anchor", "end")
		stack(&s, a.Split, longest, y+19)
		if a.Split.Whole != "" {
			notes = append(notes, t.name(i)+": "+text(a.Split.Whole, long))
		}
		y += 52
	}
	return figure{ID: id, Title: title, About: about, Picture: s.done(), Parts: true, Notes: notes, Wide: true}
}

func total(s *compare.Split) float64 {
	if s == nil {
		return 0
	}
	sum := 0.0
	for _, p := range parts() {
		if v := p.pick(s); v > 0 && !unknown(v) {
			sum += v
		}
	}
	return min(sum, 1e18)
}

// stack draws a bar of parts, each with its time where there is room.
func stack(s *svg, split *compare.Split, longest, y float64) {
	x := 0.0
	for _, p := range parts() {
		v := p.pick(split)
		if !(v > 0) || unknown(v) {
			continue
		}
		wide := min(v/longest, 1-x)
		s.begin("g", "class", p.class)
		s.begin("rect", "class", "part", "x", share(x), "width", share(wide), "y", px(y), "height", "22")
		s.say("title", p.name+": "+nanos(v)+", "+percent(v/total(split)))
		s.end()
		if wide > 0.09 {
			s.say("text", nanos(v), "class", "inside", "x", share(x+wide/2), "y", px(y+11), "dy", "0.35em", "text-anchor", "middle")
		}
		s.end()
		x += wide
	}
}

// partEntry is a part in the legend.
type partEntry struct {
	Swatch template.HTML
	Name   string
	About  string
}

func partLegend() []partEntry {
	var out []partEntry
	for _, p := range parts() {
		var s svg
		s.begin("svg", "class", "swatch "+p.class, "width", "16", "height", "12", "aria-hidden", "true")
		s.put("rect", "class", "part", "x", "1", "width", "14", "y", "0", "height", "12")
		out = append(out, partEntry{s.done(), p.name, p.about})
	}
	return out
}
