package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/driver/memdriver"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store"
)

// obedient answers with its version, and does what the input asks of that version:
// {"break": v} panics, {"wait": v} waits for the test.
type obedient struct {
	version int64
	of      *orders
}

// orders are what a test tells its strategies besides.
type orders struct {
	refuse  atomic.Int64 // the version whose golden case fails
	fails   atomic.Int64 // the version that does not load
	loading atomic.Pointer[func(version int64)]
	waiting chan struct{} // gets one for each call that waits
	goOn    chan struct{} // closed to let them go
}

func newOrders() *orders {
	return &orders{waiting: make(chan struct{}, 16), goOn: make(chan struct{})}
}

func (o *orders) driver() *memdriver.Driver {
	return memdriver.New(map[string]abi.Constructor{"flaky": func(h abi.Host) (abi.Strategy, error) {
		version, _ := h.Config()["version"].(int64)
		if o.fails.Load() == version {
			return nil, abi.Reject("no_luck", "not today")
		}
		if f := o.loading.Load(); f != nil {
			(*f)(version)
		}
		return &obedient{version, o}, nil
	}})
}

func (s *obedient) Execute(_ context.Context, in map[string]any) (map[string]any, error) {
	if in["golden"] != nil && s.of.refuse.Load() == s.version {
		return map[string]any{}, nil
	}
	if in["break"] == s.version {
		panic("as the input says")
	}
	if in["wait"] == s.version {
		s.of.waiting <- struct{}{}
		<-s.of.goOn
	}
	return map[string]any{"version": s.version}, nil
}

// outage is a store whose changes of routes and rollouts can be made to fail.
type outage struct {
	store.Store
	down    atomic.Bool  // no such change happens
	unknown atomic.Bool  // they happen but report a failure, and nothing can be read
	tries   atomic.Int64 // that failed
}

func (o *outage) change(do func() error) error {
	if o.down.Load() {
		o.tries.Add(1)
		return problem.New(problem.StoreFailed, "the disk is full")
	}
	err := do()
	if err == nil && o.unknown.Load() {
		o.tries.Add(1)
		err = problem.New(problem.StoreFailed, "the disk went away")
	}
	return err
}

func (o *outage) Activate(ctx context.Context, a store.Activation) error {
	return o.change(func() error { return o.Store.Activate(ctx, a) })
}

func (o *outage) RecordRollout(ctx context.Context, c store.RolloutChange) error {
	return o.change(func() error { return o.Store.RecordRollout(ctx, c) })
}

func (o *outage) Rollout(ctx context.Context, strategy string, id uint64) (store.Rollout, error) {
	if o.unknown.Load() && o.tries.Load() > 0 {
		return store.Rollout{}, problem.New(problem.StoreFailed, "the disk went away")
	}
	return o.Store.Rollout(ctx, strategy, id)
}

// reviewWorld serves release 1 of an obedient strategy and holds release 2.
func reviewWorld(t testing.TB) (*world, *orders, *outage) {
	w, o := newWorld(t), newOrders()
	w.mem = o.driver()
	w.cfg = w.config()
	out := &outage{Store: w.store}
	w.cfg.Store = out
	w.open()
	w.deploy(flakyRelease(1, 0))
	w.hold(flakyRelease(2, 0))
	return w, o, out
}

func (w *world) startErr(policy map[string]any) error {
	_, err := w.rt.Rollouts.Start(context.Background(), runtime.RolloutStart{Strategy: name, Release: "2.0.0", Policy: policy})
	return err
}

// broken lets n customers ask release 2 to panic, and counts how often it did.
func (w *world) broken(n int) (faults int) {
	for i := range n {
		_, err := w.rt.Execute(context.Background(), name, map[string]any{"customer": fmt.Sprint(i), "break": int64(2)})
		if p := (*problem.Error)(nil); errors.As(err, &p) && p.Code == problem.FaultPanic {
			faults++
		}
	}
	return faults
}

// staged is a policy of stages that never end by themselves.
func staged(weights ...int64) map[string]any {
	var stages []any
	for _, w := range weights {
		stages = append(stages, map[string]any{"weight": w, "for_s": int64(3600), "calls": int64(10)})
	}
	return half(map[string]any{"stages": stages})
}

// kept compares what the store has with what the runtime says.
func (w *world) kept(s store.Store) {
	w.t.Helper()
	ctx := context.Background()
	route, err := s.Route(ctx, name)
	must(w.t, err)
	st, err := w.rt.Status(ctx, name)
	if err != nil { // a failure that was to come
		st = w.status()
	}
	if st.Generation != route.Generation || st.Stable.Digest != route.Stable {
		w.t.Errorf("serves %s in generation %d, stored is %s in %d", st.Stable.Digest, st.Generation, route.Stable, route.Generation)
	}
	list, err := s.Rollouts(ctx, name, 100)
	must(w.t, err)
	for i, r := range list {
		if (route.Rollout == r.ID) != r.Open() || i > 0 && r.Open() {
			w.t.Errorf("rollout %d, %s, while the route names %d", r.ID, r.Phase, route.Rollout)
		}
	}
	if len(list) == 0 {
		return
	}
	ro, err := w.rt.Rollouts.Get(ctx, name, 0)
	if err != nil {
		ro = w.rollout()
	}
	if ro.ID != list[0].ID || ro.Revision != list[0].Revision || string(ro.Phase) != list[0].Phase {
		w.t.Errorf("rollout %d is %s at revision %d, stored %d is %s at %d", ro.ID, ro.Phase, ro.Revision, list[0].ID, list[0].Phase, list[0].Revision)
	}
	w.journal(s, route.Generation)
}

// journal looks for gaps.
func (w *world) journal(s store.Store, generation uint64) {
	w.t.Helper()
	changes, err := s.Changes(context.Background(), name, store.Newest, 1000)
	must(w.t, err)
	for i, c := range changes {
		if c.Generation != generation-uint64(i) {
			w.t.Fatalf("entry %d of the journal has generation %d of %d", i, c.Generation, generation)
		}
	}
	if list, err := w.rt.Rollouts.Decisions(context.Background(), name, 0); err == nil {
		for i, d := range list {
			if d.Number != uint64(i+1) {
				w.t.Errorf("decision %d has number %d", i+1, d.Number)
			}
		}
	}
}
