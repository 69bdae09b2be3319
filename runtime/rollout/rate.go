package rollout

import (
	"fmt"
	"math"

	"github.com/swapline/swapline/runtime/rollout/sequential"
)

// rateTolerance is how many of all units more than allowed may still have the event
// when a guard without a tolerance of its own is passed: few calls show no less.
const rateTolerance = 0.02

// mostLenient bounds it for comparisons at small weights.
const mostLenient = 0.1

// rate holds a rate of events against a bound of its own. A key counts a few events
// at most, so that a customer who tries again and again does not decide.
func (q *question) rate() {
	k, n, bound := q.cand.Events, q.cand.Trials, value(q.guard.Max)
	limit := bound + q.guard.tolerance(max(bound/2, rateTolerance))
	q.N, q.Bound, q.Observed = n, bound, ratio(k, n)
	q.Low, q.High = sequential.Rate(k, n, 2*passLevel)
	breach := q.against(logOver(k, n, bound))
	q.Plain = q.against(sequential.LogE(k, n, min(1, bound+plainRise))).enough()
	passed := n > 0 && (limit >= 1 || passing(sequential.LogE(n-k, n, 1-limit)))
	text := fmt.Sprintf("candidate %s of %s calls %s (%s), %s allowed", count(k), count(n), q.guard.with(), share(q.Observed), part(bound))
	q.settle(text, breach, passed, "surely under "+share(q.High))
	q.excuse(ratio(q.other.Events, q.other.Trials), bound, share, func() float64 { return q.logRise(0) })
}

// logOver is the evidence for a rate over a bound; where nothing is allowed one
// event is all that is needed.
func logOver(k, n int64, bound float64) float64 {
	if bound <= 0 && k > 0 {
		return math.MaxFloat64
	}
	return sequential.LogE(k, n, bound)
}

// excuse takes a breach back when stable breaks the bound as well and the candidate
// is not worse: then something else is broken, and going back would not help.
func (q *question) excuse(stable, bound float64, spell func(float64) string, worse func() float64) {
	if q.Opinion == Breached && q.phase == Running && stable > bound && !q.against(worse()).enough() {
		q.Opinion = Undecided
		q.Sentence += ", but stable breaks it, too (" + spell(stable) + ")"
	}
}

// rise compares the rates of two arms whose units were drawn: of each unit it counts
// whether it had the event.
func (q *question) rise() {
	bound := value(q.guard.MaxIncrease)
	limit := bound + q.lenient(rateTolerance, mostLenient)
	a, b := q.openings()
	q.N, q.Bound, q.Observed, q.Against = a.Units, bound, ratio(a.Events, a.Units), ratio(b.Events, b.Units)
	q.Low, q.High = sequential.Increase(a, b, q.theta0, 2*passLevel)
	passed := a.Units > 0 && b.Units > 0 && passing(sequential.LogIncrease(b, a, 1-q.theta0, -limit))
	breach := q.against(q.logRise(bound))
	if bound == 0 && breach.enough() {
		a, b = arms(q.cand.Firsts, q.cand.Units), arms(q.other.Firsts, q.other.Units)
	}
	text := q.both(a, b) + ", " + either(bound == 0, "no more", exact(100*bound)+" points more") + " allowed"
	q.settleDrawn(text, breach, passed, "surely less than "+points(q.High)+" more")
}

// settleDrawn settles a comparison that relies on units being drawn by weight. More
// of them in the candidate than its weight explains come from the measurement, not
// from the release, and nothing follows.
func (q *question) settleDrawn(text string, breach proof, passed bool, limits string) {
	a, b := total(q.candAll.Units.Buckets), total(q.otherAll.Units.Buckets)
	if q.against(sequential.LogE(a, a+b, q.theta0)).enough() {
		q.Sentence = fmt.Sprintf("%s: candidate has %s of %s %s where its weight gives it %s: the arms cannot be compared", q.guard.Name,
			count(a), count(a+b), q.noun(), share(q.theta0))
		return
	}
	q.settle(text, breach, passed, limits)
}

