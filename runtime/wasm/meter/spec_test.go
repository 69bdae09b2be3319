package meter_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/swapline/swapline/runtime/wasm/guard"
	"github.com/swapline/swapline/runtime/wasm/meter"
)

// TestCoreSuite runs the WebAssembly core test suite, which comes with wazero's
// source, twice on each engine: as it is, and with every module rewritten that
// package guard accepts. Each action must end the same way.
func TestCoreSuite(t *testing.T) {
	scripts := suite(t)
	for name, config := range engines() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var sum tally
			for _, path := range scripts {
				sum.add(compare(t, config, path))
			}
			t.Logf("spectest: scripts=%d modules=%d rewritten=%d run=%d actions=%d differs=%d",
				len(scripts), sum.modules, sum.rewritten, sum.run, sum.actions, sum.differs)
			if sum.rewritten < 1000 || sum.actions < 30_000 {
				t.Error("the suite is not there in full")
			}
		})
	}
}

// tally counts what a run of the suite did.
type tally struct{ modules, rewritten, run, actions, differs int }

func (s *tally) add(o tally) {
	s.modules += o.modules
	s.rewritten += o.rewritten
	s.run += o.run
	s.actions += o.actions
	s.differs += o.differs
}

// suite lists the scripts of both versions of the suite.
func suite(t *testing.T) []string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/tetratelabs/wazero").Output()
	if err != nil {
		t.Fatal(err)
	}
	paths, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(out)), "internal/integration_test/spectest/v[12]/testdata/*.json"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no core test suite in wazero's source: %v", err)
	}
	return slices.DeleteFunc(paths, func(p string) bool { return strings.HasPrefix(filepath.Base(p), "simd_") })
}

// script is a file of the suite.
type script struct {
	Commands []command `json:"commands"`
}

type command struct {
	Type       string `json:"type"`
	Line       int    `json:"line"`
	Name       string `json:"name"`
	Filename   string `json:"filename"`
	As         string `json:"as"`
	ModuleType string `json:"module_type"`
	Action     struct {
		Type   string  `json:"type"`
		Module string  `json:"module"`
		Field  string  `json:"field"`
		Args   []value `json:"args"`
	} `json:"action"`
}

type value struct {
	Type  string `json:"type"`
	Value any    `json:"value"`
}

// compare runs one script twice.
func compare(t *testing.T, config wazero.RuntimeConfig, path string) (sum tally) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var s script
	if err := json.Unmarshal(b, &s); err != nil {
		t.Fatal(err)
	}
	plain := newWorld(t, config, nil)
	metered := newWorld(t, config, &sum)
	for _, c := range s.Commands {
		want, got := plain.run(path, c), metered.run(path, c)
		if want == "" {
			continue
		}
		sum.actions++
		if got != want {
			sum.differs++
			t.Errorf("%s:%d: %s %s: %s, without metering %s", filepath.Base(path), c.Line, c.Type, c.Action.Field, got, want)
		}
	}
	return sum
}

// world is one run of a script.
type world struct {
	t       *testing.T
	runtime wazero.Runtime
	host    host
	sum     *tally // nil: nothing is rewritten
	last    api.Module
	named   map[string]api.Module
	all     []api.Module
	source  map[api.Module][]byte
}

func newWorld(t *testing.T, config wazero.RuntimeConfig, sum *tally) *world {
	w := &world{t: t, runtime: wazero.NewRuntimeWithConfig(context.Background(), config), sum: sum, named: map[string]api.Module{}, source: map[api.Module][]byte{}}
	t.Cleanup(func() { _ = w.runtime.Close(context.Background()) })
	w.host.offer(t, w.runtime)
	spectest := w.runtime.NewHostModuleBuilder("spectest")
	for name, params := range map[string]string{"print": "", "print_i32": "i", "print_i64": "I", "print_f32": "f", "print_f64": "F", "print_i32_f32": "if", "print_f64_f64": "FF"} {
		spectest.NewFunctionBuilder().WithGoFunction(api.GoFunc(func(context.Context, []uint64) {}), typesOf(params), nil).Export(name)
	}
	if _, err := spectest.Instantiate(context.Background()); err != nil {
		t.Fatal(err)
	}
	return w
}

