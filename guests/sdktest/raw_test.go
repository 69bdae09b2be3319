package sdktest_test

import (
	"context"
	"encoding/binary"
	"errors"
	"maps"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
)

// guest is a module under a host of this package's own: it takes any bytes, and
// its host has every capability.
type guest struct {
	tb      testing.TB
	runtime wazero.Runtime
	code    wazero.CompiledModule
	module  api.Module
	alloc   api.Function
	execute api.Function
	host    *fakeHost
	stack   [3]uint64
}

// openGuest instantiates a module and gives it a config.
func openGuest(tb testing.TB, m module, config map[string]any) *guest {
	tb.Helper()
	ctx := context.Background()
	g := &guest{tb: tb, runtime: wazero.NewRuntime(ctx), host: &fakeHost{state: map[string]any{}}}
	tb.Cleanup(func() { _ = g.runtime.Close(ctx) })
	b, err := os.ReadFile(m.path)
	if err != nil {
		tb.Fatal(err)
	}
	if err := g.host.instantiate(ctx, g.runtime); err != nil {
		tb.Fatal(err)
	}
	if g.code, err = g.runtime.CompileModule(ctx, b); err != nil {
		tb.Fatal(err)
	}
	g.start(config)
	return g
}

// start makes a fresh instance.
func (g *guest) start(config map[string]any) {
	g.tb.Helper()
	ctx := context.Background()
	var err error
	names := wazero.NewModuleConfig().WithName("").WithStartFunctions("_initialize")
	if g.module, err = g.runtime.InstantiateModule(ctx, g.code, names); err != nil {
		g.tb.Fatal(err)
	}
	g.alloc, g.execute = g.module.ExportedFunction(abi.ExportAlloc), g.module.ExportedFunction(abi.ExportExecute)
	status, body, err := g.call(g.module.ExportedFunction(abi.ExportInit), encoded(g.tb, map[string]any{abi.KeyConfig: config}))
	if err != nil || status != abi.StatusOK {
		g.tb.Fatalf("init: status %d, %q, %v", status, body, err)
	}
}

var errOutside = errors.New("outside of the memory")

// call sends bytes to f. The body is the guest's memory.
func (g *guest) call(f api.Function, in []byte) (status byte, body []byte, err error) {
	g.stack[0] = uint64(len(in))
	if err := g.alloc.CallWithStack(context.Background(), g.stack[:]); err != nil {
		return 0, nil, err
	}
	at := uint32(g.stack[0])
	if at == 0 || !g.module.Memory().Write(at, in) {
		return 0, nil, errOutside
	}
	g.stack[0], g.stack[1] = uint64(at), uint64(len(in))
	if err := f.CallWithStack(context.Background(), g.stack[:]); err != nil {
		return 0, nil, err
	}
	body, ok := g.module.Memory().Read(uint32(g.stack[0]>>32), uint32(g.stack[0]))
	if !ok || len(body) == 0 {
		return 0, nil, errOutside
	}
	return body[0], body[1:], nil
}

func encoded(tb testing.TB, v any) []byte {
	tb.Helper()
	b, err := wire.Append(nil, v)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// fakeHost offers the imports and writes down what it was asked.
type fakeHost struct {
	asked []string // each request as JSON
	state map[string]any
	reply []byte
}

func (h *fakeHost) instantiate(ctx context.Context, r wazero.Runtime) error {
	b := r.NewHostModuleBuilder(abi.ImportModule)
	i32, i64 := api.ValueTypeI32, api.ValueTypeI64
	define := func(name string, params, results []api.ValueType, f func(m api.Memory, stack []uint64)) {
		b.NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(func(_ context.Context, m api.Module, stack []uint64) {
			f(m.Memory(), stack)
		}), params, results).Export(name)
	}
	define("log", []api.ValueType{i32, i32, i32}, nil, func(m api.Memory, stack []uint64) {
		h.note("log "+levelName(int32(uint32(stack[0]))), h.read(m, stack[1:]))
	})
	define("now", nil, []api.ValueType{i64}, func(_ api.Memory, stack []uint64) { stack[0] = 1_700_000_000_000_000_001 })
	define("random", []api.ValueType{i32, i32}, nil, func(m api.Memory, stack []uint64) {
		m.Write(uint32(stack[0]), []byte("chance")[:min(6, uint32(stack[1]))])
	})
	define("reply", []api.ValueType{i32}, nil, func(m api.Memory, stack []uint64) { m.Write(uint32(stack[0]), h.reply) })
	for name, answer := range map[string]func(map[string]any) (any, any){"emit": h.emit, "state": h.keep, "http": h.http} {
		define(name, []api.ValueType{i32, i32}, []api.ValueType{i64}, func(m api.Memory, stack []uint64) {
			request, _ := h.read(m, stack).(map[string]any)
			h.note(name, request)
			code, value := answer(request)
			h.reply, _ = wire.Append(nil, []any{code, value})
			stack[0] = uint64(len(h.reply))
		})
	}
	if _, err := b.Instantiate(ctx); err != nil {
		return err
	}
	return h.wasi(ctx, r)
}

