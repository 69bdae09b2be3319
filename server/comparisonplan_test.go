package server_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/driver/memdriver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store"
	"github.com/swapline/swapline/runtime/store/boltstore"
	"github.com/swapline/swapline/server"
)

// reportOf is the report of a comparison that is asked for and done.
func (h *harness) reportOf(body string) (runtime.ComparisonStatus, compare.Report) {
	h.t.Helper()
	s := h.over(h.compare(body).ID)
	if s.State != "done" {
		h.t.Fatalf("%+v", s)
	}
	return s, decode[compare.Report](h.t.(*testing.T), h.get(comparisonsPath+"/"+s.ID+"/report"))
}

// TestAPlanIsSentAsItCameBack: the same plan, the same hash, and nothing else is
// compared than what it says.
func TestAPlanIsSentAsItCameBack(t *testing.T) {
	h := start(t)
	h.rollable()
	schema := h.doc.Components.Schemas["ComparisonPlan"].Value
	const small, every = `{"rounds": 10, "calls": 20, "warm_up": 0, "open_s": 0, "callers": 0, "starts": 0, "resamples": 200}`,
		`{"metric": "latency_p90", "hypothesis": "better", "margin": 0, "alpha": 0.01, "rounds": 11, "calls": 20, "warm_up": 30, "callers": 1, "rate": 500, "open_s": 0.029,
		"starts": 1, "seed": 9007199254740991, "resamples": 200, "max_different": 0.5, "ignore": ["/answer"], "tolerance": 1e-9, "mask": ["/echo", "/<b>"]}`
	for _, plan := range []string{small, every} {
		status, first := h.reportOf(asked(bothArms, someInputs, `{"plan":`+plan+`}`))
		asSent, second := h.reportOf(asked(bothArms, someInputs, `{"plan":`+string(first.Plan)+`}`))
		if !bytes.Equal(second.Plan, first.Plan) || second.PlanHash != first.PlanHash || second.Host.Seed != first.Host.Seed {
			t.Errorf("\n got %s %s\nwant %s %s", second.PlanHash, second.Plan, first.PlanHash, first.Plan)
		}
		if !bytes.Equal(asSent.Plan, first.Plan) {
			t.Errorf("its state has another plan: %s", asSent.Plan)
		}
		again := h.compare(asked(bothArms, someInputs, `{"plan":`+string(status.Plan)+`}`))
		if !bytes.Equal(again.Plan, status.Plan) {
			t.Errorf("\n got %s\nwant %s", again.Plan, status.Plan)
		}
		h.cancel(again.ID)
		for _, text := range []json.RawMessage{first.Plan, status.Plan} {
			var v any
			check(t, json.Unmarshal(text, &v))
			if err := schema.VisitJSON(v, openapi3.EnableJSONSchema2020()); err != nil {
				t.Errorf("%s: %v", text, err)
			}
		}
		for body, at := range map[string]string{
			asked(strings.Replace(bothArms, `"2.0.0"`, `"1.0.0"`, 1), someInputs, `{"plan":`+string(first.Plan)+`}`): "/plan/arms/1",
			asked(bothArms[:len(bothArms)-1]+`,{"name":"c"}]`, someInputs, `{"plan":`+string(first.Plan)+`}`):        "/plan/arms",
			asked(bothArms, `[{"echo": 1}]`, `{"plan":`+string(first.Plan)+`}`):                                      "/plan/inputs",
			asked(bothArms, strings.Replace(someInputs, "3.5", "3.6", 1), `{"plan":`+string(first.Plan)+`}`):         "/plan/inputs_sha256",
		} {
			a := h.post(comparisonsPath, body, nil)
			if p := a.problem(t); a.status != http.StatusUnprocessableEntity || p.Pointer != at || !strings.Contains(string(a.body), "leave arms, inputs and inputs_sha256 out") {
				t.Errorf("%d %s, want it refused at %s", a.status, a.body, at)
			}
		}
		// A name is no release: it is looked at when the arms are there.
		s := h.over(h.compare(asked(strings.Replace(bothArms, `"old"`, `"one"`, 1), someInputs, `{"plan":`+string(first.Plan)+`}`)).ID)
		if s.State != "failed" || s.Report || !strings.Contains(s.Problem, "/plan/arms/0") {
			t.Errorf("%+v", s)
		}
	}
}

// TestNoneIsZeroInPlans, and what is left out is not none.
func TestNoneIsZeroInPlans(t *testing.T) {
	h := start(t)
	h.rollable()
	for plan, want := range map[string][]string{
		`{"open_s":0,"callers":0,"starts":0,"warm_up":0}`: {`"open_s":0,`, `"callers":0,`, `"starts":0,`, `"warm_up":0,`},
		`{"callers":3}`: {`"open_s":3,`, `"callers":3,`, `"starts":5,`, `"warm_up":500,`},
	} {
		s := h.compare(asked(bothArms, someInputs, `{"plan":`+plan+`}`))
		h.cancel(s.ID)
		for _, part := range want {
			if !strings.Contains(string(s.Plan), part) {
				t.Errorf("%s: the plan lacks %s: %s", plan, part, s.Plan)
			}
		}
		h.over(s.ID)
	}
}

