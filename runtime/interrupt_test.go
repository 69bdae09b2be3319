package runtime_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store"
)

// fading is a context that ends when it is asked for the n-th time whether it
// has: a caller that goes away at any point at which it matters.
type fading struct {
	context.Context
	end   context.CancelFunc
	left  atomic.Int64
	faded atomic.Bool
}

func newFading(n int) *fading {
	f := &fading{}
	f.Context, f.end = context.WithCancel(context.Background())
	f.left.Store(int64(n))
	return f
}

func (f *fading) Err() error {
	if f.left.Add(-1) == 0 {
		f.faded.Store(true)
		f.end()
	}
	return f.Context.Err()
}

func TestACallerThatGoesAwayAtAnyPointLeavesOldOrNew(t *testing.T) {
	for _, a := range acts() {
		t.Run(a.name, func(t *testing.T) {
			for n := 1; goesAway(t, a, n); n++ {
			}
		})
	}
}

// goesAway runs one act whose caller leaves at the n-th look at the context. It
// reports whether there was such a look.
func goesAway(t *testing.T, a act, n int) bool {
	w := prepared(t)
	w.open()
	files := w.files()
	ctx := newFading(n)
	defer ctx.end()
	err := a.do(ctx, w)
	if err != nil {
		wantCode(t, err, problem.Canceled)
	}
	w.afterFailure(a, err, files)
	w.sameAfterRestart()
	w.close()
	return ctx.faded.Load()
}

// parting is a store whose caller goes away in the moment in which an
// activation became durable.
type parting struct {
	store.Store
	leave func()
	err   error
}

func (p *parting) Activate(ctx context.Context, a store.Activation) error {
	if err := p.Store.Activate(ctx, a); err != nil {
		return err
	}
	p.leave()
	return p.err
}

func TestACallerThatGoesAwayAfterTheCommitIsServedAllTheSame(t *testing.T) {
	for _, said := range []error{nil, problem.New(problem.Canceled, "too late"), context.Canceled} {
		for _, a := range acts() {
			if a.name == "hold" {
				continue
			}
			t.Run(fmt.Sprint(a.name, " ", said), func(t *testing.T) {
				w := prepared(t)
				ctx, leave := context.WithCancel(context.Background())
				defer leave()
				w.cfg.Store = &parting{w.store, leave, said}
				w.open()
				must(t, a.do(ctx, w))
				if got := w.serves(); got != a.want {
					t.Fatalf("release %d answers, want %d", got, a.want)
				}
				w.quiet()
				w.sameAfterRestart()
			})
		}
	}
}

func TestAnOpenThatIsGivenUpLeavesNothing(t *testing.T) {
	w := prepared(t)
	for n := 1; ; n++ {
		ctx := newFading(n)
		rt, err := runtime.Open(ctx, w.cfg)
		ctx.end()
		if err == nil {
			w.rt = rt
			if got := w.serves(); got != 2 {
				t.Fatalf("release %d answers", got)
			}
			return
		}
		wantCode(t, err, problem.Canceled)
		if w.mem.Open() != 0 {
			t.Fatalf("%d instances are left", w.mem.Open())
		}
	}
}

// slowHistory lets changes happen between the look at the route and the look at
// the journal.
type slowHistory struct {
	store.Store
	meanwhile func()
}

func (s slowHistory) Changes(ctx context.Context, strategy string, through uint64, limit int) ([]store.Change, error) {
	s.meanwhile()
	return s.Store.Changes(ctx, strategy, through, limit)
}

func TestAStatusLooksNoFurtherThanItsRoute(t *testing.T) {
	w := prepared(t)
	changes := 0
	w.cfg.Store = slowHistory{w.store, func() {
		for ; changes < 50; changes++ {
			_, err := w.rt.Rollback(context.Background(), back(""))
			must(t, err)
		}
	}}
	w.open()
	st, err := w.rt.Status(context.Background(), name)
	must(t, err)
	if changes != 50 || len(st.Changes) == 0 || st.Changes[0].Generation != st.Generation {
		t.Fatalf("after %d changes: generation %d, journal %+v", changes, st.Generation, st.Changes)
	}
}

