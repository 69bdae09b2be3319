package sequential

import "math"

// MeanFrom is from how many values of each arm on [MeanChange] says something. [Mean]
// needs ten times as many: it has no other arm to tell it what a rare large value
// does.
const MeanFrom = 100

// Mean is an asymptotic confidence sequence of a mean, from the number of values,
// their sum and the sum of their squares. Both ends are infinite below 10*MeanFrom
// values. At a level of 0.001 and 5,000 looks it was
// wrong about exponential values in 0.1 % of the simulations, and about log-normal
// ones of sigma 1 in 0.2 %.
func Mean(n int64, sum, squares, alpha float64) (lo, hi float64) {
	mean, variance := moments(n, sum, squares)
	return around(mean, variance/float64(n), float64(n), n >= 10*MeanFrom, alpha)
}

// MeanChange is an asymptotic confidence sequence of the first mean minus the
// second; both arms need MeanFrom values. Each arm's error is taken from the larger
// one of their variances: a small arm that lacks the rare large values does not know
// how unsure it is. For a quotient q of means multiply the second sum by q and its
// squares by q*q, and look at which side of 0 the interval is.
func MeanChange(n1 int64, sum1, squares1 float64, n2 int64, sum2, squares2, alpha float64) (lo, hi float64) {
	mean1, variance1 := moments(n1, sum1, squares1)
	mean2, variance2 := moments(n2, sum2, squares2)
	first, second := float64(n1), float64(n2)
	variance := math.Max(variance1, variance2)
	return around(mean1-mean2, variance/first+variance/second,
		first*second/(first+second), n1 >= MeanFrom && n2 >= MeanFrom, alpha)
}

// moments are the mean and the variance of values. To the variance is added what n
// additions may have lost of it: a small scatter around a large mean is no certainty.
func moments(n int64, sum, squares float64) (mean, variance float64) {
	const rounding = 0x1p-51 // of a sum, at each addition
	mean = sum / float64(n)
	return mean, math.Max(0, squares/float64(n)-mean*mean) + rounding*squares
}

// around is the interval of Waudby-Smith et al. (theorem 2.2) around a mean with the
// variance of its error after n values, narrowest near 1,000 of them.
func around(mean, variance, n float64, enough bool, alpha float64) (lo, hi float64) {
	need := needed(alpha)
	if !enough || math.IsInf(need, 1) || math.IsNaN(mean) || math.IsInf(mean, 0) {
		return math.Inf(-1), math.Inf(1)
	}
	grown := 1 + n*(2*need+math.Log(1+2*need))/1000
	radius := math.Sqrt(variance * 2 * grown / (grown - 1) * (math.Log(grown)/2 + need))
	if math.IsNaN(radius) {
		return math.Inf(-1), math.Inf(1)
	}
	return mean - radius, mean + radius
}
