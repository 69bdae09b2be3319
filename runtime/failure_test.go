package runtime_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/swapline/swapline/guests/tck/tck"
	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/driver/faultdriver"
	"github.com/swapline/swapline/runtime/driver/memdriver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store"
	"github.com/swapline/swapline/runtime/store/faultstore"
)

// act is a change from a host that serves release 2, knows 1 and holds 3; it
// ends in the version that it names.
type act struct {
	name string
	do   func(context.Context, *world) error
	want int
	adds int // files, if it succeeds
}

func acts() []act {
	return []act{
		{"deploy", func(ctx context.Context, w *world) error {
			_, err := w.rt.Deploy(ctx, w.renewing(validated(4)))
			return err
		}, 4, 1},
		{"hold", func(ctx context.Context, w *world) error {
			up := w.renewing(validated(4))
			up.Hold = true
			_, err := w.rt.Deploy(ctx, up)
			return err
		}, 2, 1},
		{"switch", func(ctx context.Context, w *world) error { _, err := w.rt.Switch(ctx, back("3.0.0")); return err }, 3, 0},
		{"rollback", func(ctx context.Context, w *world) error { _, err := w.rt.Rollback(ctx, back("")); return err }, 1, 0},
	}
}

// validated is a release with a Validate method, so that there is more to fail.
// Its answers echo: see serves.
func validated(version int) build {
	b := behaving(version, tck.ValidateOK)
	b.Methods = []string{"Execute", "Validate"}
	return b
}

// renewing uploads a release that has other methods than those before it.
func (w *world) renewing(b build) runtime.Upload {
	up := w.upload(b)
	up.NewBaseline = true
	return up
}

// prepared is a world on disk that serves 2, knows 1 and holds 3, closed.
func prepared(t testing.TB) *world {
	w := started(t)
	w.deploy(release(1))
	w.deploy(release(2))
	w.hold(release(3))
	w.close()
	w.openStore()
	w.mem = newDriver()
	w.cfg = w.config()
	return w
}

// serves is the version that answers.
func (w *world) serves() int {
	w.t.Helper()
	resp, err := w.rt.Execute(context.Background(), name, sum(2, 3))
	if err != nil {
		w.t.Fatalf("nothing answers: %v", err)
	}
	version := 0
	if _, err := fmt.Sscanf(resp.Release.Version, "%d.0.0", &version); err != nil {
		w.t.Fatal(err)
	}
	if v, ok := resp.Output["version"]; ok && v != int64(version) {
		w.t.Fatalf("release %d answered as %v", version, v)
	}
	return version
}

// quiet waits until only the release that serves is open.
func (w *world) quiet() {
	w.t.Helper()
	eventually(w.t, "the close of what does not serve", func() bool { return w.mem.Open() == 1 })
}

func TestAFailureOfTheStoreAtAnyStepLeavesTheOldRelease(t *testing.T) {
	for _, after := range []bool{false, true} {
		for _, a := range acts() {
			t.Run(fmt.Sprintf("%s/after=%v", a.name, after), func(t *testing.T) {
				for n := 1; storeFails(t, a, n, after); n++ {
				}
			})
		}
	}
}

// storeFails runs one act with call n of the store failing, counted from the
// first after Open. It reports whether there was such a call.
func storeFails(t *testing.T, a act, n int, after bool) bool {
	w := prepared(t)
	opening := faultstore.New(w.store, 0)
	w.cfg.Store = opening
	w.open()
	calls := opening.Calls()
	must(t, w.rt.Close(context.Background()))
	w.mem = newDriver()
	w.cfg = w.config()

	var faulty *faultstore.Store
	if after {
		faulty = faultstore.NewAfter(w.store, calls+n)
	} else {
		faulty = faultstore.New(w.store, calls+n)
	}
	w.cfg.Store = faulty
	w.open()
	files := w.files()
	err := a.do(context.Background(), w)
	reached := faulty.Calls() >= calls+n
	w.afterFailure(a, err, files)
	w.sameAfterRestart()
	w.close()
	return reached
}

