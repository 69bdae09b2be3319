package runtime_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/breaker"
	"github.com/swapline/swapline/runtime/driver/memdriver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/rollout"
)

// illness is how a release does; tests change it while it serves.
type illness struct {
	calls  atomic.Int64
	faults atomic.Int64 // every call of this number panics; 0 for none
	lasts  atomic.Int64 // nanoseconds of each call
	load   atomic.Pointer[func() error]
}

// golden is the key of the golden case. It is answered also by who is ill, since how
// many calls there were before a load is up to chance.
const golden = "golden"

// ailing is a strategy that is as ill as the test wants. It answers its version and
// the input's key.
type ailing struct {
	*illness
	version int64
}

func (a ailing) Execute(ctx context.Context, in map[string]any) (map[string]any, error) {
	n := a.calls.Add(1)
	if d := time.Duration(a.lasts.Load()); d > 0 {
		select {
		case <-time.After(d):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if every := a.faults.Load(); every > 0 && n%every == 0 && in["key"] != golden {
		panic("ill")
	}
	if in["no"] != nil {
		return nil, abi.Reject("no", "the input asks for it")
	}
	return map[string]any{"version": a.version, "key": in["key"]}, nil
}

// clinic is a host whose stable release has a breaker.
type clinic struct {
	*world
	ill [6]*illness // by version
}

// everyTenth is a tenth of all calls: too many for the breaker, and too few to be
// withdrawn for.
const everyTenth = 10

// quick is a policy under which a test need not wait: enough calls come fast, and
// the breaker rests for a moment. Its window is long enough for slow machines.
func quick(fallback ...rollout.Fallback) *rollout.Policy {
	p := rollout.Bare()
	p.Sticky = rollout.Sticky{Pointer: "/key"}
	p.Breaker = rollout.Breaker{FaultRate: 0.05, Window: time.Minute, Calls: 40, Open: time.Millisecond, Probes: 3, Fallback: fallback}
	return p
}

// lasting is quick with a breaker that stays open.
func lasting(fallback ...rollout.Fallback) *rollout.Policy {
	p := quick(fallback...)
	p.Breaker.Open = time.Hour
	return p
}

var (
	previous    = rollout.Fallback{Kind: rollout.FallbackPrevious}
	static      = rollout.Fallback{Kind: rollout.FallbackStatic, Output: map[string]any{"static": true, "list": []any{int64(1)}}}
	lastGood    = rollout.Fallback{Kind: rollout.FallbackLastGood, Keep: 100, MaxAge: time.Hour}
	unavailable = rollout.Fallback{Kind: rollout.FallbackUnavailable}
)

func newClinic(t testing.TB, policy *rollout.Policy, change func(*clinic)) *clinic {
	c := &clinic{world: newWorld(t)}
	for i := range c.ill {
		c.ill[i] = new(illness)
	}
	c.mem = memdriver.New(map[string]abi.Constructor{"tck": c.construct})
	c.cfg = c.config()
	c.cfg.Rollout = policy
	if change != nil {
		change(c)
	}
	c.open()
	return c
}

func (c *clinic) construct(h abi.Host) (abi.Strategy, error) {
	version := h.Config()["version"].(int64)
	if load := c.ill[version].load.Load(); load != nil {
		if err := (*load)(); err != nil {
			return nil, err
		}
	}
	return ailing{c.ill[version], version}, nil
}

func treated(version int) build {
	b := release(version)
	b.Golden = []manifest.GoldenCase{{Name: "key", Input: map[string]any{"key": golden}, Output: map[string]any{"version": int64(version), "key": golden}}}
	return b
}

func (c *clinic) keyed(key any) (runtime.Response, error) {
	return c.execute(map[string]any{"key": key})
}

// keyedText is keyed for a caller with JSON.
func (c *clinic) keyedText(key string) (runtime.Response, error) {
	return c.rt.ExecuteText(context.Background(), name, fmt.Appendf(nil, `{"key":%q}`, key), []byte("prefix:"))
}

// until calls the strategy until its breaker is in a phase.
func (c *clinic) until(phase breaker.Phase) {
	c.t.Helper()
	eventually(c.t, "the phase "+string(phase), func() bool {
		for range 10 {
			_, _ = c.keyed("load") // ill as it is
		}
		return c.breaker().State == phase
	})
}

func (c *clinic) breaker() runtime.Breaker {
	c.t.Helper()
	b := c.status().Breaker
	if b == nil {
		c.t.Fatal("there is no breaker")
	}
	return *b
}

// types lists what happened to the breaker.
func (c *clinic) types() (list []string) {
	c.t.Helper()
	happened, _, _ := c.rt.Rollouts.Happenings(name, 0)
	for _, h := range happened {
		if what, is := strings.CutPrefix(h.Type, "breaker."); is {
			list = append(list, what)
		}
	}
	return list
}

// opened is a host with releases 1 and 2, of which the second is ill, and an open
// breaker.
func opened(t testing.TB, policy *rollout.Policy) *clinic {
	c := newClinic(t, policy, nil)
	c.deploy(treated(1))
	c.deploy(treated(2))
	for _, key := range []string{"a", "b"} {
		_, err := c.keyed(key)
		must(t, err)
	}
	c.ill[2].faults.Store(everyTenth)
	c.until(breaker.Open)
	return c
}

func TestAHealedReleaseGetsItsCallsBack(t *testing.T) {
	c := opened(t, quick(previous, unavailable))
	c.ill[2].faults.Store(0)
	c.until(breaker.Closed)
	c.quiet()
	resp, err := c.keyed("a")
	if err != nil || resp.Variant != runtime.VariantStable || resp.Release.Version != "2.0.0" {
		t.Fatalf("%+v, %v", resp, err)
	}
	b, events := c.breaker(), c.types()
	if b.Reason != "3 probes in a row were good" || b.Fallbacks[0].Release != nil {
		t.Errorf("breaker %+v", b)
	}
	if n := len(events); n < 3 || events[0] != "opened" || events[n-2] != "half_open" || events[n-1] != "closed" {
		t.Errorf("happenings %v", events)
	}
	c.ill[2].faults.Store(everyTenth)
	eventually(t, "the release before, again", func() bool { resp, _ := c.keyed("a"); return resp.Variant == runtime.VariantPrevious })
}

func TestSlowAnswersOpenTheBreaker(t *testing.T) {
	policy := lasting(static)
	policy.Breaker.P95, policy.Breaker.FaultRate = 5*time.Millisecond, 0
	c := newClinic(t, policy, nil)
	c.deploy(treated(1))
	c.ill[1].faults.Store(everyTenth) // which does not count under this policy
	c.ill[1].lasts.Store(int64(6 * time.Millisecond))
	c.until(breaker.Open)
	if b := c.breaker(); !strings.Contains(b.Reason, "took longer than 5ms, allowed are 5 %") {
		t.Errorf("%+v", b)
	}
}

func TestWhatSaysNothingAboutTheReleaseOpensNothing(t *testing.T) {
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	for sort, call := range map[string]func(*clinic) error{
		"business errors": func(c *clinic) error { _, err := c.execute(map[string]any{"no": true}); return err },
		"bad input":       func(c *clinic) error { _, err := c.execute(map[string]any{"key": struct{}{}}); return err },
		"callers that went away": func(c *clinic) error {
			c.ill[1].lasts.Store(int64(time.Hour))
			defer c.ill[1].lasts.Store(0)
			_, err := c.rt.Execute(gone, name, map[string]any{"key": "a"})
			return err
		},
	} {
		t.Run(sort, func(t *testing.T) {
			policy := lasting(static)
			policy.Breaker.P95 = time.Hour
			c := newClinic(t, policy, func(c *clinic) { c.cfg.Withdraw = runtime.FaultPolicy{Faults: -1} })
			c.deploy(treated(1))
			for range 200 {
				if call(c) == nil {
					t.Fatal("no error")
				}
			}
			// Business errors are good calls: few faults among them are allowed. The
			// others are no calls: what is seen are 39, and then 40.
			faults, more := 39, 1
			if sort == "business errors" {
				faults, more = 9, 3
			}
			c.ill[1].faults.Store(1)
			for range faults {
				_, _ = c.keyed("a")
			}
			c.rt.Attend(name)
			if b := c.breaker(); b.State != breaker.Closed {
				t.Fatalf("%+v", b)
			}
			for range more {
				_, _ = c.keyed("a")
			}
			c.rt.Attend(name)
			if b := c.breaker(); b.State != breaker.Open {
				t.Fatalf("%+v", b)
			}
		})
	}
}

func TestACallGivenUpAfterTheBoundWasSlow(t *testing.T) {
	policy := lasting(static)
	policy.Breaker.P95, policy.Breaker.FaultRate = time.Millisecond, 0
	c := newClinic(t, policy, nil)
	c.deploy(treated(1))
	c.ill[1].lasts.Store(int64(time.Hour))
	eventually(t, "the opening", func() bool { // one that began late was given up too early to tell
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Millisecond)
		defer cancel()
		if resp, err := c.rt.Execute(ctx, name, map[string]any{"key": "a"}); resp.Variant != "static" {
			wantCode(t, err, problem.Canceled)
		}
		return c.breaker().State == breaker.Open
	})
}

func TestABadProbeOpensAgain(t *testing.T) {
	policy := quick(static)
	c := opened(t, policy)
	before := c.breaker().Opened // it may have closed and opened again
	c.ill[2].faults.Store(1)
	eventually(t, "a bad probe", func() bool { _, _ = c.keyed("a"); return strings.HasPrefix(c.breaker().Reason, "probe 1 of round ") })
	if b := c.breaker(); b.Opened != before || !strings.Contains(b.Reason, "panicked") {
		t.Errorf("%+v", b)
	}
}

func TestASlowProbeOpensAgain(t *testing.T) {
	policy := quick(static)
	policy.Breaker.P95 = time.Millisecond
	c := opened(t, policy)
	c.ill[2].faults.Store(0)
	c.ill[2].lasts.Store(int64(2 * time.Millisecond))
	eventually(t, "a slow probe", func() bool { _, _ = c.keyed("a"); return strings.Contains(c.breaker().Reason, "allowed are 1ms") })
}

// TestHalfOpenLetsFewCallsThrough holds the probes in the release.
func TestHalfOpenLetsFewCallsThrough(t *testing.T) {
	c := opened(t, quick(static))
	c.ill[2].faults.Store(0)
	c.ill[2].lasts.Store(int64(time.Hour))
	eventually(t, "half open", func() bool { return c.breaker().State == breaker.HalfOpen })
	before := c.ill[2].calls.Load()
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() { _, _ = c.rt.Execute(ctx, name, map[string]any{"key": "a"}) })
	}
	eventually(t, "the probes", func() bool { return c.ill[2].calls.Load() == before+3 })
	for range 20 {
		if resp, err := c.keyed("a"); err != nil || resp.Variant != "static" {
			t.Fatalf("%+v, %v", resp, err)
		}
	}
	cancel() // who gave up told nothing, and others take their places
	wg.Wait()
	c.ill[2].lasts.Store(0)
	if b := c.breaker(); b.State != breaker.HalfOpen {
		t.Fatalf("%+v", b)
	}
	for i := range 3 {
		args := map[string]any{"key": "a"}
		if i == 1 {
			args["no"] = true // a business error is a good answer
		}
		if resp, _ := c.execute(args); resp.Variant != runtime.VariantStable {
			t.Fatalf("%+v", resp)
		}
	}
	if b := c.breaker(); b.State != breaker.Closed {
		t.Fatalf("%+v", b)
	}
}

