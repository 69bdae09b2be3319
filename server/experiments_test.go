package server_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/server"
)

const (
	experimentsPath = "/v1/experiments"
	// openPlan concludes nothing by itself for an hour.
	openPlan = `{"mode": "split", "metric": "error_rate", "hypothesis": "not_worse", "margin": 0.1, "calls": 1000000, "for_s": 3600, "stop": "time"}`
)

// experiment begins one of 2.0.0.
func (h *harness) experiment(plan string) runtime.Experiment {
	h.t.Helper()
	a := h.post(experimentsPath, `{"strategy":"risk","release":"2.0.0","plan":`+plan+`}`, h.tag())
	if a.status != http.StatusCreated {
		h.t.Fatalf("%d %s", a.status, a.body)
	}
	return decode[runtime.Experiment](h.t.(*testing.T), a)
}

// stop ends one with the ETag of now, and again if it moved on meanwhile.
func (h *harness) stop(e runtime.Experiment, body string) (a answer) {
	h.t.Helper()
	path := fmt.Sprintf("%s/%s/%d", experimentsPath, e.Strategy, e.ID)
	for range 10 {
		if a = h.post(path+"/stop", body, ifMatch(h.get(path).header.Get("ETag"))); a.status != http.StatusPreconditionFailed {
			break
		}
	}
	return a
}

// TestFromAnExperimentsStartToItsReport walks the life of one that a person ends.
func TestFromAnExperimentsStartToItsReport(t *testing.T) {
	h := start(t)
	h.rollable()
	if a := h.get(experimentsPath); string(a.body) != `{"experiments":[]}`+"\n" {
		t.Errorf("before the first: %s", a.body)
	}
	a := h.post(experimentsPath, `{"strategy":"risk","release":"2.0.0","plan":`+openPlan+`,"reason":"is it as good"}`,
		map[string]string{"If-Match": `"1"`, "Swapline-Actor": "anna"})
	e := decode[runtime.Experiment](t, a)
	path := fmt.Sprintf("%s/risk/%d", experimentsPath, e.ID)
	if a.status != http.StatusCreated || a.header.Get("Location") != path || a.header.Get("ETag") != fmt.Sprintf(`"%d"`, e.Revision) {
		t.Fatalf("%d %s %v", a.status, a.body, a.header)
	}
	if e.State != "running" || e.Mode != compare.ModeSplit || e.Actor != "anna" || e.Why != "is it as good" || e.Reference.Version != "1.0.0" || e.Candidate.Version != "2.0.0" {
		t.Errorf("%+v", e)
	}
	for range 50 {
		h.execute(`{"echo": 1}`)
	}
	for _, one := range []string{path, experimentsPath + "/risk/latest"} {
		got := decode[runtime.Experiment](t, h.get(one))
		if got.ID != e.ID || got.PlanHash != e.PlanHash || got.Verdict.Word != compare.Undecided {
			t.Errorf("%s: %+v", one, got)
		}
	}
	for _, query := range []string{"", "?strategy=risk", "?strategy=risk&limit=1"} {
		list := decode[struct{ Experiments []runtime.Experiment }](t, h.get(experimentsPath+query)).Experiments
		if len(list) != 1 || list[0].ID != e.ID {
			t.Errorf("%q: %+v", query, list)
		}
	}
	var r compare.Report
	eventually(t, func() bool { // a report is kept for a moment
		r = decode[compare.Report](t, h.get(path+"/report"))
		return len(r.Arms) == 2 && r.Arms[0].Calls+r.Arms[1].Calls == 50
	})
	if r.Mode != compare.ModeSplit || r.PlanHash != e.PlanHash || !r.Ended.IsZero() {
		t.Errorf("%+v", r)
	}
	h.everyForm(path+"/report", fmt.Sprintf("experiment-risk-%d", e.ID), r.Title)
	h.everyForm(experimentsPath+"/risk/latest/report", fmt.Sprintf("experiment-risk-%d", e.ID), r.Title)
	if a := h.stop(e, `{"reason":"seen enough"}`); a.status != http.StatusOK || decode[runtime.Experiment](t, a).State != "ended" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if r := decode[compare.Report](t, h.get(path+"/report")); r.Partial == "" || r.Ended.IsZero() {
		t.Errorf("%+v", r)
	}
	if a := h.stop(e, `{}`); a.status != http.StatusConflict || a.problem(t).Code != string(problem.RolloutEnded) {
		t.Errorf("after its end: %d %s", a.status, a.body)
	}
	if v := decode[runtime.Status](t, h.get("/v1/strategies/risk")).Stable.Version; v != "1.0.0" {
		t.Errorf("%s is served", v)
	}
}

