package server_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/server"
)

const (
	comparisonsPath = "/v1/comparisons"
	// smallPlan is done in a moment; nothing can be concluded from it.
	smallPlan  = `{"rounds": 10, "calls": 20, "warm_up": 20, "open_s": 0, "callers": 0, "starts": 0, "resamples": 200, "seed": 7}`
	bothArms   = `[{"name": "old", "release": "1.0.0"}, {"name": "new", "release": "2.0.0"}]`
	someInputs = `[{"echo": 1}, {"echo": "two"}, {"echo": [3.5, null]}, {"reject": true}]`
)

// asked is the body of a comparison; more is a JSON object of other members.
func asked(arms, inputs, more string) string {
	return strings.Replace(`{"strategy":"risk","arms":`+arms+`,"inputs":`+inputs+`,`+more[1:], ",}", "}", 1)
}

// compare starts a comparison.
func (h *harness) compare(body string) runtime.ComparisonStatus {
	h.t.Helper()
	a := h.post(comparisonsPath, body, map[string]string{"Swapline-Actor": "anna"})
	if a.status != http.StatusAccepted {
		h.t.Fatalf("%d %s", a.status, a.body)
	}
	s := decode[runtime.ComparisonStatus](h.t.(*testing.T), a)
	if a.header.Get("Location") != comparisonsPath+"/"+s.ID {
		h.t.Errorf("Location: %s", a.header.Get("Location"))
	}
	return s
}

// over waits until a comparison is.
func (h *harness) over(id string) runtime.ComparisonStatus {
	h.t.Helper()
	var s runtime.ComparisonStatus
	eventually(h.t.(*testing.T), func() bool {
		s = decode[runtime.ComparisonStatus](h.t.(*testing.T), h.get(comparisonsPath+"/"+id))
		return s.State != "waiting" && s.State != "running"
	})
	return s
}

func (h *harness) cancel(id string) answer {
	h.t.Helper()
	return h.do(request{method: "DELETE", path: comparisonsPath + "/" + id})
}

// stuck starts a comparison whose first call does not end, and waits for it.
func (h *harness) stuck() runtime.ComparisonStatus {
	h.t.Helper()
	s := h.compare(asked(bothArms, `[{"block": true}]`, `{"plan":`+smallPlan+`}`))
	select {
	case <-h.first.entered:
	case <-time.After(time.Minute):
		h.t.Fatalf("it does not run: %s", h.get(comparisonsPath+"/"+s.ID).body)
	}
	return s
}

// TestReleasesThatAnswerDifferentlyAreCompared from the start to all forms of the
// report, which names the place.
func TestReleasesThatAnswerDifferentlyAreCompared(t *testing.T) {
	h := start(t)
	h.rollable()
	if a := h.get(comparisonsPath); string(a.body) != `{"comparisons":[]}`+"\n" {
		t.Errorf("before the first: %s", a.body)
	}
	begun := h.compare(asked(bothArms, someInputs, `{"plan":`+smallPlan+`,"command":"swapline compare 1.0.0 2.0.0"}`))
	s := h.over(begun.ID)
	if s.State != "done" || !s.Report || s.Strategy != "risk" || s.Actor != "anna" || s.Ended.Before(s.Started) || len(s.Verdicts) != 1 {
		t.Fatalf("%+v", s)
	}
	list := decode[struct{ Comparisons []runtime.ComparisonStatus }](t, h.get(comparisonsPath)).Comparisons
	if len(list) != 1 || list[0].ID != s.ID || list[0].State != "done" {
		t.Errorf("%+v", list)
	}
	a := h.get(comparisonsPath + "/" + s.ID + "/report")
	r := decode[compare.Report](t, a)
	if a.status != http.StatusOK || len(r.Answers) != 1 || r.Mode != compare.ModeOffline || r.Command != "swapline compare 1.0.0 2.0.0" || r.Partial != "" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if d := r.Answers[0]; d.Different != 3 || len(d.Places) == 0 || d.Places[0].Pointer != "/answer" || r.Verdicts[0].Word != compare.Undecided || r.Verdicts[0].Blocked == "" {
		t.Errorf("%+v, %+v", d, r.Verdicts[0])
	}
	if r.Arms[0].Name != "old" || r.Arms[0].Version != "1.0.0" || r.Arms[1].Name != "new" || r.Arms[1].Version != "2.0.0" || r.Arms[0].Latency == nil {
		t.Errorf("%+v", r.Arms)
	}
	h.everyForm(comparisonsPath+"/"+s.ID+"/report", "comparison-"+s.ID, r.Title)
	if a := h.cancel(s.ID); a.status != http.StatusOK || decode[runtime.ComparisonStatus](t, a).State != "done" {
		t.Errorf("cancelled after its end: %d %s", a.status, a.body)
	}
	h.mustAnswer("one", "1", "risk@1.0.0")
}

