package main

import (
	"strconv"

	"github.com/swapline/swapline/examples/riskscore/mcc"
	"github.com/swapline/swapline/examples/riskscore/payment"
)

const model = "riskscore/2.0.0"

// score follows the rules of examples/riskscore/v2.
func score(p *payment.Payment) map[string]any {
	var s payment.Score
	amount(p, &s)
	velocity(p, &s)
	countries(p, &s)
	category(p, &s)
	return s.Answer(p, rules.Decide(s.Value()), model)
}

func amount(p *payment.Payment, score *payment.Score) {
	high := rules.High(p)
	switch {
	case p.Amount/10 >= high:
		score.Add(45, "amount_high", "the amount is at least ten times what counts as high")
	case p.Amount/3 >= high:
		score.Add(30, "amount_high", "the amount is at least three times what counts as high")
	case p.Amount >= high:
		score.Add(15, "amount_high", "the amount is high for its currency")
	}
}

func velocity(p *payment.Payment, score *payment.Score) {
	if p.Count1h >= 3 && p.Amount < payment.Minor(2, p.Exponent) {
		score.Add(45, "card_testing", "a tiny amount after "+strconv.FormatInt(p.Count1h, 10)+" payments in the last hour")
	}
	if p.Count1h > 3 {
		score.Add(min((p.Count1h-3)*4, 40), "velocity_count", strconv.FormatInt(p.Count1h, 10)+" payments in the last hour")
	}
	if (p.Amount24h+p.Amount)/8 >= rules.High(p) {
		score.Add(15, "velocity_amount", "the day's payments sum up to "+payment.Text(p.Amount24h+p.Amount, p.Exponent)+" "+p.Currency)
	}
}

func countries(p *payment.Payment, score *payment.Score) {
	if !p.CardPresent {
		score.Add(10, "card_not_present", "the card was not presented")
	}
	if p.Abroad() && !p.CardPresent && p.MCCClass != mcc.Travel {
		score.Add(20, "country_mismatch", "card of "+p.CardCountry+" at a merchant in "+p.MerchantCountry)
	}
	if rules.Risky(p) {
		score.Add(35, "country_high_risk", "a country of the payment is on the list of high-risk countries")
	}
}

func category(p *payment.Payment, score *payment.Score) {
	points := int64(0)
	switch p.MCCClass {
	case mcc.High:
		points = 25
	case mcc.Elevated:
		points = 8
	}
	score.Add(points, "merchant_category", "category "+p.MCC+" has "+p.MCCClass.String()+" risk")
	if points > 0 && rules.Night(p) {
		score.Add(15, "night_risky_merchant", "night where the card holder lives, at a merchant of "+p.MCCClass.String()+" risk")
	}
}
