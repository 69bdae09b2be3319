package snapshot_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/swapline/swapline/runtime/wasm"
	"github.com/swapline/swapline/runtime/wasm/guard"
	"github.com/swapline/swapline/runtime/wasm/meter"
	"github.com/swapline/swapline/runtime/wasm/snapshot"
	"github.com/swapline/swapline/runtime/wasm/wazeroengine"
)

// budget of a call: some functions of the suite never end.
const budget = 200_000

// runner runs metered modules and describes what they do.
type runner struct {
	t       testing.TB
	engine  *wazeroengine.Engine
	account meter.Account
}

func newRunner(t testing.TB) *runner {
	t.Helper()
	e, err := wazeroengine.New(wazeroengine.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close(context.Background()) })
	return &runner{t: t, engine: e}
}

// subject is a compiled module. Its imports return zeros.
type subject struct {
	*runner
	described *guard.Module // the original
	module    wasm.Module
	globals   []string
}

// compile meters and compiles a module.
func (r *runner) compile(module []byte, original *guard.Module, globals []string) (*subject, error) {
	metered, err := meter.Rewrite(module, guard.Limits{})
	if err != nil {
		return nil, err
	}
	imports := []wasm.Import{{Module: meter.ImportModule, Name: meter.ImportName, Type: meter.ImportType(), Call: r.tick}}
	seen := map[string]bool{}
	for _, i := range original.Imports {
		if key := fmt.Sprintf("%q %q", i.Module, i.Name); !seen[key] {
			seen[key] = true
			imports = append(imports, wasm.Import{Module: i.Module, Name: i.Name, Type: i.Type, Call: zeros})
		}
	}
	m, err := r.engine.Compile(context.Background(), metered, wasm.Compile{Imports: imports, MemoryPages: 300})
	if err != nil {
		return nil, err
	}
	return &subject{r, original, m, globals}, nil
}

func (r *runner) tick(_ *wasm.Host, _ wasm.Memory, stack []uint64) error {
	fuel, err := r.account.Tick(int64(stack[0]), int64(stack[1]))
	stack[0] = uint64(fuel)
	return err
}

func zeros(_ *wasm.Host, _ wasm.Memory, stack []uint64) error {
	clear(stack)
	return nil
}

func (s *subject) close() {
	if err := s.module.Close(context.Background()); err != nil {
		s.t.Error(err)
	}
}

// guest makes a guest. It has the state of a module that was instantiated, or
// there is an ending.
func (s *subject) guest(image *snapshot.Image, prepared bool) (wasm.Guest, string) {
	s.account = meter.Account{}
	g, err := s.module.Instantiate(context.Background(), nil, image)
	if err != nil {
		return nil, ending(err)
	}
	if !prepared || image != nil {
		return g, ""
	}
	if err := g.Func(snapshot.FillExport)(context.Background(), nil); err != nil {
		s.end(g)
		return nil, ending(err)
	}
	return g, ""
}

func (s *subject) end(g wasm.Guest) {
	if err := g.Close(context.Background()); err != nil {
		s.t.Error(err)
	}
}

// round calls every exported function of the original and describes what each
// answered, used and left behind.
func (s *subject) round(g wasm.Guest) (ends []string) {
	ends = []string{s.left(g)}
	for _, e := range s.described.Exports {
		if e.Kind == guard.ExportFunction {
			ends = append(ends, e.Name+": "+s.call(g, e)+" "+s.left(g))
		}
	}
	return ends
}

func (s *subject) call(g wasm.Guest, e guard.Export) string {
	g.Global(meter.FuelGlobal).Set(uint64(s.account.Begin(budget)))
	g.Global(meter.DepthGlobal).Set(meter.MaxDepth)
	stack := make([]uint64, max(len(e.Type.Params), len(e.Type.Results)))
	for i := range e.Type.Params {
		stack[i] = 3
		if t := e.Type.Params[i]; t == guard.FuncRef || t == guard.ExternRef {
			stack[i] = 0
		}
	}
	if err := g.Func(e.Name)(context.Background(), stack); err != nil {
		return ending(err)
	}
	for i, t := range e.Type.Results {
		if t == guard.FuncRef {
			stack[i] = min(stack[i], 1) // an address
		}
	}
	return fmt.Sprint(stack[:len(e.Type.Results)], s.account.Used(int64(g.Global(meter.FuelGlobal).Get())))
}

// left describes memory and globals.
func (s *subject) left(g wasm.Guest) string {
	b, _ := g.Read(0, g.Size())
	sum := sha256.Sum256(b)
	text := fmt.Sprintf("%d %x", len(b), sum[:4])
	for _, e := range s.described.Exports {
		if global := g.Global(e.Name); e.Kind == guard.ExportGlobal && global != nil {
			text += fmt.Sprint(" ", global.Get())
		}
	}
	return text
}

// ending names an error.
func ending(err error) string {
	text, _, _ := strings.Cut(err.Error(), "\n")
	for _, trap := range []error{meter.ErrSpent, meter.ErrDepth} {
		if errors.Is(err, trap) {
			return trap.Error()
		}
	}
	for _, trap := range []string{"unreachable", "out of bounds memory access", "integer overflow", "integer divide by zero", "invalid conversion to integer",
		"invalid table access", "indirect call type mismatch", "out of bounds table access", "stack overflow"} {
		if strings.Contains(text, trap) {
			return trap
		}
	}
	return text
}

// values reads the globals of a prepared guest.
func (s *subject) values(g wasm.Guest) (vs []uint64) {
	for _, name := range s.globals {
		vs = append(vs, g.Global(name).Get())
	}
	return vs
}

func (s *subject) set(g wasm.Guest, vs []uint64) {
	for i, name := range s.globals {
		g.Global(name).Set(vs[i])
	}
}
