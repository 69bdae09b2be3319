// Package mcc looks up merchant category codes (ISO 18245) and groups them by
// how often they are the scene of card fraud.
//
// The table is the file mcc_codes.csv beside this one: a header, then one line
// per code in ascending order, the code in the first four bytes and the
// description, in CSV quoting, after the comma. [Lookup] searches those bytes
// in place. Nothing is parsed or allocated at start, which matters to a Wasm
// guest: it is started many times.
//
//	mcc.Lookup("5411")  "Grocery Stores, Supermarkets", true
//	mcc.ClassOf("7995") mcc.High
package mcc

import (
	_ "embed" // for the table
	"strings"
)

//go:embed mcc_codes.csv
var table string

// Class is a coarse fraud risk of a merchant category.
type Class int

// Classes, from the least to the most risky. Travel is ordinary risk, set
// apart because a foreign card is normal there.
const (
	Ordinary Class = iota
	Travel
	Elevated
	High
)

// String names the class as answers do.
func (c Class) String() string {
	switch c {
	case Travel:
		return "travel"
	case Elevated:
		return "elevated"
	case High:
		return "high"
	}
	return "ordinary"
}

// Lookup returns the description of a four-digit code.
func Lookup(code string) (description string, ok bool) {
	if len(code) != 4 {
		return "", false
	}
	wanted := number(code)
	lo, hi := lineEnd(0), len(table) // lines begin at both
	for lo < hi {
		start := lo
		if middle := lineEnd((lo + hi) / 2); middle < hi {
			start = middle
		}
		switch at := number(table[start:]); {
		case at == wanted:
			return field(table[start+5 : lineEnd(start)]), true
		case at > wanted && start == lo:
			return "", false
		case at > wanted:
			hi = start
		default:
			lo = lineEnd(start)
		}
	}
	return "", false
}

// number makes the first four bytes comparable.
func number(s string) uint32 {
	return uint32(s[0])<<24 | uint32(s[1])<<16 | uint32(s[2])<<8 | uint32(s[3])
}

// lineEnd returns the position after the line feed of the line at i.
func lineEnd(i int) int {
	n := strings.IndexByte(table[i:], '\n')
	if n < 0 {
		return len(table)
	}
	return i + n + 1
}

// field returns the first CSV field of s. No description in the table holds a
// quotation mark; a test watches over that.
func field(s string) string {
	end := ","
	if strings.HasPrefix(s, `"`) {
		s, end = s[1:], `"`
	}
	f, _, _ := strings.Cut(s, end)
	return strings.TrimSpace(f)
}

// ClassOf returns the class of a four-digit code. The grouping follows what
// card schemes call high-brand-risk and quasi-cash merchants; it is an example
// and no scheme's list.
func ClassOf(code string) Class {
	switch code {
	case "4829", "6051", // money transfer, quasi cash
		"5966", "5967", // outbound and inbound telemarketing
		"7273",                         // dating and escort services
		"7800", "7801", "7802", "7995": // lotteries, casinos, racing, betting
		return High
	case "5094", "5944", // precious stones, watches, jewellery
		"5122", "5912", // drugs
		"5732", "5734", // electronics, software
		"5815", "5816", "5817", "5818", // digital goods
		"5921", "5993", // alcohol, tobacco
		"5962", "5964", "5965", "5968", "5969", // direct marketing
		"6010", "6011", "6012", "6211", // cash, financial institutions, brokers
		"7994": // video game arcades
		return Elevated
	case "4111", "4112", "4121", "4131", "4411", "4511", "4722", "7011", "7512":
		return Travel
	}
	if code >= "3000" && code <= "3999" { // airlines, car rental, hotels
		return Travel
	}
	return Ordinary
}
