/*
 * write.c: values in deterministic CBOR (package abi/wire). The head of a list
 * or map takes one byte until its end, when the count is known. Members that
 * came in order, which the loop over the keys notices, are never touched again;
 * others are sorted at the end of their map.
 */
#include "swapline.h"
#include "words.h"

/* Keeps the first problem. */
static void wrong(sw_out *o, const char *problem) {
	if (!o->problem) o->problem = problem;
}

bool sw_grow(sw_out *o, size_t more) {
	if (more > sw_longest || o->used + more > sw_longest + 1) wrong(o, "the answer is too large");
	if (o->problem) return false;
	size_t room = o->room ? o->room : 1024;
	while (room < o->used + more) room *= 2;
	uint8_t *at = sw_keep(room);
	if (o->used) __builtin_memcpy(at, o->at, o->used);
	o->at = at;
	o->room = (uint32_t)room;
	return true;
}

/* Writes the first byte and the argument in its shortest form. */
static uint32_t put_head(uint8_t *at, uint8_t major, uint64_t n) {
	if (n < 24) {
		at[0] = (uint8_t)(major | n);
		return 1;
	}
	uint32_t code = n <= 0xff ? 0 : n <= 0xffff ? 1 : n <= 0xffffffff ? 2 : 3, width = 1u << code;
	at[0] = (uint8_t)(major | (24 + code));
	for (uint32_t i = width; i > 0; i--, n >>= 8) at[i] = (uint8_t)n;
	return 1 + width;
}

void sw_write_head(sw_out *o, uint8_t major, uint64_t n) {
	if (sw_room(o, 9)) o->used += put_head(o->at + o->used, major, n);
}

/* The binary16 with the value of a binary32, if there is one. */
static bool to_half(uint32_t b, uint16_t *h) {
	uint16_t sign = (uint16_t)(b >> 16 & 0x8000);
	int exponent = (int)(b >> 23 & 0xff) - 127;
	uint32_t fraction = b & 0x7fffff;
	if (b << 1 == 0) {
		*h = sign;
		return true;
	}
	if (exponent >= -14 && exponent <= 15) {
		*h = (uint16_t)(sign | (uint32_t)(exponent + 15) << 10 | fraction >> 13);
		return (fraction & 0x1fff) == 0;
	}
	if (exponent >= -24 && exponent < -14) { /* a multiple of 2^-24 */
		uint32_t whole = fraction | 0x800000, shift = (uint32_t)(-exponent - 1);
		*h = (uint16_t)(sign | whole >> shift);
		return (whole & ((1u << shift) - 1)) == 0;
	}
	return false;
}

/* Writes a float, 9 bytes at most, in its shortest form. */
static uint32_t put_float(uint8_t *at, double f) {
	union { double f; uint64_t bits; } wide = {f};
	union { float f; uint32_t bits; } narrow;
	uint16_t h;
	if (f > 3.4028234663852886e38 || f < -3.4028234663852886e38 || (narrow.f = (float)f) != f) {
		at[0] = 0xfb;
		sw_store8(at + 1, __builtin_bswap64(wide.bits));
		return 9;
	}
	if (to_half(narrow.bits, &h)) {
		at[0] = 0xf9;
		sw_store2(at + 1, __builtin_bswap16(h));
		return 3;
	}
	at[0] = 0xfa;
	sw_store4(at + 1, __builtin_bswap32(narrow.bits));
	return 5;
}

void sw_write_float(sw_out *o, double f) {
	if (f - f != 0) wrong(o, "a number that is not finite"); /* outside of the domain */
	else if (sw_room(o, 9)) o->used += put_float(o->at + o->used, f);
}

void sw_write_text(sw_out *o, uint8_t major, const char *at, size_t size) {
	if (size > sw_longest || !sw_room(o, size + 9)) {
		sw_grow(o, size);
		return;
	}
	uint8_t *to = o->at + o->used;
	if (size <= 16) {
		*to = (uint8_t)(major | size);
		sw_move_few(to + 1, at, size);
		o->used += 1 + (uint32_t)size;
		return;
	}
	uint32_t head = put_head(to, major, size);
	__builtin_memcpy(to + head, at, size);
	o->used += head + (uint32_t)size;
}

void sw_write_value(sw_out *o, sw_value v) {
	size_t size = (size_t)(v.end - v.at);
	if (!v.at || size == 0) {
		sw_write_byte(o, 0xf6);
	} else if (sw_room(o, size)) {
		__builtin_memcpy(o->at + o->used, v.at, size);
		o->used += (uint32_t)size;
	}
}

