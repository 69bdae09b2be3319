package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/bench/risk"
	"github.com/swapline/swapline/runtime/wasm/guard"
	"github.com/swapline/swapline/runtime/wasm/meter"
)

// way is how a module is stopped when it runs too long.
type way string

const (
	asIs     way = "as-is"     // not at all
	metered  way = "metered"   // as releases are
	ownCheck way = "own-check" // by the engine
)

// bare is a module on the engine without anything around it.
type bare struct {
	runtime wazero.Runtime
	module  api.Module
	account meter.Account

	alloc, run api.Function
	input      []byte
	stack      [2]uint64
}

// instantiate makes a module ready to be called.
func instantiate(ctx context.Context, module []byte, w way) (_ *bare, err error) {
	if w == metered {
		if module, err = meter.Rewrite(module, guard.Limits{}); err != nil {
			return nil, err
		}
	}
	config := wazero.NewRuntimeConfigCompiler().WithCoreFeatures(api.CoreFeaturesV2 &^ api.CoreFeatureSIMD)
	b := &bare{runtime: wazero.NewRuntimeWithConfig(ctx, config.WithCloseOnContextDone(w == ownCheck))}
	if err = b.offer(ctx); err == nil {
		b.module, err = b.runtime.InstantiateWithConfig(ctx, module, wazero.NewModuleConfig().WithName("").WithStartFunctions())
	}
	if err != nil {
		return nil, errors.Join(err, b.close(ctx))
	}
	b.begin()
	return b, nil
}

// offer makes known what the guests import.
func (b *bare) offer(ctx context.Context) error {
	i32, i64 := api.ValueTypeI32, api.ValueTypeI64
	nothing := api.GoFunc(func(context.Context, []uint64) {})
	tick := api.GoFunc(func(_ context.Context, stack []uint64) {
		granted, err := b.account.Tick(int64(stack[0]), int64(stack[1]))
		if err != nil {
			panic(err)
		}
		stack[0] = uint64(granted)
	})
	if _, err := wasi_snapshot_preview1.Instantiate(ctx, b.runtime); err != nil {
		return err
	}
	if _, err := b.runtime.NewHostModuleBuilder(abi.ImportModule).
		NewFunctionBuilder().WithGoFunction(nothing, []api.ValueType{i32, i32, i32}, nil).Export(abi.ImportLog).
		NewFunctionBuilder().WithGoFunction(nothing, nil, []api.ValueType{i64}).Export(abi.ImportNow).
		Instantiate(ctx); err != nil {
		return err
	}
	_, err := b.runtime.NewHostModuleBuilder(meter.ImportModule).
		NewFunctionBuilder().WithGoFunction(tick, []api.ValueType{i64, i64}, []api.ValueType{i64}).Export(meter.ImportName).
		Instantiate(ctx)
	return err
}

// begin gives the module the fuel of one call, if it is metered.
func (b *bare) begin() {
	if fuel, ok := b.module.ExportedGlobal(meter.FuelGlobal).(api.MutableGlobal); ok {
		fuel.Set(uint64(b.account.Begin(0)))
		b.module.ExportedGlobal(meter.DepthGlobal).(api.MutableGlobal).Set(meter.MaxDepth)
	}
}

func (b *bare) close(ctx context.Context) error { return b.runtime.Close(ctx) }

// openBare makes a strategy ready for calls of execute.
func openBare(ctx context.Context, module []byte, release *risk.Release, w way) (*bare, error) {
	b, err := instantiate(ctx, module, w)
	if err != nil {
		return nil, err
	}
	b.alloc = b.module.ExportedFunction(abi.ExportAlloc)
	if err := b.construct(ctx, release); err != nil {
		return nil, errors.Join(err, b.close(ctx))
	}
	b.run = b.module.ExportedFunction(abi.ExportExecute)
	b.input, err = wire.Append(nil, release.Input)
	return b, err
}

func (b *bare) construct(ctx context.Context, release *risk.Release) error {
	if f := b.module.ExportedFunction(abi.ExportInitialize); f != nil {
		if _, err := f.Call(ctx); err != nil {
			return err
		}
	}
	var err error
	if b.input, err = wire.Append(nil, map[string]any{abi.KeyConfig: release.Config}); err != nil {
		return err
	}
	b.run = b.module.ExportedFunction(abi.ExportInit)
	return b.execute(ctx)
}

// execute sends the input and looks at the answer's status.
func (b *bare) execute(ctx context.Context) error {
	b.begin()
	b.stack[0] = uint64(len(b.input))
	if err := b.alloc.CallWithStack(ctx, b.stack[:]); err != nil {
		return err
	}
	b.module.Memory().Write(uint32(b.stack[0]), b.input)
	b.stack[1] = uint64(len(b.input))
	if err := b.run.CallWithStack(ctx, b.stack[:]); err != nil {
		return err
	}
	if status, ok := b.module.Memory().ReadByte(uint32(b.stack[0] >> 32)); !ok || status != abi.StatusOK {
		return fmt.Errorf("status %d", status)
	}
	return nil
}
