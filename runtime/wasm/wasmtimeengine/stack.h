//go:build wasmtime && cgo && linux && amd64

#ifndef SWAPLINE_STACK_H
#define SWAPLINE_STACK_H

#include <stddef.h>

// The stack of a guest: what wasm code may use, twice what package meter counts,
// because machine code may need more than it estimates; then room for the
// engine's own functions, which code may call at its deepest.
#define SWL_WASM_STACK ((size_t)64 << 20)
#define SWL_HOST_STACK ((size_t)1 << 20)
#define SWL_GUARD ((size_t)64 << 10)

char *swl_stack_new(void); // NULL with errno
void swl_stack_delete(char *);
void *swl_stack_top(char *);

// swl_on_stack calls f(arg) on the stack that ends at top and returns when f
// does. Where the present stack goes on is left in *resume before.
void swl_on_stack(void *top, void (*f)(void *), void *arg, void **resume);

#endif
