package main

import (
	"testing"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/guests/go/guesttest"
)

func TestGoldenCases(t *testing.T) { guesttest.Run(t, ".", NewStrategy) }

func TestWithoutACampaignNothingIsBound(t *testing.T) {
	for campaign, want := range map[string]int{"": 0, "autumn": 2} {
		s, err := NewStrategy(guesttest.Host{T: t, Values: map[string]any{"campaign": campaign, "percent": int64(10)}})
		if err != nil {
			t.Fatal(err)
		}
		if got := len(s.(abi.Binder).Bindings()); got != want {
			t.Errorf("campaign %q binds %d points, want %d", campaign, got, want)
		}
	}
}

func TestTheConfigIsChecked(t *testing.T) {
	for _, percent := range []any{nil, int64(0), int64(51), 10.5} {
		if _, err := NewStrategy(guesttest.Host{T: t, Values: map[string]any{"campaign": "autumn", "percent": percent}}); err == nil {
			t.Errorf("%v percent was accepted", percent)
		}
	}
}