func TestAnotherReleaseEndsTheBreaker(t *testing.T) {
	for name, change := range map[string]func(*clinic) error{
		"deploy":   func(c *clinic) error { return c.try(treated(3)) },
		"rollback": func(c *clinic) error { _, err := c.rt.Rollback(context.Background(), back("")); return err },
	} {
		t.Run(name, func(t *testing.T) {
			c := opened(t, lasting(previous, unavailable))
			eventually(t, "the release before", func() bool { resp, err := c.keyed("a"); return err == nil && resp.Variant == "previous" })
			must(t, change(c))
			if resp, err := c.keyed("a"); err != nil || resp.Variant != runtime.VariantStable || resp.Generation != 3 {
				t.Fatalf("%+v, %v", resp, err)
			}
			if b := c.breaker(); b.State != breaker.Closed || b.Opened != 0 {
				t.Errorf("%+v", b)
			}
			c.quiet()
		})
	}
}

func TestHeavyBreakageWithdrawsAndLightBreakageDoesNot(t *testing.T) {
	c := newClinic(t, lasting(previous, unavailable), nil)
	c.deploy(treated(1))
	c.deploy(treated(2))
	c.ill[2].faults.Store(everyTenth)
	c.until(breaker.Open)
	if st := c.status(); st.Generation != 2 || st.PreviousWithdrawn {
		t.Fatalf("light breakage: %+v", st)
	}
	must(t, c.try(treated(3)))
	c.ill[3].faults.Store(1)
	eventually(t, "the withdrawal", func() bool { _, _ = c.keyed("a"); return c.status().Stable.Version == "2.0.0" })
	if st := c.status(); !st.PreviousWithdrawn || st.Breaker.State != breaker.Closed {
		t.Fatalf("heavy breakage: %+v", st)
	}
}

