package runtime_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/swapline/swapline/guests/tck/tck"
	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/driver/memdriver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store"
	"github.com/swapline/swapline/runtime/store/faultstore"
)

// strict is a policy that a test need not wait for.
func strict(faults int, share float64) runtime.FaultPolicy {
	return runtime.FaultPolicy{Faults: faults, Share: share, Window: time.Hour}
}

// twice is a host that knows release 1 and serves release 2; both do what the
// input says.
func twice(t testing.TB, change func(*world)) *world {
	w := newWorld(t)
	w.cfg.Withdraw = strict(10, 0.5)
	if change != nil {
		change(w)
	}
	w.open()
	w.deploy(behaving(1, tck.Choose))
	w.deploy(behaving(2, tck.Choose))
	return w
}

// calls runs n calls of one behaviour.
func (w *world) calls(n int, behaviour string) {
	for range n {
		_, _ = w.execute(do(behaviour)) // the answer is not what is tested
	}
}

// becomes waits until a release answers and everything else is closed.
func (w *world) becomes(version string) {
	w.t.Helper()
	eventually(w.t, "the change to "+version, func() bool {
		st := w.status()
		return st.Stable != nil && st.Stable.Version == version
	})
	w.quiet()
}

// faultsUntil lets the strategy fail until a release serves that is not the
// one that served.
func (w *world) faultsUntil(version string) {
	w.t.Helper()
	eventually(w.t, "the withdrawal to "+version, func() bool {
		w.calls(1, tck.Panic)
		return w.status().Stable.Version == version
	})
}

func TestAReleaseWhoseFaultsAreTooManyIsWithdrawn(t *testing.T) {
	var log syncBuffer
	reader := sdkmetric.NewManualReader()
	w := twice(t, func(w *world) {
		w.cfg.Log = slog.New(slog.NewTextHandler(&log, nil))
		w.cfg.Meter = sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
	})
	w.calls(9, tck.Panic)
	w.calls(4, tck.Echo)
	if st := w.status(); st.Generation != 2 || st.Failing != "" {
		t.Fatalf("nine faults are enough: %+v", st)
	}
	w.calls(1, tck.Panic)
	w.becomes("1.0.0")
	st := w.status()
	const reason = "withdrawn: 10 faults in 14 calls within 1h0m0s, allowed are fewer than 10 or less than 50 %"
	last := st.Changes[0]
	if st.Generation != 3 || !st.PreviousWithdrawn || st.Previous.Version != "2.0.0" || st.Problem != "" || st.Failing != "" {
		t.Fatalf("status %+v", st)
	}
	if last.Action != "withdraw" || last.Actor != "swapline" || last.Reason != reason || last.From != st.Previous.Digest || last.To != st.Stable.Digest {
		t.Fatalf("journal %+v", last)
	}
	eventually(t, "the line in the log", func() bool {
		return strings.Contains(log.String(), `msg="release withdrawn" strategy=adder release=2.0.0 digest=`+string(st.Previous.Digest)+` reason="10 faults in 14 calls`)
	})
	var data metricdata.ResourceMetrics
	must(t, reader.Collect(context.Background(), &data))
	if text := fmt.Sprint(data); !strings.Contains(text, "withdraw") {
		t.Fatalf("the metrics do not tell: %s", text)
	}
	w.calls(3, tck.Echo)
	if st := w.status(); st.Requests != 3 || st.Faults != 0 {
		t.Fatalf("the counters go on: %+v", st)
	}
}

// syncBuffer is a log that tests read while it is written.
type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func TestWhatIsNoFaultOfManyCallsWithdrawsNothing(t *testing.T) {
	for name, c := range map[string]struct {
		set  func(*world)
		live func(*world)
	}{
		"business errors": {nil, func(w *world) { w.calls(50, tck.Reject) }},
		"few of many calls": {nil, func(w *world) {
			w.calls(30, tck.Echo)
			w.calls(20, tck.Panic)
		}},
		"turned off": {func(w *world) { w.cfg.Withdraw = runtime.FaultPolicy{Faults: -1} }, func(w *world) { w.calls(50, tck.Panic) }},
		"golden cases of refused releases": {func(w *world) { w.cfg.Withdraw = strict(1, 0.1) }, func(w *world) {
			b := behaving(3, tck.Choose)
			b.Golden = []manifest.GoldenCase{{Name: "panics", Input: do(tck.Panic), Output: map[string]any{}}}
			wantCode(w.t, w.try(b), problem.GoldenCaseFailed)
		}},
		"inputs outside of the domain": {func(w *world) { w.cfg.Withdraw = strict(1, 0.1) }, func(w *world) {
			_, err := w.execute(map[string]any{"behaviour": struct{}{}})
			wantCode(w.t, err, problem.ValueDomain)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w := twice(t, c.set)
			c.live(w)
			must(t, w.rt.Close(context.Background())) // waits for a withdrawal
			w.restart()
			if st := w.status(); st.Generation != 2 || len(st.Changes) != 2 {
				t.Fatalf("status %+v", st)
			}
		})
	}
}

