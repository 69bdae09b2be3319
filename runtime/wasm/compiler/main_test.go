package compiler

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/tetratelabs/wazero/experimental"
	"go.uber.org/goleak"

	"github.com/swapline/swapline/runtime/wasm"
	"github.com/swapline/swapline/runtime/wasm/snapshot"
	w "github.com/swapline/swapline/runtime/wasm/wasmtest"
	"github.com/swapline/swapline/runtime/wasm/wazeroengine"
)

// TestMain makes the test binary its own child, which ends at once: the race
// detector waits for a second in os.Exit. Its arguments: ROLE FILE. Every child adds a
// line to the file.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && !strings.HasPrefix(os.Args[1], "-") {
		syscall.Exit(play(os.Args[1], os.Args[2]))
	}
	goleak.VerifyTestMain(m)
}

func sources() []Source {
	return []Source{{Name: "wazero", Version: "1", Open: openWazero}}
}

func openWazero(dir string) (wasm.Engine, error) {
	e, err := wazeroengine.New(wazeroengine.Config{CacheDir: dir})
	return heedful{e}, err
}

// heedful lets the compiler look at its context before each function.
type heedful struct{ wasm.Engine }

func (h heedful) Compile(ctx context.Context, module []byte, c wasm.Compile) (wasm.Module, error) {
	if ctx.Err() != nil {
		ctx = experimental.WithCompilationWorkers(ctx, 2)
	}
	return h.Engine.Compile(ctx, module, c)
}

// shop is a compiler with its folder, for the children of one role.
type shop struct {
	t      testing.TB
	starts string // file with a line for every child
	config Config
}

func newShop(t testing.TB, role string) *shop {
	t.Helper()
	dir := t.TempDir()
	s := &shop{t: t, starts: filepath.Join(dir, "starts")}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	s.config = Config{Dir: filepath.Join(dir, "cache"), Command: []string{self, role, s.starts}}
	return s
}

// open opens an engine on the shop's folder, like a host that was started again.
func (s *shop) open() *engine { return s.openWith(osFiles{}) }

func (s *shop) openWith(f files) *engine {
	s.t.Helper()
	c, err := New(s.config)
	if err != nil {
		s.t.Fatal(err)
	}
	e, err := c.wrap(sources()[0], f)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		if err := e.Close(context.Background()); err != nil {
			s.t.Error(err)
		}
	})
	return e.(*engine)
}

// children is how many were started.
func (s *shop) children() int {
	b, err := os.ReadFile(s.starts)
	if err != nil && !os.IsNotExist(err) {
		s.t.Fatal(err)
	}
	return strings.Count(string(b), "\n")
}

// kept lists the files below a folder of the cache.
func (s *shop) kept(folder string) []string {
	s.t.Helper()
	var list []string
	root := filepath.Join(s.config.Dir, "wazero", folder)
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			list = append(list, path)
		}
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return list
}

// unswept counts what children left.
func (s *shop) unswept() int {
	s.t.Helper()
	list, err := os.ReadDir(filepath.Join(s.config.Dir, "wazero", "work"))
	must(s.t, err)
	return len(list)
}

// seven is a module whose function f answers 7, and no other module with another
// number.
func seven(number int) []byte {
	return w.Module(
		w.Section(1, w.Vec(w.Func("", "i"))),
		w.Section(3, w.Vec(w.U32(0))),
		w.Section(7, w.Vec(w.Join(w.Name("f"), w.Op(0, 0)))),
		w.Section(10, w.Vec(w.Body(w.I32(int32(number)), w.Op(0x1a), w.I32(7)))),
	)
}

// answersSeven runs f of a module.
func answersSeven(t testing.TB, m wasm.Module) {
	t.Helper()
	g, err := m.Instantiate(t.Context(), &wasm.Host{}, (*snapshot.Image)(nil))
	if err != nil {
		t.Fatal(err)
	}
	stack := []uint64{0}
	if err := g.Func("f")(t.Context(), stack); err != nil || stack[0] != 7 {
		t.Errorf("f answers %d, %v", stack[0], err)
	}
	if err := g.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func plain() wasm.Compile { return wasm.Compile{MemoryPages: 16} }

// works compiles a module and runs it.
func works(t testing.TB, e *engine, module []byte) {
	t.Helper()
	m, err := e.Compile(t.Context(), module, plain())
	if err != nil {
		t.Fatal(err)
	}
	answersSeven(t, m)
	if err := m.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func count(path string) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err == nil {
		fmt.Fprintln(f, "started")
		f.Close()
	}
}