func TestARestartBeginsClosed(t *testing.T) {
	c := opened(t, lasting(static))
	c.restartWith(c.mem)
	if b := c.breaker(); b.State != breaker.Closed || b.Opened != 0 {
		t.Errorf("%+v", b)
	}
	c.until(breaker.Open)
}

// restartWith is restart with the world's own driver.
func (c *clinic) restartWith(mem *memdriver.Driver) {
	c.close()
	c.openStore()
	c.cfg.Store, c.mem = c.store, mem
	c.open()
}

func TestAChangedPolicyTakesEffectAtOnce(t *testing.T) {
	c := opened(t, lasting(static))
	_, err := c.rt.Rollouts.SetPolicy(context.Background(), runtime.PolicyChange{Strategy: name, Policy: noBreaker()})
	must(t, err)
	eventually(t, "the end of the breaker", func() bool { return c.status().Breaker == nil })
	if resp, _ := c.keyed("a"); resp.Variant != runtime.VariantStable {
		t.Errorf("%+v", resp)
	}
}

func TestCallsOfACandidateDoNotOpenTheBreaker(t *testing.T) {
	policy := lasting(previous, unavailable)
	policy.Stages = []rollout.Stage{{Weight: 5000, For: time.Hour, Hold: 2 * time.Hour, Then: rollout.ThenPause}, {Weight: rollout.Full}}
	c := newClinic(t, policy, func(c *clinic) { c.cfg.Withdraw = runtime.FaultPolicy{Faults: -1} })
	c.deploy(treated(1))
	c.deploy(treated(2))
	c.hold(treated(3))
	_, err := c.rt.Rollouts.Start(context.Background(), runtime.RolloutStart{Strategy: name, Release: "3.0.0"})
	must(t, err)
	c.ill[3].faults.Store(1)
	faults := 0
	for i := range 400 {
		if _, err := c.keyed(fmt.Sprint(i)); err != nil {
			faults++
		}
	}
	c.rt.Attend(name)
	if b := c.breaker(); b.State != breaker.Closed || faults < 100 {
		t.Fatalf("%d faults, %+v", faults, b)
	}
	c.ill[2].faults.Store(everyTenth)
	eventually(t, "the opening", func() bool { return c.variants(10)["previous"] > 0 })
	if seen := c.variants(200); seen["previous"] < 50 || seen["candidate"] < 50 || len(seen) != 2 {
		t.Errorf("answers came from %v", seen)
	}
	_, before := c.arms(t)
	c.variants(200)
	eventually(t, "a look at the arms", func() bool { _, n := c.arms(t); return n >= before+50 })
	if n, _ := c.arms(t); n > c.ill[2].calls.Load() {
		t.Errorf("stable had %d calls, and counts %d: those that others answered, too", c.ill[2].calls.Load(), n)
	}
}