// TestAStatusIsOfOneMoment reads the status while changes go on.
func TestAStatusIsOfOneMoment(t *testing.T) {
	w := started(t)
	w.deploy(release(1))
	w.deploy(release(2))
	stop := hammer(2, func(int) {
		st, err := w.rt.Status(context.Background(), name)
		switch {
		case err != nil:
			t.Error(err)
		case st.Stable == nil || st.Previous == nil || st.Stable.Digest == st.Previous.Digest:
			t.Errorf("generation %d: stable %+v, previous %+v", st.Generation, st.Stable, st.Previous)
		case st.Changes[0].Generation != st.Generation || st.Changes[0].To != st.Stable.Digest:
			t.Errorf("generation %d of %s, newest change %+v", st.Generation, st.Stable.Digest, st.Changes[0])
		}
	})
	for range 300 {
		if _, err := w.rt.Rollback(context.Background(), back("")); err != nil {
			t.Error(err)
			break
		}
	}
	stop()
}

// TestCloseDuringChangesLeavesNothing closes while every kind of change is under
// way; world.close counts what is left.
func TestCloseDuringChangesLeavesNothing(t *testing.T) {
	for round := range 20 {
		w := prepared(t)
		w.open()
		var all sync.WaitGroup
		for _, a := range acts() {
			for range 2 {
				all.Go(func() {
					if err := a.do(context.Background(), w); problem.CodeOf(err) == problem.Internal {
						t.Errorf("%s: %v", a.name, err)
					}
				})
			}
		}
		if round%2 == 0 {
			all.Go(func() { w.serveOrEnd() })
		}
		must(t, w.rt.Close(context.Background()))
		all.Wait()
		must(t, w.rt.Close(context.Background()))
		if w.mem.Open() != 0 {
			t.Fatalf("%d instances are left", w.mem.Open())
		}
		w.close()
	}
}

// serveOrEnd executes until the runtime says that it ends.
func (w *world) serveOrEnd() {
	for {
		_, err := w.rt.Execute(context.Background(), name, sum(2, 3))
		if err == nil {
			continue
		}
		if problem.CodeOf(err) != problem.ShuttingDown {
			w.t.Errorf("execute during close: %v", err)
		}
		return
	}
}

// brittle is a driver whose instances panic in one method.
type brittle struct {
	driver.Driver
	in string
}

func (b *brittle) Load(ctx context.Context, spec driver.Spec) (driver.Instance, error) {
	in, err := b.Driver.Load(ctx, spec)
	if err != nil || spec.Manifest.Version == "1.0.0" {
		return in, err
	}
	return &brittleInstance{in, b.in}, nil
}

type brittleInstance struct {
	driver.Instance
	in string
}

func (b *brittleInstance) breakIn(method string) {
	if b.in == method {
		panic("driver bug in " + method)
	}
}

func (b *brittleInstance) ABIVersion() int { b.breakIn("ABIVersion"); return b.Instance.ABIVersion() }

func (b *brittleInstance) Methods() []string { b.breakIn("Methods"); return b.Instance.Methods() }

func (b *brittleInstance) Close(ctx context.Context) error {
	err := b.Instance.Close(ctx)
	b.breakIn("Close")
	return err
}

func TestAPanicOfAnInstanceIsAFailureNotTheEnd(t *testing.T) {
	for _, method := range []string{"ABIVersion", "Methods", "Close"} {
		t.Run(method, func(t *testing.T) {
			w := newWorld(t)
			w.cfg.Drivers = map[manifest.Kind]driver.Driver{"memory": &brittle{w.mem, method}}
			w.open()
			w.deploy(release(1))
			_, err := w.rt.Deploy(context.Background(), w.upload(release(2)))
			if method != "Close" {
				wantCode(t, err, problem.Internal)
				w.answers(1)
			} else {
				must(t, err)
				w.deploy(release(3)) // closes release 2
				w.answers(3)
			}
			w.quiet()
		})
	}
}
