package sample

import (
	"math"
	"slices"
	"testing"
)

func TestTheBandIsThatOfMassart(t *testing.T) {
	// 1.3581 / sqrt(n) at 95 %.
	if got := DKW(100, 0.95); math.Abs(got-0.13581) > 1e-5 {
		t.Errorf("%v", got)
	}
	if DKW(0, 0.95) != 1 || DKW(1, 0.95) != 1 {
		t.Error("a band of nothing is everything")
	}
}

func TestTheBandKnowsOfRoundsThatDiffer(t *testing.T) {
	alike := made(dice(1), 20, 500, 0)
	var differ [][]float64
	random := dice(2)
	for _, values := range alike {
		differ = append(differ, times([][]float64{values}, math.Exp(0.3*random.NormFloat64()))[0])
	}
	a, b := Collect(alike), Collect(differ)
	one, other, least := Band(a, options()), Band(b, options()), DKW(a.N(), 0.95)
	if one < least || one > 1.5*least || other < 4*least || other > 0.5 {
		t.Errorf("%v of rounds that are alike, %v of others; independent values %v", one, other, least)
	}
	if tiny := Collect(made(dice(3), 6, 5, 0)); !(Band(tiny, options()) <= 1 && Band(tiny, options()) >= DKW(tiny.N(), 0.95)) {
		t.Errorf("%v of few values", Band(tiny, options()))
	}
}

func TestDistancesAreTheLargest(t *testing.T) {
	a, b := Collect([][]float64{{1, 2}, {3, 4}}), Collect([][]float64{{3, 3, 3, 9}})
	if got := Distance(a, b); got != 0.5 { // at 2: 1/2 and none
		t.Errorf("%v", got)
	}
	if Distance(a, a) != 0 || !math.IsNaN(Distance(a, Collect(nil))) {
		t.Error("the same is apart, or nothing is somewhere")
	}
}

func TestABandHoldsMoreThanItsIntervals(t *testing.T) {
	a, b := Collect(made(dice(4), 20, 300, 0)), Collect(made(dice(5), 20, 300, 0))
	var ps []float64
	for p := 0.05; p < 1; p += 0.05 {
		ps = append(ps, p)
	}
	each := QuantileRatios(a, b, ps, options())
	for i, v := range ShiftFunction(a, b, ps, options()) {
		if wide := math.Log(v.Hi/v.Lo) / math.Log(each[i].Hi/each[i].Lo); wide < 1.1 || wide > 2.5 || math.Abs(v.Point-each[i].Point) > 1e-12 {
			t.Errorf("%v: %v, alone %v", ps[i], v, each[i])
		}
	}
}

// TestABandIsAsWideAsItsLevelAsks: 95 of 99 samples were nowhere further away.
func TestABandIsAsWideAsItsLevelAsks(t *testing.T) {
	one, other := resampled{point: 1}, resampled{point: 5}
	for k := range 99 {
		one.drawn, other.drawn = append(one.drawn, 1-float64(k+1)/50), append(other.drawn, 5) // the other one never moves
	}
	for level, want := range map[float64]float64{0.95: 1.9, 0.5: 1} {
		if got := widest([]resampled{one, other}, []float64{1, 0}, level, 100_000); math.Abs(got-want) > 0.01 {
			t.Errorf("%v at %v, want %v", got, level, want)
		}
	}
}

// TestOneQuantileWithoutBoundsLeavesTheOthers as they are.
func TestOneQuantileWithoutBoundsLeavesTheOthers(t *testing.T) {
	a, b := Collect(made(dice(6), 10, 200, 0)), Collect(made(dice(7), 10, 200, 0))
	with, without := ShiftFunction(a, b, []float64{0.25, 0.5, 0.9999}, options()), ShiftFunction(a, b, []float64{0.25, 0.5}, options())
	if with[2].Bounded() || !slices.Equal(with[:2], without) {
		t.Errorf("%v, without the last %v", with, without)
	}
}

func TestAFactorInEveryRoundIsCertain(t *testing.T) {
	rounds := made(dice(8), 10, 100, 0)
	a, b := Collect(rounds), Collect(times(rounds, 1.1))
	for _, v := range slices.Concat(ShiftFunction(a, b, shares(), options())[:2], QuantileRatios(a, b, shares(), options())[:2], []Interval{MedianRatio(a, b, 0.95)}) {
		if !near(v, Interval{1.1, 1.1, 1.1}, 1e-9) {
			t.Errorf("%v", v)
		}
	}
}
