package sample

import (
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// Options say how sure an interval is to be, and how it is computed.
type Options struct {
	Level     float64 // probability that the interval holds the true value: 0.95
	Resamples int     // of the bootstrap: 2,000
	Seed      uint64  // the same seed gives the same intervals
}

// resampled is a statistic of the rounds as they are, and of rounds drawn with
// replacement.
type resampled struct {
	rounds int
	point  float64
	drawn  []float64
}

// resample computes k statistics. Each takes the i-th round w[i] times.
func (o Options) resample(rounds, k int, statistics func(w, out []float64)) []resampled {
	out := make([]resampled, k)
	values, w := make([]float64, k), make([]float64, rounds)
	for i := range w {
		w[i] = 1
	}
	statistics(w, values)
	for j := range out {
		out[j] = resampled{rounds, values[j], make([]float64, 0, max(o.Resamples, 0))}
	}
	random := rand.New(rand.NewPCG(o.Seed, uint64(rounds))) //nolint:gosec // chance, not secrecy
	for range o.Resamples {
		clear(w)
		for range rounds {
			w[random.IntN(rounds)]++
		}
		statistics(w, values)
		for j := range out {
			out[j].drawn = append(out[j].drawn, values[j])
		}
	}
	return out
}

// percentiles is the interval between two percentiles of what was drawn, with tails
// widened for few rounds (Hesterberg 2015).
func (s resampled) percentiles(level float64) Interval {
	if len(s.drawn) == 0 || slices.ContainsFunc(s.drawn, math.IsNaN) {
		return unbounded(s.point)
	}
	drawn := slices.Sorted(slices.Values(s.drawn))
	z := widened(level, s.rounds)
	lo, hi := orderAt(drawn, distuv.UnitNormal.CDF(-z)), orderAt(drawn, distuv.UnitNormal.CDF(z))
	return Interval{min(lo, s.point), s.point, max(hi, s.point)}
}

// widened is the normal quantile that makes percentile intervals of so many rounds
// as wide as Student's.
func widened(level float64, rounds int) float64 {
	n := float64(rounds)
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: n - 1}.Quantile((1 + level) / 2)
	return t * math.Sqrt(n/(n-1))
}

// orderAt is the value at a share of sorted values.
func orderAt(sorted []float64, share float64) float64 {
	at := share*float64(len(sorted)+1) - 1
	i := min(max(int(math.Floor(at)), 0), len(sorted)-1)
	next := min(i+1, len(sorted)-1)
	part := min(max(at-float64(i), 0), 1)
	return sorted[i] + part*(sorted[next]-sorted[i])
}
