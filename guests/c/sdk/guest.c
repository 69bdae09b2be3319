/*
 * guest.c: the calling convention (abi/wasm.go), memory and the host.
 *
 * Memory is one heap that only grows. On it lie the input, the answer, what
 * sw_keep gave, and the chunks of sw_alloc, which every call uses again: a warm
 * call takes no new memory and touches few pages.
 */
#include "swapline.h"
#include "words.h"

#include <stdarg.h>

#ifdef __wasm__
#define EXPORT(name) __attribute__((export_name(name)))

/* ---- what the compiler expects of a C library; a real one goes first ---- */

#define LIBRARY __attribute__((weak, no_builtin))

__attribute__((target("bulk-memory"))) static void move_many(void *to, const void *from, size_t n) {
	__builtin_memmove(to, from, n); /* one instruction, but dear to start */
}

LIBRARY void *memcpy(void *restrict to, const void *restrict from, size_t n) {
	unsigned char *t = to;
	const unsigned char *f = from;
	if (n >= 128) {
		move_many(to, from, n);
		return to;
	}
	for (; n > 16; n -= 16, t += 16, f += 16) {
		sw_store8(t, sw_load8(f));
		sw_store8(t + 8, sw_load8(f + 8));
	}
	sw_move_few(t, f, n);
	return to;
}

LIBRARY void *memmove(void *to, const void *from, size_t n) {
	if (n > 16) move_many(to, from, n);
	else sw_move_few(to, from, n);
	return to;
}

LIBRARY void *memset(void *to, int c, size_t n) {
	unsigned char *t = to;
	uint64_t eight = (unsigned char)c * 0x0101010101010101u;
	for (; n >= 8; n -= 8, t += 8) sw_store8(t, eight);
	for (; n > 0; n--) *t++ = (unsigned char)c;
	return to;
}

LIBRARY int memcmp(const void *a, const void *b, size_t n) {
	const unsigned char *x = a, *y = b;
	for (; n >= 8 && sw_load8(x) == sw_load8(y); n -= 8, x += 8, y += 8) {}
	for (; n > 0; n--, x++, y++)
		if (*x != *y) return *x - *y;
	return 0;
}

LIBRARY size_t strlen(const char *s) {
	const char *at = s;
	for (; (uintptr_t)at & 7; at++)
		if (!*at) return (size_t)(at - s);
	/* Eight at a time, aligned, so that nothing is read outside of a memory. */
	for (uint64_t w; w = sw_load8(at), !((w - 0x0101010101010101u) & ~w & 0x8080808080808080u);) at += 8;
	while (*at) at++;
	return (size_t)(at - s);
}

/* ---- memory ---- */

extern unsigned char __heap_base;
static uintptr_t heap;

void *sw_keep(size_t size) {
	if (!heap) heap = ((uintptr_t)&__heap_base + 15) & ~(uintptr_t)15;
	uintptr_t at = heap, end = (at + size + 15) & ~(uintptr_t)15;
	size_t have = (size_t)__builtin_wasm_memory_size(0) << 16;
	if (end < at) sw_panic("out of memory");
	if (end > have && __builtin_wasm_memory_grow(0, (end - have + 0xffff) >> 16) == (size_t)-1) sw_panic("out of memory");
	heap = end;
	return (void *)at;
}

#else /* in a test on the author's machine */
#include <stdlib.h>
#define EXPORT(name)

void *sw_keep(size_t size) {
	void *at = calloc(1, size ? size : 1);
	if (!at) abort();
	return at;
}
#endif

/* A chunk of sw_alloc; its bytes follow it. */
struct chunk {
	struct chunk *next;
	size_t size;
};

static struct chunk *first, *current;
static size_t taken; /* of current */

static inline char *bytes_of(struct chunk *c) {
	return (char *)(((uintptr_t)(c + 1) + 15) & ~(uintptr_t)15);
}

static void forget(void) {
	current = first;
	taken = 0;
}

void *sw_alloc(size_t size) {
	size = (size + 15) & ~(size_t)15;
	while (!current || size > current->size - taken) {
		struct chunk **link = current ? &current->next : &first;
		if (!*link) {
			size_t room = size > 4064 ? size : 4064;
			*link = sw_keep(sizeof(struct chunk) + 16 + room);
			**link = (struct chunk){NULL, room};
		}
		current = *link;
		taken = 0;
	}
	char *at = bytes_of(current) + taken;
	taken += size;
	return at;
}

/* ---- texts ---- */

static sw_text digits(int64_t n, char room[20]) {
	uint64_t rest = n < 0 ? -(uint64_t)n : (uint64_t)n;
	size_t at = 20;
	do room[--at] = (char)('0' + rest % 10);
	while (rest /= 10);
	if (n < 0) room[--at] = '-';
	return (sw_text){room + at, 20 - at};
}

/* Returns what the verb stands for. */
static sw_text part(char verb, va_list *values, char room[20]) {
	switch (verb) {
	case 's': return sw_text_of(va_arg(*values, const char *));
	case 't': return va_arg(*values, sw_text);
	case 'd': return digits(va_arg(*values, int64_t), room);
	}
	return sw_text_of("%");
}

/* Writes what fits into the room and returns the whole length. */
static size_t format_to(char *to, size_t room, const char *format, va_list *values) {
	size_t n = 0;
	char number[20];
	for (const char *f = format; *f;) {
		sw_text t = {f, 1};
		if (*f == '%' && f[1]) {
			t = part(f[1], values, number);
			f += 2;
		} else {
			while (f[t.size] && f[t.size] != '%') t.size++;
			f += t.size;
		}
		if (n + t.size <= room && t.size) __builtin_memcpy(to + n, t.at, t.size);
		n += t.size;
	}
	return n;
}

