package wazeroengine_test

import (
	"context"
	"os"
	"testing"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/wasm"
	"github.com/swapline/swapline/runtime/wasm/guard"
	"github.com/swapline/swapline/runtime/wasm/guestbuild"
	"github.com/swapline/swapline/runtime/wasm/snapshot"
	"github.com/swapline/swapline/runtime/wasm/wazeroengine"
)

// subject is a compiled module with what a host needs to keep its guests' state.
type subject struct {
	t        testing.TB
	module   wasm.Module
	prepared snapshot.Prepared
}

// call is what an import does.
type call = func(*wasm.Host, wasm.Memory, []uint64) error

// compile prepares a module. Its imports are those of a small WASI.
func compile(t testing.TB, module []byte) *subject {
	t.Helper()
	return compileWith(t, module, nil)
}

// compileWith gives all imports one meaning.
func compileWith(t testing.TB, module []byte, c call) *subject {
	t.Helper()
	p, err := snapshot.Prepare(module, guard.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return &subject{t, compileModule(t, p.Module, c), p}
}

func compileAsIs(t testing.TB, module []byte) wasm.Module {
	t.Helper()
	return compileModule(t, module, nil)
}

// small returns zeros, which is success, but for what keeps Go from starting.
func small(name string) call {
	return func(_ *wasm.Host, m wasm.Memory, stack []uint64) error {
		if name == "clock_time_get" {
			m.Write(uint32(stack[2]), []byte{1})
		}
		clear(stack)
		if name == "fd_prestat_get" {
			stack[0] = 8 // no such file
		}
		return nil
	}
}

func compileModule(t testing.TB, module []byte, c call) wasm.Module {
	t.Helper()
	described, err := guard.Parse(module, guard.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	var imports []wasm.Import
	for _, i := range described.Imports {
		imports = append(imports, wasm.Import{Module: i.Module, Name: i.Name, Type: i.Type, Call: c})
		if c == nil {
			imports[len(imports)-1].Call = small(i.Name)
		}
	}
	e, err := wazeroengine.New(wazeroengine.Config{})
	if err != nil {
		t.Fatal(err)
	}
	m, err := e.Compile(context.Background(), module, wasm.Compile{Imports: imports, MemoryPages: 1024})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(context.Background()); err != nil {
			t.Error(err)
		}
		if err := e.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return m
}

// state is what a guest was frozen with.
type state struct {
	image   *snapshot.Image
	globals []uint64
}

// guest makes a guest and closes it at the end of the test.
func (s *subject) guest(image *snapshot.Image) wasm.Guest {
	s.t.Helper()
	g, err := s.module.Instantiate(context.Background(), nil, image)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { s.close(g) })
	return g
}

func (s *subject) close(g wasm.Guest) {
	if err := g.Close(context.Background()); err != nil {
		s.t.Error(err)
	}
}

func (s *subject) call(g wasm.Guest, name string, stack ...uint64) uint64 {
	s.t.Helper()
	stack = append(stack, 0)
	if err := g.Func(name)(context.Background(), stack); err != nil {
		s.t.Fatalf("%s: %v", name, err)
	}
	return stack[0]
}

// freeze keeps the state of a guest.
func (s *subject) freeze(g wasm.Guest) *state {
	s.t.Helper()
	i, err := g.Freeze()
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		if err := i.Close(); err != nil {
			s.t.Error(err)
		}
	})
	return &state{i, s.globals(g)}
}

func (s *subject) globals(g wasm.Guest) (values []uint64) {
	for _, name := range s.prepared.Globals {
		values = append(values, g.Global(name).Get())
	}
	return values
}

// thaw sets the globals.
func (s *subject) thaw(g wasm.Guest, st *state) {
	for i, name := range s.prepared.Globals {
		g.Global(name).Set(st.globals[i])
	}
}

// restore brings the state back.
func (s *subject) restore(g wasm.Guest, st *state) {
	s.t.Helper()
	if err := g.Restore(st.image); err != nil {
		s.t.Fatal(err)
	}
	s.thaw(g, st)
}

// riskscore is the strategy of that name as a Go guest.
func riskscore(t testing.TB) []byte {
	t.Helper()
	r, err := guestbuild.Build(context.Background(), guestbuild.Config{Dir: "../../../examples/riskscore/v2", Output: t.TempDir() + "/riskscore.wasm"})
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(r.Path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// ready takes a Go guest through the calls that come first.
func (s *subject) ready(g wasm.Guest) {
	s.t.Helper()
	s.call(g, snapshot.FillExport)
	s.call(g, abi.ExportInitialize)
	s.execute(g, abi.ExportInit, map[string]any{"config": config()})
	for range 20 {
		s.execute(g, abi.ExportExecute, payment())
	}
}

func config() map[string]any {
	amounts := map[string]any{"EUR": int64(50000), "GBP": int64(43000), "JPY": int64(8000000), "USD": int64(55000)}
	return map[string]any{"review_at": int64(40), "decline_at": int64(70), "high_amount": amounts, "high_amount_default": int64(500),
		"high_risk_countries": []any{"IR", "KP", "MM"}, "night_from": int64(1), "night_to": int64(5)}
}

func payment() map[string]any {
	return map[string]any{"amount": int64(12999), "currency": "EUR", "mcc": "5732", "merchant_country": "FR", "card_country": "DE",
		"time": "2026-03-01T12:15:00Z", "card_utc_offset_minutes": int64(60), "card_present": false,
		"velocity": map[string]any{"count_1h": int64(1), "count_24h": int64(2), "amount_24h": int64(5400)}}
}

// execute passes a value and returns the answer.
func (s *subject) execute(g wasm.Guest, export string, in any) []byte {
	s.t.Helper()
	b, err := wire.Append(nil, in)
	if err != nil {
		s.t.Fatal(err)
	}
	room := uint32(s.call(g, abi.ExportAlloc, uint64(len(b))))
	if !g.Write(room, b) {
		s.t.Fatal("no room")
	}
	answer := s.call(g, export, uint64(room), uint64(len(b)))
	out, ok := g.Read(uint32(answer>>32), uint32(answer))
	if !ok || len(out) == 0 || out[0] != abi.StatusOK {
		s.t.Fatalf("%s answers %q", export, out)
	}
	return append([]byte(nil), out...)
}
