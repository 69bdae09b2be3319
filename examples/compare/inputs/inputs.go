// Package inputs makes up card payments for the strategy riskscore: what a shop
// with customers all over the world might send, so that a comparison of two builds
// goes over every branch of the strategy and not over one payment again and again.
//
//	list := inputs.Make(10_000, 1) // the same for the same numbers, on every machine
//
// Most payments are ordinary: small amounts at home, a few payments a day. Some
// look like fraud in one way or another: very large, abroad without the card, tiny
// and many (card testing), at night at risky merchants, of countries on the list.
// One in twelve is refused: it misses a field, or has a wrong one. Currencies have
// 0, 2, 3 and 4 decimals.
package inputs

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/swapline/swapline/examples/riskscore/payment"
)

// Make returns n inputs. The order is part of what the seed decides.
func Make(n int, seed uint64) []map[string]any {
	m := maker{rand.New(rand.NewPCG(seed, 0x7061796d656e7473))}
	list := make([]map[string]any, n)
	for i := range list {
		list[i] = m.payment()
		if m.IntN(12) == 0 {
			m.spoil(list[i])
		}
	}
	return list
}

// maker draws payments.
type maker struct{ *rand.Rand }

// chance is true in so many of a hundred cases.
func (m maker) chance(percent int) bool { return m.IntN(100) < percent }

func (m maker) one(of ...string) string { return of[m.IntN(len(of))] }

func (m maker) payment() map[string]any {
	currency := m.currency()
	digits, _ := payment.Exponent(currency)
	home := m.country()
	in := map[string]any{
		"amount": m.amount(digits), "currency": currency, "mcc": m.category(), "card_country": home,
		"merchant_country": home, "time": m.moment(),
	}
	if m.chance(30) {
		in["merchant_country"] = m.country()
	}
	if m.chance(85) {
		in["card_present"] = m.chance(55)
	}
	if m.chance(70) {
		in["card_utc_offset_minutes"] = int64(m.IntN(105)-48) * 15 // from -720 to 840
	}
	if m.chance(85) {
		in["velocity"] = m.velocity(digits)
	}
	if m.chance(4) {
		m.testCard(in, digits)
	}
	return in
}

// currency is one of those that have an amount of their own in the config, or any.
func (m maker) currency() string {
	if m.chance(65) {
		return m.one("EUR", "EUR", "EUR", "USD", "USD", "GBP", "JPY")
	}
	return m.one("AUD", "BHD", "BRL", "CAD", "CHF", "CLF", "CLP", "CZK", "DKK", "INR", "ISK", "KRW", "KWD", "MXN", "NOK", "NZD",
		"PLN", "SEK", "SGD", "THB", "TND", "TRY", "UYW", "VND", "ZAR")
}

// amount is log-normal around 40 whole units: most are small, some are huge.
func (m maker) amount(digits int) int64 {
	whole := 40 * math.Exp(1.6*m.NormFloat64())
	if digits == 0 {
		whole *= 120 // such units are small money
	}
	return max(1, int64(whole*math.Pow10(digits)))
}

func (m maker) country() string {
	if m.chance(3) {
		return m.one("IR", "KP", "MM")
	}
	return m.one("DE", "DE", "FR", "GB", "US", "US", "JP", "IT", "ES", "NL", "PL", "SE", "BR", "IN", "SG", "ZA", "KW", "AU")
}

// category is a merchant's: of all four classes, ordinary ones most often.
func (m maker) category() string {
	switch n := m.IntN(100); {
	case n < 60:
		return m.one("5411", "5812", "5814", "5541", "5311", "5651", "5942", "8011", "7230", "4900", "5999", "0742", "8398")
	case n < 75:
		return m.one("3000", "3351", "3501", "4111", "4121", "4511", "4722", "7011", "7512")
	case n < 91:
		return m.one("5094", "5122", "5732", "5734", "5815", "5816", "5921", "5993", "5968", "6011", "6211", "7994")
	}
	return m.one("4829", "6051", "5966", "5967", "7273", "7801", "7802", "7995")
}

// moment is a second of the year 2026, in UTC or with an offset.
func (m maker) moment() string {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(m.Int64N(365*24*3600)) * time.Second)
	if m.chance(20) {
		at = at.In(time.FixedZone("", (m.IntN(27)-12)*3600))
	}
	return at.Format(time.RFC3339)
}

// velocity is what the card did before: mostly little.
func (m maker) velocity(digits int) map[string]any {
	hour := int64(m.ExpFloat64() * 1.2)
	day := hour + int64(m.ExpFloat64()*3)
	sum := int64(0)
	for range min(day, 20) {
		sum += m.amount(digits)
	}
	if m.chance(5) {
		sum *= 20
	}
	return map[string]any{"count_1h": hour, "count_24h": day, "amount_24h": sum}
}

// testCard makes it look like somebody who tries whether a stolen card works.
func (m maker) testCard(in map[string]any, digits int) {
	n := int64(3 + m.IntN(15))
	in["amount"] = max(1, payment.Minor(2, digits)-1-m.Int64N(payment.Minor(1, digits)))
	in["velocity"] = map[string]any{"count_1h": n, "count_24h": n + m.Int64N(5), "amount_24h": n * payment.Minor(1, digits)}
}

// spoil makes a mistake of a caller, one for each code of payment.Parse at least.
func (m maker) spoil(in map[string]any) {
	switch m.IntN(13) {
	case 0:
		delete(in, m.one("amount", "currency", "mcc", "merchant_country", "card_country", "time"))
	case 1:
		in["amount"] = "12.99"
	case 2:
		in["amount"] = 12.99
	case 3:
		in["amount"] = -m.Int64N(1000)
	case 4:
		in["currency"] = m.one("DEM", "eur", "EURO", "ZZZ")
	case 5:
		in["mcc"] = m.one("541", "54a1", "54110")
	case 6:
		in["mcc"] = m.one("0001", "9998", "1234")
	case 7:
		in["card_country"] = m.one("DEU", "de", "")
	case 8:
		in["time"] = m.one("2026-03-01 22:15:00", "2026-02-30T22:15:00Z", "yesterday")
	case 9:
		in["card_utc_offset_minutes"] = 841 + m.Int64N(1000)
	case 10:
		in["velocity"] = map[string]any{"count_1h": int64(9), "count_24h": m.Int64N(9), "amount_24h": int64(100)}
	case 11:
		in["velocity"] = []any{}
	case 12:
		in["card_present"] = nil
	}
}