func typesOf(letters string) (ts []api.ValueType) {
	for _, c := range letters {
		ts = append(ts, map[rune]api.ValueType{'i': api.ValueTypeI32, 'I': api.ValueTypeI64, 'f': api.ValueTypeF32, 'F': api.ValueTypeF64}[c])
	}
	return ts
}

// run returns how the command ends, in words.
func (w *world) run(path string, c command) string {
	switch {
	case c.Type == "register":
		return w.register(c)
	case c.Filename != "" && c.ModuleType != "text":
		return w.module(filepath.Join(filepath.Dir(path), c.Filename), c)
	case c.Action.Type == "invoke":
		return w.invoke(c)
	case c.Action.Type == "get":
		if m := w.of(c); m != nil && m.ExportedGlobal(c.Action.Field) != nil {
			return fmt.Sprint(m.ExportedGlobal(c.Action.Field).Get())
		}
		return "nothing to get"
	}
	return ""
}

// of returns the module of an action.
func (w *world) of(c command) api.Module {
	if c.Action.Module != "" {
		return w.named[c.Action.Module]
	}
	return w.last
}

// register gives a module a name for imports. wazero gives names when it
// instantiates, so this is a twin of the module with a state of its own.
func (w *world) register(c command) string {
	m := w.last
	if c.Name != "" {
		m = w.named[c.Name]
	}
	m, err := w.runtime.InstantiateWithConfig(context.Background(), w.source[m], wazero.NewModuleConfig().WithName(c.As).WithStartFunctions())
	if err != nil {
		return ending(err)
	}
	w.all = append(w.all, m)
	return "registered"
}

func (w *world) module(path string, c command) string {
	b, err := os.ReadFile(path)
	if err != nil {
		w.t.Fatal(err)
	}
	rewritten := false
	if w.sum != nil {
		w.sum.modules++
		if out, err := meter.Rewrite(b, guard.Limits{}); err == nil {
			w.sum.rewritten++
			b, rewritten = out, true
		}
	}
	m, err := w.runtime.InstantiateWithConfig(context.Background(), b, wazero.NewModuleConfig().WithName(c.As).WithStartFunctions())
	if err != nil {
		return ending(err)
	}
	w.all = append(w.all, m)
	w.source[m] = b
	if rewritten {
		w.sum.run++
	}
	if c.Type == "module" {
		w.last = m
		w.named[c.Name] = m
	}
	return "module"
}

// ending names an error; that the stack is exhausted has two names.
func ending(err error) string {
	text, _, _ := strings.Cut(err.Error(), "\n")
	if strings.Contains(text, "stack overflow") || strings.Contains(text, meter.ErrDepth.Error()) {
		return "stack exhausted"
	}
	for _, trap := range []string{"unreachable", "out of bounds memory access", "integer overflow", "integer divide by zero", "invalid conversion to integer",
		"invalid table access", "indirect call type mismatch", "out of bounds table access"} {
		if strings.Contains(text, trap) {
			return trap
		}
	}
	return "refused"
}

func (w *world) invoke(c command) string {
	m := w.of(c)
	if m == nil {
		return "no module"
	}
	f := m.ExportedFunction(c.Action.Field)
	if f == nil {
		return "no function"
	}
	w.host.account = meter.Account{}
	for _, m := range w.all {
		if m.ExportedGlobal(meter.DepthGlobal) != nil {
			set(m, meter.DepthGlobal, meter.MaxDepth)
		}
	}
	args := make([]uint64, len(c.Action.Args))
	for i, a := range c.Action.Args {
		args[i] = number(a)
	}
	got, err := f.Call(context.Background(), args...)
	if err != nil {
		return ending(err)
	}
	for i, t := range f.Definition().ResultTypes() {
		if t == api.ValueType(guard.FuncRef) {
			got[i] = min(got[i], 1) // an address
		}
	}
	return fmt.Sprint(got)
}

// number is an argument in the form of wazero.
func number(v value) uint64 {
	text, _ := v.Value.(string)
	switch {
	case text == "null":
		return 0
	case strings.HasPrefix(text, "nan"):
		if v.Type == "f32" {
			return uint64(math.Float32bits(float32(math.NaN())))
		}
		return math.Float64bits(math.NaN())
	}
	n, _ := strconv.ParseUint(text, 10, 64)
	if v.Type == "externref" {
		n++
	}
	return n
}
