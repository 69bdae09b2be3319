package sequential

import "math"

// LogE is the natural logarithm of an e-process against "each of n events is of a
// kind, or fell into an arm, with probability theta0 or less", k of which were or
// did. It is evidence at level alpha once it reaches log(1/alpha), whenever that is
// looked at. It is 0 without events, never above 0 for theta0 of 1, and falls as
// theta0 rises.
func LogE(k, n int64, theta0 float64) float64 {
	events, trials := counted(k, n)
	if trials == 0 || math.IsNaN(theta0) {
		return 0
	}
	b := newGrid().rate(events, trials)
	return b.against(math.Min(math.Max(theta0, 0), 1))
}

// Rate is a time-uniform confidence sequence of the rate of events, of which there
// were k in n trials: what LogE does not refute at alpha/2 in either direction. It
// is [0, 1] while nothing is known.
func Rate(k, n int64, alpha float64) (lo, hi float64) {
	events, trials := counted(k, n)
	if trials == 0 {
		return 0, 1
	}
	g, need := newGrid(), needed(alpha/2)
	with, without := g.rate(events, trials), g.rate(trials-events, trials)
	seen := events / trials // rounding must not leave it outside
	return math.Min(with.refuted(need, 0), seen), math.Max(1-without.refuted(need, 0), seen)
}

// rate is the bets on k of n values being 1 and the others 0: the likelihood ratios
// of odds that are exp(tilt) times those of a rate p are exp(k*tilt) by
// (1+p*gain)^n.
func (g *grid) rate(k, n float64) *book {
	b := &book{bets: make([]bet, 0, tilts), n: n}
	for _, t := range g {
		b.bets = append(b.bets, bet{worth: t.share + k*t.tilt, stake: t.gain})
	}
	return b
}
