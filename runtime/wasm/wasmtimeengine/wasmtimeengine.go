//go:build wasmtime && cgo && linux && amd64

package wasmtimeengine

// #include "shim.h"
import "C"

import (
	"context"
	"errors"
	"strings"
	"sync"
	"unsafe"

	_ "github.com/bytecodealliance/wasmtime-go/v39" // brings the library

	"github.com/swapline/swapline/runtime/wasm"
	"github.com/swapline/swapline/runtime/wasm/guard"
)

// engine is a wasm.Engine.
type engine struct {
	c     *C.wasm_engine_t
	cache cache
	close func()
}

// New makes the engine. An error has a problem code.
func New(c Config) (wasm.Engine, error) {
	files, err := openCache(c.CacheDir)
	if err != nil {
		return nil, err
	}
	e := &engine{c: C.swl_engine_acquire(), cache: files, close: sync.OnceFunc(func() { C.swl_engine_release() })}
	if err := e.probe(); err != nil {
		e.close()
		return nil, err
	}
	return e, nil
}

// Close implements wasm.Engine. The folder stays.
func (e *engine) Close(context.Context) error {
	e.close()
	return nil
}

// Compile implements wasm.Engine.
func (e *engine) Compile(ctx context.Context, b []byte, c wasm.Compile) (wasm.Module, error) {
	from := e.cache
	if c.Fresh {
		from = ""
	}
	compiled, err := e.compiled(ctx, b, from)
	if err != nil {
		return nil, err
	}
	defer C.wasmtime_module_delete(compiled)
	return e.link(compiled, c)
}

// compiled takes the module from the cache, or compiles it and keeps it there.
func (e *engine) compiled(ctx context.Context, b []byte, kept cache) (*C.wasmtime_module_t, error) {
	var m *C.wasmtime_module_t
	name := kept.name(b)
	kept.load(name, func(code []byte) {
		// A file of another processor or build is refused, and made again.
		if failed := C.wasmtime_module_deserialize(e.c, bytesOf(code), C.size_t(len(code)), &m); failed != nil {
			m = nil
			C.wasmtime_error_delete(failed)
		}
	})
	if m != nil {
		return m, nil
	}
	if ctx.Err() != nil {
		return nil, wasm.ErrInterrupted
	}
	if err := errorOf(C.wasmtime_module_new(e.c, bytesOf(b), C.size_t(len(b)), &m)); err != nil {
		return nil, err
	}
	if kept == "" {
		return m, nil
	}
	var code C.wasm_byte_vec_t
	if err := errorOf(C.wasmtime_module_serialize(m, &code)); err != nil {
		C.wasmtime_module_delete(m)
		return nil, err
	}
	defer C.wasm_byte_vec_delete(&code)
	kept.store(name, unsafe.Slice((*byte)(unsafe.Pointer(code.data)), code.size))
	return m, nil
}

// link binds the imports.
func (e *engine) link(compiled *C.wasmtime_module_t, c wasm.Compile) (wasm.Module, error) {
	linker := C.wasmtime_linker_new(e.c)
	defer C.wasmtime_linker_delete(linker)
	for n, i := range c.Imports {
		if err := define(linker, n, i); err != nil {
			return nil, err
		}
	}
	m := &module{engine: e.c, imports: c.Imports, memory: int64(c.MemoryPages) * guard.PageSize}
	if err := errorOf(C.wasmtime_linker_instantiate_pre(linker, compiled, &m.ready)); err != nil {
		return nil, err
	}
	return m, nil
}

func define(linker *C.wasmtime_linker_t, n int, i wasm.Import) error {
	params, results := kinds(i.Type.Params), kinds(i.Type.Results)
	t := C.swl_functype(bytesOf(params), C.size_t(len(params)), bytesOf(results), C.size_t(len(results)))
	defer C.wasm_functype_delete(t)
	return errorOf(C.swl_define(linker, charsOf(i.Module), C.size_t(len(i.Module)), charsOf(i.Name), C.size_t(len(i.Name)), t, C.size_t(n)))
}

// kinds are numbers from 0; in modules they count down from 0x7f.
func kinds(types []guard.ValueType) []byte {
	b := make([]byte, len(types))
	for i, t := range types {
		b[i] = byte(guard.I32 - t)
	}
	return b
}

// bytesOf is for C functions that keep no pointer.
func bytesOf(b []byte) *C.uint8_t { return (*C.uint8_t)(unsafe.SliceData(b)) }

func charsOf(s string) *C.char { return (*C.char)(unsafe.Pointer(unsafe.StringData(s))) }

// errorOf takes the error over.
func errorOf(e *C.wasmtime_error_t) error {
	if e == nil {
		return nil
	}
	defer C.wasmtime_error_delete(e)
	var text C.wasm_byte_vec_t
	C.wasmtime_error_message(e, &text)
	message, _, _ := strings.Cut(takeText(&text), "\n\nStack backtrace:") // wasmtime's own
	return errors.New(message)
}

// takeText frees the text.
func takeText(v *C.wasm_byte_vec_t) string {
	defer C.wasm_byte_vec_delete(v)
	return textOf(v)
}

func textOf(v *C.wasm_byte_vec_t) string {
	if v == nil {
		return ""
	}
	return C.GoStringN((*C.char)(v.data), C.int(v.size))
}

// module is a compiled module with its imports.
type module struct {
	engine  *C.wasm_engine_t
	imports []wasm.Import
	memory  int64 // bytes of a guest

	mu    sync.RWMutex // a guest that starts against Close
	ready *C.wasmtime_instance_pre_t
}

// Close implements wasm.Module. Guests keep what they need of it.
func (m *module) Close(context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ready != nil {
		C.wasmtime_instance_pre_delete(m.ready)
		m.ready = nil
	}
	return nil
}

var (
	_ wasm.Engine = (*engine)(nil)
	_ wasm.Module = (*module)(nil)
)
