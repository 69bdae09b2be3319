package server_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/server"
)

// profileFrom starts a server that tells of itself what f returns.
func profileFrom(t *testing.T, f func() (any, error)) *harness {
	t.Helper()
	return start(t, func(c *server.Config, _ *server.Timeouts) { c.Profile = f })
}

func TestTheProfileIsPassedOnAsItIs(t *testing.T) {
	build := map[string]any{"GoVersion": "go9", "Deps": []any{map[string]any{"Path": "x"}}}
	profile := map[string]any{"build": build, "machine": "EM_X", "libraries": []any{"libc.so.6"}, "fingerprints": map[string]any{"runtime": "00"},
		"data": map[string]any{"runtime.x": 8.0}, "contract": "sha256:00",
		"loaded": []any{map[string]any{"owner": "risk 1.0.0", "path": "x", "build": build, "libraries": []any{}, "fingerprints": map[string]any{}, "data": map[string]any{}}}}
	h := profileFrom(t, func() (any, error) { return profile, nil })
	a := h.get("/v1/host/profile")
	want, err := json.Marshal(profile)
	check(t, err)
	again, err := json.Marshal(decode[any](t, a))
	check(t, err)
	if a.status != 200 || string(again) != string(want) {
		t.Errorf("status %d, %s", a.status, a.body)
	}
}

func TestAHostWithoutProfileSaysSo(t *testing.T) {
	if a := start(t).get("/v1/host/profile"); a.status != 404 || a.problem(t).Code != string(problem.NotFound) {
		t.Errorf("status %d, %s", a.status, a.body)
	}
	h := profileFrom(t, func() (any, error) { return nil, errors.New("a secret") })
	if a := h.get("/v1/host/profile"); a.status != 500 || a.problem(t).Code != string(problem.Internal) {
		t.Errorf("status %d, %s", a.status, a.body)
	}
}

// TestAProblemCarriesItsTable: any error may; the specification bounds it.
func TestAProblemCarriesItsTable(t *testing.T) {
	line := problem.Difference{What: "-trimpath", Host: "not set", Plugin: "true", Severity: "fails", Cure: "swapline build"}
	h := profileFrom(t, func() (any, error) {
		return nil, problem.New(problem.NotFound, "a table").Differing([]problem.Difference{line, {What: "x", Severity: "harmless"}}, 3)
	})
	a := h.get("/v1/host/profile")
	p := a.problem(t)
	if a.status != 404 || len(p.Differences) != 2 || p.Differences[0] != line || p.DifferencesLeftOut != 3 {
		t.Errorf("status %d, %s", a.status, a.body)
	}
}
