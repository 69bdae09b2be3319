package sequential

import (
	"math"
	"sort"
)

// How the level of one end of [QuantileShift] is split: most on the comparison of
// both arms, and a little on each arm's own quantile, which says where to compare.
const (
	onShift = 0.9
	onPlace = (1 - onShift) / 2
)

// QuantileShift is a time-uniform confidence sequence of how many buckets the
// p-quantile of slow is above that of fast, when each unit of both fell into slow
// with probability theta0. On a ladder in which each bucket is a fixed factor above
// the one before, with ends lo and hi the ratio of the quantiles is factor^lo to
// factor^hi. An end that is not known yet is infinite.
//
// It is the inversion of a test of each shift: the place of the quantile is not
// known, so at every place that fast or slow does not refute by itself there has to
// be evidence that more of slow is above it than of fast is above the one that is
// shift buckets lower. Two intervals of quantiles that must not touch need 1.7 times
// as many units where the arms are equal, 1.2 times at a theta0 of 2 %.
//
// It is what is known at one moment, and not safe for concurrent use.
type QuantileShift struct{ up, down *quantiles }

// NewQuantileShift prepares the answers; alpha is the level of both ends of the
// interval together.
func NewQuantileShift(slow, fast []int64, p, theta0, alpha float64) *QuantileShift {
	above, otherAbove := tops(slow), tops(fast)
	return &QuantileShift{newQuantiles(above, otherAbove, p, theta0, alpha/2), newQuantiles(otherAbove, above, p, 1-theta0, alpha/2)}
}

// Interval is the interval of the shift.
func (s *QuantileShift) Interval() (lo, hi float64) { return s.up.refuted(), -s.down.refuted() }

// Slower is the evidence against "the quantile of slow is at most shift buckets above
// that of fast", as a logarithm. It reaches log(2/alpha) exactly if the lower end of
// the interval is shift or more; where that is true, with probability alpha/2 at
// most.
func (s *QuantileShift) Slower(shift int) float64 { return s.up.evidence(shift) }

// Faster is the evidence against "at least shift buckets above".
func (s *QuantileShift) Faster(shift int) float64 { return s.down.evidence(-shift) }

// quantiles is what is known of two arms' quantiles.
type quantiles struct {
	possible          bool
	above, otherAbove []int64 // of slow and fast: how many are in a bucket or above it; one more than buckets
	units, otherUnits int64
	few               int64 // of fast: with so many above it a place is above the quantile
	many              int64 // of slow: with so many above it a place is below the quantile
	games             [tilts]game
	grid              *grid
	p, need           float64
	weak              int // a place at which some shift was not refuted
}

// game is one stake on the difference at an edge.
type game struct {
	share float64
	weights
}

func newQuantiles(above, otherAbove []int64, p, theta0, alpha float64) *quantiles {
	q := &quantiles{above: above, otherAbove: otherAbove, grid: newGrid(), p: p, need: needed(alpha)}
	q.units, q.otherUnits = above[0], otherAbove[0]
	q.possible = theta0 > 0 && theta0 < 1 && p > 0 && p < 1 && len(above) == len(otherAbove) && len(above) > 2 &&
		q.units > 0 && q.otherUnits > 0 && !math.IsInf(q.need, 1)
	if !q.possible {
		return q
	}
	g, place := q.grid, needed(onPlace*alpha)
	// The more are above an edge, the more evidence that it is low.
	q.many = 1 + last(q.units, func(k int64) bool {
		return g.rate(float64(k), float64(q.units)).against(1-p) < place
	})
	q.few = q.otherUnits - 1 - last(q.otherUnits, func(k int64) bool {
		return g.rate(float64(k), float64(q.otherUnits)).against(p) < place
	})
	for i, t := range g {
		q.games[i] = game{t.share, weigh(theta0, 1-p, t.gain)}
	}
	return q
}

// tops counts what is in each bucket or above it.
func tops(buckets []int64) []int64 {
	out := make([]int64, len(buckets)+1)
	for i := len(buckets) - 1; i >= 0; i-- {
		out[i] = out[i+1] + buckets[i]
	}
	return out
}

