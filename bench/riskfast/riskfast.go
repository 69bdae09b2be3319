// Package riskfast is release 2 of examples/riskscore over encoded values
// (guest.Encoded): the same rules, answers and business errors, so that the
// benchmarks can tell what maps cost in a Go guest.
package riskfast

import (
	"context"
	"strconv"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/examples/riskscore/mcc"
	"github.com/swapline/swapline/examples/riskscore/payment"
	guest "github.com/swapline/swapline/guests/go"
)

type strategy struct{ rules *payment.Rules }

// New is the constructor.
func New(h abi.Host) (abi.Strategy, error) {
	rules, err := payment.ParseRules(h.Config())
	if err != nil {
		return nil, err
	}
	return guest.Adapt(&strategy{rules: rules}), nil
}

// Validate implements [abi.Validator].
func (s *strategy) Validate(context.Context) error { return s.rules.Check() }

// ExecuteEncoded implements [guest.Encoded].
func (s *strategy) ExecuteEncoded(_ context.Context, in wire.View, out *wire.Builder) error {
	var f fields
	var p payment.Payment
	f.read(in, &p)
	if f.err != nil {
		return f.err
	}
	var score score
	s.amount(&p, &score)
	s.velocity(&p, &score)
	s.countries(&p, &score)
	s.category(&p, &score)
	score.answer(&p, s.rules.Decide(score.value()), out)
	return nil
}

func (s *strategy) amount(p *payment.Payment, score *score) {
	high := s.rules.High(p)
	switch {
	case p.Amount/10 >= high:
		score.add(45, "amount_high", "the amount is at least ten times what counts as high")
	case p.Amount/3 >= high:
		score.add(30, "amount_high", "the amount is at least three times what counts as high")
	case p.Amount >= high:
		score.add(15, "amount_high", "the amount is high for its currency")
	}
}

func (s *strategy) velocity(p *payment.Payment, score *score) {
	if p.Count1h >= 3 && p.Amount < payment.Minor(2, p.Exponent) {
		score.add(45, "card_testing", "a tiny amount after ", strconv.FormatInt(p.Count1h, 10), " payments in the last hour")
	}
	if p.Count1h > 3 {
		score.add(min((p.Count1h-3)*4, 40), "velocity_count", strconv.FormatInt(p.Count1h, 10), " payments in the last hour")
	}
	if (p.Amount24h+p.Amount)/8 >= s.rules.High(p) {
		score.add(15, "velocity_amount", "the day's payments sum up to ", payment.Text(p.Amount24h+p.Amount, p.Exponent), " ", p.Currency)
	}
}

func (s *strategy) countries(p *payment.Payment, score *score) {
	if !p.CardPresent {
		score.add(10, "card_not_present", "the card was not presented")
	}
	if p.Abroad() && !p.CardPresent && p.MCCClass != mcc.Travel {
		score.add(20, "country_mismatch", "card of ", p.CardCountry, " at a merchant in ", p.MerchantCountry)
	}
	if s.rules.Risky(p) {
		score.add(35, "country_high_risk", "a country of the payment is on the list of high-risk countries")
	}
}

func (s *strategy) category(p *payment.Payment, score *score) {
	points := int64(0)
	switch p.MCCClass {
	case mcc.High:
		points = 25
	case mcc.Elevated:
		points = 8
	}
	score.add(points, "merchant_category", "category ", p.MCC, " has ", p.MCCClass.String()+" risk")
	if points > 0 && s.rules.Night(p) {
		score.add(15, "night_risky_merchant", "night where the card holder lives, at a merchant of ", p.MCCClass.String(), " risk")
	}
}

var (
	_ guest.Encoded = (*strategy)(nil)
	_ abi.Validator = (*strategy)(nil)
)
