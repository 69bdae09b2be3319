package meter_test

import (
	"context"
	"math"
	"os"
	"testing"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/wasm/meter"
	w "github.com/swapline/swapline/runtime/wasm/wasmtest"
)

// counted is a loop of n rounds: local 1 counts them, the body may use local 0.
func counted(n int32, body ...[]byte) []byte {
	return program(1, 1, w.BodyWith(w.Vec(w.Op(2, i32)), w.Op(0x03, 0x40), w.Join(body...),
		w.Op(0x20, 1), w.I32(1), w.Op(0x6a, 0x22, 1), w.I32(n), w.Op(0x48, 0x0d, 0, 0x0b)))
}

// subject is what a benchmark runs.
type subject struct {
	name   string
	module []byte
	// ready prepares an instance and returns what is measured.
	ready func(b *testing.B, m api.Module) func() error
}

func subjects(b *testing.B) []subject {
	const rounds = 100_000
	arithmetic := w.Join(w.Op(0x20, 0, 0x20, 1), w.I32(31), w.Op(0x6c, 0x6a, 0x21, 0))
	memory := w.Join(w.Op(0x20, 1), w.I32(0xfffc), w.Op(0x71, 0x22, 0, 0x20, 0, 0x28, 2, 0), w.I32(3), w.Op(0x6a, 0x36, 2, 0))
	guest, err := os.ReadFile(w.BuildGo(b, "github.com/swapline/swapline/examples/riskscore/v2"))
	if err != nil {
		b.Fatal(err)
	}
	return []subject{
		{"empty loop", counted(rounds), runs},
		{"arithmetic loop", counted(rounds, arithmetic), runs},
		{"load and store loop", counted(rounds, memory), runs},
		{"tree of calls", tree(16), runs},
		{"fib(20)", fibonacci(20), runs},
		{"Go riskscore", guest, riskscore},
	}
}

func runs(_ *testing.B, m api.Module) func() error {
	f := m.ExportedFunction("run")
	return func() error {
		_, err := f.Call(context.Background())
		return err
	}
}

// riskscore starts the guest and returns one call of Execute.
func riskscore(b *testing.B, m api.Module) func() error {
	input, err := os.ReadFile("../../../examples/riskscore/payment.json")
	if err != nil {
		b.Fatal(err)
	}
	value, err := wire.ParseJSON(input)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := m.ExportedFunction(abi.ExportInitialize).Call(context.Background()); err != nil {
		b.Fatal(err)
	}
	if err := give(m, abi.ExportInit, map[string]any{abi.KeyConfig: map[string]any{}}); err != nil {
		b.Fatal(err)
	}
	return func() error { return give(m, abi.ExportExecute, value) }
}

// give calls an export of the calling convention with an encoded value.
func give(m api.Module, export string, value any) error {
	b, err := wire.Append(nil, value)
	if err != nil {
		return err
	}
	ptr, err := m.ExportedFunction(abi.ExportAlloc).Call(context.Background(), uint64(len(b)))
	if err != nil {
		return err
	}
	m.Memory().Write(uint32(ptr[0]), b)
	_, err = m.ExportedFunction(export).Call(context.Background(), ptr[0], uint64(len(b)))
	return err
}

// BenchmarkCost runs each subject as it is, rewritten, and with wazero's own
// check of the context, in turns. It reports the shortest time as it is and how
// many times longer the others take.
func BenchmarkCost(b *testing.B) {
	config := engines()["compiler"]
	for _, s := range subjects(b) {
		b.Run(s.name, func(b *testing.B) {
			ways := []func() error{
				s.ready(b, open(b, config, s.module)),
				s.ready(b, open(b, config, rewrite(b, s.module))),
				s.ready(b, open(b, config.WithCloseOnContextDone(true), s.module)),
			}
			least := []float64{math.Inf(1), math.Inf(1), math.Inf(1)}
			for b.Loop() {
				for i, f := range ways {
					begun := time.Now()
					if err := f(); err != nil {
						b.Fatal(err)
					}
					least[i] = min(least[i], float64(time.Since(begun)))
				}
			}
			b.ReportMetric(least[0], "ns/plain")
			b.ReportMetric(least[1]/least[0], "metered/plain")
			b.ReportMetric(least[2]/least[0], "own-check/plain")
		})
	}
}

// open instantiates a module that may use WASI.
func open(b *testing.B, c wazero.RuntimeConfig, module []byte) api.Module {
	r := wazero.NewRuntimeWithConfig(context.Background(), c)
	b.Cleanup(func() { _ = r.Close(context.Background()) })
	wasi_snapshot_preview1.MustInstantiate(context.Background(), r)
	offerSwapline(b, r)
	h := &host{}
	h.offer(b, r)
	m, err := r.InstantiateWithConfig(context.Background(), module, wazero.NewModuleConfig().WithName("").WithStartFunctions())
	if err != nil {
		b.Fatal(err)
	}
	if m.ExportedGlobal(meter.DepthGlobal) != nil {
		h.begin(m, 0)
	}
	return m
}

// offerSwapline makes the host's functions known that Go guests import.
func offerSwapline(b *testing.B, r wazero.Runtime) {
	i32, i64 := api.ValueTypeI32, api.ValueTypeI64
	nothing := api.GoFunc(func(context.Context, []uint64) {})
	_, err := r.NewHostModuleBuilder(abi.ImportModule).
		NewFunctionBuilder().WithGoFunction(nothing, []api.ValueType{i32, i32, i32}, nil).Export(abi.ImportLog).
		NewFunctionBuilder().WithGoFunction(nothing, nil, []api.ValueType{i64}).Export(abi.ImportNow).
		Instantiate(context.Background())
	if err != nil {
		b.Fatal(err)
	}
}
