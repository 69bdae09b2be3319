package server_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/problem"
)

// TestAPolicyIsSetAndTakenAway: with the revision that was seen.
func TestAPolicyIsSetAndTakenAway(t *testing.T) {
	h := start(t)
	h.rollable()
	put := func(body string, header map[string]string) answer {
		return h.do(request{method: "PUT", path: policyPath, header: header, body: strings.NewReader(body)})
	}
	a := h.get(policyPath)
	if p := decode[runtime.StrategyPolicy](t, a); p.Of != "default" || p.Revision != 0 || a.header.Get("ETag") != `"0"` || len(p.Policy) == 0 {
		t.Fatalf("%s %v", a.body, a.header)
	}
	for _, c := range []struct {
		header map[string]string
		status int
	}{
		{nil, 428}, {ifMatch(`"3"`), 412}, {ifMatch(`0`), 400}, {ifMatch(`"0"`), 200}, {firstRelease(), 412}, {ifMatch(`"0"`), 412}, {ifMatch(`"1"`), 200},
	} {
		tag := h.get(policyPath).header.Get("ETag")
		a := put(slowPolicy, c.header)
		if a.status != c.status || (a.status == 428 || a.status == 412) && a.header.Get("ETag") != tag {
			t.Errorf("%v: %d %s, ETag %q, was %q", c.header, a.status, a.body, a.header.Get("ETag"), tag)
		}
	}
	a = h.get(policyPath)
	if p := decode[runtime.StrategyPolicy](t, a); p.Of != "operator" || p.Revision != 2 || a.header.Get("ETag") != `"2"` || !strings.HasPrefix(p.Actor, "token@") || time.Since(p.Changed) > time.Hour {
		t.Errorf("%s", a.body)
	}
	if r := h.roll("{}"); r.PolicyOf != "operator" || r.Stages[0].Weight != 20 {
		t.Errorf("it rolls under the policy of %s: %+v", r.PolicyOf, r.Stages)
	}
	if a := h.do(request{method: "DELETE", path: policyPath, header: ifMatch(`"1"`)}); a.status != 412 || a.header.Get("ETag") != `"2"` {
		t.Errorf("%d %s", a.status, a.body)
	}
	a = h.do(request{method: "DELETE", path: policyPath, header: ifMatch(`"2"`)})
	if p := decode[runtime.StrategyPolicy](t, a); a.status != 200 || p.Of != "default" || p.Revision != 3 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// TestAPolicyThatIsReadCanBeSet: every member of the default one is known.
func TestAPolicyThatIsReadCanBeSet(t *testing.T) {
	h := start(t)
	h.rollable()
	before := decode[runtime.StrategyPolicy](t, h.get(policyPath)).Policy
	a := h.do(request{method: "PUT", path: policyPath, header: firstRelease(), body: strings.NewReader(string(before))})
	if p := decode[runtime.StrategyPolicy](t, a); a.status != http.StatusOK || string(p.Policy) != string(before) {
		t.Errorf("%d %s, was %s", a.status, a.body, before)
	}
}

// TestABadPolicyIsRefusedWithThePlace: of the policy that stands alone and of one
// in a start.
func TestABadPolicyIsRefusedWithThePlace(t *testing.T) {
	h := start(t)
	h.rollable()
	for pointer, policy := range map[string]string{
		"/stages/1/weight":         `{"stages": [{"weight": 5, "for_s": 1}, {"weight": 1, "for_s": 1}, {"weight": 100, "for_s": 1}]}`,
		"/stages/0/wait":           `{"stages": [{"weight": 100, "for_s": 1, "wait": 1}]}`,
		"/guards/0/metric":         `{"stages": [{"weight": 100, "for_s": 1}], "guards": [{"name": "a", "metric": "mood", "max": 1}]}`,
		"/breaker/fallback/0/kind": `{"breaker": {"fallback": [{"kind": "hope"}]}}`,
	} {
		for at, send := range map[string]func() answer{
			pointer: func() answer {
				return h.do(request{method: "PUT", path: policyPath, header: firstRelease(), body: strings.NewReader(policy)})
			},
			"/policy" + pointer: func() answer {
				return h.post(rolloutsPath, `{"release":"2.0.0","policy":`+policy+`}`, h.tag())
			},
		} {
			a := send()
			if p := a.problem(t); a.status != http.StatusUnprocessableEntity || p.Code != string(problem.RolloutPolicyMalformed) || p.Pointer != at {
				t.Errorf("%s: %d %s", at, a.status, a.body)
			}
		}
	}
	if p := decode[runtime.StrategyPolicy](t, h.get(policyPath)); p.Revision != 0 {
		t.Errorf("%+v", p)
	}
}
