package page

import (
	"bytes"
	"encoding/json"
	"html/template"
	"slices"
	"strconv"

	"github.com/swapline/swapline/runtime/compare"
)

// grid is a table with an arm in each column.
type grid struct {
	Head []entry
	Rows []gridRow
}

// gridRow is a line of a grid. One without any value is not in it.
type gridRow struct {
	Name  string
	Cells []cell
}

// cell is a value, with what makes it exact beneath.
type cell struct {
	Text, Exact string
	Bar         template.HTML
	Code        bool
}

// add puts a line in, unless no arm has anything to say.
func (g *grid) add(name string, t team, say func(compare.Arm) cell) {
	r := gridRow{Name: name}
	any := false
	for _, a := range t.arms {
		c := say(a)
		any = any || c.Text != ""
		if c.Text == "" {
			c.Text = none
		}
		r.Cells = append(r.Cells, c)
	}
	if any {
		g.Rows = append(g.Rows, r)
	}
}

// costs is where the time of arms goes, and what they cost besides. The small parts
// have no number in the picture.
func costs(t team) grid {
	g := grid{Head: t.legend()}
	for _, p := range parts() {
		g.add("Time: "+p.name, t, func(a compare.Arm) cell {
			if total(a.Split) <= 0 || !(p.pick(a.Split) >= 0) || unknown(p.pick(a.Split)) {
				return cell{}
			}
			return cell{Text: nanos(p.pick(a.Split)), Exact: percent(p.pick(a.Split) / total(a.Split))}
		})
	}
	number := func(name string, pick func(*compare.Cost) float64, say func(float64) string) {
		g.number(name, t, func(c *compare.Cost) compare.Interval { return compare.Interval{Point: pick(c)} }, say)
	}
	number("Throughput"+callers(t), func(c *compare.Cost) float64 { return c.Throughput }, func(f float64) string { return digits(f) + " /s" })
	number("Processors that this took", func(c *compare.Cost) float64 { return c.Processors }, digits)
	number("Processor time of a call", func(c *compare.Cost) float64 { return c.CPU }, nanos)
	number("Of that in a process of its own", func(c *compare.Cost) float64 { return c.CPUElsewhere }, nanos)
	number("Collecting its garbage, estimate", func(c *compare.Cost) float64 { return c.Collecting }, nanos)
	if collected(t) {
		number("Whole process, by the calls", func(c *compare.Cost) float64 { return c.CPUProcess }, nanos)
	}
	number("Instructions of a call", func(c *compare.Cost) float64 { return c.Instructions }, digits)
	number("Allocations of a call", func(c *compare.Cost) float64 { return c.Allocs }, digits)
	number("Allocated by a call", func(c *compare.Cost) float64 { return c.AllocBytes }, octets)
	number("Copied in over the boundary", func(c *compare.Cost) float64 { return c.BytesIn }, octets)
	number("Copied out", func(c *compare.Cost) float64 { return c.BytesOut }, octets)
	number("Memory that copies hold", func(c *compare.Cost) float64 { return float64(c.Memory) }, octets)
	number("Copies", func(c *compare.Cost) float64 { return float64(c.Instances) }, func(f float64) string { return compare.Count(int64(f)) })
	g.number("Compile, nothing cached", t, func(c *compare.Cost) compare.Interval { return c.Compile }, nanos)
	number("Of that opening and initialising", func(c *compare.Cost) float64 { return c.Opening }, nanos)
	g.number("Make a copy", t, func(c *compare.Cost) compare.Interval { return c.Instantiate }, nanos)
	g.number("First call of a copy", t, func(c *compare.Cost) compare.Interval { return c.Cold }, nanos)
	return g
}

// collected reports whether the whole process used more than the calls alone: a
// collection ran. If not, its number would be that of the calls once more.
func collected(t team) bool {
	return slices.ContainsFunc(t.arms, func(a compare.Arm) bool { return a.Cost != nil && a.Cost.CPUProcess != a.Cost.CPU })
}

