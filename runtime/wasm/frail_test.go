package wasm_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/wasm"
	"github.com/swapline/swapline/runtime/wasm/snapshot"
	w "github.com/swapline/swapline/runtime/wasm/wasmtest"
)

// frail is an engine whose operation number at fails or panics. It knows what is
// open.
type frail struct {
	wasm.Engine
	panics bool

	mu     sync.Mutex
	at, n  int
	hit    string
	open   map[any]bool
	twice  []any
	images []*snapshot.Image
	starts []context.Context // of Instantiate
}

var errFrail = errors.New("frail")

// step is one operation.
func (f *frail) step(name string) error {
	f.mu.Lock()
	f.n++
	hit := f.n == f.at
	if hit {
		f.hit = name
	}
	f.mu.Unlock()
	if hit && f.panics {
		panic("frail " + name)
	}
	if hit {
		return errFrail
	}
	return nil
}

// sure is an operation that has no error to return.
func (f *frail) sure(name string) {
	if f.panics {
		_ = f.step(name)
	}
}

func (f *frail) opened(c any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.open[c] = true
}

func (f *frail) closed(c any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.open[c] {
		f.twice = append(f.twice, c)
	}
	delete(f.open, c)
}

// heal lets all further operations do.
func (f *frail) heal() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.at = 0
}

// left says what is open, or was closed twice. An image is closed when nobody can
// begin with it.
func (f *frail) left() string {
	for i, image := range f.images {
		if m, err := snapshot.NewMemory(1<<20, image); err == nil {
			_ = m.Free()
			return fmt.Sprintf("image %d is open", i)
		}
	}
	if len(f.open)+len(f.twice) > 0 {
		return fmt.Sprintf("%d open, %d closed twice", len(f.open), len(f.twice))
	}
	return ""
}

func (f *frail) Compile(ctx context.Context, b []byte, c wasm.Compile) (wasm.Module, error) {
	if err := f.step("compile"); err != nil {
		return nil, err
	}
	m, err := f.Engine.Compile(ctx, b, c)
	if err != nil {
		return nil, err
	}
	fm := &frailModule{m, f}
	f.opened(fm)
	return fm, nil
}

type frailModule struct {
	wasm.Module
	of *frail
}

func (m *frailModule) Instantiate(ctx context.Context, h *wasm.Host, i *snapshot.Image) (wasm.Guest, error) {
	m.of.mu.Lock()
	m.of.starts = append(m.of.starts, ctx)
	m.of.mu.Unlock()
	if err := m.of.step("instantiate"); err != nil {
		return nil, err
	}
	g, err := m.Module.Instantiate(ctx, h, i)
	if err != nil {
		return nil, err
	}
	fg := &frailGuest{g, m.of}
	m.of.opened(fg)
	return fg, nil
}

func (m *frailModule) Close(ctx context.Context) error {
	m.of.closed(m)
	return errors.Join(m.Module.Close(ctx), m.of.step("close of a module"))
}

type frailGuest struct {
	wasm.Guest
	of *frail
}

func (g *frailGuest) Func(name string) wasm.Func {
	g.of.sure("func")
	f := g.Guest.Func(name)
	if f == nil {
		return nil
	}
	return func(ctx context.Context, stack []uint64) error {
		if err := g.of.step("call of " + name); err != nil {
			return err
		}
		return f(ctx, stack)
	}
}

func (g *frailGuest) Global(name string) wasm.Global {
	g.of.sure("global")
	return frailGlobal{g.Guest.Global(name), g.of}
}

func (g *frailGuest) Freeze() (*snapshot.Image, error) {
	if err := g.of.step("freeze"); err != nil {
		return nil, err
	}
	i, err := g.Guest.Freeze()
	if err == nil {
		g.of.images = append(g.of.images, i)
	}
	return i, err
}

func (g *frailGuest) Restore(i *snapshot.Image) error {
	if err := g.of.step("restore"); err != nil {
		return err
	}
	return g.Guest.Restore(i)
}

