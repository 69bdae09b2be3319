//go:build wasmtime && cgo && linux && amd64

#include <pthread.h>

#include "memory.h"
#include "shim.h"
#include "stack.h"

// Core WebAssembly 2 without SIMD and nothing else, and the parts of the engine
// that its makers test most: Cranelift, traps by signals, memories on demand.
static wasm_config_t *config(void) {
  wasm_config_t *c = wasm_config_new();
  wasmtime_memory_creator_t memories = {NULL, swl_new_memory, NULL};
  wasmtime_config_host_memory_creator_set(c, &memories);
  wasmtime_config_strategy_set(c, WASMTIME_STRATEGY_CRANELIFT);
  wasmtime_config_cranelift_opt_level_set(c, WASMTIME_OPT_LEVEL_SPEED);
  wasmtime_config_cranelift_nan_canonicalization_set(c, false);
  wasmtime_config_parallel_compilation_set(c, false);
  wasmtime_config_debug_info_set(c, false);
  wasmtime_config_native_unwind_info_set(c, false);
  wasmtime_config_signals_based_traps_set(c, true);
  wasmtime_config_max_wasm_stack_set(c, SWL_WASM_STACK);
  wasmtime_config_memory_reservation_set(c, SWL_RESERVATION);
  wasmtime_config_memory_guard_size_set(c, SWL_MEMORY_GUARD);
  wasmtime_config_memory_may_move_set(c, false);
  wasmtime_config_memory_init_cow_set(c, false);
  wasmtime_config_consume_fuel_set(c, false);
  wasmtime_config_epoch_interruption_set(c, false);

  wasmtime_config_wasm_reference_types_set(c, true);
  wasmtime_config_wasm_bulk_memory_set(c, true);
  wasmtime_config_wasm_multi_value_set(c, true);

  wasmtime_config_wasm_simd_set(c, false);
  wasmtime_config_wasm_relaxed_simd_set(c, false);
  wasmtime_config_wasm_threads_set(c, false);
  wasmtime_config_wasm_tail_call_set(c, false);
  wasmtime_config_wasm_function_references_set(c, false);
  wasmtime_config_wasm_gc_set(c, false);
  wasmtime_config_wasm_multi_memory_set(c, false);
  wasmtime_config_wasm_memory64_set(c, false);
  wasmtime_config_wasm_wide_arithmetic_set(c, false);
  wasmtime_config_wasm_exceptions_set(c, false);
  wasmtime_config_wasm_custom_page_sizes_set(c, false);
  wasmtime_config_wasm_stack_switching_set(c, false);
  wasmtime_config_wasm_component_model_set(c, false);
  return c;
}

// A process has one engine: modules of two engines could mix up their types
// (RUSTSEC-2026-0222).
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static wasm_engine_t *engine;
static size_t users;

wasm_engine_t *swl_engine_acquire(void) {
  pthread_mutex_lock(&lock);
  if (users++ == 0)
    engine = wasm_engine_new_with_config(config());
  wasm_engine_t *e = engine;
  pthread_mutex_unlock(&lock);
  return e;
}

void swl_engine_release(void) {
  pthread_mutex_lock(&lock);
  if (--users == 0) {
    wasm_engine_delete(engine);
    engine = NULL;
  }
  pthread_mutex_unlock(&lock);
}
