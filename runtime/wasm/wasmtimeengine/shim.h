//go:build wasmtime && cgo && linux && amd64

// What Go calls. See stack.c for where guests run.

#ifndef SWAPLINE_SHIM_H
#define SWAPLINE_SHIM_H

#include "capi.h"

typedef struct swl_guest {
  wasmtime_store_t *store;
  wasmtime_context_t *context;
  wasmtime_instance_t instance;

  uint8_t *base;    // of the memory
  size_t size;      // of it
  size_t reserved;  // for it
  uintptr_t handle; // of the Go value that imports are called on
  char *stack;      // the lowest address of the mapping
  void *resume;     // where the thread's own stack was left
} swl_guest_t;

// How a call ended: both are NULL if it returned.
typedef struct swl_end {
  wasmtime_error_t *error;
  wasm_trap_t *trap;
} swl_end_t;

// Engines: one a process, counted.
wasm_engine_t *swl_engine_acquire(void);
void swl_engine_release(void);

// Modules.
wasm_functype_t *swl_functype(const uint8_t *params, size_t nparams, const uint8_t *results, size_t nresults);
wasmtime_error_t *swl_define(wasmtime_linker_t *, const char *module, size_t module_len, const char *name,
                             size_t name_len, const wasm_functype_t *, size_t index);

// Guests. swl_guest_new returns NULL with errno.
swl_guest_t *swl_guest_new(wasm_engine_t *, uintptr_t handle, int64_t memory, int64_t table);
void swl_guest_start(swl_guest_t *, const wasmtime_instance_pre_t *, swl_end_t *);
void swl_guest_call(swl_guest_t *, const wasmtime_func_t *, wasmtime_val_raw_t *, size_t, swl_end_t *);
void swl_guest_delete(swl_guest_t *);
wasmtime_error_t *swl_guest_grow(swl_guest_t *, const wasmtime_memory_t *, uint64_t pages);
bool swl_guest_export(swl_guest_t *, const char *name, size_t name_len, wasmtime_extern_t *);
size_t swl_func_arity(swl_guest_t *, const wasmtime_func_t *);
bool swl_global_mutable(swl_guest_t *, const wasmtime_global_t *, wasm_valkind_t *);
uint64_t swl_global_get(swl_guest_t *, const wasmtime_global_t *);
void swl_global_set(swl_guest_t *, const wasmtime_global_t *, wasm_valkind_t, uint64_t);

#endif
