package sequential

import (
	"math"
	"math/rand/v2"
	"testing"
)

// The dumb twin of LogE plays every event with every bet.
func TestEventsOneByOneAreWorthWhatTheirNumberIs(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		theta0, n, k := random.Float64(), 1+random.IntN(60), int64(0)
		var stake [17]float64
		sum := 0.0
		for i := range stake {
			far := (math.Log(0.01) + float64(i)*math.Log(1.5) - math.Log(0.8)) / 1.5
			stake[i] = 1 / (1 + far*far)
			sum += stake[i]
		}
		for range n {
			hit := random.Float64() < theta0
			if hit {
				k++
			}
			for i := range stake {
				odds := math.Exp(0.01*math.Pow(1.5, float64(i))) * theta0 / (1 - theta0)
				theta := odds / (1 + odds)
				if hit {
					stake[i] *= theta / theta0
				} else {
					stake[i] *= (1 - theta) / (1 - theta0)
				}
			}
		}
		all := 0.0
		for _, s := range stake {
			all += s / sum
		}
		if got, want := LogE(k, int64(n), theta0), math.Log(all); math.Abs(got-want) > 1e-9*(1+math.Abs(want)) {
			t.Errorf("%d of %d at %v: %v, one by one %v", k, n, theta0, got, want)
		}
	}
}

// The dumb twin of LogIncrease plays every unit with every bet.
func TestUnitsOneByOneAreWorthWhatTheirNumbersAre(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 100 {
		theta0, margin := 0.05+0.9*random.Float64(), random.Float64()-0.5
		arms := [2]Arm{}
		var values []struct {
			y float64
			a bool
		}
		for range 1 + random.IntN(50) {
			y, in := float64(random.IntN(2)), random.IntN(2)
			arms[in].Units++
			arms[in].Events += int64(y)
			values = append(values, struct {
				y float64
				a bool
			}{y, in == 0})
		}
		all := 0.0
		for _, c := range [][2]float64{{0, 0.5}, {0.5, 0.25}, {1, 0.25}} {
			for _, at := range newGrid() {
				weight := func(y float64, a bool) float64 {
					if a {
						return (y - c[0]) / theta0
					}
					return -(y - c[0]) / (1 - theta0)
				}
				best := max(weight(0, true), weight(1, true), weight(0, false), weight(1, false))
				worst := -min(weight(0, true), weight(1, true), weight(0, false), weight(1, false))
				stake := at.gain / (best + worst*(1+at.gain))
				worth := c[1] * math.Exp(at.share)
				for _, v := range values {
					worth *= (1 + stake*weight(v.y, v.a)) / (1 + stake*margin)
				}
				all += worth
			}
		}
		if got, want := LogIncrease(arms[0], arms[1], theta0, margin), math.Log(all); math.Abs(got-want) > 1e-8*(1+math.Abs(want)) {
			t.Errorf("%+v at %v, margin %v: %v, one by one %v", arms, theta0, margin, got, want)
		}
	}
}

// bisected is the largest value that is refuted, from a function that falls.
func bisected(low, high, need float64, evidence func(float64) float64) float64 {
	for range 200 {
		if middle := (low + high) / 2; evidence(middle) >= need {
			low = middle
		} else {
			high = middle
		}
	}
	return low
}

func TestTheEndsOfIntervalsAreWhereEvidenceReachesItsLevel(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for range 300 {
		alpha := math.Pow(10, -1-4*random.Float64())
		n := int64(1 + math.Pow(10, 6*random.Float64()))
		k := int64(float64(n) * math.Pow(random.Float64(), 4))
		lo, hi := Rate(k, n, alpha)
		need := math.Log(2 / alpha)
		wantLo := bisected(0, 1, need, func(p float64) float64 { return LogE(k, n, p) })
		wantHi := 1 - bisected(0, 1, need, func(p float64) float64 { return LogE(n-k, n, p) })
		if math.Abs(lo-wantLo) > 1e-7*wantLo+1e-15 || math.Abs(hi-wantHi) > 1e-7*wantHi {
			t.Errorf("%d of %d at %v: [%v, %v], by halving [%v, %v]", k, n, alpha, lo, hi, wantLo, wantHi)
		}
		a, b := Arm{k, n}, Arm{k * 3, n * 4}
		low, high := Increase(a, b, 0.2, alpha)
		wantLow := bisected(-1, 1, need, func(m float64) float64 { return LogIncrease(a, b, 0.2, m) })
		wantHigh := -bisected(-1, 1, need, func(m float64) float64 { return LogIncrease(b, a, 0.8, m) })
		if math.Abs(low-wantLow) > 1e-6 || math.Abs(high-wantHigh) > 1e-6 {
			t.Errorf("%v %v at %v: [%v, %v], by halving [%v, %v]", a, b, alpha, low, high, wantLow, wantHigh)
		}
	}
}

