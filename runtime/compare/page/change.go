package page

import (
	"math"

	"github.com/swapline/swapline/runtime/compare"
)

// scaleOf takes what is no scale for that of ratios.
func scaleOf(s compare.Scale) compare.Scale {
	if s == compare.Difference {
		return s
	}
	return compare.Ratio
}

// around is the change that is none, and the ends of the margin on both sides of it.
func around(scale compare.Scale, margin float64) (lo, same, hi float64) {
	if scale == compare.Difference {
		return -margin, 0, margin
	}
	return 1 / (1 + margin), 1, 1 + margin
}

// changeAxis is an axis on which changes and the margin fit.
func changeAxis(list []compare.Interval, scale compare.Scale, margin float64) axis {
	if scale == compare.Difference {
		return pointsAxis(list, margin)
	}
	lo, hi := 1.0, 1.0
	for _, i := range list {
		lo, hi = widen(lo, hi, i)
	}
	lo, hi = withMargin(lo, hi, margin)
	return ratios("arm / reference, logarithmic", lo, hi)
}

// pointsAxis is a linear axis of differences of shares.
func pointsAxis(list []compare.Interval, margin float64) axis {
	far := 0.001
	for _, i := range list {
		for _, v := range []float64{i.Lo, i.Point, i.Hi} {
			if !unknown(v) {
				far = max(far, min(math.Abs(v)*1.1, 1))
			}
		}
	}
	if margin < 1 {
		far = max(far, margin*1.2)
	}
	a := axis{label: "arm − reference, percentage points", lo: -far, hi: far, scale: linear}
	a.ticks = steps(-far, far, 6, func(v float64) string { return signed(v, rounded(digits(v*100))) })
	return a
}

// widen stretches a range of ratios so that an interval fits, if it is not absurd.
func widen(lo, hi float64, i compare.Interval) (float64, float64) {
	for _, v := range []float64{i.Lo, i.Point, i.Hi} {
		if v > 0 && !math.IsInf(v, 1) {
			lo, hi = min(lo, v), max(hi, v)
		}
	}
	return lo, hi
}

// withMargin stretches a range of ratios so that the margin fits, with some air.
func withMargin(lo, hi, margin float64) (float64, float64) {
	if margin > 0 && margin < 100 {
		lo, hi = min(lo, 1/(1+margin)), max(hi, 1+margin)
	}
	air := math.Pow(hi/lo, 0.08)
	return lo / air, hi * air
}
