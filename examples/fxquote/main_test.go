package main

import (
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/examples/fxquote/rates"
	"github.com/swapline/swapline/guests/go/guesttest"
)

func TestGoldenCases(t *testing.T) { guesttest.Run(t, ".", NewStrategy) }

func config() map[string]any {
	return map[string]any{"spread_bps": int64(50), "rate_digits": int64(6), "max_usd": int64(1_000_000)}
}

func newQuote(t testing.TB, config map[string]any) *fxQuote {
	t.Helper()
	s, err := NewStrategy(guesttest.Host{T: t, Values: config})
	if err != nil {
		t.Fatal(err)
	}
	return s.(*fxQuote)
}

// TestQuotesAgreeWithRationals compares random quotes with a twin that works
// on big.Rat and decides ties by itself.
func TestQuotesAgreeWithRationals(t *testing.T) {
	s := newQuote(t, config())
	random := rand.New(rand.NewPCG(1, 2))
	currencies := []string{"USD", "EUR", "JPY", "KRW", "GBP", "LKR", "AUD", "CHF"}
	for range 5000 {
		base, counter := currencies[random.IntN(len(currencies))], currencies[random.IntN(len(currencies))]
		if base == counter {
			continue
		}
		side := []string{"buy", "sell"}[random.IntN(2)]
		amount := fmt.Sprint(1 + random.IntN(9999))
		if rates.Exponent(base) == 2 {
			amount = fmt.Sprintf("%s.%02d", amount, random.IntN(100))
		}
		out, err := s.Execute(t.Context(), map[string]any{"pair": base + "/" + counter, "side": side, "amount": amount})
		rate, total := twin(t, s.table, base, counter, side, amount)
		if total == zero(counter) {
			wantCode(t, err, amountTooSmall)
			continue
		}
		if err != nil || out["rate"] != rate || out["total"] != total {
			t.Fatalf("%s/%s %s %s: %v %v, want %s %s (%v)", base, counter, side, amount, out["rate"], out["total"], rate, total, err)
		}
	}
}

func zero(currency string) string { return formatDecimal(new(big.Int), rates.Exponent(currency)) }

func twin(t *testing.T, table *rates.Table, base, counter, side, amount string) (rate, total string) {
	t.Helper()
	price := func(currency string) *big.Rat {
		r, err := table.At(currency, table.Newest())
		if err != nil {
			t.Fatal(err)
		}
		return big.NewRat(r.Units, r.Scale)
	}
	factor := big.NewRat(10025, 10000)
	if side == "sell" {
		factor = big.NewRat(9975, 10000)
	}
	r := new(big.Rat).Quo(price(counter), price(base))
	rate = halfEven(r.Mul(r, factor), 6)
	exact, _ := new(big.Rat).SetString(rate)
	a, _ := new(big.Rat).SetString(amount)
	return rate, halfEven(exact.Mul(exact, a), rates.Exponent(counter))
}

// halfEven tries the two neighbours and takes the nearer or the even one.
func halfEven(r *big.Rat, digits int) string {
	scaled := new(big.Rat).Mul(r, new(big.Rat).SetInt(pow10(digits)))
	low := new(big.Int).Div(scaled.Num(), scaled.Denom())
	high := new(big.Int).Add(low, big.NewInt(1))
	below := new(big.Rat).Sub(scaled, new(big.Rat).SetInt(low))
	above := new(big.Rat).Sub(new(big.Rat).SetInt(high), scaled)
	pick := low
	if c := below.Cmp(above); c > 0 || c == 0 && low.Bit(0) == 1 {
		pick = high
	}
	return formatDecimal(pick, digits)
}

// TestSellingIsNeverBetterThanBuying holds for each pair, spread and amount.
func TestSellingIsNeverBetterThanBuying(t *testing.T) {
	for _, spread := range []int64{0, 1, 50, 2000} {
		c := config()
		c["spread_bps"] = spread
		s := newQuote(t, c)
		for _, pair := range []string{"EUR/USD", "USD/EUR", "JPY/KRW", "LKR/GBP"} {
			buy, sell := rate(t, s, pair, "buy"), rate(t, s, pair, "sell")
			if buy.Cmp(sell) < 0 || spread == 0 && buy.Cmp(sell) != 0 {
				t.Errorf("%s at %d: buys at %s, sells at %s", pair, spread, buy, sell)
			}
		}
	}
}

