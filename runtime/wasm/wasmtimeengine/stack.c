//go:build wasmtime && cgo && linux && amd64

// Guests run on stacks of their own. A thread's has 8 MB, of which nobody knows
// how much is left, while metered code ends a call that used 32 MB by its own
// count. Addresses cost nothing: a page of a stack exists once it was used.

#define _GNU_SOURCE
#include "stack.h"

#include <sys/mman.h>

char *swl_stack_new(void) {
  size_t size = SWL_GUARD + SWL_HOST_STACK + SWL_WASM_STACK;
  char *stack = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (stack == MAP_FAILED)
    return NULL;
  // Without huge pages: the first page would take 2 MB.
  if (mprotect(stack + SWL_GUARD, size - SWL_GUARD, PROT_READ | PROT_WRITE) != 0) {
    munmap(stack, size);
    return NULL;
  }
  madvise(stack, size, MADV_NOHUGEPAGE);
  return stack;
}

void swl_stack_delete(char *stack) {
  if (stack)
    munmap(stack, SWL_GUARD + SWL_HOST_STACK + SWL_WASM_STACK);
}

void *swl_stack_top(char *stack) { return stack + SWL_GUARD + SWL_HOST_STACK + SWL_WASM_STACK; }

// void swl_on_stack(rdi top, rsi f, rdx arg, rcx resume)
__asm__(".text\n"
        ".globl swl_on_stack\n"
        ".hidden swl_on_stack\n"
        ".type swl_on_stack, @function\n"
        "swl_on_stack:\n"
        ".cfi_startproc\n"
        "pushq %rbp\n"
        ".cfi_def_cfa_offset 16\n"
        ".cfi_offset %rbp, -16\n"
        "movq %rsp, %rbp\n" // callees keep rbp
        ".cfi_def_cfa_register %rbp\n"
        "movq %rsp, (%rcx)\n"
        "movq %rdi, %rsp\n"
        "andq $-16, %rsp\n"
        "movq %rdx, %rdi\n"
        "callq *%rsi\n"
        "movq %rbp, %rsp\n"
        "popq %rbp\n"
        ".cfi_def_cfa %rsp, 8\n"
        "ret\n"
        ".cfi_endproc\n"
        ".size swl_on_stack, .-swl_on_stack\n");
