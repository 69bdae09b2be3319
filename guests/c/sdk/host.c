/*
 * host.c: what a strategy asks of its host. A function that nobody calls is not
 * imported, so that a strategy needs only the capabilities it uses.
 */
#include "swapline.h"

#ifdef __wasm__
#define IMPORT(module, name) __attribute__((import_module(module), import_name(name)))
#else /* in a test on the author's machine, which may define the functions */
#define IMPORT(module, name) __attribute__((weak))
#endif

#define SWAPLINE(name) IMPORT("swapline", name)
struct vector { const void *at; size_t size; };

SWAPLINE("log") void host_log(int32_t level, const void *at, size_t size);
SWAPLINE("now") int64_t host_now(void);
SWAPLINE("random") void host_random(void *to, size_t size);
SWAPLINE("emit") int64_t host_emit(const void *at, size_t size);
SWAPLINE("state") int64_t host_state(const void *at, size_t size);
SWAPLINE("http") int64_t host_http(const void *at, size_t size);
SWAPLINE("reply") void host_reply(void *to);
IMPORT("wasi_snapshot_preview1", "fd_write")
int32_t host_write(int32_t file, const struct vector *v, int32_t count, size_t *written);

/* Standard error goes to the host's log and needs no capability. */
void sw_panic(const char *text) {
	struct vector line[3] = {{"panic: ", 7}, {text, __builtin_strlen(text)}, {"\n", 1}};
	size_t written;
	host_write(2, line, 3, &written);
	__builtin_trap();
}

int64_t sw_now(void) { return host_now(); }
void sw_random(void *to, size_t size) { host_random(to, size); }

/* ---- log lines: the list [message, fields or null] ---- */

static sw_out line, request;

static void restart(sw_out *o) {
	o->used = o->depth = 0;
	o->problem = NULL;
	o->frames[0] = (struct sw_frame){.kind = sw_root};
}

sw_out *sw_log_with(int level, const char *message) {
	restart(&line);
	line.level = level;
	sw_add_list(&line);
	sw_add_string(&line, message);
	sw_add_map(&line);
	return &line;
}

void sw_log_send(sw_out *o) {
	sw_end(o);
	sw_end(o);
	if (!o->problem && o->depth == 0) host_log(o->level, o->at, o->used);
}

void sw_log(int level, const char *message) { sw_log_send(sw_log_with(level, message)); }

/* ---- requests: one map; the reply is the list [code or null, value] ---- */

static sw_out *begin(int64_t (*ask)(const void *, size_t), const char *key, const char *text) {
	restart(&request);
	request.ask = ask;
	sw_add_map(&request);
	sw_put_string(&request, key, text);
	return &request;
}

/* Begins the member whose value the author adds. */
static sw_out *with(sw_out *o, const char *key) {
	sw_member(o, sw_text_of(key));
	return o;
}

sw_out *sw_emit(const char *type) { return with(begin(host_emit, "type", type), "data"); }
sw_out *sw_state_put(const char *key) { return with(begin(host_state, "put", key), "value"); }

sw_out *sw_http(const char *method, const char *url) {
	begin(host_http, "url", url);
	sw_put_string(&request, "method", method);
	return &request;
}

static sw_reply refused(const char *code, const char *message) {
	return (sw_reply){.code = sw_text_of(code), .message = sw_text_of(message)};
}

/* Fetches and opens the reply of size bytes. */
static sw_reply reply_of(int64_t size) {
	if (size <= 0 || size > sw_longest) return refused("bad_reply", "the host's reply has no length");
	uint8_t *at = sw_alloc((size_t)size);
	host_reply(at);
	sw_reply r = {0};
	sw_each e = sw_begin((sw_value){at, at + size});
	if (e.map || !sw_next(&e)) return refused("bad_reply", "the host's reply is no list");
	r.ok = sw_kind_of(e.value) == SW_NULL;
	sw_as_text(e.value, &r.code);
	if (!sw_next(&e)) return refused("bad_reply", "the host's reply has no value");
	r.value = e.value;
	if (!r.ok) sw_as_text(e.value, &r.message);
	return r;
}

sw_reply sw_send(sw_out *o) {
	if (o->depth != 1 && !o->problem) o->problem = "the request is not complete";
	sw_end(o);
	if (o->problem) return refused("bad_request", o->problem);
	return reply_of(o->ask(o->at, o->used));
}

sw_reply sw_state_get(const char *key) {
	sw_reply r = sw_send(begin(host_state, "get", key));
	bool found = false;
	sw_as_bool(sw_get(r.value, "found"), &found);
	if (r.ok) r.value = found ? sw_get(r.value, "value") : (sw_value){0};
	return r;
}

sw_reply sw_state_delete(const char *key) { return sw_send(begin(host_state, "delete", key)); }