// everyForm asks for a report in all forms, by Accept and by address.
func (h *harness) everyForm(path, name, title string) {
	t := h.t.(*testing.T)
	t.Helper()
	for _, c := range []struct{ query, accept, media, extension, begin, holds string }{
		{"", "", "application/json", "json", "{", title},
		{"", "application/json", "application/json", "json", "{", title},
		{"", "text/html,application/xhtml+xml,*/*;q=0.8", "text/html; charset=utf-8", "html", "<!", title},
		{"", "text/markdown", "text/markdown; charset=utf-8", "md", "", title},
		{"?format=json", "text/html", "application/json", "json", "{", title},
		{"?format=html", "image/png", "text/html; charset=utf-8", "html", "<!", title},
		{"?format=markdown", "", "text/markdown; charset=utf-8", "md", "", title},
		{"?format=hdr", "", "text/plain; charset=utf-8", "hlog", "#[Histogram log format version", "Tag="},
	} {
		a := h.do(request{method: "GET", path: path + c.query, header: map[string]string{"Accept": c.accept}})
		body := string(a.body)
		if a.status != http.StatusOK || a.header.Get("Content-Type") != c.media || !strings.HasPrefix(strings.ToLower(body), strings.ToLower(c.begin)) || !strings.Contains(body, c.holds) {
			t.Errorf("%s with Accept %q: %d %s %.200s", c.query, c.accept, a.status, a.header.Get("Content-Type"), body)
		}
		if got := a.header.Get("Content-Disposition"); got != `inline; filename="`+name+`.`+c.extension+`"` {
			t.Errorf("%s: %s", c.query, got)
		}
		h.guarded(a, c.extension)
	}
}

// guarded: a browser shows the page, asks nobody for anything, and keeps nothing.
func (h *harness) guarded(a answer, extension string) {
	h.t.Helper()
	policy := a.header.Get("Content-Security-Policy")
	if !strings.HasPrefix(policy, "default-src 'none'") || !strings.Contains(policy, "frame-ancestors 'none'") || strings.Contains(policy, "unsafe") ||
		(extension == "html") != strings.Contains(policy, "sha256-") {
		h.t.Errorf("%s: %s", extension, policy)
	}
	if a.header.Get("Cache-Control") != "no-store" || a.header.Get("X-Content-Type-Options") != "nosniff" || a.header.Get("Vary") != "Accept" {
		h.t.Errorf("%s: %v", extension, a.header)
	}
}

// TestTheSameReleaseAnswersTheSame: the arms are one release, and have names of
// their own.
func TestTheSameReleaseAnswersTheSame(t *testing.T) {
	h := start(t)
	h.rollable()
	s := h.over(h.compare(asked(`[{"name":"a"},{"name":"b"}]`, someInputs, `{"plan":`+smallPlan+`}`)).ID)
	r := decode[compare.Report](t, h.get(comparisonsPath+"/"+s.ID+"/report"))
	if len(r.Answers) != 1 || r.Answers[0].Different != 0 || r.Answers[0].Compared != 4 {
		t.Errorf("%+v %+v", s, r.Answers)
	}
	one := h.get(comparisonsPath + "/" + s.ID + "/report?format=hdr&arm=b")
	if one.status != http.StatusOK || !strings.Contains(string(one.body), "Tag=b.closed,") || strings.Contains(string(one.body), "Tag=a.") {
		t.Errorf("%d %s", one.status, one.body)
	}
}

