package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/rollout"
	"github.com/swapline/swapline/runtime/trust"
)

// sourceWith writes an artifact and a strategy.json with a rollout policy.
func sourceWith(t *testing.T, policy string) (artifact, source string) {
	t.Helper()
	dir := t.TempDir()
	return write(t, filepath.Join(dir, "risk-1.2.0.wasm"), wasmBytes), write(t, filepath.Join(dir, "strategy.json"),
		`{"name": "risk", "version": "1.2.0", "golden": [{"name": "a", "input": {}, "output": {}}], "rollout": `+policy+`}`)
}

func TestAnAuthorsPolicyIsSigned(t *testing.T) {
	data := t.TempDir()
	artifact, source := sourceWith(t, `{"stages": [{"weight": 2.5, "for_s": 60}, {"weight": 100}]}`)
	must(t, data, "sign", artifact, "--source", source)
	envelope, err := os.ReadFile(artifact + envelopeSuffix)
	if err != nil {
		t.Fatal(err)
	}
	u, err := trust.ReadUnverified(envelope)
	if err != nil {
		t.Fatal(err)
	}
	m, err := manifest.Decode(u.Payload)
	if err != nil {
		t.Fatal(err)
	}
	p, err := rollout.Decode(m.Rollout)
	if err != nil || len(p.Stages) != 2 || p.Stages[0].Weight != 250 {
		t.Errorf("%+v, %v", p, err)
	}
}

// badPolicies are mistakes with the place at which they are shown.
func badPolicies() map[string]string {
	return map[string]string{
		`{"stages": [{"weight": 5, "for_s": -1}, {"weight": 100}]}`:  "/stages/0/for_s",
		`{"stages": [{"weight": 5}]}`:                                "/stages/0/weight",
		`{"stagse": []}`:                                             "/stagse",
		`{"guards": [{"name": "x", "metric": "weather", "max": 1}]}`: "/guards/0/metric",
	}
}

func TestABadPolicyIsNotSigned(t *testing.T) {
	for policy, pointer := range badPolicies() {
		artifact, source := sourceWith(t, policy)
		r := command(t, t.TempDir(), "sign", artifact, "--source", source, "--json")
		if told := reportedBy(t, r); r.code != exitInvalid || told.Pointer != "/rollout"+pointer {
			t.Errorf("%s: code %d, %+v", policy, r.code, told)
		}
		if _, err := os.Stat(artifact + envelopeSuffix); err == nil {
			t.Errorf("%s: an envelope was written", policy)
		}
	}
	artifact, source := sourceWith(t, `"default"`)
	refused(t, command(t, t.TempDir(), "sign", artifact, "--source", source), exitInvalid, "/rollout")
}

func TestABadPolicyIsNotSent(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { t.Errorf("%s %s", r.Method, r.URL) }))
	defer s.Close()
	for policy, pointer := range badPolicies() {
		file := write(t, filepath.Join(t.TempDir(), "policy.json"), policy)
		for _, args := range [][]string{{"rollout", "policy", "risk", "--set", file}, {"rollout", "start", "risk", "2.0.0", "--policy", file}} {
			r := command(t, t.TempDir(), append(args, "--address", s.URL, "--token", "x", "--json")...)
			if told := reportedBy(t, r); r.code != exitInvalid || told.Pointer != pointer {
				t.Errorf("%v: code %d, %+v", args, r.code, told)
			}
		}
	}
	for text, why := range map[string]string{"": "policy", "[]": "policy", `{"alpha": 0.01, "alpha": 0.02}`: "alpha"} {
		file := write(t, filepath.Join(t.TempDir(), "policy.json"), text)
		refused(t, command(t, t.TempDir(), "rollout", "policy", "risk", "--set", file, "--address", s.URL), exitInvalid, why)
	}
	refused(t, command(t, t.TempDir(), "rollout", "policy", "risk", "--set", "/no/such/file", "--address", s.URL), exitUsage, "no such file")
}

func TestTheDefaultPolicyIsAFileToBeginWith(t *testing.T) {
	out := must(t, t.TempDir(), "rollout", "policy", "--default")
	doc, err := wire.ParseJSONMap([]byte(out))
	if err != nil {
		t.Fatal(err)
	}
	p, err := rollout.Decode(doc)
	if err != nil || !bytes.Equal(p.Encode(), rollout.Default().Encode()) || !strings.Contains(out, "\n  ") {
		t.Errorf("%v: %s", err, out)
	}
}

// shelf is a server that keeps one policy.
type shelf struct {
	kept    runtime.StrategyPolicy
	ifMatch []string
}

// ServeHTTP implements http.Handler.
func (s *shelf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet {
		s.ifMatch = append(s.ifMatch, r.Method+" "+r.Header.Get("If-Match"))
		s.kept = runtime.StrategyPolicy{Strategy: "risk", Revision: s.kept.Revision + 1, Of: "default", Policy: rollout.Default().Encode()}
	}
	if r.Method == http.MethodPut {
		s.kept.Of, s.kept.Actor, s.kept.Changed = "operator", "alice", noon
		_ = json.NewDecoder(r.Body).Decode(&s.kept.Policy)
	}
	w.Header().Set("ETag", etagOf(int64(s.kept.Revision)))
	answer(w, http.StatusOK, s.kept)
}

func TestAPolicyIsSetShownAndTakenAway(t *testing.T) {
	s := &shelf{kept: runtime.StrategyPolicy{Strategy: "risk", Of: "manifest", Policy: rollout.Default().Encode()}}
	web := httptest.NewServer(s)
	defer web.Close()
	policy := func(args ...string) string {
		return must(t, t.TempDir(), append([]string{"rollout", "policy", "risk", "--address", web.URL, "--token", "x"}, args...)...)
	}
	if out := policy(); !strings.HasPrefix(out, "risk: the manifest's policy\n{\n") {
		t.Errorf("%s", out)
	}
	file := write(t, filepath.Join(t.TempDir(), "policy.json"), `{"stages": [{"weight": 7.25}, {"weight": 100}]}`)
	if out := policy("--set", file); !strings.HasPrefix(out, "risk: the operator's policy, revision 1, since 2026-11-23T12:00:00Z by alice\n") || !strings.Contains(out, "7.25") {
		t.Errorf("%s", out)
	}
	if out := policy("--unset", "--if-revision", "1", "--json"); !strings.Contains(out, `"of": "default"`) {
		t.Errorf("%s", out)
	}
	if got := strings.Join(s.ifMatch, ", "); got != `PUT "0", DELETE "1"` {
		t.Errorf("sent %s", got)
	}
}
