package main

import (
	"context"

	"github.com/swapline/swapline/runtime/wasm"
)

// memoryPages limits memories: what starts with more, package guard refuses.
const memoryPages = 4096

// machine is what runs modules.
type machine interface {
	start(module []byte, imports []wasm.Import) (instance, error)
}

// instance is a running module.
type instance interface {
	call(export string, stack []uint64) error
	// get reads an exported global; not every machine finds immutable ones.
	get(global string) (uint64, bool)
	set(global string, v uint64)
	close()
}

// engine runs modules as the runtime does.
type engine struct{ wasm.Engine }

func (e engine) start(module []byte, imports []wasm.Import) (instance, error) {
	ctx := context.Background()
	m, err := e.Compile(ctx, module, wasm.Compile{Imports: imports, MemoryPages: memoryPages})
	if err != nil {
		return nil, err
	}
	g, err := m.Instantiate(ctx, nil, nil)
	if err != nil {
		_ = m.Close(ctx)
		return nil, err
	}
	return guest{m, g}, nil
}

type guest struct {
	module wasm.Module
	guest  wasm.Guest
}

func (g guest) call(export string, stack []uint64) error {
	return g.guest.Func(export)(context.Background(), stack)
}

func (g guest) get(global string) (uint64, bool) {
	if v := g.guest.Global(global); v != nil {
		return v.Get(), true
	}
	return 0, false
}

func (g guest) set(global string, v uint64) {
	if to := g.guest.Global(global); to != nil {
		to.Set(v)
	}
}

func (g guest) close() {
	_ = g.guest.Close(context.Background())
	_ = g.module.Close(context.Background())
}
