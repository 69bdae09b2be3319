package sample

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// DKW is the half width around the distribution function of n independent values
// that holds everywhere at once (Dvoretzky, Kiefer, Wolfowitz; Massart 1990).
func DKW(n int, level float64) float64 {
	return min(math.Sqrt(math.Log(2/(1-level))/(2*float64(n))), 1)
}

// Distance is the largest one between two distribution functions (Kolmogorov and
// Smirnov), NaN if an arm is empty.
func Distance(a, b *Rounds) float64 {
	if a.N() == 0 || b.N() == 0 {
		return math.NaN()
	}
	return stat.KolmogorovSmirnov(a.sorted, nil, b.sorted, nil)
}

// Band is the half width around the distribution function of all values that holds
// everywhere at once: by the bootstrap over rounds, and no less than [DKW]'s. 1, which
// says nothing, of less than 5 rounds.
func Band(r *Rounds, o Options) float64 {
	if r.Len() < leastRounds || o.Resamples < 1 {
		return 1
	}
	at := r.grid()
	shares := func(w []float64) []float64 {
		out := make([]float64, len(at))
		for k, i := range at {
			out[k] = r.before(i, w) / r.size(w)
		}
		return out
	}
	full := shares(r.once())
	farthest := o.resample(r.Len(), 1, func(w, out []float64) {
		out[0] = 0
		for k, share := range shares(w) {
			out[0] = max(out[0], math.Abs(share-full[k]))
		}
	})[0]
	slices.Sort(farthest.drawn)
	wide := orderAt(farthest.drawn, o.Level) * widened(o.Level, r.Len()) / distuv.UnitNormal.Quantile((1+o.Level)/2)
	return min(max(wide, DKW(r.N(), o.Level)), 1)
}

// grid is every so many values, at marks, where counting costs least.
func (r *Rounds) grid() []int {
	const points = 100
	var at []int
	step := max(r.N()/points/stride, 1) * stride
	for i := step; i < r.N(); i += step {
		at = append(at, i)
	}
	if at == nil {
		at = []int{r.N() / 2}
	}
	return at
}

// ShiftFunction are the ratios of b's quantiles by a's at each of ps, with a band
// that holds at all of them at once: studentised, from the largest deviation in each
// bootstrap sample of the paired rounds.
func ShiftFunction(a, b *Rounds, ps []float64, o Options) []Interval {
	rounds := pairs(a, b)
	if rounds < leastRounds || o.Resamples < 1 {
		return QuantileRatios(a, b, ps, o) // without bounds
	}
	out := make([]Interval, len(ps))
	all := o.resample(rounds, len(ps), func(w, out []float64) {
		for i, p := range ps {
			out[i] = math.Log(quotient(b.quantile(p, w), a.quantile(p, w)))
		}
	})
	spread := make([]float64, len(all)) // NaN where there is too little
	for i, s := range all {
		spread[i] = math.NaN()
		if supported(a, b, ps[i]) {
			spread[i] = stat.StdDev(s.drawn, nil)
		}
	}
	c := widest(all, spread, o.Level, rounds)
	for i, s := range all {
		out[i] = unbounded(s.point).exp()
		if half := c * spread[i]; !math.IsNaN(half) {
			out[i] = Interval{s.point - half, s.point, s.point + half}.exp()
		}
	}
	return out
}

// widest is how many of its standard deviations any statistic is away at most, at
// the level, for few rounds.
func widest(all []resampled, spread []float64, level float64, rounds int) float64 {
	most := make([]float64, len(all[0].drawn))
	for i, s := range all {
		if !(spread[i] > 0) { // too little, or the same whichever rounds are drawn
			continue
		}
		for k, v := range s.drawn {
			most[k] = max(most[k], math.Abs(v-s.point)/spread[i])
		}
	}
	slices.Sort(most)
	c := orderAt(most, level)
	return widened(2*distuv.UnitNormal.CDF(c)-1, rounds)
}