func TestRanksOfAQuantileAreWhatTheEvidenceRefutesAtHalfTheLevel(t *testing.T) {
	for _, c := range []struct {
		n        int64
		p, alpha float64
	}{{50, 0.5, 0.05}, {1000, 0.95, 0.01}, {3000, 0.99, 0.001}} {
		few, many, need := c.n, int64(0), math.Log(2/c.alpha)
		for k := range c.n + 1 {
			if LogE(k, c.n, c.p) < need {
				many = k
			}
			if LogE(c.n-k, c.n, 1-c.p) < need {
				few = min(few, k)
			}
		}
		if gotFew, gotMany := ranks(c.n, c.p, c.alpha); gotFew != few || gotMany != many {
			t.Errorf("%+v: %d to %d, by trying all %d to %d", c, gotFew, gotMany, few, many)
		}
	}
}

func TestTwoBandsShareTheirLevel(t *testing.T) {
	a, b := []int64{60, 40}, []int64{800, 200}
	got, want := Shift(a, b, 0, 0.01), Radius(100, 0.005)+Radius(1000, 0.005)
	if math.Abs(got.Radius-want) > 1e-12 || math.Abs(got.Gap-0.2) > 1e-12 || got.Bucket != 1 {
		t.Errorf("%+v, want a radius of %v and a gap of 0.2 from bucket 1 on", got, want)
	}
}

// crossed is what theorem 2 of Howard and Ramdas bounds the probability by that the
// band of leading constant a and additive constant c is ever left.
func crossed(a, c float64) float64 {
	best := math.Inf(1)
	for eta := 1.0005; eta < 2*a*a; eta += 0.0005 {
		rest := a - math.Sqrt(2*(eta-1)/c)
		gamma := 2 / eta * rest * rest
		if rest > 0 && gamma > 1 {
			best = math.Min(best, 4*math.Exp(-gamma*c)*(1+1/((gamma-1)*math.Log(eta))))
		}
	}
	return best
}

func TestTheConstantsOfTheBandKeepItsTheorem(t *testing.T) {
	for alpha := 0.25; alpha > 1e-12; alpha /= 2 {
		c := 0.8 * math.Log(1612/alpha)
		if got := crossed(0.85, c); got > alpha {
			t.Errorf("level %v: the band is left with a probability of up to %v", alpha, got)
		}
		want := 0.85 * math.Sqrt((math.Log(math.Log(math.E*5000))+c)/5000)
		if got := Radius(5000, alpha); math.Abs(got-want) > 1e-12 {
			t.Errorf("level %v: radius %v, want %v", alpha, got, want)
		}
	}
}

func TestABandIsAsWideAsItIsInThePaper(t *testing.T) {
	// Computed with the authors' formula apart from this package.
	for _, c := range []struct {
		n     int64
		alpha float64
		want  float64
	}{{1, 0.05, 1}, {100, 0.05, 0.269176}, {10000, 0.05, 0.0277107}, {1000000, 0.001, 0.00319515}} {
		if got := Radius(c.n, c.alpha); math.Abs(got-c.want) > 1e-5*c.want {
			t.Errorf("n %d, level %v: radius %v, want %v", c.n, c.alpha, got, c.want)
		}
	}
}

func TestAMeanIsInTheIntervalOfThePaper(t *testing.T) {
	// sqrt(2(n*r+1)/(n*n*r) * log(sqrt(n*r+1)/alpha)) standard deviations around the
	// mean, narrowest where it was asked to be.
	const n, alpha = 2000, 0.01
	values, sum, squares := rand.New(rand.NewPCG(7, 8)), 0.0, 0.0
	for range n {
		v := values.ExpFloat64()
		sum, squares = sum+v, squares+v*v
	}
	rho := (2*math.Log(1/alpha) + math.Log(1+2*math.Log(1/alpha))) / 1000
	sigma := math.Sqrt(squares/n - sum/n*sum/n)
	radius := sigma * math.Sqrt(2*(n*rho+1)/(n*n*rho)*math.Log(math.Sqrt(n*rho+1)/alpha))
	lo, hi := Mean(n, sum, squares, alpha)
	if math.Abs(lo-(sum/n-radius)) > 1e-9 || math.Abs(hi-(sum/n+radius)) > 1e-9 {
		t.Errorf("[%v, %v], want %v +- %v", lo, hi, sum/n, radius)
	}
	width := func(n int64) float64 { // by what a fixed n would have
		lo, hi := Mean(n, 0, float64(n), alpha)
		return (hi - lo) * math.Sqrt(float64(n))
	}
	if width(1000) > width(2000) || width(2000) > width(4000) {
		t.Errorf("widths %v, %v, %v: not the narrowest at 1,000", width(1000), width(2000), width(4000))
	}
}

