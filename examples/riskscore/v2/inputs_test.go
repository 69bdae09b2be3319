package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"testing"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/examples/compare/inputs"
	"github.com/swapline/swapline/examples/riskscore/payment"
	"github.com/swapline/swapline/guests/go/guesttest"
)

// TestTheInputsOfTheComparisonGoOverEveryBranch: what make compare runs has every
// reason with all its points, every decision and every refusal in it.
func TestTheInputsOfTheComparisonGoOverEveryBranch(t *testing.T) {
	s, err := NewStrategy(guesttest.Host{T: t, Values: released(t)})
	if err != nil {
		t.Fatal(err)
	}
	seen, points := map[string]int{}, map[string]map[int64]bool{}
	for _, in := range inputs.Make(10_000, 1) {
		out, err := s.Execute(context.Background(), in)
		var no *abi.Error
		if errors.As(err, &no) {
			seen[no.Code]++
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		seen[out["decision"].(string)]++
		for _, r := range out["reasons"].([]any) {
			reason := r.(map[string]any)
			code := reason["code"].(string)
			seen[code]++
			if points[code] == nil {
				points[code] = map[int64]bool{}
			}
			points[code][reason["points"].(int64)] = true
		}
	}
	for _, word := range []string{
		"approve", "review", "decline",
		"amount_high", "card_testing", "velocity_count", "velocity_amount", "card_not_present", "country_mismatch",
		"country_high_risk", "merchant_category", "night_risky_merchant",
		payment.MissingField, payment.WrongType, payment.BadAmount, payment.UnknownCurrency, payment.BadMCC, payment.UnknownMCC,
		payment.BadCountry, payment.BadTime, payment.BadOffset, payment.BadVelocity,
	} {
		if seen[word] < 20 {
			t.Errorf("%s comes %d times, want 20 or more", word, seen[word])
		}
	}
	for code, want := range map[string]int{"amount_high": 3, "merchant_category": 2, "velocity_count": 8} {
		if len(points[code]) < want {
			t.Errorf("%s comes with %d different points, want %d: %v", code, len(points[code]), want, points[code])
		}
	}
	if refused := 10_000 - seen["approve"] - seen["review"] - seen["decline"]; refused < 500 || refused > 1200 {
		t.Errorf("%d of 10,000 are refused", refused)
	}
}

// released is the config that the release is signed with.
func released(t *testing.T) map[string]any {
	t.Helper()
	text, err := os.ReadFile("strategy.json")
	if err != nil {
		t.Fatal(err)
	}
	var source struct{ Config json.RawMessage }
	if err := json.Unmarshal(text, &source); err != nil {
		t.Fatal(err)
	}
	config, err := wire.ParseJSONMap(source.Config)
	if err != nil {
		t.Fatal(err)
	}
	return config
}
