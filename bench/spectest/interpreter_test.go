package main

import (
	"context"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/swapline/swapline/runtime/wasm"
	"github.com/swapline/swapline/runtime/wasm/guard"
)

// interpreter is the one of wazero, which the runtime does not use.
type interpreter struct{}

func (interpreter) start(module []byte, imports []wasm.Import) (instance, error) {
	ctx := context.Background()
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter().WithCoreFeatures(api.CoreFeaturesV2&^api.CoreFeatureSIMD).WithMemoryLimitPages(memoryPages))
	for name, functions := range byModule(imports) {
		b := r.NewHostModuleBuilder(name)
		for _, f := range functions {
			b.NewFunctionBuilder().WithGoFunction(imported(f), types(f.Type.Params), types(f.Type.Results)).Export(f.Name)
		}
		if _, err := b.Instantiate(ctx); err != nil {
			return nil, err
		}
	}
	m, err := r.InstantiateWithConfig(ctx, module, wazero.NewModuleConfig().WithName("").WithStartFunctions())
	if err != nil {
		_ = r.Close(ctx)
		return nil, err
	}
	return interpreted{r, m}, nil
}

func byModule(imports []wasm.Import) map[string][]wasm.Import {
	by := map[string][]wasm.Import{}
	for _, i := range imports {
		by[i.Module] = append(by[i.Module], i)
	}
	return by
}

func imported(f wasm.Import) api.GoFunc {
	return func(_ context.Context, stack []uint64) {
		if err := f.Call(nil, nil, stack); err != nil {
			panic(err)
		}
	}
}

func types(ts []guard.ValueType) []api.ValueType {
	out := make([]api.ValueType, len(ts))
	for i, t := range ts {
		out[i] = api.ValueType(t)
	}
	return out
}

type interpreted struct {
	runtime wazero.Runtime
	module  api.Module
}

func (i interpreted) call(export string, stack []uint64) error {
	return i.module.ExportedFunction(export).CallWithStack(context.Background(), stack)
}

func (i interpreted) get(global string) (uint64, bool) {
	if g := i.module.ExportedGlobal(global); g != nil {
		return g.Get(), true
	}
	return 0, false
}

func (i interpreted) set(global string, v uint64) {
	if g, ok := i.module.ExportedGlobal(global).(api.MutableGlobal); ok {
		g.Set(v)
	}
}

func (i interpreted) close() { _ = i.runtime.Close(context.Background()) }
