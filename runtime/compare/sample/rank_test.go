package sample

import (
	"math"
	"math/big"
	"slices"
	"testing"
)

// TestSignedRanksAreThoseOfTheBook: Hollander and Wolfe, Nonparametric Statistical
// Methods (1973), page 29: depression of nine patients before and after. V is 40,
// p 0.0195 one-sided, the estimate 0.46, and 0.010 to 0.786 holds at 96 %.
func TestSignedRanksAreThoseOfTheBook(t *testing.T) {
	before := []float64{1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30}
	after := []float64{0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29}
	i, p := PairedShift(after, before, 0.95)
	if !near(i, Interval{0.010, 0.46, 0.786}, 0.001) || math.Abs(p-2*0.01953) > 0.0001 {
		t.Errorf("%v, p %v", i, p)
	}
}

// TestMannWhitneyIsThatOfTheBook: the same, page 69: permeability at term and
// earlier. U is 35 of 50, p 0.1272 one-sided, the estimate 0.305.
func TestMannWhitneyIsThatOfTheBook(t *testing.T) {
	term := []float64{0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46}
	earlier := []float64{1.15, 0.88, 0.90, 0.74, 1.21}
	u, p := MannWhitney(earlier, term)
	if u != 35 || math.Abs(p-2*0.1272) > 0.0001 {
		t.Errorf("U %v, p %v", u, p)
	}
	if i := HodgesLehmann(earlier, term, 0.95); math.Abs(i.Point-0.305) > 0.0001 || i.Lo > 0 || i.Hi < 0.3 {
		t.Errorf("%v", i)
	}
}

// TestRankSumsAreThoseOfAllSigns counts every choice of signs.
func TestRankSumsAreThoseOfAllSigns(t *testing.T) {
	for n := 1; n <= 12; n++ {
		want := make([]float64, n*(n+1)/2+1)
		for signs := range 1 << n {
			s := 0
			for rank := 1; rank <= n; rank++ {
				s += rank * (signs >> (rank - 1) & 1)
			}
			want[s] += 1 / float64(int(1)<<n)
		}
		for s, v := range rankSums(n) {
			if math.Abs(v-want[s]) > 1e-12 {
				t.Fatalf("%d pairs, %d: %v, want %v", n, s, v, want[s])
			}
		}
	}
	// The tables' critical values at 0.05, two-sided.
	for n, want := range map[int]int{5: -1, 6: 0, 10: 8, 20: 52, 50: 434} {
		if got := rankSums(n).cut(0.025); got != want {
			t.Errorf("%d pairs: %d, want %d", n, got, want)
		}
	}
}

// TestPairSumsAreExact adds up whole numbers: how often U is u among all orders of n
// and m values is how often it is u-m with the last from n, and u with it from m.
func TestPairSumsAreExact(t *testing.T) {
	const n, m = 30, 40
	ways := map[[2]int][]*big.Int{}
	for i := 0; i <= n; i++ {
		for j := 0; j <= m; j++ {
			f := make([]*big.Int, i*j+1)
			for u := range f {
				f[u] = new(big.Int)
				if i == 0 || j == 0 {
					f[u].SetInt64(1)
					continue
				}
				if one := ways[[2]int{i - 1, j}]; u >= j && u-j < len(one) {
					f[u].Add(f[u], one[u-j])
				}
				if other := ways[[2]int{i, j - 1}]; u < len(other) {
					f[u].Add(f[u], other[u])
				}
			}
			ways[[2]int{i, j}] = f
		}
	}
	all := new(big.Float).SetInt(new(big.Int).Binomial(n+m, n))
	for u, v := range pairSums(n, m) {
		want, _ := new(big.Float).Quo(new(big.Float).SetInt(ways[[2]int{n, m}][u]), all).Float64()
		if math.Abs(v-want) > 1e-12 {
			t.Fatalf("%d: %v, want %v", u, v, want)
		}
	}
	// The tables' critical values at 0.05, two-sided.
	for pair, want := range map[[2]int]int{{3, 3}: -1, {4, 4}: 0, {5, 10}: 8, {10, 10}: 23, {20, 20}: 127} {
		if got := pairSumsCut(pair[0], pair[1], 0.025); got != want {
			t.Errorf("%v: %d, want %d", pair, got, want)
		}
	}
}

