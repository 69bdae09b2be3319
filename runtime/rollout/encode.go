package rollout

import "time"

// Encode returns the canonical document of p: JSON with all members that have a
// value, sorted, without white space. [Decode] reads it back as p when p came from
// Decode, Default, Bare or Direct.
func (p *Policy) Encode() []byte {
	doc := map[string]any{
		"alpha":   decimal(p.Alpha),
		"stages":  listOf(p.Stages, Stage.document),
		"guards":  listOf(p.Guards, Guard.document),
		"switch":  p.Switch.document(),
		"breaker": p.Breaker.document(),
	}
	if p.Sticky != (Sticky{}) {
		doc["sticky"] = p.Sticky.document()
	}
	if p.Shadow != nil {
		doc["shadow"] = p.Shadow.document()
	}
	if p.Replay != nil {
		doc["replay"] = p.Replay.document()
	}
	if p.Record != nil {
		doc["record"] = p.Record.document()
	}
	return appendCanonical(nil, doc)
}

func listOf[T any](list []T, document func(T) map[string]any) []any {
	out := make([]any, len(list))
	for i, v := range list {
		out[i] = document(v)
	}
	return out
}

func texts(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}

func seconds(d time.Duration) decimal { return decimal(float64(d/time.Millisecond) / 1000) }

func inMillis(d time.Duration) decimal { return decimal(float64(d/time.Microsecond) / 1000) }

func percent(w Weight) decimal { return decimal(float64(w) / 100) }

func (s Sticky) document() map[string]any {
	if s.Header != "" {
		return map[string]any{"header": s.Header}
	}
	return map[string]any{"pointer": s.Pointer}
}

func (s Stage) document() map[string]any {
	return map[string]any{
		"weight": percent(s.Weight), "for_s": seconds(s.For), "calls": s.Calls, "hold_s": seconds(s.Hold),
		"then": string(s.Then), "gate": s.Gate, "baseline": s.Baseline, "guards": listOf(s.Guards, Guard.document),
	}
}

func (g Guard) document() map[string]any {
	doc := map[string]any{"name": g.Name, "metric": string(g.Metric)}
	for name, bound := range map[string]*float64{maxBound: g.Max, minBound: g.Min, increaseBound: g.MaxIncrease,
		changeBound: g.MaxChange, ratioBound: g.MaxRatio, "tolerance": g.Tolerance} {
		if bound != nil {
			doc[name] = decimal(*bound)
		}
	}
	if g.Versus != "" {
		doc["versus"] = g.Versus
	}
	if g.Floor != 0 {
		doc["floor_ms"] = inMillis(g.Floor)
	}
	if g.Field != "" {
		doc["field"] = g.Field
	}
	if g.Metric == FieldShare {
		doc["equals"] = g.Equals
	}
	if len(g.Expected) > 0 {
		doc["expected"] = texts(g.Expected)
	}
	return doc
}

func (s Switch) document() map[string]any {
	return map[string]any{"before_s": seconds(s.Before), "after_s": seconds(s.After), "max_error_rise": decimal(s.MaxErrorRise),
		"max_p99_ratio": decimal(s.MaxP99Ratio), "floor_ms": inMillis(s.Floor), "calls": s.Calls}
}

func (b Breaker) document() map[string]any {
	return map[string]any{
		"fault_rate": decimal(b.FaultRate), "p95_ms": inMillis(b.P95), "window_s": seconds(b.Window),
		"calls": b.Calls, "open_s": seconds(b.Open), "probes": b.Probes, "fallback": listOf(b.Fallback, Fallback.document),
	}
}

func (f Fallback) document() map[string]any {
	doc := map[string]any{"kind": string(f.Kind)}
	switch f.Kind {
	case FallbackStatic:
		doc["output"] = f.Output
	case FallbackLastGood:
		doc["keep"], doc["max_age_s"] = int64(f.Keep), seconds(f.MaxAge)
	}
	return doc
}

func (s *Shadow) document() map[string]any {
	doc := map[string]any{"share": percent(s.Share), "budget": decimal(s.Budget), "for_s": seconds(s.For), "calls": s.Calls,
		"hold_s": seconds(s.Hold), "max_different": decimal(s.Different)}
	return s.Compare.into(doc)
}

func (r *Replay) document() map[string]any {
	doc := map[string]any{"last": int64(r.Last), "at_least": int64(r.AtLeast), "max_different": decimal(r.Different)}
	return r.Compare.into(doc)
}

func (c Compare) into(doc map[string]any) map[string]any {
	doc["ignore"], doc["tolerance"] = texts(c.Ignore), decimal(c.Tolerance)
	return doc
}

func (r *Record) document() map[string]any {
	return map[string]any{"last": int64(r.Last), "bytes": r.Bytes, "share": percent(r.Share), "mask": texts(r.Mask)}
}
