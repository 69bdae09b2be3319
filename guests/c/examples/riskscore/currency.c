/* currency.c knows the circulating currencies of ISO 4217. */
#include "payment.h"

static const char active[] =
	"AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF "
	"CLF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG "
	"HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD "
	"MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF "
	"SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UYW "
	"UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG ";

/* Digits of the minor unit where they are not two. */
static const char unusual[] =
	"BHD3BIF0CLF4CLP0DJF0GNF0IQD3ISK0JOD3JPY0KMF0KRW0KWD3LYD3OMR3PYG0RWF0TND3UGX0UYW4VND0VUV0XAF0XOF0XPF0";

static uint32_t letters(const char *at) {
	const unsigned char *u = (const unsigned char *)at;
	return (uint32_t)u[0] << 16 | (uint32_t)u[1] << 8 | u[2];
}

/* Searches a sorted list of codes, each with one character behind it, which it
 * returns; 0 if the code is not there. */
static char listed(const char *list, size_t size, uint32_t code) {
	size_t low = 0, high = size / 4;
	while (low < high) {
		size_t middle = (low + high) / 2;
		uint32_t there = letters(list + 4 * middle);
		if (there == code) return list[4 * middle + 3];
		if (code < there) high = middle;
		else low = middle + 1;
	}
	return 0;
}

int currency_exponent(sw_text currency) {
	if (currency.size != 3) return -1;
	uint32_t code = letters(currency.at);
	if (!listed(active, sizeof active - 1, code)) return -1;
	char digit = listed(unusual, sizeof unusual - 1, code);
	return digit ? digit - '0' : 2;
}

int64_t minor_units(int64_t whole, int exponent) {
	while (exponent-- > 0) whole *= 10;
	return whole;
}

sw_text amount_text(int64_t minor, int exponent) {
	if (exponent == 0) return sw_format("%d", minor);
	int64_t unit = minor_units(1, exponent);
	/* The one before the fraction keeps its zeros; it becomes the point. */
	sw_text t = sw_format("%d%d", minor / unit, unit + minor % unit);
	((char *)t.at)[t.size - (size_t)exponent - 1] = '.';
	return t;
}
