package riskscoretest

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Input returns an input of riskscore: mostly a right one, one time in four
// with something wrong or strange in it.
func Input(r *rand.Rand) map[string]any {
	in := payment(r)
	if r.IntN(4) == 0 {
		spoil(r, in)
	}
	return in
}

func payment(r *rand.Rand) map[string]any {
	in := map[string]any{
		"amount": amount(r), "currency": pick(r, currencies()...), "mcc": category(r),
		"merchant_country": pick(r, "DE", "FR", "IR", "KP", "US", "NL"), "card_country": pick(r, "DE", "DE", "DE", "FR", "MM"),
		"time": moment(r), "card_present": r.IntN(2) == 0,
	}
	if r.IntN(3) > 0 {
		in["card_utc_offset_minutes"] = int64(r.IntN(1561) - 720)
	}
	if r.IntN(5) > 0 {
		hour := int64(r.IntN(20))
		in["velocity"] = map[string]any{"count_1h": hour, "count_24h": hour + int64(r.IntN(9)), "amount_24h": amount(r) - 1}
	}
	if r.IntN(10) == 0 {
		delete(in, "card_present")
	}
	return in
}

func pick[T any](r *rand.Rand, all ...T) T { return all[r.IntN(len(all))] }

func currencies() []string {
	return []string{"EUR", "EUR", "GBP", "USD", "JPY", "KWD", "CLF", "UYW", "AED", "ZWG", "ISK", "XPF", "TND", "CHF"}
}

// amount returns 1 to 1e15, each magnitude as likely as the others.
func amount(r *rand.Rand) int64 {
	most := int64(1)
	for range r.IntN(16) {
		most *= 10
	}
	return 1 + r.Int64N(most)
}

func category(r *rand.Rand) string {
	if r.IntN(5) > 0 {
		return pick(r, "5411", "5732", "7995", "7011", "4829", "3000", "3999", "0742", "9950", "6012", "4722", "5969", "8099")
	}
	return fmt.Sprintf("%04d", r.IntN(10_000))
}

func moment(r *rand.Rand) string {
	zone := pick(r, "Z", "Z", fmt.Sprintf("+%02d:%02d", r.IntN(15), r.IntN(60)), fmt.Sprintf("-%02d:%02d", r.IntN(13), r.IntN(60)))
	fraction := pick(r, "", "", ".5", ".123456789", ".999999999999")
	return fmt.Sprintf("%04d-%02d-%02dT%02d:%02d:%02d%s%s",
		1900+r.IntN(200), 1+r.IntN(12), 1+r.IntN(28), r.IntN(24), r.IntN(60), r.IntN(60), fraction, zone)
}

// spoil changes one or two members.
func spoil(r *rand.Rand, in map[string]any) {
	names := []string{"amount", "currency", "mcc", "merchant_country", "card_country", "time", "card_present", "card_utc_offset_minutes", "velocity", "more"}
	for range 1 + r.IntN(2) {
		name := pick(r, names...)
		switch r.IntN(6) {
		case 0:
			delete(in, name)
		case 1, 2:
			in[name] = pick[any](r, nil, true, int64(-1), int64(0), 1.5, 1.0, "", "\u00dc\u00dc", "x", []byte("EUR"), []any{}, map[string]any{}, int64(1e15+1), int64(1<<63-1))
		case 3:
			in["time"] = strangeTime(r)
		case 4:
			in["velocity"] = strangeVelocity(r)
		default:
			in["currency"], in["mcc"] = pick(r, "eur", "EURO", "D A", "EUX", "EU", "EUR"), pick(r, "541", "54a1", "0001", "54110", "5411", "\u0665411")
		}
	}
}

func strangeVelocity(r *rand.Rand) map[string]any {
	v := map[string]any{"count_1h": int64(r.IntN(5) - 1), "count_24h": int64(r.IntN(3)), "amount_24h": amount(r)}
	if r.IntN(3) == 0 {
		delete(v, pick(r, "count_1h", "count_24h", "amount_24h"))
	}
	if r.IntN(3) == 0 {
		v["count_24h"] = pick[any](r, int64(1_000_001), "1", nil, 1.0)
	}
	return v
}

// strangeTime returns a time that is nearly right, or right in a rare form.
func strangeTime(r *rand.Rand) string {
	fixed := []string{
		"2026-02-29T00:00:00Z", "2024-02-29T23:59:59Z", "1900-02-29T00:00:00Z", "2000-02-29T00:00:00Z", "2026-04-31T00:00:00Z",
		"2026-03-01T2:15:00Z", "2026-03-01T24:00:00Z", "2026-03-01T23:60:00Z", "2026-03-01T23:59:60Z", "2026-03-01T22:15:00",
		"2026-03-01T22:15:00,5Z", "2026-03-01T22:15:00.Z", "2026-03-01T22:15:00.5", "2026-03-01 22:15:00Z", "2026-03-01t22:15:00z",
		"2026-03-01T22:15:00+24:00", "2026-03-01T22:15:00+25:00", "2026-03-01T22:15:00-12:60", "2026-03-01T22:15:00-12:61",
		"2026-03-01T22:15:00+1:00", "2026-03-01T22:15:00+0100", "2026-03-01T22:15:00Z ", " 2026-03-01T22:15:00Z", "026-03-01T22:15:00Z",
		"+026-03-01T22:15:00Z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-3-1T22:15:00Z", "2026-00-01T22:15:00Z",
		"2026-13-01T22:15:00Z", "2026-03-00T22:15:00Z", "2026-03-01T22:15Z", "2026-03-01T22:5:00Z", "2026-03-01T22:15:00\u221205:00", "2026-03-01", "",
	}
	s := pick(r, fixed...)
	if r.IntN(3) == 0 {
		good := moment(r)
		at := r.IntN(len(good))
		s = good[:at] + pick(r, "", "x", "1", ":", "9", "-", "Z", "\u0661") + good[min(len(good), at+r.IntN(2)):]
	}
	return strings.ToValidUTF8(s, "?")
}