func TestManyPairsAreAsGoodAsNormal(t *testing.T) {
	for _, tail := range []float64{0.025, 0.005} {
		exact, about := pairSums(101, 100).cut(tail), pairSumsCut(101, 100, tail)
		if math.Abs(float64(exact-about)) > 6 {
			t.Errorf("%v: %d, want about %d", tail, about, exact)
		}
	}
}

// TestHodgesLehmannIsThatOfAllPairs writes down all differences.
func TestHodgesLehmannIsThatOfAllPairs(t *testing.T) {
	random := dice(1)
	for range 60 {
		a, b := make([]float64, 1+random.IntN(40)), make([]float64, 1+random.IntN(40))
		for _, values := range [][]float64{a, b} {
			for i := range values {
				values[i] = math.Round(20*random.NormFloat64()) / 4
			}
		}
		var all []float64
		above := 0.0
		for _, x := range a {
			for _, y := range b {
				all = append(all, y-x)
				if y > x {
					above++
				} else if y == x {
					above += 0.5
				}
			}
		}
		slices.Sort(all)
		d := differences{slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))}
		for n, want := range all {
			if got := d.nth(n); got != want {
				t.Fatalf("difference %d: %v, want %v", n, got, want)
			}
		}
		want := walshInterval(all, pairSumsCut(len(a), len(b), 0.025))
		if got := HodgesLehmann(a, b, 0.95); got != want {
			t.Fatalf("%v, want %v", got, want)
		}
		if u, p := MannWhitney(a, b); u != above || !(p >= 0 && p <= 1) {
			t.Fatalf("U %v, want %v; p %v", u, above, p)
		}
	}
}

// TestIntervalsAndTestsAgree: an interval lacks 0 when its test says so.
func TestIntervalsAndTestsAgree(t *testing.T) {
	random := dice(2)
	outside := 0
	for range 500 {
		a, b := make([]float64, 12), make([]float64, 12)
		for i := range a {
			a[i], b[i] = random.NormFloat64(), 0.8+random.NormFloat64()
		}
		paired, p := PairedShift(a, b, 0.95)
		_, q := MannWhitney(a, b)
		for i, c := range []struct {
			Interval
			p float64
		}{{paired, p}, {HodgesLehmann(a, b, 0.95), q}} {
			if lacks := c.Lo > 0 || c.Hi < 0; lacks != (c.p <= 0.05) {
				t.Fatalf("%d: %v and p %v", i, c.Interval, c.p)
			} else if lacks {
				outside++
			}
		}
	}
	if outside < 200 || outside > 800 {
		t.Errorf("%d of 1,000 lack 0: the test shows nothing", outside)
	}
}

func TestPairedRatiosAreInTheMiddleOfTheRounds(t *testing.T) {
	a, b := []float64{10, 20, 30, 40, 50, 60, 70, 80, 90, 100}, []float64{11, 22, 33, 44, 55, 66, 77, 88, 99, 1000}
	i := PairedRatio(a, b, 0.95) // one round is disturbed
	if math.Abs(i.Point-1.1) > 1e-9 || math.Abs(i.Lo-1.1) > 1e-9 || i.Hi > math.Sqrt(1.1*10)+1e-9 {
		t.Errorf("%v", i)
	}
	if u, p := MannWhitney(nil, a); !math.IsNaN(u) || !math.IsNaN(p) {
		t.Errorf("U %v and p %v of nothing", u, p)
	}
	if _, p := PairedShift(a, a, 0.95); p != 1 {
		t.Errorf("p %v of what is the same", p)
	}
	if i, p := PairedShift(make([]float64, 6), []float64{0, 1, 2, 3, 4, 5}, 0.95); p != 0.0625 || i.Lo != 0 { // as of the five that differ
		t.Errorf("%v and p %v with a pair that does not differ", i, p)
	}
	if i, p := PairedShift(nil, nil, 0.95); i.Known() || !math.IsNaN(p) {
		t.Errorf("%v and p %v of nothing", i, p)
	}
}

func TestKeysRiseWithTheirNumbers(t *testing.T) {
	rising := []float64{math.Inf(-1), -1e300, -2, -1, -1e-300, 0, 1e-300, 1, 2, 1e300, math.Inf(1)}
	for i, v := range rising {
		if value(key(v)) != v || i > 0 && key(v) <= key(rising[i-1]) {
			t.Errorf("%v: key %d, back %v", v, key(v), value(key(v)))
		}
	}
	if key(math.Copysign(0, -1)) != key(0) {
		t.Error("there are two zeros")
	}
}
