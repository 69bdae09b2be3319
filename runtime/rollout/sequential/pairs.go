package sequential

import "math"

// Pairs is what two arms did that ran on the same inputs: in how many of them only
// the first had the event, and only the second.
type Pairs struct{ First, Second, All int64 }

// LogPairsIncrease is the natural logarithm of an e-process against "the event's
// rate in the first arm is at most that in the second plus margin". It asks nothing
// of the inputs: they may come in any order and resemble each other.
func LogPairsIncrease(p Pairs, margin float64) float64 {
	bets := newGrid().pairs(p)
	if bets.n == 0 || math.IsNaN(margin) {
		return 0
	}
	return bets.against(math.Min(math.Max(margin, -1), 1))
}

// PairsIncrease is a time-uniform confidence sequence of the rate of the first arm
// minus that of the second: what LogPairsIncrease does not refute at alpha/2 in
// either direction.
func PairsIncrease(p Pairs, alpha float64) (lo, hi float64) {
	g, need := newGrid(), needed(alpha/2)
	up, down := g.pairs(p), g.pairs(Pairs{p.Second, p.First, p.All})
	if up.n == 0 {
		return -1, 1
	}
	first, second, n := p.counted()
	seen := (first - second) / n // rounding must not leave it outside
	return math.Min(up.refuted(need, -1), seen), math.Max(-down.refuted(need, -1), seen)
}

// pairs is the bets on values that are 1 where only the first arm had the event, -1
// where only the second had it, and 0 elsewhere.
func (g *grid) pairs(p Pairs) *book {
	first, second, n := p.counted()
	b := &book{bets: make([]bet, 0, tilts), n: n}
	for _, t := range g {
		stake := t.gain / (2 + t.gain) // 1+stake is 1+gain times 1-stake
		b.bets = append(b.bets, bet{
			worth: t.share + first*math.Log1p(stake) + second*math.Log1p(-stake),
			stake: stake,
		})
	}
	return b
}

// counted limits the numbers to what they can be.
func (p Pairs) counted() (first, second, all float64) {
	all = float64(max(p.All, 0))
	first = math.Min(math.Max(float64(p.First), 0), all)
	return first, math.Min(math.Max(float64(p.Second), 0), all-first), all
}
