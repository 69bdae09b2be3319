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
//  3. exports and imports are those of the calling convention;
//  4. the engine compiles them, or takes the machine code from its cache;
//  5. one guest is instantiated, _initialize runs, the guest says its ABI
//     version, constructs the strategy with the manifest's config and lists
//     its methods.
//
// Each step has its own problem codes, and code of the artifact runs in the
// last step only.
//
// # Guests and calls
//
// An instance owns a bounded pool of guests, as many as the manifest's limit of
// concurrency. One guest serves one call at a time. The first is made by Load,
// the others when calls meet. A guest that trapped, missed its deadline, ended
// itself, reported a fault or broke the convention is closed; a later call
// makes its successor. What a successful call leaves in the guest's memory is
// seen by later calls on the same guest.
//
// A guest starts with the limit of the configuration's StartTimeout, not with
// the deadline of the call that needed it, so a call that has to make a guest
// may end that much later.
//
// # Deadlines
//
// A call ends with the deadline of its context, or after the manifest's
// timeout when the context has none. How fast a guest stops is the engine's
// property. wazero looks at the deadline in loops and at calls of host
// functions only: a guest that recurses without a loop runs on until its stack
// is exhausted or it returns, and as long as it runs the garbage collector
// cannot stop the world. Until modules are metered at upload, a deadline holds
// for loops, not for recursion.
//
// # What a guest can reach
//
// The functions of the import module "swapline", and of
// "wasi_snapshot_preview1" a shim of our own (see wasi.go): a clock, random
// numbers, a bounded log and an exit. There is no file, socket, environment
// variable or argument behind it.
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

// engine picks the engine that the manifest asks for.
func (l *loader) engine(name string) (Engine, error) {
	if name == "" {
		name = l.config.DefaultEngine
	}
	if e, ok := l.config.Engines[name]; ok {
		return e, nil
	}
	return nil, problem.New(problem.EngineUnknown, "this host has no engine %q", name).In("engine").
		Want("one of %s", strings.Join(slices.Sorted(maps.Keys(l.config.Engines)), ", ")).Got("%s", name).
		Cure("leave manifest.engine empty to take the host's default")
}

var _ driver.Driver = (*loader)(nil)
