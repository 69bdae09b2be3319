package main

import (
	"math"

	"github.com/swapline/swapline/runtime/rollout"
)

// naive is what is often done instead: tests for a fixed number of calls at 1 %,
// Mann and Whitney's on latencies and a z-test on error rates, at every look, from
// 100 calls of the candidate on. Each alone is right 99 times in 100; repeated they
// are not.
type naive struct {
	before int64 // calls of the candidate at earlier stages
	calls  int64 // at this one
}

// critical is the quantile of the normal distribution beyond which 1 % lies.
const (
	critical   = 2.3263
	naiveCalls = 100
)

// next begins a stage.
func (n *naive) next() { n.before, n.calls = n.before+n.calls, 0 }

func (n *naive) worse(candidate, stable *rollout.Sample) bool {
	if candidate.Calls < naiveCalls || stable.Calls < naiveCalls {
		return false
	}
	return proportions(candidate, stable) > critical || ranks(candidate.Latency.Buckets, stable.Latency.Buckets) > critical
}

// proportions is the z-statistic of the difference of error rates.
func proportions(a, b *rollout.Sample) float64 {
	x, n := float64(a.Faults), float64(a.Calls)
	y, m := float64(b.Faults), float64(b.Calls)
	p := (x + y) / (n + m)
	if p == 0 || p == 1 {
		return 0
	}
	return (x/n - y/m) / math.Sqrt(p*(1-p)*(1/n+1/m))
}

// ranks is the z-statistic of Mann and Whitney's test, with ties in buckets.
func ranks(a, b []int64) float64 {
	var n, m, u, ties float64
	for i := range a {
		x, y := float64(a[i]), float64(b[i])
		u += x*m + x*y/2 // how many of b are faster
		n, m = n+x, m+y
		both := x + y
		ties += both * (both*both - 1)
	}
	all := n + m
	spread := n * m / 12 * (all + 1 - ties/(all*(all-1)))
	if !(spread > 0) {
		return 0
	}
	return (u - n*m/2) / math.Sqrt(spread)
}