// TestWhatThePlanIgnoresIsNoDifference: members of the plan arrive where they
// belong.
func TestWhatThePlanIgnoresIsNoDifference(t *testing.T) {
	h := start(t)
	h.rollable()
	const plan = `{"metric": "latency_p90", "hypothesis": "not_worse", "margin": 0.5, "alpha": 0.01, "rounds": 10, "calls": 20, "warm_up": 30,
		"callers": 1, "rate": 1000, "open_s": 0.02, "starts": 1, "seed": 7, "resamples": 200,
		"max_different": 0.5, "ignore": ["/answer"], "tolerance": 0.001, "mask": ["/echo"]}`
	s := h.over(h.compare(asked(bothArms, someInputs, `{"plan":`+plan+`}`)).ID)
	a := h.get(comparisonsPath + "/" + s.ID + "/report")
	r := decode[compare.Report](t, a)
	if len(r.Answers) != 1 || r.Answers[0].Different != 0 || r.Verdicts[0].Metric != "latency_p90" || r.Verdicts[0].Margin != 0.5 || r.Host.Seed != 7 {
		t.Fatalf("%+v %s", s, a.body)
	}
	for _, part := range []string{`"rounds":10`, `"calls":20`, `"alpha":0.01`, `"seed":7`, `"resamples":200`, `"starts":1`, `"callers":1`, `"warm_up":30`, `"rate":1000`, `"open_s":0.02`, `"mask":["/echo"]`, `"ignore":["/answer"]`, `"tolerance":0.001`, `"max_different":0.5`} {
		if !strings.Contains(string(r.Plan), part) {
			t.Errorf("the plan lacks %s: %s", part, r.Plan)
		}
	}
}

