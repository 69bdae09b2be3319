package main

import (
	"math/big"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/examples/fxquote/rates"
)

// bps is the number of basis points in one, doubled because each side of the
// quote carries half of the spread.
const bps = 2 * 10_000

// terms is the config.
type terms struct {
	spread     int64
	pairSpread map[string]int64
	digits     int
	maxUSD     int64
}

func parseTerms(config map[string]any) (*terms, error) {
	t := &terms{pairSpread: make(map[string]int64)}
	var err error
	if t.spread, err = between(config, "spread_bps", 0, 2000); err != nil {
		return nil, err
	}
	digits, err := between(config, "rate_digits", 0, 12)
	if err != nil {
		return nil, err
	}
	t.digits = int(digits)
	if t.maxUSD, err = between(config, "max_usd", 1, 1_000_000_000_000); err != nil {
		return nil, err
	}
	pairs, _ := config["pair_spread_bps"].(map[string]any)
	for pair := range pairs {
		if !validPair(pair) {
			return nil, abi.Reject(badConfig, "config.pair_spread_bps must hold pairs such as EUR/USD, not "+pair)
		}
		if t.pairSpread[pair], err = between(pairs, pair, 0, 2000); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func between(config map[string]any, name string, low, high int64) (int64, error) {
	n, ok := config[name].(int64)
	if !ok || n < low || n > high {
		return 0, abi.Reject(badConfig, "config value "+name+" must be an integer between "+
			big.NewInt(low).String()+" and "+big.NewInt(high).String())
	}
	return n, nil
}

// spreadOf is the spread of a pair; a pair stands for both of its directions.
func (t *terms) spreadOf(r *request) int64 {
	if n, ok := t.pairSpread[r.pair]; ok {
		return n
	}
	if n, ok := t.pairSpread[r.counter()+"/"+r.base()]; ok {
		return n
	}
	return t.spread
}

// fraction is an exact, unrounded price.
type fraction struct{ numerator, denominator *big.Int }

// quoted is what a client is told.
type quoted struct {
	rate, mid, total string
	spread           int64
}

func (s *fxQuote) quote(r *request) (quoted, error) {
	mid, err := s.mid(r)
	if err != nil {
		return quoted{}, err
	}
	if err := s.limit(r); err != nil {
		return quoted{}, err
	}
	spread := s.terms.spreadOf(r)
	rate := s.round(withSpread(mid, r.side, spread))
	digits := rates.Exponent(r.counter())
	total := divideHalfEven(
		product(r.amount, rate, pow10(digits)),
		product(pow10(s.terms.digits), pow10(rates.Exponent(r.base()))))
	if total.Sign() == 0 {
		return quoted{}, reject(amountTooSmall, "amount", "is worth less than the smallest amount of "+r.counter())
	}
	return quoted{
		rate:   formatDecimal(rate, s.terms.digits),
		mid:    formatDecimal(s.round(mid), s.terms.digits),
		total:  formatDecimal(total, digits),
		spread: spread,
	}, nil
}

// mid is the price of one unit of the base currency in the counter currency.
func (s *fxQuote) mid(r *request) (fraction, error) {
	base, err := s.table.At(r.base(), r.month)
	if err != nil {
		return fraction{}, rejectRate(r.base(), r.month, err)
	}
	counter, err := s.table.At(r.counter(), r.month)
	if err != nil {
		return fraction{}, rejectRate(r.counter(), r.month, err)
	}
	return fraction{
		numerator:   product(big.NewInt(counter.Units), big.NewInt(base.Scale)),
		denominator: product(big.NewInt(counter.Scale), big.NewInt(base.Units)),
	}, nil
}

func withSpread(mid fraction, side string, spread int64) fraction {
	if side == "sell" {
		spread = -spread
	}
	return fraction{product(mid.numerator, big.NewInt(bps+spread)), product(mid.denominator, big.NewInt(bps))}
}

// round brings a price to the configured number of digits.
func (s *fxQuote) round(f fraction) *big.Int {
	return divideHalfEven(product(f.numerator, pow10(s.terms.digits)), f.denominator)
}

// limit refuses amounts worth more than the limit in dollars, compared exactly.
func (s *fxQuote) limit(r *request) error {
	base, err := s.table.At(r.base(), r.month)
	if err != nil {
		return rejectRate(r.base(), r.month, err)
	}
	worth := product(r.amount, big.NewInt(base.Scale))
	most := product(big.NewInt(s.terms.maxUSD), pow10(rates.Exponent(r.base())), big.NewInt(base.Units))
	if worth.Cmp(most) > 0 {
		return reject(amountTooLarge, "amount", "is worth more than "+big.NewInt(s.terms.maxUSD).String()+" USD")
	}
	return nil
}
