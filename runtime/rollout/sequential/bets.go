package sequential

import "math"

// tilts is how many sizes of an effect share the stake of a test.
const tilts = 17

// grid is the mixture: each tilt is the logarithm of an odds ratio, 0.01 to 6.57 in
// steps of a factor 1.5 (odds 1 % to 700 times higher), with the logarithm of its
// share. Shares fall like Cauchy's density in the logarithm of the tilt around 0.8,
// so that doubled odds get most and no size of effect little.
type grid [tilts]struct{ tilt, gain, share float64 } // gain is exp(tilt)-1

func newGrid() *grid {
	const least, growth, middle, spread = 0.01, 1.5, 0.8, 1.5
	g, tilt, sum := new(grid), least, 0.0
	for i := range g {
		far := math.Log(tilt/middle) / spread
		g[i].tilt, g[i].gain, g[i].share = tilt, math.Expm1(tilt), 1/(1+far*far)
		sum += g[i].share
		tilt *= growth
	}
	for i := range g {
		g[i].share = math.Log(g[i].share / sum)
	}
	return g
}

// bet stakes a part of what it has on each of n values: it multiplies by 1+stake*v
// at a value v and divides by 1+stake*m, which is what it expects if their mean is m.
type bet struct {
	worth float64 // logarithm of its share and of all multiplications
	stake float64
}

// book is all bets on one row of values.
type book struct {
	bets []bet
	n    float64
}

// against is the logarithm of what the bets are worth together against "the mean is
// m or less": convex and falling in m.
func (b *book) against(m float64) float64 {
	var all total
	for _, bet := range b.bets {
		all.add(bet.worth - b.n*math.Log1p(m*bet.stake))
	}
	return all.log()
}

// refuted is the largest mean against which there is the needed evidence, or least
// if there is none. Newton's method begins at the best bound of a single bet, which
// is below the root, and never passes it: where it stops is valid.
func (b *book) refuted(need, least float64) float64 {
	if math.IsInf(need, 1) {
		return least
	}
	m := least
	for _, bet := range b.bets {
		m = math.Max(m, math.Expm1((bet.worth-need)/b.n)/bet.stake)
	}
	for range 8 {
		value := b.against(m)
		step := (value - need) / b.fall(m, value)
		if !(step > 1e-12*math.Abs(m)) {
			break
		}
		m += step
	}
	return m
}

// fall is how fast the evidence at m, which is value, falls.
func (b *book) fall(m, value float64) float64 {
	fall := 0.0
	for _, bet := range b.bets {
		part := math.Exp(bet.worth - b.n*math.Log1p(m*bet.stake) - value)
		fall += part * b.n * bet.stake / (1 + m*bet.stake)
	}
	return fall
}

// total adds numbers up that are given as logarithms.
type total struct {
	most, sum float64 // together sum*exp(most)
}

func (t *total) add(log float64) {
	switch {
	case t.sum == 0:
		t.most, t.sum = log, 1
	case log <= t.most:
		t.sum += math.Exp(log - t.most)
	default:
		t.most, t.sum = log, t.sum*math.Exp(t.most-log)+1
	}
}

func (t *total) log() float64 { return t.most + math.Log(t.sum) }

// needed is the evidence that a level asks for: none above 1, and more than there
// can be if it is not positive.
func needed(alpha float64) float64 {
	if !(alpha > 0) {
		return math.Inf(1)
	}
	return math.Max(0, -math.Log(alpha))
}

// counted limits n to what a count can be, and k to what can be a part of it.
func counted(k, n int64) (float64, float64) {
	n = max(n, 0)
	return float64(min(max(k, 0), n)), float64(n)
}
