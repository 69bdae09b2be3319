// Command v1 is release 1 of the strategy riskscore: it scores a card payment
// from 0 to 100, decides and gives its reasons.
//
//	reason                points
//	amount_high           20 from the high amount of the currency, 35 from four times that
//	velocity_count        20 from 5 payments in the last hour, 35 from 10
//	velocity_amount       15 when the day's sum reaches eight high amounts
//	country_mismatch      15 when the merchant is not in the card's country
//	country_high_risk     30 when either country is in the configured list
//	night                 10 in the configured hours where the card holder lives
//	merchant_category     25 for high-risk categories, 10 for elevated ones
//
// Input and config are described in package payment. The answer:
//
//	{"score": 25, "decision": "approve", "amount": "129.99 EUR",
//	 "mcc": "Electronic Sales", "model": "riskscore/1.0.0", "reasons": [
//	   {"code": "country_mismatch", "points": 15, "text": "card of DE at a merchant in FR"},
//	   {"code": "merchant_category", "points": 10, "text": "category 5732 has elevated risk"}]}
package main

import (
	"context"
	"strconv"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/examples/riskscore/mcc"
	"github.com/swapline/swapline/examples/riskscore/payment"
	guest "github.com/swapline/swapline/guests/go"
)

const model = "riskscore/1.0.0"

var _ = guest.Register(NewStrategy)

func main() {}

// NewStrategy constructs the strategy from the manifest's config.
func NewStrategy(h abi.Host) (abi.Strategy, error) {
	rules, err := payment.ParseRules(h.Config())
	if err != nil {
		return nil, err
	}
	return &riskScore{rules: rules}, nil
}

// riskScore is immutable after construction.
type riskScore struct{ rules *payment.Rules }

// Validate implements [abi.Validator].
func (s *riskScore) Validate(context.Context) error { return s.rules.Check() }

// Execute implements [abi.Strategy].
func (s *riskScore) Execute(_ context.Context, in map[string]any) (map[string]any, error) {
	p, err := payment.Parse(in)
	if err != nil {
		return nil, err
	}
	var score payment.Score
	s.amount(p, &score)
	s.velocity(p, &score)
	s.countries(p, &score)
	if s.rules.Night(p) {
		score.Add(10, "night", "it is night where the card holder lives")
	}
	category(p, &score)
	return score.Answer(p, s.rules.Decide(score.Value()), model), nil
}

func (s *riskScore) amount(p *payment.Payment, score *payment.Score) {
	high := s.rules.High(p)
	switch {
	case p.Amount/4 >= high:
		score.Add(35, "amount_high", "the amount is at least four times what counts as high")
	case p.Amount >= high:
		score.Add(20, "amount_high", "the amount is high for its currency")
	}
}

func (s *riskScore) velocity(p *payment.Payment, score *payment.Score) {
	text := strconv.FormatInt(p.Count1h, 10) + " payments in the last hour"
	switch {
	case p.Count1h >= 10:
		score.Add(35, "velocity_count", text)
	case p.Count1h >= 5:
		score.Add(20, "velocity_count", text)
	}
	if (p.Amount24h+p.Amount)/8 >= s.rules.High(p) {
		score.Add(15, "velocity_amount", "the day's payments sum up to "+payment.Text(p.Amount24h+p.Amount, p.Exponent)+" "+p.Currency)
	}
}

func (s *riskScore) countries(p *payment.Payment, score *payment.Score) {
	if p.Abroad() {
		score.Add(15, "country_mismatch", "card of "+p.CardCountry+" at a merchant in "+p.MerchantCountry)
	}
	if s.rules.Risky(p) {
		score.Add(30, "country_high_risk", "a country of the payment is on the list of high-risk countries")
	}
}

func category(p *payment.Payment, score *payment.Score) {
	text := "category " + p.MCC + " has " + p.MCCClass.String() + " risk"
	switch p.MCCClass {
	case mcc.High:
		score.Add(25, "merchant_category", text)
	case mcc.Elevated:
		score.Add(10, "merchant_category", text)
	}
}

var (
	_ abi.Constructor = NewStrategy
	_ abi.Validator   = (*riskScore)(nil)
)
