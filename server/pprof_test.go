package server_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/swapline/swapline/server"
)

func profiling(c *server.Config, _ *server.Timeouts) { c.Pprof = true }

func TestWithoutTheFlagNobodyGetsAProfile(t *testing.T) {
	h := start(t)
	for _, path := range []string{"/debug/pprof/", "/debug/pprof/profile", "/debug/pprof/heap", "/debug/pprof/cmdline"} {
		if a := h.get(path); a.status != 404 || a.problem(t).Code != "not_found" {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	for _, path := range []string{"/debug/pprof/", "/debug/pprof/heap"} { // net/http/pprof would be here
		if _, pattern := http.DefaultServeMux.Handler(&http.Request{Method: "GET", URL: &url.URL{Path: path}}); pattern != "" {
			t.Errorf("the default mux serves %s as %s", path, pattern)
		}
	}
}

func TestProfilesNeedTheToken(t *testing.T) {
	h := start(t, profiling)
	for _, path := range []string{"/debug/pprof/", "/debug/pprof/profile?seconds=1", "/debug/pprof/trace?seconds=1", "/debug/pprof/heap"} {
		if a := h.do(request{method: "GET", path: path, header: map[string]string{"Authorization": ""}}); a.status != 401 {
			t.Errorf("%s without a token: %d", path, a.status)
		}
	}
}

func TestProfilesAreServed(t *testing.T) {
	h := start(t, profiling)
	if a := h.get("/debug/pprof/"); a.status != 200 || !strings.Contains(string(a.body), "goroutine\n") || !strings.Contains(string(a.body), "profile\n") {
		t.Errorf("%d %s", a.status, a.body)
	}
	for _, path := range []string{"/debug/pprof/heap?gc=1", "/debug/pprof/goroutine", "/debug/pprof/profile?seconds=1"} {
		a := h.get(path)
		z, err := gzip.NewReader(bytes.NewReader(a.body))
		if a.status != 200 || err != nil {
			t.Errorf("%s: %d, %v", path, a.status, err)
			continue
		}
		if raw, err := io.ReadAll(z); err != nil || !bytes.Contains(raw, []byte("github.com/swapline/swapline/server")) && strings.Contains(path, "goroutine") {
			t.Errorf("%s: %v, %d bytes", path, err, len(raw))
		}
	}
	if a := h.get("/debug/pprof/goroutine?debug=1"); a.status != 200 || !strings.HasPrefix(a.header.Get("Content-Type"), "text/plain") || !strings.HasPrefix(string(a.body), "goroutine profile:") {
		t.Errorf("%d %.100s", a.status, a.body)
	}
	for path, status := range map[string]int{"/debug/pprof/nothing": 404, "/debug/pprof/cmdline": 404, "/debug/pprof/symbol": 404,
		"/debug/pprof/profile?seconds=1000": 400, "/debug/pprof/profile?seconds=x": 400, "/debug/pprof/heap?debug=-1": 400} {
		if a := h.get(path); a.status != status {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
}

func TestOneProfileOfTheCPUAtATime(t *testing.T) {
	h := start(t, profiling)
	for range 20 { // a starved machine may take one after the other
		first := make(chan answer, 1)
		go func() { first <- h.get("/debug/pprof/profile?seconds=1") }()
		second := h.get("/debug/pprof/profile?seconds=1")
		for _, a := range []answer{<-first, second} {
			if a.status == 503 && a.problem(t).Code == "overloaded" {
				return
			}
			if a.status != 200 {
				t.Fatalf("%d %s", a.status, a.body)
			}
		}
	}
	t.Error("two are taken at a time")
}
