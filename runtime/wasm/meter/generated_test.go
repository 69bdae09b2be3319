package meter_test

import (
	"crypto/sha256"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"github.com/swapline/swapline/runtime/wasm/guard"
	"github.com/swapline/swapline/runtime/wasm/meter"
)

// modules is how many modules are generated: METER_MODULES, or 1,000.
func modules(t *testing.T) int { return setting(t, "METER_MODULES", 1000) }

// first is the number of the first module: METER_FIRST, or 0. A module depends on
// nothing but its number.
func first(t *testing.T) int { return setting(t, "METER_FIRST", 0) }

// setting is a number above 0 in the environment, or what is usual.
func setting(t *testing.T, name string, usual int) int {
	n, err := strconv.Atoi(os.Getenv(name))
	if err != nil && os.Getenv(name) != "" {
		t.Fatal(err)
	}
	if n > 0 {
		return n
	}
	return usual
}

// TestGeneratedModules: metering changes neither results, traps, memory nor
// globals, and the fuel is the same on every engine. What is right is what the
// interpreter does with the module as it is. What wazero's compiler makes of
// that one is counted only: it is wrong once in some ten thousand modules, see
// the package comment.
func TestGeneratedModules(t *testing.T) {
	const reference = "interpreter"
	runs := machines(t)
	calls, traps, unmetered, ticks := 0, 0, 0, 0
	for i := first(t); i < first(t)+modules(t); i++ {
		plain := generate(uint64(i))
		want := run(t, runs[reference], plain, asIs)
		metered := rewrite(t, plain)
		fuel := run(t, runs[reference], metered, crumbs).fuel
		for name, m := range runs {
			if name == "compiler" && differs(want, run(t, m, plain, asIs)) >= 0 {
				unmetered++
				t.Logf("module %d is wrong on the %s as it is", i, name)
			}
			got := run(t, m, metered, sliced)
			if c := differs(want, got); c >= 0 {
				t.Errorf("module %d on %s, call %d: %s, without metering %s", i, name, c, got.ends[c], want.ends[c])
			}
			if fmt.Sprint(fuel) != fmt.Sprint(got.fuel) {
				t.Errorf("module %d: fuel on %s is %v, in crumbs %v", i, name, got.fuel, fuel)
			}
			ticks += got.ticks
		}
		calls += len(want.ends)
		traps += want.traps
	}
	t.Logf("generated: modules=%d calls=%d traps=%d engines=%d ticks=%d wrong_unmetered=%d", modules(t), calls, traps, len(runs), ticks, unmetered)
	if modules(t) >= 1000 && (traps == 0 || traps > calls/2 || ticks == 0) {
		t.Error("calls should mostly return, sometimes trap and sometimes tick")
	}
}

// outcome is what the calls of a run returned and left behind.
type outcome struct {
	ends         []string
	fuel         []int64
	traps, ticks int
}

// differs returns the first call that ended otherwise, or -1.
func differs(a, b outcome) int {
	for c := range a.ends {
		if a.ends[c] != b.ends[c] {
			return c
		}
	}
	return -1
}

// How a module gets its fuel.
const (
	asIs   = iota // it is not metered
	sliced        // from an account
	crumbs        // in steps of a few units
)

// run calls every function twice, on one instance.
func run(t *testing.T, m machine, module []byte, supply int) (o outcome) {
	parsed, err := guard.Parse(module, guard.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	h := &host{}
	i := m.start(t, module, h)
	defer i.close()
	random := rand.New(rand.NewPCG(1, 2))
	for n := range 2 * len(parsed.Exports) {
		e := parsed.Exports[n/2]
		if e.Kind != guard.ExportFunction {
			continue
		}
		i.set("budget", generatedSteps)
		if supply != asIs {
			h.start(i, supply)
		}
		end, trapped := call(i, e, random)
		if trapped {
			o.traps++
		}
		if supply != asIs {
			o.fuel = append(o.fuel, h.account.Used(int64(i.get(meter.FuelGlobal)))+h.crumbs)
			if d := i.get(meter.DepthGlobal); !trapped && d != meter.MaxDepth {
				t.Errorf("a call that returned leaves the depth %d", int64(d))
			}
		}
		o.ends = append(o.ends, end+left(i))
	}
	o.ticks = h.ticks
	return o
}

func call(i instance, e guard.Export, random *rand.Rand) (end string, trapped bool) {
	args := make([]uint64, len(e.Type.Params))
	for n, t := range e.Type.Params {
		switch args[n] = random.Uint64N(5000); t {
		case guard.F32:
			args[n] = uint64(math.Float32bits(float32(args[n])))
		case guard.F64:
			args[n] = math.Float64bits(float64(args[n]))
		}
	}
	got, err := i.call(e.Name, args, len(e.Type.Results))
	if err != nil {
		return ending(err), true
	}
	for n, t := range e.Type.Results {
		end += " " + describe(t, got[n])
	}
	return end, false
}

// describe leaves out the bits of NaN, which engines may choose.
func describe(t guard.ValueType, v uint64) string {
	switch {
	case t == guard.F32 && math.Float32frombits(uint32(v)) != math.Float32frombits(uint32(v)):
		return "nan"
	case t == guard.F64 && math.IsNaN(math.Float64frombits(v)):
		return "nan"
	case t == guard.I32 || t == guard.F32:
		v = uint64(uint32(v))
	}
	return fmt.Sprint(v)
}

// left describes memory and globals.
func left(i instance) string {
	b := i.memory()
	s := sha256.Sum256(b)
	return fmt.Sprintf(" %d %x %d %d %d", len(b), s[:4], uint32(i.get("budget")), uint32(i.get("x")), i.get("y"))
}
