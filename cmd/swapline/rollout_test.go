package main

import (
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime"
)

// gatedPolicy climbs as soon as there are calls, and waits for a person at 50 %.
const gatedPolicy = `{"stages": [{"weight": 20, "for_s": 0, "calls": 10}, {"weight": 50, "for_s": 0, "calls": 10, "gate": true},
 {"weight": 100, "for_s": 0, "calls": 10}],
 "guards": [], "switch": {"after_s": 0}, "breaker": {}}`

// busy makes calls all the time, until the test ends.
func (w *world) busy() {
	w.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			_, _ = w.rt.Execute(ctx, "risk", map[string]any{})
			_ = sleep(ctx, time.Millisecond)
		}
	}()
	w.t.Cleanup(func() { stop(); <-done })
}

// rolling is a world that serves release 1.0.0 to callers and has 2.0.0 ready.
func rolling(t *testing.T, policy string) *world {
	t.Helper()
	w := newWorld(t)
	dir := t.TempDir()
	w.must("push", w.release(dir, "one", "1.0.0", 1))
	w.must("push", w.release(dir, "two", "2.0.0", 2), "--hold")
	w.must("rollout", "policy", "risk", "--set", write(t, filepath.Join(dir, "policy.json"), policy))
	w.busy()
	return w
}

// TestAnOperatorLetsAReleaseClimb is a rollout with a gate, from its beginning to
// its end, by commands alone.
func TestAnOperatorLetsAReleaseClimb(t *testing.T) {
	w := rolling(t, gatedPolicy)
	says := func(out string, what ...string) {
		t.Helper()
		for _, s := range what {
			if !strings.Contains(out, s) {
				t.Errorf("%q is not in\n%s", s, out)
			}
		}
	}
	says(w.must("rollout", "start", "risk", "2.0.0", "--reason", "ticket 4711"), "2.0.0 against 1.0.0, stages 20, 50, 100 %", "swapline rollout watch risk")
	refused(t, w.command("rollout", "start", "risk", "2.0.0"), exitConflict, "rollout_active")
	says(w.must("rollout", "wait", "risk", "--for", "paused", "--timeout", "1m"), "rollout ")
	says(w.must("rollout", "get", "risk"), "100 % waits for a person", "swapline rollout promote risk", "ticket 4711", "the operator's policy")
	refused(t, w.command("rollout", "wait", "risk", "--timeout", "1m"), exitPaused, "waits for a person at 50 %")
	says(w.must("list"), "1.0.0 (2.0.0 running, 50 %)")
	says(w.must("get", "risk"), "2.0.0, running, at 50 %")
	says(w.must("rollout", "promote", "risk", "--reason", "looked at it"), "goes on")
	says(w.must("rollout", "wait", "risk", "--timeout", "1m"), "promoted")
	w.answers("two")
	says(w.must("rollout", "explain", "risk"), "promoted", "looked at it", "20 %")
	says(w.must("rollout", "history", "risk", "--limit", "1"), "2.0.0", "promoted")
	says(w.must("rollout", "watch", "risk"), "promoted")
	refused(t, w.command("rollout", "abort", "risk"), exitError, "rollout_ended")
	var list struct{ Rollouts []runtime.Rollout }
	if err := json.Unmarshal([]byte(w.must("rollout", "history", "risk", "--json")), &list); err != nil || list.Rollouts[0].Phase != "promoted" {
		t.Errorf("%v: %+v", err, list)
	}
}

func TestAnOperatorTakesAReleaseBack(t *testing.T) {
	w := rolling(t, `{"stages": [{"weight": 50, "for_s": 3600}, {"weight": 100}], "guards": []}`)
	w.must("rollout", "start", "risk", "2.0.0")
	w.must("rollout", "pause", "risk", "--reason", "lunch")
	refused(t, w.command("rollout", "wait", "risk", "--timeout", "1m"), exitPaused, "waits for a person")
	w.must("rollout", "resume", "risk")
	refused(t, w.command("rollout", "resume", "risk"), exitError, "rollout_refused")
	refused(t, w.command("rollout", "pause", "risk", "--if-revision", "999999"), exitConflict, "stale_rollout")
	w.must("rollout", "abort", "risk", "--reason", "ticket 4712")
	refused(t, w.command("rollout", "wait", "risk", "--timeout", "1m"), exitAborted, "ticket 4712")
	w.answers("one")
	refused(t, w.command("rollout", "get", "risk", "999999"), exitError, "unknown_rollout")
	refused(t, w.command("rollout", "start", "risk", "2.0.0", "--if-generation", "7"), exitConflict, "stale_generation")
}

func TestAPushCanBeginARollout(t *testing.T) {
	w := newWorld(t)
	dir := t.TempDir()
	if out := w.must("push", w.release(dir, "one", "1.0.0", 1), "--rollout"); !strings.Contains(out, "answers now") {
		t.Errorf("a first release has nobody to climb past: %s", out)
	}
	w.must("rollout", "policy", "risk", "--set", write(t, filepath.Join(dir, "policy.json"), gatedPolicy))
	if out := w.must("push", w.release(dir, "two", "2.0.0", 2), "--rollout"); !strings.Contains(out, "has to earn its traffic") || !strings.Contains(out, "rollout watch risk") {
		t.Errorf("%s", out)
	}
	w.must("rollout", "abort", "risk")
	if out := w.must("push", w.release(dir, "two", "2.1.0", 3), "--now"); !strings.Contains(out, "2.1.0") || !strings.Contains(out, "answers now") {
		t.Errorf("%s", out)
	}
	w.answers("two")
	refused(t, w.command("push", w.release(dir, "two", "2.2.0", 4), "--now", "--rollout"), exitUsage, "--rollout and --now")
}

func TestExecSendsHeaders(t *testing.T) {
	w := rolling(t, `{"sticky": {"header": "X-Customer"}, "stages": [{"weight": 50, "for_s": 3600}, {"weight": 100}], "guards": []}`)
	w.must("rollout", "start", "risk", "2.0.0")
	seen := map[string]bool{}
	for _, customer := range strings.Fields("a b c d e f g h i j k l") {
		first := w.must("exec", "risk", "-H", "X-Customer: "+customer)
		r := w.command("exec", "risk", "-H", "X-Customer:"+customer, "--headers")
		if r.stdout != first || !strings.Contains(r.stderr, "Swapline-Variant: ") {
			t.Errorf("%s got %s and then %s: %s", customer, first, r.stdout, r.stderr)
		}
		seen[first] = true
	}
	if len(seen) != 2 {
		t.Errorf("at 50 %% twelve customers got %v", seen)
	}
	refused(t, w.command("exec", "risk", "-H", "no header"), exitUsage, "NAME: VALUE")
}
