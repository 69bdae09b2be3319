package wasm_test

import (
	"context"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/wasm/wasmtest"
	"os"
)

func BenchmarkZZ(b *testing.B) {
	in := map[string]any{
		"amount": int64(129_900), "currency": "EUR", "mcc": "5732", "merchant_country": "TR", "card_country": "DE",
		"time": "2026-03-01T22:15:00Z", "card_utc_offset_minutes": int64(60), "card_present": false,
		"velocity": map[string]any{"count_1h": int64(5), "count_24h": int64(7), "amount_24h": int64(54_000)},
	}
	for _, pkg := range []string{"zz/noop", "zz/const", "bench/risk/plugin"} {
		mod, err := os.ReadFile(wasmtest.BuildGo(b, "github.com/swapline/swapline/"+pkg))
		if err != nil {
			b.Fatal(err)
		}
		for _, iso := range []string{"request", "instance"} {
			b.Run(pkg+"/"+iso, func(b *testing.B) {
				spec := wasmtest.Spec(b, mod)
				spec.Manifest.Isolation = iso
				spec.Manifest.Config = map[string]any{"review_at": int64(40), "decline_at": int64(70), "high_amount": map[string]any{"EUR": int64(50_000)}, "high_amount_default": int64(500), "high_risk_countries": []any{"KP"}, "night_from": int64(1), "night_to": int64(5)}
				spec.Manifest.Golden = []manifest.GoldenCase{{Name: "x", Input: in}}
				spec.Manifest.Limits.MemoryBytes = 128 << 20
				inst := wasmtest.Load(b, open(b, "/tmp/zzcache"), spec)
				var u driver.Usage
				ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
				defer cancel()
				b.ReportAllocs()
				for b.Loop() {
					if _, err := inst.(driver.Metered).ExecuteMetered(ctx, in, &u); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(u.Instructions), "instr")
			})
		}
	}
}
