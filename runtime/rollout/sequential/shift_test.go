package sequential

import (
	"math"
	"math/rand/v2"
	"testing"
)

// The dumb twin of Slower asks every bucket in which the quantile of fast
// may be.
func twinSlower(slow, fast []int64, p float64, shift int, theta0, alpha float64) float64 {
	place := math.Log(20 / alpha)
	least := math.Inf(1)
	n, m := sum(slow), sum(fast)
	for i := range fast {
		above, otherAbove := int64(0), int64(0)
		for b := range slow {
			if b > 0 && b > i+shift && i < len(fast)-1 {
				above += slow[b]
			}
			if b >= i {
				otherAbove += fast[b]
			}
		}
		if LogE(m-otherAbove, m, p) >= place || LogE(above, n, 1-p) >= place {
			continue
		}
		all := 0.0
		for _, t := range newGrid() {
			w := weigh(theta0, 1-p, t.gain)
			all += math.Exp(t.share + float64(above)*w.with + float64(n-above)*w.without +
				float64(otherAbove)*w.otherWith + float64(m-otherAbove)*w.otherWithout)
		}
		least = math.Min(least, math.Log(0.9*all))
	}
	return least
}

func histogramOf(random *rand.Rand, size, n int, middle, spread float64) []int64 {
	out := make([]int64, size)
	for range n {
		out[min(max(int(middle+spread*random.NormFloat64()), 0), size-1)]++
	}
	return out
}

func TestAShiftOfAQuantileIsRefutedBucketByBucket(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	compared, beyond := 0, 0
	for range 700 {
		const alpha = 0.05
		p, theta0 := []float64{0.5, 0.9, 0.99}[random.IntN(3)], 0.05+0.9*random.Float64()
		slow := histogramOf(random, 40, 5+random.IntN(300), 18+5*random.Float64(), 3)
		fast := histogramOf(random, 40, 5+random.IntN(300), 18, 3)
		shift := random.IntN(11) - 5
		got, want := NewQuantileShift(slow, fast, p, theta0, 2*alpha).Slower(shift), twinSlower(slow, fast, p, shift, theta0, alpha)
		switch {
		case math.IsInf(want, 1):
			beyond++
			if got < math.Log(1/alpha) {
				t.Errorf("no place is left for the quantile, and the evidence is %v", got)
			}
		case want < 0 && got < 0:
		case math.Abs(got-want) > 1e-9*(1+math.Abs(want)):
			t.Errorf("p %v, shift %d, theta0 %v: %v, bucket by bucket %v", p, shift, theta0, got, want)
		default:
			compared++
		}
	}
	if compared < 50 || beyond < 20 {
		t.Errorf("only %d compared and %d without a place", compared, beyond)
	}
}

func TestAnIntervalOfAShiftEndsWhereItIsRefuted(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	for range 20 {
		const alpha = 0.1
		p, theta0 := []float64{0.5, 0.9}[random.IntN(2)], []float64{0.1, 0.5}[random.IntN(2)]
		slow, fast := histogramOf(random, 60, 300, 24, 4), histogramOf(random, 60, 900, 20, 4)
		lo, hi := NewQuantileShift(slow, fast, p, theta0, alpha).Interval()
		if lo > hi {
			t.Fatalf("[%v, %v]", lo, hi)
		}
		need := math.Log(2 / alpha)
		shifts, swapped := NewQuantileShift(slow, fast, p, theta0, alpha), NewQuantileShift(fast, slow, p, 1-theta0, alpha)
		for shift := -60; shift <= 60; shift++ {
			slower, faster := shifts.Slower(shift), shifts.Faster(shift)
			if other := swapped.Slower(-shift); math.Abs(faster-other) > 1e-9 {
				t.Fatalf("shift %d: evidence %v, with the arms swapped %v", shift, faster, other)
			}
			if (slower >= need) != (float64(shift) <= lo) || (faster >= need) != (float64(shift) >= hi) {
				t.Fatalf("shift %d in [%v, %v]: evidence %v and %v", shift, lo, hi, slower, faster)
			}
		}
	}
}

// Units do what they do, and are shift buckets slower in the one arm; the arms alone
// are drawn. At the place of the quantile the game is fair.
func TestTheGameAtAQuantileIsWorthOneOnAverageWhateverUnitsDo(t *testing.T) {
	const shift, buckets = 2, 12
	does := []int{5, 5, 1, 7, 3, 9, 6, 2, 8, 4}
	for _, theta0 := range []float64{0.05, 0.5, 0.8} {
		for _, p := range []float64{0.5, 0.9} {
			got := 0.0
			draws(len(does), theta0, func(inA func(int) bool, chance float64) {
				slow, fast := make([]int64, buckets), make([]int64, buckets)
				for i, b := range does {
					if inA(i) {
						slow[b+shift]++
					} else {
						fast[b]++
					}
				}
				q := &quantiles{units: sum(slow), otherUnits: sum(fast), above: tops(slow), otherAbove: tops(fast)}
				for i, g := range newGrid() {
					q.games[i] = game{g.share, weigh(theta0, 1-p, g.gain)}
				}
				const place = 6
				got += chance * math.Exp(q.play(q.above[place+shift], q.otherAbove[place]))
			})
			if math.Abs(got-1) > 1e-9 {
				t.Errorf("theta0 %v, p %v: worth %v on average", theta0, p, got)
			}
		}
	}
}

