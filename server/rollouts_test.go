package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/rollout"
	"github.com/swapline/swapline/server"
)

const (
	rolloutsPath = "/v1/strategies/risk/rollouts"
	policyPath   = "/v1/strategies/risk/rollout-policy"
	// slowPolicy gives a fifth to the candidate and waits for a person.
	slowPolicy = `{"stages": [{"weight": 20, "for_s": 3600, "gate": true}, {"weight": 100, "for_s": 3600}]}`
)

// tag is the strategy's ETag.
func (h *harness) tag() map[string]string {
	h.t.Helper()
	return ifMatch(h.get("/v1/strategies/risk").header.Get("ETag"))
}

// roll begins a rollout of 2.0.0; more is a JSON object of other members.
func (h *harness) roll(more string) runtime.Rollout {
	h.t.Helper()
	body := strings.Replace(`{"release":"2.0.0",`+more[1:], ",}", "}", 1)
	a := h.post(rolloutsPath, body, h.tag())
	if a.status != http.StatusCreated {
		h.t.Fatalf("%d %s", a.status, a.body)
	}
	return decode[runtime.Rollout](h.t.(*testing.T), a)
}

// command asks for something with the ETag of a rollout that was seen.
func (h *harness) command(r runtime.Rollout, verb, body string) answer {
	h.t.Helper()
	return h.post(fmt.Sprintf("%s/%d/%s", rolloutsPath, r.ID, verb), body, ifMatch(fmt.Sprintf(`"%d"`, r.Revision)))
}

// TestFromAStartToAnAbort walks the life of a rollout that a person ends.
func TestFromAStartToAnAbort(t *testing.T) {
	h := start(t)
	h.rollable()
	if a := h.get(rolloutsPath); string(a.body) != `{"strategy":"risk","rollouts":[]}`+"\n" {
		t.Errorf("before the first: %s", a.body)
	}
	a := h.post(rolloutsPath, `{"release":"2.0.0","policy":`+slowPolicy+`,"reason":"it learned"}`,
		map[string]string{"If-Match": `"1"`, "Swapline-Actor": "anna"})
	r := decode[runtime.Rollout](t, a)
	location := fmt.Sprintf("%s/%d", rolloutsPath, r.ID)
	if a.status != http.StatusCreated || a.header.Get("Location") != location || a.header.Get("ETag") != fmt.Sprintf(`"%d"`, r.Revision) {
		t.Fatalf("%d %s %v", a.status, a.body, a.header)
	}
	if r.Actor != "anna" || r.Why != "it learned" || r.PolicyOf != "request" || r.Candidate.Version != "2.0.0" || r.Stable.Version != "1.0.0" ||
		len(r.Stages) != 2 || r.Stages[0].Weight != 20 || !r.Stages[0].Gate {
		t.Errorf("%+v", r)
	}
	for _, path := range []string{location, rolloutsPath + "/latest"} {
		a := h.get(path)
		if got := decode[runtime.Rollout](t, a); got.ID != r.ID || got.Phase != rollout.Running || got.Weight != 20 || a.header.Get("ETag") != fmt.Sprintf(`"%d"`, got.Revision) {
			t.Errorf("%s: %s", path, a.body)
		}
	}
	if a := h.get(fmt.Sprintf("%s/0%d", rolloutsPath, r.ID)); a.status != http.StatusNotFound {
		t.Errorf("by another spelling: %d %s", a.status, a.body)
	}
	brief := decode[runtime.Status](t, h.get("/v1/strategies/risk")).Rollout
	if brief == nil || *brief != (runtime.RolloutBrief{ID: r.ID, Phase: rollout.Running, Candidate: "2.0.0", Weight: 20}) {
		t.Errorf("in short: %+v", brief)
	}
	for _, verb := range []string{"pause", "resume"} {
		r = decode[runtime.Rollout](t, h.get(location))
		if a := h.command(r, verb, `{"reason":"lunch"}`); a.status != http.StatusOK || a.header.Get("ETag") == fmt.Sprintf(`"%d"`, r.Revision) {
			t.Errorf("%s: %d %s %v", verb, a.status, a.body, a.header)
		}
	}
	r = decode[runtime.Rollout](t, h.get(location))
	if a := h.command(r, "abort", `{"reason":"changed my mind"}`); decode[runtime.Rollout](t, a).Phase != rollout.Aborted {
		t.Errorf("abort: %d %s", a.status, a.body)
	}
	r = decode[runtime.Rollout](t, h.get(location))
	if a := h.command(r, "promote", `{}`); a.status != http.StatusConflict || a.problem(t).Code != string(problem.RolloutEnded) {
		t.Errorf("after its end: %d %s", a.status, a.body)
	}
	if brief := decode[runtime.Status](t, h.get("/v1/strategies/risk")).Rollout; brief != nil {
		t.Errorf("under way: %+v", brief)
	}
	var list struct{ Rollouts []runtime.Rollout }
	if list = decode[struct{ Rollouts []runtime.Rollout }](t, h.get(rolloutsPath)); len(list.Rollouts) != 1 || list.Rollouts[0].ID != r.ID {
		t.Errorf("%+v", list)
	}
}

