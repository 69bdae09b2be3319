package compiler

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/wasm"
)

// engine is an engine that compiles in children.
type engine struct {
	wasm.Engine
	compiler *Compiler
	source   Source
	store    *store

	mu   sync.Mutex
	busy map[key]chan struct{} // guarded by mu: closed when the compilation is over
}

// Compile implements wasm.Engine.
func (e *engine) Compile(ctx context.Context, module []byte, c wasm.Compile) (wasm.Module, error) {
	if c.Fresh {
		return e.compileFresh(ctx, module, c)
	}
	j := &job{engine: e, key: keyOf(e.source, module), module: module, compile: c, began: time.Now()}
	leave, err := e.enter(ctx, j.key)
	if err != nil {
		return nil, gaveUp(err)
	}
	defer leave()
	release := e.store.hold(j.key)
	m, err := j.run(ctx)
	if err != nil {
		release()
		return nil, err
	}
	return &held{Module: m, release: release}, nil
}

func gaveUp(err error) error {
	return problem.New(problem.Canceled, "gave up while the module was compiled: %w", err)
}

// enter lets one caller at a time work on a module.
func (e *engine) enter(ctx context.Context, k key) (leave func(), err error) {
	for {
		e.mu.Lock()
		other, busy := e.busy[k]
		if !busy {
			mine := make(chan struct{})
			e.busy[k] = mine
			e.mu.Unlock()
			return func() { e.leave(k, mine) }, nil
		}
		e.mu.Unlock()
		select {
		case <-other:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (e *engine) leave(k key, mine chan struct{}) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.busy, k)
	close(mine)
}

// cached takes the module from the engine's cache, and compiles nothing.
func (e *engine) cached(module []byte, c wasm.Compile) (wasm.Module, error) {
	only, end := context.WithCancel(context.Background())
	end()
	m, err := e.Engine.Compile(only, module, c)
	if errors.Is(err, context.Canceled) || errors.Is(err, wasm.ErrInterrupted) {
		return nil, errMissed
	}
	return m, err
}

// errMissed says that the engine's cache has no such module.
var errMissed = errors.New("the module is not in the engine's cache")

// checkEngine warns of an engine that compiles although its context has ended.
// It keeps what the child compiled as well, but a miss would be compiled here.
func (e *engine) checkEngine() {
	m, err := e.cached(tiny(e.store.nonce), wasm.Compile{MemoryPages: 1})
	if errors.Is(err, errMissed) {
		return
	}
	if m != nil {
		err = errors.Join(err, m.Close(context.Background()))
	}
	e.compiler.config.Log.Warn("an engine compiles outside of a child when its cache misses", "engine", e.source.Name, "error", err)
}

// tiny is a module with one function, func() i64, that nobody has compiled: its
// constant differs each time.
func tiny(nonce [9]byte) []byte {
	for i := range nonce {
		nonce[i] |= 0x80 // a LEB128 of ten bytes, whose last is zero
	}
	code := append(append([]byte{0, 0x42}, nonce[:]...), 0, 0x0b)
	return append([]byte("\x00asm\x01\x00\x00\x00"+
		"\x01\x05\x01\x60\x00\x01\x7e"+ // types
		"\x03\x02\x01\x00"+ // functions
		"\x0a\x0f\x01\x0d"), code...)
}

// held is a module whose files are not evicted before it is closed.
type held struct {
	wasm.Module
	release func()
}

// Close implements wasm.Module.
func (h *held) Close(ctx context.Context) error {
	defer h.release()
	return h.Module.Close(ctx)
}

// job is one Compile.
type job struct {
	engine  *engine
	key     key
	module  []byte
	compile wasm.Compile
	began   time.Time
}

func (j *job) report(ctx context.Context, s Stage) {
	j.engine.compiler.config.Progress(ctx, Progress{Engine: j.engine.source.Name, Stage: s, Elapsed: time.Since(j.began)})
}

// run takes the module from the cache, after a child has put it there if need
// be. A seal that the engine does not know what to do with is broken once.
func (j *job) run(ctx context.Context) (wasm.Module, error) {
	for range 2 {
		if ctx.Err() != nil {
			return nil, gaveUp(ctx.Err())
		}
		if !j.engine.store.intact(j.key) {
			if err := j.precompile(ctx); err != nil {
				return nil, err
			}
		}
		j.report(ctx, StageLoading)
		m, err := j.engine.cached(j.module, j.compile)
		if !errors.Is(err, errMissed) {
			return m, err
		}
		j.engine.store.drop(j.key)
	}
	return nil, fmt.Errorf("%w after a child put it there", errMissed)
}

var (
	_ wasm.Engine = (*engine)(nil)
	_ wasm.Module = (*held)(nil)
)
