package experiment

import (
	"math"

	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/rollout/sequential"
)

// test compares one metric of the arms at a level. All that it says holds at every
// moment at once.
type test interface {
	// values are those of the reference and of the candidate, NaN if there is none.
	values() (reference, candidate float64)
	// units are how many the values are made of.
	units() (reference, candidate int64)
	// interval is where the change is but for a probability of the level, on the
	// metric's scale.
	interval() (lo, hi float64)
	// above is the logarithm of the evidence against "the change is at most bound",
	// below against "at least". Half of the level is for each.
	above(bound float64) float64
	below(bound float64) float64
	method() string
}

// test returns how a metric is compared.
func (p *Plan) test(m Metric, t *Tally, alpha float64) test {
	n := natureOf(m)
	switch {
	case n.quantile > 0:
		return p.latencyTest(m, n.quantile, t, alpha)
	case m == LatencyMean:
		return p.meanTest(0, t, alpha)
	case m == Instructions:
		return p.meanTest(1, t, alpha)
	}
	return p.rateTest(countOfMetric(m), t, alpha)
}

func countOfMetric(m Metric) int {
	switch m {
	case ErrorRate:
		return countErrors
	case FaultRate:
		return countFaults
	case BusinessRate:
		return countBusiness
	}
	return countField
}

func (p *Plan) latencyTest(m Metric, quantile float64, t *Tally, alpha float64) test {
	a, b := t.reference.latency, t.candidate.latency
	switch {
	case t.pairs == nil:
		return quantileTest{quantiles{a, b, quantile}, sequential.NewQuantileShift(b, a, quantile, p.theta0(), alpha)}
	case m == LatencyP50:
		r := t.pairs.ratios
		return ratioTest{quantiles{a, b, 0.5}, r, sequential.NewQuantileShift(r[0], inverted(r[1]), 0.5, 0.5, alpha)}
	}
	return apartTest{quantiles{a, b, quantile}, alpha}
}

// change is the interval of a test with its point.
func change(x test, scale compare.Scale) compare.Interval {
	a, b := x.values()
	point := b - a
	if scale == compare.Ratio {
		point = b / a
	}
	if r, ok := x.(ratioTest); ok {
		point = r.point()
	}
	if math.IsNaN(point) || math.IsInf(point, 0) {
		return compare.Unknown()
	}
	lo, hi := x.interval()
	return compare.Interval{Lo: math.Min(lo, point), Point: point, Hi: math.Max(hi, point)}
}

// quantiles are those of both arms.
type quantiles struct {
	reference, candidate []int64
	p                    float64
}

func (q quantiles) values() (reference, candidate float64) {
	return known(q.reference, q.p), known(q.candidate, q.p)
}

func known(buckets []int64, p float64) float64 {
	if total(buckets) == 0 {
		return math.NaN()
	}
	return quantile(buckets, p)
}

func (q quantiles) units() (reference, candidate int64) {
	return total(q.reference), total(q.candidate)
}

// quantileTest compares a quantile of two arms whose units were drawn.
type quantileTest struct {
	quantiles
	shifts *sequential.QuantileShift // at the level asked for
}

func (q quantileTest) interval() (lo, hi float64) {
	lo, hi = q.shifts.Interval()
	return ratioOf(lo), ratioOf(hi)
}

func (q quantileTest) above(bound float64) float64 { return q.shifts.Slower(atLeast(climb(bound))) }

func (q quantileTest) below(bound float64) float64 { return q.shifts.Faster(-atLeast(-climb(bound))) }

func (q quantileTest) method() string {
	return "sequential, units drawn by weight, bets at every place where the quantile may be"
}

// atLeast rounds a number of buckets up; powers of two are exact.
func atLeast(buckets float64) int { return int(math.Ceil(buckets - 1e-6)) }

// apartTest compares a quantile of two arms that ran on the same calls by the
// intervals of each.
type apartTest struct {
	quantiles
	alpha float64
}

func (a apartTest) interval() (lo, hi float64) { return a.at(a.alpha) }

func (a apartTest) at(alpha float64) (lo, hi float64) {
	lowA, highA := sequential.Quantile(a.reference, a.p, alpha/2)
	lowB, highB := sequential.Quantile(a.candidate, a.p, alpha/2)
	return 1 / upTo(highA, lowB), upTo(highB, lowA)
}

// upTo is the ratio of a bucket's upper end and another's lower one; what is beyond
// the ladder has none, so that it is infinite.
func upTo(high, low int) float64 {
	if high >= size-1 || low <= 0 {
		return math.Inf(1)
	}
	return ratioOf(float64(high + 1 - low))
}

func (a apartTest) above(bound float64) float64 {
	return refuted(func(level float64) bool {
		lo, _ := a.at(2 * level)
		return lo > bound
	})
}

func (a apartTest) below(bound float64) float64 {
	return refuted(func(level float64) bool {
		_, hi := a.at(2 * level)
		return hi < bound
	})
}

func (a apartTest) method() string { return "sequential, an interval for each arm's quantile" }

// strongest is the most that refuted looks for, as a logarithm.
const strongest = 40.0

// refuted is the logarithm of 1/level for the least level at which an interval
// refutes a bound, 0 for none.
func refuted(at func(level float64) bool) float64 {
	low, high := 0.0, strongest
	if !at(math.Exp(-0.7)) {
		return 0
	}
	for high-low > 0.05 {
		middle := (low + high) / 2
		if at(math.Exp(-middle)) {
			low = middle
		} else {
			high = middle
		}
	}
	return low
}

// ratioTest judges how many times as long the candidate takes in the median pair,
// whichever arm ran first. Who runs second finds caches warm, so the ratio has one
// median if the reference was first and another if the candidate was: what both
// have in common is the ratio. If it is r, the candidate's time by the reference's of
// the first kind of pairs is r*r times the reference's by the candidate's of the
// second kind. Which kind a pair is was drawn, so this is a shift between drawn arms.
type ratioTest struct {
	quantiles
	ratios [2][]int64 // of pairs in which the reference, the candidate ran first
	shifts *sequential.QuantileShift
}

// point is the geometric mean of the medians of both kinds of pairs.
func (r ratioTest) point() float64 {
	log := 0.0
	for _, ratios := range r.ratios {
		if total(ratios) == 0 {
			return math.NaN()
		}
		log += position(ratios, 0.5) - even - 0.5
	}
	return ratioOf(log / 2)
}

func (r ratioTest) units() (reference, candidate int64) {
	n := total(r.ratios[0]) + total(r.ratios[1])
	return n, n
}

func (r ratioTest) interval() (lo, hi float64) {
	lo, hi = r.shifts.Interval()
	return ratioOf(lo / 2), ratioOf(hi / 2)
}

func (r ratioTest) above(bound float64) float64 { return r.shifts.Slower(atLeast(2 * climb(bound))) }

func (r ratioTest) below(bound float64) float64 { return r.shifts.Faster(-atLeast(-2 * climb(bound))) }

func (r ratioTest) method() string {
	return "sequential, ratios of pairs in either order, which was drawn"
}
