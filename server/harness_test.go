package server_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"io"
	"log/slog"
	"mime/multipart"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/driver/memdriver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/store/boltstore"
	"github.com/swapline/swapline/runtime/trust"
	"github.com/swapline/swapline/server"
)

const testToken = "0123456789abcdef0123456789abcdef"

// strategy answers with its name and does what its input asks for.
type strategy struct {
	name    string
	entered chan struct{} // a call with "block" is inside
	release chan struct{} // closed to let such calls go
}

func (s *strategy) Execute(ctx context.Context, in map[string]any) (map[string]any, error) {
	if in["panic"] != nil {
		panic("a secret of the strategy")
	}
	if in["block"] != nil {
		s.entered <- struct{}{}
		select {
		case <-s.release:
		case <-ctx.Done():
		}
	}
	if in["reject"] != nil {
		return nil, &abi.Error{Code: "bad_amount", Message: "amount must be positive", Details: map[string]any{"limit": int64(1)}}
	}
	return map[string]any{"answer": s.name, "echo": in["echo"]}, nil
}

// harness is a real server on a real socket over a real runtime, store and trust
// policy. Kind "memory" stands for all kinds.
type harness struct {
	t      testing.TB
	base   string
	folder string // the store's
	key    trust.Key
	http   *http.Server
	rt     *runtime.Runtime
	first  *strategy
	router routers.Router
	doc    *openapi3.T
	client *http.Client
	drain  bool
}

func start(t testing.TB, change ...func(*server.Config, *server.Timeouts)) *harness {
	t.Helper()
	h := &harness{t: t, first: &strategy{name: "one", entered: make(chan struct{}, 8), release: make(chan struct{})}}
	h.doc, h.router = specification(t)
	h.rt = h.openRuntime()
	h.serve(change...)
	return h
}

// beside is another server on the same runtime, one that is in a hurry: what must
// succeed however busy the machine is asks the first one.
func (h *harness) beside(change func(*server.Config, *server.Timeouts)) *harness {
	h.t.Helper()
	other := *h
	other.serve(change)
	return &other
}

