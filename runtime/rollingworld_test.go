package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/driver/memdriver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/rollout"
)

// flaky answers with its version. As its config says, each n-th call panics or
// takes long.
type flaky struct {
	version, faultEach int64
	calls              atomic.Int64
}

func newFlaky(h abi.Host) (abi.Strategy, error) {
	c := h.Config()
	each, _ := c["fault_each"].(int64)
	return &flaky{version: c["version"].(int64), faultEach: each}, nil
}

func (f *flaky) Execute(_ context.Context, in map[string]any) (map[string]any, error) {
	if n := f.calls.Add(1); f.faultEach > 0 && in["golden"] == nil && n%f.faultEach == 0 {
		panic("as the config says")
	}
	return map[string]any{"version": f.version}, nil
}

// flakyRelease is a release of which each n-th call panics; 0: none.
func flakyRelease(version, faultEach int) build {
	b := release(version)
	b.artifact = fmt.Appendf(nil, "flaky\nversion %d\n", version)
	b.Artifact = artifactOf(b.artifact)
	b.Config = map[string]any{"version": int64(version), "fault_each": int64(faultEach)}
	b.Golden = []manifest.GoldenCase{{Name: "version", Input: map[string]any{"golden": true}, Output: map[string]any{"version": int64(version)}}}
	return b
}

// half is a policy of a test: half of the traffic, then all of it. What comes after is
// judged by its errors and not by its times, which are the machine's.
func half(more map[string]any) map[string]any {
	doc := map[string]any{
		"stages": []any{
			map[string]any{"weight": int64(50), "for_s": 0.2, "calls": int64(50), "hold_s": int64(60)},
			map[string]any{"weight": int64(100), "for_s": 0.2, "calls": int64(50), "hold_s": int64(60)},
		},
		"guards": []any{map[string]any{"name": "errors", "metric": "error_rate", "versus": "stable", "max_increase": int64(0), "tolerance": 0.2}},
		"switch": map[string]any{"max_error_rise": 0.5, "max_p99_ratio": int64(0), "calls": int64(20)}, // fewer than a stage has
		"sticky": map[string]any{"pointer": "/customer"},
	}
	for k, v := range more {
		if doc[k] = v; v == nil {
			delete(doc, k)
		}
	}
	return doc
}

// patient is half with stages that never end by themselves.
func patient() map[string]any {
	return half(map[string]any{"stages": []any{
		map[string]any{"weight": int64(20), "for_s": int64(3600), "calls": int64(50)},
		map[string]any{"weight": int64(60), "for_s": int64(3600), "calls": int64(50)},
		map[string]any{"weight": int64(100), "for_s": int64(3600)},
	}})
}

// rollingWorld serves release 1 and knows release 2, of which each n-th call panics.
func rollingWorld(t testing.TB, faultEach int) *world {
	w := newWorld(t)
	w.mem = newRollingDriver()
	w.cfg = w.config()
	w.open()
	w.deploy(flakyRelease(1, 0))
	w.hold(flakyRelease(2, faultEach))
	return w
}

func newRollingDriver() *memdriver.Driver {
	return memdriver.New(map[string]abi.Constructor{"flaky": newFlaky})
}

func (w *world) start(policy map[string]any) runtime.Rollout {
	w.t.Helper()
	ro, err := w.rt.Rollouts.Start(context.Background(), runtime.RolloutStart{Strategy: name, Release: "2.0.0", Policy: policy, Actor: "ann", Reason: "cheaper"})
	must(w.t, err)
	return ro
}

func (w *world) rollout() runtime.Rollout {
	w.t.Helper()
	ro, err := w.rt.Rollouts.Get(context.Background(), name, 0)
	must(w.t, err)
	return ro
}

func (w *world) command(verb rollout.Verb) (runtime.Rollout, error) {
	return w.rt.Rollouts.Command(context.Background(), runtime.RolloutCommand{Strategy: name, Verb: verb, Actor: "bob", Reason: "because"})
}

// traffic calls the strategy for many customers until it is stopped, and checks
// every answer.
type traffic struct {
	w      *world
	stop   chan struct{}
	wg     sync.WaitGroup
	faults atomic.Int64
	calls  [3]atomic.Int64 // by version
	wrong  atomic.Pointer[string]
}

func (w *world) traffic() *traffic {
	tr := &traffic{w: w, stop: make(chan struct{})}
	for i := range 4 {
		tr.wg.Go(func() { tr.run(i) })
	}
	w.t.Cleanup(tr.end)
	return tr
}

func (tr *traffic) run(lane int) {
	for n := 0; ; n++ {
		select {
		case <-tr.stop:
			return
		default:
			tr.call(fmt.Sprintf("customer-%d-%d", lane, n)) // new ones: a check that is red by chance does not stay so
		}
		if n%50 == 0 {
			time.Sleep(time.Millisecond) // others need the processors, too
		}
	}
}

func (tr *traffic) call(customer string) {
	resp, err := tr.w.rt.Execute(context.Background(), name, map[string]any{"customer": customer})
	var p *problem.Error
	switch {
	case errors.As(err, &p) && p.Code == problem.FaultPanic:
		tr.faults.Add(1)
	case err != nil:
		tr.wrong.Store(new(err.Error()))
	case fmt.Sprintf("%d.0.0", resp.Output["version"]) != resp.Release.Version:
		tr.wrong.Store(new(fmt.Sprintf("%s answered %v", resp.Release.Version, resp.Output)))
	default:
		tr.calls[resp.Output["version"].(int64)].Add(1)
	}
}

func (tr *traffic) end() {
	select {
	case <-tr.stop:
	default:
		close(tr.stop)
	}
	tr.wg.Wait()
	if text := tr.wrong.Load(); text != nil {
		tr.w.t.Errorf("wrong: %s", *text)
	}
}

func (w *world) ends() runtime.Rollout {
	w.t.Helper()
	eventually(w.t, "the end of the rollout", func() bool { return w.rollout().Phase.Ended() })
	return w.rollout()
}

func (w *world) actions() (list []string) {
	for _, c := range w.status().Changes {
		list = append(list, c.Action)
	}
	slices.Reverse(list)
	return list
}

func (w *world) sentences() string {
	w.t.Helper()
	list, err := w.rt.Rollouts.Decisions(context.Background(), name, 0)
	must(w.t, err)
	var b strings.Builder
	for i, d := range list {
		if d.Number != uint64(i+1) {
			w.t.Errorf("decision %d has number %d", i+1, d.Number)
		}
		fmt.Fprintf(&b, "%s %s\n", d.Actor, d.Text)
	}
	return b.String()
}
