package sdktest_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/examples/riskscore/mcc"
	"github.com/swapline/swapline/examples/riskscore/payment"
	"github.com/swapline/swapline/runtime/problem"
)

// goRelease is the folder of the strategy that the others are compared with.
func goRelease(tb testing.TB) string {
	tb.Helper()
	_, file, _, ok := runtime.Caller(0)
	if !ok {
		tb.Fatal("the folder of this package is unknown")
	}
	return filepath.Join(filepath.Dir(file), "..", "..", "examples", "riskscore", "v2")
}

func readJSON(tb testing.TB, path string) any {
	tb.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	v, err := wire.ParseJSON(b)
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

func riskConfig(tb testing.TB) map[string]any {
	tb.Helper()
	source, _ := readJSON(tb, filepath.Join(goRelease(tb), "strategy.json")).(map[string]any)
	config, ok := source["config"].(map[string]any)
	if !ok {
		tb.Fatal("the Go release has no config")
	}
	return config
}

// outcome is what can be told of one call.
func outcome(out map[string]any, err error) string {
	var business *abi.Error
	if errors.As(err, &business) {
		details, jerr := wire.AppendJSON(nil, business.Details)
		return fmt.Sprintf("%s: %s %s %v", business.Code, business.Message, details, jerr)
	}
	if err != nil {
		return fmt.Sprintf("fault: %v", err)
	}
	text, err := wire.AppendJSON(nil, out)
	return fmt.Sprintf("%s %v", text, err)
}

func golden(t *testing.T, m module) {
	r := load(t, driverFor(t), spec(t, m, riskConfig(t)))
	cases, _ := readJSON(t, filepath.Join(goRelease(t), "golden.json")).([]any)
	if len(cases) < 10 {
		t.Fatalf("only %d golden cases", len(cases))
	}
	for _, v := range cases {
		c, _ := v.(map[string]any)
		input, _ := c["input"].(map[string]any)
		out, err := r.Execute(context.Background(), input)
		var business *abi.Error
		switch want, rejected := c["rejected"].(string); {
		case rejected && (!errors.As(err, &business) || business.Code != want):
			t.Errorf("%v: got %v, %v, want the business error %s", c["name"], out, err, want)
		case !rejected && (err != nil || !wire.Equal(out, c["output"])):
			t.Errorf("%v: got %s", c["name"], outcome(out, err))
		}
	}
}

// payments compares with the Go release on payments of all sorts.
func payments(t *testing.T, m module) {
	const calls = 10_000
	d := driverFor(t)
	ours, theirs := load(t, d, spec(t, m, riskConfig(t))), load(t, d, spec(t, build(t, goRelease(t)), riskConfig(t)))
	draw := newPayments(rand.New(rand.NewPCG(1, 2)))
	accepted := 0
	for n := range calls {
		in := draw.next()
		want, err := theirs.Execute(context.Background(), in)
		if err == nil {
			accepted++
		}
		wanted := outcome(want, err)
		if got := outcome(ours.Execute(context.Background(), in)); got != wanted {
			t.Fatalf("payment %d, %s:\ngot  %s\nwant %s", n, outcome(in, nil), got, wanted)
		}
	}
	if accepted < calls/4 || accepted > calls*3/4 {
		t.Errorf("%d of %d payments are well formed: the comparison is lopsided", accepted, calls)
	}
}

// configs compares constructors and Validate.
func configs(t *testing.T, m module) {
	d := driverFor(t)
	reference := build(t, goRelease(t))
	for name, change := range badConfigs() {
		config := riskConfig(t)
		change(config)
		verdict := func(m module) string {
			in, err := d.Load(context.Background(), spec(t, m, config))
			if err != nil {
				return string(problem.CodeOf(err)) + ": " + err.Error()
			}
			defer in.Close(context.Background())
			return fmt.Sprint(in.Methods(), in.Validate(context.Background()))
		}
		if got, want := verdict(m), verdict(reference); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, want)
		}
	}
}

func badConfigs() map[string]func(config map[string]any) {
	set := func(key string, v any) func(map[string]any) {
		return func(config map[string]any) { config[key] = v }
	}
	return map[string]func(map[string]any){
		"as it is":           func(map[string]any) {},
		"empty":              func(c map[string]any) { clear(c) },
		"review missing":     func(c map[string]any) { delete(c, "review_at") },
		"review is text":     set("review_at", "40"),
		"review is null":     set("review_at", nil),
		"review too high":    set("review_at", int64(101)),
		"review at decline":  set("review_at", int64(70)),
		"night out of range": set("night_to", int64(24)),
		"amounts are a list": set("high_amount", []any{}),
		"amounts missing":    func(c map[string]any) { delete(c, "high_amount") },
		"an amount of zero":  set("high_amount", map[string]any{"EUR": int64(0)}),
		"unknown currency":   set("high_amount", map[string]any{"EUX": int64(1)}),
		"currency too long":  set("high_amount", map[string]any{"EURO": int64(1)}),
		"no currencies":      set("high_amount", map[string]any{}),
		"countries are text": set("high_risk_countries", "IR"),
		"a lower-case one":   set("high_risk_countries", []any{"IR", "kp"}),
		"a country is null":  set("high_risk_countries", []any{nil}),
		"no countries":       set("high_risk_countries", []any{}),
		"default too high":   set("high_amount_default", int64(1_000_000_000_000)),
	}
}

// draws makes payments: most members are right most of the time.
type draws struct {
	*rand.Rand
	categories []string
}