// serve serves the runtime until the test ends.
func (h *harness) serve(change ...func(*server.Config, *server.Timeouts)) {
	t := h.t
	t.Helper()
	c := server.Config{Runtime: h.rt, Token: testToken, Version: "0.1.0", Draining: func() bool { return h.drain }}
	var times server.Timeouts
	for _, f := range change {
		f(&c, &times)
	}
	handler, err := server.New(c)
	check(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	h.http = server.HTTP(handler, times, nil)
	h.base = "http://" + l.Addr().String()
	h.client = &http.Client{Transport: &http.Transport{ExpectContinueTimeout: 10 * time.Second}}
	var served sync.WaitGroup
	served.Go(func() { _ = h.http.Serve(l) })
	t.Cleanup(func() { h.client.CloseIdleConnections(); _ = h.http.Close(); served.Wait() })
}

func (h *harness) openRuntime() *runtime.Runtime {
	t := h.t
	h.folder = t.TempDir()
	s, err := boltstore.OpenUnsynced(h.folder)
	check(t, err)
	h.key, err = trust.GenerateKey("tester")
	check(t, err)
	doc := trust.DevelopmentPolicy(h.key, time.Now())
	payload, err := doc.Encode()
	check(t, err)
	envelope, err := trust.Sign(trust.PayloadType, payload, h.key)
	check(t, err)
	policy, err := trust.OpenPolicy(envelope, manifest.DigestOf(sha256.Sum256(payload)), time.Now())
	check(t, err)
	make := func(s abi.Strategy) abi.Constructor {
		return func(abi.Host) (abi.Strategy, error) { return s, nil }
	}
	d := memdriver.New(map[string]abi.Constructor{"one": make(h.first), "two": make(&strategy{name: "two"}),
		"careful": make(&careful{strategy{name: "careful"}}),
		"slow":    func(abi.Host) (abi.Strategy, error) { time.Sleep(time.Second); return &strategy{name: "slow"}, nil },
		"broken":  func(abi.Host) (abi.Strategy, error) { return nil, abi.Reject("no_luck", "it does not start") }})
	rt, err := runtime.Open(t.Context(), runtime.Config{Store: s, Policy: policy, HostVersion: "0.1.0", Audience: "test",
		Drivers: map[manifest.Kind]driver.Driver{memdriver.Kind: d}, Log: slog.New(slog.DiscardHandler), MaxArtifact: 1 << 20, DrainLimit: time.Second})
	check(t, err)
	t.Cleanup(func() {
		end, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := rt.Close(end); err != nil {
			t.Error(err)
		}
		check(t, s.Close())
	})
	return rt
}

// release is one to upload; change edits the manifest before it is signed.
type release struct {
	envelope []byte
	artifact []byte
	digest   manifest.Digest
}

func (h *harness) sign(constructor, version string, sequence int64, change ...func(*manifest.Manifest)) release {
	h.t.Helper()
	artifact := []byte(constructor + "\nversion " + version + "\n")
	now := time.Now().UTC().Truncate(time.Second)
	m := &manifest.Manifest{
		Name: "risk", Version: version, Sequence: sequence, Kind: memdriver.Kind, ABIVersion: abi.Version,
		Artifact: manifest.Artifact{SHA256: manifest.DigestOf(sha256.Sum256(artifact)), Size: int64(len(artifact))},
		Methods:  []string{abi.MethodExecute}, Config: map[string]any{},
		NotBefore: now.Add(-time.Hour), Issued: now.Add(-time.Hour), Expires: now.Add(time.Hour),
		Golden: []manifest.GoldenCase{{Name: "echo", Input: map[string]any{"echo": int64(1)},
			Output: map[string]any{"answer": constructor, "echo": int64(1)}}},
		Limits: manifest.Limits{Timeout: 20 * time.Second},
	}
	for _, f := range change {
		f(m)
	}
	payload, err := m.Encode()
	check(h.t, err)
	envelope, err := trust.Sign(manifest.PayloadType, payload, h.key)
	check(h.t, err)
	return release{envelope, artifact, manifest.DigestOf(sha256.Sum256(payload))}
}

// answer is a validated response.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) problem(t *testing.T) server.Problem {
	t.Helper()
	var p server.Problem
	if err := json.Unmarshal(a.body, &p); err != nil {
		t.Fatalf("%v in %s", err, a.body)
	}
	return p
}

func decode[T any](t *testing.T, a answer) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(a.body, &v); err != nil {
		t.Fatalf("%v in %s", err, a.body)
	}
	return v
}

// request is a call; the zero value of a field is the usual one.
type request struct {
	method, path string
	header       map[string]string // "" removes
	body         io.Reader
}

// do sends a request and checks the answer against the specification: there is
// no way around it in these tests.
func (h *harness) do(q request) answer {
	h.t.Helper()
	a, err := h.try(q)
	check(h.t, err)
	return a
}

// insists asks a server in a hurry again whose time was over before it looked, as on a
// machine that does other things. What it never takes fails the test.
func (h *harness) insists(q func() request) (a answer) {
	h.t.Helper()
	for range 20 {
		var err error
		if a, err = h.try(q()); err == nil && a.status != http.StatusRequestTimeout {
			return a
		}
		h.t.Logf("again after %d %s, %v", a.status, a.body, err)
	}
	h.t.Fatal("the server has no time")
	return a
}

// try is do for an answer that may not come.
func (h *harness) try(q request) (answer, error) {
	h.t.Helper()
	r, err := http.NewRequestWithContext(h.t.Context(), q.method, h.base+q.path, q.body)
	check(h.t, err)
	r.Header.Set("Authorization", "Bearer "+testToken)
	r.Header.Set("Content-Type", "application/json")
	for k, v := range q.header {
		r.Header.Del(k)
		if v != "" {
			r.Header.Set(k, v)
		}
	}
	res, err := h.client.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return answer{}, err
	}
	h.validate(r, res, b)
	return answer{res.StatusCode, res.Header, b}, nil
}

