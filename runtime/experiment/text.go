package experiment

import (
	"math"
	"strconv"

	"github.com/swapline/swapline/runtime/compare"
)

// noun is what is counted as one.
func (p *Plan) noun() string {
	switch {
	case p.paired():
		return "pairs"
	case p.keyed():
		return "keys"
	}
	return "calls"
}

func part(k, n int64) string { return percentage(float64(k) / float64(max(n, 1))) }

// percentage has three digits that say something.
func percentage(share float64) string { return compare.Digits(100*share, 3) + " %" }

// value shows a metric's value.
func (p *Plan) value(x float64) string {
	switch natureOf(p.Metric).unit {
	case "ns":
		return compare.Time(x)
	case "share":
		return percentage(x)
	}
	return compare.Digits(x, 4)
}

// change shows a change: 1.05 times, or +0.3 points.
func (p *Plan) change(x float64) string {
	if p.Question.Scale == compare.Ratio {
		return strconv.FormatFloat(x, 'f', 3, 64)
	}
	s := compare.Digits(100*x, 2)
	if x > 0 {
		s = "+" + s
	}
	return s + " points"
}

// margin shows what counts.
func (p *Plan) margin() string {
	return strconv.FormatFloat(math.Round(1e6*p.Question.Margin)/1e4, 'f', -1, 64) +
		either(p.Question.Scale == compare.Ratio, " %", " points")
}

func either[T any](ok bool, yes, no T) T {
	if ok {
		return yes
	}
	return no
}
