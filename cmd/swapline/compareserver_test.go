package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/problem"
)

// comparing is a world with two releases whose answers differ, and a file of
// inputs.
func comparing(t *testing.T) (w *world, inputs string) {
	t.Helper()
	w = newWorld(t)
	dir := t.TempDir()
	w.must("push", w.release(dir, "one", "1.0.0", 1))
	w.must("push", w.release(dir, "two", "2.0.0", 2), "--hold")
	return w, write(t, filepath.Join(dir, "in.ndjson"), "{\"amount\": 1.0}\n{\"reject\": true}\n")
}

func TestTheServerComparesItsReleases(t *testing.T) {
	w, inputs := comparing(t)
	run := func(args ...string) commandResult {
		return w.command(shortly(append(args, "--inputs", inputs)...)...)
	}
	var r compare.Report
	got := run("old=risk@stable", "risk@2.0.0", "--json")
	if err := json.Unmarshal([]byte(got.stdout), &r); err != nil || got.code != exitUndecided {
		t.Fatalf("exit code %d, %v: %s", got.code, err, got.stderr)
	}
	if a := r.Answers[0]; a.Compared != 2 || a.Different != 1 || a.Places[0].Pointer != "/answer" {
		t.Errorf("%+v", a)
	}
	if r.Arms[0].Name != "old" || r.Arms[0].Version != "1.0.0" || r.Arms[1].Version != "2.0.0" || !strings.HasPrefix(r.Command, "swapline compare old=risk@stable risk@2.0.0 ") {
		t.Errorf("%+v, %s", r.Arms, r.Command)
	}
	if r.Host.Seed != 1 {
		t.Errorf("seed %d", r.Host.Seed)
	}
	// What was planned is carried out again, with the same releases and no others.
	plan, again := write(t, filepath.Join(t.TempDir(), "plan.json"), string(r.Plan)), compare.Report{}
	got = w.command("compare", "old=risk@stable", "risk@2.0.0", "--json", "--inputs", inputs, "--plan", plan)
	if err := json.Unmarshal([]byte(got.stdout), &again); err != nil || again.PlanHash != r.PlanHash || string(again.Plan) != string(r.Plan) {
		t.Errorf("exit code %d, %v: %s\n got %s\nwant %s", got.code, err, got.stderr, again.Plan, r.Plan)
	}
	refused(t, w.command("compare", "old=risk@stable", "risk@1.0.0", "--inputs", inputs, "--plan", plan), exitError, "/plan/arms/1")
	// The same release is the same, whatever its engine is called.
	out := run("a=risk@1.0.0", "b=risk@1.0.0")
	if out.code != exitOK && out.code != exitUndecided || !strings.Contains(out.stdout, "\ncompare: inputs=2 different=0 ") {
		t.Errorf("exit code %d\n%s\n%s", out.code, out.stdout, out.stderr)
	}
	refused(t, run("risk@1.0.0", "risk@7.0.0"), exitError, string(problem.UnknownRelease))
	refused(t, w.command("compare", "risk@1.0.0", "risk@2.0.0", "--recorded", "10"), exitError, "recorded")
	refused(t, run("risk@1.0.0", "risk@2.0.0", "--metric", "beauty"), exitUsage, "--metric")
}

