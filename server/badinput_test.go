package server_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/trust"
	"github.com/swapline/swapline/server"
)

// bad is one thing that somebody sends by mistake or on purpose.
type bad struct {
	name   string
	status int
	code   problem.Code
	send   func(*harness) answer
}

func executing(body string, header map[string]string) func(*harness) answer {
	return func(h *harness) answer { return h.post("/v1/strategies/risk/execute", body, header) }
}

func badBodies() []bad {
	return []bad{
		{"not JSON", 400, problem.BadJSON, executing(`amount=5`, nil)},
		{"empty body", 400, problem.BadJSON, executing(``, nil)},
		{"bytes after the end", 400, problem.BadJSON, executing(`{"a":1} {}`, nil)},
		{"invalid UTF-8", 400, problem.BadJSON, executing("{\"a\":\"\xff\"}", nil)},
		{"a list", 400, problem.ValueDomain, executing(`[1]`, nil)},
		{"null", 400, problem.ValueDomain, executing(`null`, nil)},
		{"duplicate keys", 400, problem.DuplicateKey, executing(`{"a":1,"a":1000000}`, nil)},
		{"depth 10,000", 400, problem.ValueTooDeep, executing(`{"a":`+strings.Repeat("[", 10_000)+strings.Repeat("]", 10_000)+`}`, nil)},
		{"integer beyond 64 bits", 400, problem.IntegerRange, executing(`{"a":9223372036854775808}`, nil)},
		{"too many values", 400, problem.ValueTooLarge, executing(`{"a":[`+strings.Repeat("1,", 200_000)+`1]}`, nil)},
		{"body too large", 413, problem.BodyTooLarge, executing(`{"a":"`+strings.Repeat("x", 1<<20)+`"}`, nil)},
		{"body too large, length unknown", 413, problem.BodyTooLarge, func(h *harness) answer {
			long := struct{ *strings.Reader }{strings.NewReader(`{"a":"` + strings.Repeat("x", 2<<20) + `"}`)}
			return h.do(request{method: "POST", path: "/v1/strategies/risk/execute", body: long})
		}},
		{"wrong media type", 415, problem.MediaType, executing(`{}`, map[string]string{"Content-Type": "text/plain"})},
		{"no media type", 415, problem.MediaType, executing(`{}`, map[string]string{"Content-Type": ""})},
		{"other charset", 415, problem.MediaType, executing(`{}`, map[string]string{"Content-Type": "application/json; charset=latin1"})},
		{"compressed body", 415, problem.MediaType, executing(`{}`, map[string]string{"Content-Encoding": "gzip"})},
	}
}

func badAddresses() []bad {
	get := func(path string) func(*harness) answer { return func(h *harness) answer { return h.get(path) } }
	auth := func(v string) map[string]string { return map[string]string{"Authorization": v} }
	return []bad{
		{"missing token", 401, problem.Unauthenticated, executing(`{}`, auth(""))},
		{"wrong token", 401, problem.Unauthenticated, executing(`{}`, auth("Bearer "+strings.Repeat("0", 32)))},
		{"token in the wrong scheme", 401, problem.Unauthenticated, executing(`{}`, auth("Basic "+testToken))},
		{"unknown path without a token", 404, problem.NotFound, func(h *harness) answer {
			return h.do(request{method: "GET", path: "/v1/nothing", header: auth("")})
		}},
		{"unknown strategy", 404, problem.UnknownStrategy, func(h *harness) answer {
			return h.post("/v1/strategies/nobody/execute", `{}`, nil)
		}},
		{"path traversal", 404, problem.UnknownStrategy, get("/v1/strategies/..%2f..%2fetc%2fpasswd")},
		{"NUL in a name", 404, problem.UnknownStrategy, get("/v1/strategies/a%00b/releases")},
		{"line break in a name", 404, problem.UnknownStrategy, get("/v1/strategies/a%0ab")},
		{"unknown release", 404, problem.UnknownRelease, get("/v1/strategies/risk/releases/9.9.9")},
		{"unknown release by digest", 404, problem.UnknownRelease, get("/v1/strategies/risk/releases/00000000")},
		{"unknown path", 404, problem.NotFound, get("/v2")},
		{"unknown path below v1", 404, problem.NotFound, get("/v1/nothing")},
		{"verb in the path", 405, problem.MethodNotAllowed, func(h *harness) answer {
			return h.post("/v1/strategies/risk:execute", `{}`, nil)
		}},
		{"wrong method", 405, problem.MethodNotAllowed, func(h *harness) answer {
			return h.do(request{method: "DELETE", path: "/v1/strategies/risk"})
		}},
	}
}

