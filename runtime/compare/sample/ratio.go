package sample

import "math"

// leastRounds is what a bootstrap over rounds needs to mean anything.
const leastRounds = 5

// leastSpread is from how many rounds the values beyond a quantile have to come.
const leastSpread = 4

// QuantileRatios are those of b by those of a at each of ps, with percentile
// intervals from the bootstrap over the rounds, which are drawn as pairs. An
// interval is unbounded where the values beyond the quantile come from too few rounds of
// either arm, see the package comment; all are unknown if the rounds are no pairs.
func QuantileRatios(a, b *Rounds, ps []float64, o Options) []Interval {
	out := o.intervals(pairs(a, b), len(ps), func(w, out []float64) {
		for i, p := range ps {
			out[i] = math.Log(quotient(b.quantile(p, w), a.quantile(p, w)))
		}
	})
	for i, p := range ps {
		if !supported(a, b, p) {
			out[i] = unbounded(out[i].Point)
		}
		out[i] = out[i].exp()
	}
	return out
}

// supported reports whether the bootstrap can bound a ratio of quantiles.
func supported(a, b *Rounds, p float64) bool {
	return min(a.spread(p), b.spread(p)) >= leastSpread
}

// unbounded is a value of which no more is known.
func unbounded(point float64) Interval {
	if math.IsNaN(point) {
		return Unknown()
	}
	return Interval{math.Inf(-1), point, math.Inf(1)}
}

// MedianRatio is how many times the median of a the median of b is: [PairedRatio] of
// the rounds' medians.
func MedianRatio(a, b *Rounds, level float64) Interval {
	return PairedRatio(a.Quantiles(0.5), b.Quantiles(0.5), level)
}

// MeanRatio is the mean of b by that of a, with a percentile interval from the
// bootstrap over the rounds, which are drawn as pairs.
func MeanRatio(a, b *Rounds, o Options) Interval {
	return o.intervals(pairs(a, b), 1, func(w, out []float64) {
		out[0] = math.Log(quotient(b.mean(w), a.mean(w)))
	})[0].exp()
}

// RatioOfMeans is [MeanRatio] of one value per round: what a whole round took in
// one arm by what it took in the other. Unknown if any value is no number.
func RatioOfMeans(a, b []float64, o Options) Interval {
	if len(a) != len(b) || math.IsNaN(sum(a)+sum(b)) || math.IsInf(sum(a)+sum(b), 0) {
		return Unknown()
	}
	return MeanRatio(oneEach(a), oneEach(b), o)
}

func oneEach(values []float64) *Rounds {
	rounds := make([][]float64, len(values))
	for i := range values {
		rounds[i] = values[i : i+1]
	}
	return Collect(rounds)
}

// pairs is how many rounds there are of both, 0 if they are no pairs.
func pairs(a, b *Rounds) int {
	if a.Len() != b.Len() {
		return 0
	}
	return a.Len()
}

// quotient is NaN where a ratio means nothing.
func quotient(b, a float64) float64 {
	if !(a > 0) || !(b > 0) {
		return math.NaN()
	}
	return b / a
}

// intervals are those of k statistics: unbounded of few rounds, unknown of none.
func (o Options) intervals(rounds, k int, statistics func(w, out []float64)) []Interval {
	out := make([]Interval, k)
	if rounds == 0 {
		for i := range out {
			out[i] = Unknown()
		}
		return out
	}
	if rounds < leastRounds {
		o.Resamples = 0
	}
	for i, s := range o.resample(rounds, k, statistics) {
		out[i] = s.percentiles(o.Level)
	}
	return out
}