func TestAManifestMayAskForAStricterRule(t *testing.T) {
	w := newWorld(t)
	w.cfg.Withdraw = strict(1000, 1)
	w.open()
	w.deploy(behaving(1, tck.Choose))
	b := behaving(2, tck.Choose)
	b.Withdraw = manifest.Withdraw{Faults: 2, Share: 0.1}
	w.deploy(b)
	w.calls(5, tck.Echo)
	w.calls(2, tck.Panic)
	w.becomes("1.0.0")
}

func TestAStormOfFaultsIsOneWithdrawal(t *testing.T) {
	w := twice(t, nil)
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() { w.calls(20, tck.Panic) })
	}
	all.Wait()
	w.becomes("1.0.0")
	// Faults of release 1 are its own: many calls came after the change.
	withdrawals := 0
	for _, c := range w.status().Changes {
		if c.Action == "withdraw" {
			withdrawals++
		}
	}
	if withdrawals != 1 {
		t.Fatalf("%d withdrawals", withdrawals)
	}
}

func TestAWithdrawnReleaseComesBackOnlyByItsName(t *testing.T) {
	w := twice(t, nil)
	w.calls(10, tck.Panic)
	w.becomes("1.0.0")
	withdrawn := w.status().Previous.Digest
	_, err := w.rt.Rollback(context.Background(), back(""))
	wantCode(t, err, problem.NothingToRollBack)
	w.restart()
	if st := w.status(); st.Stable.Version != "1.0.0" || !st.PreviousWithdrawn || st.Changes[0].Action != "withdraw" {
		t.Fatalf("after a restart: %+v", st)
	}
	// The release before must not bring back what was withdrawn either.
	w.calls(30, tck.Panic)
	eventually(t, "the finding that there is nothing to go back to", func() bool { return w.status().Failing != "" })
	if st := w.status(); st.Generation != 3 || !strings.Contains(st.Failing, "was withdrawn because of its faults") {
		t.Fatalf("status %+v", st)
	}
	for name, change := range map[string]func() (runtime.Outcome, error){
		"switch":   func() (runtime.Outcome, error) { return w.rt.Switch(context.Background(), back("2.0.0")) },
		"rollback": func() (runtime.Outcome, error) { return w.rt.Rollback(context.Background(), back(string(withdrawn))) },
		"deploy": func() (runtime.Outcome, error) {
			list, err := w.store.Release(context.Background(), name, withdrawn)
			must(t, err)
			return w.rt.Deploy(context.Background(), runtime.Upload{Envelope: list.Envelope, Artifact: bytes.NewReader(behaving(2, tck.Choose).artifact)})
		},
	} {
		_, err := change()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if st := w.status(); st.Stable.Digest != withdrawn || st.PreviousWithdrawn {
			t.Fatalf("%s: %+v", name, st)
		}
		w.faultsUntil("1.0.0")
	}
}

func TestAReleaseWithNothingBeforeItServesOn(t *testing.T) {
	w := newWorld(t)
	w.cfg.Withdraw = strict(3, 0.5)
	w.open()
	w.deploy(behaving(1, tck.Choose))
	w.calls(20, tck.Panic)
	eventually(t, "the finding", func() bool { return w.status().Failing != "" })
	st := w.status()
	if st.Generation != 1 || st.Stable.Version != "1.0.0" || st.Problem != "" || !strings.Contains(st.Failing, "3 faults in 3 calls") {
		t.Fatalf("status %+v", st)
	}
	if _, err := w.execute(do(tck.Echo)); err != nil {
		t.Fatal(err)
	}
	w.deploy(behaving(2, tck.Choose))
	if st := w.status(); st.Failing != "" {
		t.Fatalf("the next release inherits %q", st.Failing)
	}
}

