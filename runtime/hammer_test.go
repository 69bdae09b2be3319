package runtime_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/store"
)

// hammer runs f on n goroutines until stop is called, which waits for them.
func hammer(n int, f func(worker int)) (stop func()) {
	var wg sync.WaitGroup
	var done atomic.Bool
	for worker := range n {
		wg.Go(func() {
			for !done.Load() {
				f(worker)
			}
		})
	}
	return func() { done.Store(true); wg.Wait() }
}

// ledger knows which release each generation serves.
type ledger struct {
	mu       sync.Mutex
	releases map[uint64]string // guarded by mu: generation to digest
}

func (l *ledger) note(o runtime.Outcome) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.releases[o.Generation] = string(o.Release.Digest)
}

// volatile keeps routes in memory, so that a test can switch thousands of times
// without waiting for the disk; releases are stored by the store underneath.
type volatile struct {
	store.Store
	mu    sync.Mutex
	route store.Route // guarded by mu
}

func (v *volatile) Activate(ctx context.Context, a store.Activation) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.route = a.Route
	if _, err := v.Release(ctx, a.Release.Strategy, a.Release.Digest); err == nil {
		return nil
	}
	return v.Put(ctx, a.Release)
}

func (v *volatile) Route(context.Context, string) (store.Route, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.route, nil
}

// TestEveryResponseIsWhollyOfOneRelease switches thousands of times under load.
// A response is wholly of one release if the answer, the release's version and
// digest, and the generation all belong together.
func TestEveryResponseIsWhollyOfOneRelease(t *testing.T) {
	const switches = 2000
	w := newWorld(t)
	w.cfg.Store = &volatile{Store: w.store}
	w.open()
	l := &ledger{releases: map[uint64]string{}}
	digests := map[string]string{}
	for v := 1; v <= 3; v++ {
		out := w.deploy(release(v))
		l.note(out)
		digests[out.Release.Version] = string(out.Release.Digest)
	}
	var requests, mixed, failed atomic.Int64
	var mu sync.Mutex
	served := map[uint64]string{} // guarded by mu: generation to digest, as responses say
	var last [4]uint64
	stop := hammer(len(last), func(worker int) {
		resp, err := w.rt.Execute(context.Background(), name, sum(2, 3))
		requests.Add(1)
		if err != nil {
			failed.Add(1)
			t.Error(err)
			return
		}
		whole := fmt.Sprintf("%v.0.0", resp.Output["version"]) == resp.Release.Version && digests[resp.Release.Version] == string(resp.Release.Digest)
		if !whole || resp.Generation < last[worker] {
			mixed.Add(1)
		}
		last[worker] = resp.Generation
		mu.Lock()
		defer mu.Unlock()
		served[resp.Generation] = string(resp.Release.Digest)
	})
	for n := range switches {
		out, err := w.rt.Rollback(context.Background(), back(fmt.Sprintf("%d.0.0", n%3+1)))
		if err != nil {
			t.Error(err)
			break
		}
		l.note(out)
	}
	stop()
	if mixed.Load() != 0 || failed.Load() != 0 {
		t.Fatalf("%d mixed and %d failed of %d requests", mixed.Load(), failed.Load(), requests.Load())
	}
	for generation, digest := range served {
		if l.releases[generation] != digest {
			t.Fatalf("generation %d answered as %s, published was %s", generation, digest, l.releases[generation])
		}
	}
	w.quiet()
}

// call is one operation of a history: a switch to a version, or, with 0, an
// execute that answers with the version it saw.
type call struct{ to int }

func specification() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return 1 },
		Step: func(state, input, output any) (bool, any) {
			if to := input.(call).to; to != 0 {
				return true, to
			}
			return output.(int) == state.(int), state
		},
	}
}

func TestSwitchAndExecuteAreLinearizable(t *testing.T) {
	w := newWorld(t)
	w.cfg.Store = &volatile{Store: w.store} // the longer a change takes, the longer a history
	w.open()
	w.deploy(release(2))
	up := w.upload(release(3))
	_, err := w.rt.Deploy(context.Background(), up)
	must(t, err)
	_, err = w.rt.Rollback(context.Background(), back("2.0.0"))
	must(t, err)
	for range 5 {
		if r := porcupine.CheckOperationsTimeout(specification(), w.history(), time.Minute); r != porcupine.Ok {
			t.Fatalf("a history is %s", r)
		}
	}
}

// history lets clients execute while another goes to and fro between 2 and 3.
func (w *world) history() []porcupine.Operation {
	start := time.Now()
	var mu sync.Mutex
	ops := []porcupine.Operation{{ClientId: 9, Input: call{2}, Output: 0}} // guarded by mu
	record := func(client int, in call, f func() int) {
		began := time.Since(start).Nanoseconds() + 1
		out := f()
		op := porcupine.Operation{ClientId: client, Input: in, Call: began, Output: out, Return: time.Since(start).Nanoseconds() + 1}
		mu.Lock()
		defer mu.Unlock()
		ops = append(ops, op)
	}
	stop := hammer(3, func(client int) { record(client, call{}, w.serves) })
	for n := range 20 {
		to := 3 - n%2
		record(5, call{to}, func() int {
			if _, err := w.rt.Rollback(context.Background(), back(fmt.Sprintf("%d.0.0", to))); err != nil {
				w.t.Error(err)
			}
			return 0
		})
	}
	stop()
	return ops
}

func TestConcurrentChangesTakeTurns(t *testing.T) {
	w := started(t)
	w.deploy(release(1))
	var wg sync.WaitGroup
	var mu sync.Mutex
	seen := map[uint64]bool{} // guarded by mu
	for v := 2; v <= 9; v++ {
		up := w.upload(release(v))
		wg.Go(func() {
			out, err := w.rt.Deploy(context.Background(), up)
			mu.Lock()
			defer mu.Unlock()
			if err == nil && seen[out.Generation] {
				t.Errorf("generation %d was given twice", out.Generation)
			}
			seen[out.Generation] = true
		})
	}
	wg.Wait()
	w.answers(9)
	w.quiet()
}

func TestTwoStrategiesMayDeployTheSameBytesAtOnce(t *testing.T) {
	w := started(t)
	for round := 1; round <= 20; round++ {
		good, bad := release(round), release(round)
		bad.Name = "other"
		bad.Golden[0].Output = map[string]any{"sum": int64(0)}
		ups := []runtime.Upload{w.upload(good), w.upload(bad)}
		var wg sync.WaitGroup
		for _, up := range ups {
			wg.Go(func() {
				if _, err := w.rt.Deploy(context.Background(), up); (err == nil) != (up.Strategy == name) {
					t.Errorf("deploy of %s: %v", up.Strategy, err)
				}
			})
		}
		wg.Wait()
		w.answers(round)
	}
	w.restart()
	w.answers(20)
}
