package page

import (
	"html"
	"html/template"
	"math"
	"strconv"
	"strings"
)

// svg writes elements. What it is given is escaped; names of elements and
// attributes are the package's own.
type svg struct {
	b    strings.Builder
	open []string
}

// begin opens an element; attributes are pairs of name and value.
func (s *svg) begin(name string, attributes ...string) {
	s.tag(name, attributes)
	s.b.WriteString(">")
	s.open = append(s.open, name)
}

// end closes the element that was opened last.
func (s *svg) end() {
	s.b.WriteString("</" + s.open[len(s.open)-1] + ">")
	s.open = s.open[:len(s.open)-1]
}

// put writes an element without content.
func (s *svg) put(name string, attributes ...string) {
	s.tag(name, attributes)
	s.b.WriteString("/>")
}

// say writes an element that holds text.
func (s *svg) say(name, content string, attributes ...string) {
	s.tag(name, attributes)
	s.b.WriteString(">" + html.EscapeString(content) + "</" + name + ">")
}

func (s *svg) tag(name string, attributes []string) {
	s.b.WriteString("<" + name)
	for i := 0; i+1 < len(attributes); i += 2 {
		s.b.WriteString(" " + attributes[i] + `="` + html.EscapeString(attributes[i+1]) + `"`)
	}
}

// done closes what is open and returns the markup.
func (s *svg) done() template.HTML {
	for len(s.open) > 0 {
		s.end()
	}
	return template.HTML(s.b.String()) //nolint:gosec // all that went in was escaped
}

// px writes a length.
func px(f float64) string {
	if math.IsNaN(f) {
		f = 0
	}
	return strconv.FormatFloat(math.Round(min(max(f, -1e5), 1e5)*100)/100, 'f', -1, 64)
}

// share writes a share of the width.
func share(f float64) string { return px(f*100) + "%" }
