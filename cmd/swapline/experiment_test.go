package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/problem"
)

// errTest is an error for people.
var errTest = errors.New("connection refused")

// TestAnExperimentByCommandsAlone: from its beginning to its report.
func TestAnExperimentByCommandsAlone(t *testing.T) {
	w := newWorld(t)
	dir := t.TempDir()
	w.must("push", w.release(dir, "one", "1.0.0", 1))
	w.must("push", w.release(dir, "two", "2.0.0", 2), "--hold")
	w.busy()
	refused(t, w.command("experiment", "get", "risk"), exitError, string(problem.UnknownExperiment))
	if out := w.must("experiment", "list"); !strings.Contains(out, "swapline experiment start") {
		t.Errorf("%s", out)
	}
	out := w.must("experiment", "start", "risk", "2.0.0", "--metric", "error_rate", "--hypothesis", "not_worse", "--margin", "20%", "--calls", "50", "--reason", "ticket 4711")
	if !strings.Contains(out, "2.0.0 against 1.0.0, split") || !strings.Contains(out, "swapline experiment watch risk") {
		t.Errorf("%s", out)
	}
	if out := w.must("experiment", "wait", "risk", "--timeout", "1m"); !strings.Contains(out, "equivalent") {
		t.Errorf("%s", out)
	}
	w.answers("one") // then: return
	for _, verb := range []string{"get", "watch"} {
		if out := w.must("experiment", verb, "risk"); !strings.Contains(out, "ended") {
			t.Errorf("%s: %s", verb, out)
		}
	}
	if out := w.must("experiment", "list", "risk"); !strings.Contains(out, "equivalent") || !strings.Contains(out, "2.0.0") {
		t.Errorf("%s", out)
	}
	var e runtime.Experiment
	if err := json.Unmarshal([]byte(w.must("experiment", "get", "risk", "--json")), &e); err != nil || e.State != "ended" || e.Why != "ticket 4711" {
		t.Errorf("%v, %+v", err, e)
	}
	for name, begin := range map[string]string{"r.html": "<!doctype html>", "r.md": "#", "r.json": "{"} {
		file := filepath.Join(dir, name)
		w.must("experiment", "report", "risk", "-o", file)
		if b, err := os.ReadFile(file); err != nil || !strings.HasPrefix(strings.ToLower(string(b)), begin) || len(b) < 20 {
			t.Errorf("%s: %v, %.300s", name, err, b)
		}
	}
	if out := w.must("experiment", "report", "risk"); !strings.HasPrefix(out, "#") {
		t.Errorf("%s", out)
	}
	refused(t, w.command("experiment", "stop", "risk"), exitError, string(problem.RolloutEnded))
	refused(t, w.command("experiment", "get", "risk", "99"), exitError, string(problem.UnknownExperiment))
}

func TestAPersonEndsAnExperiment(t *testing.T) {
	w := newWorld(t)
	dir := t.TempDir()
	w.must("push", w.release(dir, "one", "1.0.0", 1))
	w.must("push", w.release(dir, "two", "2.0.0", 2), "--hold")
	plan := write(t, filepath.Join(dir, "plan.json"), `{"metric": "error_rate", "margin": 0.1, "for_s": 3600, "stop": "time", "weight": 20}`)
	w.must("experiment", "start", "risk", "2.0.0", "--plan", plan, "--weight", "30")
	var e runtime.Experiment
	if err := json.Unmarshal([]byte(w.must("experiment", "get", "risk", "--json")), &e); err != nil || !strings.Contains(string(e.Plan), `30`) || strings.Contains(string(e.Plan), `"weight":20`) {
		t.Errorf("a flag goes before the file: %v, %s", err, e.Plan)
	}
	refused(t, w.command("experiment", "start", "risk", "2.0.0"), exitConflict, string(problem.RolloutActive))
	refused(t, w.command("experiment", "wait", "risk", "--timeout", "50ms"), exitTimeout, "not over")
	refused(t, w.command("experiment", "stop", "risk", "--if-revision", "999999"), exitConflict, string(problem.StaleRollout))
	if out := w.must("experiment", "stop", "risk", "--promote", "--reason", "enough"); !strings.Contains(out, "has ended") {
		t.Errorf("%s", out)
	}
	w.answers("two")
	refused(t, w.command("experiment", "watch", "risk"), exitUndecided, "undecided")
}

