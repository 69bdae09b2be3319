// Package wasm is the driver for WebAssembly releases. It speaks the calling
// convention of package abi over a small [Engine] interface and trusts nothing
// that a guest hands out.
//
// # Loading
//
// Load reads the artifact's file once and works on those bytes only:
//
//  1. their SHA-256 is the signed one;
//  2. package guard parses them strictly: no count, size or nesting that could
//     hurt an engine is left;
//  3. exports and imports are those of the calling convention, and imported
//     capabilities were granted;
//  4. package snapshot and package meter change the module, so that its state
//     can be brought back and what it does is counted;
//  5. the engine compiles it, or takes the machine code from its cache;
//  6. one guest is instantiated, _initialize runs, the guest says its ABI
//     version, constructs the strategy with the manifest's config and lists
//     its methods;
//  7. the manifest's golden cases run on it until it is warm, and its state is
//     frozen, unless it cannot be (see Isolation).
//
// Each step has its own problem codes, and code of the artifact runs in the
// last two only. Whether the answers to the golden cases are right is for the
// pipeline to say.
//
// # Guests and calls
//
// An instance owns a bounded pool of guests, as many as the manifest's limit of
// concurrency. One guest serves one call at a time. The first is made by Load,
// the others when calls meet; they begin with the frozen state, if there is one,
// which takes microseconds and no code of the artifact. A guest that trapped, exceeded a
// limit, ended itself, reported a fault or broke the convention is closed; a
// later call makes its successor.
//
// A guest starts with the limit of the configuration's StartTimeout, not with
// the deadline of the call that needed it, so a call that has to make a guest
// may end that much later.
//
// # Isolation
//
// With isolation "request", which is the default, a guest's memory and globals
// are made what they were when they were frozen after every call, before
// another call can have the guest. So a call finds nothing of any other: not in
// variables, not on the heap, not in what was freed. What a guest computed from
// the golden cases and from random numbers before it was frozen is in every
// guest and in every call. A module that can change its tables or drop its
// segments cannot be brought back from outside; each of its calls gets a fresh
// guest, which takes as long as a start. A guest whose memory grew is replaced
// by one that begins with the frozen state.
//
// With isolation "instance" guests begin with the frozen state, or with a start
// of their own where there is none, and keep what calls leave, for strategies that
// want a cache.
//
// # Limits
//
// All of them hold on every engine, because the module counts itself (package
// meter): each function and each turn of a loop takes from the fuel and from
// the stack that the call has. When a slice of fuel is used up, some hundred
// microseconds, the module asks the host, which looks at deadline and budget.
//
//	limit          manifest              beyond it
//	wall clock     timeout_ms            fault_deadline
//	instructions   instructions          fault_instructions
//	stack          call_depth            fault_call_depth
//	memory         memory_bytes          memory.grow fails; fault_memory if the guest dies of it
//	tables         table_entries         refused at load
//	answer         output_bytes          fault_output
//	log            log_bytes             lines are dropped, which is said once
//	host calls     host_calls            fault_host_calls
//
// The fuel that a call used depends on the module, its state and the input
// only; it is the same on every machine and engine, as long as the guest asks
// for no clock and no random numbers.
//
// # What a guest can reach
//
// The functions of the import module "swapline", and of
// "wasi_snapshot_preview1" a shim of our own (see wasi.go). There is no file,
// socket, environment variable or argument behind it. Capabilities are in
// capability.go.
package wasm

import (
	"context"
	"errors"
	"maps"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/wasm/guard"
)

// Kind is the kind of artifacts that this driver loads.
const Kind manifest.Kind = "wasm"

// Config sets up a driver. Zero fields mean the default in brackets.
type Config struct {
	// Engines by the name that manifests use. The driver closes them.
	Engines map[string]Engine
	// DefaultEngine serves manifests that name none.
	DefaultEngine string
	// DefaultMemoryBytes limits a guest whose manifest states nothing (128
	// MiB); a manifest that asks for more than MaxMemoryBytes (1 GiB) is
	// refused.
	DefaultMemoryBytes, MaxMemoryBytes int64
	// DefaultTimeout ends calls without any other deadline (5 s).
	DefaultTimeout time.Duration
	// StartTimeout ends the start of one guest (10 s).
	StartTimeout time.Duration
	// DefaultConcurrency is the size of a pool whose manifest states nothing
	// (twice GOMAXPROCS, at least 4); MaxConcurrency bounds every pool (1024).
	DefaultConcurrency, MaxConcurrency int
	// Guard limits what a module may contain.
	Guard guard.Limits
}

func (c Config) orDefaults() Config {
	c.DefaultMemoryBytes = positive(c.DefaultMemoryBytes, 128<<20)
	c.MaxMemoryBytes = min(positive(c.MaxMemoryBytes, 1<<30), maxMemory)
	c.DefaultTimeout = positive(c.DefaultTimeout, 5*time.Second)
	c.StartTimeout = positive(c.StartTimeout, 10*time.Second)
	c.DefaultConcurrency = positive(c.DefaultConcurrency, max(4, 2*runtime.GOMAXPROCS(0)))
	c.MaxConcurrency = positive(c.MaxConcurrency, 1024)
	return c
}

// maxMemory keeps sizes of memories within 32 bits.
const maxMemory = 4<<30 - guard.PageSize

func positive[N ~int | ~int64](n, otherwise N) N {
	if n > 0 {
		return n
	}
	return otherwise
}

// New makes the driver.
func New(c Config) driver.Driver {
	c.Engines = maps.Clone(c.Engines)
	return &loader{config: c.orDefaults(), imports: hostImports()}
}

// loader is the driver. It holds no state of its instances.
type loader struct {
	config  Config
	imports []Import
}

// Close closes the engines.
func (l *loader) Close(ctx context.Context) error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(l.config.Engines)) {
		errs = append(errs, l.config.Engines[name].Close(ctx))
	}
	return errors.Join(errs...)
}

// engineName is the engine's that runs a manifest which names this one, or none.
func (l *loader) engineName(name string) string {
	if name == "" {
		return l.config.DefaultEngine
	}
	return name
}

// engine picks the engine that the manifest asks for.
func (l *loader) engine(name string) (Engine, error) {
	name = l.engineName(name)
	if e, ok := l.config.Engines[name]; ok {
		return e, nil
	}
	return nil, problem.New(problem.EngineUnknown, "this host has no engine %q", name).In("engine").
		Want("one of %s", strings.Join(slices.Sorted(maps.Keys(l.config.Engines)), ", ")).Got("%s", name).
		Cure("leave manifest.engine empty to take the host's default")
}

var _ driver.Driver = (*loader)(nil)