// TestDecisionsAreSentencesOfTheirRollout: also of the newest.
func TestDecisionsAreSentencesOfTheirRollout(t *testing.T) {
	type decisions struct {
		Rollout   uint64
		Decisions []runtime.Decision
	}
	h := start(t)
	h.rollable()
	h.happen()
	r := h.roll(`{"policy":` + slowPolicy + `}`)
	h.command(decode[runtime.Rollout](t, h.get(rolloutsPath+"/latest")), "pause", `{"reason":"lunch"}`)
	for _, id := range []string{"latest", fmt.Sprint(r.ID)} {
		got := decode[decisions](t, h.get(rolloutsPath+"/"+id+"/decisions"))
		last := got.Decisions[len(got.Decisions)-1]
		if got.Rollout != r.ID || last.Number != uint64(len(got.Decisions)) || !strings.Contains(last.Text, "lunch") || !strings.HasPrefix(last.Actor, "token@") {
			t.Errorf("%s: %+v", id, got)
		}
	}
}

// TestTheNewestRolloutsAreListed: as many as are asked for.
func TestTheNewestRolloutsAreListed(t *testing.T) {
	h := start(t)
	h.rollable()
	for range 3 {
		h.happen()
	}
	for query, want := range map[string]int{"": 3, "?limit=2": 2, "?limit=1": 1, "?limit=100": 3} {
		list := decode[struct{ Rollouts []runtime.Rollout }](t, h.get(rolloutsPath+query)).Rollouts
		if len(list) != want || list[0].ID < list[len(list)-1].ID {
			t.Errorf("%s: %d rollouts, want %d", query, len(list), want)
		}
	}
}

// TestACommandNeedsTheRolloutThatWasSeen: without it 428, with another one 412,
// and both tell the current one.
func TestACommandNeedsTheRolloutThatWasSeen(t *testing.T) {
	h := start(t)
	h.rollable()
	h.roll(`{"policy":` + slowPolicy + `}`)
	r := decode[runtime.Rollout](t, h.get(rolloutsPath+"/latest"))
	path := fmt.Sprintf("%s/%d/", rolloutsPath, r.ID)
	now := fmt.Sprintf(`"%d"`, r.Revision)
	for _, verb := range []string{"promote", "pause", "resume", "abort"} {
		for _, c := range []struct {
			header map[string]string
			status int
			code   problem.Code
			etag   string
		}{
			{nil, 428, problem.IfMatchRequired, now},
			{ifMatch(`"999"`), 412, problem.StaleRollout, now},
			{map[string]string{"If-None-Match": "*"}, 400, problem.BadRequest, ""},
			{ifMatch("*"), 400, problem.BadRequest, ""},
		} {
			a := h.post(path+verb, `{}`, c.header)
			if p := a.problem(t); a.status != c.status || p.Code != string(c.code) || a.header.Get("ETag") != c.etag {
				t.Errorf("%s with %v: %d %s, ETag %q", verb, c.header, a.status, a.body, a.header.Get("ETag"))
			}
		}
	}
	if got := decode[runtime.Rollout](t, h.get(rolloutsPath+"/latest")); got.Revision != r.Revision || got.Phase != rollout.Running {
		t.Errorf("something was done: %+v", got)
	}
}

