// Package rates holds monthly average exchange rates against the US dollar.
//
// The table is the file fx_monthly.csv beside this one: a header, then lines of
// month (its first day), country and the price of one US dollar in the
// country's currency, with a decimal point. All series have the dollar as their
// base, also those of the euro, the pound and the two southern dollars; see the
// README of the example.
//
//	t, _ := rates.Load()
//	r, _ := t.At("EUR", "2026-06")    r.Units/r.Scale = 0.8684 EUR for 1 USD
package rates

import (
	_ "embed" // for the table
	"errors"
	"fmt"
	"strconv"
	"strings"
)

//go:embed fx_monthly.csv
var table string

// Dollar is the base of all rates.
const Dollar = "USD"

// Errors of [Table.At].
var (
	ErrCurrency = errors.New("no rates for this currency")
	ErrMonth    = errors.New("no rate for this month")
)

// Rate is the price of one US dollar, Units/Scale, exactly as published.
type Rate struct {
	Units, Scale int64
}

// Table is the parsed file. It is immutable.
type Table struct {
	rates          map[string]map[string]Rate // currency, month
	oldest, newest string
}

// Load parses the embedded table: some 500 short lines.
func Load() (*Table, error) {
	return parse(table)
}

func parse(csv string) (*Table, error) {
	t := &Table{rates: make(map[string]map[string]Rate)}
	n := 0
	for line := range strings.Lines(csv) {
		n++
		if n == 1 {
			continue
		}
		if err := t.add(strings.TrimRight(line, "\r\n")); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
	return t, nil
}

func (t *Table) add(line string) error {
	date, rest, _ := strings.Cut(line, ",")
	country, price, ok := strings.Cut(rest, ",")
	if !ok || len(date) != len("2006-01-02") {
		return fmt.Errorf("want date, country and rate, got %q", line)
	}
	currency := currencyOf(country)
	if currency == "" {
		return fmt.Errorf("no currency known for %q", country)
	}
	rate, err := parseRate(price)
	if err != nil {
		return err
	}
	if t.rates[currency] == nil {
		t.rates[currency] = make(map[string]Rate)
	}
	month := date[:7]
	t.rates[currency][month] = rate
	if t.oldest == "" || month < t.oldest {
		t.oldest = month
	}
	t.newest = max(t.newest, month)
	return nil
}

func parseRate(price string) (Rate, error) {
	whole, fraction, _ := strings.Cut(price, ".")
	units, err := strconv.ParseInt(whole+fraction, 10, 64)
	if err != nil || units <= 0 || len(fraction) > 9 {
		return Rate{}, fmt.Errorf("bad rate %q", price)
	}
	scale := int64(1)
	for range fraction {
		scale *= 10
	}
	return Rate{Units: units, Scale: scale}, nil
}

// Newest is the last month of the table, "2006-01".
func (t *Table) Newest() string { return t.newest }

// Oldest is the first month of the table.
func (t *Table) Oldest() string { return t.oldest }

// Currencies is the number of currencies besides the dollar.
func (t *Table) Currencies() int { return len(t.rates) }

// At returns the price of one US dollar in a currency, the average of a month.
func (t *Table) At(currency, month string) (Rate, error) {
	if currency == Dollar {
		return Rate{Units: 1, Scale: 1}, t.known(month)
	}
	months, ok := t.rates[currency]
	if !ok {
		return Rate{}, ErrCurrency
	}
	rate, ok := months[month]
	if !ok {
		return Rate{}, ErrMonth
	}
	return rate, nil
}

func (t *Table) known(month string) error {
	if month < t.oldest || month > t.newest {
		return ErrMonth
	}
	return nil
}

// currencies pairs the countries of the table with ISO 4217 codes.
const currencies = "Australia=AUD;Brazil=BRL;Canada=CAD;China=CNY;Denmark=DKK;Euro=EUR;Hong Kong=HKD;India=INR;" +
	"Japan=JPY;Malaysia=MYR;Mexico=MXN;New Zealand=NZD;Norway=NOK;Singapore=SGD;South Africa=ZAR;South Korea=KRW;" +
	"Sri Lanka=LKR;Sweden=SEK;Switzerland=CHF;Taiwan=TWD;Thailand=THB;United Kingdom=GBP;"

// currencyOf maps a country of the table to its currency, "" for others.
func currencyOf(country string) string {
	_, rest, ok := strings.Cut(";"+currencies, ";"+country+"=")
	if !ok {
		return ""
	}
	code, _, _ := strings.Cut(rest, ";")
	return code
}

// Exponent is the number of digits of a currency's minor unit (ISO 4217), for
// the currencies of the table and the dollar.
func Exponent(currency string) int {
	switch currency {
	case "JPY", "KRW":
		return 0
	}
	return 2
}
