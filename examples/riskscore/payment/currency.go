package payment

import (
	"strconv"
	"strings"
)

// active lists the circulating currencies of ISO 4217, four bytes each.
const active = "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF " +
	"CLF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG " +
	"HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD " +
	"MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF " +
	"SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UYW " +
	"UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG "

// Exponent returns the number of decimal digits of a currency's minor unit
// (ISO 4217): 2 for EUR, 0 for JPY, 3 for KWD.
func Exponent(currency string) (digits int, ok bool) {
	if !upper(currency, 3) || !strings.Contains(active, currency) {
		return 0, false
	}
	switch currency {
	case "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF":
		return 0, true
	case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND":
		return 3, true
	case "CLF", "UYW":
		return 4, true
	}
	return 2, true
}

// Minor turns whole units of a currency into minor units.
func Minor(whole int64, exponent int) int64 {
	for range exponent {
		whole *= 10
	}
	return whole
}

// Text writes minor units as people do: 12999 with exponent 2 is "129.99".
func Text(minor int64, exponent int) string {
	var room [32]byte
	b := strconv.AppendInt(room[:0], minor, 10)
	if exponent == 0 {
		return string(b)
	}
	for len(b) <= exponent {
		b = append(b, 0)
		copy(b[1:], b)
		b[0] = '0'
	}
	b = append(b, 0)
	point := len(b) - 1 - exponent
	copy(b[point+1:], b[point:])
	b[point] = '.'
	return string(b)
}
