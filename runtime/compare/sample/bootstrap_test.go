package sample

import (
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// spatial are the spatial test data of Efron and Tibshirani, An Introduction to the
// Bootstrap (1993), table 14.1, test A.
func spatial() []float64 {
	return []float64{48, 36, 20, 29, 42, 42, 20, 42, 22, 41, 45, 14, 6, 0, 33, 28, 34, 4, 32, 24, 47, 41, 24, 26, 30, 41}
}

// TestBCaIsThatOfTheBook: the variance of test A is 171.5, the acceleration 0.061,
// and the interval at 90 % 115.8 to 259.6 (table 14.2 and section 14.3).
func TestBCaIsThatOfTheBook(t *testing.T) {
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
	i := accelerated(s, level)
	if math.Abs(s.point-171.5) > 0.1 || math.Abs(s.acceleration()-0.061) > 0.001 {
		t.Errorf("variance %v, acceleration %v", s.point, s.acceleration())
	}
	if math.Abs(i.Lo-115.8) > 3 || math.Abs(i.Hi-259.6) > 6 {
		t.Errorf("%v, want 115.8 to 259.6", i)
	}
	if p := percentile(s, level); math.Abs(p.Lo-100.8) > 3 || math.Abs(p.Hi-233.9) > 4 {
		t.Errorf("%v, want 100.8 to 233.9", p)
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
	if want := []float64{1110, 1101, 1011, 111}; s.point != 1111 || !slices.Equal(s.left, want) || len(found) != len(exact) {
		t.Errorf("all %v, all but one %v, %d sums of %d", s.point, s.left, len(found), len(exact))
	}
}

func TestBiasAndAccelerationOfWhatHasNone(t *testing.T) {
	s := resampled{point: 5, drawn: []float64{4, 4, 5, 5, 6, 6}, left: []float64{4, 5, 6}}
	if s.bias() != 0 || s.acceleration() != 0 {
		t.Errorf("bias %v, acceleration %v of what is symmetric", s.bias(), s.acceleration())
	}
	if s := (resampled{point: 5, drawn: []float64{5, 5}, left: []float64{5, 5, 5, 5, 5}}); accelerated(s, 0.95) != (Interval{5, 5, 5}) {
		t.Error("what never differs has an interval")
	}
	for _, drawn := range [][]float64{{1, 2, 3}, {7, 8, 9}} { // all on one side
		s := resampled{point: 5, drawn: drawn, left: []float64{4, 5, 6}}
		if i := accelerated(s, 0.95); math.IsNaN(i.Lo) || math.IsNaN(i.Hi) || i.Lo > 5 || i.Hi < 5 {
			t.Errorf("%v", i)
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
