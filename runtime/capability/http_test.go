package capability_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/capability"
)

// site is a server on the loopback interface.
type site struct {
	*httptest.Server
	hits atomic.Int64
	last atomic.Pointer[http.Request]
}

func newSite(t *testing.T, handle http.HandlerFunc) *site {
	s := &site{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.hits.Add(1)
		s.last.Store(r)
		handle(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// host is how a rule names the site.
func (s *site) host() string { return strings.TrimPrefix(s.URL, "http://") }

// http makes a call that may reach hosts on this machine.
func httpCall(t *testing.T, l capability.Limits, hosts ...string) *capability.Call {
	t.Helper()
	s := capability.Services{Limits: l, AllowPrivateAddressesUnsafe: true}
	return grantOf(t, s, capability.Rule{Allow: []string{"http"}, HTTPHosts: hosts, PlainHTTP: true}, "http").Begin(context.Background())
}

func ok(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") }

func TestARequestReachesAListedHost(t *testing.T) {
	s := newSite(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Add("X-Two", "a")
		w.Header().Add("X-Two", "b")
		w.Header().Set("Set-Cookie", "c=1")
		w.WriteHeader(http.StatusTeapot)
		fmt.Fprintf(w, "%s %s", r.Method, body)
	})
	c := httpCall(t, capability.Limits{}, s.host())
	for range 2 {
		r, err := c.Do(context.Background(), abi.HTTPRequest{Method: "PUT", URL: s.URL + "/a?b=c", Headers: map[string]string{"x-key": "v"}, Body: []byte("body")})
		if err != nil || r.Status != http.StatusTeapot || string(r.Body) != "PUT body" || r.Headers["X-Two"] != "a, b" {
			t.Fatalf("answer %+v, %v", r, err)
		}
	}
	last := s.last.Load()
	if last.RequestURI != "/a?b=c" || last.Header.Get("X-Key") != "v" || last.Header.Get("Cookie") != "" || last.UserAgent() != "swapline" {
		t.Errorf("the site got %s %v", last.RequestURI, last.Header)
	}
	if r, err := c.Do(context.Background(), abi.HTTPRequest{URL: s.URL}); err != nil || !strings.HasPrefix(string(r.Body), "GET") {
		t.Errorf("without a method: %+v, %v", r, err)
	}
}

func TestWhatIsNotAllowedIsNotSent(t *testing.T) {
	s := newSite(t, ok)
	other := newSite(t, ok)
	secure := grantOf(t, capability.Services{AllowPrivateAddressesUnsafe: true},
		capability.Rule{Allow: []string{"http"}, HTTPHosts: []string{s.host()}}, "http").Begin(context.Background())
	c := httpCall(t, capability.Limits{BodyBytes: 100, Requests: 1000}, s.host())
	h := func(name, value string) abi.HTTPRequest {
		return abi.HTTPRequest{URL: s.URL, Headers: map[string]string{name: value}}
	}
	for name, x := range map[string]struct {
		call    *capability.Call
		request abi.HTTPRequest
		code    string
	}{
		"another host":       {c, abi.HTTPRequest{URL: other.URL}, abi.CodeHTTPDenied},
		"another port":       {c, abi.HTTPRequest{URL: "http://127.0.0.1"}, abi.CodeHTTPDenied},
		"another name of it": {c, abi.HTTPRequest{URL: strings.Replace(s.URL, "127.0.0.1", "127.1", 1)}, abi.CodeHTTPDenied},
		"a number":           {c, abi.HTTPRequest{URL: strings.Replace(s.URL, "127.0.0.1", "2130706433", 1)}, abi.CodeHTTPDenied},
		"a user":             {c, abi.HTTPRequest{URL: strings.Replace(s.URL, "http://", "http://u:p@", 1)}, abi.CodeHTTPDenied},
		"a user as host":     {c, abi.HTTPRequest{URL: "http://" + s.host() + "@" + other.host()}, abi.CodeHTTPDenied},
		"plain http":         {secure, abi.HTTPRequest{URL: s.URL}, abi.CodeHTTPDenied},
		"a file":             {c, abi.HTTPRequest{URL: "file:///etc/passwd"}, abi.CodeBadRequest},
		"gopher":             {c, abi.HTTPRequest{URL: "gopher://" + s.host()}, abi.CodeHTTPDenied},
		"relative":           {c, abi.HTTPRequest{URL: "/x"}, abi.CodeBadRequest},
		"no URL":             {c, abi.HTTPRequest{}, abi.CodeBadRequest},
		"a long URL":         {c, abi.HTTPRequest{URL: s.URL + "/" + strings.Repeat("x", 9<<10)}, abi.CodeBadRequest},
		"a line in the URL":  {c, abi.HTTPRequest{URL: s.URL + "/\r\nHost: x"}, abi.CodeBadRequest},
		"CONNECT":            {c, abi.HTTPRequest{URL: s.URL, Method: "CONNECT"}, abi.CodeHTTPDenied},
		"TRACE":              {c, abi.HTTPRequest{URL: s.URL, Method: "TRACE"}, abi.CodeHTTPDenied},
		"small letters":      {c, abi.HTTPRequest{URL: s.URL, Method: "get"}, abi.CodeHTTPDenied},
		"Host":               {c, h("host", "internal"), abi.CodeHTTPDenied},
		"Transfer-Encoding":  {c, h("transfer-encoding", "chunked"), abi.CodeHTTPDenied},
		"Content-Length":     {c, h("Content-Length", "5"), abi.CodeHTTPDenied},
		"Connection":         {c, h("Connection", "x"), abi.CodeHTTPDenied},
		"Proxy":              {c, h("Proxy-Authorization", "x"), abi.CodeHTTPDenied},
		"a line in a header": {c, h("X", "a\r\nHost: b"), abi.CodeHTTPFailed},
		"a line in a name":   {c, h("X: y\r\nZ", "a"), abi.CodeHTTPFailed},
		"large headers":      {c, h("X", strings.Repeat("x", 9<<10)), abi.CodeQuota},
		"a large body":       {c, abi.HTTPRequest{URL: s.URL, Method: "POST", Body: make([]byte, 101)}, abi.CodeQuota},
	} {
		_, err := x.call.Do(context.Background(), x.request)
		wantCode(t, err, x.code)
		if t.Failed() {
			t.Fatalf("in the case %q", name)
		}
	}
	if n := s.hits.Load() + other.hits.Load(); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

// TestNamesOfPrivateAddressesAreRefusedAtTheConnection lists what resolves to
// this machine: the list is right, the address is not.
func TestNamesOfPrivateAddressesAreRefusedAtTheConnection(t *testing.T) {
	s := newSite(t, ok)
	_, port, err := net.SplitHostPort(s.host())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"localhost", "127.0.0.1"} {
		host := net.JoinHostPort(name, port)
		g := grantOf(t, capability.Services{}, capability.Rule{Allow: []string{"http"}, HTTPHosts: []string{host}, PlainHTTP: true}, "http")
		_, err := g.Begin(context.Background()).Do(context.Background(), abi.HTTPRequest{URL: "http://" + host})
		wantCode(t, err, abi.CodeHTTPDenied)
	}
	if s.hits.Load() != 0 {
		t.Error("the site was reached")
	}
}

func TestRedirectsGoToListedHostsWithoutSecrets(t *testing.T) {
	secret := map[string]string{"X-Api-Key": "secret", "Authorization": "Bearer secret"}
	target := newSite(t, ok)
	hidden := newSite(t, ok)
	var self *site
	self = newSite(t, func(w http.ResponseWriter, r *http.Request) {
		to := map[string]string{"/out": target.URL, "/hidden": hidden.URL, "/same": self.URL + "/end", "/loop": self.URL + "/loop",
			"/file": "file:///etc/passwd", "/user": strings.Replace(target.URL, "http://", "http://u@", 1)}[r.URL.Path]
		if to == "" {
			ok(w, r)
			return
		}
		http.Redirect(w, r, to, http.StatusTemporaryRedirect)
	})
	c := httpCall(t, capability.Limits{}, self.host(), target.host())
	for path, code := range map[string]string{
		"/out": "", "/same": "", "/hidden": abi.CodeHTTPDenied, "/loop": abi.CodeHTTPDenied, "/file": abi.CodeHTTPDenied, "/user": abi.CodeHTTPDenied,
	} {
		r, err := c.Do(context.Background(), abi.HTTPRequest{URL: self.URL + path, Headers: secret})
		if code != "" {
			wantCode(t, err, code)
		} else if err != nil || string(r.Body) != "ok" {
			t.Errorf("%s: %+v, %v", path, r, err)
		}
	}
	if hidden.hits.Load() != 0 {
		t.Error("a host that is not listed was reached")
	}
	got := target.last.Load().Header
	if got.Get("X-Api-Key") != "" || got.Get("Authorization") != "" || got.Get("Referer") != "" {
		t.Errorf("another host got %v", got)
	}
	if self.hits.Load() > 16 {
		t.Errorf("the loop went on: %d requests", self.hits.Load())
	}
}

func TestRequestsAreBounded(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	s := newSite(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/large":
			_, _ = w.Write(make([]byte, 101))
		case "/endless":
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 50)); err != nil {
					return
				}
				w.(http.Flusher).Flush()
			}
		case "/slow":
			select {
			case <-release:
			case <-r.Context().Done():
			}
		case "/headers":
			w.Header().Set("X", strings.Repeat("x", 100<<10))
		case "/cut":
			w.Header().Set("Content-Length", "50")
			_, _ = w.Write(make([]byte, 10))
		default:
			_, _ = w.Write(make([]byte, 100))
		}
	})
	for path, code := range map[string]string{
		"/fits": "", "/large": abi.CodeQuota, "/endless": abi.CodeQuota, "/slow": abi.CodeHTTPTimeout,
		"/headers": abi.CodeHTTPFailed, "/cut": abi.CodeHTTPFailed,
	} {
		limit := time.Minute
		if code == abi.CodeHTTPTimeout {
			limit = 500 * time.Millisecond
		}
		c := httpCall(t, capability.Limits{BodyBytes: 100, Timeout: limit}, s.host())
		_, err := c.Do(context.Background(), abi.HTTPRequest{URL: s.URL + path})
		if code != "" {
			wantCode(t, err, code)
		} else if err != nil {
			t.Error(err)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	_, err := httpCall(t, capability.Limits{Timeout: time.Minute}, s.host()).Do(ctx, abi.HTTPRequest{URL: s.URL + "/slow"})
	wantCode(t, err, abi.CodeHTTPTimeout)

	before := s.hits.Load()
	c := httpCall(t, capability.Limits{Requests: 3}, s.host())
	for n := range 6 {
		if _, err = c.Do(context.Background(), abi.HTTPRequest{URL: s.URL}); (err == nil) != (n < 3) {
			t.Errorf("request %d: %v", n, err)
		}
	}
	wantCode(t, err, abi.CodeQuota)
	if n := s.hits.Load() - before; n != 3 {
		t.Errorf("%d requests were sent", n)
	}
}

func TestTheEnvironmentsProxyIsNotUsed(t *testing.T) {
	proxy := newSite(t, ok)
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"} {
		t.Setenv(name, proxy.URL)
	}
	c := httpCall(t, capability.Limits{}, "nowhere.invalid")
	_, err := c.Do(context.Background(), abi.HTTPRequest{URL: "http://nowhere.invalid"})
	wantCode(t, err, abi.CodeHTTPFailed)
	if proxy.hits.Load() != 0 {
		t.Error("the proxy was asked")
	}
}

