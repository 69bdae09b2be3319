package server_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/server"
)

// happening is an event as a listener hears it.
type happening struct {
	id, event string
	data      map[string]any
}

// stream is an open stream of events.
type stream struct {
	h     *harness
	res   *http.Response
	lines *bufio.Reader
	leave context.CancelFunc
}

// listen opens a stream; every read ends within a minute.
func (h *harness) listen(query string, header ...string) *stream {
	h.t.Helper()
	ctx, leave := context.WithTimeout(h.t.Context(), time.Minute)
	h.t.Cleanup(leave)
	r, err := http.NewRequestWithContext(ctx, "GET", h.base+"/v1/events"+query, nil)
	check(h.t, err)
	r.Header.Set("Authorization", "Bearer "+testToken)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := h.client.Do(r)
	check(h.t, err)
	h.t.Cleanup(func() { res.Body.Close() })
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "text/event-stream" || res.Header.Get("Cache-Control") != "no-store" {
		h.t.Fatalf("%d %v", res.StatusCode, res.Header)
	}
	s := &stream{h: h, res: res, lines: bufio.NewReader(res.Body), leave: leave}
	if first, err := s.block(); err != nil || first["retry"] != "1000" {
		h.t.Fatalf("it begins with %v, %v", first, err)
	}
	return s
}

// block reads fields up to an empty line, as the standard has it.
func (s *stream) block() (map[string]string, error) {
	fields := map[string]string{}
	for {
		line, err := s.lines.ReadString('\n')
		if err != nil {
			return nil, err
		}
		if line = strings.TrimSuffix(line, "\n"); line == "" && len(fields) > 0 {
			return fields, nil
		}
		if name, value, _ := strings.Cut(line, ":"); name != "" { // others are comments
			fields[name] = strings.TrimPrefix(value, " ")
		}
	}
}

// next waits for an event and checks it against the specification.
func (s *stream) next() happening {
	s.h.t.Helper()
	f, err := s.block()
	check(s.h.t, err)
	e := happening{id: f["id"], event: f["event"]}
	check(s.h.t, json.Unmarshal([]byte(f["data"]), &e.data))
	schema := "Event"
	if e.event == "lost" {
		schema = "LostEvents"
	} else if n, _ := strconv.ParseUint(e.id, 10, 64); e.data["type"] != e.event || float64(n) != e.data["id"] {
		s.h.t.Errorf("id %s and event %s of %s", e.id, e.event, f["data"])
	}
	if err := s.h.doc.Components.Schemas[schema].Value.VisitJSON(e.data, openapi3.EnableJSONSchema2020()); err != nil {
		s.h.t.Error(err)
	}
	return e
}

// started waits for the beginning of a rollout and passes over what else happens.
func (s *stream) started() happening {
	s.h.t.Helper()
	for range 100 {
		if e := s.next(); e.event == "rollout.started" {
			return e
		}
	}
	s.h.t.Fatal("no rollout was started")
	return happening{}
}

// ends waits for a clean end, one that a client can tell from a connection that
// breaks, and returns what came before it.
func (s *stream) ends() string {
	s.h.t.Helper()
	rest, err := io.ReadAll(s.lines)
	if err != nil {
		s.h.t.Errorf("the stream ended with %v after %q", err, rest)
	}
	return string(rest)
}

// rollable serves one release and holds another.
func (h *harness) rollable() {
	h.t.Helper()
	h.deploy(h.sign("one", "1.0.0", 10), firstRelease())
	if a := h.upload(h.sign("two", "2.0.0", 20), "?hold=true", nil); a.status != http.StatusCreated {
		h.t.Fatalf("%d %s", a.status, a.body)
	}
}

// happen starts a rollout and ends it.
func (h *harness) happen() {
	h.t.Helper()
	r := h.roll("{}")
	if a := h.command(r, "abort", `{}`); a.status != http.StatusOK {
		h.t.Fatalf("%d %s", a.status, a.body)
	}
}

func TestAListenerThatComesBackMissesNothing(t *testing.T) {
	h := start(t)
	h.rollable()
	first := h.listen("")
	h.happen()
	one := first.started()
	first.leave()
	h.happen()
	h.happen()
	again := h.listen("?after=0", "Last-Event-ID", one.id)
	two, three := again.started(), again.started()
	if !(one.id < two.id && two.id < three.id) {
		t.Errorf("%s %s %s", one.id, two.id, three.id)
	}
	// The same by address, all that is kept, and what happens from now on.
	if e := h.listen("?after=" + two.id).started(); e.id != three.id {
		t.Errorf("after %s came %s, want %s", two.id, e.id, three.id)
	}
	if e := h.listen("?after=0").started(); e.id != one.id {
		t.Errorf("the first of all is %s, want %s", e.id, one.id)
	}
	late := h.listen("", "Last-Event-ID", "")
	h.happen()
	if e := late.next(); e.id <= three.id {
		t.Errorf("a new listener hears what was: %s", e.id)
	}
}

