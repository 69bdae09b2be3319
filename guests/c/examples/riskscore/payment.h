/*
 * payment.h reads a card payment and the rules; what they look like stands in
 * the Go package examples/riskscore/payment, and all answers are the same.
 */
#ifndef PAYMENT_H
#define PAYMENT_H

#include "swapline.h"

enum class { ordinary, travel, elevated, high };

struct payment {
	int64_t amount; /* minor units */
	sw_text currency;
	int exponent; /* digits of the minor unit */
	sw_text mcc, mcc_description;
	enum class mcc_class;
	sw_text merchant_country, card_country;
	bool card_present;
	int64_t local_hour;                    /* 0 to 23 where the card holder lives */
	int64_t count_1h, count_24h, amount_24h; /* earlier payments of the card */
};

struct rules {
	int64_t review_at, decline_at, high_amount_default, night_from, night_to;
	sw_value high_amount; /* currency -> minor units */
	size_t risky;
	uint16_t *risky_countries; /* two letters each */
};

/* Both answer with a business error where something is wrong. */
sw_status parse_payment(sw_value in, struct payment *p, sw_out *out);
sw_status parse_rules(sw_value config, struct rules *r, sw_out *out);
sw_status check_rules(const struct rules *r, sw_out *out);

/* Digits of the minor unit of an ISO 4217 code, -1 if there is no such currency. */
int currency_exponent(sw_text currency);
/* Whole units in minor ones. */
int64_t minor_units(int64_t whole, int exponent);
/* 12999 with exponent 2 is "129.99". */
sw_text amount_text(int64_t minor, int exponent);

/* The description of a four-digit category, at == NULL for none. */
sw_text mcc_lookup(sw_text code);
enum class mcc_class_of(sw_text code);
sw_text mcc_class_name(enum class c);

/* The minutes since midnight UTC, of the day that is named, of an RFC 3339 time;
 * false if the text is no such time. */
bool read_time(sw_text time, int64_t *minutes);

static inline uint16_t country_code(sw_text two_letters) {
	return (uint16_t)((unsigned char)two_letters.at[0] << 8 | (unsigned char)two_letters.at[1]);
}

#endif