sw_text sw_format(const char *format, ...) {
	va_list values, again;
	va_start(values, format);
	va_copy(again, values);
	size_t room = current ? current->size - taken : 0; /* the next sw_alloc is there */
	size_t size = format_to(room ? bytes_of(current) + taken : NULL, room, format, &values);
	char *to = sw_alloc(size + 1);
	if (size >= room) format_to(to, size, format, &again);
	to[size] = 0;
	va_end(again);
	va_end(values);
	return (sw_text){to, size};
}

/* ---- answers ---- */

static sw_out answer;
static uint8_t *input;
static size_t input_room;
static bool withheld;

/* Makes o empty but for the bytes before `from`. */
static void restart(sw_out *o, uint32_t from) {
	o->used = 0;
	o->problem = o->message = NULL;
	o->depth = 0;
	o->frames[0] = (struct sw_frame){.kind = sw_root};
	if (sw_room(o, 64)) o->used = from;
}

static void restart_map(sw_out *o) {
	restart(o, 1);
	sw_add_map(o);
}

sw_status sw_reject_with(sw_out *o, const char *code, const char *message) {
	restart_map(o);
	sw_put_string(o, "code", code);
	sw_put_map(o, "details");
	o->message = message;
	return SW_REJECTED;
}

sw_status sw_reject(sw_out *o, const char *code, const char *message) {
	restart_map(o);
	sw_put_string(o, "code", code);
	sw_put_null(o, "details");
	sw_put_string(o, "message", message);
	return SW_REJECTED;
}

sw_status sw_fault(sw_out *o, const char *text) {
	restart(o, 1);
	sw_add_string(o, text);
	return SW_FAULT;
}

void sw_withhold_validate(void) { withheld = true; }

static int64_t packed(const sw_out *o) {
	return (int64_t)((uint64_t)(uintptr_t)o->at << 32 | o->used);
}

/* Status byte of an answer outside of the value domain, see abi/wasm.go. */
enum { invalid = 3 };

/* Ends the map of a result or a business error and returns the answer. */
static int64_t finish(sw_out *o, sw_status status) {
	if (status == SW_REJECTED && o->message) {
		sw_end(o);
		sw_put_string(o, "message", o->message);
	}
	if (status != SW_FAULT) {
		if (o->depth != 1 && !o->problem) o->problem = "a list or map has no end";
		sw_end(o);
	}
	if (o->problem) {
		const char *why = o->problem;
		restart(o, 1);
		sw_add_string(o, why);
		o->at[0] = invalid;
		return packed(o);
	}
	o->at[0] = (uint8_t)status;
	return packed(o);
}

static int64_t null_answer(sw_out *o) {
	restart(o, 1);
	sw_add_null(o);
	o->at[0] = SW_OK;
	return packed(o);
}

/* Returns what the host wrote to the room that it got, absent if it is no map. */
static sw_value received(uint8_t *at, uint32_t size) {
	sw_value v = {at, at + size};
	if (at != input || size > input_room || sw_kind_of(v) != SW_MAP) v = (sw_value){0};
	sw_remember(v);
	return v;
}

static int64_t no_map(void) { return finish(&answer, sw_fault(&answer, "the host sent no map")); }

EXPORT("swapline_abi_version") int32_t swapline_abi_version(void) { return 1; }

EXPORT("swapline_alloc") uint8_t *swapline_alloc(uint32_t size) {
	if (size == 0 || size > sw_longest) return NULL;
	if (size > input_room) {
		size_t room = input_room ? input_room : 1024;
		while (room < size) room *= 2;
		input = sw_keep(room);
		input_room = room;
	}
	return input;
}

EXPORT("swapline_init") int64_t swapline_init(uint8_t *at, uint32_t size) {
	sw_value in = received(at, size);
	forget();
	if (!sw_exists(in)) return no_map();
	input = NULL; /* the config stays */
	input_room = 0;
	if (sw_init) {
		restart(&answer, 1);
		sw_status status = sw_init(sw_get(in, "config"), &answer);
		if (status != SW_OK) return finish(&answer, status);
	}
	restart_map(&answer);
	sw_put_list(&answer, "methods");
	sw_add_string(&answer, "Execute");
	if (sw_validate && !withheld) sw_add_string(&answer, "Validate");
	sw_end(&answer);
	return finish(&answer, SW_OK);
}

EXPORT("swapline_execute") int64_t swapline_execute(uint8_t *at, uint32_t size) {
	sw_value in = received(at, size);
	forget();
	if (!sw_exists(in)) return no_map();
	restart_map(&answer);
	return finish(&answer, sw_execute(in, &answer));
}

/* For measurements, see README.md: reads the whole input and answers with the number
 * of its values or, to echo, with the input made anew. Nothing of the strategy runs. */
__attribute__((cold)) static int64_t measured(uint8_t *at, uint32_t size, bool echo) {
	sw_value in = received(at, size);
	forget();
	if (!sw_exists(in)) return no_map();
	restart_map(&answer);
	int64_t count = sw_visit(in, &answer, echo, 0);
	if (echo) return finish(&answer, SW_OK);
	restart(&answer, 1);
	sw_add_int(&answer, count);
	answer.at[0] = SW_OK;
	return packed(&answer);
}

EXPORT("swapline_decode") int64_t swapline_decode(uint8_t *at, uint32_t size) { return measured(at, size, false); }
EXPORT("swapline_echo") int64_t swapline_echo(uint8_t *at, uint32_t size) { return measured(at, size, true); }

EXPORT("swapline_validate") int64_t swapline_validate(void) {
	forget();
	restart(&answer, 1);
	sw_status status = sw_validate ? sw_validate(&answer) : SW_OK;
	return status == SW_OK ? null_answer(&answer) : finish(&answer, status);
}
