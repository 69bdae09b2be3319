package server_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/server"
)

// TestFromNothingToRollback walks the whole life of a strategy.
func TestFromNothingToRollback(t *testing.T) {
	h := start(t)
	if a := h.get("/v1/strategies"); a.status != 200 || len(decode[struct{ Strategies []runtime.Status }](t, a).Strategies) != 0 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	one, two := h.sign("one", "1.0.0", 1), h.sign("two", "2.0.0", 2)

	dry := h.upload(one, "?dry_run=true", nil)
	if out := decode[runtime.Outcome](t, dry); dry.status != 200 || out.Action != "dry_run" || dry.header.Get("ETag") != "" {
		t.Fatalf("dry run: %d %s", dry.status, dry.body)
	}
	if a := h.get("/v1/strategies/risk"); a.status != 404 {
		t.Fatalf("a dry run left something: %s", a.body)
	}
	first := h.deploy(one, firstRelease())
	if first.header.Get("ETag") != `"1"` || !strings.HasSuffix(first.header.Get("Location"), one.digest.Hex()) {
		t.Fatalf("%v", first.header)
	}
	if a := h.get(first.header.Get("Location")); decode[runtime.Release](t, a).Digest != one.digest {
		t.Fatalf("the location leads to %s", a.body)
	}
	h.mustAnswer("one", "1", "risk@1.0.0")

	held := h.upload(two, "?hold=true", nil)
	if held.status != 201 || held.header.Get("ETag") != `"1"` {
		t.Fatalf("hold: %d %s %v", held.status, held.body, held.header)
	}
	h.mustAnswer("one", "1", "risk@1.0.0")
	sw := h.post("/v1/strategies/risk/switch", `{"release":"2.0.0","reason":"it is better"}`, ifMatch(`"1"`))
	if sw.status != 200 || sw.header.Get("ETag") != `"2"` {
		t.Fatalf("switch: %d %s", sw.status, sw.body)
	}
	h.mustAnswer("two", "2", "risk@2.0.0")
	back := h.post("/v1/strategies/risk/rollback", `{}`, ifMatch(`"2"`))
	if out := decode[runtime.Outcome](t, back); back.status != 200 || out.Action != "rollback" || out.Generation != 3 {
		t.Fatalf("rollback: %d %s", back.status, back.body)
	}
	h.mustAnswer("one", "3", "risk@1.0.0")

	status := decode[runtime.Status](t, h.get("/v1/strategies/risk"))
	if len(status.Changes) != 3 || status.Changes[1].Reason != "it is better" || !strings.HasPrefix(status.Changes[1].Actor, "token@127.0.0.1") {
		t.Errorf("journal: %+v", status.Changes)
	}
	list := decode[struct{ Releases []runtime.Release }](t, h.get("/v1/strategies/risk/releases"))
	if len(list.Releases) != 2 {
		t.Errorf("releases: %+v", list)
	}
	if a := h.get("/v1/strategies/risk/releases/" + two.digest.Hex()[:10]); decode[runtime.Release](t, a).Version != "2.0.0" {
		t.Errorf("by prefix: %s", a.body)
	}
}

func (h *harness) post(path, body string, header map[string]string) answer {
	h.t.Helper()
	return h.do(request{method: "POST", path: path, header: header, body: strings.NewReader(body)})
}

// mustAnswer is the proof that a release serves and that the headers tell which.
func (h *harness) mustAnswer(who, generation, release string) {
	h.t.Helper()
	a := h.execute(`{"echo": 9223372036854775807}`)
	if a.status != 200 || string(a.body) != `{"answer":"`+who+`","echo":9223372036854775807}` {
		h.t.Fatalf("%d %s", a.status, a.body)
	}
	if g, r := a.header.Get("Swapline-Generation"), a.header.Get("Swapline-Release"); g != generation || r != release {
		h.t.Fatalf("answered by generation %s, release %s; want %s, %s", g, r, generation, release)
	}
	if !strings.HasPrefix(a.header.Get("Server-Timing"), "queue;dur=") {
		h.t.Fatalf("Server-Timing: %q", a.header.Get("Server-Timing"))
	}
}

func TestBusinessErrorIsAnAnswerWithTheStrategysOwnCode(t *testing.T) {
	h := start(t)
	h.deploy(h.sign("one", "1.0.0", 1), firstRelease())
	a := h.execute(`{"reject": true}`)
	p := a.problem(t)
	if a.status != 422 || p.Code != "bad_amount" || p.Detail != "amount must be positive" || string(p.Details) != `{"limit":1}` ||
		!strings.HasSuffix(p.Type, "#business-error") || a.header.Get("Swapline-Release") != "risk@1.0.0" {
		t.Fatalf("%d %s %v", a.status, a.body, a.header)
	}
}

func TestPanicOfAStrategyIsAFaultAndTellsNoSecret(t *testing.T) {
	h := start(t)
	h.deploy(h.sign("one", "1.0.0", 1), firstRelease())
	a := h.execute(`{"panic": true}`)
	if a.status != http.StatusBadGateway || a.problem(t).Code != "fault_panic" || strings.Contains(string(a.body), "secret") {
		t.Fatalf("%d %s", a.status, a.body)
	}
	h.mustAnswer("one", "1", "risk@1.0.0")
}

func TestHealth(t *testing.T) {
	h := start(t)
	h.deploy(h.sign("one", "1.0.0", 1), firstRelease())
	none := map[string]string{"Authorization": ""}
	for path, want := range map[string]int{"/livez": 200, "/readyz": 200, "/readyz?verbose": 401, "/openapi.yaml": 200, "/metrics": 401, "/v1/host": 401} {
		if a := h.do(request{method: "GET", path: path, header: none}); a.status != want {
			t.Errorf("%s without a token: %d %s", path, a.status, a.body)
		}
	}
	if a := h.get("/readyz?verbose"); a.status != 200 || string(a.body) != `{"status":"ready","strategies":1}`+"\n" {
		t.Errorf("%d %q", a.status, a.body)
	}
	if a := h.get("/v1/host"); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := h.get("/openapi.yaml"); string(a.body) != string(server.Specification()) {
		t.Error("another document is served")
	}
	h.drain = true
	if a := h.get("/readyz"); a.status != 503 || a.problem(t).Code != "shutting_down" || a.header.Get("Retry-After") == "" {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := h.get("/livez"); a.status != 200 {
		t.Errorf("a stopping server is alive: %d", a.status)
	}
}

func TestRequestIDOfTheClientIsTakenOnlyIfHarmless(t *testing.T) {
	h := start(t)
	for given, kept := range map[string]bool{
		"abc-123": true, strings.Repeat("a", 64): true, strings.Repeat("a", 65): false, "a b": false, `x"y`: false, "é": false, "-": true,
	} {
		a := h.do(request{method: "GET", path: "/livez", header: map[string]string{"X-Request-Id": given}})
		if got := a.header.Get("X-Request-Id"); (got == given) != kept || got == "" {
			t.Errorf("%q became %q", given, got)
		}
	}
}

func TestServerNeedsARealToken(t *testing.T) {
	h := start(t)
	if _, err := server.New(server.Config{Runtime: h.rt, Token: "short"}); err == nil {
		t.Error("a short token was taken")
	}
	if _, err := server.New(server.Config{Token: testToken}); err == nil {
		t.Error("no runtime was taken")
	}
}
