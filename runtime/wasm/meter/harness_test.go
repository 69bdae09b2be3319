package meter_test

import (
	"context"
	"errors"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/swapline/swapline/runtime/wasm/guard"
	"github.com/swapline/swapline/runtime/wasm/meter"
)

// engines are wazero's compiler and its interpreter, without SIMD as in
// production, and without their own checks of the context.
func engines() map[string]wazero.RuntimeConfig {
	configure := func(c wazero.RuntimeConfig) wazero.RuntimeConfig {
		return c.WithCoreFeatures(api.CoreFeaturesV2 &^ api.CoreFeatureSIMD).WithMemoryLimitPages(1 << 16)
	}
	return map[string]wazero.RuntimeConfig{
		"compiler":    configure(wazero.NewRuntimeConfigCompiler()),
		"interpreter": configure(wazero.NewRuntimeConfigInterpreter()),
	}
}

// host is what stands behind the import: one account, and the context that ends
// calls.
type host struct {
	account meter.Account
	ctx     context.Context
	ticks   int
}

// offer makes the import known to the runtime.
func (h *host) offer(t testing.TB, r wazero.Runtime) {
	t.Helper()
	tick := func(_ context.Context, _ api.Module, stack []uint64) {
		h.ticks++
		if h.ctx != nil && h.ctx.Err() != nil {
			panic(h.ctx.Err())
		}
		fuel, err := h.account.Tick(int64(stack[0]), int64(stack[1]))
		if err != nil {
			panic(err)
		}
		stack[0] = uint64(fuel)
	}
	i64 := api.ValueTypeI64
	_, err := r.NewHostModuleBuilder(meter.ImportModule).NewFunctionBuilder().
		WithGoModuleFunction(api.GoModuleFunc(tick), []api.ValueType{i64, i64}, []api.ValueType{i64}).
		Export(meter.ImportName).Instantiate(context.Background())
	if err != nil {
		t.Fatal(err)
	}
}

// open instantiates a rewritten module.
func (h *host) open(t testing.TB, c wazero.RuntimeConfig, metered []byte) api.Module {
	t.Helper()
	r := wazero.NewRuntimeWithConfig(context.Background(), c)
	t.Cleanup(func() { _ = r.Close(context.Background()) })
	h.offer(t, r)
	m, err := r.InstantiateWithConfig(context.Background(), metered, wazero.NewModuleConfig().WithName("").WithStartFunctions())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// begin prepares a call of at most limit units.
func (h *host) begin(m api.Module, limit int64) {
	set(m, meter.FuelGlobal, uint64(h.account.Begin(limit)))
	set(m, meter.DepthGlobal, meter.MaxDepth)
}

// used is the fuel since begin.
func (h *host) used(m api.Module) int64 {
	return h.account.Used(int64(m.ExportedGlobal(meter.FuelGlobal).Get()))
}

func set(m api.Module, global string, v uint64) {
	m.ExportedGlobal(global).(api.MutableGlobal).Set(v)
}

func rewrite(t testing.TB, module []byte) []byte {
	t.Helper()
	out, err := meter.Rewrite(module, guard.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func isErr(err, target error) bool { return errors.Is(err, target) }