func newPayments(r *rand.Rand) draws {
	d := draws{Rand: r}
	for n := range 10_000 {
		if code := fmt.Sprintf("%04d", n); mccExists(code) {
			d.categories = append(d.categories, code)
		}
	}
	return d
}

func mccExists(code string) bool {
	_, ok := mcc.Lookup(code)
	return ok
}

func (d draws) pick(list ...any) any { return list[d.IntN(len(list))] }

func (d draws) next() map[string]any {
	in := map[string]any{
		"amount":           d.pick(d.Int64N(1000), d.Int64N(100_000), d.Int64N(1<<40), int64(1_000_000_000_000_000)),
		"currency":         d.currency(),
		"mcc":              d.categories[d.IntN(len(d.categories))],
		"merchant_country": d.pick("DE", "FR", "IR", "US", "KP", "MM"),
		"card_country":     d.pick("DE", "DE", "FR", "MM"),
		"time":             d.time(),
		"card_present":     d.IntN(2) == 0,
	}
	if d.IntN(2) == 0 {
		in["card_utc_offset_minutes"] = d.Int64N(1560) - 720
	}
	if d.IntN(4) > 0 {
		n := d.Int64N(20)
		in["velocity"] = map[string]any{"count_1h": n, "count_24h": n + d.Int64N(5), "amount_24h": d.Int64N(1 << d.IntN(45))}
	}
	if d.IntN(2) == 0 {
		d.spoil(in)
	}
	return in
}

func (d draws) currency() any {
	all := []any{"EUR", "JPY", "KWD", "USD", "GBP", "CLF", "UYW", "AED", "ZWG", "XOF", "BHD"}
	code := string([]byte{byte('A' + d.IntN(26)), byte('A' + d.IntN(26)), byte('A' + d.IntN(26))})
	if _, ok := payment.Exponent(code); ok || d.IntN(50) == 0 {
		return code
	}
	return d.pick(all...)
}

func (d draws) time() any {
	const plain = "2026-03-01T12:15:00Z"
	if d.IntN(3) > 0 {
		return plain
	}
	return fmt.Sprintf("%04d-%02d-%02dT%02d:%02d:%02d%s", d.IntN(2100), 1+d.IntN(12), 1+d.IntN(28),
		d.IntN(24), d.IntN(60), d.IntN(60), d.pick("Z", "+00:00", "+14:00", "-12:30", ".5Z", ",123+02:00", "+24:60"))
}

// spoil makes one or two members wrong, or nearly wrong.
func (d draws) spoil(in map[string]any) {
	keys := []string{"amount", "currency", "mcc", "merchant_country", "card_country", "time", "card_present", "card_utc_offset_minutes", "velocity"}
	for range 1 + d.IntN(2) {
		key := keys[d.IntN(len(keys))]
		switch d.IntN(4) {
		case 0:
			delete(in, key)
		case 1:
			in[key] = d.pick(nil, true, int64(-1), 1.5, "", "x", []byte{1}, []any{}, map[string]any{})
		default:
			in[key] = d.nearly(key)
		}
	}
}

func (d draws) nearly(key string) any {
	switch key {
	case "amount":
		return d.pick(int64(0), int64(1), int64(1_000_000_000_000_001), int64(-1<<63), int64(1<<63-1), 12999.0)
	case "currency":
		return d.pick("eur", "EU", "EURO", "EU ", "ED ", "", "Ä")
	case "mcc":
		return d.pick("0000", "9999", "54110", "541", "54a1", "3000", "0742", "9950", "٠٧٤٢")
	case "merchant_country", "card_country":
		return d.pick("de", "D", "DEU", "D1", "Ä", "ZZ")
	case "card_utc_offset_minutes":
		return d.pick(int64(-720), int64(840), int64(-721), int64(841), 0.0)
	case "velocity":
		return d.pick(map[string]any{"count_1h": int64(5), "count_24h": int64(4), "amount_24h": int64(1)},
			map[string]any{"count_1h": int64(1), "count_24h": int64(4)},
			map[string]any{"count_1h": int64(-1), "count_24h": int64(4), "amount_24h": int64(1)},
			map[string]any{"count_1h": int64(1_000_001), "count_24h": int64(1_000_001), "amount_24h": int64(1)},
			map[string]any{"count_1h": "1", "count_24h": int64(4), "amount_24h": int64(1)})
	case "time":
		return d.pick("2026-02-29T12:15:00Z", "2024-02-29T12:15:00Z", "2100-02-29T00:00:00Z", "2026-13-01T12:15:00Z", "2026-00-01T12:15:00Z",
			"2026-03-01T24:00:00Z", "2026-03-01T23:60:00Z", "2026-03-01T23:59:60Z", "2026-03-01t12:15:00Z", "2026-03-01T12:15:00z",
			"2026-03-01 12:15:00Z", "2026-03-01T7:15:00Z", "2026-03-01T12:15:00", "2026-03-01T12:15:00+25:00", "2026-03-01T12:15:00+01:61",
			"2026-03-01T12:15:00.Z", "2026-03-01T12:15:00.123456789123Z", "2026-03-01T12:15:00+0100", "2026-03-01T12:15:00ZZ",
			"2026-04-31T12:15:00Z", "0000-01-01T00:00:00Z", "2026-03-1T12:15:00Z", "+026-03-01T12:15:00Z", "2026-03-01T12:15:00-23:59")
	}
	return d.pick(int64(1), "true", nil)
}