func TestAReleaseBeforeThatDoesNotLoadLeavesTheFaultyOne(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*world)
		says  string
	}{
		"its artifact is damaged": {func(w *world) {
			damage(w.t, w.dir, fmt.Sprintf("%x", sha256.Sum256(behaving(1, tck.Choose).artifact)))
		}, string(problem.DigestMismatch)},
		"it was revoked": {func(w *world) {
			before := w.status().Previous.Digest
			w.policy = w.revoking(before)
			w.restart()
		}, string(problem.DigestRevoked)},
	} {
		t.Run(name, func(t *testing.T) {
			w := twice(t, nil)
			c.spoil(w)
			w.calls(20, tck.Panic)
			eventually(t, "the finding", func() bool { return w.status().Failing != "" })
			if st := w.status(); st.Generation != 2 || !strings.Contains(st.Failing, c.says) {
				t.Fatalf("status %+v", st)
			}
			if _, err := w.execute(do(tck.Echo)); err != nil {
				t.Fatal(err)
			}
			w.quiet()
		})
	}
}

// slow is a driver whose loads of one version wait until they may go on.
type slow struct {
	driver.Driver
	version string
	began   chan struct{}
	goOn    chan struct{}
}

func slowly(w *world, version string) *slow {
	s := &slow{w.mem, version, make(chan struct{}, 100), make(chan struct{})}
	w.cfg.Drivers[memdriver.Kind] = s
	return s
}

func (s *slow) Load(ctx context.Context, spec driver.Spec) (driver.Instance, error) {
	if spec.Manifest.Version == s.version {
		s.began <- struct{}{}
		<-s.goOn
	}
	return s.Driver.Load(ctx, spec)
}

func TestAPersonsChangeWinsOverAWithdrawal(t *testing.T) {
	var s *slow
	w := twice(t, func(w *world) { s = slowly(w, "3.0.0") })
	done := make(chan error)
	go func() {
		_, err := w.rt.Deploy(context.Background(), w.upload(behaving(3, tck.Choose)))
		done <- err
	}()
	<-s.began // the person has the turn
	w.calls(20, tck.Panic)
	close(s.goOn)
	must(t, <-done)
	w.becomes("3.0.0")
	w.restart() // waits for the withdrawal
	if st := w.status(); st.Generation != 3 || st.Stable.Version != "3.0.0" || st.PreviousWithdrawn || st.Changes[0].Action != "deploy" {
		t.Fatalf("status %+v", st)
	}
}

func TestAPersonsChangeAfterAWithdrawalGoesOnFromThere(t *testing.T) {
	var s *slow
	w := twice(t, func(w *world) { s = slowly(w, "1.0.0"); close(s.goOn) })
	s.goOn = make(chan struct{})
	<-s.began // of the deploy
	w.calls(20, tck.Panic)
	<-s.began // the withdrawal has the turn
	done := make(chan error)
	go func() {
		up := w.upload(behaving(3, tck.Choose))
		up.IfGeneration = new(uint64(2))
		_, err := w.rt.Deploy(context.Background(), up)
		done <- err
	}()
	close(s.goOn)
	wantCode(t, <-done, problem.StaleGeneration)
	w.becomes("1.0.0")
	w.deploy(behaving(3, tck.Choose))
	if st := w.status(); st.Generation != 4 || st.Previous.Version != "1.0.0" || st.PreviousWithdrawn {
		t.Fatalf("status %+v", st)
	}
}

func TestCloseWaitsForAWithdrawal(t *testing.T) {
	var s *slow
	w := twice(t, func(w *world) { s = slowly(w, "1.0.0"); close(s.goOn) })
	s.goOn = make(chan struct{})
	<-s.began
	w.calls(20, tck.Panic)
	<-s.began
	ended, end := context.WithCancel(context.Background())
	end()
	wantCode(t, w.rt.Close(ended), problem.Canceled)
	closed := make(chan struct{})
	go func() { defer close(closed); w.close() }() // finds what leaked
	close(s.goOn)
	<-closed
}

// lastWord is a log that takes its time with what a withdrawal says at its end.
type lastWord struct {
	slog.Handler
	began, goOn chan struct{}
}

