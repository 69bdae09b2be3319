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
	lowest  int64 // fuel at a tick
	crumbs  int64 // given beside the account
	crumb   int64 // given at a time, 0 for slices from the account
}

// crumb is a few units: so few that the host is asked at nearly every charge.
const crumb = 7

// mostTicks bounds how often a call that should end may ask.
const mostTicks = 100_000

func (h *host) tick(fuel, depth uint64) (uint64, error) {
	h.ticks++
	h.lowest = min(h.lowest, int64(fuel))
	if h.ctx != nil && h.ctx.Err() != nil {
		return 0, h.ctx.Err()
	}
	if h.crumb > 0 && h.ticks > mostTicks {
		return 0, errors.New("the host is asked without end")
	}
	if h.crumb > 0 && int64(depth) >= 0 {
		give := h.crumb - min(int64(fuel), 0)
		h.crumbs += give
		return fuel + uint64(give), nil
	}
	more, err := h.account.Tick(int64(fuel), int64(depth))
	return uint64(more), err
}

// offer makes the import known to the runtime.
func (h *host) offer(t testing.TB, r wazero.Runtime) {
	t.Helper()
	tick := func(_ context.Context, _ api.Module, stack []uint64) {
		fuel, err := h.tick(stack[0], stack[1])
		if err != nil {
			panic(err)
		}
		stack[0] = fuel
	}
	i64 := api.ValueTypeI64
	_, err := r.NewHostModuleBuilder(meter.ImportModule).NewFunctionBuilder().
		WithGoModuleFunction(api.GoModuleFunc(tick), []api.ValueType{i64, i64}, []api.ValueType{i64}).
		Export(meter.ImportName).Instantiate(context.Background())
	if err != nil {
		t.Fatal(err)
	}
}

// begin prepares a call of at most limit units.
func (h *host) begin(m api.Module, limit int64) {
	set(m, meter.FuelGlobal, uint64(h.account.Begin(limit)))
	set(m, meter.DepthGlobal, meter.MaxDepth)
}

// start is begin for any machine. What crumbs there are count as granted.
func (h *host) start(i instance, supply int) {
	fuel := h.account.Begin(0)
	h.crumb, h.crumbs = 0, 0
	if supply == crumbs {
		h.crumb, h.crumbs = crumb, crumb-fuel
		fuel = crumb
	}
	i.set(meter.FuelGlobal, uint64(fuel))
	i.set(meter.DepthGlobal, meter.MaxDepth)
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
