package main

import (
	"errors"
	"math/big"
	"strings"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/examples/fxquote/rates"
)

// Codes of the business errors.
const (
	badConfig       = "bad_config"
	missingField    = "missing_field"
	badPair         = "bad_pair"
	sameCurrency    = "same_currency"
	unknownCurrency = "unknown_currency"
	badSide         = "bad_side"
	badAmount       = "bad_amount"
	amountTooLarge  = "amount_too_large"
	amountTooSmall  = "amount_too_small"
	badDate         = "bad_date"
	noRate          = "no_rate"
)

// request is one well-formed input.
type request struct {
	pair   string // AAA/BBB
	side   string
	amount *big.Int // minor units of the base currency
	month  string   // 2006-01
}

func (r *request) base() string    { return r.pair[:3] }
func (r *request) counter() string { return r.pair[4:] }

func (s *fxQuote) parse(in map[string]any) (*request, error) {
	for _, name := range [...]string{"pair", "side", "amount"} {
		if _, ok := in[name]; !ok {
			return nil, reject(missingField, name, "is required")
		}
	}
	r := &request{}
	r.pair, _ = in["pair"].(string)
	r.side, _ = in["side"].(string)
	amount, _ := in["amount"].(string)
	if !validPair(r.pair) {
		return nil, reject(badPair, "pair", "must be two currencies, for example EUR/USD")
	}
	if r.base() == r.counter() {
		return nil, reject(sameCurrency, "pair", "must be of two different currencies")
	}
	if r.side != "buy" && r.side != "sell" {
		return nil, reject(badSide, "side", "must be buy or sell")
	}
	var ok bool
	if r.amount, ok = parseDecimal(amount, rates.Exponent(r.base())); !ok || r.amount.Sign() == 0 {
		return nil, reject(badAmount, "amount", "must be a positive number in text with no more digits than the currency has, for example \"1000.00\"")
	}
	return r, s.date(in, r)
}

// date sets the month of the rate.
func (s *fxQuote) date(in map[string]any, r *request) error {
	r.month = s.table.Newest()
	v, ok := in["date"]
	if !ok {
		return nil
	}
	text, _ := v.(string)
	if _, err := time.Parse(time.DateOnly, text); err != nil {
		return reject(badDate, "date", "must be a day, for example 2026-06-17")
	}
	r.month = text[:len("2006-01")]
	if r.month < s.table.Oldest() || r.month > s.table.Newest() {
		return reject(noRate, "date", "must lie in the months from "+s.table.Oldest()+" to "+s.table.Newest())
	}
	return nil
}

// rejectRate explains why a currency has no rate.
func rejectRate(currency, month string, err error) error {
	if errors.Is(err, rates.ErrCurrency) {
		return reject(unknownCurrency, "pair", "has the currency "+currency+", for which there are no rates")
	}
	return reject(noRate, "date", "has no rate for "+currency+" in "+month)
}

func reject(code, field, message string) error {
	e := abi.Reject(code, field+" "+message)
	e.Details = map[string]any{"field": field}
	return e
}

func validPair(s string) bool {
	return len(s) == 7 && s[3] == '/' && strings.Trim(s[:3]+s[4:], "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}
