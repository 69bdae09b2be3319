// Package sample infers from samples whose size was fixed beforehand: quantiles,
// medians and ratios with intervals, shifts and rank tests. Its functions are pure
// and safe for concurrent use; where chance is needed, its seed is passed in. They
// know nothing of what was measured.
//
// # Rounds
//
// Latencies of calls that follow each other resemble each other: a slow moment of
// the machine lasts. Ten thousand of them say less than their number. So values come
// in rounds, and the round is the unit of everything here: rounds are taken as
// independent of each other, values within a round are not. Rounds of two arms are
// pairs: the same inputs, run next to each other, so that what the machine does is
// in both and falls out of their ratio.
//
//	a := sample.Collect(rounds)        once for each arm
//	sample.MedianRatio(a, b, 0.95)     how many times a's the median of b is
//
// An interval says that with the probability of its level it holds the true value.
// What levels were measured to be is in docs/calibration.md.
//
// # Quantiles
//
// The p-quantile is where the distribution function reaches p. Values that are equal
// are taken as spread evenly over the tick of the clock that made them equal: half way
// to the nearer neighbour, either way, and not below 0. Without ties that is the
// usual quantile to within half a gap between two values. With a tick of 1 us it is
// still good to a small part of one, which a step would not be.
//
// # Intervals
//
// Of the ratio of medians, [MedianRatio]: each round gives one ratio, median by
// median. Under the claim that the ratio is r, a round's ratio is as probably above r
// as below, by as much. The Hodges-Lehmann estimate is the median of the averages of
// all pairs of their logarithms; the interval holds the r that Wilcoxon's signed-rank
// test would not refuse, and its level is exact, whatever the distribution, if arms
// differ by a factor. A round that was disturbed moves it little. [PairedRatio] does so
// with any one value per round, such as throughput. 95 % needs 6 rounds.
//
// Of other quantiles, [QuantileRatios]: the bootstrap over rounds. Rounds are drawn
// with replacement, pairs together, and the quantiles of what was drawn are those of
// all its values. Between two percentiles of the ratios of 2,000 draws lies the
// interval, with tails widened: to Phi(-t*sqrt(n/(n-1))), where t is Student's quantile
// with n-1 degrees of freedom, since n rounds drawn from themselves vary by too little
// (Hesterberg 2015). BCa's corrections, estimated from ten rounds, cost more than they
// bring: ratios are not skewed.
//
// Ratios of quantiles per round are not used there: the p99 of 500 values is that of
// its five largest, which is too low or high by a part that more rounds do not remove.
//
// A bootstrap cannot know of a tail that it has not seen. Where the values beyond a
// quantile come from fewer than 4 rounds, counted as (sum n)^2 / sum n^2 with n of
// them in each round, and where there are fewer than 5 rounds, there is a value, but no
// bounds: Lo is -Inf, or 0 of a ratio, and Hi +Inf. p99.9 needs some 10 values
// beyond it, in each arm: 10,000 calls.
//
// Of everything at once: [Band] around a distribution function, by the bootstrap over
// rounds, and [ShiftFunction] around the ratios of all quantiles. [DKW] is for
// independent values, which calls are not.
//
// # Tests
//
// [PairedShift] gives the p of Wilcoxon's test, [MannWhitney] of theirs, with ties, and
// [HodgesLehmann] the interval that belongs to it. All take their values as
// independent: give them one value per round. Given all calls, a test at 5 % finds
// a difference between identical arms in 8 to 82 % of the trials. The last two do not
// know of pairs: with rounds that differ much they see less, and are not wrong.
//
// [Trend] asks whether rounds drift, by Mann and Kendall's test.
//
// # Worked example
//
// In ten rounds the medians of a are 20, 22, 21, 25, 30, 24, 20, 21, 26, 23 us and
// those of b 22, 24, 23.5, 28, 33, 26, 22.5, 23, 29, 50: the last round of b was
// disturbed. The Hodges-Lehmann ratio is 1.108 and the interval at 95 % 1.095 to 1.540;
// without the last round 1.105, from 1.092 to 1.120.
//
// # Sources
//
// Quantiles with ties: Ma, Genton, Parzen, Asymptotic properties of sample quantiles of
// discrete distributions (2011), for why a step is worse. Few rounds:
// Hesterberg, What teachers should know about the bootstrap (2015). Ranks: Hollander, Wolfe, Nonparametric statistical methods.
// Bands: Massart, The tight constant in the Dvoretzky-Kiefer-Wolfowitz inequality
// (1990). Rounds of a tail: Kish, Survey sampling (1965), its effective sample size.
package sample

import "math"

// Interval is a value and how sure it is. Lo -Inf (0 of a ratio) and Hi +Inf say
// that there is too little to bound it; a NaN Point, that there is no value.
type Interval struct{ Lo, Point, Hi float64 }

// Unknown is the interval of what cannot be said.
func Unknown() Interval { return Interval{math.NaN(), math.NaN(), math.NaN()} }

// Known reports whether there is a value.
func (i Interval) Known() bool { return !math.IsNaN(i.Point) }

// Bounded reports whether there is a value and both its bounds.
func (i Interval) Bounded() bool {
	return i.Known() && !math.IsInf(i.Lo, 0) && !math.IsInf(i.Hi, 0) && !math.IsNaN(i.Lo) && !math.IsNaN(i.Hi)
}

// exp turns an interval of a logarithm into one of a ratio.
func (i Interval) exp() Interval { return Interval{math.Exp(i.Lo), math.Exp(i.Point), math.Exp(i.Hi)} }
