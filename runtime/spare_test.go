package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/breaker"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/driver/faultdriver"
	"github.com/swapline/swapline/runtime/driver/memdriver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/rollout"
	"github.com/swapline/swapline/runtime/store/faultstore"
)

func TestTheReleaseBeforeStaysForItsLastCall(t *testing.T) {
	c := opened(t, lasting(previous, static))
	eventually(t, "the release before", func() bool { resp, err := c.keyed("a"); return err == nil && resp.Variant == "previous" })
	c.ill[1].lasts.Store(int64(time.Hour))
	ctx, cancel := context.WithCancel(context.Background())
	before, done := c.ill[1].calls.Load(), make(chan struct{})
	go func() {
		defer close(done)
		_, _ = c.rt.Execute(ctx, name, map[string]any{"key": "a"})
	}()
	eventually(t, "the call", func() bool { return c.ill[1].calls.Load() == before+1 })
	_, err := c.rt.Rollouts.SetPolicy(context.Background(), runtime.PolicyChange{Strategy: name, Policy: noBreaker()})
	must(t, err)
	eventually(t, "the drain", func() bool {
		d := c.status().Draining
		return len(d) == 1 && d[0].InFlight == 1 && d[0].Release.Version == "1.0.0"
	})
	cancel()
	<-done
	c.quiet()
}

func TestTheBreakerStaysClosedWhenNothingCanAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		fallback rollout.Fallback
		change   func(*rollout.Policy)
		why      string
	}{
		"no release before": {previous, nil, "there was no release before"},
		"no key":            {lastGood, func(p *rollout.Policy) { p.Sticky = rollout.Sticky{} }, "the policy names none"},
	} {
		t.Run(name, func(t *testing.T) {
			policy := lasting(c.fallback)
			if c.change != nil {
				c.change(policy)
			}
			host := newClinic(t, policy, nil)
			host.deploy(treated(1))
			host.ill[1].faults.Store(everyTenth)
			eventually(t, "the reason", func() bool {
				_, _ = host.keyed("a")
				return strings.Contains(host.breaker().Reason, c.why)
			})
			b := host.breaker()
			if b.State != breaker.Closed || b.Opened != 0 || !strings.Contains(b.Reason, "were faults") || host.types() != nil {
				t.Errorf("%+v, %v", b, host.types())
			}
			if resp, _ := host.keyed("a"); resp.Variant != runtime.VariantStable || resp.Release.Version != "1.0.0" {
				t.Errorf("%+v", resp)
			}
		})
	}
}

func TestAWithdrawnReleaseDoesNotAnswer(t *testing.T) {
	c := newClinic(t, lasting(previous), nil)
	c.deploy(treated(1))
	c.deploy(treated(2))
	c.ill[2].faults.Store(1)
	eventually(t, "the withdrawal", func() bool { _, _ = c.keyed("a"); return c.status().Stable.Version == "1.0.0" })
	c.ill[1].faults.Store(everyTenth)
	eventually(t, "the reason", func() bool {
		_, _ = c.keyed("a")
		return strings.Contains(c.breaker().Reason, "the release before was withdrawn")
	})
	if b := c.breaker(); b.State != breaker.Closed || b.Opened != 0 {
		t.Errorf("%+v", b)
	}
}

// blocked makes the load of a release wait for the result, and says that it does.
func (i *illness) blocked() (waits chan struct{}, result chan error) {
	waits, result = make(chan struct{}, 1), make(chan error)
	f := func() error { waits <- struct{}{}; return <-result }
	i.load.Store(&f)
	return waits, result
}

