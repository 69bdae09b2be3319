package sequential

import "math"

// ladder is at how many edges of a histogram [LogSlower] bets, about: each more
// costs a share of the stake.
const ladder = 120

// LogSlower is the natural logarithm of an e-process against "no unit is more than
// shift buckets slower in slow than it would be in fast", when each unit of both
// fell into slow with probability theta0. It is evidence at level alpha once it
// reaches log(1/alpha). Bucket is the one of slow from whose lower edge on there is
// most evidence or, without any, the largest excess.
//
// It bets on the share of values above each of some 120 edges at once, and so sees
// both a shift of all values and a tail of few.
func LogSlower(slow, fast []int64, shift int, theta0 float64) (logE float64, bucket int) {
	units, otherUnits := sum(slow), sum(fast)
	if !(theta0 > 0 && theta0 < 1) || units+otherUnits == 0 || len(fast) < 2 {
		return 0, 0
	}
	table := newGrid().table(theta0)
	every := max(1, len(fast)/ladder)
	var all total
	best, most := 0.0, math.Inf(-1)
	edges(slow, fast, shift, every, func(at int, above, otherAbove int64) {
		worth := table.play(Arm{above, units}, Arm{otherAbove, otherUnits})
		all.add(worth)
		excess := share(above, units) - share(otherAbove, otherUnits)
		if worth > best || best == 0 && excess > most {
			best, most, bucket = math.Max(worth, best), excess, at
		}
	})
	return all.log() - math.Log(float64((len(fast)-1)/every)), bucket
}

func share(part, all int64) float64 { return float64(part) / float64(max(all, 1)) }

// table is the bets on one edge: on few values above it, and on about half.
type table [2 * tilts]struct {
	share float64
	weights
}

func (g *grid) table(theta0 float64) *table {
	t := new(table)
	for i, at := range g {
		for j, centre := range []float64{0, 0.5} {
			t[2*i+j].share = at.share - math.Ln2
			t[2*i+j].weights = weigh(theta0, centre, at.gain)
		}
	}
	return t
}

func (t *table) play(a, b Arm) float64 {
	with, without := float64(a.Events), float64(a.Units-a.Events)
	otherWith, otherWithout := float64(b.Events), float64(b.Units-b.Events)
	var all total
	for i := range t {
		w := &t[i]
		all.add(w.share + with*w.with + without*w.without + otherWith*w.otherWith + otherWithout*w.otherWithout)
	}
	return all.log()
}
