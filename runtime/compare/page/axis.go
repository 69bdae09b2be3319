package page

import (
	"math"
	"strconv"
)

// axis places values: at lo is 0, at hi is 1.
type axis struct {
	label  string
	lo, hi float64
	scale  func(float64) float64
	ticks  []tick
}

// tick is a place on an axis with a name, or only a line. Minor names are left out on
// a phone.
type tick struct {
	at    float64
	text  string
	minor bool
}

func linear(f float64) float64 { return f }

// probit stretches both ends of a distribution alike: on it a normal one is a line.
func probit(p float64) float64 {
	p = min(max(p, 1e-6), 1-1e-6)
	return math.Sqrt2 * math.Erfinv(2*p-1)
}

// at is where a value is, a bit beyond the ends at most. What is unknown is at 0.
func (a axis) at(v float64) float64 {
	lo, hi := a.scale(a.lo), a.scale(a.hi)
	f := (a.scale(v) - lo) / (hi - lo)
	if math.IsNaN(f) {
		return 0
	}
	return min(max(f, -0.05), 1.05)
}

// inside reports whether a value is on the axis.
func (a axis) inside(v float64) bool { return v >= a.lo && v <= a.hi }

// pin moves a value that is beyond the axis to its end.
func (a axis) pin(v float64) float64 { return min(max(v, a.lo), a.hi) }

// durations is a logarithmic axis of nanoseconds.
func durations(label string, lo, hi float64) axis {
	lo, hi = span(lo, hi, 1, 1e13)
	return axis{label, lo, hi, math.Log10, decades(lo, hi, brief)}
}

// ratios is a logarithmic axis around 1.
func ratios(label string, lo, hi float64) axis {
	lo, hi = span(min(lo, 0.99), max(hi, 1.01), 1e-3, 1e3)
	a := axis{label: label, lo: lo, hi: hi, scale: math.Log10}
	name := func(f float64) string { return strconv.FormatFloat(f, 'g', 4, 64) + "×" }
	if hi/lo < 4 {
		a.ticks = steps(lo, hi, 6, name)
		return a
	}
	a.ticks = decades(lo, hi, name)
	return a
}

// elapsed is a linear axis of time since the start, in nanoseconds.
func elapsed(label string, from, hi float64) axis {
	_, hi = span(1, hi, 1, 1e18)
	lo := 0.0
	if from > 0 {
		lo = min(from, hi*0.95)
	}
	unit := 1e9
	switch {
	case hi >= 3*3600e9:
		unit = 3600e9
	case hi >= 300e9:
		unit = 60e9
	case hi < 2e9:
		unit = 1e6
	}
	var ticks []tick
	for _, t := range steps(lo/unit, hi/unit, 6, digits) {
		ticks = append(ticks, tick{t.at * unit, brief(t.at * unit), t.minor})
	}
	return axis{label, lo, hi, linear, ticks}
}

// shares is a linear axis from 0 to 1.
func shares(label string) axis {
	return axis{label, 0, 1, linear, []tick{{0, "0 %", false}, {0.25, "25 %", false}, {0.5, "50 %", false}, {0.75, "75 %", false}, {1, "100 %", false}}}
}

// quantiles is an axis of shares that shows both ends.
func quantiles(label string, lo, hi float64) axis {
	a := axis{label: label, lo: min(max(lo, 0.001), 0.25), hi: max(min(hi, 0.9999), 0.75), scale: probit}
	for _, t := range []tick{{0.001, "0.1", true}, {0.01, "1", true}, {0.1, "10", false}, {0.25, "25", true}, {0.5, "50", false}, {0.75, "75", true},
		{0.9, "90", false}, {0.99, "99", false}, {0.999, "99.9", false}, {0.9999, "99.99", true}} {
		if a.inside(t.at) {
			a.ticks = append(a.ticks, tick{t.at, "p" + t.text, t.minor})
		}
	}
	return a
}

// span makes two ends into a range that can be drawn: finite, in order, not empty.
func span(lo, hi, least, most float64) (float64, float64) {
	if math.IsNaN(lo) || lo < least {
		lo = least
	}
	if math.IsNaN(hi) || hi > most {
		hi = most
	}
	lo = min(lo, most/2)
	return lo, max(hi, lo*1.05)
}

// crowded is from how many powers of ten only those have names: two pictures beside
// each other have 50 pixels from 1 to 2 then, and "500 µs" takes 45.
const crowded = 2.2

// decades are 1, 2 and 5 times powers of ten, fewer where there are many.
func decades(lo, hi float64, name func(float64) string) []tick {
	wide := math.Log10(hi / lo)
	var out []tick
	for e := math.Floor(math.Log10(lo)); e <= math.Log10(hi); e++ {
		for _, m := range []float64{1, 2, 5} {
			at := m * math.Pow(10, e)
			if at < lo*0.999 || at > hi*1.001 || m != 1 && wide > 4 {
				continue
			}
			t := tick{at, name(at), m != 1 && wide > 1.5}
			if m != 1 && wide > crowded {
				t.text = ""
			}
			out = append(out, t)
		}
	}
	if len(out) < 3 {
		return steps(lo, hi, 5, name)
	}
	return out
}

// steps are about so many evenly spaced round numbers.
func steps(lo, hi float64, about int, name func(float64) string) []tick {
	step := round((hi - lo) / float64(about))
	var out []tick
	for i := math.Ceil(lo / step * 0.9999); i*step <= hi*1.0001 && len(out) < 4*about; i++ {
		out = append(out, tick{i * step, name(i * step), len(out)%2 == 1})
	}
	return out
}

// round is the next 1, 2 or 5 times a power of ten.
func round(f float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(f)))
	for _, m := range []float64{1, 2, 5} {
		if f <= m*power*1.0001 {
			return m * power
		}
	}
	return 10 * power
}
