package experiment

import (
	"time"

	"github.com/swapline/swapline/runtime/rollout"
)

// Encode writes the canonical JSON: every member that the plan's mode and metric
// have, defaults filled in, sorted, without white space. [Decode] reads it back as p.
func (p *Plan) Encode() []byte {
	doc := map[string]any{
		"mode": p.Mode, "metric": string(p.Metric), "hypothesis": string(p.Question.Hypothesis), "margin": rollout.Decimal(p.Question.Margin),
		"alpha": rollout.Decimal(p.Alpha), "for_s": rollout.Decimal(float64(p.For/time.Millisecond) / 1000), "calls": p.Calls,
		"stop": p.Stop, "then": p.Then, "expected": list(p.Expected, text), "guards": list(p.Guards, guard), "question": p.Why,
	}
	if p.Metric == FieldShare {
		doc["field"], doc["equals"] = p.Field, p.Equals
	}
	if p.paired() {
		doc["share"], doc["budget"] = percent(p.Share), rollout.Decimal(p.Budget)
		doc["ignore"], doc["tolerance"] = list(p.Compare.Ignore, text), rollout.Decimal(p.Compare.Tolerance)
		doc["mask"], doc["max_different"] = list(p.Mask, text), rollout.Decimal(p.Different)
	} else {
		doc["weight"] = percent(p.Weight)
	}
	if p.keyed() {
		doc["sticky"] = p.Sticky.Document()
	}
	return rollout.Canonical(doc)
}

func list[T any](of []T, each func(T) any) []any {
	out := make([]any, len(of))
	for i, v := range of {
		out[i] = each(v)
	}
	return out
}

func text(s string) any { return s }

func guard(g rollout.Guard) any { return g.Document() }

func percent(w rollout.Weight) rollout.Decimal { return rollout.Decimal(float64(w) / 100) }
