// Package risk is the strategy that the benchmarks run: the parsing, the amount
// rule and the answer of examples/riskscore, importable, so that the same
// function can be called directly, through the in-process driver, as a plugin
// and as a Wasm guest.
package risk

import (
	"context"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/examples/riskscore/payment"
)

type strategy struct{ rules *payment.Rules }

// New is the constructor.
func New(h abi.Host) (abi.Strategy, error) {
	rules, err := payment.ParseRules(h.Config())
	if err != nil {
		return nil, err
	}
	return &strategy{rules: rules}, nil
}

// Execute implements [abi.Strategy].
func (s *strategy) Execute(_ context.Context, in map[string]any) (map[string]any, error) {
	p, err := payment.Parse(in)
	if err != nil {
		return nil, err
	}
	var score payment.Score
	if p.Amount >= s.rules.High(p) {
		score.Add(30, "amount_high", "the amount is high for its currency")
	}
	if p.Abroad() {
		score.Add(15, "country_mismatch", "card of "+p.CardCountry+" at a merchant in "+p.MerchantCountry)
	}
	return score.Answer(p, s.rules.Decide(score.Value()), "bench/1.0.0"), nil
}