func TestPeekingAtAQuantileFindsATrueShiftWithNoMoreThanItsLevel(t *testing.T) {
	const runs, units, shift, alpha = 150, 450, 3, 0.2
	random := rand.New(rand.NewPCG(9, 10))
	for _, c := range []struct{ p, theta0 float64 }{{0.5, 0.5}, {0.5, 0.1}, {0.9, 0.5}} {
		missed := 0
		for range runs {
			slow, fast := make([]int64, 64), make([]int64, 64)
			burst, out := 0.0, false
			for i := 1; i <= units; i++ {
				if i%50 == 0 {
					burst = float64(random.IntN(2)) * 8 // a time in which all are slower
				}
				at := min(max(int(24+burst+5*random.NormFloat64()), 0), 55)
				if random.Float64() < c.theta0 {
					slow[at+shift]++
				} else {
					fast[at]++
				}
				if i%15 == 0 && !out {
					shifts := NewQuantileShift(slow, fast, c.p, c.theta0, alpha)
					out = max(shifts.Slower(shift), shifts.Faster(shift)) >= math.Log(2/alpha)
				}
			}
			if out {
				missed++
			}
		}
		if float64(missed) > alpha*runs {
			t.Errorf("%+v: the interval lacked the shift in %d of %d rows", c, missed, runs)
		}
	}
}

func TestTwoArmsKnowTheirRatioSoonerTogetherThanEachItsQuantile(t *testing.T) {
	random := rand.New(rand.NewPCG(11, 12))
	slow, fast := histogramOf(random, 4000, 2000, 2050, 200), histogramOf(random, 4000, 2000, 2000, 200)
	lo, hi := NewQuantileShift(slow, fast, 0.5, 0.5, 0.05).Interval()
	slowLo, slowHi := Quantile(slow, 0.5, 0.025)
	fastLo, fastHi := Quantile(fast, 0.5, 0.025)
	if apart := float64(slowHi + 1 - fastLo - (slowLo - fastHi - 1)); hi-lo > 0.75*apart {
		t.Errorf("together [%v, %v], apart %v wide", lo, hi, apart)
	}
	if lo > 50 || hi < 50 || lo < 0 {
		t.Errorf("a shift of 50 is [%v, %v]", lo, hi)
	}
}

func TestAShiftOfNothingIsNotKnown(t *testing.T) {
	some, none := []int64{0, 50, 50, 0}, make([]int64, 4)
	for _, c := range []struct {
		slow, fast       []int64
		p, theta0, alpha float64
	}{
		{none, some, 0.5, 0.5, 0.05}, {some, none, 0.5, 0.5, 0.05}, {some, some[:3], 0.5, 0.5, 0.05}, {nil, nil, 0.5, 0.5, 0.05},
		{some, some, 0, 0.5, 0.05}, {some, some, 1, 0.5, 0.05}, {some, some, math.NaN(), 0.5, 0.05},
		{some, some, 0.5, 0, 0.05}, {some, some, 0.5, 1, 0.05}, {some, some, 0.5, 0.5, 0}, {some, some, 0.5, 0.5, math.NaN()},
		{[]int64{1}, []int64{1}, 0.5, 0.5, 0.05},
	} {
		if lo, hi := NewQuantileShift(c.slow, c.fast, c.p, c.theta0, c.alpha).Interval(); !math.IsInf(lo, -1) || !math.IsInf(hi, 1) {
			t.Errorf("%+v: [%v, %v]", c, lo, hi)
		}
		shifts := NewQuantileShift(c.slow, c.fast, c.p, c.theta0, c.alpha)
		if slower, faster := shifts.Slower(0), shifts.Faster(0); slower != 0 || faster != 0 {
			t.Errorf("%+v: evidence %v and %v", c, slower, faster)
		}
	}
}

// What is beyond the ends of a ladder may be anywhere there.
func TestWhatIsBeyondTheLadderProvesNothing(t *testing.T) {
	all := func(bucket int) []int64 {
		out := make([]int64, 20)
		out[bucket] = 10_000
		return out
	}
	if lo, hi := NewQuantileShift(all(19), all(19), 0.5, 0.5, 0.05).Interval(); !math.IsInf(lo, -1) || !math.IsInf(hi, 1) {
		t.Errorf("both above the ladder: [%v, %v]", lo, hi)
	}
	if lo, hi := NewQuantileShift(all(0), all(0), 0.5, 0.5, 0.05).Interval(); !math.IsInf(lo, -1) || !math.IsInf(hi, 1) {
		t.Errorf("both below the ladder: [%v, %v]", lo, hi)
	}
	most := all(10)
	most[10], most[19] = 4000, 6000
	if lo, _ := NewQuantileShift(all(18), most, 0.5, 0.5, 0.05).Interval(); !math.IsInf(lo, -1) {
		t.Errorf("against a quantile above the ladder: more than %v", lo)
	}
	if lo, _ := NewQuantileShift(all(19), all(10), 0.5, 0.5, 0.05).Interval(); lo != 8 {
		t.Errorf("above the ladder against its middle: more than %v", lo)
	}
	if _, hi := NewQuantileShift(all(0), all(10), 0.5, 0.5, 0.05).Interval(); hi != -9 {
		t.Errorf("below the ladder against its middle: less than %v", hi)
	}
}