func TestNobodyWaitsForTheReleaseBeforeToLoad(t *testing.T) {
	c := newClinic(t, lasting(previous, static), nil)
	c.deploy(treated(1))
	c.deploy(treated(2))
	c.quiet()
	waits, result := c.ill[1].blocked()
	c.ill[2].faults.Store(everyTenth)
	c.until(breaker.Open)
	<-waits
	for range 20 {
		if resp, err := c.keyed("a"); err != nil || resp.Variant != "static" {
			t.Fatalf("%+v, %v", resp, err)
		}
	}
	result <- nil
	eventually(t, "the release before", func() bool { resp, err := c.keyed("a"); return err == nil && resp.Variant == "previous" })
}

func TestAReleaseBeforeThatComesTooLateIsClosed(t *testing.T) {
	for sort, over := range map[string]func(*clinic) error{
		"the breaker closed": func(c *clinic) error {
			c.ill[2].faults.Store(0)
			c.until(breaker.Closed)
			return nil
		},
		"there is no breaker any more": func(c *clinic) error {
			_, err := c.rt.Rollouts.SetPolicy(context.Background(), runtime.PolicyChange{Strategy: name, Policy: noBreaker()})
			return err
		},
	} {
		t.Run(sort, func(t *testing.T) {
			c := newClinic(t, quick(previous, static), nil)
			c.deploy(treated(1))
			c.deploy(treated(2))
			c.quiet()
			waits, result := c.ill[1].blocked()
			c.ill[2].faults.Store(everyTenth)
			c.until(breaker.Open)
			<-waits
			must(t, over(c))
			result <- nil
			eventually(t, "the end of the load", func() bool { return c.rt.Idle(name) })
			c.quiet()
			if resp, err := c.keyed("a"); err != nil || resp.Variant != runtime.VariantStable {
				t.Errorf("%+v, %v", resp, err)
			}
		})
	}
}

// noBreaker is an operator's policy.
func noBreaker() map[string]any {
	return map[string]any{"sticky": map[string]any{"pointer": "/key"}, "breaker": map[string]any{"fault_rate": 0.0, "p95_ms": int64(0)}}
}

func TestAReleaseBeforeThatDoesNotLoadIsLeftOut(t *testing.T) {
	for name, c := range map[string]struct {
		policy *rollout.Policy
		want   breaker.Phase
	}{
		"the next answers":  {lasting(previous, static), breaker.Open},
		"nothing is beside": {lasting(previous), breaker.Closed},
	} {
		t.Run(name, func(t *testing.T) {
			host := newClinic(t, c.policy, nil)
			host.deploy(treated(1))
			host.deploy(treated(2))
			host.quiet()
			waits, result := host.ill[1].blocked()
			host.ill[2].faults.Store(everyTenth)
			host.until(breaker.Open)
			<-waits
			result <- errors.New("the disk is gone")
			eventually(t, "the problem", func() bool { return strings.Contains(host.breaker().Fallbacks[0].Problem, "the disk is gone") })
			b := host.breaker()
			if b.State != c.want {
				t.Fatalf("%+v", b)
			}
			if closed := c.want == breaker.Closed; closed != strings.Contains(b.Reason, "no fallback can answer: the release before does not load") || closed != (len(host.types()) == 2) {
				t.Errorf("%+v, %v", b, host.types())
			}
		})
	}
}