// logRise is the evidence that more of the candidate's units have the event than of
// the other arm's, by more than margin.
func (q *question) logRise(margin float64) float64 {
	if margin <= 0 {
		// Without a margin only units with the event matter: where did they fall?
		return sequential.LogE(q.cand.Firsts, q.cand.Firsts+q.other.Firsts, q.theta0)
	}
	a, b := q.openings()
	return sequential.LogIncrease(a, b, q.theta0, margin)
}

// openings counts units whose first call had the event: a key that calls often has
// it at some call sooner or later, whatever its release.
func (q *question) openings() (a, b sequential.Arm) {
	return arms(q.cand.Opening, q.cand.Units), arms(q.other.Opening, q.other.Units)
}

func arms(events, units int64) sequential.Arm {
	return sequential.Arm{Events: events, Units: units}
}

func (q *question) both(a, b sequential.Arm) string {
	return fmt.Sprintf("candidate %s of %s %s %s (%s), %s %s of %s (%s)", count(a.Events), count(a.Units), q.noun(), q.guard.with(),
		share(ratio(a.Events, a.Units)), q.guard.Versus, count(b.Events), count(b.Units), share(ratio(b.Events, b.Units)))
}

func points(f float64) string { return short(100*f) + " points" }

// portion holds the share of calls with a value against bounds. The value of a
// key is that of its first call.
func (q *question) portion() {
	k, n := q.with(q.cand), q.cand.Units
	q.N, q.Observed = n, ratio(k, n)
	q.Low, q.High = sequential.Rate(k, n, 2*passLevel)
	over, under := math.Inf(-1), math.Inf(-1)
	passed := n > 0
	if q.guard.Max != nil {
		bound := *q.guard.Max
		limit := bound + q.guard.tolerance(rateTolerance)
		q.Bound, over = bound, logOver(k, n, bound)
		passed = passed && (limit >= 1 || passing(sequential.LogE(n-k, n, 1-limit)))
	}
	if q.guard.Min != nil {
		bound := *q.guard.Min
		limit := bound - q.guard.tolerance(rateTolerance)
		q.Bound, under = bound, logOver(n-k, n, 1-bound)
		passed = passed && (limit <= 0 || passing(sequential.LogE(k, n, limit)))
	}
	text := fmt.Sprintf("candidate %s of %s %s %s (%s), allowed %s", count(k), count(n), q.noun(), q.guard.with(), share(q.Observed), q.guard.allowed(part))
	q.settle(text, q.sides(over, under), passed, "surely "+share(q.Low)+" to "+share(q.High))
}

// allowed spells the bounds of a candidate's own value.
func (g Guard) allowed(spell func(float64) string) string {
	switch {
	case g.Min == nil:
		return "at most " + spell(value(g.Max))
	case g.Max == nil:
		return "at least " + spell(value(g.Min))
	}
	return spell(*g.Min) + " to " + spell(*g.Max)
}

// sides is the stronger of two proofs, each of which gets half of the level.
func (t *trial) sides(a, b float64) proof { return t.against(math.Max(a, b) - math.Ln2) }

// with is how many units had the value in their first call.
func (q *question) with(c Count) int64 { return int64(math.Round(c.Sum)) }

// drift compares the shares of calls with a value in either direction.
func (q *question) drift() {
	bound := value(q.guard.MaxChange)
	limit := bound + q.lenient(rateTolerance, mostLenient)
	a, b := arms(q.with(q.cand), q.cand.Units), arms(q.with(q.other), q.other.Units)
	q.N, q.Bound, q.Observed, q.Against = a.Units, bound, ratio(a.Events, a.Units), ratio(b.Events, b.Units)
	q.Low, q.High = sequential.Increase(a, b, q.theta0, 2*passLevel)
	up, down := sequential.LogIncrease(a, b, q.theta0, bound), sequential.LogIncrease(b, a, 1-q.theta0, bound)
	passed := a.Units > 0 && b.Units > 0 &&
		passing(sequential.LogIncrease(b, a, 1-q.theta0, -limit)) && passing(sequential.LogIncrease(a, b, q.theta0, -limit))
	q.settleDrawn(q.both(a, b)+", change allowed "+exact(100*bound)+" points", q.sides(up, down), passed,
		"surely "+short(100*q.Low)+" to "+points(q.High))
}
