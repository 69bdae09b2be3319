/* currency.c knows the circulating currencies of ISO 4217. */
#include "payment.h"

static const char active[] =
	"AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF "
	"CLF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG "
	"HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD "
	"MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF "
	"SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UYW "
	"UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG ";

/* Searches a sorted list of codes, four bytes each. */
static bool listed(const char *list, size_t size, sw_text code) {
	size_t low = 0, high = size / 4;
	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = __builtin_memcmp(code.at, list + 4 * middle, 3);
		if (order == 0) return true;
		if (order < 0) high = middle;
		else low = middle + 1;
	}
	return false;
}

#define LISTED(list, code) listed(list, sizeof list - 1, code)

int currency_exponent(sw_text currency) {
	static const char none[] = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF ";
	static const char three[] = "BHD IQD JOD KWD LYD OMR TND ";
	static const char four[] = "CLF UYW ";
	if (currency.size != 3 || !LISTED(active, currency)) return -1;
	if (LISTED(none, currency)) return 0;
	if (LISTED(three, currency)) return 3;
	return LISTED(four, currency) ? 4 : 2;
}

int64_t minor_units(int64_t whole, int exponent) {
	while (exponent-- > 0) whole *= 10;
	return whole;
}

const char *amount_text(int64_t minor, int exponent) {
	if (exponent == 0) return sw_format("%d", minor);
	int64_t unit = minor_units(1, exponent);
	/* The one before the fraction keeps its zeros; it becomes the point. */
	char *s = (char *)sw_format("%d%d", minor / unit, unit + minor % unit);
	s[__builtin_strlen(s) - (size_t)exponent - 1] = '.';
	return s;
}