// TestAnExperimentMayEndWithTheOtherRelease: who stops it says so.
func TestAnExperimentMayEndWithTheOtherRelease(t *testing.T) {
	h := start(t)
	h.rollable()
	e := h.experiment(openPlan)
	if a := h.stop(e, `{"promote":true,"reason":"we want it"}`); a.status != http.StatusOK {
		t.Fatalf("%d %s", a.status, a.body)
	}
	eventually(t, func() bool {
		return decode[runtime.Status](t, h.get("/v1/strategies/risk")).Stable.Version == "2.0.0"
	})
}

// TestAStopNeedsTheExperimentThatWasSeen: without it 428, with another one 412, and
// both tell the current one.
func TestAStopNeedsTheExperimentThatWasSeen(t *testing.T) {
	h := start(t)
	h.rollable()
	e := h.experiment(openPlan)
	path := fmt.Sprintf("%s/risk/%d", experimentsPath, e.ID)
	number := func(etag string) int { n, _ := strconv.Atoi(strings.Trim(etag, `"`)); return n }
	now := func() int { return number(h.get(path).header.Get("ETag")) }
	for _, c := range []struct {
		header map[string]string
		status int
		code   problem.Code
		tells  bool // the current ETag
	}{
		{nil, 428, problem.IfMatchRequired, true},
		{ifMatch(`"999"`), 412, problem.StaleRollout, true},
		{map[string]string{"If-None-Match": "*"}, 400, problem.BadRequest, false},
		{ifMatch("*"), 400, problem.BadRequest, false},
	} {
		before := now() // it may rise at any time: what happens is noted
		a := h.post(path+"/stop", `{}`, c.header)
		etag := a.header.Get("ETag")
		told := etag != "" && before <= number(etag) && number(etag) <= now()
		if p := a.problem(t); a.status != c.status || p.Code != string(c.code) || told != c.tells {
			t.Errorf("%v: %d %s, ETag %q", c.header, a.status, a.body, etag)
		}
	}
	if got := decode[runtime.Experiment](t, h.get(path)); got.State != "running" {
		t.Errorf("something was done: %+v", got)
	}
}

func TestAnExperimentNeedsTheGenerationThatWasSeen(t *testing.T) {
	h := start(t)
	h.rollable()
	for _, c := range []struct {
		header map[string]string
		status int
		code   problem.Code
		etag   string
	}{
		{nil, 428, problem.IfMatchRequired, `"1"`}, {ifMatch(`"7"`), 412, problem.StaleGeneration, `"1"`}, {firstRelease(), 400, problem.BadRequest, ""},
	} {
		a := h.post(experimentsPath, `{"strategy":"risk","release":"2.0.0"}`, c.header)
		if p := a.problem(t); a.status != c.status || p.Code != string(c.code) || a.header.Get("ETag") != c.etag {
			t.Errorf("%v: %d %s, ETag %q", c.header, a.status, a.body, a.header.Get("ETag"))
		}
	}
}

