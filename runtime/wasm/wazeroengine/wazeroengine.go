// Package wazeroengine runs WebAssembly with wazero: pure Go, machine code made
// ahead of time on amd64 and arm64.
//
// Machine code is kept in a directory, so a restart does not compile again.
// wazero does not verify what it finds there: whoever can write to the
// directory runs code in this process. It is made with mode 0700, and New
// refuses one that others can write to, or could have written.
//
// Every module has a wazero.Runtime of its own, because the limit of memory
// belongs to the runtime; the compiled code is shared between runtimes through
// the cache and counted there.
package wazeroengine

import (
	"context"
	"errors"
	"fmt"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/wasm"
)

// Name is the name of this engine in manifests.
const Name = "wazero"

// Config sets up an engine.
type Config struct {
	// CacheDir keeps machine code; it is made if it does not exist. "" keeps
	// it in memory only.
	CacheDir string
}

// Engine is a wasm.Engine.
type Engine struct {
	cache wazero.CompilationCache
}

// New makes the engine.
func New(c Config) (*Engine, error) {
	if c.CacheDir == "" {
		return &Engine{cache: wazero.NewCompilationCache()}, nil
	}
	if err := private(c.CacheDir); err != nil {
		return nil, err
	}
	cache, err := wazero.NewCompilationCacheWithDir(c.CacheDir)
	if err != nil {
		return nil, problem.New(problem.StoreFailed, "the compilation cache %s cannot be used: %w", c.CacheDir, err)
	}
	return &Engine{cache: cache}, nil
}

// Close frees the shared machine code. The directory stays.
func (e *Engine) Close(ctx context.Context) error { return e.cache.Close(ctx) }

// Compile implements wasm.Engine.
func (e *Engine) Compile(ctx context.Context, b []byte, c wasm.Compile) (_ wasm.Module, err error) {
	m := &module{runtime: wazero.NewRuntimeWithConfig(ctx, e.kept(c).
		WithCoreFeatures(api.CoreFeaturesV2&^api.CoreFeatureSIMD).
		WithMemoryLimitPages(c.MemoryPages).
		WithDebugInfoEnabled(false).
		WithCustomSections(false))}
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", errPanic, r)
		}
		if err != nil {
			err = errors.Join(err, m.Close(context.WithoutCancel(ctx)))
		}
	}()
	if err := m.offer(ctx, c.Imports); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		// Workers look at the context before each function, so only the cache answers.
		ctx = experimental.WithCompilationWorkers(ctx, 2)
	}
	if m.compiled, err = m.runtime.CompileModule(ctx, b); err != nil {
		return nil, err
	}
	return m, nil
}

// kept says where the code goes: with the runtime, if it is to be fresh.
func (e *Engine) kept(c wasm.Compile) wazero.RuntimeConfig {
	if c.Fresh {
		return wazero.NewRuntimeConfig()
	}
	return wazero.NewRuntimeConfig().WithCompilationCache(e.cache)
}

// errPanic marks what would have ended the process.
var errPanic = errors.New("the compiler panicked")

// Panicked reports whether err of Compile is a panic inside of the engine: a
// module that package guard should have refused.
func Panicked(err error) bool { return errors.Is(err, errPanic) }

var _ wasm.Engine = (*Engine)(nil)
