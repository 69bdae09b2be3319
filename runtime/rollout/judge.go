package rollout

import (
	"math"

	"github.com/swapline/swapline/runtime/histogram"
)

// passLevel is how often a guard may be passed that should not be, at each look. It
// is not split: a wrong pass leads to the next stage, which goes on looking.
const passLevel = 0.05

// trial is what all guards of one moment have in common.
type trial struct {
	policy *Policy
	phase  Phase // the active one
	stage  int
	level  float64 // at which one guard may roll back wrongly
	before *Sample
	seen   Observed
}

// judge asks all guards that apply.
func (p *Policy) judge(s State, e Observed) []Judgement {
	t := &trial{policy: p, phase: s.active(), stage: s.Stage, level: p.level(), before: s.Before, seen: e}
	if t.phase == Shadowing {
		t.stage, t.seen.Candidate, t.seen.Stable = ShadowStage, e.Shadow, nil
	}
	var out []Judgement
	for i, g := range p.At(t.stage) {
		if t.phase == Watching && g.Versus != "" {
			continue // nothing is left to compare with
		}
		q := t.question(i, g)
		out = append(out, q.answer())
	}
	if t.phase == Watching {
		out = append(out, t.judgeSwitch()...)
	}
	return out
}

// level splits alpha evenly over all that can roll a rollout back.
func (p *Policy) level() float64 {
	looks := len(p.atShadow())
	for i, s := range p.Stages {
		for _, g := range p.At(i) {
			if g.Versus == "" || s.Weight != Full {
				looks++
			}
		}
	}
	if p.Switch.After > 0 {
		looks += 2
	}
	return p.Alpha / float64(max(looks, 1))
}

// question is one guard with what it looks at.
type question struct {
	*trial
	guard Guard
	cand  Count
	other Count
	// candAll and otherAll are the arms; otherAll has the one to compare with or, for
	// a guard of the candidate's own value, stable.
	candAll, otherAll *Sample
	theta0            float64 // the candidate's part of both arms' traffic
	Judgement
}

func (t *trial) question(i int, g Guard) *question {
	q := &question{trial: t, guard: g, candAll: t.seen.Candidate, otherAll: t.seen.Stable}
	st := t.policy.stage(t.stage)
	other := Full - st.Weight - st.baseline()
	if g.Versus == ArmBaseline {
		q.otherAll, other = t.seen.Baseline, st.baseline()
	}
	q.theta0 = ratio(int64(st.Weight), int64(st.Weight+other))
	if q.candAll == nil {
		q.candAll = &Sample{}
	}
	if q.otherAll == nil {
		q.otherAll = &Sample{}
	}
	q.cand, q.other = q.candAll.count(i), q.otherAll.count(i)
	q.Judgement = Judgement{Guard: g.Name, Metric: g.Metric, Opinion: Undecided}
	return q
}

// count is what a guard counted; nothing if the sample is of other guards.
func (s *Sample) count(i int) Count {
	if i < 0 || i >= len(s.Guards) {
		return Count{}
	}
	return s.Guards[i]
}

func (q *question) answer() Judgement {
	switch q.guard.Metric {
	case ErrorRate, FaultRate, BusinessErrorRate, DifferenceRate:
		either(q.guard.Versus == "", q.rate, q.rise)()
	case LatencyP50, LatencyP95, LatencyP99, LatencyP999:
		either(q.guard.Versus == "", q.quantile, q.quantiles)()
	case Latency:
		q.shift()
	case Instructions:
		either(q.guard.Versus == "", q.mean, q.quotient)()
	case MemoryBytes:
		q.memory()
	case FieldMean:
		either(q.guard.Versus == "", q.mean, q.change)()
	case FieldShare:
		either(q.guard.Versus == "", q.portion, q.drift)()
	}
	return q.finite()
}

// finite makes the judgement survive JSON.
func (q *question) finite() Judgement {
	for _, f := range []*float64{&q.Observed, &q.Against, &q.Low, &q.High, &q.Bound, &q.Evidence} {
		if math.IsNaN(*f) {
			*f = 0
		}
		*f = math.Max(-math.MaxFloat64, math.Min(*f, math.MaxFloat64))
	}
	return q.Judgement
}

// proof is the logarithm of an e-process that is held against a level.
type proof struct{ log, need float64 }

func (p proof) enough() bool { return p.log >= p.need }

// part is how much of what is needed there is.
func (p proof) part() float64 { return math.Max(0, p.log/p.need) }

func (p proof) String() string {
	if million := 6 * math.Ln10; p.log > million && p.need < million {
		return "evidence over 1,000,000 where " + short(math.Exp(p.need)) + " is enough"
	}
	return "evidence " + short(math.Exp(p.log)) + " where " + short(math.Exp(p.need)) + " is enough"
}

// against holds a guard's evidence for a breach against its level.
func (t *trial) against(log float64) proof { return proof{log, -math.Log(t.level)} }

// passing holds the evidence for the contrary.
func passing(log float64) bool { return log >= -math.Log(passLevel) }

// settle forms the opinion and completes the sentence, which has told the numbers.
func (q *question) settle(text string, breach proof, passed bool, limits string) {
	q.Evidence = breach.part()
	switch {
	case breach.enough():
		q.Opinion = Breached
		text += ", " + breach.String()
	case passed:
		q.Opinion = Passed
		text += ", " + limits
	default:
		text += ", " + limits + ": too little to tell"
	}
	q.Sentence = q.guard.Name + ": " + text
}

// tolerance is how far beyond the bound a passed guard may reach.
func (g Guard) tolerance(otherwise float64) float64 {
	if g.Tolerance != nil {
		return *g.Tolerance
	}
	return otherwise
}

// lenient is the tolerance of a comparison that states none: base from 20 % on, and
// more at less traffic, by the square root, since the harm of a wrong pass is the
// weight times the difference and the units to see it are few.
func (q *question) lenient(base, most float64) float64 {
	weight := float64(min(q.policy.stage(q.stage).Weight, leastStrict))
	return q.guard.tolerance(min(most, base*math.Sqrt(leastStrict/max(weight, 1))))
}

// leastStrict is the weight from which on comparisons tolerate least.
const leastStrict = 2000

func value(bound *float64) float64 {
	if bound == nil {
		return 0
	}
	return *bound
}

// noun is what is counted as one.
func (t *trial) noun() string {
	if t.policy.Sticky == (Sticky{}) {
		return "calls"
	}
	return "keys"
}

// buckets is always as long as a histogram.
func buckets(c histogram.Counts) []int64 {
	out := make([]int64, histogram.Size)
	copy(out, c.Buckets)
	return out
}
