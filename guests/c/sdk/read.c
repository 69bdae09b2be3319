/*
 * read.c: values in deterministic CBOR (package abi/wire), read in place.
 * No function reads outside of the bytes of its value, whatever they are.
 */
#include "swapline.h"

/* The first byte of an item with its argument. */
struct head {
	uint8_t major; /* 0 to 7 */
	uint8_t info;
	uint64_t n;
	const uint8_t *next; /* NULL: malformed */
};

static struct head long_head(struct head h, const uint8_t *end) {
	size_t width = (size_t)1 << (h.info - 24);
	if (h.info > 27 || (size_t)(end - h.next) < width || (h.major == 7 && h.info == 24)) return (struct head){0};
	h.n = 0;
	for (size_t i = 0; i < width; i++) h.n = h.n << 8 | h.next[i];
	h.next += width;
	return h;
}

static inline struct head head_of(sw_value v) {
	if (v.at >= v.end) return (struct head){0};
	struct head h = {(uint8_t)(*v.at >> 5), (uint8_t)(*v.at & 31), *v.at & 31, v.at + 1};
	if (h.info >= 24) h = long_head(h, v.end);
	if ((h.major == 2 || h.major == 3) && h.next && h.n > (uint64_t)(v.end - h.next)) h.next = NULL;
	return h;
}

/* Returns where the item at `at` ends, NULL if it does not. Each item is at
 * least one byte, so the number of steps is bounded by the bytes. */
static const uint8_t *skip(const uint8_t *at, const uint8_t *end) {
	for (uint64_t left = 1; left > 0; left--) {
		struct head h = head_of((sw_value){at, end});
		if (!h.next) return NULL;
		at = h.next;
		if (h.major == 2 || h.major == 3) at += (size_t)h.n;
		if (h.major == 4 || h.major == 5) {
			if (h.n > (uint64_t)(end - at)) return NULL;
			left += h.major == 4 ? h.n : 2 * h.n;
		}
	}
	return at;
}

sw_kind sw_kind_of(sw_value v) {
	static const uint8_t kinds[] = {SW_INT, SW_INT, SW_BYTES, SW_TEXT, SW_LIST, SW_MAP, SW_ABSENT};
	struct head h = head_of(v);
	if (!h.next) return SW_ABSENT;
	if (h.major < 2 && h.n > INT64_MAX) return SW_ABSENT;
	if (h.major < 7) return (sw_kind)kinds[h.major];
	if (h.info == 20 || h.info == 21) return SW_BOOL;
	if (h.info == 22) return SW_NULL;
	return h.info >= 25 ? SW_FLOAT : SW_ABSENT;
}

bool sw_as_bool(sw_value v, bool *to) {
	if (v.at >= v.end || (*v.at | 1) != 0xf5) return false;
	*to = *v.at == 0xf5;
	return true;
}

bool sw_as_int(sw_value v, int64_t *to) {
	struct head h = head_of(v);
	if (!h.next || h.major > 1 || h.n > INT64_MAX) return false;
	*to = h.major == 0 ? (int64_t)h.n : ~(int64_t)h.n;
	return true;
}

static double half(uint64_t n) {
	uint64_t sign = n >> 15 << 63, exponent = n >> 10 & 31, fraction = n & 0x3ff;
	union { uint64_t bits; double f; } u;
	if (exponent == 0) {
		u.f = (double)fraction / (1 << 24);
		u.bits |= sign;
		return u.f;
	}
	exponent = exponent == 31 ? 2047 : exponent + 1023 - 15;
	u.bits = sign | exponent << 52 | fraction << 42;
	return u.f;
}

bool sw_as_float(sw_value v, double *to) {
	struct head h = head_of(v);
	union { uint64_t bits; double f; } wide = {h.n};
	union { uint32_t bits; float f; } narrow = {(uint32_t)h.n};
	if (!h.next || h.major != 7 || h.info < 25) return false;
	*to = h.info == 25 ? half(h.n) : h.info == 26 ? (double)narrow.f : wide.f;
	return true;
}

static inline bool as_string(sw_value v, uint8_t major, sw_text *to) {
	struct head h = head_of(v);
	if (!h.next || h.major != major) return false;
	*to = (sw_text){(const char *)h.next, (size_t)h.n};
	return true;
}

bool sw_as_text(sw_value v, sw_text *to) { return as_string(v, 3, to); }
bool sw_as_bytes(sw_value v, sw_text *to) { return as_string(v, 2, to); }

bool sw_equal(sw_text a, sw_text b) {
	if (a.size != b.size) return false;
	for (size_t i = 0; i < a.size; i++)
		if (a.at[i] != b.at[i]) return false;
	return true;
}

sw_each sw_begin(sw_value v) {
	struct head h = head_of(v);
	if (!h.next || (h.major != 4 && h.major != 5)) return (sw_each){0};
	size_t bytes = (size_t)(v.end - h.next);
	return (sw_each){.rest = {h.next, v.end}, .left = h.n > bytes ? bytes : (size_t)h.n, .map = h.major == 5};
}

/* Takes one value from the front of rest. */
static inline bool take(sw_value *rest, sw_value *value) {
	const uint8_t *next = skip(rest->at, rest->end);
	if (!next) return false;
	*value = (sw_value){rest->at, next};
	rest->at = next;
	return true;
}

/* Takes the key of a member. */
static inline bool take_key(sw_each *e) {
	if (!sw_as_text(e->rest, &e->key)) return false;
	e->rest.at = (const uint8_t *)e->key.at + e->key.size;
	return true;
}

bool sw_next(sw_each *e) {
	if (e->left == 0) return false;
	e->left--;
	if ((!e->map || take_key(e)) && take(&e->rest, &e->value)) return true;
	e->left = 0;
	return false;
}

/* Keys are sorted by length first: a longer one ends the search. */
sw_value sw_find(sw_value map, sw_text key) {
	struct head h = head_of(map);
	if (!h.next || h.major != 5) return (sw_value){0};
	sw_value rest = {h.next, map.end}, value;
	for (uint64_t left = h.n; left > 0; left--) {
		sw_text name;
		if (!sw_as_text(rest, &name) || name.size > key.size) break;
		rest.at = (const uint8_t *)name.at + name.size;
		if (sw_equal(name, key)) return take(&rest, &value) ? value : (sw_value){0};
		if (!(rest.at = skip(rest.at, rest.end))) break;
	}
	return (sw_value){0};
}
