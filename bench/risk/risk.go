// Package risk is release 2 of examples/riskscore as a package, so that the
// benchmarks can call it directly and through the in-process driver, which a main
// package does not allow. Before anything is measured its answers to all golden
// cases are compared with those of the release itself, in every language.
package risk

import (
	"context"
	"strconv"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/examples/riskscore/mcc"
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
	s.amount(p, &score)
	s.velocity(p, &score)
	s.countries(p, &score)
	s.category(p, &score)
	return score.Answer(p, s.rules.Decide(score.Value()), "riskscore/2.0.0"), nil
}

func (s *strategy) amount(p *payment.Payment, score *payment.Score) {
	high := s.rules.High(p)
	switch {
	case p.Amount/10 >= high:
		score.Add(45, "amount_high", "the amount is at least ten times what counts as high")
	case p.Amount/3 >= high:
		score.Add(30, "amount_high", "the amount is at least three times what counts as high")
	case p.Amount >= high:
		score.Add(15, "amount_high", "the amount is high for its currency")
	}
}

func (s *strategy) velocity(p *payment.Payment, score *payment.Score) {
	if p.Count1h >= 3 && p.Amount < payment.Minor(2, p.Exponent) {
		score.Add(45, "card_testing", "a tiny amount after "+strconv.FormatInt(p.Count1h, 10)+" payments in the last hour")
	}
	if p.Count1h > 3 {
		score.Add(min((p.Count1h-3)*4, 40), "velocity_count", strconv.FormatInt(p.Count1h, 10)+" payments in the last hour")
	}
	if (p.Amount24h+p.Amount)/8 >= s.rules.High(p) {
		score.Add(15, "velocity_amount", "the day's payments sum up to "+payment.Text(p.Amount24h+p.Amount, p.Exponent)+" "+p.Currency)
	}
}

func (s *strategy) countries(p *payment.Payment, score *payment.Score) {
	if !p.CardPresent {
		score.Add(10, "card_not_present", "the card was not presented")
	}
	if p.Abroad() && !p.CardPresent && p.MCCClass != mcc.Travel {
		score.Add(20, "country_mismatch", "card of "+p.CardCountry+" at a merchant in "+p.MerchantCountry)
	}
	if s.rules.Risky(p) {
		score.Add(35, "country_high_risk", "a country of the payment is on the list of high-risk countries")
	}
}

func (s *strategy) category(p *payment.Payment, score *payment.Score) {
	points := int64(0)
	switch p.MCCClass {
	case mcc.High:
		points = 25
	case mcc.Elevated:
		points = 8
	}
	score.Add(points, "merchant_category", "category "+p.MCC+" has "+p.MCCClass.String()+" risk")
	if points > 0 && s.rules.Night(p) {
		score.Add(15, "night_risky_merchant", "night where the card holder lives, at a merchant of "+p.MCCClass.String()+" risk")
	}
}
