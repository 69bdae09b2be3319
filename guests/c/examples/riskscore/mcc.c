/* mcc.c looks up merchant category codes (ISO 18245); see the Go package mcc. */
#include "payment.h"

static const struct {
	uint16_t code, size;
	const char *description;
} table[] = {
#define MCC(code, description) {code, sizeof description - 1, description},
#include "mcc_table.h"
};

static int number(sw_text code) {
	int n = 0;
	for (size_t i = 0; i < code.size; i++) n = n * 10 + (code.at[i] - '0');
	return n;
}

sw_text mcc_lookup(sw_text code) {
	int wanted = number(code);
	size_t low = 0, high = sizeof table / sizeof *table;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (table[middle].code == wanted) return (sw_text){table[middle].description, table[middle].size};
		if (table[middle].code > wanted) high = middle;
		else low = middle + 1;
	}
	return (sw_text){0};
}

enum class mcc_class_of(sw_text code) {
	int n = number(code);
	switch (n) {
	case 4829: case 6051:                       /* money transfer, quasi cash */
	case 5966: case 5967:                       /* outbound and inbound telemarketing */
	case 7273:                                  /* dating and escort services */
	case 7800: case 7801: case 7802: case 7995: /* lotteries, casinos, racing, betting */
		return high;
	case 5094: case 5944:                                  /* precious stones, watches, jewellery */
	case 5122: case 5912:                                  /* drugs */
	case 5732: case 5734:                                  /* electronics, software */
	case 5815: case 5816: case 5817: case 5818:            /* digital goods */
	case 5921: case 5993:                                  /* alcohol, tobacco */
	case 5962: case 5964: case 5965: case 5968: case 5969: /* direct marketing */
	case 6010: case 6011: case 6012: case 6211:            /* cash, financial institutions, brokers */
	case 7994:                                             /* video game arcades */
		return elevated;
	case 4111: case 4112: case 4121: case 4131: case 4411: case 4511: case 4722: case 7011: case 7512:
		return travel;
	}
	return n >= 3000 && n <= 3999 ? travel : ordinary; /* airlines, car rental, hotels */
}

sw_text mcc_class_name(enum class c) {
	static const sw_text names[] = {{"ordinary", 8}, {"travel", 6}, {"elevated", 8}, {"high", 4}};
	return names[c];
}