func uploading(make func(h *harness) (release, map[string]string)) func(*harness) answer {
	return func(h *harness) answer {
		r, header := make(h)
		return h.upload(r, "", header)
	}
}

// signed makes an upload of a release with an edited manifest.
func signed(edit func(*manifest.Manifest)) func(*harness) answer {
	return uploading(func(h *harness) (release, map[string]string) {
		return h.sign("two", "2.0.0", 20, edit), ifMatch(`"1"`)
	})
}

func badReleases() []bad {
	tag := ifMatch(`"1"`)
	return []bad{
		{"unsigned", 422, problem.SignatureMissing, uploading(func(h *harness) (release, map[string]string) {
			r := h.sign("two", "2.0.0", 20)
			r.envelope = append(r.envelope[:bytes.Index(r.envelope, []byte(`"signatures":[`))+len(`"signatures":[`)], `]}`...)
			return r, tag
		})},
		{"tampered", 422, problem.SignatureInvalid, uploading(func(h *harness) (release, map[string]string) {
			r, other := h.sign("two", "2.0.0", 20), h.sign("two", "2.0.1", 21)
			cut := []byte(`"signatures"`)
			payload, _, _ := bytes.Cut(r.envelope, cut)
			_, signatures, _ := bytes.Cut(other.envelope, cut)
			_, tail, ok := bytes.Cut(r.envelope, cut)
			if !ok || bytes.Index(r.envelope, []byte(`"payload"`)) > len(payload) {
				h.t.Fatalf("another order of members: %s (%d)", r.envelope, len(tail))
			}
			r.envelope = append(append(bytes.Clone(payload), cut...), signatures...)
			return r, tag
		})},
		{"wrong key", 422, problem.KeyUnknown, uploading(func(h *harness) (release, map[string]string) {
			mine := h.key
			defer func() { h.key = mine }()
			var err error
			h.key, err = trust.GenerateKey("mallory")
			check(h.t, err)
			return h.sign("two", "2.0.0", 20), tag
		})},
		{"expired", 422, problem.ManifestExpired, signed(func(m *manifest.Manifest) { m.Expires = time.Now().UTC().Truncate(time.Second).Add(-time.Minute) })},
		{"not yet valid", 422, problem.ManifestNotYetValid, signed(func(m *manifest.Manifest) { m.NotBefore = m.Expires.Add(-time.Minute) })},
		{"wrong audience", 422, problem.WrongAudience, signed(func(m *manifest.Manifest) { m.Audience = []string{"production"} })},
		{"another strategy's", 422, problem.WrongStrategy, signed(func(m *manifest.Manifest) { m.Name = "other" })},
		{"for a newer host", 422, problem.HostTooOld, signed(func(m *manifest.Manifest) { m.MinHostVersion = "9.0.0" })},
		{"wrong kind", 422, problem.KindUnknown, signed(func(m *manifest.Manifest) { m.Kind = "wasm" })},
		{"wrong ABI version", 422, problem.ABIVersionMismatch, signed(func(m *manifest.Manifest) { m.ABIVersion = 2 })},
		{"methods that are not there", 422, problem.MethodSetMismatch, signed(func(m *manifest.Manifest) { m.Methods = []string{"Execute", "Validate"} })},
		{"golden case that fails", 422, problem.GoldenCaseFailed, signed(func(m *manifest.Manifest) { m.Golden[0].Output["answer"] = "three" })},
		{"config outside of its schema", 422, problem.ConfigSchema, signed(func(m *manifest.Manifest) {
			m.Config = map[string]any{"max": "many"}
			m.ConfigSchema = map[string]any{"properties": map[string]any{"max": map[string]any{"type": "integer"}}}
		})},
		{"constructor that fails", 422, problem.ConstructorFailed, uploading(func(h *harness) (release, map[string]string) {
			return h.sign("broken", "2.0.0", 20), tag
		})},
		{"wrong digest", 422, problem.DigestMismatch, uploading(func(h *harness) (release, map[string]string) {
			r := h.sign("two", "2.0.0", 20)
			r.artifact = bytes.ToUpper(r.artifact)
			return r, tag
		})},
		{"truncated artifact", 422, problem.SizeMismatch, uploading(func(h *harness) (release, map[string]string) {
			r := h.sign("two", "2.0.0", 20)
			r.artifact = r.artifact[:5]
			return r, tag
		})},
		{"replayed: a lower sequence", 409, problem.SequenceRollback, uploading(func(h *harness) (release, map[string]string) {
			return h.sign("two", "0.9.0", 9), tag
		})},
		{"equivocation", 409, problem.Equivocation, uploading(func(h *harness) (release, map[string]string) {
			return h.sign("two", "1.0.1", 10), tag
		})},
		{"not an envelope", 422, problem.EnvelopeMalformed, uploading(func(h *harness) (release, map[string]string) {
			r := h.sign("two", "2.0.0", 20)
			r.envelope = []byte("{}")
			return r, tag
		})},
		{"a policy as a release", 422, problem.EnvelopeType, uploading(func(h *harness) (release, map[string]string) {
			r := h.sign("two", "2.0.0", 20)
			var err error
			r.envelope, err = trust.Sign(trust.PayloadType, []byte("{}"), h.key)
			check(h.t, err)
			return r, tag
		})},
		{"artifact too large", 413, problem.BodyTooLarge, uploading(func(h *harness) (release, map[string]string) {
			r := h.sign("two", "2.0.0", 20)
			r.artifact = make([]byte, 1<<20+1)
			return r, tag
		})},
	}
}

