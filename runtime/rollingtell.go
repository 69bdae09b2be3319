package runtime

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/swapline/swapline/runtime/rollout"
)

// rolloutDecision is a decision as listeners hear of it.
type rolloutDecision struct {
	Rollout uint64 `json:"rollout"`
	Decision
}

// tell passes on what a step has changed.
func (ro *rolling) tell(before rollout.Phase, st *step) {
	for _, d := range st.change.Decisions {
		ro.rt.tell("rollout.decision", ro.s.name, rolloutDecision{ro.id(), decisionOf(d)})
	}
	if typ := ro.changed(before, st); typ != "" {
		ro.rt.tell("rollout."+typ, ro.s.name, ro.brief())
	}
	if phase := st.state.Phase; phase.Ended() {
		ro.rt.telemetry.rollouts.Add(context.Background(), 1, metric.WithAttributes(
			attribute.String("strategy", ro.s.name), attribute.String("kind", ro.record.Kind), attribute.String("phase", string(phase))))
	}
}

// changed is the event that a step makes, "" for none.
func (ro *rolling) changed(before rollout.Phase, st *step) string {
	now := st.state
	switch {
	case before == "":
		return "started"
	case now.Phase.Ended() && before != now.Phase:
		return string(now.Phase)
	case now.Phase == rollout.Paused && before != rollout.Paused:
		return "paused"
	case st.weigh != nil || st.promote:
		return "stage"
	case before == rollout.Paused && now.Phase != rollout.Paused:
		return "resumed"
	case now.Held && !st.wasHeld:
		return "held"
	}
	return ""
}

// candidateWeight is the share that a candidate has, in percent, if there is one.
func (s *strategy) candidateWeight() (weight float64, rolls bool) {
	lease, ok := s.slot.Acquire()
	if !ok {
		return 0, false
	}
	defer lease.Done()
	t := lease.Value()
	return percent(t.split.Candidate), t.candidate != nil
}

// featureFlag is how spans tell which variant answered, in the words of
// OpenTelemetry's semantic conventions for feature flags (1.43).
func (r *Response) featureFlag() []attribute.KeyValue {
	reason := "static"
	switch r.Variant {
	case VariantStable, VariantCandidate, VariantBaseline:
		if r.split {
			reason = "split"
		}
	default: // a fallback
		reason = "error"
	}
	return []attribute.KeyValue{
		attribute.String("feature_flag.key", r.Release.Strategy), attribute.String("feature_flag.provider.name", "swapline"),
		attribute.String("feature_flag.result.variant", r.Variant), attribute.String("feature_flag.result.reason", reason),
	}
}
