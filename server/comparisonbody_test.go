package server_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/problem"
)

func badComparisons() []bad {
	ask := func(body string) func(*harness) answer {
		return func(h *harness) answer { return h.post(comparisonsPath, body, nil) }
	}
	with := func(arms, inputs, more string) func(*harness) answer { return ask(asked(arms, inputs, more)) }
	get := func(path string) func(*harness) answer { return func(h *harness) answer { return h.get(path) } }
	const same = `[{"name":"a"},{"name":"b"}]`
	return []bad{
		{"a comparison of nothing", 400, problem.BadRequest, ask(`{}`)},
		{"a comparison that is no JSON", 400, problem.BadJSON, ask(`strategy=risk`)},
		{"a comparison that is a list", 400, problem.ValueDomain, ask(`[]`)},
		{"a comparison with a member twice", 400, problem.DuplicateKey, ask(`{"strategy":"risk","strategy":"other"}`)},
		{"a comparison of two million values and more", 400, problem.ValueTooLarge, ask(`{"inputs":[` + strings.Repeat("0,", 2_000_000) + `0]}`)},
		{"a comparison of another type", 415, problem.MediaType, func(h *harness) answer {
			return h.post(comparisonsPath, `{}`, map[string]string{"Content-Type": "application/x-ndjson"})
		}},
		{"a comparison that is compressed", 415, problem.MediaType, func(h *harness) answer {
			return h.post(comparisonsPath, `{}`, map[string]string{"Content-Encoding": "gzip"})
		}},
		{"a comparison with a misspelt member", 400, problem.BadRequest, with(same, `[{}]`, `{"plann":{}}`)},
		{"a comparison of a strategy that is a number", 400, problem.BadRequest, ask(`{"strategy":1}`)},
		{"a comparison of no strategy's name", 404, problem.UnknownStrategy, ask(`{"strategy":"../etc"}`)},
		{"a comparison of an unknown strategy", 404, problem.UnknownStrategy, ask(strings.Replace(asked(same, `[{}]`, `{}`), `"risk"`, `"nobody"`, 1))},
		{"a comparison with a command for terminals", 400, problem.BadRequest, with(same, `[{}]`, `{"command":"a\u001b[2J"}`)},
		{"a comparison with a command of two lines", 400, problem.BadRequest, with(same, `[{}]`, `{"command":"a\nb"}`)},
		{"a comparison with a long command", 400, problem.BadRequest, with(same, `[{}]`, `{"command":"`+strings.Repeat("x", 2001)+`"}`)},
		{"a comparison without arms", 422, problem.ComparisonMalformed, ask(`{"strategy":"risk","inputs":[{}]}`)},
		{"a comparison with arms that are names", 422, problem.ComparisonMalformed, with(`["1.0.0","2.0.0"]`, `[{}]`, `{}`)},
		{"a comparison of one arm", 422, problem.ComparisonMalformed, with(`[{}]`, `[{}]`, `{}`)},
		{"a comparison of seven arms", 422, problem.ComparisonMalformed, with(`[{},{},{},{},{},{},{}]`, `[{}]`, `{}`)},
		{"a comparison of arms with one name", 422, problem.ComparisonMalformed, with(`[{"name":"a"},{"name":"a"}]`, `[{}]`, `{}`)},
		{"a comparison of an arm with a misspelt member", 422, problem.ComparisonMalformed, with(`[{},{"relaese":"1.0.0"}]`, `[{}]`, `{}`)},
		{"a comparison of an arm that is named by a number", 422, problem.ComparisonMalformed, with(`[{},{"release":1}]`, `[{}]`, `{}`)},
		{"a comparison of an arm with a name for terminals", 422, problem.ComparisonMalformed, with(`[{},{"name":"\u001b[2J"}]`, `[{}]`, `{}`)},
		{"a comparison of an arm that is direct perhaps", 422, problem.ComparisonMalformed, with(`[{},{"direct":"yes"}]`, `[{}]`, `{}`)},
		{"a comparison with an unknown release", 404, problem.UnknownRelease, with(`[{},{"release":"9.9.9"}]`, `[{}]`, `{}`)},
		{"a comparison on an engine that is not allowed", 422, problem.EngineDenied, with(`[{},{"engine":"nosuch"}]`, `[{}]`, `{}`)},
		{"a comparison with an isolation that there is not", 422, problem.ComparisonMalformed, with(`[{},{"isolation":"glass"}]`, `[{}]`, `{}`)},
		{"a comparison without inputs", 422, problem.ComparisonMalformed, ask(`{"strategy":"risk","arms":` + same + `}`)},
		{"a comparison with no input", 422, problem.ComparisonMalformed, with(same, `[]`, `{}`)},
		{"a comparison with an input that is no object", 422, problem.ComparisonMalformed, with(same, `[{},1]`, `{}`)},
		{"a comparison with inputs that are no list", 422, problem.ComparisonMalformed, with(same, `{}`, `{}`)},
		{"a comparison with an input that no strategy gets", 422, problem.ComparisonMalformed, with(same, `[{"a":[`+strings.Repeat("0,", 100_000)+`0]}]`, `{}`)},
		{"a comparison with both sorts of inputs", 422, problem.ComparisonMalformed, with(same, `[{}]`, `{"recorded":5}`)},
		{"a comparison of recorded inputs that there are not", 422, problem.ComparisonMalformed, ask(`{"strategy":"risk","arms":` + same + `,"recorded":5}`)},
		{"a comparison of minus one recorded input", 422, problem.ComparisonMalformed, ask(`{"strategy":"risk","arms":` + same + `,"recorded":-1}`)},
		{"a comparison of all recorded inputs", 422, problem.ComparisonMalformed, ask(`{"strategy":"risk","arms":` + same + `,"recorded":"all"}`)},
		{"a comparison by a plan that is a list", 422, problem.ComparisonMalformed, with(same, `[{}]`, `{"plan":[]}`)},
		{"a comparison by a plan with a misspelt member", 422, problem.ComparisonMalformed, with(same, `[{}]`, `{"plan":{"margn":0.1}}`)},
		{"a comparison by a margin in words", 422, problem.ComparisonMalformed, with(same, `[{}]`, `{"plan":{"margin":"5 %"}}`)},
		{"a comparison by no margin", 422, problem.ComparisonMalformed, with(same, `[{}]`, `{"plan":{"margin":0,"hypothesis":"not_worse"}}`)},
		{"a comparison that is never wrong", 422, problem.ComparisonMalformed, with(same, `[{}]`, `{"plan":{"alpha":0}}`)},
		{"a comparison by a negative margin", 422, problem.ComparisonMalformed, with(same, `[{}]`, `{"plan":{"margin":-0.1}}`)},
		{"a comparison by a metric that there is not", 422, problem.ComparisonMalformed, with(same, `[{}]`, `{"plan":{"metric":"beauty"}}`)},
		{"a comparison by a hypothesis that there is not", 422, problem.ComparisonMalformed, with(same, `[{}]`, `{"plan":{"hypothesis":"faster"}}`)},
		{"a comparison of half a round", 422, problem.ComparisonMalformed, with(same, `[{}]`, `{"plan":{"rounds":0.5}}`)},
		{"a comparison of too few rounds", 422, problem.ComparisonMalformed, with(same, `[{}]`, `{"plan":{"rounds":3}}`)},
		{"a comparison of more rounds than there are numbers", 422, problem.ComparisonMalformed, with(same, `[{}]`, `{"plan":{"rounds":9223372036854775807}}`)},
		{"a comparison for years", 422, problem.ComparisonMalformed, with(same, `[{}]`, `{"plan":{"open_s":1e300}}`)},
		{"a comparison with a negative seed", 422, problem.ComparisonMalformed, with(same, `[{}]`, `{"plan":{"seed":-1}}`)},
		{"a comparison that ignores a number", 422, problem.ComparisonMalformed, with(same, `[{}]`, `{"plan":{"ignore":[5]}}`)},
		{"a comparison that ignores everything", 422, problem.ComparisonMalformed, with(same, `[{}]`, `{"plan":{"ignore":"/a"}}`)},
		{"a comparison that masks what is no pointer", 422, problem.ComparisonMalformed, with(same, `[{}]`, `{"plan":{"mask":["card"]}}`)},
		{"an unknown comparison", 404, problem.UnknownComparison, get(comparisonsPath + "/nobody")},
		{"a comparison with a name of another kind", 404, problem.UnknownComparison, get(comparisonsPath + "/..%2f..%2fetc")},
		{"a comparison with a long name", 404, problem.UnknownComparison, get(comparisonsPath + "/" + strings.Repeat("a", 65))},
		{"the report of an unknown comparison", 404, problem.UnknownComparison, get(comparisonsPath + "/nobody/report")},
		{"the end of an unknown comparison", 404, problem.UnknownComparison, func(h *harness) answer { return h.cancel("nobody") }},
		{"a report in a form that there is not", 400, problem.BadRequest, get(comparisonsPath + "/nobody/report?format=pdf")},
		{"a report in a form that is not accepted", 406, problem.NotAcceptable, func(h *harness) answer {
			return h.do(request{method: "GET", path: comparisonsPath + "/nobody/report", header: map[string]string{"Accept": "application/pdf, application/json;q=0"}})
		}},
		{"a comparison by PUT", 405, problem.MethodNotAllowed, func(h *harness) answer {
			return h.do(request{method: "PUT", path: comparisonsPath + "/nobody"})
		}},
	}
}