func badChanges() []bad {
	rollback := func(body string, header map[string]string) func(*harness) answer {
		return func(h *harness) answer { return h.post("/v1/strategies/risk/rollback", body, header) }
	}
	swap := func(body string) func(*harness) answer {
		return func(h *harness) answer { return h.post("/v1/strategies/risk/switch", body, ifMatch(`"1"`)) }
	}
	return []bad{
		{"no If-Match", 428, problem.IfMatchRequired, rollback(`{}`, nil)},
		{"stale If-Match", 412, problem.StaleGeneration, rollback(`{}`, ifMatch(`"7"`))},
		{"If-None-Match of something that is there", 412, problem.StaleGeneration, rollback(`{}`, firstRelease())},
		{"weak If-Match", 400, problem.BadRequest, rollback(`{}`, ifMatch(`W/"1"`))},
		{"switch to nothing", 400, problem.BadRequest, func(h *harness) answer {
			return h.post("/v1/strategies/risk/switch", `{"reason":"tired"}`, ifMatch(`"1"`))
		}},
		{"If-Match without quotes", 400, problem.BadRequest, rollback(`{}`, ifMatch(`1`))},
		{"If-Match of anything", 400, problem.BadRequest, rollback(`{}`, ifMatch(`*`))},
		{"If-Match with a sign", 400, problem.BadRequest, rollback(`{}`, ifMatch(`"+1"`))},
		{"nothing to roll back to", 409, problem.NothingToRollBack, rollback(`{}`, ifMatch(`"1"`))},
		{"unknown key in a change", 400, problem.BadRequest, rollback(`{"reson":"typing"}`, ifMatch(`"1"`))},
		{"reason of another type", 400, problem.BadRequest, rollback(`{"reason":5}`, ifMatch(`"1"`))},
		{"reason too long", 400, problem.BadRequest, rollback(`{"reason":"`+strings.Repeat("x", 501)+`"}`, ifMatch(`"1"`))},
		{"switch to an unknown release", 404, problem.UnknownRelease, swap(`{"release":"9.9.9"}`)},
		{"change of an unknown strategy", 404, problem.UnknownStrategy, func(h *harness) answer {
			return h.post("/v1/strategies/nobody/rollback", `{}`, firstRelease())
		}},
		{"upload without If-Match", 428, problem.IfMatchRequired, uploading(func(h *harness) (release, map[string]string) {
			return h.sign("two", "2.0.0", 20), nil
		})},
		{"upload with a stale If-Match", 412, problem.StaleGeneration, uploading(func(h *harness) (release, map[string]string) {
			return h.sign("two", "2.0.0", 20), ifMatch(`"0"`)
		})},
	}
}

func sendForm(query string, pairs func(r release) []any) func(*harness) answer {
	return func(h *harness) answer {
		r := h.sign("two", "2.0.0", 20)
		body, media := form(h.t, pairs(r)...)
		return h.do(request{method: "POST", path: "/v1/strategies/risk/releases" + query, body: bytes.NewReader(body),
			header: map[string]string{"Content-Type": media, "If-Match": `"1"`}})
	}
}

