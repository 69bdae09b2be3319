package compiler

import (
	"context"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/wasm"
	"github.com/swapline/swapline/runtime/wasm/guard"
	w "github.com/swapline/swapline/runtime/wasm/wasmtest"
)

// TestARestartStartsNoChild compiles ten modules, opens the cache again and
// compiles them again.
func TestARestartStartsNoChild(t *testing.T) {
	s := newShop(t, "honest")
	for range 2 {
		e := s.open()
		for i := range 10 {
			works(t, e, seven(i))
		}
		if n := s.children(); n != 10 {
			t.Errorf("%d children, want 10", n)
		}
	}
	if n := s.unswept(); n != 0 {
		t.Errorf("%d folders of children are left", n)
	}
}

// TestTheHostWritesNoMachineCode: all files are those that a child named.
func TestTheHostWritesNoMachineCode(t *testing.T) {
	s := newShop(t, "honest")
	works(t, s.open(), seven(1))
	for _, path := range s.kept("code") {
		must(t, os.Chmod(path, 0o400))
	}
	before := s.kept("code")
	works(t, s.open(), seven(1))
	if after := s.kept("code"); !slices.Equal(before, after) || len(after) != 1 {
		t.Errorf("before %q, after %q", before, after)
	}
}

// TestOneModuleIsCompiledOnce by all that ask for it at the same time.
func TestOneModuleIsCompiledOnce(t *testing.T) {
	s := newShop(t, "honest")
	s.config.Parallel = 4
	e := s.open()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { works(t, e, seven(1)) })
	}
	all.Wait()
	if n := s.children(); n != 1 {
		t.Errorf("%d children, want 1", n)
	}
}

// TestAModuleWithAllImportsWorks: the child knows the imports by their types.
func TestAModuleWithAllImportsWorks(t *testing.T) {
	module := w.Guest{}.Module()
	typ := func(params string) guard.FuncType {
		return guard.FuncType{Params: slices.Repeat([]guard.ValueType{guard.I32}, len(params))}
	}
	none := func(*wasm.Host, wasm.Memory, []uint64) error { return nil }
	c := wasm.Compile{MemoryPages: 16, Imports: []wasm.Import{
		{Module: abi.ImportModule, Name: abi.ImportLog, Type: typ("iii"), Call: none},
		{Module: "wasi_snapshot_preview1", Name: "proc_exit", Type: typ("i"), Call: none},
	}}
	q := ask("wazero", "", Limits{}, c).compile()
	for i, want := range c.Imports {
		if got := q.Imports[i]; got.Module != want.Module || got.Name != want.Name || !got.Type.Equal(want.Type) {
			t.Errorf("import %d became %+v", i, got)
		}
	}
	m, err := newShop(t, "honest").open().Compile(t.Context(), module, c)
	must(t, err)
	g, err := m.Instantiate(t.Context(), &wasm.Host{}, nil)
	must(t, err)
	stack := []uint64{0}
	must(t, g.Func(abi.ExportABIVersion)(t.Context(), stack))
	if stack[0] != abi.Version {
		t.Errorf("version %d", stack[0])
	}
	must(t, m.Close(t.Context()))
}

// TestWhatTheEngineRefusesIsItsOwnWord: a text, not a limit, and nothing is
// kept.
func TestWhatTheEngineRefusesIsItsOwnWord(t *testing.T) {
	s := newShop(t, "honest")
	module := w.Module(w.Section(1, w.Vec(w.Func("", "i"))), w.Section(3, w.Vec(w.U32(0))), w.Section(10, w.Vec(w.Body(w.I64(1)))))
	_, err := s.open().Compile(t.Context(), module, plain())
	if err == nil || problem.CodeOf(err) != problem.Internal || !strings.Contains(err.Error(), "cannot use i64") {
		t.Errorf("err = %v", err)
	}
	if n := len(s.kept("")); n != 0 {
		t.Errorf("%d files are kept", n)
	}
}

// TestProgressIsTold in the order of the work.
func TestProgressIsTold(t *testing.T) {
	s := newShop(t, "honest")
	type mine struct{}
	var got []Stage
	s.config.Progress = func(ctx context.Context, p Progress) {
		if ctx.Value(mine{}) != "deploy 7" || p.Engine != "wazero" || p.Elapsed <= 0 {
			t.Errorf("%v of %+v", ctx, p)
		}
		if len(got) == 0 || got[len(got)-1] != p.Stage {
			got = append(got, p.Stage)
		}
	}
	e, ctx := s.open(), context.WithValue(t.Context(), mine{}, "deploy 7")
	for _, want := range [][]Stage{{StageWaiting, StageCompiling, StageKeeping, StageLoading}, {StageLoading}} {
		got = nil
		m, err := e.Compile(ctx, seven(1), plain())
		must(t, err)
		must(t, m.Close(ctx))
		if !slices.Equal(got, want) {
			t.Errorf("stages %q, want %q", got, want)
		}
	}
}

func TestAFolderThatOthersCanWriteToIsRefused(t *testing.T) {
	s := newShop(t, "honest")
	dir := s.config.Dir + "/wazero"
	must(t, os.MkdirAll(dir, 0o700))
	must(t, os.Chmod(dir, 0o777))
	c, err := New(s.config)
	must(t, err)
	if _, err := c.Wrap(sources()[0]); problem.CodeOf(err) != problem.StoreFailed {
		t.Errorf("err = %v", err)
	}
}

func TestACompilerNeedsItsChild(t *testing.T) {
	for _, c := range []Config{{}, {Dir: "d"}, {Command: []string{"c"}}} {
		if _, err := New(c); err == nil {
			t.Errorf("%+v is accepted", c)
		}
	}
}

// TestAnotherVersionOfAnEngineMakesItsOwn code, and each module has its own.
func TestAnotherVersionOfAnEngineMakesItsOwn(t *testing.T) {
	keys := map[key]bool{}
	for _, s := range []Source{{Name: "a", Version: "1"}, {Name: "a", Version: "2"}, {Name: "b", Version: "1"}, {Name: "a", Version: "1\n"}} {
		for number := range 3 {
			keys[keyOf(s, seven(number))] = true
		}
	}
	if len(keys) != 12 {
		t.Errorf("%d keys, want 12", len(keys))
	}
}

func TestOnlyPlainNamesInsideOfTheCacheAreSealed(t *testing.T) {
	for name, good := range map[string]bool{
		"a": true, "wazero-v1.12.0-amd64-linux/9f86": true, "a/b/c/d": true, "a/b/c/d/e": false,
		"": false, ".": false, "..": false, "../a": false, "a/../b": false, "/a": false, "a//b": false, "a\x00": false, "a b": false, "a\\b": false,
		strings.Repeat("a", maxName): true, strings.Repeat("a", maxName+1): false,
	} {
		if err := checkName(name); (err == nil) != good {
			t.Errorf("%q: %v", name, err)
		}
	}
}