// number adds a line of values, each with its length beside the others', and with its
// interval if it has one.
func (g *grid) number(name string, t team, pick func(*compare.Cost) compare.Interval, say func(float64) string) {
	known := func(a compare.Arm) (compare.Interval, bool) {
		if a.Cost == nil {
			return compare.Interval{}, false
		}
		i := pick(a.Cost)
		return i, i.Point > 0 && finite(i.Point)
	}
	most := 0.0
	for _, a := range t.arms {
		if i, ok := known(a); ok {
			most = max(most, i.Point)
		}
	}
	g.add(name, t, func(a compare.Arm) cell {
		i, ok := known(a)
		if !ok {
			return cell{}
		}
		c := cell{Text: say(i.Point), Bar: strip(i.Point, most)}
		if finite(i.Lo) && finite(i.Hi) && i.Lo < i.Hi {
			c.Exact = say(i.Lo) + " to " + say(i.Hi)
		}
		return c
	})
}

func callers(t team) string {
	for _, a := range t.arms {
		if a.Cost != nil && a.Cost.Callers > 1 {
			return ", " + strconv.Itoa(a.Cost.Callers) + " callers"
		}
	}
	return ""
}

// strip is a value as a length, within its line of the table.
func strip(v, most float64) template.HTML {
	var s svg
	s.begin("svg", "class", "strip", "width", "100%", "height", "4", "aria-hidden", "true")
	s.put("rect", "x", "0", "y", "0", "height", "4", "width", share(min(v/most, 1)))
	return s.done()
}

// counts is how much was seen of each arm.
func counts(t team) grid {
	g := grid{Head: t.legend()}
	number := func(name string, pick func(compare.Arm) int64, zero bool) {
		g.add(name, t, func(a compare.Arm) cell {
			if n := pick(a); n != 0 || zero {
				return cell{Text: compare.Count(n)}
			}
			return cell{}
		})
	}
	if len(t.arms) == 0 {
		return g
	}
	number("Calls", func(a compare.Arm) int64 { return a.Calls }, true)
	number("Units", func(a compare.Arm) int64 { return a.Units }, false)
	number("Faults", func(a compare.Arm) int64 { return a.Faults }, true)
	number("Business errors", func(a compare.Arm) int64 { return a.Business }, true)
	return g
}

// identity says what exactly was compared.
func identity(t team) grid {
	g := grid{Head: t.legend()}
	words := func(name string, pick func(compare.Arm) string) {
		g.add(name, t, func(a compare.Arm) cell { return cell{Text: text(pick(a), short)} })
	}
	words("Version", func(a compare.Arm) string { return a.Version })
	words("Kind", func(a compare.Arm) string { return a.Kind })
	words("Engine", func(a compare.Arm) string { return a.Engine })
	words("Isolation", func(a compare.Arm) string { return a.Isolation })
	g.add("Size", t, func(a compare.Arm) cell {
		if a.Size <= 0 {
			return cell{}
		}
		return cell{Text: octets(float64(a.Size))}
	})
	code := func(name string, pick func(compare.Arm) string) {
		g.add(name, t, func(a compare.Arm) cell { return cell{Text: text(pick(a), short), Code: true} })
	}
	code("Release", func(a compare.Arm) string { return a.Digest })
	code("Artifact", func(a compare.Arm) string { return a.Artifact })
	return g
}

func facts(h compare.Host) []fact {
	var out []fact
	for _, f := range []fact{{"Swapline", h.Version}, {"Go", h.Go}, {"System", h.OS + "/" + h.Arch}, {"Processor", h.Processor},
		{"Processors", compare.Count(int64(h.Processors))}, {"Seed", strconv.FormatUint(h.Seed, 10)}} {
		if v := text(f.Value, short); v != "" && v != "/" && v != "0" {
			out = append(out, fact{f.Name, v})
		}
	}
	return out
}

// pretty is JSON with line breaks, or as it is if it is none.
func pretty(raw json.RawMessage) string {
	var b bytes.Buffer
	if len(raw) == 0 || len(raw) > 1<<20 || json.Indent(&b, raw, "", "  ") != nil {
		return lines(string(raw[:min(len(raw), 8*block)]), block)
	}
	return lines(b.String(), block)
}