// wasi offers standard error only.
func (h *fakeHost) wasi(ctx context.Context, r wazero.Runtime) error {
	b := r.NewHostModuleBuilder("wasi_snapshot_preview1")
	b.NewFunctionBuilder().WithFunc(func(_ context.Context, m api.Module, file, vectors, count, _ uint32) uint32 {
		list, _ := m.Memory().Read(vectors, 8*count)
		text := ""
		for ; len(list) >= 8; list = list[8:] {
			b, _ := m.Memory().Read(binary.LittleEndian.Uint32(list), binary.LittleEndian.Uint32(list[4:]))
			text += string(b)
		}
		h.asked = append(h.asked, "stderr "+text)
		return 0
	}).Export("fd_write")
	_, err := b.Instantiate(ctx)
	return err
}

func levelName(n int32) string {
	return map[int32]string{-4: "debug", 0: "info", 4: "warn", 8: "error"}[n]
}

// read decodes what a guest gives; anything wrong becomes an error as value.
func (h *fakeHost) read(m api.Memory, stack []uint64) any {
	b, ok := m.Read(uint32(stack[0]), uint32(stack[1]))
	if !ok {
		return errOutside.Error()
	}
	v, err := wire.Decode(b)
	if err != nil {
		return err.Error()
	}
	return v
}

func (h *fakeHost) note(what string, v any) {
	text, err := wire.AppendJSON(nil, v)
	if err != nil {
		text = []byte(err.Error())
	}
	h.asked = append(h.asked, what+" "+string(text))
}

func (h *fakeHost) emit(request map[string]any) (code, value any) {
	if request["type"] == "forbidden" {
		return "capability_denied", "this event is not granted"
	}
	return nil, nil
}

func (h *fakeHost) keep(request map[string]any) (code, value any) {
	if key, ok := request["put"].(string); ok {
		h.state[key] = request["value"]
		return nil, nil
	}
	if key, ok := request["delete"].(string); ok {
		delete(h.state, key)
		return nil, nil
	}
	key, _ := request["get"].(string)
	v, found := h.state[key]
	return nil, map[string]any{"value": v, "found": found}
}

func (h *fakeHost) http(request map[string]any) (code, value any) {
	headers, _ := request["headers"].(map[string]any)
	return nil, map[string]any{"status": int64(200), "body": []byte("pong"),
		"headers": map[string]any{"seen": int64(len(slices.Collect(maps.Keys(headers))))}}
}

// random values, with the edges far more likely than chance would make them.
const maxHalf = 65504

func edgeFloats() []float64 {
	return []float64{0, math.Copysign(0, -1), 1, -1.5, 0.1, maxHalf, maxHalf + 8, math.MaxFloat32, -math.MaxFloat32, math.MaxFloat64,
		math.SmallestNonzeroFloat64, math.SmallestNonzeroFloat32, 1.0 / (1 << 24), 1.0 / (1 << 25), 1.0 / (1 << 14), 3.0 / (1 << 24),
		1023.0 / (1 << 24), float64(float32(0.1)), 1 + 1.0/(1<<10), 1 + 1.0/(1<<11), 16777216, 16777217, 3.4028235677973366e38}
}