// variants counts what answers n calls with different keys.
func (c *clinic) variants(n int) map[string]int {
	seen := map[string]int{}
	for i := range n {
		resp, _ := c.keyed(fmt.Sprint(i))
		seen[resp.Variant]++
	}
	return seen
}

// arms is how many calls each arm of the rollout had when it was looked at last.
func (c *clinic) arms(t *testing.T) (stable, candidate int64) {
	ro, err := c.rt.Rollouts.Get(context.Background(), name, 0)
	must(t, err)
	for _, arm := range ro.Arms {
		switch arm.Arm {
		case rollout.ArmStable:
			stable = arm.Calls
		case rollout.ArmCandidate:
			candidate = arm.Calls
		}
	}
	return stable, candidate
}

func TestWhileARolloutWatchesItJudges(t *testing.T) {
	policy := lasting(static)
	policy.Switch = rollout.Switch{Before: time.Second, After: time.Hour, MaxErrorRise: 1, Calls: 1e6}
	c := newClinic(t, policy, func(c *clinic) { c.cfg.Withdraw = runtime.FaultPolicy{Faults: -1} })
	c.deploy(treated(1))
	c.deploy(treated(2))
	c.ill[2].faults.Store(everyTenth)
	for range 200 {
		_, _ = c.keyed("a")
	}
	c.rt.Attend(name)
	if b := c.breaker(); b.State != breaker.Closed || c.ill[2].calls.Load() < 200 {
		t.Fatalf("%+v", b)
	}
}