func rate(t *testing.T, s *fxQuote, pair, side string) *big.Rat {
	t.Helper()
	out, err := s.Execute(t.Context(), map[string]any{"pair": pair, "side": side, "amount": "100"})
	if err != nil {
		t.Fatal(err)
	}
	r, ok := new(big.Rat).SetString(out["rate"].(string))
	if !ok {
		t.Fatalf("rate %v", out["rate"])
	}
	return r
}

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	var got *abi.Error
	if !errors.As(err, &got) || got.Code != code {
		t.Errorf("got %v, want %s", err, code)
	}
}

func TestAmounts(t *testing.T) {
	for text, want := range map[string]string{
		"1": "1.00", "1.5": "1.50", "0.01": "0.01", "007.10": "7.10", "999999999999999999.99": "999999999999999999.99",
		"": "", ".5": "", "1.": "", "1.234": "", "-1": "", "+1": "", "1e3": "", " 1": "", "1,5": "", "١": "", "1.2.3": "",
		"1000000000000000000": "", "0x10": "",
	} {
		got := ""
		if n, ok := parseDecimal(text, 2); ok {
			got = formatDecimal(n, 2)
		}
		if got != want {
			t.Errorf("%q is read as %q, want %q", text, got, want)
		}
	}
}

func TestDivideHalfEven(t *testing.T) {
	tests := []struct{ numerator, denominator, want int64 }{
		{10, 4, 2}, {14, 4, 4}, {9, 4, 2}, {11, 4, 3}, {0, 7, 0}, {1, 2, 0}, {3, 2, 2}, {5, 3, 2}, {4, 3, 1},
	}
	for _, test := range tests {
		got := divideHalfEven(big.NewInt(test.numerator), big.NewInt(test.denominator))
		if got.Int64() != test.want {
			t.Errorf("%d/%d = %s, want %d", test.numerator, test.denominator, got, test.want)
		}
	}
}

func TestRejects(t *testing.T) {
	s := newQuote(t, config())
	tests := []struct {
		name, code string
		in         map[string]any
	}{
		{"nothing", missingField, map[string]any{}},
		{"pair as a list", badPair, map[string]any{"pair": []any{"EUR", "USD"}, "side": "buy", "amount": "1"}},
		{"pair without a slash", badPair, map[string]any{"pair": "EURUSD", "side": "buy", "amount": "1"}},
		{"pair in lower case", badPair, map[string]any{"pair": "eur/usd", "side": "buy", "amount": "1"}},
		{"another side", badSide, map[string]any{"pair": "EUR/USD", "side": "BUY", "amount": "1"}},
		{"date with a time", badDate, map[string]any{"pair": "EUR/USD", "side": "buy", "amount": "1", "date": "2026-06-01T00:00:00Z"}},
		{"date as a number", badDate, map[string]any{"pair": "EUR/USD", "side": "buy", "amount": "1", "date": int64(20260601)}},
		{"after the newest month", noRate, map[string]any{"pair": "EUR/USD", "side": "buy", "amount": "1", "date": "2026-07-01"}},
		{"unknown counter currency", unknownCurrency, map[string]any{"pair": "EUR/XTS", "side": "buy", "amount": "1"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := s.Execute(t.Context(), test.in)
			wantCode(t, err, test.code)
		})
	}
}

func TestConfigIsChecked(t *testing.T) {
	for name, changes := range map[string]map[string]any{
		"no spread":         {"spread_bps": nil},
		"negative spread":   {"spread_bps": int64(-1)},
		"spread as a float": {"spread_bps": 0.5},
		"13 digits":         {"rate_digits": int64(13)},
		"no limit":          {"max_usd": int64(0)},
		"pair as a name":    {"pair_spread_bps": map[string]any{"euro": int64(1)}},
		"spread of a pair":  {"pair_spread_bps": map[string]any{"EUR/USD": "1"}},
	} {
		c := config()
		for k, v := range changes {
			c[k] = v
		}
		_, err := NewStrategy(guesttest.Host{T: t, Values: c})
		wantCode(t, err, badConfig)
		if t.Failed() {
			t.Fatal(name)
		}
	}
}

func TestValidateRefusesAPairWithoutRates(t *testing.T) {
	c := config()
	c["pair_spread_bps"] = map[string]any{"EUR/PLN": int64(1)}
	wantCode(t, newQuote(t, c).Validate(t.Context()), badConfig)
}

func BenchmarkExecute(b *testing.B) {
	s := newQuote(b, config())
	in := map[string]any{"pair": "EUR/USD", "side": "buy", "amount": "1000.00"}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Execute(b.Context(), in); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkConstruct(b *testing.B) {
	for b.Loop() {
		newQuote(b, config())
	}
}
