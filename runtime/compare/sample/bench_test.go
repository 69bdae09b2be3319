package sample

import "testing"

// arms are as many values as a comparison has at most by default: 20 rounds of 10,000.
func arms() (a, b *Rounds) {
	return Collect(made(dice(1), 20, 10_000, 0)), Collect(made(dice(2), 20, 10_000, 0))
}

func BenchmarkCollect(b *testing.B) {
	rounds := made(dice(1), 20, 10_000, 0)
	for b.Loop() {
		Collect(rounds)
	}
}

func BenchmarkQuantileRatios(b *testing.B) {
	x, y := arms()
	for b.Loop() {
		QuantileRatios(x, y, []float64{0.5, 0.9, 0.99, 0.999}, Options{Level: 0.95, Resamples: 2000})
	}
}

func BenchmarkShiftFunction(b *testing.B) {
	x, y := arms()
	ps := make([]float64, 40)
	for i := range ps {
		ps[i] = (float64(i) + 0.5) / 40
	}
	for b.Loop() {
		ShiftFunction(x, y, ps, Options{Level: 0.95, Resamples: 2000})
	}
}

func BenchmarkBand(b *testing.B) {
	x, _ := arms()
	for b.Loop() {
		Band(x, Options{Level: 0.95, Resamples: 2000})
	}
}

func BenchmarkHodgesLehmann(b *testing.B) {
	x, y := arms()
	for b.Loop() {
		HodgesLehmann(x.sorted, y.sorted, 0.95)
	}
}

func BenchmarkMannWhitney(b *testing.B) {
	x, y := arms()
	for b.Loop() {
		MannWhitney(x.sorted, y.sorted)
	}
}
