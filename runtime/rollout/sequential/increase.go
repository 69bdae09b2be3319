package sequential

import "math"

// Arm is what one arm did: in how many of its units the event was.
type Arm struct{ Events, Units int64 }

// LogIncrease is the natural logarithm of an e-process against "the event's rate in
// a is at most that in b plus margin", when each unit of both fell into a with
// probability theta0. It falls as the margin rises.
//
// With the arms swapped, 1-theta0 and margin -m it is evidence for "a is worse than
// b by less than m".
func LogIncrease(a, b Arm, theta0, margin float64) float64 {
	if math.IsNaN(margin) {
		return 0
	}
	bets := newGrid().difference(a, b, theta0)
	if bets.n == 0 {
		return 0
	}
	return bets.against(math.Min(math.Max(margin, -1), 1))
}

// Increase is a time-uniform confidence sequence of the rate of a minus that of b:
// what LogIncrease does not refute at alpha/2 in either direction. It is [-1, 1]
// while nothing is known, and when the arms have numbers of units that theta0 does
// not explain.
func Increase(a, b Arm, theta0, alpha float64) (lo, hi float64) {
	g, need := newGrid(), needed(alpha/2)
	up, down := g.difference(a, b, theta0), g.difference(b, a, 1-theta0)
	if up.n == 0 {
		return -1, 1
	}
	lo, hi = up.refuted(need, -1), -down.refuted(need, -1)
	if lo > hi || lo > 1 || hi < -1 {
		return -1, 1
	}
	return lo, hi
}

// centre is taken off a unit's value, 1 with the event and 0 without, before the
// value is weighted: it changes no difference of means, and the closer it is to the
// rate the less the weighted values scatter.
type centre struct{ at, share float64 }

// centres favour rare events, which are watched most.
func centres() [3]centre {
	return [3]centre{{0, -math.Ln2}, {0.5, -2 * math.Ln2}, {1, -2 * math.Ln2}}
}

// difference is the bets on the values of units weighted by the inverse of their
// probability, (y-c)/theta0 in a and -(y-c)/(1-theta0) in b: their mean is the rate
// of a minus that of b, whatever the others' rates. It has no bets if a unit cannot
// fall into either arm.
func (g *grid) difference(a, b Arm, theta0 float64) *book {
	with, units := counted(a.Events, a.Units)
	otherWith, otherUnits := counted(b.Events, b.Units)
	if !(theta0 > 0 && theta0 < 1) || units+otherUnits == 0 {
		return &book{}
	}
	out := &book{bets: make([]bet, 0, 3*tilts), n: units + otherUnits}
	for _, c := range centres() {
		for _, t := range g {
			w := weigh(theta0, c.at, t.gain)
			out.bets = append(out.bets, bet{
				worth: c.share + t.share + with*w.with + (units-with)*w.without +
					otherWith*w.otherWith + (otherUnits-otherWith)*w.otherWithout,
				stake: w.stake,
			})
		}
	}
	return out
}

// weights are what a bet multiplies by at a unit of each kind, as logarithms.
type weights struct{ stake, with, without, otherWith, otherWithout float64 }

// weigh stakes so much that the best that can happen is worth 1+gain times the
// worst. No stake reaches 1.
func weigh(theta0, centre, gain float64) weights {
	up, down := 1/theta0, 1/(1-theta0)
	best := math.Max((1-centre)*up, centre*down)
	worst := math.Max((1-centre)*down, centre*up)
	stake := gain / (best + worst*(1+gain))
	return weights{
		stake:        stake,
		with:         math.Log1p(stake * (1 - centre) * up),
		without:      math.Log1p(-stake * centre * up),
		otherWith:    math.Log1p(-stake * (1 - centre) * down),
		otherWithout: math.Log1p(stake * centre * down),
	}
}
