// Package payment reads a card payment from a strategy's input and gathers the
// reasons for a score. Both versions of riskscore use it; what they make of a
// payment is their own.
//
// An input looks like this. Everything but velocity, card_present and
// card_utc_offset_minutes is required:
//
//	{
//	  "amount": 12999,                      minor units of the currency, 1 or more
//	  "currency": "EUR",                    ISO 4217
//	  "mcc": "5411",                        ISO 18245, four digits
//	  "merchant_country": "DE",             ISO 3166-1 alpha-2
//	  "card_country": "DE",
//	  "time": "2026-03-01T22:15:00Z",       RFC 3339
//	  "card_utc_offset_minutes": 60,        the card holder's zone; -720 to 840
//	  "card_present": false,
//	  "velocity": {                         earlier payments of the same card
//	    "count_1h": 0, "count_24h": 2, "amount_24h": 5400
//	  }
//	}
//
// What is wrong with an input is a business error with one of the codes below
// and {"field": name} in its details.
package payment

import (
	"strconv"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/examples/riskscore/mcc"
)

// Codes of the business errors of [Parse].
const (
	MissingField    = "missing_field"
	WrongType       = "wrong_type"
	BadAmount       = "bad_amount"
	UnknownCurrency = "unknown_currency"
	BadMCC          = "bad_mcc"
	UnknownMCC      = "unknown_mcc"
	BadCountry      = "bad_country"
	BadTime         = "bad_time"
	BadOffset       = "bad_utc_offset"
	BadVelocity     = "bad_velocity"
)

// maxAmount bounds amounts (minor units) so that sums of them cannot overflow.
const maxAmount = 1_000_000_000_000_000

// Payment is one well-formed input.
type Payment struct {
	Amount          int64 // minor units
	Currency        string
	Exponent        int // digits of the minor unit
	MCC             string
	MCCDescription  string
	MCCClass        mcc.Class
	MerchantCountry string
	CardCountry     string
	CardPresent     bool
	LocalHour       int   // 0 to 23 where the card holder lives
	Count1h         int64 // earlier payments in the last hour
	Count24h        int64 // and in the last day
	Amount24h       int64 // their sum, minor units of the same currency
}

// Abroad reports whether the merchant is outside of the card's country.
func (p *Payment) Abroad() bool { return p.MerchantCountry != p.CardCountry }

// Parse reads a payment. The error is an *abi.Error.
func Parse(in map[string]any) (*Payment, error) {
	f := &fields{in: in}
	p := &Payment{
		Amount:          f.between("amount", BadAmount, 1, maxAmount),
		Currency:        f.text("currency"),
		MCC:             f.text("mcc"),
		MerchantCountry: f.country("merchant_country"),
		CardCountry:     f.country("card_country"),
		CardPresent:     f.flag("card_present"),
	}
	p.LocalHour = f.localHour()
	p.Exponent = f.exponent(p.Currency)
	p.MCCDescription = f.merchant(p.MCC)
	p.MCCClass = mcc.ClassOf(p.MCC)
	f.velocity(p)
	if f.err != nil {
		return nil, f.err
	}
	return p, nil
}

// fields reads values of an input and keeps the first error.
type fields struct {
	in  map[string]any
	err *abi.Error
}

func (f *fields) reject(code, field, message string) {
	if f.err == nil {
		f.err = abi.Reject(code, field+" "+message)
		f.err.Details = map[string]any{"field": field}
	}
}

func (f *fields) text(name string) string {
	v, ok := f.in[name]
	if !ok {
		f.reject(MissingField, name, "is required")
		return ""
	}
	s, ok := v.(string)
	if !ok {
		f.reject(WrongType, name, "must be text")
	}
	return s
}

func (f *fields) flag(name string) bool {
	v, ok := f.in[name]
	if !ok {
		return false
	}
	b, ok := v.(bool)
	if !ok {
		f.reject(WrongType, name, "must be true or false")
	}
	return b
}

// between reads a required integer; code is for values out of range.
func (f *fields) between(name, code string, low, high int64) int64 {
	v, ok := f.in[name]
	if !ok {
		f.reject(MissingField, name, "is required")
		return 0
	}
	n, ok := v.(int64)
	if !ok {
		f.reject(WrongType, name, "must be an integer")
		return 0
	}
	if n < low || n > high {
		f.reject(code, name, "must be between "+strconv.FormatInt(low, 10)+" and "+strconv.FormatInt(high, 10))
	}
	return n
}

func (f *fields) country(name string) string {
	s := f.text(name)
	if f.err == nil && !upper(s, 2) {
		f.reject(BadCountry, name, "must be two upper-case letters (ISO 3166-1)")
	}
	return s
}

func (f *fields) exponent(currency string) int {
	n, ok := Exponent(currency)
	if !ok {
		f.reject(UnknownCurrency, "currency", "must be an ISO 4217 code, for example EUR")
	}
	return n
}

func (f *fields) merchant(code string) string {
	if len(code) != 4 || !between(code, '0', '9') {
		f.reject(BadMCC, "mcc", "must be four digits in text")
		return ""
	}
	d, ok := mcc.Lookup(code)
	if !ok {
		f.reject(UnknownMCC, "mcc", "is not an assigned merchant category code")
	}
	return d
}

func (f *fields) localHour() int {
	at, err := time.Parse(time.RFC3339, f.text("time"))
	if err != nil {
		f.reject(BadTime, "time", "must be RFC 3339, for example 2026-03-01T22:15:00Z")
	}
	offset := int64(0)
	if _, ok := f.in["card_utc_offset_minutes"]; ok {
		offset = f.between("card_utc_offset_minutes", BadOffset, -720, 840)
	}
	return at.UTC().Add(time.Duration(offset) * time.Minute).Hour()
}

func (f *fields) velocity(p *Payment) {
	v, ok := f.in["velocity"]
	if !ok {
		return
	}
	m, ok := v.(map[string]any)
	if !ok {
		f.reject(WrongType, "velocity", "must be an object with count_1h, count_24h and amount_24h")
		return
	}
	inner := &fields{in: m, err: f.err}
	p.Count1h = inner.between("count_1h", BadVelocity, 0, 1_000_000)
	p.Count24h = inner.between("count_24h", BadVelocity, 0, 1_000_000)
	p.Amount24h = inner.between("amount_24h", BadVelocity, 0, maxAmount)
	if p.Count1h > p.Count24h {
		inner.reject(BadVelocity, "count_1h", "must not be more than count_24h")
	}
	f.err = inner.err
}

func upper(s string, n int) bool {
	return len(s) == n && between(s, 'A', 'Z')
}

// between reports whether all bytes of s are in a range.
func between(s string, low, high byte) bool {
	for i := range len(s) {
		if s[i] < low || s[i] > high {
			return false
		}
	}
	return true
}
