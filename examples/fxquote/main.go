// Command fxquote is a strategy that quotes a currency pair. Money is text and
// arithmetic is exact; nothing passes through floating point.
//
// Input, date optional:
//
//	{"pair": "EUR/USD", "side": "buy", "amount": "1000.00", "date": "2026-06-17"}
//
// The amount is in the first currency of the pair. "buy" means that the client
// buys that currency and pays in the second one at the higher price; "sell"
// that the client sells it at the lower one.
//
// The quote is made in three steps, so that a client can check it with paper:
//
//  1. mid = price of a dollar in the second currency / price of a dollar in the
//     first one, both the average of the date's month (without a date: of the
//     newest month);
//  2. rate = mid with half of the spread added (buy) or taken off (sell), rounded
//     half-even to rate_digits digits after the point;
//  3. total = amount times that rounded rate, rounded half-even to the minor unit
//     of the second currency.
//
// EUR/USD in June 2026, spread 50 basis points: mid = 1/0.8684, rate =
// 1.0025/0.8684 = 1.154422 and 1000.00 EUR cost 1154.42 USD:
//
//	{"pair": "EUR/USD", "side": "buy", "amount": "1000.00", "currency": "USD",
//	 "rate": "1.154422", "mid": "1.151543", "spread_bps": 50, "month": "2026-06",
//	 "total": "1154.42", "model": "fxquote/1.0.0"}
//
// Config:
//
//	{"spread_bps": 50,                        the whole spread, 0 to 2000
//	 "pair_spread_bps": {"EUR/USD": 20},      for single pairs, in both directions
//	 "rate_digits": 6,                        0 to 12
//	 "max_usd": 1000000}                      largest amount quoted, whole dollars
package main

import (
	"context"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/examples/fxquote/rates"
	guest "github.com/swapline/swapline/guests/go"
)

const model = "fxquote/1.0.0"

var _ = guest.Register(NewStrategy)

func main() {}

// NewStrategy constructs the strategy from the manifest's config.
func NewStrategy(h abi.Host) (abi.Strategy, error) {
	terms, err := parseTerms(h.Config())
	if err != nil {
		return nil, err
	}
	table, err := rates.Load()
	if err != nil {
		return nil, err
	}
	return &fxQuote{terms: terms, table: table}, nil
}

// fxQuote is immutable after construction.
type fxQuote struct {
	terms *terms
	table *rates.Table
}

// Validate implements [abi.Validator]: it asks whether each configured pair can
// be quoted today.
func (s *fxQuote) Validate(context.Context) error {
	for pair := range s.terms.pairSpread {
		r := request{pair: pair, month: s.table.Newest()}
		if _, err := s.mid(&r); err != nil {
			return abi.Reject(badConfig, "config.pair_spread_bps holds the pair "+pair+" that has no rate")
		}
	}
	return nil
}

// Execute implements [abi.Strategy].
func (s *fxQuote) Execute(_ context.Context, in map[string]any) (map[string]any, error) {
	r, err := s.parse(in)
	if err != nil {
		return nil, err
	}
	q, err := s.quote(r)
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"pair": r.pair, "side": r.side, "amount": formatDecimal(r.amount, rates.Exponent(r.base())),
		"currency": r.counter(), "rate": q.rate, "mid": q.mid, "total": q.total,
		"spread_bps": q.spread, "month": r.month, "model": model,
	}, nil
}

var (
	_ abi.Constructor = NewStrategy
	_ abi.Validator   = (*fxQuote)(nil)
)
