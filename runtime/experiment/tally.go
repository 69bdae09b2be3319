package experiment

import (
	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/rollout"
	"github.com/swapline/swapline/runtime/rollout/sequential"
)

// Tally is what was counted until a moment. It does not change.
type Tally struct {
	anew      int     // how often what was measured before was lost
	halves    [2]side // of the reference; only in the first, if paired
	reference side
	candidate side
	keyless   int64
	pairs     *pairCounts // nil: split
	live      int64
	dropped   int64
}

// side is what an arm, or half of it, did.
type side struct {
	calls, faults, business int64
	units                   int64
	counts                  [countField + 1]count
	latency                 []int64 // of units, on the ladder
}

// count is what was counted of units: how many, and the moments of their values,
// whose sum is the number of events.
type count struct{ moments }

func (c *count) add(x float64) {
	c.n++
	c.sum += x
	c.squares += x * x
}

// arm is the count for comparisons of rates.
func (c count) arm() sequential.Arm { return sequential.Arm{Events: int64(c.sum), Units: c.n} }

func (c count) plus(o count) count {
	return count{moments{c.n + o.n, c.sum + o.sum, c.squares + o.squares}}
}

// Tally reads the meters.
func (s *Set) Tally() *Tally { return s.counts().Tally() }

// Tally is what the counts say.
func (c *Counts) Tally() *Tally {
	if p := c.pairs; p != nil {
		return &Tally{anew: c.anew, reference: p.arms[0], candidate: p.arms[1], pairs: p, live: c.live, dropped: c.dropped}
	}
	t := &Tally{anew: c.anew, keyless: c.keyless, candidate: c.sides[candidate].side()}
	for i := range t.halves {
		t.halves[i] = c.sides[i].side()
	}
	t.reference = t.halves[0].plus(t.halves[1])
	return t
}

func (c *sideCounts) side() side {
	sample := c.sample
	out := side{latency: c.latency, calls: sample.Calls, faults: sample.Faults, business: sample.Business, units: sample.Units.N}
	for i, g := range sample.Guards {
		out.counts[i] = countOf(i, g, out.units)
	}
	return out
}

// countOf takes of rates the first calls of units, which are final when they are
// counted. A unit without an answer lacks the field's value: only all units fall to
// the candidate by weight, those with an answer do not where one arm says no more
// often.
func countOf(i int, g rollout.Count, units int64) count {
	switch i {
	case countInstructions:
		return count{moments{g.Units, g.Sum, g.Squares}}
	case countField:
		return rateOf(min(g.Firsts, units), units)
	}
	return rateOf(g.Opening, g.Units)
}

func rateOf(events, units int64) count {
	return count{moments{units, float64(events), float64(events)}}
}

func (s side) plus(o side) side {
	out := side{calls: s.calls + o.calls, faults: s.faults + o.faults, business: s.business + o.business,
		units: s.units + o.units, latency: plus(s.latency, o.latency)}
	for i := range out.counts {
		out.counts[i] = s.counts[i].plus(o.counts[i])
	}
	return out
}

// Fill completes arms with their counts.
func (t *Tally) Fill(reference, candidate *compare.Arm) {
	t.reference.fill(reference)
	t.candidate.fill(candidate)
}

func (s *side) fill(a *compare.Arm) {
	a.Calls, a.Units, a.Faults, a.Business = s.calls, s.units, s.faults, s.business
}
