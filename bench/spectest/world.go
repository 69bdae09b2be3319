package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/swapline/swapline/runtime/wasm"
	"github.com/swapline/swapline/runtime/wasm/guard"
	"github.com/swapline/swapline/runtime/wasm/meter"
)

// world is one run of a script: its modules, rewritten or not.
type world struct {
	machine  machine
	rewriter rewriter // the zero one leaves modules as they are
	account  meter.Account
	last     *loaded
	named    map[string]*loaded
	offered  map[string]*loaded // registered, by the name for imports
	all      []*loaded
	tally    tally
}

// loaded is a module of a world; module describes it as it was.
type loaded struct {
	instance
	module *guard.Module
}

// tally counts what happened in a world.
type tally struct{ modules, rewritten, run, actions, differs int }

func (t *tally) add(o tally) {
	t.modules += o.modules
	t.rewritten += o.rewritten
	t.run += o.run
	t.actions += o.actions
	t.differs += o.differs
}

func newWorld(m machine, r rewriter) *world {
	return &world{machine: m, rewriter: r, named: map[string]*loaded{}, offered: map[string]*loaded{}}
}

func (w *world) close() {
	for _, l := range w.all {
		l.close()
	}
}

// run returns how the command ends, in words, or "" if it is none that says
// anything about engines and rewriters.
func (w *world) run(s script, c command) (string, error) {
	b, m, err := s.module(c)
	switch {
	case err != nil:
		return "", err
	case m != nil:
		return w.load(b, m, c), nil
	case c.Type == "module":
		w.last = nil // one that package guard refuses
		delete(w.named, c.Name)
	case c.Type == "register":
		w.offered[c.As] = w.of(c.Name)
	case c.Action.Type == "invoke":
		return w.invoke(c), nil
	case c.Action.Type == "get":
		return w.get(c), nil
	}
	return "", nil
}

// of returns the module of that name, or the last one.
func (w *world) of(name string) *loaded {
	if name == "" {
		return w.last
	}
	return w.named[name]
}

func (w *world) load(b []byte, m *guard.Module, c command) string {
	w.tally.modules++
	b, begin, err := w.rewrite(b)
	if err != nil {
		return "not rewritten: " + err.Error()
	}
	l := &loaded{module: m}
	if l.instance, err = w.start(b, m); err != nil {
		return ending(err)
	}
	w.all = append(w.all, l)
	if begin != "" {
		w.refill()
		if err := l.call(begin, nil); err != nil {
			return ending(err)
		}
	}
	w.tally.run++
	if c.Type == "module" {
		w.last, w.named[c.Name] = l, l
	}
	return "module"
}

// rewrite returns what is run instead of a module.
func (w *world) rewrite(b []byte) (_ []byte, begin string, err error) {
	if w.rewriter.rewrite == nil {
		return b, "", nil
	}
	out, err := w.rewriter.rewrite(b)
	if errors.Is(err, errSame) {
		return b, "", nil
	}
	w.tally.rewritten++
	return out, w.rewriter.begin, err
}

// start links a module with what the host of the suite offers, with modules
// that were registered, and with the host of the meter.
func (w *world) start(b []byte, m *guard.Module) (instance, error) {
	imports := []wasm.Import{{Module: meter.ImportModule, Name: meter.ImportName, Type: meter.ImportType(), Call: w.tick}}
	for _, i := range m.Imports {
		call, err := w.imported(i)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(imports, func(o wasm.Import) bool { return o.Module == i.Module && o.Name == i.Name }) {
			imports = append(imports, wasm.Import{Module: i.Module, Name: i.Name, Type: i.Type, Call: call})
		}
	}
	return w.machine.start(b, imports)
}

var errLink = errors.New("an import is missing")

// imported finds an import.
func (w *world) imported(i guard.Import) (func(*wasm.Host, wasm.Memory, []uint64) error, error) {
	if i.Module == "spectest" {
		if params, ok := printers()[i.Name]; !ok || !i.Type.Equal(guard.FuncType{Params: params}) {
			return nil, errLink
		}
		return func(*wasm.Host, wasm.Memory, []uint64) error { return nil }, nil
	}
	from := w.offered[i.Module]
	if from == nil {
		return nil, errLink
	}
	if t, kind, found := from.module.Function(i.Name); !found || kind != guard.ExportFunction || !t.Equal(i.Type) {
		return nil, errLink
	}
	return func(_ *wasm.Host, _ wasm.Memory, stack []uint64) error { return from.call(i.Name, stack) }, nil
}

// printers are the functions of the suite's host.
func printers() map[string][]guard.ValueType {
	return map[string][]guard.ValueType{
		"print": nil, "print_i32": {guard.I32}, "print_i64": {guard.I64}, "print_f32": {guard.F32}, "print_f64": {guard.F64},
		"print_i32_f32": {guard.I32, guard.F32}, "print_f64_f64": {guard.F64, guard.F64},
	}
}

// tick has no deadline: the suite ends by itself.
func (w *world) tick(_ *wasm.Host, _ wasm.Memory, stack []uint64) error {
	fuel, err := w.account.Tick(int64(stack[0]), int64(stack[1]))
	stack[0] = uint64(fuel)
	return err
}

// refill begins a call.
func (w *world) refill() {
	w.account = meter.Account{}
	for _, l := range w.all {
		l.set(meter.DepthGlobal, meter.MaxDepth)
	}
}

func (w *world) invoke(c command) string {
	l := w.of(c.Action.Module)
	if l == nil {
		return ""
	}
	t, kind, found := l.module.Function(c.Action.Field)
	if !found || kind != guard.ExportFunction {
		return "no function"
	}
	if slices.ContainsFunc(slices.Concat(t.Params, t.Results), func(t guard.ValueType) bool { return t == guard.FuncRef || t == guard.ExternRef }) {
		return "" // references do not cross the boundary of engines
	}
	stack := make([]uint64, max(len(t.Params), len(t.Results)))
	for n, a := range c.Action.Args {
		stack[n] = a.bits()
	}
	w.refill()
	if err := l.call(c.Action.Field, stack); err != nil {
		return ending(err)
	}
	results := make([]string, len(t.Results))
	for n, t := range t.Results {
		results[n] = describe(t, stack[n])
	}
	return fmt.Sprint(results)
}

func (w *world) get(c command) string {
	if l := w.of(c.Action.Module); l != nil {
		if v, ok := l.get(c.Action.Field); ok {
			return fmt.Sprint(v)
		}
	}
	return ""
}

// ending names an error in words that all engines share; an exhausted stack has
// two names.
func ending(err error) string {
	text, _, _ := strings.Cut(err.Error(), "\n")
	for _, trap := range []string{"unreachable", "out of bounds memory access", "integer overflow", "integer divide by zero", "invalid conversion to integer",
		"invalid table access", "indirect call type mismatch", "out of bounds table access", "stack overflow"} {
		if strings.Contains(text, trap) {
			return trap
		}
	}
	if errors.Is(err, meter.ErrDepth) || strings.Contains(text, meter.ErrDepth.Error()) {
		return "stack overflow"
	}
	return cmp.Or(map[bool]string{true: "not linked"}[errors.Is(err, errLink)], "refused")
}
