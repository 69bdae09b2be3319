package experiment

import (
	"time"
	"unicode/utf8"

	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/rollout"
)

// Bounds of a plan, and what it says by default.
const (
	maxWhy        = 1000 // bytes
	defaultAlpha  = 0.05
	defaultBudget = 0.5
	defaultCalls  = 100
)

// Decode reads a plan, a map of the wire domain, as the package comment specifies
// it. Its errors are *rollout.Malformed. The plan may keep parts of doc.
func Decode(doc map[string]any) (*Plan, error) {
	part := rollout.Open("experiment plan", doc)
	p := &Plan{
		Mode:     part.Word("mode", compare.ModeSplit, compare.ModePaired),
		Metric:   Metric(part.Word("metric", metricNames()...)),
		Expected: part.Expected(),
		Alpha:    part.Number("alpha", defaultAlpha, 1e-6, 0.2),
		For:      part.Seconds("for_s", time.Hour),
		Calls:    part.Count("calls", defaultCalls),
		Stop:     part.Word("stop", StopDecided, StopTime),
		Then:     part.Word("then", ThenReturn, ThenPromote),
		Guards:   part.Guards(),
		Why:      part.Text("question", "text of at most 1000 bytes of UTF-8", validWhy),
	}
	p.readMode(part)
	p.readField(part)
	p.readQuestion(part)
	p.check(part)
	if err := part.Err(); err != nil {
		return nil, err
	}
	return p, nil
}

func validWhy(s string) bool { return len(s) <= maxWhy && utf8.ValidString(s) }

// readMode reads what only one of the modes has.
func (p *Plan) readMode(part *rollout.Part) {
	if p.paired() {
		for _, name := range []string{"sticky", "weight"} {
			refuse(part, name, "each call of a paired experiment runs on both arms", "set mode to split to divide the traffic")
		}
		p.Share, p.Budget = part.Weight("share", rollout.Full), part.Number("budget", defaultBudget, 0.001, 10)
		p.Compare, p.Mask = part.Compare(), part.Pointers("mask")
		p.Different = part.Number("max_different", 0, 0, 1)
		return
	}
	for _, name := range []string{"share", "budget", "ignore", "tolerance", "mask", "max_different"} {
		refuse(part, name, "a split call runs on one arm, and no answers are compared", "set mode to paired")
	}
	p.Sticky, p.Weight = part.Sticky(), part.Weight("weight", rollout.Full/2)
	if p.Weight == rollout.Full {
		part.Refuse("weight", "the reference needs traffic, too", "a percentage from 0.01 to 99.99", "")
	}
}

func refuse(part *rollout.Part, name, text, cure string) {
	if part.Has(name) {
		part.Refuse(name, text, "nothing", cure)
	}
}

func (p *Plan) readField(part *rollout.Part) {
	if p.Metric != FieldShare {
		for _, name := range []string{"field", "equals"} {
			refuse(part, name, string(p.Metric)+" looks at no field", "set metric to "+string(FieldShare)+", or remove it")
		}
		return
	}
	p.Field, p.Equals = part.Pointer("field"), part.Plain("equals")
	if !part.Has("field") {
		part.Refuse("field", string(FieldShare)+" looks at a field of the answer", "a JSON Pointer like /decision", "")
	}
}

func (p *Plan) readQuestion(part *rollout.Part) {
	n := natureOf(p.Metric)
	q := &p.Question
	q.Scale, q.HigherIsBetter = n.scale, n.higherIsBetter
	q.Hypothesis = compare.Hypothesis(part.Word("hypothesis",
		string(compare.WhetherEquivalent), string(compare.WhetherNotWorse), string(compare.WhetherBetter)))
	otherwise := n.margin
	if q.Hypothesis == compare.WhetherBetter {
		otherwise = 0
	}
	q.Margin = part.Number("margin", otherwise, 0, n.widest)
	if q.Margin == 0 && q.Hypothesis != compare.WhetherBetter {
		part.Refuse("margin", "two releases are never the same to the last digit, so this could never be concluded", "more than 0",
			"state how much counts, or set hypothesis to better")
	}
}

// check holds what no member can hold alone.
func (p *Plan) check(part *rollout.Part) {
	if p.For < time.Second || p.For > longest {
		part.Refuse("for_s", "an experiment has an end", "seconds from 1 to 1209600, two weeks", "")
	}
	for _, g := range p.Guards {
		if p.paired() && (g.Versus != "" || !rate(g.Metric)) {
			part.Refuse("guards", "a paired candidate has no traffic of its own",
				"rates of errors with max", "guard "+g.Name+" needs mode split")
		}
	}
	part.Check(p.Policy())
}

func rate(m rollout.Metric) bool {
	return m == rollout.ErrorRate || m == rollout.FaultRate || m == rollout.BusinessErrorRate
}