func (lastWord) Enabled(context.Context, slog.Level) bool { return true }

func (l lastWord) WithAttrs([]slog.Attr) slog.Handler { return l }

func (l lastWord) Handle(ctx context.Context, r slog.Record) error {
	if strings.HasPrefix(r.Message, "release withdrawn") {
		close(l.began)
		<-l.goOn
	}
	return l.Handler.Handle(ctx, r)
}

func TestCloseWaitsForAWithdrawalToItsLastWord(t *testing.T) {
	l := lastWord{slog.DiscardHandler, make(chan struct{}), make(chan struct{})}
	w := twice(t, func(w *world) { w.cfg.Log = slog.New(l) })
	w.calls(20, tck.Panic)
	<-l.began
	w.quiet()
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	wantCode(t, w.rt.Close(ctx), problem.Canceled)
	close(l.goOn)
	w.close()
}

// TestAWithdrawalThatFailsAtAnyCallOfTheStoreIsRepeated fails call after call of
// the store. The old release answers until a later fault tries again.
func TestAWithdrawalThatFailsAtAnyCallOfTheStoreIsRepeated(t *testing.T) {
	calls := storeCallsOfAWithdrawal(t)
	for _, after := range []bool{false, true} {
		for n := 1; n <= calls; n++ {
			t.Run(fmt.Sprintf("call %d, after=%v", n, after), func(t *testing.T) {
				t.Parallel()
				withdrawFailing(t, n, after)
			})
		}
	}
}

// storeCallsOfAWithdrawal counts them.
func storeCallsOfAWithdrawal(t *testing.T) int {
	counting := &during{}
	w := twice(t, counting.in)
	faulty := faultstore.New(w.store, 0)
	counting.set(faulty)
	w.calls(10, tck.Panic)
	eventually(t, "the withdrawal", func() bool { return w.mem.Open() == 1 && w.answering() == "1.0.0" })
	w.close()
	if faulty.Calls() < 4 {
		t.Fatalf("a withdrawal asks the store %d times", faulty.Calls())
	}
	return faulty.Calls()
}

// answering is the version that answers, without asking the store.
func (w *world) answering() string {
	resp, err := w.execute(do(tck.Echo))
	if err != nil {
		w.t.Fatalf("nothing answers: %v", err)
	}
	return resp.Release.Version
}

func withdrawFailing(t *testing.T, n int, after bool) {
	switching := &during{}
	w := twice(t, switching.in)
	faulty := faultstore.New(w.store, n)
	if after {
		faulty = faultstore.NewAfter(w.store, n)
	}
	switching.set(faulty)
	eventually(t, "the withdrawal in the end", func() bool {
		w.calls(1, tck.Panic)
		return w.answering() == "1.0.0"
	})
	switching.set(w.store)
	w.quiet()
	before := w.status()
	withdrawals := 0
	for _, c := range before.Changes {
		if c.Action == store.ActionWithdraw {
			withdrawals++
		}
	}
	if withdrawals != 1 || before.Generation != 3 || !before.PreviousWithdrawn {
		t.Fatalf("status %+v", before)
	}
	w.restart()
	if st := w.status(); st.Generation != before.Generation || st.Stable.Digest != before.Stable.Digest || !st.PreviousWithdrawn {
		t.Fatalf("after a restart %+v", st)
	}
}

// during is a store whose calls that a withdrawal makes can be led elsewhere.
type during struct {
	store.Store
	mu    sync.Mutex
	inner store.Store
}

// in puts it before the world's store.
func (d *during) in(w *world) {
	d.Store, d.inner = w.store, w.store
	w.cfg.Store = d
}

func (d *during) set(s store.Store) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.inner = s
}

func (d *during) now() store.Store {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.inner
}

func (d *during) Route(ctx context.Context, strategy string) (store.Route, error) {
	return d.now().Route(ctx, strategy)
}

func (d *during) Release(ctx context.Context, strategy string, digest manifest.Digest) (store.Release, error) {
	return d.now().Release(ctx, strategy, digest)
}

func (d *during) Artifact(ctx context.Context, digest manifest.Digest) (store.Artifact, error) {
	return d.now().Artifact(ctx, digest)
}

func (d *during) Activate(ctx context.Context, a store.Activation) error {
	return d.now().Activate(ctx, a)
}