// TestAnArmRunsAsItIsAsked: directly, or not at all where its kind cannot.
func TestAnArmRunsAsItIsAsked(t *testing.T) {
	h := start(t)
	h.rollable()
	direct := h.over(h.compare(asked(`[{"name":"a"},{"name":"b","direct":true}]`, someInputs, `{"plan":`+smallPlan+`}`)).ID)
	if a := h.get(comparisonsPath + "/" + direct.ID + "/report"); !strings.Contains(string(a.body), "b is called directly") {
		t.Errorf("%d %s", a.status, a.body)
	}
	apart := h.over(h.compare(asked(`[{"name":"a"},{"name":"b","isolation":"process"}]`, someInputs, `{"plan":`+smallPlan+`}`)).ID)
	if apart.State != "failed" || !strings.Contains(apart.Problem, `isolation "process"`) || apart.Report {
		t.Errorf("%+v", apart)
	}
	if a := h.get(comparisonsPath + "/" + apart.ID + "/report"); a.status != http.StatusConflict || a.problem(t).Code != string(problem.NoReport) {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// TestOneComparisonRunsAndFewWait: the others are refused until there is room.
func TestOneComparisonRunsAndFewWait(t *testing.T) {
	h := start(t)
	h.rollable()
	first := h.stuck()
	if a := h.get(comparisonsPath + "/" + first.ID); decode[runtime.ComparisonStatus](t, a).State != "running" {
		t.Errorf("%s", a.body)
	}
	if a := h.get(comparisonsPath + "/" + first.ID + "/report"); a.status != http.StatusConflict || a.problem(t).Code != string(problem.ComparisonRunning) {
		t.Errorf("%d %s", a.status, a.body)
	}
	body, waiting := asked(bothArms, someInputs, `{"plan":`+smallPlan+`}`), []string{}
	var full answer
	for range 50 {
		if full = h.post(comparisonsPath, body, nil); full.status != http.StatusAccepted {
			break
		}
		waiting = append(waiting, decode[runtime.ComparisonStatus](t, full).ID)
	}
	if len(waiting) == 0 || full.status != http.StatusTooManyRequests || full.problem(t).Code != string(problem.ComparisonsFull) {
		t.Fatalf("after %d: %d %s", len(waiting), full.status, full.body)
	}
	readable(t, full.problem(t))
	list := decode[struct{ Comparisons []runtime.ComparisonStatus }](t, h.get(comparisonsPath)).Comparisons
	if len(list) != len(waiting)+1 || list[0].State != "waiting" || list[len(list)-1].ID != first.ID {
		t.Errorf("%+v", list)
	}
	for _, id := range waiting {
		if a := h.cancel(id); a.status >= 300 || h.over(id).State != "canceled" {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
	a := h.cancel(first.ID)
	if ended := !decode[runtime.ComparisonStatus](t, a).Ended.IsZero(); a.status != map[bool]int{true: http.StatusOK, false: http.StatusAccepted}[ended] {
		t.Errorf("%d %s", a.status, a.body)
	}
	if s := h.over(first.ID); s.State != "canceled" || !strings.Contains(s.Problem, "token@127.0.0.1 cancelled it") {
		t.Errorf("%+v", s)
	}
	if a := h.get(comparisonsPath + "/" + waiting[0] + "/report"); a.status != http.StatusConflict || a.problem(t).Code != string(problem.NoReport) {
		t.Errorf("%d %s", a.status, a.body)
	}
	if s := h.over(h.compare(body).ID); s.State != "done" {
		t.Errorf("after the others: %+v", s)
	}
}

// TestAComparisonEndsWhenTheHostIsRenewed: none begins, and those that are known say
// what happened.
func TestAComparisonEndsWhenTheHostIsRenewed(t *testing.T) {
	var gate server.Gate
	h := start(t, func(c *server.Config, _ *server.Timeouts) { c.Gate = &gate })
	h.rollable()
	running, waiting := h.stuck(), h.compare(asked(bothArms, someInputs, `{"plan":`+smallPlan+`}`))
	check(t, gate.Steady(t.Context()))
	for _, id := range []string{running.ID, waiting.ID} {
		if s := h.over(id); s.State != "canceled" || !strings.Contains(s.Problem, "the host was renewed") {
			t.Errorf("%+v", s)
		}
	}
	a := h.post(comparisonsPath, asked(bothArms, someInputs, `{}`), nil)
	if a.status != http.StatusServiceUnavailable || a.problem(t).Code != string(problem.HostRenewing) || a.header.Get("Retry-After") == "" {
		t.Errorf("%d %s", a.status, a.body)
	}
	gate.Open()
	if s := h.over(h.compare(asked(bothArms, someInputs, `{"plan":`+smallPlan+`}`)).ID); s.State != "done" {
		t.Errorf("after a renewal that failed: %+v", s)
	}
}

// TestWhatIsComparedIsHeard: on the stream of events, with what GET tells.
func TestWhatIsComparedIsHeard(t *testing.T) {
	h := start(t)
	h.rollable()
	stream := h.listen("?strategy=risk")
	id := h.compare(asked(`[{"name":"a"},{"name":"b"}]`, someInputs, `{"plan":`+smallPlan+`}`)).ID
	h.over(id)
	if a := h.stop(h.experiment(openPlan), `{}`); a.status != http.StatusOK {
		t.Fatalf("%d %s", a.status, a.body)
	}
	want := map[string]string{"comparison.started": "Comparison", "comparison.ended": "Comparison", "experiment.started": "", "experiment.ended": ""}
	for len(want) > 0 {
		e := stream.next()
		schema, expected := want[e.event]
		if !expected {
			continue
		}
		delete(want, e.event)
		if schema == "" {
			if data := e.data["data"].(map[string]any); data["strategy"] != "risk" || data["plan_hash"] == "" {
				t.Errorf("%s: %v", e.event, data)
			}
		} else if err := h.doc.Components.Schemas[schema].Value.VisitJSON(e.data["data"], openapi3.EnableJSONSchema2020()); err != nil {
			t.Errorf("%s: %v", e.event, err)
		}
	}
}

// TestASlowBodyMayTakeItsTime: more than other bodies, but it must go on.
func TestASlowBodyMayTakeItsTime(t *testing.T) {
	h := start(t)
	h.rollable()
	hasty := h.beside(func(c *server.Config, times *server.Timeouts) {
		*times = server.Timeouts{Read: 300 * time.Millisecond, Write: 300 * time.Millisecond}
		c.Limits.UploadIdle = time.Minute
	})
	body := asked(bothArms, someInputs, `{"plan":`+smallPlan+`}`)
	if a := hasty.insists(func() request { return request{method: "POST", path: comparisonsPath, body: slowly([]byte(body))} }); a.status != http.StatusAccepted {
		t.Errorf("%d %s", a.status, a.body)
	}
	still := start(t, func(c *server.Config, _ *server.Timeouts) { c.Limits.UploadIdle = 300 * time.Millisecond })
	c := still.dial("POST " + comparisonsPath + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + testToken +
		"\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	check(t, err)
	text, err := io.ReadAll(res.Body)
	check(t, err)
	if res.StatusCode != http.StatusRequestTimeout || !bytes.Contains(text, []byte(`"request_timeout"`)) {
		t.Errorf("%d %s", res.StatusCode, text)
	}
}

// TestFewComparisonsAreReadAtTheSameTime: their inputs are in memory.
func TestFewComparisonsAreReadAtTheSameTime(t *testing.T) {
	h := start(t)
	h.rollable()
	body := asked(bothArms, someInputs, `{"plan":`+smallPlan+`}`)
	head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		comparisonsPath, testToken, len(body), body[:len(body)-1])
	var refused answer
	var first io.WriteCloser
	for range 20 {
		c := h.dial(head)
		if first == nil {
			first = c
		}
		if refused = h.post(comparisonsPath, `{}`, nil); refused.status != http.StatusBadRequest {
			break
		}
	}
	eventually(t, func() bool { // the newest may still be on its way
		refused = h.post(comparisonsPath, `{}`, nil)
		return refused.status == http.StatusServiceUnavailable
	})
	if p := refused.problem(t); p.Code != string(problem.Overloaded) || refused.header.Get("Retry-After") == "" {
		t.Errorf("%s", refused.body)
	}
	check(t, first.Close())
	eventually(t, func() bool { return h.post(comparisonsPath, `{}`, nil).status == http.StatusBadRequest })
}

// TestLargeInputsAreTakenAndTooLargeOnesAreNot: the limit is not that of execute.
func TestLargeInputsAreTakenAndTooLargeOnesAreNot(t *testing.T) {
	h := start(t, func(c *server.Config, _ *server.Timeouts) { c.Limits.Comparison = 3 << 20 })
	h.rollable()
	for size, status := range map[int]int{2 << 20: http.StatusAccepted, 3 << 20: http.StatusRequestEntityTooLarge} {
		one := `{"echo":"` + strings.Repeat("x", 1<<10) + `"}`
		inputs := "[" + strings.Repeat(one+",", size>>10) + one + "]"
		a := h.post(comparisonsPath, asked(bothArms, inputs, `{"plan":`+smallPlan+`}`), nil)
		if a.status != status {
			t.Errorf("%d bytes: %d %.300s", len(inputs), a.status, a.body)
			continue
		}
		if status == http.StatusAccepted {
			h.cancel(decode[runtime.ComparisonStatus](t, a).ID)
		} else if p := a.problem(t); p.Code != string(problem.BodyTooLarge) || p.Expected != "at most 3145728 bytes" {
			t.Errorf("%+v", p)
		}
	}
}
