package experiment

import (
	"fmt"
	"math"

	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/rollout/sequential"
)

// Levels of checks: so often one may be red, or yellow, without a cause, in the
// whole course of an experiment.
const (
	redLevel    = 0.001
	yellowLevel = 0.01
)

// Names of the checks.
const (
	checkRatio     = "sample ratio"
	checkHalves    = "a against a"
	checkUnits     = "units"
	checkKeys      = "keys"
	checkCross     = "crossover"
	checkTelemetry = "telemetry"
	checkFaults    = "faults"
	checkAnswers   = "answers"
	checkPaired    = "paired calls"
	checkOrder     = "order"
)

// health is the checks that come before any result.
func (p *Plan) health(t *Tally, x test) []compare.Check {
	checks := []compare.Check{p.sampleRatio(t), p.halves(t), p.keys(t), p.crossover()}
	if t.pairs != nil {
		checks = []compare.Check{p.answers(t), p.pairedShare(t), p.order(t)}
	}
	return append(checks, p.telemetry(t, x), p.faults(t), p.units(x))
}

// light is the colour of evidence that something is wrong; tests is how many share
// the level.
func light(log, tests float64) compare.Light {
	switch {
	case log >= math.Log(tests/redLevel):
		return compare.Red
	case log >= math.Log(tests/yellowLevel):
		return compare.Yellow
	}
	return compare.Green
}

// uneven is the evidence that k of n are not a share of theta0, either way: two
// tests.
func uneven(k, n int64, theta0 float64) float64 {
	return math.Max(sequential.LogE(k, n, theta0), sequential.LogE(n-k, n, 1-theta0))
}

// sampleRatio holds how many units each arm has against the weight. Where they
// differ, calls were lost or counted twice on one arm, and those that are left
// cannot be compared.
func (p *Plan) sampleRatio(t *Tally) compare.Check {
	k, n := t.candidate.units, t.candidate.units+t.reference.units
	return compare.Check{Name: checkRatio, Light: light(uneven(k, n, p.theta0()), 2),
		Text: fmt.Sprintf("%s of %s %s are the candidate's, %s where the weight is %s %%", compare.Count(k), compare.Count(n), p.noun(), part(k, n), p.Weight)}
}

// halves compares the reference with itself: its units are halved by a bit that has
// nothing to do with anything.
func (p *Plan) halves(t *Tally) compare.Check {
	a, b := &t.halves[0], &t.halves[1]
	log := uneven(a.units, a.units+b.units, 0.5)
	x, y := folded(a.latency), folded(b.latency)
	slower, _ := sequential.LogSlower(x, y, 0, 0.5)
	faster, _ := sequential.LogSlower(y, x, 0, 0.5)
	log = math.Max(log, math.Max(slower, faster))
	for i := range a.counts {
		x, y := a.counts[i].arm(), b.counts[i].arm()
		if i != countInstructions {
			log = math.Max(log, math.Max(sequential.LogIncrease(x, y, 0.5, 0), sequential.LogIncrease(y, x, 0.5, 0)))
		}
	}
	return compare.Check{Name: checkHalves, Light: light(log, 4+2*countField),
		Text: fmt.Sprintf("the reference's units in two halves: %s and %s, median %s and %s", compare.Count(a.units), compare.Count(b.units),
			compare.Time(quantile(a.latency, 0.5)), compare.Time(quantile(b.latency, 0.5)))}
}

// keys tells how many calls had no sticky key though the plan has one.
func (p *Plan) keys(t *Tally) compare.Check {
	c := compare.Check{Name: checkKeys, Light: compare.Green, Text: "the plan has no key: each call was drawn by itself"}
	if !p.keyed() {
		return c
	}
	calls := t.reference.calls + t.candidate.calls
	c.Text = fmt.Sprintf("%s of the calls had no key and were drawn by themselves", part(t.keyless, calls))
	if 20*t.keyless > calls {
		c.Light = compare.Yellow
	}
	return c
}

// crossover says why no customer can have been on both arms.
func (p *Plan) crossover() compare.Check {
	c := compare.Check{Name: checkCross, Light: compare.Green,
		Text: "a key's arm follows from its hash and the weight, which both stay: no key was on both arms"}
	if !p.keyed() {
		c.Text = "calls have no keys here: the same customer may have met both arms, which is right if one call does not change the next"
	}
	return c
}

// units tells whether there are enough.
func (p *Plan) units(x test) compare.Check {
	a, b := x.units()
	c := compare.Check{Name: checkUnits, Light: compare.Green,
		Text: fmt.Sprintf("%s of the reference and %s of the candidate, each needs %s", compare.Count(a), compare.Count(b), compare.Count(p.Calls))}
	if !p.enough(x) {
		c.Light = compare.Yellow
	}
	return c
}

