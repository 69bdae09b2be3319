package meter_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/swapline/swapline/runtime/wasm/guard"
	"github.com/swapline/swapline/runtime/wasm/meter"
)

// modules is how many modules are generated: METER_MODULES, or 2,000.
func modules(t *testing.T) int {
	n, err := strconv.Atoi(os.Getenv("METER_MODULES"))
	if err != nil && os.Getenv("METER_MODULES") != "" {
		t.Fatal(err)
	}
	if n > 0 {
		return n
	}
	return 2000
}

// TestGeneratedModules: metering changes neither results, traps, memory nor
// globals, and the fuel is the same on both engines.
//
// Of 50,000 modules one differs, number 6175 on the compiler for amd64: see the
// package comment. With the interpreter none does.
func TestGeneratedModules(t *testing.T) {
	const seed = 1
	runs := map[string]*runner{}
	for name, config := range engines() {
		runs[name] = newRunner(t, config)
	}
	calls, traps := 0, 0
	for i := range modules(t) {
		plain := generate(uint64(i)<<8 | seed)
		metered := rewrite(t, plain)
		if _, err := guard.Parse(metered, guard.Limits{}); err != nil {
			t.Fatal(err)
		}
		var fuel map[string][]int64
		for name, r := range runs {
			want, _ := r.run(plain, false)
			got, used := r.run(metered, true)
			for c := range want {
				if want[c] != got[c] {
					t.Errorf("module %d on the %s, call %d: %s, without metering %s", i, name, c, got[c], want[c])
				}
			}
			fuel = compareFuel(t, fmt.Sprintf("module %d", i), fuel, name, used)
		}
		calls += len(fuel["compiler"])
	}
	for _, r := range runs {
		traps += r.traps
	}
	t.Logf("generated: modules=%d calls=%d traps=%d engines=%d ticks=%d", modules(t), calls, traps/4, len(runs), runs["compiler"].host.ticks)
	if traps == 0 || traps/4 > calls/2 {
		t.Error("calls should mostly return, and sometimes trap")
	}
}

func compareFuel(t *testing.T, what string, fuel map[string][]int64, engine string, used []int64) map[string][]int64 {
	t.Helper()
	for other, o := range fuel {
		if fmt.Sprint(o) != fmt.Sprint(used) {
			t.Errorf("%s: fuel on the %s is %v, on the %s %v", what, engine, used, other, o)
		}
	}
	if fuel == nil {
		fuel = map[string][]int64{}
	}
	fuel[engine] = used
	return fuel
}

// runner runs modules on one engine.
type runner struct {
	t       *testing.T
	runtime wazero.Runtime
	host    host
	traps   int
}

func newRunner(t *testing.T, c wazero.RuntimeConfig) *runner {
	r := &runner{t: t, runtime: wazero.NewRuntimeWithConfig(context.Background(), c)}
	t.Cleanup(func() { _ = r.runtime.Close(context.Background()) })
	r.host.offer(t, r.runtime)
	return r
}

// run calls every function twice, on one instance, and describes what each call
// returned and left behind.
func (r *runner) run(module []byte, metered bool) (ends []string, fuel []int64) {
	ctx := context.Background()
	compiled, err := r.runtime.CompileModule(ctx, module)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = compiled.Close(ctx) }()
	m, err := r.runtime.InstantiateModule(ctx, compiled, wazero.NewModuleConfig().WithName(""))
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = m.Close(ctx) }()
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 2 * (len(compiled.ExportedFunctions())) {
		f := m.ExportedFunction(string(rune('a' + i/2)))
		set(m, "budget", generatedSteps)
		if metered {
			r.host.begin(m, 0)
		}
		end, trapped := call(f, random)
		if trapped {
			r.traps++
		}
		if metered {
			fuel = append(fuel, r.host.used(m))
			if d := m.ExportedGlobal(meter.DepthGlobal).Get(); !trapped && d != meter.MaxDepth {
				r.t.Errorf("a call that returned leaves the depth %d", int64(d))
			}
		}
		ends = append(ends, end+left(m))
	}
	return ends, fuel
}

func call(f api.Function, random *rand.Rand) (end string, trapped bool) {
	args := make([]uint64, len(f.Definition().ParamTypes()))
	for i, t := range f.Definition().ParamTypes() {
		if args[i] = random.Uint64N(5000); t == api.ValueTypeF64 {
			args[i] = api.EncodeF64(float64(args[i]))
		}
	}
	got, err := f.Call(context.Background(), args...)
	if err != nil {
		return ending(err), true
	}
	return fmt.Sprint(got), false
}

// left describes memory and globals.
func left(m api.Module) string {
	b, _ := m.Memory().Read(0, m.Memory().Size())
	s := sha256.Sum256(b)
	return fmt.Sprintf(" %d %x %d %d %d", len(b), s[:4], m.ExportedGlobal("budget").Get(), m.ExportedGlobal("x").Get(), m.ExportedGlobal("y").Get())
}
