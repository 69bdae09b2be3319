package wazeroengine

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/sys"

	"github.com/swapline/swapline/runtime/wasm"
	"github.com/swapline/swapline/runtime/wasm/guard"
	"github.com/swapline/swapline/runtime/wasm/snapshot"
)

// module is a compiled module with the runtime that its guests live in.
type module struct {
	runtime  wazero.Runtime
	compiled wazero.CompiledModule
	hosts    sync.Map // api.Module -> *wasm.Host: whose import is called
}

// hostKey finds the host in the context of a guest that is being instantiated:
// its start function may call imports before the module is known.
type hostKey struct{}

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
		var h *wasm.Host
		if v, ok := m.hosts.Load(caller); ok {
			h = v.(*wasm.Host)
		} else if h, ok = ctx.Value(hostKey{}).(*wasm.Host); !ok {
			panic(errors.New("an import was called by an unknown guest"))
		}
		if err := call(h, memory{caller.Memory()}, stack); err != nil {
			panic(err)
		}
	}
}

// Instantiate implements wasm.Module.
func (m *module) Instantiate(ctx context.Context, h *wasm.Host, image *snapshot.Image) (_ wasm.Guest, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the engine panicked: %v", r)
		}
	}()
	if ctx.Err() != nil {
		return nil, wasm.ErrInterrupted
	}
	if image != nil {
		return nil, errors.New("images are not supported yet")
	}
	config := wazero.NewModuleConfig().WithName("").WithStartFunctions()
	mod, err := m.runtime.InstantiateModule(context.WithValue(ctx, hostKey{}, h), m.compiled, config)
	if err != nil {
		return nil, interrupted(err)
	}
	m.hosts.Store(mod, h)
	return &guest{memory: memory{mod.Memory()}, module: m, instance: mod}, nil
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

// guest is one module instance.
type guest struct {
	memory
	module   *module
	instance api.Module
}

// Func implements wasm.Guest.
func (g *guest) Func(name string) wasm.Func {
	f := g.instance.ExportedFunction(name)
	if f == nil {
		return nil
	}
	return func(ctx context.Context, stack []uint64) error {
		if err := f.CallWithStack(ctx, stack); err != nil {
			return interrupted(err)
		}
		return nil
	}
}

// Global implements wasm.Guest.
func (g *guest) Global(name string) wasm.Global {
	if m, ok := g.instance.ExportedGlobal(name).(api.MutableGlobal); ok {
		return m
	}
	return nil
}

// Freeze implements wasm.Guest.
func (g *guest) Freeze() (*snapshot.Image, error) {
	return nil, errors.New("images are not supported yet")
}

// Restore implements wasm.Guest.
func (g *guest) Restore(*snapshot.Image) error { return errors.New("images are not supported yet") }

// Close implements wasm.Guest.
func (g *guest) Close(ctx context.Context) error {
	g.module.hosts.Delete(g.instance)
	return g.instance.Close(ctx)
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

// memory is wazero's memory; a module without one has a memory of no bytes.
type memory struct{ m api.Memory }

// Read implements wasm.Memory.
func (m memory) Read(ptr, size uint32) ([]byte, bool) {
	if m.m == nil {
		return nil, false
	}
	return m.m.Read(ptr, size)
}

// Write implements wasm.Memory.
func (m memory) Write(ptr uint32, b []byte) bool { return m.m != nil && m.m.Write(ptr, b) }

// Size implements wasm.Memory.
func (m memory) Size() uint32 {
	if m.m == nil {
		return 0
	}
	return m.m.Size()
}

var (
	_ wasm.Module = (*module)(nil)
	_ wasm.Guest  = (*guest)(nil)
)
