package payment

// Score gathers the reasons for a decision. The zero value is ready to use by
// one goroutine.
type Score struct {
	points  int64
	reasons []any
}

// Add counts points for a reason; no points, no reason.
func (s *Score) Add(points int64, code, text string) {
	if points == 0 {
		return
	}
	s.points += points
	s.reasons = append(s.reasons, map[string]any{"code": code, "points": points, "text": text})
}

// Value is the sum of all points, cut to the range of 0 to 100.
func (s *Score) Value() int64 { return min(max(s.points, 0), 100) }

// Answer is the strategy's output. Reasons stand in the order they were added.
func (s *Score) Answer(p *Payment, decision, model string) map[string]any {
	reasons := s.reasons
	if reasons == nil {
		reasons = []any{}
	}
	return map[string]any{
		"score":    s.Value(),
		"decision": decision,
		"reasons":  reasons,
		"amount":   Text(p.Amount, p.Exponent) + " " + p.Currency,
		"mcc":      p.MCCDescription,
		"model":    model,
	}
}
