package main

import (
	"testing"

	"github.com/swapline/swapline/guests/go/guesttest"
)

func TestGoldenCases(t *testing.T) { guesttest.Run(t, ".", NewStrategy) }

func config() map[string]any {
	return map[string]any{
		"review_at": int64(40), "decline_at": int64(70), "high_amount": map[string]any{"EUR": int64(50000)},
		"high_amount_default": int64(500), "high_risk_countries": []any{}, "night_from": int64(1), "night_to": int64(5),
	}
}

func input() map[string]any {
	return map[string]any{
		"amount": int64(12999), "currency": "EUR", "mcc": "5411", "merchant_country": "DE", "card_country": "DE",
		"time": "2026-03-01T12:15:00Z", "card_present": true,
		"velocity": map[string]any{"count_1h": int64(0), "count_24h": int64(2), "amount_24h": int64(5400)},
	}
}

func TestConstructorRefusesABadConfig(t *testing.T) {
	c := config()
	delete(c, "night_to")
	if _, err := NewStrategy(guesttest.Host{T: t, Values: c}); err == nil {
		t.Error("a config without night_to was accepted")
	}
}

// TestThresholdsOfTheRules walks over both sides of each step.
func TestThresholdsOfTheRules(t *testing.T) {
	s, err := NewStrategy(guesttest.Host{T: t, Values: config()})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range steps() {
		in := input()
		test.change(in)
		out, err := s.Execute(t.Context(), in)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if out["score"] != test.want {
			t.Errorf("%s: score %v, want %d; %v", test.name, out["score"], test.want, out["reasons"])
		}
	}
}

type step struct {
	name   string
	change func(in map[string]any)
	want   int64
}

func set(key string, v any) func(map[string]any) {
	return func(in map[string]any) { in[key] = v }
}

func hourly(n int64) func(map[string]any) {
	return set("velocity", map[string]any{"count_1h": n, "count_24h": n, "amount_24h": int64(0)})
}

func daily(sum int64) func(map[string]any) {
	return set("velocity", map[string]any{"count_1h": int64(0), "count_24h": int64(9), "amount_24h": sum})
}

func BenchmarkExecute(b *testing.B) {
	s, err := NewStrategy(guesttest.Host{T: b, Values: config()})
	if err != nil {
		b.Fatal(err)
	}
	in := input()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Execute(b.Context(), in); err != nil {
			b.Fatal(err)
		}
	}
}
