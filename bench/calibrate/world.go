package main

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/swapline/swapline/runtime/compare/sample"
)

// shape is how long calls take on a machine that does nothing else.
type shape struct {
	// draw makes a latency in ns of a normal deviate and what else it needs.
	draw func(z float64, random *rand.Rand) float64
	mean float64
}

// typical is the middle of latencies, in ns.
const typical = 20_000

// even is log-normal: the quartiles are 20 % apart from the middle.
func even() shape {
	return shape{
		draw: func(z float64, _ *rand.Rand) float64 { return typical * math.Exp(0.3*z) },
		mean: typical * math.Exp(0.3*0.3/2),
	}
}

// tail is that with pauses in 2 % of the calls, so long now and then that their
// variance is infinite (Pareto, 1.5).
func tail() shape {
	const share, index = 0.02, 1.5
	return shape{
		draw: func(z float64, random *rand.Rand) float64 {
			took := typical * math.Exp(0.2*z)
			if random.Float64() < share {
				took += typical * math.Pow(1-random.Float64(), -1/index)
			}
			return took
		},
		mean: typical * (math.Exp(0.2*0.2/2) + share*index/(index-1)),
	}
}

// modes has 70 % quick calls and 30 % that take three times as long.
func modes() shape {
	return shape{
		draw: func(z float64, random *rand.Rand) float64 {
			if random.Float64() < 0.3 {
				return 3 * typical * math.Exp(0.1*z)
			}
			return typical * math.Exp(0.15*z)
		},
		mean: typical * (0.3*3*math.Exp(0.1*0.1/2) + 0.7*math.Exp(0.15*0.15/2)),
	}
}

// world is a machine and the calls on it.
type world struct {
	name    string
	a, b    shape   // of the arms
	shared  float64 // standard deviation of a round's speed, of both arms
	drift   float64 // by how much both arms are slower at the end: exp(drift)
	own     float64 // standard deviation of a round's speed, of one arm alone
	follow  float64 // how much a call takes after the one before
	tick    float64 // of the clock, ns
	disturb float64 // share of an arm's rounds that are 30 % slower
}

// rare reports whether what happens in the world happens in so few rounds that some
// arms never saw it. Nothing that is computed of such an arm alone can know of it.
func (w world) rare(rounds int) bool { return w.disturb > 0 && rounds < 50 }

func worlds() []world {
	return []world{
		{name: "even", a: even(), b: even(), own: 0.01},
		{name: "pauses", a: tail(), b: tail(), own: 0.01},
		{name: "two modes", a: modes(), b: modes(), own: 0.01},
		{name: "drifting machine", a: even(), b: even(), own: 0.02, shared: 0.1, drift: 0.3},
		{name: "calls follow each other", a: even(), b: even(), own: 0.01, follow: 0.95},
		{name: "clock of 1 us", a: even(), b: even(), own: 0.01, tick: 1000},
		{name: "disturbed rounds", a: even(), b: even(), own: 0.01, disturb: 0.1},
		{name: "pauses in one arm", a: even(), b: tail(), own: 0.01},
	}
}

// same reports whether both arms have the same distribution.
func (w world) same() bool { return w.a.mean == w.b.mean }

// change is what was planted into the second arm: times factor, plus ns.
type change struct{ factor, plus float64 }

func nothing() change { return change{factor: 1} }

// draw makes rounds of both arms.
func (w world) draw(random *rand.Rand, rounds, calls int, c change) (a, b [][]float64) {
	for i := range rounds {
		speed := w.drift*float64(i)/float64(rounds) + w.shared*random.NormFloat64()
		a = append(a, w.round(random, w.a, calls, speed, nothing()))
		b = append(b, w.round(random, w.b, calls, speed, c))
	}
	return a, b
}

func (w world) round(random *rand.Rand, s shape, calls int, speed float64, c change) []float64 {
	factor := c.factor * math.Exp(speed+w.own*random.NormFloat64())
	if random.Float64() < w.disturb {
		factor *= 1.3
	}
	out := make([]float64, calls)
	z, fresh := random.NormFloat64(), math.Sqrt(1-w.follow*w.follow)
	for i := range out {
		z = w.follow*z + fresh*random.NormFloat64()
		out[i] = factor*s.draw(z, random) + c.plus
		if w.tick > 0 { // the call begins anywhere between two ticks
			out[i] = math.Floor(out[i]/w.tick+random.Float64()) * w.tick
		}
	}
	return out
}

// truth is what is so of a world, without chance.
type truth struct {
	shape *sample.Rounds // as many values of the reference as show its whole distribution
	ratio func(p float64) float64
	means float64 // their ratio
}

// truth is found in so many rounds that chance is less than what intervals can see.
// Where the arms differ by a factor alone, the ratio is that everywhere.
func (w world) truth(o options, c change) truth {
	x, y := w.draw(rand.New(rand.NewPCG(o.seed, math.MaxUint64)), o.deep, calls, c)
	t := truth{shape: thinned(x), means: c.factor * w.b.mean / w.a.mean, ratio: func(float64) float64 { return c.factor }}
	if !w.same() || w.tick > 0 && c != nothing() { // a tick does not grow with what it measures
		a, b := pooled(x), pooled(y)
		t.ratio = func(p float64) float64 { return b.Quantile(p) / a.Quantile(p) }
	}
	return t
}

func pooled(rounds [][]float64) *sample.Rounds {
	return sample.Collect([][]float64{slices.Concat(rounds...)})
}

// thinned has the distribution of all rounds together in 5,000 values.
func thinned(rounds [][]float64) *sample.Rounds {
	all := slices.Concat(rounds...)
	slices.Sort(all)
	values := make([]float64, 5000)
	for i := range values {
		values[i] = all[(2*i+1)*len(all)/(2*len(values))]
	}
	return sample.Collect([][]float64{values})
}
