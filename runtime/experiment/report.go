package experiment

import (
	"math"
	"time"

	"github.com/swapline/swapline/runtime/compare"
)

// Facts are what only the runtime knows.
type Facts struct {
	Strategy             string
	Reference, Candidate compare.Arm
	Started, Ended       time.Time
	Partial              string
	Host                 compare.Host
	Answers              *compare.Answers
	Health               []compare.Check // of the runtime: restarts, arms that began at different times
	Notes                []string
	Command              string
}

// Report is the whole report of the moment; its verdict is that of Look, unless one
// of the facts' checks is red. Partial does not block it: what is concluded here
// holds whenever one stops.
func (p *Plan) Report(t *Tally, track *Track, f Facts) *compare.Report {
	found := p.Look(t, track.since())
	r := &compare.Report{
		Format: compare.FormatVersion, Title: f.Strategy + ": " + f.Reference.Name + " against " + f.Candidate.Name,
		Strategy: f.Strategy, Mode: p.Mode, Started: f.Started, Ended: f.Ended, Partial: f.Partial,
		Plan: p.Encode(), PlanHash: p.Hash(), Command: f.Command, Host: f.Host,
		Health: append(found.Health, f.Health...),
		Arms:   []compare.Arm{p.arm(f.Reference, &t.reference, track, 0), p.arm(f.Candidate, &t.candidate, track, 1)},
		Notes:  append(p.notes(t), f.Notes...),
	}
	v := Block(found.Verdict, f.Health)
	v.Arm = f.Candidate.Name
	r.Verdicts = []compare.Verdict{v}
	r.Metrics = p.rows(t, v.Arm)
	if points := p.shifts(t); len(points) > 0 {
		r.Shifts = []compare.Shift{{Arm: v.Arm, Points: points, Level: 1 - p.Alpha}}
	}
	if points := track.proofs(); len(points) > 0 {
		r.Evidence = []compare.Proof{{Arm: v.Arm, Threshold: math.Log(2 / p.Level(t.anew)), Points: points}}
	}
	if f.Answers != nil {
		a := *f.Answers
		a.Arm = v.Arm
		r.Answers = []compare.Answers{a}
	}
	return r
}

func (p *Plan) arm(a compare.Arm, s *side, track *Track, index int) compare.Arm {
	s.fill(&a)
	a.Latency = distribution(s.latency, p.Alpha)
	a.Series = track.series(index)
	if c := s.counts[countInstructions]; c.n > 0 {
		a.Cost = &compare.Cost{Instructions: c.mean(), Compile: compare.Unknown(), Instantiate: compare.Unknown(), Cold: compare.Unknown()}
	}
	return a
}

// rows are all metrics of which both arms have values.
func (p *Plan) rows(t *Tally, arm string) (out []compare.Metric) {
	for _, m := range all() {
		if m == FieldShare && p.Metric != m {
			continue
		}
		x, n := p.test(m, t, p.Level(t.anew)), natureOf(m)
		a, b := x.values()
		if math.IsNaN(a+b) || math.IsInf(a+b, 0) {
			continue
		}
		i := change(x, n.scale)
		out = append(out, compare.Metric{Arm: arm, Name: string(m), Label: n.label, Unit: n.unit, Reference: a, Value: b, Change: i,
			Scale: n.scale, Level: 1 - p.Alpha, Method: x.method(), HigherIsBetter: n.higherIsBetter, Primary: m == p.Metric, Clear: i.Excludes(n.scale)})
	}
	return out
}

// shifts compares quantiles all over the distribution; the level is split, so that
// the intervals hold together.
func (p *Plan) shifts(t *Tally) (out []compare.ShiftPoint) {
	at := []float64{0.01, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.99}
	for _, q := range at {
		i := change(p.latencyTest(LatencyP90, q, t, p.Level(t.anew)/float64(len(at))), compare.Ratio)
		if i.Known() {
			out = append(out, compare.ShiftPoint{P: q, Change: i})
		}
	}
	return out
}

// notes are what a reader must know of how this was measured.
func (p *Plan) notes(t *Tally) []string {
	notes := []string{
		"All intervals hold at every moment at once: looking often, and stopping when something is seen, does not make them wrong.",
		"The evidence of either direction needs " + compare.Digits(2/p.Level(t.anew), 3) + " to 1, since both share the level, of which a part is kept for the case that measurements are lost.",
		"Rows of the table but the primary one are not corrected for their number.",
	}
	if p.paired() {
		return append(notes, "Both arms ran beside the live call, in an order that was drawn; callers got the reference's answer.",
			"The median is judged by the pairs' ratios in either order, the other quantiles by an interval for each arm.")
	}
	if p.keyed() {
		return append(notes, "A unit is a key: its first call counts, since calls of one key resemble each other.")
	}
	return append(notes, "The plan has no sticky key: each call was drawn by itself and is a unit.")
}