func TestAPlanIsCheckedBeforeItIsSent(t *testing.T) {
	w := newWorld(t)
	dir := t.TempDir()
	for _, c := range []struct {
		args []string
		why  string
	}{
		{[]string{"--margin", "0"}, "/margin"},
		{[]string{"--metric", "beauty"}, "/metric"},
		{[]string{"--mode", "paired", "--weight", "50"}, "/weight"},
		{[]string{"--mode", "paired", "--sticky-header", "X"}, "/sticky"},
		{[]string{"--metric", "field_share", "--equals", "approve"}, "/field"},
		{[]string{"--metric", "field_share", "--field", "/decision"}, "/equals"},
		{[]string{"--metric", "field_share", "--field", "/decision", "--equals", `{"a":1}`}, "/equals"},
		{[]string{"--for", "0s"}, "/for_s"},
		{[]string{"--plan", write(t, filepath.Join(dir, "p.json"), `{"margins": 1}`)}, "/margins"},
		{[]string{"--plan", write(t, filepath.Join(dir, "q.json"), `{`)}, "is no plan"},
		{[]string{"--plan", filepath.Join(dir, "none.json")}, "no such file"},
	} {
		r := w.command(append([]string{"experiment", "start", "risk", "2.0.0"}, c.args...)...)
		if r.code == exitOK || !strings.Contains(r.stderr, c.why) {
			t.Errorf("%v: exit code %d, %s", c.args, r.code, r.stderr)
		}
	}
	refused(t, w.command("experiment", "get", "risk", "first"), exitUsage, "is no experiment")
	refused(t, w.command("experiment", "strat"), exitUsage, "did you mean start")
}

// TestAPromotionIsNotRepeatedForAnotherVerdict: stopping is, whatever was found
// meanwhile.
func TestAPromotionIsNotRepeatedForAnotherVerdict(t *testing.T) {
	for _, c := range []struct {
		name    string
		promote bool
		then    compare.Word // what the verdict is when it is looked at again
		sent    int
	}{
		{"the same verdict", true, compare.Better, 2},
		{"another verdict", true, compare.Worse, 1},
		{"another verdict, only stopped", false, compare.Worse, 2},
	} {
		sent, word := 0, compare.Better
		var mu sync.Mutex // each connection has a goroutine
		web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			w.Header().Set("Content-Type", "application/json")
			if r.Method == http.MethodPost {
				if sent++; sent == 1 {
					word = c.then
					w.WriteHeader(http.StatusPreconditionFailed)
					_ = json.NewEncoder(w).Encode(map[string]any{"type": "errors.md#stale_rollout", "code": problem.StaleRollout, "status": 412})
					return
				}
			}
			_ = json.NewEncoder(w).Encode(runtime.Experiment{ID: 3, Revision: uint64(sent + 1), State: "running", Verdict: compare.Verdict{Word: word}})
		}))
		cl, err := (&app{address: web.URL, token: "x", data: t.TempDir()}).client()
		if err != nil {
			t.Fatal(err)
		}
		_, err = cl.stopExperiment(t.Context(), "risk", newest, experimentStopOptions{promote: c.promote, revision: -1})
		web.Close()
		if sent != c.sent || (err == nil) != (c.sent == 2) {
			t.Errorf("%s: sent %d times, %v", c.name, sent, err)
		}
	}
}

// TestAPlanThatMakesNoSenseIsWrongUse, whatever a server would say to it.
func TestAPlanThatMakesNoSenseIsWrongUse(t *testing.T) {
	err := checkExperiment(map[string]any{"weight": int64(0)})
	if exitCode(err) != exitUsage || problem.CodeOf(err) != problem.ExperimentMalformed || !strings.Contains(err.Error(), "/weight") {
		t.Errorf("%d, %v", exitCode(err), err)
	}
	if err := checkExperiment(map[string]any{}); err != nil {
		t.Error(err)
	}
}