func TestFailuresDoNotDescribeTheNetwork(t *testing.T) {
	s := newSite(t, ok)
	s.Close()
	_, err := httpCall(t, capability.Limits{}, s.host()).Do(context.Background(), abi.HTTPRequest{URL: s.URL + "/?token=secret"})
	wantCode(t, err, abi.CodeHTTPFailed)
	u, _ := url.Parse(s.URL)
	if text := err.Error(); strings.Contains(text, u.Port()) || strings.Contains(text, "secret") {
		t.Errorf("the failure says %q", text)
	}
}

func TestARehearsalSendsNothing(t *testing.T) {
	s := newSite(t, ok)
	g := grantOf(t, capability.Services{AllowPrivateAddressesUnsafe: true},
		capability.Rule{Allow: []string{"http"}, HTTPHosts: []string{s.host()}, PlainHTTP: true}, "http")
	ctx := capability.Rehearsal(context.Background())
	_, err := g.Begin(ctx).Do(ctx, abi.HTTPRequest{URL: s.URL})
	wantCode(t, err, abi.CodeHTTPDenied)
	if s.hits.Load() != 0 {
		t.Error("a request was sent")
	}
}

func TestAReplayedRequestIsNotSentAgain(t *testing.T) {
	s := newSite(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-N", r.URL.Path)
		_, _ = w.Write([]byte{0, 255})
	})
	g := grantOf(t, capability.Services{AllowPrivateAddressesUnsafe: true},
		capability.Rule{Allow: []string{"http"}, HTTPHosts: []string{s.host()}, PlainHTTP: true}, "http")
	run := func(ctx context.Context) (list []abi.HTTPResponse, failed error) {
		c := g.Begin(ctx)
		for _, u := range []string{s.URL + "/1", s.URL + "/2"} {
			r, err := c.Do(ctx, abi.HTTPRequest{URL: u})
			if err != nil {
				t.Error(err)
			}
			list = append(list, r)
		}
		_, failed = c.Do(ctx, abi.HTTPRequest{URL: "https://elsewhere.test"})
		return list, failed
	}
	ctx, recorder := capability.Record(context.Background())
	want, wantErr := run(ctx)
	journal, err := recorder.Journal()
	if err != nil {
		t.Fatal(err)
	}
	before := s.hits.Load()
	ctx, replayer, err := capability.Replay(context.Background(), journal)
	if err != nil {
		t.Fatal(err)
	}
	got, gotErr := run(ctx)
	if fmt.Sprint(got) != fmt.Sprint(want) || replayer.Diverged() || gotErr == nil || gotErr.Error() != wantErr.Error() || !bytes.Equal(got[0].Body, []byte{0, 255}) {
		t.Errorf("replayed %v, %v; recorded %v, %v", got, gotErr, want, wantErr)
	}
	if s.hits.Load() != before {
		t.Error("the replay sent requests")
	}
}
