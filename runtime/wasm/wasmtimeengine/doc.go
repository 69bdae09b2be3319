// Package wasmtimeengine runs WebAssembly with wasmtime, the second engine. Its
// code is faster than wazero's and its calls are slower, so it wins from some
// 30 µs of work in the guest.
//
// # Where it exists
//
// wasmtime is a C library. The engine is built with -tags wasmtime, with cgo, on
// Linux for amd64; elsewhere New refuses with problem.EngineUnknown. Version 39
// is the newest there is for Go, and its makers no longer mend it. So a host
// offers it only where its operator says so, and this package leaves out what
// the known holes need: arm64 (an escape from the sandbox), WASI, components,
// the pooling allocator, memories of 64 bits and unlimited tables. What a module
// may use is core WebAssembly 2 without SIMD; New compiles a module for each of
// the other proposals and fails unless all of them are refused. A process has one
// wasmtime engine, however many engines New makes.
//
// # Calls
//
// The package calls wasmtime's C functions itself; the Go module brings the
// library. wasmtime-go's Func.Call asks for the function's type and allocates
// with each call. The declarations in capi.h are checked against the module's by
// a test.
//
// A guest runs on a stack of its own, 64 MB of addresses, because a thread's
// stack is smaller than the depth that package meter lets a call have. An import
// goes back to the thread's stack before it enters Go. An error of an import is
// kept beside the trap that it causes and is found by errors.Is in the error of
// the call. A panic in an import ends the guest's call, not the process.
//
// # Lifetimes
//
// Nothing depends on the collector: Close of a guest frees its store, its memory
// and its stack. Close of a module leaves guests that serve a call alone; their
// own Close frees them.
//
// # Machine code on disk
//
// With a folder, compiled modules are kept in it, a file for each: a header with
// the SHA-256 of what follows, then what wasmtime serialised. The name is the
// SHA-256 of the module, of the version and of the configuration. The sum finds
// files that are damaged; whoever can write to the folder runs code in this
// process, so the folder and each file must belong to the user and be closed to
// others.
package wasmtimeengine

// Name is the name of this engine in manifests.
const Name = "wasmtime"

// Version is wasmtime's.
const Version = "39.0.1"

// Config sets up an engine.
type Config struct {
	// CacheDir keeps machine code; it is made if it does not exist. "" keeps
	// none.
	CacheDir string
}
