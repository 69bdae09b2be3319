/*
 * riskscore.c is release 2 of the strategy riskscore in C: the same rules,
 * answers and errors as the Go program examples/riskscore/v2, where they are
 * described.
 */
#include "payment.h"

static struct rules rules;

struct reason {
	int64_t points;
	sw_text code, text;
};

struct score {
	int64_t points;
	size_t count;
	struct reason reasons[9]; /* one for each call of add */
};

static void add_text(struct score *s, int64_t points, sw_text code, sw_text text) {
	s->points += points;
	s->reasons[s->count++] = (struct reason){points, code, text};
}

static inline void add(struct score *s, int64_t points, const char *code, const char *text) {
	add_text(s, points, sw_text_of(code), sw_text_of(text));
}

static int64_t high_from(const struct payment *p) {
	int64_t n;
	if (sw_as_int(sw_find(rules.high_amount, p->currency), &n)) return n;
	return minor_units(rules.high_amount_default, p->exponent);
}

static bool risky(sw_text country) {
	for (size_t i = 0; i < rules.risky; i++)
		if (rules.risky_countries[i] == country_code(country)) return true;
	return false;
}

static bool night(int64_t h) {
	if (rules.night_from <= rules.night_to) return h >= rules.night_from && h <= rules.night_to;
	return h >= rules.night_from || h <= rules.night_to;
}

static void amount(const struct payment *p, struct score *s) {
	int64_t from = high_from(p);
	if (p->amount / 10 >= from)
		add(s, 45, "amount_high", "the amount is at least ten times what counts as high");
	else if (p->amount / 3 >= from)
		add(s, 30, "amount_high", "the amount is at least three times what counts as high");
	else if (p->amount >= from)
		add(s, 15, "amount_high", "the amount is high for its currency");
}

static void velocity(const struct payment *p, struct score *s) {
	int64_t n = p->count_1h, sum = p->amount_24h + p->amount;
	if (n >= 3 && p->amount < minor_units(2, p->exponent))
		add_text(s, 45, sw_text_of("card_testing"), sw_format("a tiny amount after %d payments in the last hour", n));
	if (n > 3)
		add_text(s, n < 13 ? (n - 3) * 4 : 40, sw_text_of("velocity_count"), sw_format("%d payments in the last hour", n));
	if (sum / 8 >= high_from(p))
		add_text(s, 15, sw_text_of("velocity_amount"),
			sw_format("the day's payments sum up to %t %t", amount_text(sum, p->exponent), p->currency));
}

static void countries(const struct payment *p, struct score *s) {
	if (!p->card_present)
		add(s, 10, "card_not_present", "the card was not presented");
	if (!sw_equal(p->merchant_country, p->card_country) && !p->card_present && p->mcc_class != travel)
		add_text(s, 20, sw_text_of("country_mismatch"), sw_format("card of %t at a merchant in %t", p->card_country, p->merchant_country));
	if (risky(p->merchant_country) || risky(p->card_country))
		add(s, 35, "country_high_risk", "a country of the payment is on the list of high-risk countries");
}

static void category(const struct payment *p, struct score *s) {
	int64_t points = p->mcc_class == high ? 25 : p->mcc_class == elevated ? 8 : 0;
	sw_text class = mcc_class_name(p->mcc_class);
	if (points == 0) return;
	add_text(s, points, sw_text_of("merchant_category"), sw_format("category %t has %t risk", p->mcc, class));
	if (night(p->local_hour))
		add_text(s, 15, sw_text_of("night_risky_merchant"),
			sw_format("night where the card holder lives, at a merchant of %t risk", class));
}

static sw_text decision(int64_t score) {
	if (score >= rules.decline_at) return sw_text_of("decline");
	return score >= rules.review_at ? sw_text_of("review") : sw_text_of("approve");
}

sw_status sw_init(sw_value config, sw_out *out) { return parse_rules(config, &rules, out); }

sw_status sw_validate(sw_out *out) { return check_rules(&rules, out); }

/* Members are put in the order of the encoding, shorter keys first: those of
 * one map need not be sorted then. */
static void write_reasons(const struct score *s, sw_out *out) {
	sw_put_list(out, "reasons");
	for (size_t i = 0; i < s->count; i++) {
		sw_add_map(out);
		sw_put_text(out, "code", s->reasons[i].code);
		sw_put_text(out, "text", s->reasons[i].text);
		sw_put_int(out, "points", s->reasons[i].points);
		sw_end(out);
	}
	sw_end(out);
}

sw_status sw_execute(sw_value in, sw_out *out) {
	struct payment p;
	struct score s;
	s.points = 0, s.count = 0;
	if (parse_payment(in, &p, out) != SW_OK) return SW_REJECTED;
	amount(&p, &s);
	velocity(&p, &s);
	countries(&p, &s);
	category(&p, &s);
	int64_t value = s.points > 100 ? 100 : s.points;
	sw_put_text(out, "mcc", p.mcc_description);
	sw_put_string(out, "model", "riskscore/2.0.0");
	sw_put_int(out, "score", value);
	sw_put_text(out, "amount", sw_format("%t %t", amount_text(p.amount, p.exponent), p.currency));
	write_reasons(&s, out);
	sw_put_text(out, "decision", decision(value));
	return SW_OK;
}