func TestAChangeOfMeansIsTheMeanOfOneArmWhenTheOtherIsKnown(t *testing.T) {
	lo, hi := Mean(2000, 4000, 10000, 0.01)
	low, high := MeanChange(2000, 4000, 10000, 1e9, 3e9, 10e9, 0.01)
	if math.Abs(low-(lo-3)) > 1e-6 || math.Abs(high-(hi-3)) > 1e-6 {
		t.Errorf("[%v, %v], want [%v, %v]", low, high, lo-3, hi-3)
	}
	wideLow, wideHigh := MeanChange(2000, 4000, 10000, 1e9, 3e9, 100e9, 0.01)
	if wideLow >= low || wideHigh <= high {
		t.Errorf("[%v, %v] with an arm that scatters more", wideLow, wideHigh)
	}
}

func TestFewValuesHaveNoMean(t *testing.T) {
	for _, c := range []struct {
		lo, hi float64
		known  bool
	}{
		known(Mean(999, 999, 2000, 0.01))(false), known(Mean(1000, 1000, 2000, 0.01))(true),
		known(MeanChange(99, 99, 200, 5000, 5000, 9000, 0.01))(false),
		known(MeanChange(100, 99, 200, 99, 99, 200, 0.01))(false),
		known(MeanChange(100, 99, 200, 100, 99, 200, 0.01))(true),
	} {
		if math.IsInf(c.lo, -1) == c.known || math.IsInf(c.hi, 1) == c.known {
			t.Errorf("%+v", c)
		}
	}
}

type interval = struct {
	lo, hi float64
	known  bool
}

func known(lo, hi float64) func(bool) interval {
	return func(is bool) interval { return interval{lo, hi, is} }
}

// One value in a thousand decides the mean of a log-normal of sigma 1.5.
func TestHeavyTailsAreNoChange(t *testing.T) {
	const alpha, theta0, rollouts = 0.05, 0.02, 100
	misses := 0
	for i := range uint64(rollouts) {
		random := rand.New(rand.NewPCG(i, 9))
		n, sum, squares := [2]int64{}, [2]float64{}, [2]float64{}
		for n[0] < 600 {
			arm := 1
			if random.Float64() < theta0 {
				arm = 0
			}
			v := math.Exp(1.5 * random.NormFloat64())
			n[arm], sum[arm], squares[arm] = n[arm]+1, sum[arm]+v, squares[arm]+v*v
			if lo, hi := MeanChange(n[0], sum[0], squares[0], n[1], sum[1], squares[1], alpha); arm == 0 && (lo > 0 || hi < 0) {
				misses++
				break
			}
		}
	}
	if misses > alpha*rollouts {
		t.Errorf("%d of %d rollouts of identical arms found a change", misses, rollouts)
	}
}

// TestNumbersFarFromZeroDoNotMakeAMeanSurer: what floats lose of a small scatter around a
// large mean, such as that of times since 1970, must not be taken for certainty.
func TestNumbersFarFromZeroDoNotMakeAMeanSurer(t *testing.T) {
	const n, alpha = 5000, 0.01
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 1))
		var sums, near [2][2]float64 // sum and squares of either arm, far from zero and near it
		for i := range 2 * n {
			x := random.NormFloat64()
			for _, s := range []struct {
				at  *[2]float64
				off float64
			}{{&near[i%2], 0}, {&sums[i%2], 1.7e12}} {
				s.at[0] += x + s.off
				s.at[1] += (x + s.off) * (x + s.off)
			}
		}
		lo, hi := MeanChange(n, sums[0][0], sums[0][1], n, sums[1][0], sums[1][1], alpha)
		low, high := MeanChange(n, near[0][0], near[0][1], n, near[1][0], near[1][1], alpha)
		if hi-lo < high-low {
			t.Errorf("seed %d: %v to %v, near zero %v to %v", seed, lo, hi, low, high)
		}
		lo, hi = Mean(n, sums[0][0], sums[0][1], alpha)
		low, high = Mean(n, near[0][0], near[0][1], alpha)
		if hi-lo < high-low {
			t.Errorf("seed %d, one arm: %v to %v, near zero %v to %v", seed, lo, hi, low, high)
		}
	}
}
