package sample

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// spatial are the spatial test data of Efron and Tibshirani, An Introduction to the
// Bootstrap (1993), table 14.1, test A.
func spatial() []float64 {
	return []float64{48, 36, 20, 29, 42, 42, 20, 42, 22, 41, 45, 14, 6, 0, 33, 28, 34, 4, 32, 24, 47, 41, 24, 26, 30, 41}
}

// TestPercentilesAreThoseOfTheBook: the variance of test A is 171.5, and the interval at
// 90 % 100.8 to 233.9 (table 14.2).
func TestPercentilesAreThoseOfTheBook(t *testing.T) {
	values := spatial()
	// The level that is 90 % after tails are widened.
	n := float64(len(values))
	z := distuv.UnitNormal.Quantile(0.95)
	level := 2*distuv.StudentsT{Sigma: 1, Nu: n - 1}.CDF(z/math.Sqrt(n/(n-1))) - 1
	o := Options{Level: level, Resamples: 20_000, Seed: 1}
	s := o.resample(len(values), 1, func(w, out []float64) {
		mean := stat.Mean(values, w)
		out[0] = stat.MomentAbout(2, values, mean, w)
	})[0]
	if i := s.percentiles(level); math.Abs(i.Point-171.5) > 0.1 || math.Abs(i.Lo-100.8) > 3 || math.Abs(i.Hi-233.9) > 4 {
		t.Errorf("%v, want 171.5 from 100.8 to 233.9", i)
	}
}

func TestTailsAreWidenedForFewRounds(t *testing.T) {
	for rounds, want := range map[int]float64{10: 2.2622 * math.Sqrt(10.0/9), 50: 2.0096 * math.Sqrt(50.0/49), 100_000: 1.96} {
		if got := widened(0.95, rounds); math.Abs(got-want) > 0.001 {
			t.Errorf("%d rounds: %v, want %v", rounds, got, want)
		}
	}
}

// TestDrawnRoundsAreThoseOfAllDraws compares with every way to draw 4 of 4 rounds.
func TestDrawnRoundsAreThoseOfAllDraws(t *testing.T) {
	values := []float64{1, 10, 100, 1000}
	sums := func(w, out []float64) {
		out[0] = 0
		for i, times := range w {
			out[0] += times * values[i]
		}
	}
	exact := map[float64]float64{}
	for k := range 256 {
		exact[values[k&3]+values[k>>2&3]+values[k>>4&3]+values[k>>6]] += 1.0 / 256
	}
	s := Options{Resamples: 100_000, Seed: 3}.resample(4, 1, sums)[0]
	found := map[float64]float64{}
	for _, v := range s.drawn {
		found[v] += 1.0 / 100_000
	}
	for v, share := range exact {
		if math.Abs(found[v]-share) > 5*math.Sqrt(share/100_000) {
			t.Errorf("%v is drawn in a share of %v, want %v", v, found[v], share)
		}
	}
	if s.point != 1111 || len(found) != len(exact) {
		t.Errorf("all %v, %d sums of %d", s.point, len(found), len(exact))
	}
}

func TestPercentilesAreThoseOfWidenedTails(t *testing.T) {
	s := resampled{rounds: 10, point: 500, drawn: make([]float64, 999)}
	for i := range s.drawn {
		s.drawn[i] = float64(i + 1)
	}
	if i := s.percentiles(0.95); math.Abs(i.Lo-8.55) > 0.05 || math.Abs(i.Hi-991.45) > 0.05 { // Phi of 2.3846, either way
		t.Errorf("%v", i)
	}
}

func TestAnIntervalHoldsItsPoint(t *testing.T) {
	for want, drawn := range map[Interval][]float64{{5, 5, 5}: {5, 5}, {1, 5, 5}: {1, 2, 3}, {5, 5, 9}: {7, 8, 9}} {
		if i := (resampled{5, 5, drawn}).percentiles(0.95); i != want {
			t.Errorf("%v of %v, want %v", i, drawn, want)
		}
	}
}

func TestAShareOfSortedValues(t *testing.T) {
	values := make([]float64, 999)
	for i := range values {
		values[i] = float64(i + 1)
	}
	for share, want := range map[float64]float64{0.025: 25, 0.975: 975, 0: 1, 1: 999, 0.0255: 25.5} {
		if got := orderAt(values, share); math.Abs(got-want) > 1e-9 {
			t.Errorf("%v: %v, want %v", share, got, want)
		}
	}
}
