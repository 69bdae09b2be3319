/*
 * extism.c carries inputs and answers of a guest of guests/c over Extism's
 * functions instead of over pointers into the guest's memory. The guest itself
 * and the encoding stay the same.
 */
#include <stdint.h>

#define HOST(name) __attribute__((import_module("extism:host/env"), import_name(#name))) extern

HOST(input_length) uint64_t input_length(void);
HOST(input_load_u8) uint32_t input_load_u8(uint64_t at);
HOST(input_load_u64) uint64_t input_load_u64(uint64_t at);
HOST(alloc) uint64_t host_alloc(uint64_t size);
HOST(store_u8) void store_u8(uint64_t at, uint32_t byte);
HOST(store_u64) void store_u64(uint64_t at, uint64_t bytes);
HOST(output_set) void output_set(uint64_t at, uint64_t size);

/* The calling convention, in guest.c of the SDK. */
uint8_t *swapline_alloc(uint32_t size);
int64_t swapline_init(uint8_t *at, uint32_t size);
int64_t swapline_execute(uint8_t *at, uint32_t size);

static int32_t carry(int64_t (*call)(uint8_t *, uint32_t)) {
	uint64_t size = input_length(), i = 0;
	uint8_t *in = swapline_alloc((uint32_t)size);
	for (; i + 8 <= size; i += 8) {
		uint64_t bytes = input_load_u64(i);
		__builtin_memcpy(in + i, &bytes, 8);
	}
	for (; i < size; i++) in[i] = (uint8_t)input_load_u8(i);
	uint64_t answer = (uint64_t)call(in, (uint32_t)size), to;
	const uint8_t *out = (const uint8_t *)(uintptr_t)(answer >> 32);
	size = (uint32_t)answer;
	to = host_alloc(size);
	for (i = 0; i + 8 <= size; i += 8) {
		uint64_t bytes;
		__builtin_memcpy(&bytes, out + i, 8);
		store_u64(to + i, bytes);
	}
	for (; i < size; i++) store_u8(to + i, out[i]);
	output_set(to, size);
	return 0;
}

__attribute__((export_name("init"))) int32_t extism_init(void) { return carry(swapline_init); }
__attribute__((export_name("execute"))) int32_t extism_execute(void) { return carry(swapline_execute); }
