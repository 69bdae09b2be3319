package server_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/server"
)

func TestTheHostTellsWhatItHolds(t *testing.T) {
	type host struct {
		PID      int
		Resident server.Residents
	}
	if got := decode[host](t, start(t).get("/v1/host")); got.PID != os.Getpid() || got.Resident.Count != 0 || got.Resident.Items == nil {
		t.Errorf("without residents: %+v", got)
	}
	want := server.Residents{Count: 1, Limit: 64, RenewAt: 51, FileBytes: 7, MemoryBytes: 8, Degraded: "a secret", Items: []server.Resident{
		{Strategy: "risk", Version: "1.0.0", Artifact: "sha256:00", ImportPath: "a/b", FileBytes: 7, MemoryBytes: 8, Opened: time.Now().UTC(), Use: "retired"}}}
	h := start(t, func(c *server.Config, _ *server.Timeouts) {
		c.Resident = func(context.Context) server.Residents { return want }
	})
	got := decode[host](t, h.get("/v1/host"))
	if got.Resident.Items[0] != want.Items[0] || got.Resident.Degraded != want.Degraded || got.Resident.RenewAt != 51 {
		t.Errorf("%+v", got)
	}
}

func TestARenewalAnswersWhoServesNow(t *testing.T) {
	renew := request{method: http.MethodPost, path: "/v1/host/renew"}
	if a := start(t).do(renew); a.status != http.StatusNotFound {
		t.Errorf("a host that cannot: %d %s", a.status, a.body)
	}
	var fails error
	h := start(t, func(c *server.Config, _ *server.Timeouts) {
		c.Renew = func(ctx context.Context) (server.Renewal, error) {
			return server.Renewal{PID: 7, ResidentBefore: 3, ResidentAfter: 1, Steady: 2, Held: 1}, fails
		}
	})
	a := h.do(renew)
	if got := decode[server.Renewal](t, a); a.status != http.StatusOK || got.PID != 7 || got.ResidentBefore != 3 {
		t.Errorf("%d %+v", a.status, got)
	}
	for code, status := range map[problem.Code]int{problem.RenewalBusy: 409, problem.RenewalFailed: 500} {
		fails = problem.New(code, "because")
		if a := h.do(renew); a.status != status || a.problem(t).Code != string(code) || a.problem(t).Detail != "because" {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
	fails = errors.New("a secret")
	if a := h.do(renew); a.status != 500 || a.problem(t).Code != string(problem.Internal) {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := h.do(request{method: http.MethodPost, path: "/v1/host/renew", header: map[string]string{"Authorization": ""}}); a.status != http.StatusUnauthorized {
		t.Errorf("a stranger: %d", a.status)
	}
}

// TestAHostThatIsBeingRenewedRefusesEveryChange: and says when to come again.
func TestAHostThatIsBeingRenewedRefusesEveryChange(t *testing.T) {
	var gate server.Gate
	h := start(t, func(c *server.Config, _ *server.Timeouts) { c.Gate = &gate })
	r := h.sign("one", "1.0.0", 1)
	h.deploy(r, firstRelease())
	if err := gate.Steady(t.Context()); err != nil {
		t.Fatal(err)
	}
	answers := map[string]answer{
		"upload":   h.upload(h.sign("two", "2.0.0", 2), "", ifMatch(`"1"`)),
		"hold":     h.upload(h.sign("two", "2.0.0", 2), "?hold=true", nil),
		"dry run":  h.upload(h.sign("two", "2.0.0", 2), "?dry_run=true", nil),
		"switch":   h.do(request{method: http.MethodPost, path: "/v1/strategies/risk/switch", header: ifMatch(`"1"`)}),
		"rollback": h.do(request{method: http.MethodPost, path: "/v1/strategies/risk/rollback", header: ifMatch(`"1"`)}),
	}
	for name, a := range answers {
		if a.status != http.StatusServiceUnavailable || a.problem(t).Code != string(problem.HostRenewing) || a.header.Get("Retry-After") == "" {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	if a := h.execute(`{}`); a.status != http.StatusOK {
		t.Errorf("an execution: %d %s", a.status, a.body)
	}
	gate.Open()
	h.deploy(h.sign("two", "2.0.0", 2), ifMatch(`"1"`))
}

// TestARequestThatWaitedIsAnsweredByTheNewProcess: whole, once, and with the new
// process's headers alone.
func TestARequestThatWaitedIsAnsweredByTheNewProcess(t *testing.T) {
	next := start(t)
	next.deploy(next.sign("two", "2.0.0", 2), firstRelease())
	var gate server.Gate
	old := start(t, func(c *server.Config, _ *server.Timeouts) { c.Gate = &gate })
	old.deploy(old.sign("one", "1.0.0", 1), firstRelease())
	if err := gate.Hold(t.Context()); err != nil {
		t.Fatal(err)
	}
	answered := make(chan answer, 1)
	go func() { answered <- old.execute(`{"echo": 42}`) }()
	for range 3 {
		if a := old.get("/livez"); a.status != http.StatusOK { // goes on meanwhile
			t.Errorf("%d", a.status)
		}
	}
	to, err := url.Parse(next.base)
	check(t, err)
	gate.Move(httputil.NewSingleHostReverseProxy(to))
	a := <-answered
	if got := decode[map[string]any](t, a); a.status != http.StatusOK || got["answer"] != "two" || got["echo"] != float64(42) {
		t.Errorf("%d %s", a.status, a.body)
	}
	for key, values := range a.header {
		if len(values) != 1 {
			t.Errorf("%s: %q", key, values)
		}
	}
	if a := old.execute(`{"echo": 1}`); decode[map[string]any](t, a)["answer"] != "two" {
		t.Errorf("later: %s", a.body)
	}
}
