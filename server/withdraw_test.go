package server_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/manifest"
)

// careful is a strategy with a Validate.
type careful struct{ strategy }

func (*careful) Validate(context.Context) error { return nil }

func withValidate(m *manifest.Manifest) { m.Methods = append(m.Methods, abi.MethodValidate) }

func TestANewBaselineIsAskedForInAUploadAndASwitch(t *testing.T) {
	h := start(t)
	h.deploy(h.sign("one", "1.0.0", 1), firstRelease())
	next := h.sign("careful", "2.0.0", 2, withValidate)
	a := h.upload(next, "", ifMatch(`"1"`))
	if p := a.problem(t); a.status != http.StatusConflict || p.Code != "baseline_mismatch" || p.Check != "baseline" ||
		!strings.Contains(p.Detail, "\n+ Validate func(context.Context) error\n") || p.Expected != "Execute" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if a := h.upload(next, "?new_baseline=perhaps", ifMatch(`"1"`)); a.status != http.StatusBadRequest {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if a := h.upload(next, "?hold=true&new_baseline=true", nil); a.status != http.StatusCreated {
		t.Fatalf("%d %s", a.status, a.body)
	}
	for body, want := range map[string]int{
		`{"release":"2.0.0"}`:                         http.StatusConflict,
		`{"release":"2.0.0","new_baseline":"true"}`:   http.StatusBadRequest,
		`{"release":"2.0.0","new_base":true}`:         http.StatusBadRequest,
		`{"release":"2.0.0","new_baseline":false}`:    http.StatusConflict,
		`{"release":"2.0.0","new_baseline":null}`:     http.StatusBadRequest,
		`{"release":"2.0.0","new_baseline":[true,1]}`: http.StatusBadRequest,
	} {
		if a := h.post("/v1/strategies/risk/switch", body, ifMatch(`"1"`)); a.status != want {
			t.Errorf("%s: %d %s", body, a.status, a.body)
		}
	}
	if a := h.post("/v1/strategies/risk/switch", `{"release":"2.0.0","new_baseline":true}`, ifMatch(`"1"`)); a.status != http.StatusOK {
		t.Fatalf("%d %s", a.status, a.body)
	}
	st := decode[runtime.Status](t, h.get("/v1/strategies/risk"))
	if len(st.Baseline.Methods) != 2 || len(st.Baseline.Signatures["memory"]) != 3 || !st.Changes[0].NewBaseline {
		t.Errorf("status %+v", st)
	}
}

// TestAWithdrawalIsSeenInTheStatus runs with the default policy: ten faults that
// are half of all calls within ten seconds.
func TestAWithdrawalIsSeenInTheStatus(t *testing.T) {
	h := start(t)
	h.deploy(h.sign("two", "1.0.0", 1), firstRelease())
	h.deploy(h.sign("one", "2.0.0", 2), ifMatch(`"1"`))
	var st runtime.Status
	for end := time.Now().Add(time.Minute); st.Generation != 3 && time.Now().Before(end); {
		a := h.execute(`{"panic": true}`)
		if p := a.problem(t); p.Code != "fault_panic" || !strings.HasPrefix(p.Detail, "risk@") || strings.Contains(string(a.body), "goroutine") || strings.Contains(string(a.body), "secret") {
			t.Fatalf("%s", a.body)
		}
		st = decode[runtime.Status](t, h.get("/v1/strategies/risk"))
	}
	if !st.PreviousWithdrawn || st.Stable.Version != "1.0.0" || st.Changes[0].Action != "withdraw" || st.Changes[0].Actor != "swapline" {
		t.Fatalf("status %+v", st)
	}
	a := h.post("/v1/strategies/risk/rollback", `{}`, ifMatch(`"3"`))
	if a.status != http.StatusConflict || a.problem(t).Code != "nothing_to_roll_back" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	for st.Failing == "" {
		h.execute(`{"panic": true}`)
		st = decode[runtime.Status](t, h.get("/v1/strategies/risk"))
	}
	if a := h.post("/v1/strategies/risk/rollback", `{"release":"2.0.0","reason":"it was the input"}`, ifMatch(`"3"`)); a.status != http.StatusOK {
		t.Fatalf("%d %s", a.status, a.body)
	}
}