func badForms() []bad {
	return []bad{
		{"upload that is no form", 415, problem.MediaType, func(h *harness) answer {
			return h.post("/v1/strategies/risk/releases", `{}`, ifMatch(`"1"`))
		}},
		{"form without parts", 400, problem.BadRequest, sendForm("", func(release) []any { return nil })},
		{"parts in the wrong order", 400, problem.BadRequest, sendForm("", func(r release) []any {
			return []any{"artifact", r.artifact, "envelope", r.envelope}
		})},
		{"no artifact", 400, problem.BadRequest, sendForm("", func(r release) []any { return []any{"envelope", r.envelope} })},
		{"two envelopes", 400, problem.BadRequest, sendForm("", func(r release) []any {
			return []any{"envelope", r.envelope, "envelope", r.envelope, "artifact", r.artifact}
		})},
		{"a part too many", 400, problem.BadRequest, sendForm("", func(r release) []any {
			return []any{"envelope", r.envelope, "artifact", r.artifact, "artifact", r.artifact}
		})},
		{"envelope too large", 413, problem.BodyTooLarge, sendForm("", func(r release) []any {
			return []any{"envelope", make([]byte, 2<<20+1), "artifact", r.artifact}
		})},
		{"form that ends early", 400, problem.BadRequest, func(h *harness) answer {
			r := h.sign("two", "2.0.0", 20)
			body, media := form(h.t, "envelope", r.envelope, "artifact", r.artifact)
			return h.do(request{method: "POST", path: "/v1/strategies/risk/releases", body: bytes.NewReader(body[:len(body)-30]),
				header: map[string]string{"Content-Type": media, "If-Match": `"1"`}})
		}},
		{"hold that is no truth value", 400, problem.BadRequest, sendForm("?hold=perhaps", func(r release) []any {
			return []any{"envelope", r.envelope, "artifact", r.artifact}
		})},
	}
}

// TestBadInputHasItsOwnCodeAndDisturbsNothing: after each of them the release
// that ran still answers, under the same generation.
func TestBadInputHasItsOwnCodeAndDisturbsNothing(t *testing.T) {
	h := start(t)
	h.deploy(h.sign("one", "1.0.0", 10), firstRelease())
	for _, group := range [][]bad{badBodies(), badAddresses(), badReleases(), badChanges(), badForms(), badRollouts(), badComparisons(), badExperiments(), badListeners()} {
		for _, b := range group {
			t.Run(b.name, func(t *testing.T) {
				h := *h
				h.t = t
				a := b.send(&h)
				p := a.problem(t)
				if a.status != b.status || p.Code != string(b.code) {
					t.Errorf("got %d %s, want %d %s: %s", a.status, p.Code, b.status, b.code, a.body)
				}
				readable(t, p)
				h.mustAnswer("one", "1", "risk@1.0.0")
			})
		}
	}
}

// readable: a message says more than its class, and either what differs or what
// to do.
func readable(t *testing.T, p server.Problem) {
	t.Helper()
	if len(p.Detail) < 10 || p.Detail == p.Title || (p.Cure == "" && p.Expected == "" && p.Found == "" && p.Pointer == "") {
		t.Errorf("a tired operator gets too little: %+v", p)
	}
	if p.Type == "" || !strings.HasSuffix(p.Type, "#"+p.Code) || !strings.HasPrefix(p.Instance, "urn:swapline:request:") {
		t.Errorf("type %q, instance %q", p.Type, p.Instance)
	}
}

func TestStaleAndMissingPreconditionsTellTheCurrentETag(t *testing.T) {
	h := start(t)
	h.deploy(h.sign("one", "1.0.0", 10), firstRelease())
	for _, header := range []map[string]string{nil, ifMatch(`"9"`)} {
		if a := h.post("/v1/strategies/risk/rollback", `{}`, header); a.header.Get("ETag") != `"1"` {
			t.Errorf("%d with ETag %q", a.status, a.header.Get("ETag"))
		}
	}
}

func TestMethodNotAllowedTellsTheMethods(t *testing.T) {
	h := start(t)
	a := h.do(request{method: http.MethodPut, path: "/v1/strategies/risk/releases"})
	if allow := a.header.Get("Allow"); !strings.Contains(allow, "GET") || !strings.Contains(allow, "POST") {
		t.Errorf("Allow: %q", allow)
	}
}

// TestAPlaceInTheBodyIsToldBriefly: a caller's own keys do not come back by the
// kilobyte.
func TestAPlaceInTheBodyIsToldBriefly(t *testing.T) {
	h := start(t)
	h.deploy(h.sign("one", "1.0.0", 10), firstRelease())
	key := strings.Repeat("k", 10_000)
	p := h.post("/v1/strategies/risk/execute", `{"`+key+`":1,"`+key+`":2}`, nil).problem(t)
	if p.Code != string(problem.DuplicateKey) || p.Pointer != "" || len(p.Detail) > 200 || strings.Contains(p.Detail, "wire:") {
		t.Errorf("%+v", p)
	}
	if p := h.post("/v1/strategies/risk/execute", `{"a":1,"a":2}`, nil).problem(t); p.Pointer != "/a" || !strings.Contains(p.Detail, "at /a") {
		t.Errorf("%+v", p)
	}
	if p := h.post("/v1/strategies/risk/rollback", `{}`, ifMatch(`1`)).problem(t); p.Found != "1" {
		t.Errorf("a tag without quotes was shown as %s", p.Found)
	}
}
