/* payment.c reads the members of an input and refuses what is wrong with them. */
#include "payment.h"

static const int64_t most = 1000000000000000; /* so that sums cannot overflow */

/* What is read from one map. After the first error, reads give nothing. */
struct fields {
	sw_value in;
	sw_out *out;
	sw_status status;
	const char *prefix; /* of messages about the config, which have one code and no details */
};

static void refuse(struct fields *f, const char *code, const char *field, const char *message) {
	if (f->status != SW_OK) return;
	if (f->prefix) {
		f->status = sw_reject(f->out, "bad_config", sw_format("%s%s %s", f->prefix, field, message).at);
		return;
	}
	f->status = sw_reject_with(f->out, code, sw_format("%s %s", field, message).at);
	sw_put_string(f->out, "field", field);
}

static sw_value required(struct fields *f, const char *name) {
	sw_value v = sw_get(f->in, name);
	if (!sw_exists(v)) refuse(f, "missing_field", name, "is required");
	return v;
}

static sw_text text(struct fields *f, const char *name) {
	sw_text t = {0};
	sw_value v = required(f, name);
	if (!sw_as_text(v, &t)) refuse(f, "wrong_type", name, "must be text");
	return t;
}

static bool flag(struct fields *f, const char *name) {
	bool b = false;
	sw_value v = sw_get(f->in, name);
	if (sw_exists(v) && !sw_as_bool(v, &b)) refuse(f, "wrong_type", name, "must be true or false");
	return b;
}

/* A required integer; code is for values out of range. */
static int64_t between(struct fields *f, const char *name, const char *code, int64_t low, int64_t high) {
	int64_t n = 0;
	sw_value v = required(f, name);
	if (!sw_as_int(v, &n)) {
		refuse(f, "wrong_type", name, "must be an integer");
	} else if (n < low || n > high) {
		refuse(f, code, name, sw_format("must be between %d and %d", low, high).at);
	}
	return n;
}

static bool all_within(sw_text t, size_t size, char from, char to) {
	for (size_t i = 0; i < t.size; i++)
		if (t.at[i] < from || t.at[i] > to) return false;
	return t.size == size;
}

static sw_text country(struct fields *f, const char *name) {
	sw_text t = text(f, name);
	if (!all_within(t, 2, 'A', 'Z')) refuse(f, "bad_country", name, "must be two upper-case letters (ISO 3166-1)");
	return t;
}

static int64_t local_hour(struct fields *f) {
	enum { day = 24 * 60 };
	sw_text time = text(f, "time");
	int64_t minutes;
	if (!read_time(time, &minutes)) refuse(f, "bad_time", "time", "must be RFC 3339, for example 2026-03-01T22:15:00Z");
	if (sw_exists(sw_get(f->in, "card_utc_offset_minutes")))
		minutes += between(f, "card_utc_offset_minutes", "bad_utc_offset", -720, 840);
	return (minutes % day + day) % day / 60;
}

static void merchant(struct fields *f, struct payment *p) {
	if (f->status != SW_OK) return;
	if (!all_within(p->mcc, 4, '0', '9')) {
		refuse(f, "bad_mcc", "mcc", "must be four digits in text");
		return;
	}
	p->mcc_description = mcc_lookup(p->mcc);
	p->mcc_class = mcc_class_of(p->mcc);
	if (!p->mcc_description.at) refuse(f, "unknown_mcc", "mcc", "is not an assigned merchant category code");
}

static void velocity(struct fields *f, struct payment *p) {
	sw_value v = sw_get(f->in, "velocity");
	if (!sw_exists(v)) return;
	if (sw_kind_of(v) != SW_MAP) {
		refuse(f, "wrong_type", "velocity", "must be an object with count_1h, count_24h and amount_24h");
		return;
	}
	f->in = v;
	p->count_1h = between(f, "count_1h", "bad_velocity", 0, 1000000);
	p->count_24h = between(f, "count_24h", "bad_velocity", 0, 1000000);
	p->amount_24h = between(f, "amount_24h", "bad_velocity", 0, most);
	if (p->count_1h > p->count_24h) refuse(f, "bad_velocity", "count_1h", "must not be more than count_24h");
}

sw_status parse_payment(sw_value in, struct payment *p, sw_out *out) {
	struct fields f = {.in = in, .out = out};
	*p = (struct payment){0};
	p->amount = between(&f, "amount", "bad_amount", 1, most);
	p->currency = text(&f, "currency");
	p->mcc = text(&f, "mcc");
	p->merchant_country = country(&f, "merchant_country");
	p->card_country = country(&f, "card_country");
	p->card_present = flag(&f, "card_present");
	p->local_hour = local_hour(&f);
	p->exponent = currency_exponent(p->currency);
	if (p->exponent < 0) refuse(&f, "unknown_currency", "currency", "must be an ISO 4217 code, for example EUR");
	merchant(&f, p);
	velocity(&f, p);
	return f.status;
}

static void high_amounts(struct fields *f, struct rules *r) {
	struct fields inner = *f;
	inner.in = r->high_amount = sw_get(f->in, "high_amount");
	if (sw_kind_of(inner.in) != SW_MAP) {
		refuse(f, "bad_config", "high_amount", "must be an object of currency and minor units");
		return;
	}
	for (sw_each e = sw_begin(inner.in); sw_next(&e);) between(&inner, sw_format("%t", e.key).at, "bad_config", 1, most);
	f->status = inner.status;
}

static void risky_countries(struct fields *f, struct rules *r) {
	sw_value list = sw_get(f->in, "high_risk_countries");
	if (sw_kind_of(list) != SW_LIST) refuse(f, "bad_config", "high_risk_countries", "must be a list of countries");
	sw_each e = sw_begin(list);
	r->risky_countries = sw_keep(e.left * sizeof *r->risky_countries);
	while (sw_next(&e)) {
		sw_text t = {0};
		sw_as_text(e.value, &t);
		if (!all_within(t, 2, 'A', 'Z'))
			refuse(f, "bad_config", "high_risk_countries", "must hold two upper-case letters each (ISO 3166-1)");
		else
			r->risky_countries[r->risky++] = country_code(t);
	}
}

sw_status parse_rules(sw_value config, struct rules *r, sw_out *out) {
	struct fields f = {.in = config, .out = out, .prefix = "config."};
	*r = (struct rules){0};
	r->review_at = between(&f, "review_at", "bad_config", 1, 100);
	r->decline_at = between(&f, "decline_at", "bad_config", 1, 100);
	r->high_amount_default = between(&f, "high_amount_default", "bad_config", 1, most / 10000);
	r->night_from = between(&f, "night_from", "bad_config", 0, 23);
	r->night_to = between(&f, "night_to", "bad_config", 0, 23);
	high_amounts(&f, r);
	risky_countries(&f, r);
	return f.status;
}

sw_status check_rules(const struct rules *r, sw_out *out) {
	if (r->review_at >= r->decline_at)
		return sw_reject(out, "bad_config", sw_format("config.review_at must be below config.decline_at, they are %d and %d",
			r->review_at, r->decline_at).at);
	for (sw_each e = sw_begin(r->high_amount); sw_next(&e);)
		if (currency_exponent(e.key) < 0)
			return sw_reject(out, "bad_config", sw_format("config.high_amount has the unknown currency %t", e.key).at);
	return SW_OK;
}
