package sample

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// Drift is whether values in the order of their rounds rise or fall.
type Drift struct {
	// Change is from the first round to the last, as a part of the median: 0.1 is
	// 10 % more at the end (Theil and Sen's slope). Infinite where the median is 0.
	Change float64
	P      float64 // Mann and Kendall's, two-sided, for no trend
}

// Trend judges the drift of one value per round. NaN of less than 3 rounds.
func Trend(values []float64) Drift {
	n := len(values)
	if n < 3 {
		return Drift{math.NaN(), math.NaN()}
	}
	var slopes []float64
	s := 0.0
	for i := range values {
		for j := i + 1; j < n; j++ {
			d := values[j] - values[i]
			slopes = append(slopes, d/float64(j-i))
			s += sign(d)
		}
	}
	slices.Sort(slopes)
	change := middle(slopes) * float64(n-1)
	if change != 0 {
		change /= math.Abs(middle(slices.Sorted(slices.Values(values))))
	}
	if s == 0 {
		return Drift{change, 1}
	}
	z := (math.Abs(s) - 1) / math.Sqrt(kendallVariance(values))
	return Drift{change, 2 * distuv.UnitNormal.Survival(z)}
}

func sign(f float64) float64 {
	switch {
	case f > 0:
		return 1
	case f < 0:
		return -1
	}
	return 0
}

// kendallVariance is that of the number of rises less that of falls, with ties.
func kendallVariance(values []float64) float64 {
	term := func(n float64) float64 { return n * (n - 1) * (2*n + 5) / 18 }
	v := term(float64(len(values)))
	times := map[float64]float64{}
	for _, x := range values {
		times[x]++
	}
	for _, t := range times {
		v -= term(t)
	}
	return v
}