// telemetry tells whether both arms report what the verdict is about.
func (p *Plan) telemetry(t *Tally, x test) compare.Check {
	a, b := x.units()
	name := string(p.Metric)
	c := compare.Check{Name: checkTelemetry, Light: compare.Green, Text: "both arms report " + name}
	for _, s := range []struct {
		arm     string
		has, of int64
	}{{"reference", a, t.reference.units}, {"candidate", b, t.candidate.units}} {
		switch {
		case s.has == 0 && s.of >= p.Calls:
			c.Light, c.Text = compare.Red, fmt.Sprintf("none of the %s's %s %s reported %s", s.arm, compare.Count(s.of), p.noun(), name)
			return c
		case s.of > 0 && 10*s.has < 9*s.of && c.Light == compare.Green:
			c.Light, c.Text = compare.Yellow, fmt.Sprintf("only %s of the %s's %s reported %s", part(s.has, s.of), s.arm, p.noun(), name)
		}
	}
	return c
}

// manyFaults is by how much the fault rates of the arms may differ before other
// metrics mean nothing: who fails at once is fast.
const manyFaults = 0.01

func (p *Plan) faults(t *Tally) compare.Check {
	a, b := t.reference.counts[countFaults], t.candidate.counts[countFaults]
	c := compare.Check{Name: checkFaults, Light: compare.Green, Text: fmt.Sprintf("%s of the reference's first calls failed, %s of the candidate's",
		part(int64(a.sum), a.n), part(int64(b.sum), b.n))}
	if p.Metric == ErrorRate || p.Metric == FaultRate || a.n == 0 || b.n == 0 {
		return c
	}
	x, more := p.rateTest(countFaults, t, redLevel), b.mean()-a.mean()
	beyond := x.above
	if more < 0 {
		beyond = func(bound float64) float64 { return x.below(-bound) }
	}
	if more != 0 && beyond(0) >= math.Log(2/yellowLevel) {
		c.Light = compare.Yellow
	}
	if math.Abs(more) > manyFaults && beyond(manyFaults) >= math.Log(2/redLevel) {
		c.Light = compare.Red
		c.Text += ", and who fails at once is fast"
	}
	return c
}

// answers holds how many of the pairs' answers differ against what the plan allows.
func (p *Plan) answers(t *Tally) compare.Check {
	k, n := t.pairs.different, t.pairs.compared
	c := compare.Check{Name: checkAnswers, Light: compare.Green,
		Text: fmt.Sprintf("%s of %s answers differ, %s where %s is allowed", compare.Count(k), compare.Count(n), part(k, n), percentage(p.Different))}
	switch {
	case n == 0:
		c.Text = "no answers were compared yet"
	case p.Different == 0 && k > 0, light(sequential.LogE(k, n, p.Different), 1) == compare.Red:
		c.Light = compare.Red
	case float64(k) > p.Different*float64(n):
		c.Light = compare.Yellow
	}
	return c
}

// pairedShare tells how many live calls were paired. The budget leaves calls out when
// they come, or their copies when their turn comes; a few copies wait.
func (p *Plan) pairedShare(t *Tally) compare.Check {
	n := t.candidate.calls
	out := max(t.dropped, t.live-n)
	c := compare.Check{Name: checkPaired, Light: compare.Green,
		Text: fmt.Sprintf("%s of %s live calls were paired; for %s the budget left no time", compare.Count(n), compare.Count(t.live), compare.Count(out))}
	if 5*out > out+n {
		c.Light = compare.Yellow
		c.Text += ": busy times count less than they should"
	}
	return c
}

// order tells whether it was drawn which arm runs first, and whether it matters.
func (p *Plan) order(t *Tally) compare.Check {
	a, b := t.pairs.ratios[0], t.pairs.ratios[1] // the reference first, the candidate first
	n, m := total(a), total(b)
	x, y := sequential.Arm{Events: total(a[even+1:]), Units: n}, sequential.Arm{Events: total(b[even+1:]), Units: m}
	c := compare.Check{Name: checkOrder, Light: light(uneven(m, n+m, 0.5), 2),
		Text: fmt.Sprintf("the candidate ran first in %s of the pairs", part(m, n+m))}
	matters := math.Max(sequential.LogIncrease(x, y, 0.5, 0), sequential.LogIncrease(y, x, 0.5, 0))
	if c.Light == compare.Green && light(matters, 2) != compare.Green {
		c.Light = compare.Yellow
		c.Text += fmt.Sprintf("; it is slower in %s of them and in %s of the others: who runs second has it easier or harder, which the draw makes even",
			part(y.Events, m), part(x.Events, n))
	}
	return c
}
