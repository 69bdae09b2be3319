/*
 * words.h: several bytes at once, at any address.
 */
#ifndef SWAPLINE_WORDS_H
#define SWAPLINE_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline uint64_t sw_load8(const void *at) { uint64_t w; __builtin_memcpy(&w, at, 8); return w; }
static inline uint32_t sw_load4(const void *at) { uint32_t w; __builtin_memcpy(&w, at, 4); return w; }
static inline uint16_t sw_load2(const void *at) { uint16_t w; __builtin_memcpy(&w, at, 2); return w; }
static inline void sw_store8(void *at, uint64_t w) { __builtin_memcpy(at, &w, 8); }
static inline void sw_store4(void *at, uint32_t w) { __builtin_memcpy(at, &w, 4); }
static inline void sw_store2(void *at, uint16_t w) { __builtin_memcpy(at, &w, 2); }

/* Whether n bytes are the same; up to 16 without a loop. */
static inline bool sw_same(const void *a, const void *b, size_t n) {
	const uint8_t *x = a, *y = b;
	for (; n > 16; n -= 8, x += 8, y += 8)
		if (sw_load8(x) != sw_load8(y)) return false;
	if (n >= 8) return sw_load8(x) == sw_load8(y) && sw_load8(x + n - 8) == sw_load8(y + n - 8);
	if (n >= 4) return sw_load4(x) == sw_load4(y) && sw_load4(x + n - 4) == sw_load4(y + n - 4);
	if (n >= 2) return sw_load2(x) == sw_load2(y) && x[n - 1] == y[n - 1];
	return n == 0 || *x == *y;
}

/* Moves up to 16 bytes without a loop: pieces that overlap, all read before one
 * is written. */
static inline void sw_move_few(void *target, const void *source, size_t n) {
	unsigned char *to = target;
	const unsigned char *from = source;
	if (n >= 8) {
		uint64_t head = sw_load8(from), tail = sw_load8(from + n - 8);
		sw_store8(to, head);
		sw_store8(to + n - 8, tail);
	} else if (n >= 4) {
		uint32_t head = sw_load4(from), tail = sw_load4(from + n - 4);
		sw_store4(to, head);
		sw_store4(to + n - 4, tail);
	} else if (n > 0) {
		unsigned char head = from[0], middle = from[n / 2], tail = from[n - 1];
		to[0] = head, to[n / 2] = middle, to[n - 1] = tail;
	}
}

#endif