// TestCtrlCCancelsTheComparisonOfTheServer: what it had measured until then is the
// report.
func TestCtrlCCancelsTheComparisonOfTheServer(t *testing.T) {
	w, inputs := comparing(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var stdout, stderr bytes.Buffer
	a := &app{stdout: &stdout, stderr: &stderr, data: string(w.data), at: func(step string) {
		if step == "compare:closed-loop" {
			stop()
		}
	}}
	c := a.compareCommand()
	c.SetArgs([]string{"a=risk@1.0.0", "b=risk@1.0.0", "--inputs", inputs, "--rounds", "200", "--calls", "10000", "--open", "0"})
	c.SilenceUsage, c.SilenceErrors = true, true
	if err := c.ExecuteContext(ctx); exitCode(err) != exitPartial || !strings.Contains(stdout.String(), "PARTIAL") {
		t.Errorf("%v\n%s\n%s", err, &stdout, &stderr)
	}
	list, err := w.rt.Comparisons.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range list {
		if s.State != "canceled" {
			t.Errorf("%+v", s)
		}
	}
}

// TestARenewalEndsTheComparisonOfTheServer: whoever waits for it is told, has the
// partial report, and the exit code for one.
func TestARenewalEndsTheComparisonOfTheServer(t *testing.T) {
	w, inputs := comparing(t)
	var stdout, stderr bytes.Buffer
	var once sync.Once
	a := &app{stdout: &stdout, stderr: &stderr, data: string(w.data), at: func(step string) {
		if step == "compare:closed-loop" {
			once.Do(func() { w.rt.Comparisons.Interrupt(t.Context(), "the host was renewed") })
		}
	}}
	c := a.compareCommand()
	c.SetArgs([]string{"a=risk@1.0.0", "b=risk@1.0.0", "--inputs", inputs, "--rounds", "200", "--calls", "10000", "--open", "0"})
	c.SilenceUsage, c.SilenceErrors = true, true
	if err := c.ExecuteContext(t.Context()); exitCode(err) != exitPartial || !strings.Contains(stdout.String(), "PARTIAL") || !strings.Contains(stderr.String(), "the server ended it: the host was renewed") {
		t.Errorf("%v\n%s\n%s", err, &stdout, &stderr)
	}
}

// TestAComparisonThatTheServerEndedIsToldOf, with a report and without one.
func TestAComparisonThatTheServerEndedIsToldOf(t *testing.T) {
	ended := runtime.ComparisonStatus{State: runtime.ComparisonCanceled, Problem: "the host was renewed"}
	for _, c := range []struct {
		change   func(*runtime.ComparisonStatus)
		canceled bool
		code     int
		says     string
	}{
		{func(s *runtime.ComparisonStatus) { s.Report = true }, false, exitOK, "the host was renewed"},
		{func(s *runtime.ComparisonStatus) {}, false, exitPartial, "the host was renewed; there is no report"},
		{func(s *runtime.ComparisonStatus) {}, true, exitOK, ""},
		{func(s *runtime.ComparisonStatus) { s.State = runtime.ComparisonDone }, false, exitOK, ""},
		{func(s *runtime.ComparisonStatus) { s.State = runtime.ComparisonFailed }, false, exitError, "the comparison failed: the host was renewed"},
		{func(s *runtime.ComparisonStatus) { s.State, s.Report = runtime.ComparisonFailed, true }, false, exitOK, ""}, // the report says why
	} {
		s, stderr := ended, bytes.Buffer{}
		c.change(&s)
		w := &awaited{app: &app{stderr: &stderr}}
		err := w.tellEnd(s, c.canceled)
		said := stderr.String()
		if err != nil {
			said += err.Error()
		}
		if exitCode(err) != c.code || !strings.Contains(said, c.says) || (c.says == "") != (said == "") {
			t.Errorf("%+v, %t: %v, %q", s, c.canceled, err, said)
		}
	}
}

// TestAServerThatIsAwayForAMomentIsWaitedFor: between two processes nobody answers,
// or somebody who is about to leave.
func TestAServerThatIsAwayForAMomentIsWaitedFor(t *testing.T) {
	var asked atomic.Int64
	web := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, q *http.Request) {
		switch asked.Add(1) {
		case 1, 2:
			panic(http.ErrAbortHandler)
		case 3:
			out.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(out, `{"code":"shutting_down"}`)
		case 4:
			_, _ = io.WriteString(out, `{"id":"a","state":"running"}`)
		default:
			_, _ = io.WriteString(out, `{"id":"a","state":"canceled","ended":"2026-11-23T10:00:00Z"}`)
		}
	}))
	defer web.Close()
	a := &app{stderr: io.Discard, address: web.URL, data: t.TempDir()}
	cl, err := a.client()
	if err != nil {
		t.Fatal(err)
	}
	w := &awaited{app: a, client: cl, path: comparisonsPath + "/a"}
	if s, err := w.end(t.Context()); err != nil || s.State != runtime.ComparisonCanceled || asked.Load() != 5 {
		t.Errorf("%+v, %v, asked %d times", s, err, asked.Load())
	}
	w.silent = time.Now().Add(-time.Hour)
	asked.Store(0)
	if _, err := w.look(t.Context()); problem.CodeOf(err) != problem.NotFound {
		t.Errorf("after an hour: %v", err)
	}
}

// TestInputsAreSentAsTheyWereRead: encoding/json would make integers of floats.
func TestInputsAreSentAsTheyWereRead(t *testing.T) {
	in, err := defaultInputLimits().read("x", strings.NewReader("{\"a\": 1.0, \"b\": 9007199254740993, \"c\": 1e300}\n{}"))
	if err != nil {
		t.Fatal(err)
	}
	sent, err := askingFor(map[string]any{"strategy": "risk"}, in)
	if err != nil {
		t.Fatal(err)
	}
	q := httptest.NewRequestWithContext(t.Context(), sent.method, sent.path, sent.body)
	q.Header = sent.header
	if q.ContentLength != sent.length {
		t.Errorf("%d bytes are said to be %d", q.ContentLength, sent.length)
	}
	parts, err := q.MultipartReader()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct{ name, text string }{
		{"request", `{"strategy":"risk"}`},
		{"inputs", "{\"a\":1.0,\"b\":9007199254740993,\"c\":1e+300}\n{}\n"},
	} {
		part, err := parts.NextPart()
		if err != nil {
			t.Fatal(err)
		}
		var text io.Reader = part
		if part.Header.Get("Content-Encoding") == "gzip" {
			if text, err = gzip.NewReader(part); err != nil {
				t.Fatal(err)
			}
		}
		if b, err := io.ReadAll(text); err != nil || part.FormName() != want.name || string(b) != want.text {
			t.Errorf("part %q: %s, %v", part.FormName(), b, err)
		}
	}
}

// TestTheServerIsAskedWithThePlan as it was given: what was left out is its own.
func TestTheServerIsAskedWithThePlan(t *testing.T) {
	plan, err := planned(strings.Fields("--open 1s --warm-up 8 --seed 5 --starts 0")...)
	if err != nil {
		t.Fatal(err)
	}
	body, err := asked{plan: plan}.body()
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"warm_up":8,"rate":0,"open_s":1,"starts":0,"seed":5,"max_different":0,"ignore":[],"tolerance":0,"mask":[]}`
	if text, err := json.Marshal(body["plan"]); err != nil || string(text) != want {
		t.Errorf("%v\n got %s\nwant %s", err, text, want)
	}
}

// TestAServerIsToldNoCommandThatItRefuses: a file may be called anything, and is compared
// all the same.
func TestAServerIsToldNoCommandThatItRefuses(t *testing.T) {
	for command, told := range map[string]bool{
		"swapline compare a@1 b@2 --inputs 'ä b.ndjson'": true,
		"--inputs 'a\tb.ndjson'":                         false,
		"--inputs 'a\nb.ndjson'":                         false,
		"--inputs 'a\xff.ndjson'":                        false,
		strings.Repeat("x", 2001):                        false,
	} {
		body, err := asked{command: command}.body()
		if _, given := body["command"]; err != nil || given != told {
			t.Errorf("%.40q: %v, %v", command, body["command"], err)
		}
	}
}
