//go:build wasmtime && cgo && linux && amd64

package wasmtimeengine

/*
#cgo noescape swl_guest_call
#cgo noescape swl_global_get
#cgo nocallback swl_global_get
#cgo noescape swl_global_set
#cgo nocallback swl_global_set
#include "shim.h"
*/
import "C"

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/cgo"
	"unsafe"

	"github.com/swapline/swapline/runtime/wasm"
	"github.com/swapline/swapline/runtime/wasm/guard"
	"github.com/swapline/swapline/runtime/wasm/snapshot"
)

// guest is one instance in a store of its own.
type guest struct {
	*running
	cleanup runtime.Cleanup
}

// running is what an import needs of its guest.
type running struct {
	c       *C.swl_guest_t // nil after Close
	handle  cgo.Handle
	imports []wasm.Import
	host    *wasm.Host
	image   *snapshot.Image  // that the memory starts with, or nil
	memory  *snapshot.Memory // nil for none
	stack   []uint64         // of the import that is called
	err     error            // of the host's function that ended the call
}

// Instantiate implements wasm.Module.
func (m *module) Instantiate(ctx context.Context, h *wasm.Host, image *snapshot.Image) (wasm.Guest, error) {
	if ctx.Err() != nil {
		return nil, wasm.ErrInterrupted
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.ready == nil {
		return nil, errors.New("the module is closed")
	}
	r := &running{imports: m.imports, host: h, image: image}
	r.handle = cgo.NewHandle(r)
	c, err := C.swl_guest_new(m.engine, C.uintptr_t(r.handle), C.int64_t(m.memory), C.int64_t(guard.DefaultLimits().TableEntries))
	if c == nil {
		r.handle.Delete()
		return nil, fmt.Errorf("there is no room for the stack of a guest: %w", err)
	}
	r.c = c
	g := &guest{running: r}
	g.cleanup = runtime.AddCleanup(g, func(r *running) { _ = r.free() }, r)
	var end C.swl_end_t
	C.swl_guest_start(c, m.ready, &end)
	err = r.ended(&end)
	if err == nil && image != nil {
		err = g.reach(image)
	}
	if err != nil {
		return nil, errors.Join(err, g.Close(ctx))
	}
	return g, nil
}

// Close implements wasm.Guest.
func (g *guest) Close(context.Context) error {
	g.cleanup.Stop()
	return g.free()
}

// free frees the guest once, the memory after all that could use it.
func (r *running) free() error {
	if r.c == nil {
		return nil
	}
	C.swl_guest_delete(r.c)
	r.handle.Delete()
	m := r.memory
	r.c, r.memory = nil, nil
	if m == nil {
		return nil
	}
	return m.Free()
}

var errClosed = errors.New("the guest is closed")

// Func implements wasm.Guest.
func (g *guest) Func(name string) wasm.Func {
	e, ok := g.export(name, C.WASMTIME_EXTERN_FUNC)
	if !ok {
		return nil
	}
	f := (*C.wasmtime_func_t)(unsafe.Pointer(&e.of))
	values := make([]C.wasmtime_val_raw_t, max(1, C.swl_func_arity(g.c, f)))
	end := new(C.swl_end_t)
	return func(_ context.Context, stack []uint64) error {
		if g.c == nil {
			return errClosed
		}
		n := min(len(stack), len(values))
		for i, v := range stack[:n] {
			*word(&values[i]) = v
		}
		C.swl_guest_call(g.c, f, &values[0], C.size_t(len(values)), end)
		if end.error != nil || end.trap != nil {
			return g.ended(end)
		}
		for i := range stack[:n] {
			stack[i] = *word(&values[i])
		}
		return nil
	}
}

// word is the part of a value that numbers use.
func word(v *C.wasmtime_val_raw_t) *uint64 { return (*uint64)(unsafe.Pointer(v)) }

// export looks an export up.
func (g *guest) export(name string, kind C.wasmtime_extern_kind_t) (*C.wasmtime_extern_t, bool) {
	e := new(C.wasmtime_extern_t)
	if g.c == nil || !C.swl_guest_export(g.c, charsOf(name), C.size_t(len(name)), e) {
		return nil, false
	}
	if e.kind != kind {
		C.wasmtime_extern_delete(e)
		return nil, false
	}
	return e, true // functions, globals and memories own nothing
}

//export swaplineImport
func swaplineImport(handle C.uintptr_t, index C.size_t, values *C.wasmtime_val_raw_t) C.bool {
	r := cgo.Handle(handle).Value().(*running)
	i := &r.imports[index]
	n := max(len(i.Type.Params), len(i.Type.Results))
	if n > len(r.stack) {
		r.stack = make([]uint64, n)
	}
	raw := unsafe.Slice(values, n)
	for p := range i.Type.Params {
		r.stack[p] = *word(&raw[p])
	}
	r.err = r.call(i, r.stack[:n])
	for p := range i.Type.Results {
		*word(&raw[p]) = r.stack[p]
	}
	return r.err == nil
}

// call keeps a panic from crossing C, which would end the process.
func (r *running) call(i *wasm.Import, stack []uint64) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %s %s: %v", errPanic, i.Module, i.Name, p)
		}
	}()
	return i.Call(r.host, r, stack)
}

var errPanic = errors.New("a function of the host panicked")

// Global implements wasm.Guest.
func (g *guest) Global(name string) wasm.Global {
	e, ok := g.export(name, C.WASMTIME_EXTERN_GLOBAL)
	if !ok {
		return nil
	}
	v := &global{guest: g, c: *(*C.wasmtime_global_t)(unsafe.Pointer(&e.of))}
	if !C.swl_global_mutable(g.c, &v.c, &v.kind) || v.kind > C.WASM_F64 {
		return nil
	}
	return v
}

// global is a mutable global of a number.
type global struct {
	guest *guest
	c     C.wasmtime_global_t
	kind  C.wasm_valkind_t
}

// Get implements wasm.Global; a closed guest's globals are 0.
func (v *global) Get() uint64 {
	if v.guest.c == nil {
		return 0
	}
	return uint64(C.swl_global_get(v.guest.c, &v.c))
}

// Set implements wasm.Global.
func (v *global) Set(bits uint64) {
	if v.guest.c != nil {
		C.swl_global_set(v.guest.c, &v.c, v.kind, C.uint64_t(bits))
	}
}

var (
	_ wasm.Guest  = (*guest)(nil)
	_ wasm.Global = (*global)(nil)
)
