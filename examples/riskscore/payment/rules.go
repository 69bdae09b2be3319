package payment

import (
	"strconv"

	"github.com/swapline/swapline/abi"
)

// Rules is the config that both versions share:
//
//	{
//	  "review_at": 40, "decline_at": 70,             scores, 1 to 100
//	  "high_amount": {"EUR": 50000},                 minor units, per currency
//	  "high_amount_default": 500,                    whole units, all other currencies
//	  "high_risk_countries": ["IR", "KP", "MM"],
//	  "night_from": 1, "night_to": 5                 local hours, both included
//	}
type Rules struct {
	ReviewAt, DeclineAt int64
	HighAmount          map[string]int64
	HighAmountDefault   int64
	HighRisk            map[string]bool
	NightFrom, NightTo  int64
}

// badConfig is the code of a config that cannot be used.
const badConfig = "bad_config"

// ParseRules reads the config. The error is an *abi.Error of code bad_config.
func ParseRules(config map[string]any) (*Rules, error) {
	f := &fields{in: config}
	r := &Rules{
		ReviewAt:          f.between("review_at", badConfig, 1, 100),
		DeclineAt:         f.between("decline_at", badConfig, 1, 100),
		HighAmountDefault: f.between("high_amount_default", badConfig, 1, maxAmount/10_000),
		NightFrom:         f.between("night_from", badConfig, 0, 23),
		NightTo:           f.between("night_to", badConfig, 0, 23),
		HighAmount:        f.amounts("high_amount"),
		HighRisk:          f.countries("high_risk_countries"),
	}
	if f.err != nil {
		return nil, abi.Reject(badConfig, "config."+f.err.Message)
	}
	return r, nil
}

// Check reports rules that can be read but cannot be meant.
func (r *Rules) Check() error {
	if r.ReviewAt >= r.DeclineAt {
		return abi.Reject(badConfig, "config.review_at must be below config.decline_at, they are "+
			strconv.FormatInt(r.ReviewAt, 10)+" and "+strconv.FormatInt(r.DeclineAt, 10))
	}
	for currency := range r.HighAmount {
		if _, ok := Exponent(currency); !ok {
			return abi.Reject(badConfig, "config.high_amount has the unknown currency "+currency)
		}
	}
	return nil
}

// Decide turns a score into a decision.
func (r *Rules) Decide(score int64) string {
	switch {
	case score >= r.DeclineAt:
		return "decline"
	case score >= r.ReviewAt:
		return "review"
	}
	return "approve"
}

// High is the amount, in minor units, from which a payment counts as high.
func (r *Rules) High(p *Payment) int64 {
	if n, ok := r.HighAmount[p.Currency]; ok {
		return n
	}
	return Minor(r.HighAmountDefault, p.Exponent)
}

// Night reports whether the payment happens at night for the card holder.
func (r *Rules) Night(p *Payment) bool {
	h := int64(p.LocalHour)
	if r.NightFrom <= r.NightTo {
		return h >= r.NightFrom && h <= r.NightTo
	}
	return h >= r.NightFrom || h <= r.NightTo
}

// Risky reports whether a party of the payment is in a high-risk country.
func (r *Rules) Risky(p *Payment) bool {
	return r.HighRisk[p.MerchantCountry] || r.HighRisk[p.CardCountry]
}

func (f *fields) amounts(name string) map[string]int64 {
	m, ok := f.in[name].(map[string]any)
	if !ok {
		f.reject(badConfig, name, "must be an object of currency and minor units")
	}
	inner := &fields{in: m, err: f.err}
	out := make(map[string]int64, len(m))
	for currency := range m {
		out[currency] = inner.between(currency, badConfig, 1, maxAmount)
	}
	f.err = inner.err
	return out
}

func (f *fields) countries(name string) map[string]bool {
	list, ok := f.in[name].([]any)
	if !ok {
		f.reject(badConfig, name, "must be a list of countries")
	}
	out := make(map[string]bool, len(list))
	for _, v := range list {
		s, _ := v.(string)
		if !upper(s, 2) {
			f.reject(badConfig, name, "must hold two upper-case letters each (ISO 3166-1)")
		}
		out[s] = true
	}
	return out
}
