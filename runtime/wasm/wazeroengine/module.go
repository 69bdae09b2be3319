package wazeroengine

import (
	"context"
	"errors"
	"sync"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
	"github.com/tetratelabs/wazero/sys"

	"github.com/swapline/swapline/runtime/wasm"
	"github.com/swapline/swapline/runtime/wasm/guard"
	"github.com/swapline/swapline/runtime/wasm/snapshot"
)

// module is a compiled module with the runtime that its guests live in.
type module struct {
	runtime  wazero.Runtime
	compiled wazero.CompiledModule
	guests   sync.Map // api.Module -> *guest: whose import is called
}

// guestKey finds the guest in the context of its instantiation: its start
// function may call imports before the module is known.
type guestKey struct{}

// offer builds the host modules.
func (m *module) offer(ctx context.Context, imports []wasm.Import) error {
	builders := map[string]wazero.HostModuleBuilder{}
	for _, i := range imports {
		b, ok := builders[i.Module]
		if !ok {
			b = m.runtime.NewHostModuleBuilder(i.Module)
			builders[i.Module] = b
		}
		b.NewFunctionBuilder().WithGoModuleFunction(m.adapt(i.Call), types(i.Type.Params), types(i.Type.Results)).Export(i.Name)
	}
	for _, b := range builders {
		if _, err := b.Instantiate(ctx); err != nil {
			return err
		}
	}
	return nil
}

func types(ts []guard.ValueType) []api.ValueType {
	out := make([]api.ValueType, len(ts))
	for i, t := range ts {
		out[i] = api.ValueType(t)
	}
	return out
}

// adapt makes a wazero function of an import. A panic is how a host function
// ends the call in wazero.
func (m *module) adapt(call func(*wasm.Host, wasm.Memory, []uint64) error) api.GoModuleFunc {
	return func(ctx context.Context, caller api.Module, stack []uint64) {
		g := m.guest(ctx, caller)
		if err := call(g.host, g, stack); err != nil {
			panic(err)
		}
	}
}

// guest returns whose import is called.
func (m *module) guest(ctx context.Context, caller api.Module) *guest {
	if v, ok := m.guests.Load(caller); ok {
		return v.(*guest)
	}
	g, ok := ctx.Value(guestKey{}).(*guest)
	if !ok {
		panic(errors.New("an import was called by an unknown guest"))
	}
	return g
}

// Instantiate implements wasm.Module.
func (m *module) Instantiate(ctx context.Context, h *wasm.Host, image *snapshot.Image) (_ wasm.Guest, err error) {
	if ctx.Err() != nil {
		return nil, wasm.ErrInterrupted
	}
	g := &guest{module: m, host: h, memory: memory{image: image}}
	defer func() {
		if r := recover(); r != nil {
			err = g.memory.problem(r)
		}
		if err != nil {
			err = errors.Join(err, g.memory.free())
		}
	}()
	config := wazero.NewModuleConfig().WithName("").WithStartFunctions()
	inner := experimental.WithMemoryAllocator(context.WithValue(ctx, guestKey{}, g), &g.memory)
	if g.instance, err = m.runtime.InstantiateModule(inner, m.compiled, config); err != nil {
		return nil, interrupted(err)
	}
	m.guests.Store(g.instance, g)
	return g, nil
}

// Close implements wasm.Module. The compiled module is closed apart from the
// runtime because the code is counted in the shared cache.
func (m *module) Close(ctx context.Context) error {
	err := m.runtime.Close(ctx)
	if m.compiled != nil {
		err = errors.Join(err, m.compiled.Close(ctx))
	}
	return err
}

// interrupted recognises the end of a context.
func interrupted(err error) error {
	var exit *sys.ExitError
	if errors.As(err, &exit) {
		switch exit.ExitCode() {
		case sys.ExitCodeContextCanceled, sys.ExitCodeDeadlineExceeded:
			return wasm.ErrInterrupted
		}
	}
	return err
}

var _ wasm.Module = (*module)(nil)
