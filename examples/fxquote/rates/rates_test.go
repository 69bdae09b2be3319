package rates

import (
	"errors"
	"strings"
	"testing"
)

func TestLoadFindsEveryCurrencyInEveryMonth(t *testing.T) {
	table, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	if table.Currencies() != 22 || table.Oldest() != "2024-07" || table.Newest() != "2026-06" {
		t.Fatalf("%d currencies from %s to %s", table.Currencies(), table.Oldest(), table.Newest())
	}
	for currency, months := range table.rates {
		if len(months) != 24 {
			t.Errorf("%s has %d months", currency, len(months))
		}
	}
}

// TestAllSeriesHaveTheDollarAsTheirBase would fail if the euro, the pound or
// the dollars of Australia and New Zealand were quoted the other way round.
func TestAllSeriesHaveTheDollarAsTheirBase(t *testing.T) {
	table, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for currency, below := range map[string]bool{"EUR": true, "GBP": true, "AUD": false, "NZD": false, "JPY": false} {
		for month, r := range table.rates[currency] {
			if (r.Units < r.Scale) != below {
				t.Errorf("%s in %s: %d/%d for a dollar", currency, month, r.Units, r.Scale)
			}
		}
	}
}

func TestAtIsExact(t *testing.T) {
	table, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		currency, month string
		want            Rate
		err             error
	}{
		{"EUR", "2026-06", Rate{8684, 10000}, nil},
		{"AUD", "2024-08", Rate{1502, 1000}, nil},
		{"USD", "2026-06", Rate{1, 1}, nil},
		{"USD", "2026-07", Rate{}, ErrMonth},
		{"EUR", "2024-06", Rate{}, ErrMonth},
		{"DEM", "2026-06", Rate{}, ErrCurrency},
	}
	for _, test := range tests {
		got, err := table.At(test.currency, test.month)
		if !errors.Is(err, test.err) || err == nil && got != test.want {
			t.Errorf("At(%s, %s) = %v, %v; want %v, %v", test.currency, test.month, got, err, test.want, test.err)
		}
	}
}

func TestParseRefusesABrokenTable(t *testing.T) {
	for _, line := range []string{
		"2026-06-01,Euro", "2026-06,Euro,1.0", "2026-06-01,Atlantis,1.0", "2026-06-01,Euro,", "2026-06-01,Euro,-1",
		"2026-06-01,Euro,0", "2026-06-01,Euro,1e3", "2026-06-01,Euro,1.0000000001", "2026-06-01,Eur,1.0", "2026-06-01,,1.0",
	} {
		if _, err := parse("Date,Country,Exchange rate\n" + line + "\n"); err == nil || !strings.HasPrefix(err.Error(), "line 2: ") {
			t.Errorf("%s: got %v", line, err)
		}
	}
}