/* Reports whether key a comes after key b, or is it. */
static inline bool not_before(const char *a, size_t a_size, const uint8_t *b, size_t b_size) {
	if (a_size != b_size) return a_size < b_size;
	return b_size == 0 || __builtin_memcmp(a, b, b_size) <= 0;
}

void sw_count_key(sw_out *o, const char *key, size_t size) {
	struct sw_frame *f = &o->frames[o->depth];
	if (f->kind != sw_in_map || f->pending) {
		wrong(o, f->pending ? "a member has no value" : "a member was put where no map is open");
		return;
	}
	if (f->count++ > 0 && !o->problem && not_before(key, size, o->at + f->key, f->key_size)) f->unsorted = true;
	sw_write_text(o, 0x60, key, size);
	f->key = o->used - (uint32_t)size;
	f->key_size = (uint32_t)size;
}

void sw_count_item(sw_out *o) {
	struct sw_frame *f = &o->frames[o->depth];
	if (f->pending) {
		f->pending = false;
	} else if (f->kind == sw_in_map || (f->kind == sw_root && f->count > 0)) {
		wrong(o, "an item was added where no list is open");
	} else {
		f->count++;
	}
}

void sw_member(sw_out *o, sw_text key) {
	sw_count_key(o, key.at, key.size);
	o->frames[o->depth].pending = true;
}

void sw_open(sw_out *o, int kind) {
	if (o->depth == sw_deepest) wrong(o, "lists and maps are nested too deeply");
	if (o->problem || !sw_room(o, 9)) return;
	o->frames[++o->depth] = (struct sw_frame){.start = o->used++, .kind = (uint8_t)kind};
}

/* One member of a map that was written: where it begins and its key. */
struct member {
	const uint8_t *at;
	size_t size;
	sw_text key;
};

static bool before(const struct member *a, const struct member *b) {
	if (a->key.size != b->key.size) return a->key.size < b->key.size;
	return a->key.size > 0 && __builtin_memcmp(a->key.at, b->key.at, a->key.size) < 0;
}

/* Merges the sorted halves of from into to. */
static void merge(struct member *to, const struct member *from, size_t half, size_t n) {
	size_t a = 0, b = half;
	for (size_t i = 0; i < n; i++) {
		bool second = a == half || (b < n && before(&from[b], &from[a]));
		to[i] = from[second ? b++ : a++];
	}
}

static void merge_sort(struct member *m, struct member *scratch, size_t n) {
	if (n < 2) return;
	merge_sort(m, scratch, n / 2);
	merge_sort(m + n / 2, scratch, n - n / 2);
	__builtin_memcpy(scratch, m, n * sizeof *m);
	merge(m, scratch, n / 2, n);
}

/* Sorts the members of the map whose content is at `at`. */
static void sort_members(uint8_t *at, size_t size, uint32_t count) {
	struct member *m = sw_alloc(2 * (size_t)count * sizeof *m);
	uint8_t *copy = sw_alloc(size);
	__builtin_memcpy(copy, at, size);
	sw_each e = {.rest = {copy, copy + size}, .left = count, .map = true};
	uint32_t n = 0;
	for (const uint8_t *start = copy; n < count && sw_next(&e); start = e.rest.at)
		m[n++] = (struct member){start, (size_t)(e.rest.at - start), e.key};
	merge_sort(m, m + count, n);
	for (uint32_t i = 0; i < n; at += m[i++].size) __builtin_memcpy(at, m[i].at, m[i].size);
}

void sw_end(sw_out *o) {
	if (o->depth == 0) wrong(o, "an end without a beginning");
	if (o->frames[o->depth].pending) wrong(o, "a member has no value");
	if (o->problem) return;
	struct sw_frame f = o->frames[o->depth--];
	if (f.unsorted) sort_members(o->at + f.start + 1, o->used - f.start - 1, f.count);
	uint8_t head[9];
	uint32_t size = put_head(head, f.kind == sw_in_map ? 0xa0 : 0x80, f.count);
	if (size > 1) {
		if (!sw_room(o, size)) return;
		__builtin_memmove(o->at + f.start + size, o->at + f.start + 1, o->used - f.start - 1);
		o->used += size - 1;
	}
	__builtin_memcpy(o->at + f.start, head, size);
}

void sw_put_all(sw_out *o, sw_value map) {
	for (sw_each e = sw_begin(map); e.map && sw_next(&e);) {
		sw_count_key(o, e.key.at, e.key.size);
		sw_write_value(o, e.value);
	}
}