func (h *harness) validate(r *http.Request, res *http.Response, body []byte) {
	h.t.Helper()
	for _, name := range []string{"X-Request-Id", "X-Content-Type-Options", "Content-Security-Policy", "Cache-Control"} {
		if res.Header.Get(name) == "" {
			h.t.Errorf("%s %s: no header %s", r.Method, r.URL.Path, name)
		}
	}
	// The router of the specification knows the documented paths only.
	path := *r.URL
	path.Host, path.Scheme = "", ""
	plain := &http.Request{Method: r.Method, URL: &path, Header: r.Header}
	route, params, err := h.router.FindRoute(plain)
	if err != nil {
		h.validateUnrouted(r, res, body)
		return
	}
	in := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: plain, PathParams: params, Route: route},
		Status:                 res.StatusCode, Header: res.Header,
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	}
	if err := openapi3filter.ValidateResponse(h.t.Context(), in.SetBodyBytes(body)); err != nil {
		h.t.Errorf("%s %s answered outside of the specification: %v\n%d %s", r.Method, r.URL.Path, err, res.StatusCode, body)
	}
}

// validateUnrouted checks answers to what the specification does not list.
func (h *harness) validateUnrouted(r *http.Request, res *http.Response, body []byte) {
	h.t.Helper()
	name := map[int]string{http.StatusNotFound: "NotFound", http.StatusMethodNotAllowed: "MethodNotAllowed",
		http.StatusUnauthorized: "Unauthenticated"}[res.StatusCode]
	spec, ok := h.doc.Components.Responses[name]
	if !ok {
		h.t.Errorf("%s %s is not in the specification and answered %d %s", r.Method, r.URL.Path, res.StatusCode, body)
		return
	}
	var v any
	check(h.t, json.Unmarshal(body, &v))
	if err := spec.Value.Content.Get(res.Header.Get("Content-Type")).Schema.Value.VisitJSON(v, openapi3.EnableJSONSchema2020()); err != nil {
		h.t.Error(err)
	}
}

func specification(t testing.TB) (*openapi3.T, routers.Router) {
	t.Helper()
	for _, media := range []string{"text/html", "text/markdown"} {
		openapi3filter.RegisterBodyDecoder(media, openapi3filter.PlainBodyDecoder)
	}
	doc, err := openapi3.NewLoader().LoadFromData(server.Specification())
	check(t, err)
	check(t, doc.Validate(t.Context()))
	r, err := legacy.NewRouter(doc)
	check(t, err)
	return doc, r
}

func (h *harness) get(path string) answer { return h.do(request{method: "GET", path: path}) }

func (h *harness) execute(body string) answer {
	return h.do(request{method: "POST", path: "/v1/strategies/risk/execute", body: strings.NewReader(body)})
}

// upload sends a release with these headers.
func (h *harness) upload(r release, query string, header map[string]string) answer {
	h.t.Helper()
	body, media := form(h.t, "envelope", r.envelope, "artifact", r.artifact)
	headers := map[string]string{"Content-Type": media}
	for k, v := range header {
		headers[k] = v
	}
	return h.do(request{method: "POST", path: "/v1/strategies/risk/releases" + query, header: headers, body: bytes.NewReader(body)})
}

// deploy uploads and expects success.
func (h *harness) deploy(r release, header map[string]string) answer {
	h.t.Helper()
	a := h.upload(r, "", header)
	if a.status != http.StatusCreated {
		h.t.Fatalf("deploy: %d %s", a.status, a.body)
	}
	return a
}

func firstRelease() map[string]string      { return map[string]string{"If-None-Match": "*"} }
func ifMatch(tag string) map[string]string { return map[string]string{"If-Match": tag} }

// form makes a multipart body of pairs of name and content.
func form(t testing.TB, pairs ...any) (body []byte, media string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i < len(pairs); i += 2 {
		p, err := w.CreateFormFile(pairs[i].(string), pairs[i].(string))
		check(t, err)
		_, err = p.Write(pairs[i+1].([]byte))
		check(t, err)
	}
	check(t, w.Close())
	return b.Bytes(), w.FormDataContentType()
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
