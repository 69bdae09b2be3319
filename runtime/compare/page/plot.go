package page

import (
	"html/template"
	"strconv"
	"strings"
)

// plot is a picture with two axes. Its width is that of the window: x is placed in
// shares of it, y in pixels from above.
type plot struct {
	svg
	x, y   axis
	height float64
}

// canvas is the width that stretched curves are drawn on.
const canvas = 1000

// picture begins an image that machines can read aloud.
func picture(s *svg, id, class, title, about string, height float64) {
	s.begin("svg", "class", class, "width", "100%", "height", px(height), "role", "img", "aria-labelledby", id+"-t "+id+"-d", "xmlns", "http://www.w3.org/2000/svg")
	s.say("title", title, "id", id+"-t")
	s.say("desc", about, "id", id+"-d")
}

// newPlot begins a plot with its grid and labels.
func newPlot(id, title, about string, x, y axis, height float64) *plot {
	p := &plot{x: x, y: y, height: height}
	picture(&p.svg, id, "plot", title, about, height+40)
	for _, t := range y.ticks {
		at := px(p.down(t.at))
		p.put("line", "class", "grid", "x1", "0", "x2", "100%", "y1", at, "y2", at)
		named(&p.svg, t, "class", "tick", "x", "-8", "y", at, "dy", "0.35em", "text-anchor", "end")
	}
	for _, t := range x.ticks {
		at := share(x.at(t.at))
		p.put("line", "class", "grid", "x1", at, "x2", at, "y1", "0", "y2", px(height))
		named(&p.svg, t, "class", classes("tick", t.minor, "minor"), "x", at, "y", px(height+16), "text-anchor", "middle")
	}
	p.put("line", "class", "base", "x1", "0", "x2", "100%", "y1", px(height), "y2", px(height))
	p.say("text", x.label, "class", "label", "x", "100%", "y", px(height+34), "text-anchor", "end")
	return p
}

// named writes a tick's name, if it has one.
func named(s *svg, t tick, attributes ...string) {
	if t.text != "" {
		s.say("text", t.text, attributes...)
	}
}

func classes(always string, also bool, then string) string {
	if also {
		return always + " " + then
	}
	return always
}

// down is where a value of the y axis is.
func (p *plot) down(v float64) float64 { return p.height * (1 - p.y.at(v)) }

// level draws a line across at a value of y, with a name at its right end.
func (p *plot) level(class string, v float64, name string) {
	if !p.y.inside(v) {
		return
	}
	at := p.down(v)
	p.put("line", "class", class, "x1", "0", "x2", "100%", "y1", px(at), "y2", px(at))
	if name != "" {
		p.say("text", name, "class", "note", "x", "100%", "y", px(at-4), "text-anchor", "end")
	}
}

// zone shades what lies between two values of y.
func (p *plot) zone(class string, lo, hi float64) {
	top, bottom := p.down(p.y.pin(hi)), p.down(p.y.pin(lo))
	p.put("rect", "class", class, "x", "0", "width", "100%", "y", px(top), "height", px(bottom-top))
}

// stretched begins a part whose curves fill the width and are cut at the edges.
func (p *plot) stretched() {
	p.begin("svg", "viewBox", "0 0 "+strconv.Itoa(canvas)+" "+px(p.height), "preserveAspectRatio", "none", "width", "100%", "height", px(p.height))
}

// curve draws a line through points, within a stretched part.
func (p *plot) curve(class string, points []spot) {
	if len(points) == 0 {
		return
	}
	p.put("path", "class", class, "d", "M"+p.trail(points))
}

// ribbon fills what lies between two lines.
func (p *plot) ribbon(class string, upper, lower []spot) {
	if len(upper) == 0 || len(lower) == 0 {
		return
	}
	back := make([]spot, len(lower))
	for i, s := range lower {
		back[len(lower)-1-i] = s
	}
	p.put("path", "class", class, "d", "M"+p.trail(upper)+"L"+p.trail(back)+"Z")
}

// spot is a place in values of both axes.
type spot struct{ x, y float64 }

func (p *plot) trail(points []spot) string {
	parts := make([]string, len(points))
	for i, s := range points {
		parts[i] = px(p.x.at(s.x)*canvas) + " " + px(p.down(s.y))
	}
	return strings.Join(parts, "L")
}

// mark puts an arm's sign at a place; what it says is shown when pointed at.
func (p *plot) mark(arm int, s spot, about string) {
	sign(&p.svg, arm, share(p.x.at(p.x.pin(s.x))), p.down(p.y.pin(s.y)), about)
}

// sign draws an arm's sign.
func sign(s *svg, arm int, x string, y float64, about string) {
	s.begin("svg", "x", x, "y", px(y), "overflow", "visible", "class", tint(arm))
	if about != "" {
		s.say("title", about)
	}
	s.put("path", "class", "sign", "d", shape(arm))
	s.end()
}

// shape is the outline of an arm's sign around 0, 0.
func shape(arm int) string {
	shapes := []string{
		"M-4 0A4 4 0 1 1 4 0A4 4 0 1 1-4 0Z", // circle
		"M-4-4H4V4H-4Z",                      // square
		"M0-5L5 4H-5Z",                       // triangle
		"M0-5.5L5.5 0 0 5.5-5.5 0Z",          // diamond
		"M0 5L5-4H-5Z",                       // triangle, head down
		"M-2-5H2V-2H5V2H2V5H-2V2H-5V-2H-2Z",  // plus
		"M-5-3H5V3H-5Z",                      // bar
		"M-3-5H3V5H-3Z",                      // post
	}
	return shapes[arm%len(shapes)]
}

// tint is the class that gives an arm its colour.
func tint(arm int) string { return "a" + strconv.Itoa(arm) }

// swatch is an arm's line and sign, for legends and tables.
func swatch(arm int) template.HTML {
	var s svg
	s.begin("svg", "class", "swatch "+tint(arm), "width", "26", "height", "12", "aria-hidden", "true")
	s.put("line", "class", "line", "x1", "1", "x2", "25", "y1", "6", "y2", "6")
	sign(&s, arm, "13", 6, "")
	return s.done()
}