// TestAHostThatIsBeingRenewedTakesNoExperiments: but tells of those that there are.
func TestAHostThatIsBeingRenewedTakesNoExperiments(t *testing.T) {
	var gate server.Gate
	h := start(t, func(c *server.Config, _ *server.Timeouts) { c.Gate = &gate })
	h.rollable()
	e := h.experiment(openPlan)
	check(t, gate.Steady(t.Context()))
	defer gate.Open()
	for name, a := range map[string]answer{"start": h.post(experimentsPath, `{}`, ifMatch(`"1"`)), "stop": h.stop(e, `{}`)} {
		if a.status != http.StatusServiceUnavailable || a.problem(t).Code != string(problem.HostRenewing) || a.header.Get("Retry-After") == "" {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	for _, path := range []string{"", "/risk/latest", "/risk/latest/report"} {
		if a := h.get(experimentsPath + path); a.status != http.StatusOK {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
}

func badExperiments() []bad {
	get := func(path string) func(*harness) answer { return func(h *harness) answer { return h.get(path) } }
	begin := func(body string) func(*harness) answer {
		return func(h *harness) answer { return h.post(experimentsPath, body, ifMatch(`"1"`)) }
	}
	with := func(more string) func(*harness) answer {
		return begin(strings.Replace(`{"strategy":"risk","release":"1.0.0",`+more[1:], ",}", "}", 1))
	}
	stop := func(path, body string, header map[string]string) func(*harness) answer {
		return func(h *harness) answer { return h.post(experimentsPath+path, body, header) }
	}
	tag := ifMatch(`"1"`)
	return []bad{
		{"experiments of an unknown strategy", 404, problem.UnknownStrategy, get(experimentsPath + "?strategy=nobody")},
		{"experiments of no strategy's name", 400, problem.BadRequest, get(experimentsPath + "?strategy=../etc")},
		{"experiments by a limit that is no number", 400, problem.BadRequest, get(experimentsPath + "?limit=all")},
		{"experiments by a limit that is too high", 400, problem.BadRequest, get(experimentsPath + "?limit=101")},
		{"no experiments", 400, problem.BadRequest, get(experimentsPath + "?limit=0")},
		{"an unknown experiment", 404, problem.UnknownExperiment, get(experimentsPath + "/risk/77")},
		{"the newest of no experiments", 404, problem.UnknownExperiment, get(experimentsPath + "/risk/latest")},
		{"an experiment of number 0", 404, problem.UnknownExperiment, get(experimentsPath + "/risk/0")},
		{"an experiment by name", 404, problem.UnknownExperiment, get(experimentsPath + "/risk/newest")},
		{"an experiment of an unknown strategy", 404, problem.UnknownStrategy, get(experimentsPath + "/nobody/1")},
		{"an experiment of no strategy's name", 404, problem.UnknownStrategy, get(experimentsPath + "/..%2f/1")},
		{"the report of an unknown experiment", 404, problem.UnknownExperiment, get(experimentsPath + "/risk/77/report")},
		{"the report of the newest of no experiments", 404, problem.UnknownExperiment, get(experimentsPath + "/risk/latest/report")},
		{"an experiment's report in a form that there is not", 400, problem.BadRequest, get(experimentsPath + "/risk/77/report?format=pdf")},
		{"an experiment's report in a form that is not accepted", 406, problem.NotAcceptable, func(h *harness) answer {
			return h.do(request{method: "GET", path: experimentsPath + "/risk/77/report", header: map[string]string{"Accept": "image/png"}})
		}},
		{"an experiment of nothing", 400, problem.BadRequest, begin(`{}`)},
		{"an experiment without a release", 400, problem.BadRequest, begin(`{"strategy":"risk"}`)},
		{"an experiment with a release that is a number", 400, problem.BadRequest, begin(`{"strategy":"risk","release":1}`)},
		{"an experiment with an unknown release", 404, problem.UnknownRelease, begin(`{"strategy":"risk","release":"9.9.9"}`)},
		{"an experiment with what serves", 409, problem.RolloutRefused, begin(`{"strategy":"risk","release":"1.0.0"}`)},
		{"an experiment on no strategy's name", 404, problem.UnknownStrategy, begin(`{"strategy":"../etc","release":"1.0.0"}`)},
		{"an experiment with a misspelt member", 400, problem.BadRequest, with(`{"plann":{}}`)},
		{"an experiment with a plan that is a list", 400, problem.BadRequest, with(`{"plan":[]}`)},
		{"an experiment with a plan with a misspelt member", 422, problem.ExperimentMalformed, with(`{"plan":{"margn":1}}`)},
		{"an experiment with a metric that there is not", 422, problem.ExperimentMalformed, with(`{"plan":{"metric":"beauty"}}`)},
		{"an experiment with a reason that is no text", 400, problem.BadRequest, with(`{"reason":1}`)},
		{"an experiment with a reason for terminals", 400, problem.BadRequest, with(`{"reason":"a\u001b[2J"}`)},
		{"an experiment with a baseline that is a text", 400, problem.BadRequest, with(`{"new_baseline":"yes"}`)},
		{"an experiment that is no JSON", 400, problem.BadJSON, begin(`release=1`)},
		{"an experiment that is a list", 400, problem.ValueDomain, begin(`[]`)},
		{"an experiment with a member twice", 400, problem.DuplicateKey, begin(`{"release":"1.0.0","release":"2.0.0"}`)},
		{"an experiment of another type", 415, problem.MediaType, stop("", `{}`, map[string]string{"If-Match": `"1"`, "Content-Type": "text/plain"})},
		{"an experiment that is too large", 413, problem.BodyTooLarge, begin(`{"release":"` + strings.Repeat("x", 1<<20) + `"}`)},
		{"an experiment without If-Match", 428, problem.IfMatchRequired, stop("", `{"strategy":"risk","release":"1.0.0"}`, nil)},
		{"an experiment with a stale If-Match", 412, problem.StaleGeneration, stop("", `{"strategy":"risk","release":"1.0.0"}`, ifMatch(`"7"`))},
		{"an experiment with a weak If-Match", 400, problem.BadRequest, stop("", `{"strategy":"risk","release":"1.0.0"}`, ifMatch(`W/"1"`))},
		{"the end of the newest experiment", 400, problem.BadRequest, stop("/risk/latest/stop", `{}`, tag)},
		{"the end of an unknown experiment", 404, problem.UnknownExperiment, stop("/risk/77/stop", `{}`, tag)},
		{"the end of an experiment without If-Match", 428, problem.IfMatchRequired, stop("/risk/77/stop", `{}`, nil)},
		{"the end of an experiment with a misspelt member", 400, problem.BadRequest, stop("/risk/77/stop", `{"promot":true}`, tag)},
		{"the end of an experiment that is promoted perhaps", 400, problem.BadRequest, stop("/risk/77/stop", `{"promote":"yes"}`, tag)},
		{"the end of an experiment for a reason for terminals", 400, problem.BadRequest, stop("/risk/77/stop", `{"reason":"a\u001b[2J"}`, tag)},
		{"the end of an experiment without a body", 400, problem.BadJSON, stop("/risk/77/stop", ``, tag)},
		{"the end of an experiment by GET", 405, problem.MethodNotAllowed, get(experimentsPath + "/risk/77/stop")},
	}
}

// TestARefusedPlanIsPointedAt in the body that was sent.
func TestARefusedPlanIsPointedAt(t *testing.T) {
	h := start(t)
	h.rollable()
	for plan, want := range map[string]string{`{"margin":-1}`: "/plan/margin", `{"nothing":1}`: "/plan/nothing"} {
		a := h.post(experimentsPath, `{"strategy":"risk","release":"2.0.0","plan":`+plan+`}`, ifMatch(`"1"`))
		if p := a.problem(t); a.status != 422 || p.Code != string(problem.ExperimentMalformed) || p.Pointer != want {
			t.Errorf("%s: %d %s", plan, a.status, a.body)
		}
	}
}

// FuzzExperiments sends any bytes and tags to what changes an experiment: the answer
// is never 5xx, and says what was wrong.
func FuzzExperiments(f *testing.F) {
	h := start(f)
	r := h.sign("one", "1.0.0", 10)
	body, media := form(f, "envelope", r.envelope, "artifact", r.artifact)
	a := h.do(request{method: "POST", path: "/v1/strategies/risk/releases", body: bytes.NewReader(body),
		header: map[string]string{"Content-Type": media, "If-None-Match": "*"}})
	if a.status != http.StatusCreated {
		f.Fatalf("%d %s", a.status, a.body)
	}
	ways := []string{"", "/risk/1/stop"}
	for way := range ways {
		f.Add(uint8(way), `"1"`, []byte(`{"strategy":"risk","release":"1.0.0","plan":`+openPlan+`,"reason":"x","new_baseline":true}`))
		f.Add(uint8(way), `"0"`, []byte(`{"promote":true,"reason":"x"}`))
		f.Add(uint8(way), `W/"1"`, []byte(`{"strategy":"risk","release":"1.0.0","plan":{"mode":"paired","weight":1e300,"guards":[{}],"field":"a","equals":{"$bytes":"AA=="}}}`))
	}
	f.Fuzz(func(t *testing.T, way uint8, tag string, body []byte) {
		status, text := fuzzed(t, h, "POST", experimentsPath+ways[int(way)%len(ways)], tag, body)
		if status >= 500 || status >= 400 && !bytes.Contains(text, []byte(`"code":`)) {
			t.Errorf("%d %s", status, text)
		}
	})
}
