package sample

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/stat"
)

func dice(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }

// made are rounds of unequal length; ticks above 0 make many values equal.
func made(random *rand.Rand, rounds, calls int, ticks float64) [][]float64 {
	out := make([][]float64, rounds)
	for i := range out {
		out[i] = make([]float64, calls+random.IntN(calls/4+1))
		for k := range out[i] {
			out[i][k] = 1000 * math.Exp(0.5*random.NormFloat64())
			if ticks > 0 {
				out[i][k] = math.Floor(out[i][k]/ticks) * ticks
			}
		}
	}
	return out
}

// naive is the quantile of rounds that are each taken w times, value by value.
func naive(rounds [][]float64, w []float64, p float64) float64 {
	type value struct{ v, times float64 }
	var all []value
	n := 0.0
	for i, values := range rounds {
		for _, v := range values {
			all = append(all, value{v, w[i]})
			n += w[i]
		}
	}
	slices.SortFunc(all, func(a, b value) int { return int(math.Copysign(1, a.v-b.v)) })
	before := 0.0
	for i := 0; i < len(all); {
		here, end := 0.0, i
		for ; end < len(all) && all[end].v == all[i].v; end++ {
			here += all[end].times
		}
		if here > 0 && before+here >= p*n {
			half := math.Inf(1)
			if i > 0 {
				half = (all[i].v - all[i-1].v) / 2
			}
			if end < len(all) {
				half = min(half, (all[end].v-all[i].v)/2)
			}
			lo := max(all[i].v-half, 0)
			return lo + (all[i].v+half-lo)*(p*n-before)/here
		}
		before, i = before+here, end
	}
	return math.NaN()
}

func TestQuantilesAreThoseOfTheDumbTwin(t *testing.T) {
	random := dice(1)
	for _, ticks := range []float64{0, 1, 20, 300} {
		for range 30 {
			rounds := made(random, 1+random.IntN(12), 1+random.IntN(300), ticks)
			r := Collect(rounds)
			w := make([]float64, len(rounds))
			for range len(rounds) {
				w[random.IntN(len(w))]++
			}
			for _, p := range []float64{0, 0.001, 0.1, 0.25, 0.5, 0.9, 0.99, 0.999, 1} {
				if got, want := r.quantile(p, w), naive(rounds, w, p); !(math.Abs(got-want) <= 1e-9*math.Abs(want)) {
					t.Fatalf("tick %v, %v of %v: %v, want %v", ticks, p, w, got, want)
				}
			}
		}
	}
}

func TestQuantilesAreThoseOfTheLibraryWithinHalfAGap(t *testing.T) {
	r := Collect(made(dice(2), 7, 400, 0))
	for p := 0.01; p < 1; p += 0.01 {
		want := stat.Quantile(p, stat.Empirical, r.sorted, nil)
		at, _ := slices.BinarySearch(r.sorted, want)
		gap := r.sorted[min(at+1, r.N()-1)] - r.sorted[max(at-1, 0)]
		if got := r.Quantile(p); math.Abs(got-want) > gap/2 {
			t.Errorf("%v: %v, want %v within %v", p, got, want, gap/2)
		}
	}
}

func TestACoarseClockHardlyMovesQuantiles(t *testing.T) {
	fine, coarse := made(dice(3), 5, 4000, 0), [][]float64(nil)
	random := dice(4)
	for _, values := range fine {
		var ticked []float64
		for _, v := range values {
			ticked = append(ticked, math.Floor(v/100+random.Float64())*100)
		}
		coarse = append(coarse, ticked)
	}
	a, b := Collect(fine), Collect(coarse)
	for _, p := range []float64{0.1, 0.5, 0.9, 0.99} {
		if x, y := a.Quantile(p), b.Quantile(p); math.Abs(x-y) > 10 {
			t.Errorf("%v: %v, and %v with ticks of 100", p, x, y)
		}
	}
}

func TestWhatIsNoNumberIsDropped(t *testing.T) {
	given := []float64{3, math.NaN(), 1, math.Inf(1), 2}
	r := Collect([][]float64{{math.Inf(-1)}, given, {}})
	given[0] = 99
	if r.Len() != 1 || r.N() != 3 || r.Mean() != 2 || r.Quantile(0.5) != 2 {
		t.Errorf("%d rounds, %d values, mean %v, median %v", r.Len(), r.N(), r.Mean(), r.Quantile(0.5))
	}
	none := Collect(nil)
	if none.N() != 0 || !math.IsNaN(none.Quantile(0.5)) || !math.IsNaN(none.Mean()) || len(none.Quantiles(0.5)) != 0 || none.spread(0.5) != 0 {
		t.Error("nothing has a value")
	}
}

func TestRoundsHaveQuantilesOfTheirOwn(t *testing.T) {
	r := Collect([][]float64{{1, 2, 3}, {10}, {4, 6}})
	// 4 and 6 are the upper one of each half; half a gap beyond 4 is 4.5.
	if got := r.Quantiles(0.5); !slices.Equal(got, []float64{2, 10, 4.5}) {
		t.Errorf("medians %v", got)
	}
}

func TestCountsAreThoseOfEveryValueBefore(t *testing.T) {
	r := Collect(made(dice(5), 4, 150, 3))
	w := []float64{1, 0, 2, 5}
	counts, weighed := make([]float64, 4), 0.0
	for i := range r.N() {
		if !slices.Equal(r.counts(i), counts) || r.before(i, w) != weighed {
			t.Fatalf("before value %d: %v and %v, want %v and %v", i, r.counts(i), r.before(i, w), counts, weighed)
		}
		counts[r.of[i]]++
		weighed += w[r.of[i]]
	}
	if r.before(r.N(), w) != weighed {
		t.Error("all are not all")
	}
}

func TestSpreadTellsFromHowManyRoundsATailComes(t *testing.T) {
	rounds := func(tails ...int) *Rounds {
		var out [][]float64
		for _, n := range tails {
			values := make([]float64, 100)
			for i := range values {
				values[i] = float64(i)
				if i < n {
					values[i] += 1000
				}
			}
			out = append(out, values)
		}
		return Collect(out)
	}
	for _, c := range []struct {
		r       *Rounds
		p, want float64
	}{
		{rounds(2, 2, 2, 2, 2), 0.98, 5},
		{rounds(10, 0, 0, 0, 0), 0.98, 1},
		{rounds(5, 5, 0, 0, 0), 0.98, 2},
		{rounds(6, 3, 1, 0, 0), 0.98, 100.0 / 46},
		{Collect([][]float64{{5, 5}, {5, 5}, {5, 5}}), 0.5, 3},
		{Collect([][]float64{{5, 5}, {5, 5}, {5, 5}}), 0.9, 3},
		{Collect([][]float64{{1, 1, 1}, {9, 9, 9}}), 0.25, 1},
	} {
		if got := c.r.spread(c.p); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("spread %v, want %v", got, c.want)
		}
	}
}
