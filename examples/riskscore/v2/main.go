// Command v2 is release 2 of the strategy riskscore. Against release 1 it sees
// card testing, weighs velocity and amounts in finer steps, looks harder at
// payments without the card and no longer minds a foreign card where travellers
// pay.
//
//	reason                points
//	amount_high           15 from the high amount of the currency, 30 from 3 times, 45 from 10 times
//	card_testing          45 below two whole units with 3 or more payments in the last hour
//	velocity_count        4 for each payment in the last hour after the third, up to 40
//	velocity_amount       15 when the day's sum reaches eight high amounts
//	card_not_present      10
//	country_mismatch      20 abroad without the card, unless the category is travel
//	country_high_risk     35 when either country is in the configured list
//	merchant_category     25 for high-risk categories, 8 for elevated ones
//	night_risky_merchant  15 at night in a high-risk or elevated category
//
// Input and config are those of release 1 (package payment), the answer too.
package main

import (
	"context"
	"strconv"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/examples/riskscore/mcc"
	"github.com/swapline/swapline/examples/riskscore/payment"
	guest "github.com/swapline/swapline/guests/go"
)

const model = "riskscore/2.0.0"

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
	s.category(p, &score)
	return score.Answer(p, s.rules.Decide(score.Value()), model), nil
}

func (s *riskScore) amount(p *payment.Payment, score *payment.Score) {
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

func (s *riskScore) velocity(p *payment.Payment, score *payment.Score) {
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

func (s *riskScore) countries(p *payment.Payment, score *payment.Score) {
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

func (s *riskScore) category(p *payment.Payment, score *payment.Score) {
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

var (
	_ abi.Constructor = NewStrategy
	_ abi.Validator   = (*riskScore)(nil)
)
