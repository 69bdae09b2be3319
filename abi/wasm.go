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
// A manifest with encoding "json" chooses JSON (see abi/wire) in place of CBOR
// for everything that crosses: config, inputs, answers, log lines, requests and
// replies. The status byte stays in front of answers.
//
// Which imports a module may have is the manifest's and the operator's to say:
// log needs the capability log, now clock, random random, emit emit, state
// state, http http; reply needs none. A module that imports more is refused.
// Imports of "wasi_snapshot_preview1" are always there, because toolchains add
// them unasked. Without the capability clock its clocks stand still, at the
// time at which the release was issued, and sleeping moves the clock for
// durations. Without random random_get gives the same bytes in every start of
// the artifact, which serves for the seeds of hash maps, and fails with
// ENOTCAPABLE (76) in calls. Without log what is written to the standard output
// is dropped.
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
	// ImportRandom is func(ptr, len i32): fills at most 64 KiB with random
	// bytes.
	ImportRandom = "random"
	// ImportEmit is a request function, see [ImportReply]. Its request is
	// {"type": text, "data": any}, its value null.
	ImportEmit = "emit"
	// ImportState is a request function: {"get": key}, answered by {"value":
	// any, "found": bool}; {"put": key, "value": any} or {"delete": key},
	// answered by null.
	ImportState = "state"
	// ImportHTTP is a request function: {"method": text, "url": text,
	// "headers": {name: text} or null, "body": bytes, text or null}, answered by
	// {"status": int, "headers": {name: text}, "body": bytes}. Only the url is
	// required.
	ImportHTTP = "http"
	// ImportReply is func(ptr i32). A request function is func(ptr, len i32)
	// i64: it takes one encoded request and returns the length of its reply in
	// bytes. The guest makes room and calls reply once, which copies the reply
	// there: the encoded list [null, value], or [code, message] with one of the
	// codes of capability.go. A further request forgets a reply that was not
	// taken. Host functions never call the guest.
	ImportReply = "reply"
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

	KeyType    = "type"    // of an event
	KeyData    = "data"    // of an event
	KeyGet     = "get"     // a key of the state
	KeyPut     = "put"     // a key of the state
	KeyDelete  = "delete"  // a key of the state
	KeyValue   = "value"   // of a key
	KeyFound   = "found"   // whether a key has a value
	KeyMethod  = "method"  // of an HTTP request
	KeyURL     = "url"     // of an HTTP request
	KeyHeaders = "headers" // of HTTP requests and answers
	KeyBody    = "body"    // of HTTP requests and answers
	KeyStatus  = "status"  // of HTTP answers
)
