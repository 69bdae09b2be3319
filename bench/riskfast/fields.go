package riskfast

import (
	"strconv"
	"strings"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/examples/riskscore/mcc"
	"github.com/swapline/swapline/examples/riskscore/payment"
)

const maxAmount = 1_000_000_000_000_000 // minor units

// input has the members of an input, found in one pass.
type input struct {
	amount, currency, mcc, merchantCountry, cardCountry, cardPresent, time, offset, velocity wire.View
}

func (in *input) find(v wire.View) {
	for key, value := range v.Members() {
		switch key {
		case "amount":
			in.amount = value
		case "currency":
			in.currency = value
		case "mcc":
			in.mcc = value
		case "merchant_country":
			in.merchantCountry = value
		case "card_country":
			in.cardCountry = value
		case "card_present":
			in.cardPresent = value
		case "time":
			in.time = value
		case "card_utc_offset_minutes":
			in.offset = value
		case "velocity":
			in.velocity = value
		}
	}
}

// fields reads an input as payment.Parse does and keeps the first error.
type fields struct {
	err *abi.Error
}

func (f *fields) read(v wire.View, p *payment.Payment) {
	var in input
	in.find(v)
	p.Amount = f.between(in.amount, "amount", payment.BadAmount, 1, maxAmount)
	p.Currency = f.text(in.currency, "currency")
	p.MCC = f.text(in.mcc, "mcc")
	p.MerchantCountry = f.country(in.merchantCountry, "merchant_country")
	p.CardCountry = f.country(in.cardCountry, "card_country")
	p.CardPresent = f.flag(in.cardPresent, "card_present")
	p.LocalHour = f.localHour(in.time, in.offset)
	p.Exponent = f.exponent(p.Currency)
	p.MCCDescription = f.merchant(p.MCC)
	p.MCCClass = mcc.ClassOf(p.MCC)
	f.velocity(in.velocity, p)
}

// reject stays out of its callers: on the way without an error they are short.
//
//go:noinline
func (f *fields) reject(code, field, message string) {
	if f.err == nil {
		f.err = abi.Reject(code, field+" "+message)
		f.err.Details = map[string]any{"field": field}
	}
}

// unfit rejects a value of another kind.
func (f *fields) unfit(v wire.View, name, message string) {
	if v.Kind() == wire.KindNone {
		f.reject(payment.MissingField, name, "is required")
		return
	}
	f.reject(payment.WrongType, name, message)
}

func (f *fields) text(v wire.View, name string) string {
	s, ok := v.Text()
	if !ok {
		f.unfit(v, name, "must be text")
	}
	return s
}

func (f *fields) flag(v wire.View, name string) bool {
	b, ok := v.Bool()
	if !ok && v.Kind() != wire.KindNone {
		f.unfit(v, name, "must be true or false")
	}
	return b
}

// between reads a required integer; code is for values out of range.
func (f *fields) between(v wire.View, name, code string, low, high int64) int64 {
	n, ok := v.Int()
	if !ok {
		f.unfit(v, name, "must be an integer")
		return 0
	}
	if n < low || n > high {
		f.outside(name, code, low, high)
	}
	return n
}

func (f *fields) outside(name, code string, low, high int64) {
	f.reject(code, name, "must be between "+strconv.FormatInt(low, 10)+" and "+strconv.FormatInt(high, 10))
}

func (f *fields) country(v wire.View, name string) string {
	s := f.text(v, name)
	if f.err == nil && !country(s) {
		f.reject(payment.BadCountry, name, "must be two upper-case letters (ISO 3166-1)")
	}
	return s
}

func country(s string) bool {
	return len(s) == 2 && s[0] >= 'A' && s[0] <= 'Z' && s[1] >= 'A' && s[1] <= 'Z'
}

func (f *fields) exponent(currency string) int {
	n, ok := payment.Exponent(currency)
	if !ok {
		f.reject(payment.UnknownCurrency, "currency", "must be an ISO 4217 code, for example EUR")
	}
	return n
}

func (f *fields) merchant(code string) string {
	if len(code) != 4 || strings.Trim(code, "0123456789") != "" {
		f.reject(payment.BadMCC, "mcc", "must be four digits in text")
		return ""
	}
	d, ok := mcc.Lookup(code)
	if !ok {
		f.reject(payment.UnknownMCC, "mcc", "is not an assigned merchant category code")
	}
	return d
}

func (f *fields) localHour(v, offset wire.View) int {
	at, err := time.Parse(time.RFC3339, f.text(v, "time"))
	if err != nil {
		f.reject(payment.BadTime, "time", "must be RFC 3339, for example 2026-03-01T22:15:00Z")
	}
	minutes := int64(0)
	if offset.Kind() != wire.KindNone {
		minutes = f.between(offset, "card_utc_offset_minutes", payment.BadOffset, -720, 840)
	}
	return at.UTC().Add(time.Duration(minutes) * time.Minute).Hour()
}

func (f *fields) velocity(v wire.View, p *payment.Payment) {
	switch v.Kind() {
	case wire.KindNone:
		return
	case wire.KindMap:
	default:
		f.reject(payment.WrongType, "velocity", "must be an object with count_1h, count_24h and amount_24h")
		return
	}
	p.Count1h = f.between(v.Get("count_1h"), "count_1h", payment.BadVelocity, 0, 1_000_000)
	p.Count24h = f.between(v.Get("count_24h"), "count_24h", payment.BadVelocity, 0, 1_000_000)
	p.Amount24h = f.between(v.Get("amount_24h"), "amount_24h", payment.BadVelocity, 0, maxAmount)
	if p.Count1h > p.Count24h {
		f.reject(payment.BadVelocity, "count_1h", "must not be more than count_24h")
	}
}
