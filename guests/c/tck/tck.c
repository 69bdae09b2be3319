/*
 * tck.c is the conformance strategy (package guests/tck/tck says what each
 * behaviour is) in C.
 */
#include "swapline.h"

static sw_value config;
static sw_text behaviour;
static int64_t count;

sw_status sw_init(sw_value c, sw_out *out) {
	config = c;
	sw_as_text(sw_get(c, "behaviour"), &behaviour);
	if (behaviour.size < 9 || !sw_is((sw_text){behaviour.at, 9}, "validate_")) sw_withhold_validate();
	if (sw_is(behaviour, "construct_error")) return sw_reject(out, "bad_config", "the constructor refuses this config");
	if (sw_is(behaviour, "construct_panic")) sw_panic("constructor of the conformance strategy");
	if (sw_is(behaviour, "construct_nil")) return sw_fault(out, "the constructor made no strategy");
	return SW_OK;
}

static void spin(void) {
	for (volatile int forever = 1; forever;) {}
}

sw_status sw_validate(sw_out *out) {
	if (sw_is(behaviour, "validate_error"))
		return sw_reject(out, "dependency_unreachable", "the rate table cannot be reached");
	if (sw_is(behaviour, "validate_panic")) sw_panic("the conformance strategy panics in Validate");
	if (sw_is(behaviour, "validate_spin")) spin();
	return SW_OK;
}

static sw_status echo(sw_value in, sw_out *out) {
	sw_put_all(out, in);
	return SW_OK;
}

static sw_status adder(sw_value in, sw_out *out) {
	int64_t a, b;
	if (!sw_as_int(sw_get(in, "a"), &a) || !sw_as_int(sw_get(in, "b"), &b))
		return sw_reject(out, "bad_input", "a and b must be integers");
	sw_put_int(out, "sum", a + b);
	sw_put_value(out, "version", sw_get(config, "version"));
	return SW_OK;
}

static sw_status reject(sw_value in, sw_out *out) {
	(void)in;
	sw_reject_with(out, "tck_rejected", "the amount is above the limit");
	sw_put_int(out, "limit", 100);
	sw_put_string(out, "currency", "EUR");
	return SW_REJECTED;
}

static sw_status plain(sw_value in, sw_out *out) {
	(void)in;
	return sw_reject(out, "business_error", "an error without a code");
}

static sw_status stubborn(sw_value in, sw_out *out) {
	(void)in;
	for (int64_t end = sw_now() + 200 * 1000 * 1000; sw_now() < end;) {}
	return sw_reject(out, "business_error", "the stubborn call went on to its end");
}

static sw_status domain(sw_value in, sw_out *out) {
	(void)in;
	sw_put_int(out, "$bytes", 1); /* the key that no map has */
	return SW_OK;
}

static sw_status nan(sw_value in, sw_out *out) {
	(void)in;
	volatile double zero = 0;
	sw_put_float(out, "value", zero / zero);
	return SW_OK;
}

static sw_status deep(sw_value in, sw_out *out) {
	(void)in;
	sw_put_list(out, "value");
	for (int i = 1; i < 10000; i++) sw_add_list(out);
	for (int i = 0; i < 10000; i++) sw_end(out);
	return SW_OK;
}

static sw_status numbers(sw_value in, sw_out *out) {
	(void)in;
	static const char *const integers[] = {"int", "int8", "uint16", "int64"};
	for (int i = 0; i < 4; i++) sw_put_int(out, integers[i], 1);
	sw_put_float(out, "float32", 1);
	sw_put_float(out, "float64", 1);
	return SW_OK;
}

static sw_status show_config(sw_value in, sw_out *out) {
	(void)in;
	sw_put_value(out, "config", config);
	return SW_OK;
}

static sw_status counter(sw_value in, sw_out *out) {
	(void)in;
	sw_put_int(out, "count", ++count);
	return SW_OK;
}

static sw_status log_line(sw_value in, sw_out *out) {
	(void)in, (void)out;
	sw_out *line = sw_log_with(SW_WARN, "conformance line");
	sw_put_int(line, "amount", 7);
	sw_log_send(line);
	return SW_OK;
}

static sw_status now(sw_value in, sw_out *out) {
	(void)in;
	sw_put_int(out, "unix", sw_now() / 1000000000);
	return SW_OK;
}

/* A business error after what was asked, if the input wants one. */
static sw_status unless_rejected(sw_value in, sw_out *out) {
	return sw_exists(sw_get(in, "reject")) ? reject(in, out) : SW_OK;
}

static sw_status refused(sw_out *out, sw_reply r) {
	return sw_reject(out, sw_format("%t", r.code).at, sw_format("%t", r.message).at);
}

static sw_status emit(sw_value in, sw_out *out) {
	for (int n = 1; n <= 2; n++) {
		sw_out *event = sw_emit("tck.happened");
		sw_add_map(event);
		sw_put_int(event, "n", n);
		sw_end(event);
		sw_reply r = sw_send(event);
		if (!r.ok) return refused(out, r);
	}
	return unless_rejected(in, out);
}

static sw_status state(sw_value in, sw_out *out) {
	int64_t n = 0;
	sw_reply r = sw_state_get("count");
	if (!r.ok) return refused(out, r);
	sw_as_int(r.value, &n);
	sw_out *value = sw_state_put("count");
	sw_add_int(value, n + 1);
	r = sw_send(value);
	if (!r.ok) return refused(out, r);
	sw_put_int(out, "count", n + 1);
	return unless_rejected(in, out);
}

static sw_status forget(sw_value in, sw_out *out) {
	(void)in;
	sw_reply r = sw_state_get("count");
	if (!r.ok) return refused(out, r);
	sw_put_bool(out, "found", sw_exists(r.value));
	r = sw_state_delete("count");
	return r.ok ? SW_OK : refused(out, r);
}

static sw_status panic(sw_value in, sw_out *out) {
	(void)in, (void)out;
	sw_panic("the conformance strategy panics");
}

static sw_status endless(sw_value in, sw_out *out) {
	(void)in, (void)out;
	spin();
	return SW_OK;
}

static sw_status empty(sw_value in, sw_out *out) {
	(void)in, (void)out;
	return SW_OK;
}

static const struct {
	const char *name;
	sw_status (*execute)(sw_value in, sw_out *out);
} behaviours[] = {
	{"echo", echo}, {"adder", adder}, {"reject", reject}, {"plain", plain}, {"panic", panic},
	{"spin", endless}, {"stubborn", stubborn}, {"domain", domain}, {"nan", nan}, {"deep", deep},
	{"empty", empty}, {"numbers", numbers}, {"config", show_config}, {"counter", counter},
	{"log", log_line}, {"now", now}, {"validate_ok", echo}, {"validate_error", echo},
	{"validate_panic", echo}, {"validate_spin", echo}, {"emit", emit}, {"state", state}, {"forget", forget},
};

sw_status sw_execute(sw_value in, sw_out *out) {
	sw_text name = behaviour;
	if (sw_is(name, "choose")) sw_as_text(sw_get(in, "behaviour"), &name);
	for (size_t i = 0; i < sizeof behaviours / sizeof *behaviours; i++)
		if (sw_is(name, behaviours[i].name)) return behaviours[i].execute(in, out);
	return sw_reject(out, "unknown_behaviour", sw_format("the conformance strategy has no behaviour %t", name).at);
}
