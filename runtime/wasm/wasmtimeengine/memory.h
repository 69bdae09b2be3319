//go:build wasmtime && cgo && linux && amd64

#ifndef SWAPLINE_MEMORY_H
#define SWAPLINE_MEMORY_H

#include "shim.h"

// Addresses of a memory: the 4 GB that an index reaches, and behind them a guard
// for what an instruction adds to an index. What is beyond the
// memory's size cannot be accessed.
#define SWL_MEMORY_GUARD ((uint64_t)32 << 20)
#define SWL_RESERVATION ((uint64_t)4 << 30)

// The guest whose instance this thread makes.
extern __thread swl_guest_t *swl_starting;

// wasmtime_new_memory_callback_t
wasmtime_error_t *swl_new_memory(void *, const wasm_memorytype_t *, size_t minimum, size_t maximum, size_t reserved,
                                 size_t guard, wasmtime_linear_memory_t *);

#endif
