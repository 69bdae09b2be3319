package main

import (
	"math/big"
	"strings"
)

// parseDecimal reads an unsigned decimal number such as "1000.50" as an integer
// count of 10^-digits. It refuses signs, exponents, spaces, more than digits
// digits after the point and more than 18 before it.
func parseDecimal(s string, digits int) (n *big.Int, ok bool) {
	whole, fraction, point := strings.Cut(s, ".")
	if whole == "" || len(whole) > 18 || len(fraction) > digits || point && fraction == "" {
		return nil, false
	}
	if strings.Trim(whole+fraction, "0123456789") != "" {
		return nil, false
	}
	return new(big.Int).SetString(whole+fraction+strings.Repeat("0", digits-len(fraction)), 10)
}

// formatDecimal writes n counts of 10^-digits.
func formatDecimal(n *big.Int, digits int) string {
	s := n.String()
	if digits == 0 {
		return s
	}
	if missing := digits + 1 - len(s); missing > 0 {
		s = strings.Repeat("0", missing) + s
	}
	return s[:len(s)-digits] + "." + s[len(s)-digits:]
}

// divideHalfEven returns numerator/denominator, rounded to the nearest integer
// and at a tie to the even one. Both are positive.
func divideHalfEven(numerator, denominator *big.Int) *big.Int {
	quotient, rest := new(big.Int).QuoRem(numerator, denominator, new(big.Int))
	switch rest.Lsh(rest, 1).Cmp(denominator) {
	case 1:
		quotient.Add(quotient, big.NewInt(1))
	case 0:
		quotient.Add(quotient, big.NewInt(int64(quotient.Bit(0))))
	}
	return quotient
}

func pow10(n int) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
}

func product(factors ...*big.Int) *big.Int {
	p := big.NewInt(1)
	for _, f := range factors {
		p.Mul(p, f)
	}
	return p
}
