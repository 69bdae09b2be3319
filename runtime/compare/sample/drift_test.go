package sample

import (
	"math"
	"testing"
)

// exactly is the share of all orders of distinct values in which rises and falls
// differ at least as much (Mann 1945), by the number of inversions.
func exactly(values []float64) float64 {
	n := len(values)
	ways := []float64{1}
	for i := 2; i <= n; i++ {
		next := make([]float64, len(ways)+i-1)
		for k, v := range ways {
			for j := range i {
				next[k+j] += v / float64(i)
			}
		}
		ways = next
	}
	s := 0.0
	for i := range values {
		for j := i + 1; j < n; j++ {
			s += sign(values[j] - values[i])
		}
	}
	p := 0.0
	for falls, v := range ways {
		if math.Abs(float64(n*(n-1)/2-2*falls)) >= math.Abs(s) {
			p += v
		}
	}
	return p
}

func TestTheDriftTestIsNearTheExactOne(t *testing.T) {
	random := dice(1)
	for _, n := range []int{10, 20, 50} {
		for range 100 {
			values := make([]float64, n)
			for i := range values {
				values[i] = random.NormFloat64() + 2*float64(i)/float64(n)
			}
			if got, want := Trend(values).P, exactly(values); math.Abs(got-want) > 0.02 {
				t.Fatalf("%d values: p %v, want %v", n, got, want)
			}
		}
	}
}

func TestDriftIsFromTheFirstToTheLast(t *testing.T) {
	line := []float64{90, 92, 94, 96, 98, 100, 102, 104, 106, 108, 110}
	for _, c := range []struct {
		name   string
		values []float64
		change float64
		p      [2]float64
	}{
		{"a line", line, 0.2, [2]float64{0, 0.001}},
		{"one outlier", append([]float64{9999}, line[1:]...), 0.2, [2]float64{0, 0.02}},
		{"falling", []float64{5, 4, 3, 2, 1}, -4.0 / 3, [2]float64{0, 0.05}},
		{"the same", []float64{7, 7, 7, 7}, 0, [2]float64{1, 1}},
		{"up and down", []float64{1, 2, 2, 1}, 0, [2]float64{1, 1}},
		{"two values", []float64{1, 2}, math.NaN(), [2]float64{math.NaN(), math.NaN()}},
		{"zeros", []float64{0, 0, 0, 0, 5}, 0, [2]float64{0.1, 1}},
	} {
		d := Trend(c.values)
		if math.IsNaN(c.change) && math.IsNaN(d.Change) && math.IsNaN(d.P) {
			continue
		}
		if math.Abs(d.Change-c.change) > 0.03*math.Abs(c.change) || !(d.P >= c.p[0] && d.P <= c.p[1]) {
			t.Errorf("%s: %+v, want %v and p in %v", c.name, d, c.change, c.p)
		}
	}
}

// TestTiesTakePartInTheVariance: the formula is in Gilbert, Statistical Methods for
// Environmental Pollution Monitoring (1987), section 16.4.
func TestTiesTakePartInTheVariance(t *testing.T) {
	// Six values, two of them twice: (6*5*17 - 2*(2*1*9)) / 18.
	if got, want := kendallVariance([]float64{1, 1, 2, 2, 3, 4}), (6*5*17-2*2*1*9)/18.0; math.Abs(got-want) > 1e-12 {
		t.Errorf("%v, want %v", got, want)
	}
}
