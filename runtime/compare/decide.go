package compare

import "math"

// Hypothesis is the question that a plan asks about an arm.
type Hypothesis string

// Hypotheses. The margin is how much counts: 0.05 of a ratio is 5 %, of a
// difference 5 points.
const (
	// WhetherEquivalent asks for the same within the margin, either way.
	WhetherEquivalent Hypothesis = "equivalent"
	// WhetherNotWorse asks for not worse by more than the margin (non-inferiority).
	WhetherNotWorse Hypothesis = "not_worse"
	// WhetherBetter asks for better by more than the margin, which may be 0.
	WhetherBetter Hypothesis = "better"
)

// Question is what an interval is held against.
type Question struct {
	Hypothesis     Hypothesis `json:"hypothesis"`
	Margin         float64    `json:"margin"`
	Scale          Scale      `json:"-"`
	HigherIsBetter bool       `json:"-"`
}

// Decide turns an interval into a verdict. Each verdict but undecided is wrong
// only if the interval lacks the true value, so at most at the interval's level,
// and more data may sharpen it but does not turn it round:
//
//	                 equivalent            not_worse          better
//	worse            beyond the margin     beyond the margin  worse at all
//	equivalent       within, either way    not beyond         -
//	better           beyond, other way     better at all      beyond, other way
//
// notWorse says that the interval is not beyond the margin, whatever was asked.
func (q Question) Decide(i Interval) (word Word, notWorse bool) {
	lo, hi := q.loss(i)
	worst, best := q.bounds()
	none := 0.0
	notWorse = hi < worst
	switch {
	case !i.Known():
		return Undecided, false
	case q.Hypothesis == WhetherNotWorse && hi < none:
		return Better, true
	case q.Hypothesis == WhetherNotWorse && notWorse:
		return Equivalent, true
	case hi < best:
		return Better, true
	case q.Hypothesis == WhetherEquivalent && lo > best && notWorse:
		return Equivalent, true
	case lo > worst, q.Hypothesis == WhetherBetter && lo > none:
		return Worse, notWorse
	}
	return Undecided, notWorse
}

// loss turns an interval so that more is worse and 0 is no change: ratios become
// logarithms.
func (q Question) loss(i Interval) (lo, hi float64) {
	lo, hi = i.Lo, i.Hi
	if q.Scale == Ratio {
		lo, hi = math.Log(max(lo, 0)), math.Log(max(hi, 0))
	}
	if q.HigherIsBetter {
		lo, hi = -hi, -lo
	}
	return lo, hi
}

// bounds are the losses that are the margin, either way. Of a ratio 1.25 times
// as long is as far from the same as 1/1.25.
func (q Question) bounds() (worst, best float64) {
	worst = q.Margin
	if q.Scale == Ratio {
		worst = math.Log1p(q.Margin)
	}
	return worst, -worst
}
