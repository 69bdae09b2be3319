package experiment

import (
	"math"
	"time"

	"github.com/swapline/swapline/runtime/compare"
)

// Finding is what may be concluded at one moment.
type Finding struct {
	Verdict compare.Verdict
	Health  []compare.Check
	Proof   compare.ProofPoint
	Decided bool // the plan's question is answered
}

// Look judges. It may be asked as often as one likes, and the verdict of the moment
// at which one stops is wrong with a probability of alpha at most.
func (p *Plan) Look(t *Tally, since time.Duration) Finding {
	x := p.test(p.Metric, t, p.Level(t.anew))
	v := compare.Verdict{Arm: "candidate", Metric: string(p.Metric), Scale: p.Question.Scale, Margin: p.Question.Margin,
		Value: change(x, p.Question.Scale), Word: compare.Undecided}
	f := Finding{Health: p.health(t, x), Proof: p.proof(x, v.Value, since, t)}
	if p.enough(x) {
		v.Word, v.NotWorse = p.Question.Decide(v.Value)
	}
	v.Sentence, v.Next = p.tell(v, x)
	f.Verdict = Block(v, f.Health)
	f.Decided = f.Verdict.Word != compare.Undecided
	return f
}

// enough reports whether both arms have the units that the plan asks for.
func (p *Plan) enough(x test) bool {
	a, b := x.units()
	return min(a, b) >= p.Calls
}

// Block is the verdict that is left when one of the checks is red.
func Block(v compare.Verdict, checks []compare.Check) compare.Verdict {
	for _, c := range checks {
		if c.Light != compare.Red {
			continue
		}
		v.Word, v.NotWorse, v.Blocked = compare.Undecided, false, c.Name
		v.Sentence = "No verdict, since the check of " + c.Name + " failed: " + c.Text + "."
		v.Next = "Find out why, and start another experiment; what was measured cannot be trusted."
		return v
	}
	return v
}

// proof is the evidence at the places where a verdict changes.
func (p *Plan) proof(x test, value compare.Interval, since time.Duration, t *Tally) compare.ProofPoint {
	worse, better := p.beyond(compare.Worse), p.beyond(compare.Better)
	more, less := x.above, x.below
	if p.Question.HigherIsBetter {
		more, less = less, more
	}
	out := compare.ProofPoint{At: since, Units: t.reference.units + t.candidate.units, Change: value}
	out.Worse, out.Better = evidence(more(worse)), evidence(less(better))
	switch p.Question.Hypothesis { // better alone knows no such verdict
	case compare.WhetherNotWorse:
		out.Equivalent = evidence(less(p.at(1)))
	case compare.WhetherEquivalent:
		out.Equivalent = math.Min(evidence(less(p.at(1))), evidence(more(p.at(-1))))
	}
	return out
}

// evidence is a logarithm that charts can show.
func evidence(log float64) float64 {
	if math.IsNaN(log) {
		return 0
	}
	return math.Min(math.Max(log, 0), 1000)
}

// beyond is the change from which on the candidate is worse, or better.
func (p *Plan) beyond(word compare.Word) float64 {
	switch h := p.Question.Hypothesis; {
	case word == compare.Worse && h == compare.WhetherBetter, word == compare.Better && h == compare.WhetherNotWorse:
		return p.at(0)
	case word == compare.Worse:
		return p.at(1)
	}
	return p.at(-1)
}

// at is the change that is so many margins worse.
func (p *Plan) at(margins float64) float64 {
	q := p.Question
	if q.HigherIsBetter {
		margins = -margins
	}
	if q.Scale == compare.Ratio {
		return math.Exp(margins * math.Log1p(q.Margin))
	}
	return margins * q.Margin
}

// borders are all changes at which the verdict changes.
func (p *Plan) borders() []float64 {
	out := []float64{p.beyond(compare.Worse), p.beyond(compare.Better)}
	if p.Question.Hypothesis == compare.WhetherNotWorse {
		return append(out, p.at(1))
	}
	return out
}
