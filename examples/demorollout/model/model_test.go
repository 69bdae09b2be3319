package model

import (
	"fmt"
	"math"
	"testing"
)

func sane() Config { return Config{ReviewAbove: 50_000, DeclineAbove: 200_000, Rounds: 10} }

func TestAmountsDecide(t *testing.T) {
	for amount, want := range map[int64]string{1: "approve", 50_000: "approve", 50_001: "review", 200_000: "review", 200_001: "decline"} {
		if got := sane().Decide(Payment{Reference: "p-1", Amount: amount}); got.Decision != want || got.Score < 0 || got.Score > 999 {
			t.Errorf("%d: %+v, want %s", amount, got, want)
		}
	}
}

// TestAShareOfPaymentsBreaks: 4 % of many must be near 4 %, and always the same.
func TestAShareOfPaymentsBreaks(t *testing.T) {
	c := sane()
	c.Broken = 400
	broken := 0
	const n = 50_000
	for i := range n {
		p := Payment{Reference: fmt.Sprintf("pay-%08x", i), Amount: 1}
		breaks := c.Breaks(p)
		if breaks {
			broken++
		}
		if breaks != c.Breaks(p) || sane().Breaks(p) {
			t.Fatal("it depends on more than the payment and the release")
		}
	}
	if share := float64(broken) / n; math.Abs(share-0.04) > 0.004 {
		t.Errorf("%.4f of all break", share)
	}
	defer func() {
		if recover() == nil {
			t.Error("a broken release answered")
		}
	}()
	c.Broken = 10_000
	c.Decide(Payment{})
}

func TestAConfigIsTheSameInAManifest(t *testing.T) {
	c := Config{ReviewAbove: 1, DeclineAbove: 2, Rounds: 3, Broken: 4, Slow: 5}
	if got := FromMap(c.Map()); got != c {
		t.Errorf("%+v", got)
	}
}
