/* host.c asks the host for everything it offers; guests/sdktest says what it wants to see. */
#include "swapline.h"

/* Fills chunks of memory to the last byte with texts of sixteen. */
static bool formats(void) {
	sw_alloc(1);
	for (int i = 0; i < 300; i++)
		if (!sw_is(sw_format("%s%d", "sixteen letters", (int64_t)7), "sixteen letters7")) return false;
	return true;
}

static void state(sw_out *out) {
	sw_put_bool(out, "before", sw_exists(sw_state_get("k").value));
	sw_out *value = sw_state_put("k");
	sw_add_map(value);
	sw_put_int(value, "n", 7);
	sw_put_list(value, "list");
	sw_add_int(value, 1);
	sw_add_string(value, "two");
	sw_end(value);
	sw_end(value);
	sw_send(value);
	sw_put_value(out, "kept", sw_state_get("k").value);
	sw_state_delete("k");
	sw_put_bool(out, "gone", !sw_exists(sw_state_get("k").value));
}

static void http(sw_out *out) {
	sw_out *request = sw_http("POST", "https://example.com/");
	sw_put_bytes(request, "body", sw_text_of("ping"));
	sw_put_map(request, "headers");
	sw_put_string(request, "accept", "text/plain");
	sw_end(request);
	sw_reply r = sw_send(request);
	sw_put_value(out, "status", sw_get(r.value, "status"));
	sw_put_value(out, "body", sw_get(r.value, "body"));
	sw_put_value(out, "seen", sw_get(sw_get(r.value, "headers"), "seen"));
}

sw_status sw_execute(sw_value in, sw_out *out) {
	(void)in;
	char chance[6];
	if (!formats()) return sw_fault(out, "a formatted text is wrong");
	sw_log(SW_INFO, "plain line");
	sw_out *line = sw_log_with(SW_WARN, "line with fields");
	sw_put_string(line, "text", "x");
	sw_put_int(line, "a", 1);
	sw_log_send(line);
	sw_put_int(out, "now", sw_now());
	sw_random(chance, sizeof chance);
	sw_put_bytes(out, "random", (sw_text){chance, sizeof chance});
	sw_out *event = sw_emit("scored");
	sw_add_map(event);
	sw_put_int(event, "score", 7);
	sw_end(event);
	sw_send(event);
	event = sw_emit("forbidden");
	sw_add_map(event);
	sw_end(event);
	sw_reply denied = sw_send(event);
	sw_put_string(out, "denied", sw_format("%t: %t", denied.code, denied.message).at);
	state(out);
	http(out);
	return SW_OK;
}
