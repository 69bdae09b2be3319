//go:build wasmtime && cgo && linux && amd64

package wasmtimeengine

// #include "shim.h"
import "C"

import (
	"fmt"
	"strings"
	"unsafe"
)

// mostFrames is how much of a stack trace is told.
const mostFrames = 32

// trap is how a guest's call ended early.
type trap struct {
	text  string
	trace string
	cause error // of the import that ended it, or nil
}

// Error implements error: one line that says what happened, then the trace.
func (t *trap) Error() string {
	if t.trace == "" {
		return t.text
	}
	return t.text + "\nwasm stack trace:" + t.trace
}

// Unwrap finds what the host's function returned.
func (t *trap) Unwrap() error { return t.cause }

// ended takes over what a call left, and makes an error of it. What an import
// causes is an error in wasmtime's words, what the guest does itself a trap.
func (r *running) ended(end *C.swl_end_t) error {
	cause := r.err
	r.err = nil
	defer func() { *end = C.swl_end_t{} }()
	var frames C.wasm_frame_vec_t
	switch {
	case end.trap != nil:
		defer C.wasm_trap_delete(end.trap)
		C.wasm_trap_trace(end.trap, &frames)
		return &trap{text: "wasm error: " + reason(end.trap), trace: trace(&frames)}
	case end.error != nil && cause != nil:
		defer C.wasmtime_error_delete(end.error)
		C.wasmtime_error_wasm_trace(end.error, &frames)
		return &trap{text: cause.Error(), cause: cause, trace: trace(&frames)}
	}
	return errorOf(end.error)
}

// reason is in the words that the other engine has, because records of the same
// fault should agree.
func reason(t *C.wasm_trap_t) string {
	var code C.wasmtime_trap_code_t
	known := []string{
		"stack overflow", "out of bounds memory access", "unaligned atomic", "invalid table access", "invalid table access",
		"indirect call type mismatch", "integer overflow", "integer divide by zero", "invalid conversion to integer", "unreachable",
	}
	if bool(C.wasmtime_trap_code(t, &code)) && int(code) < len(known) {
		return known[code]
	}
	var text C.wasm_byte_vec_t
	C.wasm_trap_message(t, &text)
	first, _, _ := strings.Cut(takeText(&text), "\n")
	return strings.TrimRight(first, "\x00")
}

// trace lists the functions, the innermost first.
func trace(frames *C.wasm_frame_vec_t) string {
	defer C.wasm_frame_vec_delete(frames)
	var b strings.Builder
	all := unsafe.Slice(frames.data, frames.size)
	for _, f := range all[:min(mostFrames, len(all))] {
		if name := textOf(C.wasmtime_frame_func_name(f)); name != "" {
			fmt.Fprintf(&b, "\n\t%s", strings.ToValidUTF8(name, "?"))
		} else {
			fmt.Fprintf(&b, "\n\t$%d", uint32(C.wasm_frame_func_index(f)))
		}
	}
	if more := len(all) - mostFrames; more > 0 {
		fmt.Fprintf(&b, "\n\tand %d more", more)
	}
	return b.String()
}
