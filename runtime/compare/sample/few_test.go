package sample

import (
	"math"
	"testing"
)

func TestAMedianOfFewSaysHowSureItIs(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   Interval
		level  float64
	}{
		{[]float64{7}, Interval{7, 7, 7}, 0},
		{[]float64{9, 1}, Interval{1, 5, 9}, 0.5},
		{[]float64{5, 1, 4, 2, 3}, Interval{1, 3, 5}, 0.9375},
		{[]float64{6, 5, 1, 4, 2, 3}, Interval{1, 3.5, 6}, 0.96875},
		{[]float64{9, 8, 7, 6, 5, 4, 3, 2, 1}, Interval{2, 5, 8}, 1 - 2*10.0/512},
	} {
		i, level := Median(c.values, 0.95)
		if i != c.want || math.Abs(level-c.level) > 1e-9 {
			t.Errorf("%v: %v at %v, want %v at %v", c.values, i, level, c.want, c.level)
		}
	}
	if i, level := Median(nil, 0.95); i.Known() || level != 0 {
		t.Errorf("%v at %v of nothing", i, level)
	}
}

func TestAMedianLeavesItsValuesInTheirOrder(t *testing.T) {
	values := []float64{3, 1, 2}
	Median(values, 0.95)
	MannWhitney(values, values)
	HodgesLehmann(values, values, 0.95)
	Trend(values)
	Collect([][]float64{values})
	if values[0] != 3 || values[1] != 1 || values[2] != 2 {
		t.Errorf("%v", values)
	}
}
