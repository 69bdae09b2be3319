/*
 * read.c: values in deterministic CBOR (package abi/wire), read in place.
 * No function reads outside of the bytes of its value, whatever they are.
 */
#include "swapline.h"
#include "words.h"

/* The first byte of an item with its argument. */
struct head {
	uint8_t major; /* 0 to 7 */
	uint8_t info;
	uint64_t n;
	const uint8_t *next; /* NULL: malformed */
};

static inline uint64_t argument(const uint8_t *at, uint8_t info) {
	switch (info) {
	case 24: return *at;
	case 25: return __builtin_bswap16(sw_load2(at));
	case 26: return __builtin_bswap32(sw_load4(at));
	}
	return __builtin_bswap64(sw_load8(at));
}

static inline struct head long_head(struct head h, const uint8_t *end) {
	size_t width = (size_t)1 << (h.info & 3);
	if (h.info > 27 || (size_t)(end - h.next) < width || (h.major == 7 && h.info == 24)) return (struct head){0};
	h.n = argument(h.next, h.info);
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
static const uint8_t *skip_any(const uint8_t *at, const uint8_t *end) {
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

/* skip_any with a short way for what is frequent. */
static inline const uint8_t *skip(const uint8_t *at, const uint8_t *end) {
	if (at < end) {
		uint8_t b = *at;
		size_t size = (uint8_t)(b - 0x60) < 24 ? b - 0x5fu : b < 24 || (uint8_t)(b - 0xf4) < 3 ? 1 : 0;
		if (size - 1 < (size_t)(end - at)) return at + size;
	}
	return skip_any(at, end);
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

static inline bool float_of(struct head h, double *to) {
	union { uint64_t bits; double f; } wide = {h.n};
	union { uint32_t bits; float f; } narrow = {(uint32_t)h.n};
	if (!h.next || h.major != 7 || h.info < 25) return false;
	*to = h.info == 25 ? half(h.n) : h.info == 26 ? (double)narrow.f : wide.f;
	return true;
}

bool sw_as_float(sw_value v, double *to) { return float_of(head_of(v), to); }

static inline bool as_string(sw_value v, uint8_t major, sw_text *to) {
	struct head h = head_of(v);
	if (!h.next || h.major != major) return false;
	*to = (sw_text){(const char *)h.next, (size_t)h.n};
	return true;
}

bool sw_as_text(sw_value v, sw_text *to) { return as_string(v, 3, to); }
bool sw_as_bytes(sw_value v, sw_text *to) { return as_string(v, 2, to); }

bool sw_equal(sw_text a, sw_text b) { return a.size == b.size && sw_same(a.at, b.at, a.size); }

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

/* Takes a key. */
static inline bool take_key(sw_value *rest, sw_text *key) {
	size_t size = rest->at < rest->end ? (uint8_t)(*rest->at - 0x60) : 24;
	if (size < 24 && size < (size_t)(rest->end - rest->at)) *key = (sw_text){(const char *)rest->at + 1, size};
	else if (!sw_as_text(*rest, key)) return false;
	rest->at = (const uint8_t *)key->at + key->size;
	return true;
}

bool sw_next(sw_each *e) {
	if (e->left == 0) return false;
	e->left--;
	if ((!e->map || take_key(&e->rest, &e->key)) && take(&e->rest, &e->value)) return true;
	e->left = 0;
	return false;
}

/* ---- members by key ---- */

struct entry { sw_text key; sw_value value; };

/* The first members of a map of the input, so that who looks for one need not go
 * over those before it. Only maps of the input are remembered: nobody but the
 * host writes there, and before it does the tables are forgotten. */
struct table {
	const uint8_t *map; /* NULL: none */
	sw_value rest;      /* behind the entries */
	uint64_t left;      /* members in rest */
	uint32_t count;
	struct entry entries[24];
};

static const sw_value absent;
static sw_value input;
static struct table of_input, of_inner; /* the input itself, a map inside of it */

void sw_remember(sw_value v) {
	input = v;
	of_input.map = of_inner.map = NULL;
}

static bool take_entry(sw_value *rest, struct entry *e) {
	return take_key(rest, &e->key) && take(rest, &e->value);
}

static void fill(struct table *t, sw_value map) {
	enum { most = sizeof t->entries / sizeof *t->entries };
	sw_each e = sw_begin(map);
	t->map = map.at;
	t->rest = (sw_value){e.rest.at, map.end};
	t->left = e.map ? e.left : 0;
	for (t->count = 0; t->count < most && t->left > 0; t->count++, t->left--)
		if (!take_entry(&t->rest, &t->entries[t->count])) break;
	if (t->count < most) t->left = 0; /* at the end, or before something malformed */
}

static inline const struct table *table_of(const uint8_t *at, const uint8_t *end) {
	struct table *t = at == input.at ? &of_input : &of_inner;
	if (t->map != at || t->rest.end != end) fill(t, (sw_value){at, end});
	return t;
}

/* Keys are sorted by length first: a longer one ends the search. */
static const sw_value *find_in(sw_value rest, uint64_t left, const char *key, size_t size) {
	static sw_value found;
	for (sw_text name; left > 0; left--) {
		if (!take_key(&rest, &name) || name.size > size) break;
		if (name.size == size && sw_same(name.at, key, size)) return take(&rest, &found) ? &found : &absent;
		if (!(rest.at = skip(rest.at, rest.end))) break;
	}
	return &absent;
}

const sw_value *sw_seek(const uint8_t *at, const uint8_t *end, const char *key, size_t size) {
	if (at < input.at || at >= input.end) {
		sw_each e = sw_begin((sw_value){at, end});
		return e.map ? find_in(e.rest, e.left, key, size) : &absent;
	}
	const struct table *t = table_of(at, end);
	for (const struct entry *e = t->entries, *last = e + t->count; e < last; e++) {
		if (e->key.size < size) continue;
		if (e->key.size > size) return &absent;
		if (sw_same(e->key.at, key, size)) return &e->value;
	}
	return find_in(t->rest, t->left, key, size);
}

/* ---- measurements ---- */

static volatile uint64_t seen; /* so that nothing is left out because nobody looks */

/* Reads what is neither list nor map. */
static void visit_one(struct head h, sw_out *out, bool write) {
	double f = 0;
	bool is_float = float_of(h, &f);
	seen = is_float ? f > 0 : h.n;
	if (!write) return;
	if (h.major < 2) sw_write_head(out, (uint8_t)(h.major << 5), h.n);
	else if (h.major < 4) sw_write_text(out, (uint8_t)(h.major << 5), (const char *)h.next, (size_t)h.n);
	else if (is_float) sw_write_float(out, f);
	else sw_write_byte(out, 0xe0 | h.info);
}

int64_t sw_visit(sw_value v, sw_out *out, bool write, int depth) {
	int64_t count = 0;
	for (sw_each e = sw_begin(v); depth < sw_deepest && sw_next(&e); count++) {
		struct head h = head_of(e.value);
		if (write && e.map) sw_count_key(out, e.key.at, e.key.size);
		if (write && !e.map) sw_count_item(out);
		if (h.major != 4 && h.major != 5) {
			visit_one(h, out, write);
			continue;
		}
		if (write) sw_open(out, h.major == 4 ? sw_in_list : sw_in_map);
		count += sw_visit(e.value, out, write, depth + 1);
		if (write) sw_end(out);
	}
	return count;
}