// TestAnExperimentsPlanIsSentAsItCameBack, in either mode.
func TestAnExperimentsPlanIsSentAsItCameBack(t *testing.T) {
	h := start(t)
	h.rollable()
	for _, plan := range []string{
		openPlan,
		`{"mode": "split", "sticky": {"header": "X-Customer"}, "weight": 12.5, "metric": "field_share", "field": "/a~1b", "equals": 1.0, "hypothesis": "not_worse", "margin": 0.01,
		  "calls": 1000000, "for_s": 60.5, "stop": "time", "expected": ["declined"], "question": "why <\u00e4>", "guards": [{"name": "errors", "metric": "error_rate", "max": 0.9}]}`,
		`{"mode": "paired", "metric": "latency_p99", "hypothesis": "better", "margin": 0, "share": 20, "budget": 2.5, "ignore": ["/ts"], "tolerance": 1e-9, "mask": ["/card"],
		  "max_different": 0.001, "stop": "time"}`,
	} {
		first := h.experiment(plan)
		h.stop(first, `{}`)
		second := h.experiment(string(first.Plan))
		h.stop(second, `{}`)
		report := decode[compare.Report](t, h.get(fmt.Sprintf("%s/risk/%d/report", experimentsPath, second.ID)))
		if !bytes.Equal(second.Plan, first.Plan) || second.PlanHash != first.PlanHash || second.PlanHash != report.PlanHash || !bytes.Equal(report.Plan, first.Plan) {
			t.Errorf("\n got %s\n and %s\nwant %s", second.Plan, report.Plan, first.Plan)
		}
	}
}

// TestWordsOfBothPlansMeanTheSame: what one refuses as nonsense, the other does not take
// for something else.
func TestWordsOfBothPlansMeanTheSame(t *testing.T) {
	h := start(t)
	h.rollable()
	for _, plan := range []string{
		`{"margin":0}`, `{"margin":-1}`, `{"margin":"5 %"}`, `{"alpha":0}`, `{"alpha":0.9}`, `{"metric":"beauty"}`, `{"metric":""}`, `{"hypothesis":"nicer"}`, `{"hypothesis":""}`, `{"calls":0}`, `{"calls":1.5}`,
		`{"tolerance":-1}`, `{"tolerance":2}`, `{"ignore":["ts"]}`, `{"ignore":"/ts"}`, `{"ignore":[5]}`, `{"mask":["card"]}`, `{"max_different":2}`, `{"margn":1}`,
	} {
		offline := h.post(comparisonsPath, asked(bothArms, someInputs, `{"plan":`+plan+`}`), nil)
		live := h.post(experimentsPath, `{"strategy":"risk","release":"2.0.0","plan":`+strings.Replace(plan, "{", `{"mode":"paired",`, 1)+`}`, h.tag())
		one, two := offline.problem(t), live.problem(t)
		if offline.status != http.StatusUnprocessableEntity || live.status != offline.status || !strings.HasPrefix(two.Pointer, one.Pointer) {
			t.Errorf("%s: %d %s and %d %s", plan, offline.status, offline.body, live.status, live.body)
		}
	}
}

// TestPlansOfBeforeAreShownAsTheyAre: what an older program has stored is read by nobody
// but people, and its hash stays what it was.
func TestPlansOfBeforeAreShownAsTheyAre(t *testing.T) {
	const plan = `{"metric":"latency_p50","callers":-1,"open_ns":-1,"max_different":0,"arms":["old = 1.0.0","new = 2.0.0"],"later":{"is":[1]},"compare":{"tolerance":0}}`
	inner, err := boltstore.Open(t.TempDir())
	check(t, err)
	defer inner.Close()
	report := new(bytes.Buffer)
	packed := gzip.NewWriter(report)
	_, err = packed.Write([]byte(`{"format":1,"title":"risk: old against new","strategy":"risk","mode":"offline","started":"2026-01-02T03:04:05Z","plan":` + plan + `,"plan_hash":"5f2c","later":true,
		"host":{},"health":[],"arms":[{"name":"old"},{"name":"new"}],"verdicts":[],"metrics":[]}`))
	check(t, err)
	check(t, packed.Close())
	begun := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	check(t, inner.RecordComparison(t.Context(), store.Comparison{Number: 1, ID: "before", Begun: begun, Ended: begun.Add(time.Minute),
		Record: []byte(`{"strategy":"risk","state":"done","report":true,"later":7,"plan":` + plan + `}`)}, report.Bytes()))
	rt, err := runtime.Open(t.Context(), runtime.Config{Store: inner, Log: slog.New(slog.DiscardHandler),
		Drivers: map[manifest.Kind]driver.Driver{memdriver.Kind: memdriver.New(nil)}})
	check(t, err)
	defer func() { check(t, rt.Close(context.Background())) }()
	handler, err := server.New(server.Config{Runtime: rt, Token: testToken})
	check(t, err)
	for path, holds := range map[string]string{
		"":                               `"plan":` + plan,
		"/before":                        `"plan":` + plan,
		"/before/report":                 `"plan":` + plan + `,"plan_hash":"5f2c"`,
		"/before/report?format=html":     "open_ns",
		"/before/report?format=markdown": "risk: old against new",
	} {
		q := httptest.NewRequestWithContext(t.Context(), "GET", comparisonsPath+path, nil)
		q.Header.Set("Authorization", "Bearer "+testToken)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, q)
		if body := w.Body.String(); w.Code != http.StatusOK || !strings.Contains(body, holds) {
			t.Errorf("%s: %d %s", path, w.Code, body)
		}
	}
	a := httptest.NewRecorder()
	q := httptest.NewRequestWithContext(t.Context(), "POST", comparisonsPath, strings.NewReader(asked(bothArms, someInputs, `{"plan":`+plan+`}`)))
	q.Header.Set("Authorization", "Bearer "+testToken)
	q.Header.Set("Content-Type", "application/json")
	if handler.ServeHTTP(a, q); a.Code != http.StatusUnprocessableEntity || !strings.Contains(a.Body.String(), string(problem.ComparisonMalformed)) {
		t.Errorf("in words that are not known any more: %d %s", a.Code, a.Body)
	}
}