// TestARefusalPointsAtWhatIsWrong in the body that was sent.
func TestARefusalPointsAtWhatIsWrong(t *testing.T) {
	h := start(t)
	h.rollable()
	const same = `[{"name":"a"},{"name":"b"}]`
	for body, want := range map[string]string{
		asked(same, `[{},[]]`, `{}`):                                                        "/inputs/1",
		asked(same, `[{},{"a":[`+strings.Repeat("0,", 100_000)+`0]}]`, `{}`):                "/inputs/1",
		asked(`[{},{"release":5}]`, `[{}]`, `{}`):                                           "/arms/1/release",
		asked(`[{},{"release":"9.9.9"}]`, `[{}]`, `{}`):                                     "/arms/1/release",
		asked(`[{},{"engine":"nosuch"}]`, `[{}]`, `{}`):                                     "/arms/1/engine",
		asked(`[{},{"a/b~c":5}]`, `[{}]`, `{}`):                                             "/arms/1/a~1b~0c",
		asked(`[{},7]`, `[{}]`, `{}`):                                                       "/arms/1",
		asked(same, `[{}]`, `{"plan":{"margin":true}}`):                                     "/plan/margin",
		asked(same, `[{}]`, `{"plan":{"margin":-1}}`):                                       "/plan/margin",
		asked(same, `[{}]`, `{"plan":{"margin":0}}`):                                        "/plan/margin",
		asked(same, `[{}]`, `{"plan":{"alpha":0.0}}`):                                       "/plan/alpha",
		asked(same, `[{}]`, `{"plan":{"open_s":7200}}`):                                     "/plan/open_s",
		asked(same, `[{}]`, `{"plan":{"tolerance":-1}}`):                                    "/plan/tolerance",
		asked(same, `[{}]`, `{"plan":{"open_s":-1}}`):                                       "/plan/open_s",
		asked(same, `[{}]`, `{"plan":{"callers":-1}}`):                                      "/plan/callers",
		asked(same, `[{}]`, `{"plan":{"starts":-1}}`):                                       "/plan/starts",
		asked(same, `[{}]`, `{"plan":{"open_ns":-1}}`):                                      "/plan/open_ns",
		asked(same, `[{}]`, `{"plan":{"arms":["a"]}}`):                                      "/plan/arms",
		asked(same, `[{}]`, `{"plan":{"inputs":2}}`):                                        "/plan/inputs",
		asked(same, `[{}]`, `{"plan":{"ignore":["x"]}}`):                                    "/plan/ignore",
		asked(same, `[{}]`, `{"plan":{"rounds":3}}`):                                        "/plan/rounds",
		asked(same, `[{}]`, `{"plan":{"`+strings.Repeat("x", 200)+`":1}}`):                  "/plan",
		asked(same, `[{}]`, `{"plan":{"z":1,"y":1,"x":1,"w":1,"v":1,"u":1,"margin":true}}`): "/plan/margin", // the first by name
		`{"strategy":"risk","arms":` + same + `,"recorded":1.5}`:                            "/recorded",
		`{"strategy":"risk","inputs":[{}]}`:                                                 "/arms",
		`{"strategy":"no such name","inputs":[{}]}`:                                         "/strategy",
	} {
		a := h.post(comparisonsPath, body, nil)
		if p := a.problem(t); p.Pointer != want || len(a.body) > 2000 {
			t.Errorf("%.200s: %d at %q, want %q: %.500s", body, a.status, p.Pointer, want, a.body)
		}
	}
}

