package experiment

import (
	"fmt"
	"math"
	"slices"

	"github.com/swapline/swapline/runtime/compare"
)

// tell says the verdict in a sentence, and what to do now.
func (p *Plan) tell(v compare.Verdict, x test) (sentence, next string) {
	a, b := x.units()
	if !v.Value.Known() {
		return "There is nothing to compare yet.", "Wait for calls."
	}
	return fmt.Sprintf("%s: %s; %s (%s).", p.headline(v), p.seen(v, x), p.surely(v, x), p.counts(a, b)), p.next(v, x)
}

// headline is what was found, in words.
func (p *Plan) headline(v compare.Verdict) string {
	switch {
	case v.Word == compare.Better:
		return "The candidate is better"
	case v.Word == compare.Worse:
		return "The candidate is worse"
	case v.Word == compare.Equivalent && p.Question.Hypothesis == compare.WhetherNotWorse:
		return "The candidate is not worse by more than " + p.margin()
	case v.Word == compare.Equivalent:
		return "The candidate is equivalent within " + p.margin()
	}
	return "No conclusion"
}

// seen is what was measured.
func (p *Plan) seen(v compare.Verdict, x test) string {
	a, b := x.values()
	label := natureOf(p.Metric).said
	if _, ok := x.(ratioTest); ok {
		return fmt.Sprintf("in the median pair it takes %s times as long, whichever ran first, medians %s against %s", p.change(v.Value.Point), p.value(b), p.value(a))
	}
	if p.Question.Scale == compare.Ratio {
		return fmt.Sprintf("its %s is %s times the reference's, %s against %s", label, p.change(v.Value.Point), p.value(b), p.value(a))
	}
	return fmt.Sprintf("its %s is %s against %s, %s", label, p.value(b), p.value(a), p.change(v.Value.Point))
}

// surely is the interval, and what it lacks.
func (p *Plan) surely(v compare.Verdict, x test) string {
	lo, hi := v.Value.Lo, v.Value.Hi
	most := math.Inf(1)
	if p.Question.Scale == compare.Difference {
		most = 1
	}
	var text string
	switch none := lo <= 0 && p.Question.Scale == compare.Ratio || lo <= -1; {
	case none && hi >= most:
		return "nothing is sure yet"
	case none:
		text = "surely under " + p.change(hi)
	case hi >= most:
		text = "surely over " + p.change(lo)
	default:
		text = "surely from " + p.change(lo) + " to " + p.change(hi)
	}
	switch {
	case v.Word != compare.Undecided:
		return text
	case !p.enough(x):
		return text + ", but too few were seen"
	case p.settled(v.Value):
		return text + ", which is better by less than the margin of " + p.margin()
	}
	return text + ", which reaches across the margin of " + p.margin()
}

func (p *Plan) counts(a, b int64) string {
	if p.paired() {
		return compare.Count(a) + " pairs"
	}
	return compare.Count(a) + " and " + compare.Count(b) + " " + p.noun()
}

// next is what to do now.
func (p *Plan) next(v compare.Verdict, x test) string {
	switch v.Word {
	case compare.Better, compare.Equivalent:
		return "Nothing that was asked speaks against the candidate: roll it out, or switch to it."
	case compare.Worse:
		return "Keep the reference."
	}
	a, b := x.units()
	if !p.enough(x) {
		return fmt.Sprintf("Wait: %s more %s are needed on the arm that has fewer.", compare.Count(p.Calls-min(a, b)), p.noun())
	}
	if p.settled(v.Value) {
		return "End it: the candidate is better, but by less than was asked for, and more calls will not change that."
	}
	return "Wait: " + p.needed(v, min(a, b))
}

// settled reports that no verdict will follow: who asks for better by a margin gets none
// about what is better by less.
func (p *Plan) settled(i compare.Interval) bool {
	return !slices.ContainsFunc(p.borders(), func(border float64) bool { return i.Lo <= border && border <= i.Hi })
}

// needed estimates how many units it takes, as an interval narrows with the root of
// their number.
func (p *Plan) needed(v compare.Verdict, have int64) string {
	half, far := p.width(v.Value)
	factor := math.Pow(half/far, 2)
	switch {
	case math.IsInf(half, 1):
		return "the interval is not bounded yet."
	case !(factor < 50):
		return "the value is so close to where verdicts change that it may take more than 50 times as many."
	}
	return fmt.Sprintf("about %s %s in the smaller arm would decide, if it goes on like this.", rough(float64(have)*math.Max(factor, 1.1)), p.noun())
}

// rough rounds up to two digits.
func rough(x float64) string {
	unit := math.Pow(10, math.Max(math.Floor(math.Log10(x))-1, 0))
	return compare.Count(int64(math.Ceil(x/unit) * unit))
}

// width is half of an interval, and how far its point is from where the verdict
// changes; logarithms, of ratios.
func (p *Plan) width(i compare.Interval) (half, far float64) {
	scale := func(x float64) float64 { return x }
	if p.Question.Scale == compare.Ratio {
		scale = math.Log
	}
	lo, hi, point := scale(i.Lo), scale(i.Hi), scale(i.Point)
	far = math.Inf(1)
	for _, border := range p.borders() {
		far = math.Min(far, math.Abs(scale(border)-point))
	}
	return (hi - lo) / 2, far
}
