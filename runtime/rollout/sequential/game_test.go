package sequential

import (
	"math"
	"testing"
)

// mean is the expectation of the e-value of n events of which each is of the kind
// with its own probability, by going through all their ways.
func mean(value func(k int64) float64, p []float64) float64 {
	chance := []float64{1} // of k so far
	for _, p := range p {
		next := make([]float64, len(chance)+1)
		for k, c := range chance {
			next[k] += c * (1 - p)
			next[k+1] += c * p
		}
		chance = next
	}
	all := 0.0
	for k, c := range chance {
		all += c * math.Exp(value(int64(k)))
	}
	return all
}

func constant(n int, p float64) []float64 {
	all := make([]float64, n)
	for i := range all {
		all[i] = p
	}
	return all
}

func TestWhatIsStakedOnANullIsWorthOneOnAverage(t *testing.T) {
	for _, p := range []float64{0.0001, 0.01, 0.2, 0.5, 0.9} {
		for n := 1; n <= 40; n++ {
			value := func(k int64) float64 { return LogE(k, int64(n), p) }
			if got := mean(value, constant(n, p)); math.Abs(got-1) > 1e-9 {
				t.Errorf("theta0 %v, %d events: %v on average, not 1", p, n, got)
			}
			if got := mean(value, constant(n, p*0.7)); got > 1 {
				t.Errorf("%d events more seldom than theta0 %v: %v on average, more than 1", n, p, got)
			}
		}
	}
}

// A rate that changes is no evidence against its mean.
func TestADriftIsWorthNoMoreThanItsMean(t *testing.T) {
	for n := 2; n <= 40; n++ {
		p, sum := make([]float64, n), 0.0
		for i := range p {
			p[i] = []float64{0.02, 0.9, 0.3}[i%7%3] // bursts
			sum += p[i]
		}
		value := func(k int64) float64 { return LogE(k, int64(n), sum/float64(n)) }
		if got := mean(value, p); got > 1+1e-12 {
			t.Errorf("%d events: %v on average, more than 1", n, got)
		}
	}
}

// ever is the probability that a row of n events, each of the kind with probability
// p, is found at any of its moments.
func ever(n int, p float64, found func(k, n int64) bool) float64 {
	chance, caught := []float64{1}, 0.0
	for i := 1; i <= n; i++ {
		next := make([]float64, i+1)
		for k, c := range chance {
			next[k] += c * (1 - p)
			next[k+1] += c * p
		}
		for k := range next {
			if next[k] > 0 && found(int64(k), int64(i)) {
				caught += next[k]
				next[k] = 0
			}
		}
		chance = next
	}
	return caught
}

func TestPeekingAtEveryEventFindsANullWithNoMoreThanItsLevel(t *testing.T) {
	for _, c := range []struct{ p, alpha float64 }{{0.01, 0.05}, {0.2, 0.05}, {0.5, 0.05}, {0.5, 0.001}} {
		need := -math.Log(c.alpha)
		got := ever(400, c.p, func(k, n int64) bool { return LogE(k, n, c.p) >= need })
		if got > c.alpha || got < c.alpha/50 {
			t.Errorf("theta0 %v at level %v: found with probability %v", c.p, c.alpha, got)
		}
	}
}

func TestTheIntervalOfARateHoldsTheRateAtEveryMoment(t *testing.T) {
	const alpha = 0.05
	for _, p := range []float64{0.01, 0.3, 0.97} {
		got := ever(300, p, func(k, n int64) bool {
			lo, hi := Rate(k, n, alpha)
			return p < lo || p > hi
		})
		if got > alpha || got < alpha/50 {
			t.Errorf("rate %v: outside of the interval with probability %v", p, got)
		}
	}
}

func TestTheIntervalOfAQuantileHoldsItAtEveryMoment(t *testing.T) {
	const alpha = 0.05
	// Three buckets; the quantile is in the middle one. Only the counts below and
	// above it matter, so two rows of events say all.
	for _, c := range []struct{ p, below, above float64 }{{0.5, 0.45, 0.45}, {0.9, 0.88, 0.08}} {
		low := ever(250, c.below, func(k, n int64) bool {
			_, hi := Quantile([]int64{k, n - k, 0}, c.p, alpha)
			return hi == 0
		})
		high := ever(250, c.above, func(k, n int64) bool {
			lo, _ := Quantile([]int64{0, n - k, k}, c.p, alpha)
			return lo == 2
		})
		if low+high > alpha || low+high == 0 {
			t.Errorf("quantile %v: missed with probability %v below and %v above", c.p, low, high)
		}
	}
}

// draws goes through all ways in which units fall into arms.
func draws(n int, theta0 float64, visit func(inA func(i int) bool, chance float64)) {
	for set := range 1 << n {
		chance := 1.0
		inA := func(i int) bool { return set>>i&1 == 1 }
		for i := range n {
			if inA(i) {
				chance *= theta0
			} else {
				chance *= 1 - theta0
			}
		}
		visit(inA, chance)
	}
}

