package main

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// payment makes a plausible card payment: mostly small amounts at everyday
// merchants at home, now and then a large one, abroad, at night, or one of a
// burst.
func payment(r *rand.Rand) map[string]any {
	count := int64(r.ExpFloat64() * 1.5)
	card := pick(r, "DE", "FR", "GB", "US", "NL", "PL", "JP", "BR")
	merchant := card
	if r.IntN(10) == 0 {
		merchant = pick(r, "US", "TR", "TH", "NG", "KP", "ES")
	}
	at := time.Date(2026, 3, 1+r.IntN(28), r.IntN(24), r.IntN(60), r.IntN(60), 0, time.UTC)
	return map[string]any{
		"amount":                  100 + int64(r.ExpFloat64()*6000),
		"currency":                pick(r, "EUR", "USD", "GBP", "JPY", "PLN"),
		"mcc":                     pick(r, "5411", "5812", "5541", "4111", "5732", "5944", "7995", "6051", "4511", "5816"),
		"merchant_country":        merchant,
		"card_country":            card,
		"time":                    at.Format(time.RFC3339),
		"card_utc_offset_minutes": 60 * (r.IntN(13) - 5),
		"card_present":            r.IntN(3) > 0,
		"velocity": map[string]any{
			"count_1h": count, "count_24h": count + int64(r.IntN(6)), "amount_24h": int64(r.ExpFloat64() * 20000),
		},
		"reference": fmt.Sprintf("pay-%08x", r.Uint32()),
	}
}

func pick(r *rand.Rand, from ...string) string { return from[r.IntN(len(from))] }
