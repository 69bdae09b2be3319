/*
 * swapline.h: strategies for Swapline in C. No C library is needed.
 *
 * A strategy is one function. It reads the input, writes the members of its
 * answer and says how it went:
 *
 *	#include "swapline.h"
 *
 *	sw_status sw_execute(sw_value in, sw_out *out) {
 *		int64_t amount;
 *		if (!sw_as_int(sw_get(in, "amount"), &amount))
 *			return sw_reject(out, "bad_input", "amount must be an integer");
 *		sw_put_bool(out, "approved", amount <= 5000);
 *		return SW_OK;
 *	}
 *
 * Two more may be defined. sw_init gets the manifest's config before the first
 * call; sw_validate says, before there is traffic, whether the strategy works.
 * They and sw_execute may answer with sw_reject (a business error: an answer
 * with a code) or sw_fault (something is broken inside of the strategy).
 *
 * Reading never copies: texts and bytes point into the input and are not
 * terminated by a zero. Whatever bytes arrive, reading stays inside of them;
 * what is malformed is absent. Integers and floats are two kinds, and 1 is not
 * 1.0. Everything that a call reads or gets from sw_alloc is gone when the next
 * call begins; the config and what sw_keep gave stay.
 *
 * Writing takes members in any order: a map is sorted when it ends. The host
 * refuses an answer with a key twice, a number that is not finite, or text that
 * is not UTF-8. One guest serves one call at a time; there are no threads.
 */
#ifndef SWAPLINE_H
#define SWAPLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- what the author writes ---- */

typedef enum { SW_OK, SW_REJECTED, SW_FAULT } sw_status;

/* Text or bytes in somebody else's memory, without a zero at the end. */
typedef struct { const char *at; size_t size; } sw_text;

/* The place of an encoded value; the zero value is absent. */
typedef struct { const uint8_t *at, *end; } sw_value;

typedef struct sw_out sw_out;

sw_status sw_execute(sw_value in, sw_out *out);
__attribute__((weak)) sw_status sw_init(sw_value config, sw_out *out);
__attribute__((weak)) sw_status sw_validate(sw_out *out);

/* Called in sw_init: this config has nothing that sw_validate could check. */
void sw_withhold_validate(void);

/* ---- answers that are not results; write them as `return sw_reject(...)` ---- */

sw_status sw_reject(sw_out *out, const char *code, const char *message);
/* Begins a business error with details: put their members, then return. */
sw_status sw_reject_with(sw_out *out, const char *code, const char *message);
sw_status sw_fault(sw_out *out, const char *text);
/* Ends the guest; the text goes to the host's log. */
_Noreturn void sw_panic(const char *text);

/* ---- memory: never NULL, a guest without memory ends ---- */

void *sw_alloc(size_t size); /* until the next call */
void *sw_keep(size_t size);  /* for life */

/* Makes a text in memory of sw_alloc; a zero follows it, so that its member `at`
 * serves as a const char *. %s is a const char *, %t a sw_text, %d an int64_t
 * (cast it), %% a percent sign. */
sw_text sw_format(const char *format, ...);

/* ---- reading ---- */

typedef enum { SW_ABSENT, SW_NULL, SW_BOOL, SW_INT, SW_FLOAT, SW_TEXT, SW_BYTES, SW_LIST, SW_MAP } sw_kind;

sw_kind sw_kind_of(sw_value v);
bool sw_as_bool(sw_value v, bool *to);
bool sw_as_int(sw_value v, int64_t *to);
bool sw_as_float(sw_value v, double *to);
bool sw_as_text(sw_value v, sw_text *to);
bool sw_as_bytes(sw_value v, sw_text *to);
/* Items of a list, or members of a map, in their order:
 *	for (sw_each e = sw_begin(v); sw_next(&e);) use(e.key, e.value); */
typedef struct { sw_text key; sw_value value; sw_value rest; size_t left; bool map; } sw_each;
sw_each sw_begin(sw_value list_or_map);
bool sw_next(sw_each *e);

/* For the functions below: numbers go from function to function at less cost
 * than structures. */
const sw_value *sw_seek(const uint8_t *at, const uint8_t *end, const char *key, size_t size);

static inline bool sw_exists(sw_value v) { return v.at != NULL; }
static inline sw_text sw_text_of(const char *s) { return (sw_text){s, __builtin_strlen(s)}; }
/* The member of a map, absent if there is none or v is no map. */
static inline sw_value sw_find(sw_value map, sw_text key) { return *sw_seek(map.at, map.end, key.at, key.size); }
static inline sw_value sw_get(sw_value map, const char *key) { return sw_find(map, sw_text_of(key)); }
bool sw_equal(sw_text a, sw_text b);
/* Names the input of the call, which nobody changes until the next one. */
void sw_remember(sw_value input);
static inline bool sw_is(sw_text a, const char *b) { return sw_equal(a, sw_text_of(b)); }

/* ---- writing ---- */

enum { sw_deepest = 64, sw_longest = 8 << 20 };
enum { sw_root, sw_in_list, sw_in_map };

struct sw_frame {
	uint32_t start;          /* of the head, one byte until the end */
	uint32_t count;          /* items or members */
	uint32_t key, key_size;  /* of the last member */
	uint8_t kind;
	bool unsorted;
	bool pending; /* a member has its key and waits for its value */
};

/* Bytes and open containers. Authors use the functions. */
struct sw_out {
	uint8_t *at;
	uint32_t used, room, depth;
	const char *problem; /* the first, from then on nothing is written */
	const char *message; /* of a business error with details */
	int64_t (*ask)(const void *at, size_t size); /* of a request */
	int32_t level;                               /* of a log line */
	struct sw_frame frames[sw_deepest + 1];
};

