package wasm

import (
	"context"
	"errors"

	"github.com/swapline/swapline/runtime/wasm/guard"
	"github.com/swapline/swapline/runtime/wasm/snapshot"
)

// Engine turns modules into something that runs. Engines get only modules that
// passed package guard and whose imports and exports were checked. An Engine is
// safe for concurrent use.
type Engine interface {
	// Compile prepares a module. It may take it from a cache; when ctx has ended,
	// it takes it from there or fails with ErrInterrupted or the context's error.
	// It never panics.
	Compile(ctx context.Context, module []byte, c Compile) (Module, error)
	// Close frees what the engine shares between modules, after all of them
	// were closed.
	Close(ctx context.Context) error
}

// Compile says how a module will be run.
type Compile struct {
	// Imports are all functions that the module may import.
	Imports []Import
	// MemoryPages limits the memory of each guest.
	MemoryPages uint32
	// Fresh asks for code that is compiled now and kept nowhere.
	Fresh bool
}

// Module is a compiled module, safe for concurrent use.
type Module interface {
	// Instantiate makes a guest and runs the module's start function, but no
	// export. The imports that the guest calls get h. With an image, the
	// guest's memory holds what the image holds; without, what the module says.
	Instantiate(ctx context.Context, h *Host, image *snapshot.Image) (Guest, error)
	// Close frees the module. The memory of a guest stays until that guest is
	// closed, because a call may still use it.
	Close(ctx context.Context) error
}

// Guest is one instance of a module. It is used by one goroutine at a time.
type Guest interface {
	Memory
	// Func returns the exported function, or nil.
	Func(name string) Func
	// Global returns the exported mutable global, or nil.
	Global(name string) Global
	// Freeze makes an image of the memory as it is now.
	Freeze() (*snapshot.Image, error)
	// Restore makes the memory what the image holds. It fails with
	// snapshot.ErrGrown if the memory is larger than the image, and with
	// snapshot.ErrForeign if the guest did not begin with it; then the guest is
	// of no further use.
	Restore(image *snapshot.Image) error
	// Close frees the guest.
	Close(ctx context.Context) error
}

// Global is a mutable global of a guest. Values of 32 bits are in the lower half.
type Global interface {
	Get() uint64
	Set(v uint64)
}

// Func calls an exported function. The stack holds the arguments and gets the
// results; i32 values are in the lower half of an element. It returns
// ErrInterrupted soon after ctx is done, and any other error for a trap. After
// an error the guest is of no further use.
type Func = func(ctx context.Context, stack []uint64) error

// Memory is the linear memory of a guest.
type Memory interface {
	// Read returns the bytes themselves, not a copy, or false when they are
	// not all inside. They are valid until the guest runs again.
	Read(ptr, size uint32) ([]byte, bool)
	// Write copies b to ptr, or reports false and writes nothing.
	Write(ptr uint32, b []byte) bool
	// Size is the present size in bytes.
	Size() uint32
}

// Import is a function that the host offers to guests.
type Import struct {
	Module, Name string
	Type         guard.FuncType
	// Call reads arguments from the stack and writes results to it. An error
	// ends the guest's call with a trap that wraps it.
	Call func(h *Host, m Memory, stack []uint64) error
}

// ErrInterrupted says that a call ended because its context did.
var ErrInterrupted = errors.New("interrupted")