func TestAListenerHearsOneStrategyIfItAsks(t *testing.T) {
	h := start(t)
	h.rollable()
	risk, other := h.listen("?strategy=risk"), h.listen("?strategy=nobody-yet&after=0")
	h.happen()
	if e := risk.started(); e.data["strategy"] != "risk" {
		t.Errorf("%v", e)
	}
	check(t, h.http.Shutdown(t.Context()))
	if rest := other.ends(); strings.Contains(rest, "event:") {
		t.Errorf("it heard of others: %s", rest)
	}
}

// TestALateListenerIsToldWhatItLost: an id of another process.
func TestALateListenerIsToldWhatItLost(t *testing.T) {
	h := start(t)
	h.rollable()
	h.happen()
	for _, id := range []string{"1", "9007199254740991"} {
		s := h.listen("", "Last-Event-ID", id)
		if e := s.next(); e.event != "lost" || e.id != "" || fmt.Sprintf("%.0f", e.data["after"]) != id {
			t.Errorf("%+v", e)
		}
		s.started()
	}
}

// TestAStreamOutlivesTheTimeOutsOfRequests: for reading and for writing.
func TestAStreamOutlivesTheTimeOutsOfRequests(t *testing.T) {
	const limit = time.Second
	h := start(t)
	h.rollable()
	s := h.beside(func(_ *server.Config, times *server.Timeouts) {
		*times = server.Timeouts{Header: limit, Read: limit, Write: limit}
	}).listen("")
	time.Sleep(limit * 3 / 2)
	h.happen()
	s.started()
}

func TestAStreamEndsWhenTheServerShutsDown(t *testing.T) {
	h := start(t)
	s := h.listen("")
	check(t, h.http.Shutdown(t.Context()))
	s.ends()
}

// TestAStreamEndsWhenTheGateMoves: and who comes back hears the new process.
func TestAStreamEndsWhenTheGateMoves(t *testing.T) {
	next := start(t)
	var gate server.Gate
	old := start(t, func(c *server.Config, _ *server.Timeouts) { c.Gate = &gate })
	old.rollable()
	s := old.listen("")
	old.happen()
	last := s.started()
	check(t, gate.Hold(t.Context()))
	to, err := url.Parse(next.base)
	check(t, err)
	gate.Move(httputil.NewSingleHostReverseProxy(to))
	s.ends()
	if !s.res.Close {
		t.Error("the client may keep a connection that leads to the old process")
	}
	next.rollable()
	next.happen()
	again := old.listen("", "Last-Event-ID", last.id)
	if e := again.next(); e.event != "lost" {
		t.Errorf("%+v", e)
	}
	again.started()
}

func TestListenersAreBounded(t *testing.T) {
	h := start(t, func(c *server.Config, _ *server.Timeouts) { c.Limits.Listeners = 2 })
	first := h.listen("")
	h.listen("")
	a := h.get("/v1/events")
	if p := a.problem(t); a.status != http.StatusServiceUnavailable || p.Code != string(problem.Overloaded) || a.header.Get("Retry-After") == "" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	first.leave()
	// The server notices that a client has left a moment later.
	eventually(t, func() bool { return strings.Count(stacks(), "server.(*api).events(") == 1 })
	h.listen("")
}

// TestListenersThatLeaveLeaveNothing: however they do.
func TestListenersThatLeaveLeaveNothing(t *testing.T) {
	h := start(t)
	for range 10 {
		h.listen("").leave()
		c := h.dial("GET /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + testToken + "\r\n\r\n")
		_, err := bufio.NewReader(c).ReadString('\n')
		check(t, err)
		check(t, c.Close())
	}
	eventually(t, func() bool { return !strings.Contains(stacks(), "server.(*listener).run(") })
}

// TestAListenerThatDoesNotReadHoldsUpNobody: others hear on, changes go on.
func TestAListenerThatDoesNotReadHoldsUpNobody(t *testing.T) {
	h := start(t)
	h.rollable()
	h.dial("GET /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + testToken + "\r\n\r\n")
	s := h.listen("?after=0")
	for range 5 {
		h.happen()
		s.started()
	}
}

func badListeners() []bad {
	get := func(path string, header ...string) func(*harness) answer {
		return func(h *harness) answer {
			q := request{method: "GET", path: path, header: map[string]string{}}
			for i := 0; i < len(header); i += 2 {
				q.header[header[i]] = header[i+1]
			}
			return h.do(q)
		}
	}
	return []bad{
		{"events without a token", 401, problem.Unauthenticated, get("/v1/events", "Authorization", "")},
		{"events after no number", 400, problem.BadRequest, get("/v1/events?after=now")},
		{"events after less than nothing", 400, problem.BadRequest, get("/v1/events?after=-1")},
		{"events after too large a number", 400, problem.BadRequest, get("/v1/events?after=18446744073709551616")},
		{"events after an id of somebody else", 400, problem.BadRequest, get("/v1/events?after=1", "Last-Event-ID", "1-0")},
		{"events of what cannot be a strategy", 400, problem.BadRequest, get("/v1/events?strategy=..%2fetc")},
		{"events by another method", 405, problem.MethodNotAllowed, func(h *harness) answer { return h.post("/v1/events", "", nil) }},
	}
}