func TestAStartNeedsTheGenerationThatWasSeen(t *testing.T) {
	h := start(t)
	h.rollable()
	for _, c := range []struct {
		header map[string]string
		status int
		code   problem.Code
	}{
		{nil, 428, problem.IfMatchRequired}, {ifMatch(`"7"`), 412, problem.StaleGeneration}, {firstRelease(), 412, problem.StaleGeneration},
	} {
		a := h.post(rolloutsPath, `{"release":"2.0.0"}`, c.header)
		if p := a.problem(t); a.status != c.status || p.Code != string(c.code) || a.header.Get("ETag") != `"1"` {
			t.Errorf("%v: %d %s, ETag %q", c.header, a.status, a.body, a.header.Get("ETag"))
		}
	}
}

// TestOneRolloutAtATime: changes of everything wait as well.
func TestOneRolloutAtATime(t *testing.T) {
	h := start(t)
	h.rollable()
	h.roll(`{"policy":` + slowPolicy + `}`)
	if a := h.upload(h.sign("two", "3.0.0", 30), "?hold=true", nil); a.status != http.StatusCreated {
		t.Errorf("a release to hold: %d %s", a.status, a.body)
	}
	a := h.post(rolloutsPath, `{"release":"3.0.0"}`, h.tag())
	if p := a.problem(t); a.status != http.StatusConflict || p.Code != string(problem.RolloutActive) {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// TestAnswersSayWhoGaveThem: both arms of a rollout.
func TestAnswersSayWhoGaveThem(t *testing.T) {
	h := start(t)
	h.rollable()
	if a := h.execute(`{}`); a.header.Get("Swapline-Variant") != "stable" {
		t.Errorf("%v", a.header)
	}
	h.roll(`{"policy":{"stages": [{"weight": 50, "for_s": 3600}, {"weight": 100, "for_s": 3600}]}}`)
	seen := map[string]int{}
	for range 200 {
		a := h.execute(`{}`)
		seen[a.header.Get("Swapline-Variant")+" "+a.header.Get("Swapline-Release")]++
	}
	if len(seen) != 2 || seen["stable risk@1.0.0"] == 0 || seen["candidate risk@2.0.0"] == 0 {
		t.Errorf("%v", seen)
	}
	for range 100 { // errors, too
		if a := h.execute(`{"reject":true}`); a.status != 422 || a.header.Get("Swapline-Variant") == "" {
			t.Fatalf("%d %v", a.status, a.header)
		}
	}
}

// TestAHeaderKeepsACallerOnOneArm: the one that the policy names.
func TestAHeaderKeepsACallerOnOneArm(t *testing.T) {
	h := start(t)
	h.rollable()
	h.roll(`{"policy":{"sticky": {"header": "X-Customer"}, "stages": [{"weight": 50, "for_s": 3600}, {"weight": 100, "for_s": 3600}]}}`)
	arms := map[string]int{}
	for customer := range 40 {
		variants := map[string]bool{}
		for range 5 {
			a := h.post("/v1/strategies/risk/execute", `{}`, map[string]string{"X-Customer": fmt.Sprint(customer)})
			variants[a.header.Get("Swapline-Variant")] = true
		}
		if len(variants) != 1 {
			t.Errorf("customer %d was served by %v", customer, variants)
		}
		for v := range variants {
			arms[v]++
		}
	}
	if arms["stable"] == 0 || arms["candidate"] == 0 {
		t.Errorf("%v", arms)
	}
}

// TestAnUploadBeginsARolloutIfItIsAskedTo: and switches at once if it is not.
func TestAnUploadBeginsARolloutIfItIsAskedTo(t *testing.T) {
	h := start(t)
	h.deploy(h.sign("one", "1.0.0", 10), firstRelease())
	a := h.upload(h.sign("two", "2.0.0", 20), "?rollout=true", h.tag())
	out := decode[runtime.Outcome](t, a)
	if a.status != http.StatusCreated || out.Action != "rollout" || out.Rollout == nil || out.Rollout.Candidate.Version != "2.0.0" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if got := decode[runtime.Rollout](t, h.get(rolloutsPath+"/latest")); got.ID != out.Rollout.ID || got.Phase != rollout.Running {
		t.Errorf("%+v", got)
	}
	if s := decode[runtime.Status](t, h.get("/v1/strategies/risk")); s.Stable.Version != "1.0.0" || a.header.Get("ETag") != fmt.Sprintf(`"%d"`, s.Generation) {
		t.Errorf("%+v, ETag %s", s, a.header.Get("ETag"))
	}
	h.command(decode[runtime.Rollout](t, h.get(rolloutsPath+"/latest")), "abort", `{}`)
	b := h.upload(h.sign("two", "3.0.0", 30), "?rollout=false", h.tag())
	if out := decode[runtime.Outcome](t, b); b.status != http.StatusCreated || out.Action != "deploy" {
		t.Errorf("%d %s", b.status, b.body)
	}
	if v := decode[runtime.Status](t, h.get("/v1/strategies/risk")).Stable.Version; v != "3.0.0" {
		t.Errorf("%s is served", v)
	}
}

// TestAHostThatIsBeingRenewedTakesNoWishes: but answers questions.
func TestAHostThatIsBeingRenewedTakesNoWishes(t *testing.T) {
	var gate server.Gate
	h := start(t, func(c *server.Config, _ *server.Timeouts) { c.Gate = &gate })
	h.rollable()
	r := h.roll(`{"policy":` + slowPolicy + `}`)
	check(t, gate.Steady(t.Context()))
	defer gate.Open()
	answers := map[string]answer{
		"start":         h.post(rolloutsPath, `{"release":"2.0.0"}`, ifMatch(`"1"`)),
		"promote":       h.command(r, "promote", `{}`),
		"pause":         h.command(r, "pause", `{}`),
		"resume":        h.command(r, "resume", `{}`),
		"abort":         h.command(r, "abort", `{}`),
		"set policy":    h.do(request{method: "PUT", path: policyPath, header: firstRelease(), body: strings.NewReader(slowPolicy)}),
		"delete policy": h.do(request{method: "DELETE", path: policyPath, header: ifMatch(`"0"`)}),
	}
	for name, a := range answers {
		if a.status != http.StatusServiceUnavailable || a.problem(t).Code != string(problem.HostRenewing) || a.header.Get("Retry-After") == "" {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	for _, path := range []string{rolloutsPath, rolloutsPath + "/latest", rolloutsPath + "/latest/decisions", policyPath} {
		if a := h.get(path); a.status != http.StatusOK {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
}

func badRollouts() []bad {
	get := func(path string) func(*harness) answer { return func(h *harness) answer { return h.get(path) } }
	begin := func(body string) func(*harness) answer {
		return func(h *harness) answer { return h.post(rolloutsPath, body, ifMatch(`"1"`)) }
	}
	wish := func(path, body string, header map[string]string) func(*harness) answer {
		return func(h *harness) answer { return h.post(path, body, header) }
	}
	put := func(body string, header map[string]string) func(*harness) answer {
		return func(h *harness) answer {
			return h.do(request{method: "PUT", path: policyPath, header: header, body: strings.NewReader(body)})
		}
	}
	tag := ifMatch(`"1"`)
	return []bad{
		{"rollouts of an unknown strategy", 404, problem.UnknownStrategy, get("/v1/strategies/nobody/rollouts")},
		{"rollouts of no strategy", 404, problem.UnknownStrategy, get("/v1/strategies/..%2f/rollouts")},
		{"a limit that is no number", 400, problem.BadRequest, get(rolloutsPath + "?limit=all")},
		{"a limit that is too high", 400, problem.BadRequest, get(rolloutsPath + "?limit=101")},
		{"a limit of nothing", 400, problem.BadRequest, get(rolloutsPath + "?limit=0")},
		{"an unknown rollout", 404, problem.UnknownRollout, get(rolloutsPath + "/77")},
		{"the newest of no rollouts", 404, problem.UnknownRollout, get(rolloutsPath + "/latest")},
		{"a rollout of number 0", 404, problem.UnknownRollout, get(rolloutsPath + "/0")},
		{"a rollout with a sign", 404, problem.UnknownRollout, get(rolloutsPath + "/+1")},
		{"a rollout beyond 64 bits", 404, problem.UnknownRollout, get(rolloutsPath + "/18446744073709551616")},
		{"a rollout by name", 404, problem.UnknownRollout, get(rolloutsPath + "/newest")},
		{"decisions of an unknown rollout", 404, problem.UnknownRollout, get(rolloutsPath + "/77/decisions")},
		{"a start of nothing", 400, problem.BadRequest, begin(`{"reason":"tired"}`)},
		{"a start of an unknown release", 404, problem.UnknownRelease, begin(`{"release":"9.9.9"}`)},
		{"a start of what serves", 409, problem.RolloutRefused, begin(`{"release":"1.0.0"}`)},
		{"a start with a misspelt member", 400, problem.BadRequest, begin(`{"release":"1.0.0","polcy":{}}`)},
		{"a start with a policy that is no object", 400, problem.BadRequest, begin(`{"release":"1.0.0","policy":"careful"}`)},
		{"a start with no policy in its place", 400, problem.BadRequest, begin(`{"release":"1.0.0","policy":null}`)},
		{"a start with a reason that is no text", 400, problem.BadRequest, begin(`{"release":"1.0.0","reason":1}`)},
		{"a start that is no JSON", 400, problem.BadJSON, begin(`release=1`)},
		{"a start of another type", 415, problem.MediaType, wish(rolloutsPath, `{}`, map[string]string{"If-Match": `"1"`, "Content-Type": "text/plain"})},
		{"a start that is too large", 413, problem.BodyTooLarge, begin(`{"release":"` + strings.Repeat("x", 1<<20) + `"}`)},
		{"a start for an unknown strategy", 404, problem.UnknownStrategy, wish("/v1/strategies/nobody/rollouts", `{"release":"1.0.0"}`, firstRelease())},
		{"a wish for the newest", 400, problem.BadRequest, wish(rolloutsPath+"/latest/abort", `{}`, tag)},
		{"a wish for an unknown rollout", 404, problem.UnknownRollout, wish(rolloutsPath+"/77/abort", `{}`, tag)},
		{"a wish without If-Match", 428, problem.IfMatchRequired, wish(rolloutsPath+"/77/abort", `{}`, nil)},
		{"a wish with a weak tag", 400, problem.BadRequest, wish(rolloutsPath+"/77/abort", `{}`, ifMatch(`W/"1"`))},
		{"a wish with a misspelt member", 400, problem.BadRequest, wish(rolloutsPath+"/77/abort", `{"reson":"typing"}`, tag)},
		{"a wish with a reason for terminals", 400, problem.BadRequest, wish(rolloutsPath+"/77/abort", `{"reason":"a\u001b[2J"}`, tag)},
		{"a wish without a body", 400, problem.BadJSON, wish(rolloutsPath+"/77/abort", ``, tag)},
		{"a wish that nobody knows", 404, problem.NotFound, wish(rolloutsPath+"/77/hurry", `{}`, tag)},
		{"a wish by GET", 405, problem.MethodNotAllowed, get(rolloutsPath + "/77/abort")},
		{"a policy of an unknown strategy", 404, problem.UnknownStrategy, get("/v1/strategies/nobody/rollout-policy")},
		{"a policy without If-Match", 428, problem.IfMatchRequired, put(`{}`, nil)},
		{"a policy with a stale If-Match", 412, problem.StaleRollout, put(slowPolicy, ifMatch(`"7"`))},
		{"a policy for all but one tag", 400, problem.BadRequest, put(slowPolicy, map[string]string{"If-None-Match": `"1"`})},
		{"a policy that is a list", 400, problem.ValueDomain, put(`[]`, firstRelease())},
		{"a policy with a member twice", 400, problem.DuplicateKey, put(`{"alpha":0.01,"alpha":1}`, firstRelease())},
		{"a policy of another type", 415, problem.MediaType, put(`{}`, map[string]string{"If-None-Match": "*", "Content-Type": "application/yaml"})},
		{"a policy taken away without If-Match", 428, problem.IfMatchRequired, func(h *harness) answer {
			return h.do(request{method: "DELETE", path: policyPath})
		}},
		{"an upload that is held and rolled out", 400, problem.BadRequest, sendForm("?hold=true&rollout=true", func(r release) []any {
			return []any{"envelope", r.envelope, "artifact", r.artifact}
		})},
		{"an upload that is rolled out perhaps", 400, problem.BadRequest, sendForm("?rollout=perhaps", func(r release) []any {
			return []any{"envelope", r.envelope, "artifact", r.artifact}
		})},
	}
}