func (g *frailGuest) Close(ctx context.Context) error {
	g.of.closed(g)
	return errors.Join(g.Guest.Close(ctx), g.of.step("close of a guest"))
}

type frailGlobal struct {
	wasm.Global
	of *frail
}

func (g frailGlobal) Get() uint64 {
	g.of.sure("get")
	return g.Global.Get()
}

func (g frailGlobal) Set(v uint64) {
	g.of.sure("set")
	g.Global.Set(v)
}

// frailly makes a driver with a frail engine.
func frailly(t *testing.T, f *frail) driver.Driver {
	t.Helper()
	name, e := engine(t, "")
	f.Engine, f.open = e, map[any]bool{}
	return closed(t, wasm.New(wasm.Config{Engines: map[string]wasm.Engine{name: f}, DefaultEngine: name}))
}

// patient answers the number of its calls, traps in mode 1, rejects in mode 2 and
// has a Validate.
func patient() w.Guest {
	g := w.Guest{Data: [][]byte{
		w.Encoded(abi.StatusRejected, map[string]any{"code": "no", "message": "not today", "details": nil}),
		w.Encoded(abi.StatusOK, nil),
	}}
	g.Modes = [][]byte{w.Op(0), g.Answer(0)}
	g.Validate = g.Answer(1)
	return g
}

// changing is patient and could change its table.
func changing() w.Guest {
	g := patient()
	g.Tables = [][]byte{w.Op(0x70, 1, 4, 64)}
	g.Modes = append(g.Modes, tableChange())
	return g
}

func tableChange() []byte { return w.Join(w.I32(0), w.Op(0xd2, 2, 0x26, 0)) }

// attempt runs f like the runtime does, which survives panics.
func attempt(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return f()
}

// TestNothingIsLeftWhereverAnEngineFails lets each operation of the engine fail
// once, in the load of a release and in calls: nothing stays open, nothing is
// closed twice, calls find nothing of others, and the release answers again.
func TestNothingIsLeftWhereverAnEngineFails(t *testing.T) {
	for name, c := range map[string]struct {
		guest     w.Guest
		isolation string
	}{
		"request":         {patient(), manifest.IsolationRequest},
		"instance":        {patient(), manifest.IsolationInstance},
		"fresh":           {changing(), manifest.IsolationRequest},
		"fresh, instance": {changing(), manifest.IsolationInstance},
	} {
		for _, panics := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, panics %t", name, panics), func(t *testing.T) {
				spec := w.Spec(t, c.guest.Module())
				spec.Manifest.Isolation, spec.Manifest.Limits.Concurrency = c.isolation, 1
				spec.Manifest.Golden = []manifest.GoldenCase{{Name: "count", Input: map[string]any{"mode": int64(0)}}}
				for at := 1; at < 2000; at++ {
					f := &frail{at: at, panics: panics}
					live(t, f, spec)
					if left := f.left(); left != "" {
						t.Fatalf("operation %d, %s: %s", at, f.hit, left)
					}
					if f.hit == "" {
						return
					}
					if t.Failed() {
						t.Fatalf("operation %d was %s", at, f.hit)
					}
				}
				t.Error("there is no end of operations")
			})
		}
	}
}

