//go:build wasmtime && cgo && linux && amd64

#include "shim.h"

#include <stdlib.h>
#include <string.h>

#include "_cgo_export.h"
#include "memory.h"
#include "stack.h"

wasm_functype_t *swl_functype(const uint8_t *params, size_t nparams, const uint8_t *results, size_t nresults) {
  wasm_valtype_vec_t p, r;
  wasm_valtype_vec_new_uninitialized(&p, nparams);
  for (size_t i = 0; i < nparams; i++)
    p.data[i] = wasm_valtype_new(params[i]);
  wasm_valtype_vec_new_uninitialized(&r, nresults);
  for (size_t i = 0; i < nresults; i++)
    r.data[i] = wasm_valtype_new(results[i]);
  return wasm_functype_new(&p, &r);
}

// One call of an import, on its way to the thread's stack and Go.
struct import {
  swl_guest_t *guest;
  size_t index;
  wasmtime_val_raw_t *values;
  bool done;
};

static void import_in_go(void *arg) {
  struct import *i = arg;
  i->done = swaplineImport(i->guest->handle, i->index, i->values);
}

static wasm_trap_t *import(void *index, wasmtime_caller_t *caller, wasmtime_val_raw_t *values, size_t n) {
  swl_guest_t *g = wasmtime_context_get_data(wasmtime_caller_context(caller));
  struct import i = {g, (size_t)index, values, false};
  void *ignored;
  (void)n;
  swl_on_stack(g->resume, import_in_go, &i, &ignored);
  return i.done ? NULL : wasmtime_trap_new("host", strlen("host"));
}

wasmtime_error_t *swl_define(wasmtime_linker_t *l, const char *module, size_t module_len, const char *name,
                             size_t name_len, const wasm_functype_t *type, size_t index) {
  return wasmtime_linker_define_func_unchecked(l, module, module_len, name, name_len, type, import, (void *)index, NULL);
}

swl_guest_t *swl_guest_new(wasm_engine_t *engine, uintptr_t handle, int64_t memory, int64_t table) {
  swl_guest_t *g = calloc(1, sizeof *g);
  if (!g)
    return NULL;
  g->handle = handle;
  g->stack = swl_stack_new();
  if (!g->stack) {
    free(g);
    return NULL;
  }
  g->store = wasmtime_store_new(engine, g, NULL);
  g->context = wasmtime_store_context(g->store);
  wasmtime_store_limiter(g->store, memory, table, 1, -1, 1);
  return g;
}

void swl_guest_delete(swl_guest_t *g) {
  wasmtime_store_delete(g->store);
  swl_stack_delete(g->stack);
  free(g);
}

struct start {
  swl_guest_t *guest;
  const wasmtime_instance_pre_t *pre;
  swl_end_t *end;
};

static void start(void *arg) {
  struct start *s = arg;
  swl_starting = s->guest;
  s->end->error = wasmtime_instance_pre_instantiate(s->pre, s->guest->context, &s->guest->instance, &s->end->trap);
  swl_starting = NULL;
}

void swl_guest_start(swl_guest_t *g, const wasmtime_instance_pre_t *pre, swl_end_t *end) {
  struct start s = {g, pre, end};
  swl_on_stack(swl_stack_top(g->stack), start, &s, &g->resume);
}

struct call {
  swl_guest_t *guest;
  const wasmtime_func_t *func;
  wasmtime_val_raw_t *values;
  size_t n;
  swl_end_t *end;
};

static void call(void *arg) {
  struct call *c = arg;
  c->end->error = wasmtime_func_call_unchecked(c->guest->context, c->func, c->values, c->n, &c->end->trap);
}

void swl_guest_call(swl_guest_t *g, const wasmtime_func_t *func, wasmtime_val_raw_t *values, size_t n, swl_end_t *end) {
  struct call c = {g, func, values, n, end};
  swl_on_stack(swl_stack_top(g->stack), call, &c, &g->resume);
}

struct grow {
  swl_guest_t *guest;
  const wasmtime_memory_t *memory;
  uint64_t pages, before;
  wasmtime_error_t *error;
};

static void grow(void *arg) {
  struct grow *w = arg;
  w->error = wasmtime_memory_grow(w->guest->context, w->memory, w->pages, &w->before);
}

wasmtime_error_t *swl_guest_grow(swl_guest_t *g, const wasmtime_memory_t *memory, uint64_t pages) {
  struct grow w = {g, memory, pages, 0, NULL};
  swl_on_stack(swl_stack_top(g->stack), grow, &w, &g->resume);
  return w.error;
}

bool swl_guest_export(swl_guest_t *g, const char *name, size_t name_len, wasmtime_extern_t *e) {
  return wasmtime_instance_export_get(g->context, &g->instance, name, name_len, e);
}

size_t swl_func_arity(swl_guest_t *g, const wasmtime_func_t *f) {
  wasm_functype_t *t = wasmtime_func_type(g->context, f);
  size_t p = wasm_functype_params(t)->size, r = wasm_functype_results(t)->size;
  wasm_functype_delete(t);
  return p > r ? p : r;
}

bool swl_global_mutable(swl_guest_t *g, const wasmtime_global_t *global, wasm_valkind_t *kind) {
  wasm_globaltype_t *t = wasmtime_global_type(g->context, global);
  bool mutable = wasm_globaltype_mutability(t) == WASM_VAR;
  *kind = wasm_valtype_kind(wasm_globaltype_content(t));
  wasm_globaltype_delete(t);
  return mutable;
}

uint64_t swl_global_get(swl_guest_t *g, const wasmtime_global_t *global) {
  wasmtime_val_t v;
  memset(&v, 0, sizeof v);
  wasmtime_global_get(g->context, global, &v);
  bool wide = v.kind == WASMTIME_I64 || v.kind == WASMTIME_F64;
  return wide ? (uint64_t)v.of.i64 : (uint32_t)v.of.i32;
}

void swl_global_set(swl_guest_t *g, const wasmtime_global_t *global, wasm_valkind_t kind, uint64_t bits) {
  wasmtime_val_t v;
  memset(&v, 0, sizeof v);
  v.kind = kind; // numbers have the same kinds in both interfaces
  v.of.i64 = (int64_t)bits;
  wasmtime_error_t *e = wasmtime_global_set(g->context, global, &v);
  if (e)
    wasmtime_error_delete(e); // cannot be: the kind is the global's own
}
