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
	// Accelerated asks for BCa for ratios, too. With few rounds it holds less than
	// what they have otherwise; it is there to be compared.
	Accelerated bool
}

// resampled is a statistic of the rounds as they are, of rounds drawn with
// replacement, and of all rounds but one.
type resampled struct {
	point float64
	drawn []float64
	left  []float64
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
		out[j] = resampled{values[j], make([]float64, 0, max(o.Resamples, 0)), make([]float64, 0, rounds)}
	}
	for i := range w {
		w[i] = 0
		statistics(w, values)
		w[i] = 1
		for j := range out {
			out[j].left = append(out[j].left, values[j])
		}
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

// kind is how an interval is made of what was drawn.
type kind func(s resampled, level float64) Interval

// percentile is between two percentiles of what was drawn, with tails widened for
// few rounds (Hesterberg 2015).
func percentile(s resampled, level float64) Interval {
	return s.between(level, func(z float64) float64 { return z })
}

// accelerated is the bias-corrected and accelerated interval (BCa, Efron 1987),
// widened as well.
func accelerated(s resampled, level float64) Interval {
	if len(s.drawn) == 0 {
		return unbounded(s.point)
	}
	z0, a := s.bias(), s.acceleration()
	return s.between(level, func(z float64) float64 { return z0 + (z0+z)/max(1-a*(z0+z), 0.1) })
}

// between takes what was drawn at the normal quantiles that move makes of both ends.
func (s resampled) between(level float64, move func(z float64) float64) Interval {
	if len(s.drawn) == 0 || slices.ContainsFunc(s.drawn, math.IsNaN) {
		return unbounded(s.point)
	}
	drawn := slices.Sorted(slices.Values(s.drawn))
	at := func(z float64) float64 { return orderAt(drawn, distuv.UnitNormal.CDF(move(z))) }
	z := widened(level, len(s.left))
	return Interval{min(at(-z), s.point), s.point, max(at(z), s.point)}
}

// widened is the normal quantile that makes percentile intervals of so many rounds
// as wide as Student's.
func widened(level float64, rounds int) float64 {
	n := float64(rounds)
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: n - 1}.Quantile((1 + level) / 2)
	return t * math.Sqrt(n/(n-1))
}

// bias is how far, in standard deviations, the middle of what was drawn lies from
// the value.
func (s resampled) bias() float64 {
	below := 0.0
	for _, v := range s.drawn {
		switch {
		case v < s.point:
			below++
		case v == s.point:
			below += 0.5
		}
	}
	n := float64(len(s.drawn))
	return distuv.UnitNormal.Quantile(min(max(below, 0.5), n-0.5) / n)
}

// acceleration is how fast the spread changes with the value, by the jackknife.
func (s resampled) acceleration() float64 {
	mean := sum(s.left) / float64(len(s.left))
	squares, cubes := 0.0, 0.0
	for _, v := range s.left {
		d := mean - v
		squares += d * d
		cubes += d * d * d
	}
	if squares == 0 {
		return 0
	}
	return cubes / (6 * math.Pow(squares, 1.5))
}

// orderAt is the value at a share of sorted values.
func orderAt(sorted []float64, share float64) float64 {
	at := share*float64(len(sorted)+1) - 1
	i := min(max(int(math.Floor(at)), 0), len(sorted)-1)
	next := min(i+1, len(sorted)-1)
	part := min(max(at-float64(i), 0), 1)
	return sorted[i] + part*(sorted[next]-sorted[i])
}