// afterFailure checks that exactly one release serves, the right one, and that
// nothing else is left.
func (w *world) afterFailure(a act, err error, files int) {
	w.t.Helper()
	want, more := 2, 0
	if err == nil {
		want, more = a.want, a.adds
	}
	if got := w.serves(); got != want {
		w.t.Fatalf("after %v release %d answers, want %d", err, got, want)
	}
	w.quiet()
	if got := w.files(); got != files+more {
		w.t.Fatalf("after %v %d files, want %d", err, got, files+more)
	}
}

// sameAfterRestart proves that memory and disk tell the same.
func (w *world) sameAfterRestart() {
	w.t.Helper()
	before := w.serves()
	w.cfg.Store = w.store
	w.restart()
	if got := w.serves(); got != before {
		w.t.Fatalf("release %d answers after a restart, %d before", got, before)
	}
}

func TestAFailureOfTheDriverAtAnyStepLeavesTheOldRelease(t *testing.T) {
	for _, a := range acts() {
		t.Run(a.name, func(t *testing.T) {
			for n := 1; driverFails(t, a, n); n++ {
			}
		})
	}
}

// driverFails runs one act with operation n of the driver failing, counted from
// the first after Open. A failed close of the old release comes after the
// change and must not undo it.
func driverFails(t *testing.T, a act, n int) bool {
	const opening = 2 // load and golden case of the stored release
	w := prepared(t)
	faulty := faultdriver.New(w.mem, opening+n)
	w.cfg.Drivers = map[manifest.Kind]driver.Driver{memdriver.Kind: faulty}
	w.open()
	if faulty.Calls() != opening {
		t.Fatalf("open took %d operations", faulty.Calls())
	}
	files := w.files()
	err := a.do(context.Background(), w)
	if err == nil {
		w.quiet()
	}
	failed := faulty.Failed()
	if failed {
		w.afterFailure(a, err, files)
	} else {
		must(t, err)
	}
	if err := w.rt.Close(context.Background()); err != nil && failed {
		t.Fatal(err)
	}
	w.rt = nil
	w.close()
	return failed
}

// lost is a store whose activation happens, reports a failure, and then cannot
// be asked: the worst ambiguous commit.
type lost struct {
	store.Store
	blind bool
}

func (l *lost) Activate(ctx context.Context, a store.Activation) error {
	if a.Route.Generation < 3 {
		return l.Store.Activate(ctx, a)
	}
	l.blind = true
	if err := l.Store.Activate(ctx, a); err != nil {
		return err
	}
	return faultstore.ErrInjected
}

func (l *lost) Route(ctx context.Context, strategy string) (store.Route, error) {
	if l.blind {
		l.blind = false
		return store.Route{}, faultstore.ErrInjected
	}
	return l.Store.Route(ctx, strategy)
}

func TestAnActivationThatCannotBeReadIsCaughtUpWith(t *testing.T) {
	w := newWorld(t)
	w.cfg.Store = &lost{Store: w.store}
	w.open()
	w.deploy(release(1))
	w.deploy(release(2))
	if _, err := w.rt.Deploy(context.Background(), w.upload(release(3))); err == nil {
		t.Fatal("the failure was swallowed")
	}
	w.answers(2)
	_, err := w.rt.Rollback(context.Background(), runtime.Change{Strategy: name, Release: "9.9.9"})
	if err == nil {
		t.Fatal("rolled back to nothing")
	}
	if resp := w.answers(3); resp.Generation != 3 {
		t.Fatalf("generation %d after catching up", resp.Generation)
	}
	w.quiet()
}

// panicking is a driver whose Load panics once it is told to.
type panicking struct {
	driver.Driver
	now bool
}

func (p *panicking) Load(ctx context.Context, spec driver.Spec) (driver.Instance, error) {
	if p.now {
		panic("driver bug")
	}
	return p.Driver.Load(ctx, spec)
}

func TestADriverThatPanicsIsAFailureNotTheEnd(t *testing.T) {
	w := newWorld(t)
	d := &panicking{Driver: w.mem}
	w.cfg.Drivers = map[manifest.Kind]driver.Driver{memdriver.Kind: d}
	w.open()
	w.deploy(release(1))
	d.now = true
	_, err := w.rt.Deploy(context.Background(), w.upload(release(2)))
	wantCode(t, err, problem.Internal)
	w.answers(1)
}
