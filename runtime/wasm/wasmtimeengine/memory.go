//go:build wasmtime && cgo && linux && amd64

package wasmtimeengine

// #include "shim.h"
import "C"

import (
	"errors"
	"runtime/cgo"
	"unsafe"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/wasm/guard"
	"github.com/swapline/swapline/runtime/wasm/snapshot"
)

//export swaplineMemory
func swaplineMemory(handle C.uintptr_t, size, reserved C.size_t) *C.uint8_t {
	r := cgo.Handle(handle).Value().(*running)
	if size == 0 {
		r.err = errEmpty
		return nil
	}
	m, err := snapshot.NewMemory(uint64(reserved), r.image)
	if err != nil {
		r.err = err
		return nil
	}
	r.memory = m
	return base(m.Reallocate(uint64(size)))
}

//export swaplineGrow
func swaplineGrow(handle C.uintptr_t, size C.size_t) *C.uint8_t {
	return base(cgo.Handle(handle).Value().(*running).memory.Reallocate(uint64(size)))
}

func base(b []byte) *C.uint8_t { return (*C.uint8_t)(unsafe.SliceData(b)) }

// bytes is the linear memory, nil for none.
func (r *running) bytes() []byte {
	if r.memory == nil {
		return nil
	}
	return r.memory.Bytes()
}

// Read implements wasm.Memory.
func (r *running) Read(ptr, size uint32) ([]byte, bool) {
	b, end := r.bytes(), uint64(ptr)+uint64(size)
	if end > uint64(len(b)) {
		return nil, false
	}
	return b[ptr:end:end], true
}

// Write implements wasm.Memory.
func (r *running) Write(ptr uint32, b []byte) bool {
	to, ok := r.Read(ptr, uint32(len(b)))
	copy(to, b)
	return ok
}

// Size implements wasm.Memory.
func (r *running) Size() uint32 { return uint32(len(r.bytes())) }

// Freeze implements wasm.Guest.
func (g *guest) Freeze() (*snapshot.Image, error) {
	if g.memory == nil {
		return nil, errNoMemory
	}
	return g.memory.Freeze()
}

// Restore implements wasm.Guest.
func (g *guest) Restore(image *snapshot.Image) error {
	if g.memory == nil {
		return errNoMemory
	}
	return g.memory.Restore(image)
}

var (
	errNoMemory = errors.New("the guest has no memory")
	errEmpty    = errors.New("a memory that starts without a page has no address")
)

// reach tells a new guest how large the memory is that it got with the image.
func (g *guest) reach(image *snapshot.Image) error {
	more := len(image.Bytes())/guard.PageSize - int(g.c.size)/guard.PageSize
	e, ok := g.export(abi.ExportMemory, C.WASMTIME_EXTERN_MEMORY)
	if !ok {
		return errNoMemory
	}
	if more <= 0 {
		return nil
	}
	return errorOf(C.swl_guest_grow(g.c, (*C.wasmtime_memory_t)(unsafe.Pointer(&e.of)), C.uint64_t(more)))
}