// live is the life of a release.
func live(t *testing.T, f *frail, spec driver.Spec) {
	d := frailly(t, f)
	var in driver.Instance
	err := attempt(func() (err error) { in, err = d.Load(context.Background(), spec); return err })
	if err != nil {
		if f.hit == "" {
			t.Errorf("load: %v", err)
		}
		return
	}
	var seen []any
	count := func() error {
		out, err := in.Execute(context.Background(), map[string]any{"mode": int64(0)})
		if err == nil {
			seen = append(seen, out["calls"])
		}
		return err
	}
	for range 2 {
		_ = attempt(count)
		_ = attempt(func() error { return in.Validate(context.Background()) })
		for _, mode := range []int64{1, 2} {
			if err := attempt(func() error {
				_, err := in.Execute(context.Background(), map[string]any{"mode": mode})
				return err
			}); err == nil {
				t.Errorf("mode %d answers", mode)
			}
		}
	}
	f.heal()
	for range 3 {
		if err := attempt(count); err != nil {
			t.Errorf("the release does not answer any more: %v", err)
		}
	}
	if s := driver.StatsOf(in); s.InUse != 0 {
		t.Errorf("between calls there is %+v", s)
	}
	if spec.Manifest.Isolation != manifest.IsolationInstance && len(slices.Compact(seen)) != 1 {
		t.Errorf("calls find what others left: %v", seen)
	}
	if wasm.Keeps(in) {
		t.Error("an idle guest keeps something of a call")
	}
	if err := in.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

// TestAModuleThatDoesNotCloseIsReported and everything else is closed.
func TestAModuleThatDoesNotCloseIsReported(t *testing.T) {
	for _, panics := range []bool{false, true} {
		f := &frail{panics: panics}
		in, err := frailly(t, f).Load(context.Background(), w.Spec(t, patient().Module()))
		if err != nil {
			t.Fatal(err)
		}
		f.at = f.n + 2 // behind the guest
		if err := in.Close(context.Background()); err == nil || f.hit != "close of a module" || f.left() != "" {
			t.Errorf("close: %v after %s; %s", err, f.hit, f.left())
		}
	}
}

// TestAReleaseThatIsClosedDuringACallLosesNothing although the runtime does not
// do that.
func TestAReleaseThatIsClosedDuringACallLosesNothing(t *testing.T) {
	g := patient()
	g.Modes = append(g.Modes, w.Op(0x03, 0x40, 0x0c, 0, 0x0b))
	f := &frail{}
	in, err := frailly(t, f).Load(context.Background(), w.Spec(t, g.Module()))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		_, err := in.Execute(ctx, map[string]any{"mode": int64(3)})
		done <- err
	}()
	for driver.StatsOf(in).InUse == 0 {
		time.Sleep(time.Millisecond)
	}
	if err := in.Close(context.Background()); err == nil {
		t.Error("nobody is told about the call")
	}
	cancel()
	if err := <-done; err == nil {
		t.Error("the call has an answer")
	}
	if left := f.left(); left != "" {
		t.Error(left)
	}
	if _, err := in.Execute(context.Background(), nil); err == nil {
		t.Error("a closed release answers")
	}
	if s := driver.StatsOf(in); s != (driver.Stats{}) {
		t.Errorf("there is %+v", s)
	}
}

// TestAGuestStartsForAllCalls: not with the deadline of the one that needs it.
func TestAGuestStartsForAllCalls(t *testing.T) {
	f := &frail{}
	name, e := engine(t, "")
	f.Engine, f.open = e, map[any]bool{}
	d := closed(t, wasm.New(wasm.Config{Engines: map[string]wasm.Engine{name: f}, DefaultEngine: name, StartTimeout: time.Hour}))
	in, err := d.Load(context.Background(), w.Spec(t, patient().Module()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := in.Execute(context.Background(), map[string]any{"mode": int64(1)}); err == nil {
		t.Fatal("no trap")
	}
	type key struct{}
	ctx, cancel := context.WithTimeout(context.WithValue(context.Background(), key{}, 7), time.Minute)
	defer cancel()
	own, _ := ctx.Deadline()
	if _, err := in.Execute(ctx, map[string]any{"mode": int64(0)}); err != nil {
		t.Fatal(err)
	}
	last := f.starts[len(f.starts)-1]
	if at, ok := last.Deadline(); !ok || !at.After(own.Add(time.Minute)) || last.Value(key{}) != 7 {
		t.Errorf("a guest starts until %v, the call ends at %v", at, own)
	}
	if err := in.Close(context.Background()); err != nil {
		t.Error(err)
	}
}
