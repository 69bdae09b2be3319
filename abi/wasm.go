package abi

// This file is the Wasm calling convention, version 1.
//
// A guest is a core WebAssembly module that exports one memory named "memory"
// and the functions below. It imports functions only: from [ImportModule], and
// from "wasi_snapshot_preview1", where everything that would reach a file, the
// network, the environment or arguments answers "not supported". The host
// calls one function of an instance at a time.
//
// Values cross as deterministic CBOR (package abi/wire). The host asks for room
// with [ExportAlloc], writes the bytes and calls. The bytes belong to the
// guest; the next [ExportAlloc] may reuse them. A guest answers with one i64:
// pointer in the upper, length in the lower 32 bits, of an answer in its
// memory that stays valid until the next call. The first byte of an answer is
// its status, the rest one CBOR value:
//
//	status             value
//	StatusOK           execute: the result map; init: {"methods": ["Execute", ...]}; validate: null
//	StatusRejected     {"code": text, "message": text, "details": map or null}
//	StatusFault        text: what went wrong inside the guest, a panic for example
//	StatusInvalid      text: why the strategy's answer is not in the value domain
//
// Order of calls: _initialize (if exported), [ExportABIVersion], [ExportInit]
// with {"config": map}, then any number of [ExportExecute] and
// [ExportValidate]. After a trap, a deadline, or an answer with StatusFault or
// StatusInvalid the instance is thrown away.
const (
	// ExportMemory is the guest's only memory.
	ExportMemory = "memory"
	// ExportInitialize runs start-up code of reactors (wasip1 c-shared).
	ExportInitialize = "_initialize"
	// ExportABIVersion is func() i32 and returns [Version].
	ExportABIVersion = "swapline_abi_version"
	// ExportAlloc is func(size i32) i32: room for an input of size bytes.
	ExportAlloc = "swapline_alloc"
	// ExportInit is func(ptr, len i32) i64: construct the strategy.
	ExportInit = "swapline_init"
	// ExportExecute is func(ptr, len i32) i64: one call of Execute.
	ExportExecute = "swapline_execute"
	// ExportValidate is func() i64, optional: the strategy's own Validate.
	ExportValidate = "swapline_validate"

	// ImportModule is the name under which the host offers its functions.
	ImportModule = "swapline"
	// ImportLog is func(level, ptr, len i32): a log line; the bytes are the
	// CBOR list [message, fields or null].
	ImportLog = "log"
	// ImportNow is func() i64: nanoseconds since the Unix epoch.
	ImportNow = "now"
)

// Status bytes: the first byte of each answer of a guest.
const (
	StatusOK       byte = 0
	StatusRejected byte = 1
	StatusFault    byte = 2
	StatusInvalid  byte = 3
)

// Keys of the maps that cross the boundary.
const (
	KeyConfig  = "config"
	KeyMethods = "methods"
	KeyCode    = "code"
	KeyMessage = "message"
	KeyDetails = "details"
)
