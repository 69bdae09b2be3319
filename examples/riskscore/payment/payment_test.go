package payment

import (
	"errors"
	"testing"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/examples/riskscore/mcc"
)

func input(changes map[string]any) map[string]any {
	in := map[string]any{
		"amount": int64(12999), "currency": "EUR", "mcc": "5411",
		"merchant_country": "DE", "card_country": "DE", "time": "2026-03-01T22:15:00Z",
	}
	for k, v := range changes {
		if v == nil {
			delete(in, k)
			continue
		}
		in[k] = v
	}
	return in
}

func velocity(hour, day, sum any) map[string]any {
	return map[string]any{"velocity": map[string]any{"count_1h": hour, "count_24h": day, "amount_24h": sum}}
}

func TestParseReadsEveryField(t *testing.T) {
	in := input(velocity(int64(1), int64(2), int64(3)))
	in["card_present"], in["card_utc_offset_minutes"] = true, int64(120)
	got, err := Parse(in)
	if err != nil {
		t.Fatal(err)
	}
	want := Payment{
		Amount: 12999, Currency: "EUR", Exponent: 2, MCC: "5411", MCCDescription: "Grocery Stores, Supermarkets",
		MCCClass: mcc.Ordinary, MerchantCountry: "DE", CardCountry: "DE", CardPresent: true, LocalHour: 0,
		Count1h: 1, Count24h: 2, Amount24h: 3,
	}
	if *got != want {
		t.Errorf("got %+v\nwant %+v", *got, want)
	}
}

func TestParseRefuses(t *testing.T) {
	tests := []struct {
		name    string
		changes map[string]any
		code    string
		field   string
	}{
		{"no amount", map[string]any{"amount": nil}, MissingField, "amount"},
		{"text for an amount", map[string]any{"amount": "1"}, WrongType, "amount"},
		{"a float for an amount", map[string]any{"amount": 1.0}, WrongType, "amount"},
		{"zero", map[string]any{"amount": int64(0)}, BadAmount, "amount"},
		{"negative", map[string]any{"amount": int64(-1)}, BadAmount, "amount"},
		{"more than all money", map[string]any{"amount": int64(1e15 + 1)}, BadAmount, "amount"},
		{"no currency", map[string]any{"currency": nil}, MissingField, "currency"},
		{"currency in lower case", map[string]any{"currency": "eur"}, UnknownCurrency, "currency"},
		{"currency of four letters", map[string]any{"currency": "EURO"}, UnknownCurrency, "currency"},
		{"currency across the list", map[string]any{"currency": "D A"}, UnknownCurrency, "currency"},
		{"currency of the past", map[string]any{"currency": "DEM"}, UnknownCurrency, "currency"},
		{"code of three digits", map[string]any{"mcc": "541"}, BadMCC, "mcc"},
		{"code in letters", map[string]any{"mcc": "54a1"}, BadMCC, "mcc"},
		{"code as a number", map[string]any{"mcc": int64(5411)}, WrongType, "mcc"},
		{"unassigned code", map[string]any{"mcc": "0001"}, UnknownMCC, "mcc"},
		{"country of three letters", map[string]any{"card_country": "DEU"}, BadCountry, "card_country"},
		{"no country", map[string]any{"merchant_country": nil}, MissingField, "merchant_country"},
		{"time without a zone", map[string]any{"time": "2026-03-01T22:15:00"}, BadTime, "time"},
		{"no such day", map[string]any{"time": "2026-02-30T22:15:00Z"}, BadTime, "time"},
		{"offset beyond the date line", map[string]any{"card_utc_offset_minutes": int64(841)}, BadOffset, "card_utc_offset_minutes"},
		{"flag as text", map[string]any{"card_present": "yes"}, WrongType, "card_present"},
		{"velocity as a list", map[string]any{"velocity": []any{}}, WrongType, "velocity"},
		{"velocity without a sum", map[string]any{"velocity": map[string]any{"count_1h": int64(0), "count_24h": int64(0)}}, MissingField, "amount_24h"},
		{"velocity below zero", velocity(int64(-1), int64(0), int64(0)), BadVelocity, "count_1h"},
		{"more in an hour than in a day", velocity(int64(3), int64(2), int64(0)), BadVelocity, "count_1h"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse(input(test.changes))
			var got *abi.Error
			if !errors.As(err, &got) {
				t.Fatalf("got %v, want a business error", err)
			}
			if got.Code != test.code || got.Details["field"] != test.field {
				t.Errorf("got %s of %v (%s), want %s of %s", got.Code, got.Details["field"], got.Message, test.code, test.field)
			}
		})
	}
}

