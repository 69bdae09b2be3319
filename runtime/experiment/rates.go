package experiment

import (
	"math"

	"github.com/swapline/swapline/runtime/rollout/sequential"
)

func (p *Plan) rateTest(i int, t *Tally, alpha float64) test {
	both := rates{t.reference.counts[i], t.candidate.counts[i]}
	if t.pairs != nil {
		return pairedRate{both, t.pairs.only[i], alpha}
	}
	return drawnRate{both, p.theta0(), alpha}
}

// rates are those of both arms.
type rates struct{ reference, candidate count }

func (r rates) values() (reference, candidate float64) {
	return r.reference.share(), r.candidate.share()
}

func (r rates) units() (reference, candidate int64) { return r.reference.n, r.candidate.n }

func (c count) share() float64 {
	if c.n == 0 {
		return math.NaN()
	}
	return c.mean()
}

// drawnRate compares a rate of two arms whose units were drawn.
type drawnRate struct {
	rates
	theta0, alpha float64
}

func (r drawnRate) interval() (lo, hi float64) {
	return sequential.Increase(r.candidate.arm(), r.reference.arm(), r.theta0, r.alpha)
}

func (r drawnRate) above(bound float64) float64 {
	return sequential.LogIncrease(r.candidate.arm(), r.reference.arm(), r.theta0, bound)
}

func (r drawnRate) below(bound float64) float64 {
	return sequential.LogIncrease(r.reference.arm(), r.candidate.arm(), 1-r.theta0, -bound)
}

func (r drawnRate) method() string { return "sequential, bets on weighted differences of drawn units" }

// pairedRate compares a rate of two arms that ran on the same calls.
type pairedRate struct {
	rates
	only  sequential.Pairs
	alpha float64
}

func (r pairedRate) interval() (lo, hi float64) {
	return sequential.PairsIncrease(r.only, r.alpha)
}

func (r pairedRate) above(bound float64) float64 {
	return sequential.LogPairsIncrease(r.only, bound)
}

func (r pairedRate) below(bound float64) float64 {
	return sequential.LogPairsIncrease(sequential.Pairs{First: r.only.Second, Second: r.only.First, All: r.only.All}, -bound)
}

func (r pairedRate) method() string { return "sequential bets on pairs in which one arm only had it" }
