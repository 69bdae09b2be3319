package runtime_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/guests/tck/tck"
	"github.com/swapline/swapline/runtime/capability"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/trust"
)

// able is a world with state and events; all its strategies may use them.
func able(t *testing.T) (*world, *capability.Ring) {
	t.Helper()
	w, events := newWorld(t), capability.NewRing(100)
	w.cfg.Capabilities = capability.Services{State: new(capability.Memory), Events: events}.Open()
	w.open()
	return w, events
}

// asking is a release of tck.Choose that asks for capabilities.
func asking(version int, words ...string) build {
	b := behaving(version, tck.Choose)
	b.Capabilities = words
	return b
}

// allow makes the policy in force allow the words, from the next restart on.
func (w *world) allow(engines []string, words ...string) {
	doc := trust.DevelopmentPolicy(w.key, time.Now())
	doc.Capabilities = []trust.CapabilityRule{{Patterns: []string{"*"}, Allow: words}}
	doc.Engines = engines
	w.policy = policyOf(w.t, w.key, doc)
}

func TestAReleaseIsDeployedOnlyWithWhatThePolicyAllows(t *testing.T) {
	w, _ := able(t)
	w.deploy(asking(1, "emit", "state"))
	_, err := w.rt.Deploy(context.Background(), w.upload(asking(2, "emit", "http", "state")))
	if p := wantCode(t, err, problem.CapabilityDenied); p.Check != "capabilities" || !strings.Contains(p.Message, `"http"`) {
		t.Errorf("refused with %+v", p)
	}
	if st := w.status(); st.Stable == nil || st.Stable.Version != "1.0.0" || w.mem.Open() != 1 {
		t.Errorf("after the refusal: %+v, %d instances", st, w.mem.Open())
	}
}

func TestAStoredReleaseDoesNotComeBackWithMoreThanThePolicyOfToday(t *testing.T) {
	w, _ := able(t)
	w.deploy(asking(1, "state"))
	w.deploy(asking(2))
	w.allow(nil, "config", "log")
	w.restart()
	if st := w.status(); st.Problem != "" {
		t.Errorf("a release that asks for nothing: %s", st.Problem)
	}
	_, err := w.rt.Rollback(context.Background(), back(""))
	wantCode(t, err, problem.CapabilityDenied)
}

func TestAManifestNamesOnlyAllowedEngines(t *testing.T) {
	for _, c := range []struct {
		name         string
		host, policy []string
		engine       string
		ok           bool
	}{
		{"none named", nil, nil, "", true},
		{"none named, others allowed", []string{"a"}, []string{"b"}, "", true},
		{"the host's", []string{"a"}, nil, "a", true},
		{"another", []string{"a"}, nil, "b", false},
		{"a host without", nil, nil, "a", false},
		{"the policy's", nil, []string{"b"}, "b", true},
		{"the policy decides", []string{"a"}, []string{"b"}, "a", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.allow(c.policy, "config")
			w.cfg.Policy, w.cfg.Engines = w.policy, c.host
			w.open()
			b := release(1)
			b.Engine = c.engine
			_, err := w.rt.Deploy(context.Background(), w.upload(b))
			if c.ok {
				must(t, err)
				return
			}
			wantCode(t, err, problem.EngineDenied)
		})
	}
}

func TestStateIsSharedByReleasesAndGoldenCasesLeaveNone(t *testing.T) {
	w, events := able(t)
	counting := func(version int) build {
		b := asking(version, "emit", "state")
		b.Golden[0].Input, b.Golden[0].Output = do(tck.State), map[string]any{"count": int64(1)}
		event := b.Golden[0]
		event.Name, event.Input, event.Output = "event", do(tck.Emit), map[string]any{}
		b.Golden = append(b.Golden, event)
		return b
	}
	count := func() any {
		t.Helper()
		r, err := w.rt.Execute(context.Background(), name, do(tck.State))
		must(t, err)
		return r.Output["count"]
	}
	w.deploy(counting(1))
	if n := count(); n != int64(1) {
		t.Errorf("the first call counts %v", n)
	}
	w.deploy(counting(2))
	if n := count(); n != int64(2) {
		t.Errorf("the next release counts %v", n)
	}
	if _, total := events.Last(); total != 0 {
		t.Errorf("golden cases delivered %d events", total)
	}
}

// TestEveryAnswerIsInTheState: a call that was not answered with a conflict has
// been counted, once, while releases are switched.
func TestEveryAnswerIsInTheState(t *testing.T) {
	w, _ := able(t)
	w.deploy(asking(1, "state"))
	w.deploy(asking(2, "state"))
	var mu sync.Mutex
	var seen []int64
	stop := hammer(4, func(int) {
		r, err := w.rt.Execute(context.Background(), name, do(tck.State))
		if problem.CodeOf(err) == problem.StateConflict {
			return
		}
		if err != nil {
			t.Error(err)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, r.Output["count"].(int64))
	})
	for range 20 {
		if _, err := w.rt.Rollback(context.Background(), back("")); err != nil {
			t.Error(err)
		}
	}
	stop()
	slices.Sort(seen)
	for i, n := range seen {
		if n != int64(i+1) {
			t.Fatalf("answer %d counts %d", i+1, n)
		}
	}
	if st := w.status(); st.Faults != 0 {
		t.Errorf("%d faults", st.Faults)
	}
}

func TestAHostWithoutServicesGrantsWhatNeedsNone(t *testing.T) {
	w := started(t)
	w.deploy(asking(1, abi.CapabilityClock, abi.CapabilityEmit, abi.CapabilityLog))
	_, err := w.rt.Deploy(context.Background(), w.upload(asking(2, abi.CapabilityState)))
	wantCode(t, err, problem.CapabilityDenied)
}
