//go:build wasmtime && cgo && linux && amd64

// Memories are made in Go, by package snapshot, and only lent to wasmtime. What
// it is promised: the base does not move, everything up to reserved + guard
// bytes behind it belongs to the memory, and what is beyond the size is not
// accessible. It keeps nothing else, so the content may be mapped again while
// the guest does not run.

#include "memory.h"

#include "_cgo_export.h"
#include "stack.h"

__thread swl_guest_t *swl_starting;

// One request to Go, from the guest's stack.
struct request {
  swl_guest_t *guest;
  size_t size, reserved;
  uint8_t *base;
};

static void make_in_go(void *arg) {
  struct request *r = arg;
  r->base = swaplineMemory(r->guest->handle, r->size, r->reserved);
}

static void grow_in_go(void *arg) {
  struct request *r = arg;
  r->base = swaplineGrow(r->guest->handle, r->size);
}

static uint8_t *get_memory(void *env, size_t *size, size_t *capacity) {
  swl_guest_t *g = env;
  *size = g->size;
  *capacity = g->reserved;
  return g->base;
}

static wasmtime_error_t *grow_memory(void *env, size_t size) {
  swl_guest_t *g = env;
  struct request r = {g, size, 0, NULL};
  void *ignored;
  if (size > g->reserved)
    return wasmtime_error_new("the memory cannot be that large");
  swl_on_stack(g->resume, grow_in_go, &r, &ignored);
  if (r.base != g->base)
    return wasmtime_error_new("there is no room for the memory");
  g->size = size;
  return NULL;
}

wasmtime_error_t *swl_new_memory(void *env, const wasm_memorytype_t *type, size_t minimum, size_t maximum,
                                 size_t reserved, size_t guard, wasmtime_linear_memory_t *out) {
  swl_guest_t *g = swl_starting;
  struct request r = {g, minimum, reserved + guard, NULL};
  void *ignored;
  (void)env, (void)type, (void)maximum;
  if (!g || g->base)
    return wasmtime_error_new("a guest has one memory");
  swl_on_stack(g->resume, make_in_go, &r, &ignored);
  if (!r.base)
    return wasmtime_error_new("there is no room for the memory");
  g->base = r.base;
  g->size = minimum;
  g->reserved = reserved;
  *out = (wasmtime_linear_memory_t){g, get_memory, grow_memory, NULL};
  return NULL;
}
