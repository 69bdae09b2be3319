package sequential

import (
	"math"
	"testing"
)

// trinomial goes through all that n pairs can be, with their chance.
func trinomial(n int, first, second float64, visit func(p Pairs, chance float64)) {
	for a := range n + 1 {
		for b := range n + 1 - a {
			log := gamma(n) - gamma(a) - gamma(b) - gamma(n-a-b)
			chance := math.Exp(log) * math.Pow(first, float64(a)) * math.Pow(second, float64(b)) * math.Pow(1-first-second, float64(n-a-b))
			visit(Pairs{int64(a), int64(b), int64(n)}, chance)
		}
	}
}

func gamma(n int) float64 {
	log, _ := math.Lgamma(float64(n + 1))
	return log
}

func TestPairsThatAreNoMoreAreWorthOneOnAverage(t *testing.T) {
	for _, c := range []struct{ first, second float64 }{{0.01, 0.01}, {0.2, 0.1}, {0.05, 0.4}} {
		for n := 1; n <= 30; n++ {
			got := 0.0
			trinomial(n, c.first, c.second, func(p Pairs, chance float64) {
				got += chance * math.Exp(LogPairsIncrease(p, c.first-c.second))
			})
			if math.Abs(got-1) > 1e-9 {
				t.Errorf("%d pairs of %+v: worth %v on average", n, c, got)
			}
		}
	}
}

func TestTheIntervalOfPairsHoldsTheDifferenceAtEveryMoment(t *testing.T) {
	const first, second, n, alpha = 0.15, 0.1, 70, 0.1
	chance, missed := map[[2]int]float64{{}: 1}, 0.0
	for i := 1; i <= n; i++ {
		next := map[[2]int]float64{}
		for at, c := range chance {
			next[[2]int{at[0] + 1, at[1]}] += c * first
			next[[2]int{at[0], at[1] + 1}] += c * second
			next[at] += c * (1 - first - second)
		}
		for at, c := range next {
			lo, hi := PairsIncrease(Pairs{int64(at[0]), int64(at[1]), int64(i)}, alpha)
			if first-second < lo || first-second > hi {
				missed += c
				delete(next, at)
			}
		}
		chance = next
	}
	if missed > alpha || missed == 0 {
		t.Errorf("missed with probability %v", missed)
	}
}

func TestAnIntervalOfPairsEndsWhereItIsRefuted(t *testing.T) {
	p := Pairs{First: 40, Second: 10, All: 1000}
	lo, hi := PairsIncrease(p, 0.05)
	if !(lo > 0.005 && lo < 0.03 && hi > 0.03 && hi < 0.07) {
		t.Errorf("[%v, %v]", lo, hi)
	}
	need := math.Log(2 / 0.05)
	if got := LogPairsIncrease(p, lo); math.Abs(got-need) > 1e-3 {
		t.Errorf("at the lower end the evidence is %v, needed is %v", got, need)
	}
	if got := LogPairsIncrease(Pairs{10, 40, 1000}, -hi); math.Abs(got-need) > 1e-3 {
		t.Errorf("at the upper end the evidence is %v, needed is %v", got, need)
	}
	for _, p := range []Pairs{{}, {All: -1}, {First: 9, Second: 9, All: 10}, {First: -1, Second: math.MaxInt64, All: 3}} {
		if lo, hi := PairsIncrease(p, 0.05); !(lo >= -1 && lo <= hi && hi <= 1) {
			t.Errorf("%+v: [%v, %v]", p, lo, hi)
		}
	}
}
