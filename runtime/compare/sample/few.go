package sample

import (
	"math"
	"slices"

	"golang.org/x/perf/benchmath"
)

// Median is the median of a few independent values with an interval that assumes
// nothing of their distribution, and the level that it has: values are too few to
// have just the one that is asked for. Of less than 6 values at 0.95 it is all of
// them, at less: 0.9375 of 5.
func Median(values []float64, level float64) (i Interval, achieved float64) {
	if len(values) == 0 {
		return Unknown(), 0
	}
	sorted := slices.Sorted(slices.Values(values))
	t := benchmath.DefaultThresholds
	s := benchmath.AssumeNothing.Summary(benchmath.NewSample(sorted, &t), level)
	i, achieved = Interval{s.Lo, s.Center, s.Hi}, s.Confidence
	if !i.Bounded() {
		i.Lo, i.Hi = sorted[0], sorted[len(sorted)-1]
		achieved = 1 - math.Exp2(1-float64(len(sorted)))
	}
	return i, achieved
}