/* Slow paths and building blocks. */
bool sw_grow(sw_out *o, size_t more);
void sw_count_key(sw_out *o, const char *key, size_t size);
void sw_count_item(sw_out *o);
void sw_write_head(sw_out *o, uint8_t major, uint64_t n);
void sw_write_float(sw_out *o, double f);
void sw_write_text(sw_out *o, uint8_t major, const char *at, size_t size);
void sw_open(sw_out *o, int kind);
void sw_write_value(sw_out *o, sw_value v);
/* For measurements: reads each value inside of v once, writes it to out if it is
 * to, and returns how many there are. */
int64_t sw_visit(sw_value v, sw_out *out, bool write, int depth);

static inline bool sw_room(sw_out *o, size_t n) {
	return !o->problem && (n <= o->room - o->used || sw_grow(o, n));
}
static inline void sw_write_byte(sw_out *o, uint8_t b) {
	if (sw_room(o, 1)) o->at[o->used++] = b;
}
static inline void sw_write_int(sw_out *o, int64_t n) {
	sw_write_head(o, n < 0 ? 0x20 : 0, (uint64_t)(n < 0 ? ~n : n));
}

/* Members of the map that is open. */
static inline void sw_key(sw_out *o, const char *key) { sw_count_key(o, key, __builtin_strlen(key)); }
static inline void sw_put_null(sw_out *o, const char *key) { sw_key(o, key); sw_write_byte(o, 0xf6); }
static inline void sw_put_bool(sw_out *o, const char *key, bool b) { sw_key(o, key); sw_write_byte(o, 0xf4 + b); }
static inline void sw_put_int(sw_out *o, const char *key, int64_t n) { sw_key(o, key); sw_write_int(o, n); }
static inline void sw_put_float(sw_out *o, const char *key, double f) { sw_key(o, key); sw_write_float(o, f); }
static inline void sw_put_text(sw_out *o, const char *key, sw_text t) { sw_key(o, key); sw_write_text(o, 0x60, t.at, t.size); }
static inline void sw_put_string(sw_out *o, const char *key, const char *s) { sw_put_text(o, key, sw_text_of(s)); }
static inline void sw_put_bytes(sw_out *o, const char *key, sw_text t) { sw_key(o, key); sw_write_text(o, 0x40, t.at, t.size); }
static inline void sw_put_list(sw_out *o, const char *key) { sw_key(o, key); sw_open(o, sw_in_list); }
static inline void sw_put_map(sw_out *o, const char *key) { sw_key(o, key); sw_open(o, sw_in_map); }
/* A value that was read, copied as it is; an absent one becomes null. */
static inline void sw_put_value(sw_out *o, const char *key, sw_value v) { sw_key(o, key); sw_write_value(o, v); }
/* All members of a map that was read. */
void sw_put_all(sw_out *o, sw_value map);
/* A member whose value is what is added next. */
void sw_member(sw_out *o, sw_text key);

/* Items of the list that is open, or the value of sw_member. */
static inline void sw_add_null(sw_out *o) { sw_count_item(o); sw_write_byte(o, 0xf6); }
static inline void sw_add_bool(sw_out *o, bool b) { sw_count_item(o); sw_write_byte(o, 0xf4 + b); }
static inline void sw_add_int(sw_out *o, int64_t n) { sw_count_item(o); sw_write_int(o, n); }
static inline void sw_add_float(sw_out *o, double f) { sw_count_item(o); sw_write_float(o, f); }
static inline void sw_add_text(sw_out *o, sw_text t) { sw_count_item(o); sw_write_text(o, 0x60, t.at, t.size); }
static inline void sw_add_string(sw_out *o, const char *s) { sw_add_text(o, sw_text_of(s)); }
static inline void sw_add_bytes(sw_out *o, sw_text t) { sw_count_item(o); sw_write_text(o, 0x40, t.at, t.size); }
static inline void sw_add_list(sw_out *o) { sw_count_item(o); sw_open(o, sw_in_list); }
static inline void sw_add_map(sw_out *o) { sw_count_item(o); sw_open(o, sw_in_map); }
static inline void sw_add_value(sw_out *o, sw_value v) { sw_count_item(o); sw_write_value(o, v); }

/* Ends the list or map that was begun last. */
void sw_end(sw_out *o);

/* ---- the host; each function needs the capability beside it ---- */

enum { SW_DEBUG = -4, SW_INFO = 0, SW_WARN = 4, SW_ERROR = 8 };

/* log: a line; or one with fields: begin it, put them, then send it. */
void sw_log(int level, const char *message);
sw_out *sw_log_with(int level, const char *message);
void sw_log_send(sw_out *line);

int64_t sw_now(void);                  /* clock: nanoseconds since 1970 */
void sw_random(void *to, size_t size); /* random */

/* What the host answers. Not ok: a stable code and a message. */
typedef struct { bool ok; sw_value value; sw_text code, message; } sw_reply;

/* These begin a request; write what belongs in it, then sw_send it. */
sw_out *sw_emit(const char *type);      /* emit: add one value, the data */
sw_out *sw_state_put(const char *key);  /* state: add one value */
/* http: put "headers" (a map of text) and "body" (text or bytes) if there are any.
 * The reply's value is {"status", "headers", "body"}. */
sw_out *sw_http(const char *method, const char *url);
sw_reply sw_send(sw_out *request);

/* state: the reply's value is what was put, absent if nothing was. */
sw_reply sw_state_get(const char *key);
sw_reply sw_state_delete(const char *key);

#endif