// Units have the event or not, and not one after the other as if drawn: the arms
// alone are drawn.
func TestAnIncreaseThatIsNoneIsWorthOneOnAverageWhateverUnitsDo(t *testing.T) {
	does := []int64{1, 1, 1, 1, 0, 0, 0, 0, 0, 1, 0} // a burst
	for _, theta0 := range []float64{0.01, 0.2, 0.5, 0.99} {
		for n := 1; n <= len(does); n++ {
			got := 0.0
			draws(n, theta0, func(inA func(int) bool, chance float64) {
				var a, b Arm
				for i, y := range does[:n] {
					arm := &b
					if inA(i) {
						arm = &a
					}
					arm.Units++
					arm.Events += y
				}
				got += chance * math.Exp(LogIncrease(a, b, theta0, 0))
			})
			if math.Abs(got-1) > 1e-9 {
				t.Errorf("theta0 %v, %d units: %v on average, not 1", theta0, n, got)
			}
		}
	}
}

// Two of ten units have the event in a only, one in b only: an increase of 0.1.
func TestAnIncreaseWithinItsMarginIsWorthNoMoreThanOne(t *testing.T) {
	inArmA := []int64{1, 0, 1, 0, 1, 0, 0, 0, 1, 0}
	inArmB := []int64{1, 0, 0, 0, 0, 1, 0, 0, 1, 0}
	for _, theta0 := range []float64{0.05, 0.5, 0.8} {
		for _, margin := range []float64{0.1, 0.3} {
			got := 0.0
			draws(10, theta0, func(inA func(int) bool, chance float64) {
				var a, b Arm
				for i := range 10 {
					if inA(i) {
						a.Units, a.Events = a.Units+1, a.Events+inArmA[i]
					} else {
						b.Units, b.Events = b.Units+1, b.Events+inArmB[i]
					}
				}
				got += chance * math.Exp(LogIncrease(a, b, theta0, margin))
			})
			if got > 1+1e-12 {
				t.Errorf("theta0 %v, margin %v: %v on average, more than 1", theta0, margin, got)
			}
		}
	}
}

// walk is what came of units so far: with and without the event, in a and in b.
type walk [4]int64

func (w walk) arms() (a, b Arm) {
	return Arm{w[0], w[0] + w[1]}, Arm{w[2], w[2] + w[3]}
}

// strays is the probability that after any of n units the interval of the increase
// lacks what it is.
func strays(n int, theta0, rateA, rateB, alpha float64) float64 {
	chances := [4]float64{theta0 * rateA, theta0 * (1 - rateA), (1 - theta0) * rateB, (1 - theta0) * (1 - rateB)}
	now, strayed := map[walk]float64{{}: 1}, 0.0
	for range n {
		next := map[walk]float64{}
		for w, chance := range now {
			for cell, c := range chances {
				to := w
				to[cell]++
				next[to] += chance * c
			}
		}
		for w, chance := range next {
			a, b := w.arms()
			if lo, hi := Increase(a, b, theta0, alpha); rateA-rateB < lo || rateA-rateB > hi {
				strayed += chance
				delete(next, w)
			}
		}
		now = next
	}
	return strayed
}

func TestTheIntervalOfAnIncreaseHoldsItAtEveryMoment(t *testing.T) {
	const alpha = 0.2
	for _, c := range []struct{ theta0, rateA, rateB float64 }{{0.5, 0.5, 0.5}, {0.2, 0.3, 0.1}} {
		if got := strays(20, c.theta0, c.rateA, c.rateB, alpha); got > alpha || got == 0 {
			t.Errorf("%+v: outside of the interval with probability %v", c, got)
		}
	}
}

func TestSlownessThatIsNoneIsWorthOneOnAverageWhateverUnitsTake(t *testing.T) {
	takes := []int{3, 3, 7, 0, 1, 7, 2, 2, 5, 6}
	for _, theta0 := range []float64{0.05, 0.5} {
		for _, shift := range []int{0, 1, 2} {
			got := 0.0
			draws(len(takes), theta0, func(inSlow func(int) bool, chance float64) {
				slow, fast := make([]int64, 8), make([]int64, 8)
				for i, bucket := range takes {
					if inSlow(i) {
						slow[min(bucket+shift, 7)]++ // slower by just what is allowed
					} else {
						fast[bucket]++
					}
				}
				logE, _ := LogSlower(slow, fast, shift, theta0)
				got += chance * math.Exp(logE)
			})
			if got > 1+1e-9 || shift == 0 && got < 1-1e-9 {
				t.Errorf("theta0 %v, shift %d: %v on average, not 1", theta0, shift, got)
			}
		}
	}
}