// evidence is that against a shift: the least at any place of the quantile.
func (q *quantiles) evidence(shift int) float64 {
	if !q.possible {
		return 0
	}
	from, to := q.places(shift)
	if from >= to {
		return math.Max(q.need, q.apart(shift))
	}
	least := math.Inf(1)
	for i := from; i < to; i++ {
		least = math.Min(least, q.play(q.surely(i, shift), q.otherAbove[i]))
	}
	return least + math.Log(onShift)
}

// refutes reports whether there is the needed evidence against a shift. It asks the
// place first at which there was too little last time, and adds the bets up only
// where the best of them does not decide.
func (q *quantiles) refutes(shift int) bool {
	from, to := q.places(shift)
	if from <= q.weak && q.weak < to && !q.refutesAt(q.weak, shift) {
		return false
	}
	for i := from; i < to; i++ {
		if !q.refutesAt(i, shift) {
			q.weak = i
			return false
		}
	}
	return true
}

func (q *quantiles) refutesAt(i, shift int) bool {
	above, otherAbove := q.surely(i, shift), q.otherAbove[i]
	need := q.need - math.Log(onShift)
	best := q.best(above, otherAbove)
	switch {
	case best >= need:
		return true
	case best < need-math.Log(tilts):
		return false
	}
	return q.play(above, otherAbove) >= need
}

// places are the buckets, from one until before another, in which the quantile of
// fast may be: neither fast refutes them, nor slow the ones that are shift above.
func (q *quantiles) places(shift int) (from, to int) {
	buckets := len(q.above) - 1
	to = sort.Search(buckets, func(i int) bool { return q.otherAbove[i] <= q.few })
	low := sort.Search(buckets, func(i int) bool { return q.above[i] < q.many })
	if low > 1 {
		from = min(max(low-shift-1, 0), buckets-1)
	}
	return from, to
}

// apart is the evidence without the comparison: at each place one of the arms
// refutes that the quantile is there. The more of fast are below a place the more
// fast does so, and the fewer of slow above it the less slow does.
func (q *quantiles) apart(shift int) float64 {
	refutes := func(i int) (fast, slow float64) {
		below, above := float64(q.otherUnits-q.otherAbove[i]), float64(q.surely(i, shift))
		return q.grid.rate(below, float64(q.otherUnits)).against(q.p), q.grid.rate(above, float64(q.units)).against(1 - q.p)
	}
	low, high := 0, len(q.above)-2 // fast refutes more than slow from high on
	for low < high {
		middle := (low + high) / 2
		if fast, slow := refutes(middle); fast >= slow {
			high = middle
		} else {
			low = middle + 1
		}
	}
	fast, _ := refutes(high)
	_, slow := refutes(max(high-1, 0))
	return math.Min(fast, slow) + math.Log(onPlace)
}

// surely counts those of slow that are above a value in bucket i when it is shifted.
// The ends of the ladder are no buckets of the common width.
func (q *quantiles) surely(i, shift int) int64 {
	last := len(q.above) - 2
	if i == last {
		return 0
	}
	return q.above[min(max(i+shift+1, 1), last+1)]
}

// play is what all bets are worth together where so many are above an edge.
func (q *quantiles) play(above, otherAbove int64) float64 {
	var all total
	for i := range q.games {
		all.add(q.games[i].worth(float64(above), float64(q.units-above), float64(otherAbove), float64(q.otherUnits-otherAbove)))
	}
	return all.log()
}

// best is what the best bet is worth.
func (q *quantiles) best(above, otherAbove int64) float64 {
	most := math.Inf(-1)
	for i := range q.games {
		most = math.Max(most, q.games[i].worth(float64(above), float64(q.units-above), float64(otherAbove), float64(q.otherUnits-otherAbove)))
	}
	return most
}

func (g *game) worth(with, without, otherWith, otherWithout float64) float64 {
	return g.share + with*g.with + without*g.without + otherWith*g.otherWith + otherWithout*g.otherWithout
}

// refuted is the largest shift against which there is enough evidence, or -Inf.
func (q *quantiles) refuted() float64 {
	buckets := len(q.above) - 1
	low, high := -buckets, buckets // refuted at low, if at all
	if !q.possible || !q.refutes(low) {
		return math.Inf(-1)
	}
	for high-low > 1 {
		middle := low + (high-low)/2
		if q.refutes(middle) {
			low = middle
		} else {
			high = middle
		}
	}
	return float64(low)
}