// FuzzComparisons sends any bytes as a comparison: the answer is never 5xx, and what
// begins can be cancelled.
func FuzzComparisons(f *testing.F) {
	h := start(f)
	r := h.sign("one", "1.0.0", 10)
	body, media := form(f, "envelope", r.envelope, "artifact", r.artifact)
	a := h.do(request{method: "POST", path: "/v1/strategies/risk/releases", body: bytes.NewReader(body),
		header: map[string]string{"Content-Type": media, "If-None-Match": "*"}})
	if a.status != http.StatusCreated {
		f.Fatalf("%d %s", a.status, a.body)
	}
	f.Add([]byte(asked(bothArms, someInputs, `{"plan":`+smallPlan+`}`)))
	f.Add([]byte(asked(`[{"name":"a"},{"name":"b"}]`, `[{"echo":1}]`, `{"plan":`+smallPlan+`}`)))
	f.Add([]byte(asked(`[{"name":"a"},{"name":"b","engine":"x","isolation":"process","direct":true}]`, `[{"$bytes":"AA=="}]`, `{"command":"a"}`)))
	f.Add([]byte(`{"strategy":"risk","arms":[{},{}],"recorded":1,"plan":{"open_s":1e300,"seed":-1,"margin":1e-300,"mask":[""]}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		status, text := fuzzed(t, h, "POST", comparisonsPath, "", body)
		if status >= 500 || status >= 400 && !bytes.Contains(text, []byte(`"code":`)) {
			t.Errorf("%d %s", status, text)
		}
		if status == http.StatusAccepted {
			s := decode[runtime.ComparisonStatus](t, answer{body: text})
			fuzzed(t, h, "DELETE", comparisonsPath+"/"+s.ID, "", nil)
			eventually(t, func() bool {
				_, text := fuzzed(t, h, "GET", comparisonsPath+"/"+s.ID, "", nil)
				return !bytes.Contains(text, []byte(`"running"`)) && !bytes.Contains(text, []byte(`"waiting"`))
			})
		}
	})
}

// fuzzed sends any bytes with any tag.
func fuzzed(t *testing.T, h *harness, method, path, tag string, body []byte) (status int, text []byte) {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), method, h.base+path, bytes.NewReader(body))
	check(t, err)
	q.Header.Set("Authorization", "Bearer "+testToken)
	q.Header.Set("Content-Type", "application/json")
	if tag != "" {
		q.Header.Set("If-Match", strings.Map(printable, tag))
	}
	res, err := h.client.Do(q)
	check(t, err)
	text, err = io.ReadAll(res.Body)
	check(t, err)
	check(t, res.Body.Close())
	return res.StatusCode, text
}