func TestManyCallWhileTheBreakerOpensAndCloses(t *testing.T) {
	policy := quick(previous, lastGood)
	c := newClinic(t, policy, func(c *clinic) { c.cfg.Withdraw = runtime.FaultPolicy{Faults: -1} })
	c.deploy(treated(1))
	c.deploy(treated(2))
	stop, variants := make(chan struct{}), [3]atomic.Int64{}
	var wg sync.WaitGroup
	for worker := range 6 {
		wg.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				key := fmt.Sprint(worker, i%50)
				resp, err := c.keyed(key)
				if i%2 == 0 {
					resp, err = c.keyedText(key)
				}
				switch {
				case err != nil && problem.CodeOf(err) != problem.FaultPanic:
					t.Errorf("%v", err)
				case err == nil && resp.Output != nil && resp.Output["key"] != key, err == nil && resp.Text != nil && !strings.Contains(string(resp.Text), key):
					t.Errorf("%s got %+v %s", key, resp.Output, resp.Text)
				case err == nil && (resp.Variant == "last_good") == (resp.Release.Version != ""):
					t.Errorf("%s of %q", resp.Variant, resp.Release.Version)
				}
				variants[map[string]int{"stable": 0, "previous": 1, "last_good": 2}[resp.Variant]].Add(1)
			}
		})
	}
	for round := range 6 {
		c.ill[2].faults.Store(everyTenth)
		eventually(t, "the opening", func() bool { return c.breaker().State != breaker.Closed })
		if round == 3 {
			_, err := c.rt.Rollouts.SetPolicy(context.Background(), runtime.PolicyChange{Strategy: name})
			must(t, err)
		}
		c.ill[2].faults.Store(0)
		eventually(t, "the closing", func() bool { return c.breaker().State == breaker.Closed })
		if round == 4 {
			must(t, c.try(treated(3)))
			_, err := c.rt.Rollback(context.Background(), back("2.0.0"))
			must(t, err)
		}
	}
	close(stop)
	wg.Wait()
	c.quiet()
	if variants[0].Load() == 0 || variants[1].Load()+variants[2].Load() == 0 {
		t.Errorf("answers: %d, %d, %d", variants[0].Load(), variants[1].Load(), variants[2].Load())
	}
}

// TestTheLoadOfTheReleaseBeforeMayFailAnywhere lets each operation of the driver
// and each call of the store fail while the breaker opens.
func TestTheLoadOfTheReleaseBeforeMayFailAnywhere(t *testing.T) {
	for n := 1; loadFails(t, n, false); n++ {
	}
	for n := 1; loadFails(t, n, true); n++ {
	}
}

// loadFails reports whether there was an n-th operation to fail. It counts from the
// first after the runtime has opened.
func loadFails(t *testing.T, n int, ofStore bool) bool {
	const calls = 40
	c := newClinic(t, lasting(previous, unavailable), nil)
	c.deploy(treated(1))
	c.deploy(treated(2))
	opening := c.reopen(0, 0)
	if ofStore {
		c.reopen(opening.Calls()+n, 0)
	} else {
		c.reopen(0, 2+calls+n) // after load and golden case of the stored release
	}
	store, mem := c.cfg.Store.(*faultstore.Store), c.cfg.Drivers[memdriver.Kind].(*faultdriver.Driver)
	c.ill[2].faults.Store(everyTenth)
	for range calls {
		_, _ = c.keyed("a")
	}
	c.rt.Attend(name)
	eventually(t, "the load", func() bool { f := c.rt.Breaker(name).Fallbacks[0]; return f.Release != nil || f.Problem != "" })
	reached := mem.Failed()
	if ofStore {
		reached = store.Calls() >= opening.Calls()+n
	}
	resp, err := c.keyed("a")
	if failed := c.rt.Breaker(name).Fallbacks[0].Problem != ""; failed != reached {
		t.Fatalf("operation %d: failed is %t", n, failed)
	} else if failed {
		wantCode(t, err, problem.BreakerOpen)
		eventually(t, "the close of what was loaded", func() bool { return c.mem.Open() == 1 })
	} else if ofStore && (err != nil || resp.Variant != "previous") {
		t.Fatalf("%+v, %v", resp, err)
	}
	return reached
}

// reopen opens the runtime again with one call of the store or of the driver
// failing.
func (c *clinic) reopen(failStore, failDriver int) *faultstore.Store {
	c.t.Helper()
	must(c.t, c.rt.Close(context.Background()))
	c.mem = memdriver.New(map[string]abi.Constructor{"tck": c.construct})
	failing := faultstore.New(c.store, failStore)
	c.cfg.Store, c.cfg.Drivers = failing, map[manifest.Kind]driver.Driver{memdriver.Kind: faultdriver.New(c.mem, failDriver)}
	c.open()
	return failing
}