func TestLocalHour(t *testing.T) {
	tests := []struct {
		time   string
		offset int64
		want   int
	}{
		{"2026-03-01T22:15:00Z", 0, 22},
		{"2026-03-01T22:15:00Z", 120, 0},
		{"2026-03-01T00:15:00Z", -60, 23},
		{"2026-03-01T22:15:00+05:30", 0, 16},
		{"2026-12-31T23:59:59.999Z", 840, 13},
	}
	for _, test := range tests {
		p, err := Parse(input(map[string]any{"time": test.time, "card_utc_offset_minutes": test.offset}))
		if err != nil {
			t.Fatal(err)
		}
		if p.LocalHour != test.want {
			t.Errorf("%s %+d min: hour %d, want %d", test.time, test.offset, p.LocalHour, test.want)
		}
	}
}

func TestNightMayCrossMidnight(t *testing.T) {
	tests := []struct {
		from, to int64
		hour     int
		want     bool
	}{
		{1, 5, 0, false}, {1, 5, 1, true}, {1, 5, 5, true}, {1, 5, 6, false},
		{22, 4, 21, false}, {22, 4, 22, true}, {22, 4, 0, true}, {22, 4, 4, true}, {22, 4, 5, false},
	}
	for _, test := range tests {
		r := Rules{NightFrom: test.from, NightTo: test.to}
		if got := r.Night(&Payment{LocalHour: test.hour}); got != test.want {
			t.Errorf("hour %d in %d to %d: %v", test.hour, test.from, test.to, got)
		}
	}
}

func config(changes map[string]any) map[string]any {
	c := map[string]any{
		"review_at": int64(40), "decline_at": int64(70), "high_amount": map[string]any{"EUR": int64(50000)},
		"high_amount_default": int64(500), "high_risk_countries": []any{"KP"}, "night_from": int64(1), "night_to": int64(5),
	}
	for k, v := range changes {
		if v == nil {
			delete(c, k)
			continue
		}
		c[k] = v
	}
	return c
}

func TestParseRulesRefuses(t *testing.T) {
	tests := map[string]map[string]any{
		"no threshold":         {"review_at": nil},
		"threshold of zero":    {"review_at": int64(0)},
		"threshold above all":  {"decline_at": int64(101)},
		"no amounts":           {"high_amount": nil},
		"amount as text":       {"high_amount": map[string]any{"EUR": "1"}},
		"hour 24":              {"night_to": int64(24)},
		"no list of countries": {"high_risk_countries": nil},
		"country name":         {"high_risk_countries": []any{"Korea"}},
		"a number for country": {"high_risk_countries": []any{int64(1)}},
	}
	if _, err := ParseRules(config(nil)); err != nil {
		t.Fatal(err)
	}
	for name, changes := range tests {
		_, err := ParseRules(config(changes))
		var got *abi.Error
		if !errors.As(err, &got) || got.Code != badConfig {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestCheckRefusesRulesThatCannotBeMeant(t *testing.T) {
	for name, changes := range map[string]map[string]any{
		"review after decline": {"review_at": int64(70)},
		"unknown currency":     {"high_amount": map[string]any{"EUX": int64(1)}},
	} {
		r, err := ParseRules(config(changes))
		if err != nil {
			t.Fatal(err)
		}
		if r.Check() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestCurrencies(t *testing.T) {
	tests := []struct {
		currency string
		minor    int64
		text     string
	}{
		{"EUR", 12999, "129.99"}, {"EUR", 5, "0.05"}, {"JPY", 12999, "12999"}, {"KWD", 1, "0.001"},
		{"CLF", 123456, "12.3456"}, {"EUR", 100, "1.00"},
	}
	for _, test := range tests {
		e, ok := Exponent(test.currency)
		if !ok {
			t.Fatalf("%s is unknown", test.currency)
		}
		if got := Text(test.minor, e); got != test.text {
			t.Errorf("%d %s is %s, want %s", test.minor, test.currency, got, test.text)
		}
	}
	if got := Minor(500, 3); got != 500_000 {
		t.Errorf("Minor(500, 3) = %d", got)
	}
}

func TestScoreStaysBetweenZeroAndHundred(t *testing.T) {
	var s Score
	if s.Value() != 0 {
		t.Errorf("no reasons make %d points", s.Value())
	}
	s.Add(0, "nothing", "")
	s.Add(70, "a", "")
	s.Add(45, "b", "")
	if s.Value() != 100 || len(s.reasons) != 2 {
		t.Errorf("%d points for %d reasons", s.Value(), len(s.reasons))
	}
}

// TestParseReportsTheSameFieldEveryTime guards against reports that depend on
// the order of a map.
func TestParseReportsTheSameFieldEveryTime(t *testing.T) {
	for range 50 {
		_, err := Parse(map[string]any{})
		var got *abi.Error
		if !errors.As(err, &got) || got.Details["field"] != "amount" {
			t.Fatalf("got %v", err)
		}
	}
}
