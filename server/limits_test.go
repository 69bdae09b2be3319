package server_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/server"
)

// quick makes a server with short time-outs.
func quick(c *server.Config, times *server.Timeouts) {
	*times = server.Timeouts{Header: 300 * time.Millisecond, Read: 300 * time.Millisecond, Idle: 300 * time.Millisecond}
	c.Limits.UploadIdle = 300 * time.Millisecond
}

// dial sends a beginning and nothing more. Reads wait for a minute at most.
func (h *harness) dial(beginning string) net.Conn {
	h.t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(h.base, "http://"))
	check(h.t, err)
	h.t.Cleanup(func() { c.Close() })
	check(h.t, c.SetDeadline(time.Now().Add(time.Minute)))
	_, err = io.WriteString(c, beginning)
	check(h.t, err)
	return c
}

func TestSlowHeadIsClosed(t *testing.T) {
	h := start(t, func(_ *server.Config, times *server.Timeouts) {
		*times = server.Timeouts{Header: 300 * time.Millisecond, Read: time.Hour}
	})
	c := h.dial("GET /livez HTTP/1.1\r\nHost: x\r\nX-Slow:")
	if _, err := io.ReadAll(c); err != nil {
		t.Errorf("the connection was not closed: %v", err)
	}
}

func TestIdleConnectionIsClosed(t *testing.T) {
	// Its first request may take as long as it likes, so that a busy machine answers it.
	h := start(t, func(_ *server.Config, times *server.Timeouts) { *times = server.Timeouts{Idle: 300 * time.Millisecond} })
	c := h.dial("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
	if b, err := io.ReadAll(c); err != nil || !strings.Contains(string(b), "alive") {
		t.Errorf("%q %v", b, err)
	}
}

func TestSlowBodyIsRefused(t *testing.T) {
	h := start(t)
	h.deploy(h.sign("one", "1.0.0", 1), firstRelease())
	hasty := h.beside(quick)
	for path, head := range map[string]string{
		"execute":           "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
		"releases?hold=1":   "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000\r\n\r\n--b\r\n",
		"releases?dry_run=": "Content-Type: multipart/form-data; boundary=b\r\nIf-Match: \"1\"\r\nContent-Length: 1000\r\n\r\n--b\r\nContent-Disposition: form-data; name=\"envelope\"\r\n\r\n{",
	} {
		c := hasty.dial(fmt.Sprintf("POST /v1/strategies/risk/%s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n%s", path, testToken, head))
		res, err := http.ReadResponse(bufio.NewReader(c), nil)
		check(t, err)
		b, err := io.ReadAll(res.Body)
		check(t, err)
		if res.StatusCode != 408 || !strings.Contains(string(b), `"request_timeout"`) {
			t.Errorf("%s: %d %s", path, res.StatusCode, b)
		}
	}
	h.mustAnswer("one", "1", "risk@1.0.0")
}

func TestUploadMayTakeLongerThanOtherRequests(t *testing.T) {
	h := start(t)
	hasty := h.beside(func(c *server.Config, times *server.Timeouts) {
		*times = server.Timeouts{Read: 300 * time.Millisecond, Write: 300 * time.Millisecond}
		c.Limits.UploadIdle = time.Minute
	})
	r := h.sign("one", "1.0.0", 1)
	body, media := form(t, "envelope", r.envelope, "artifact", r.artifact)
	a := hasty.insists(func() request {
		return request{method: "POST", path: "/v1/strategies/risk/releases", body: slowly(body),
			header: map[string]string{"Content-Type": media, "If-None-Match": "*"}}
	})
	if a.status != 201 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	h.mustAnswer("one", "1", "risk@1.0.0")
}

// slowly sends a body in four parts, and takes longer for them than a server in a
// hurry has.
func slowly(body []byte) io.Reader {
	slow, feed := io.Pipe()
	go func() {
		for part := range slices.Chunk(body, len(body)/4+1) {
			time.Sleep(200 * time.Millisecond)
			if _, err := feed.Write(part); err != nil {
				return
			}
		}
		feed.Close()
	}()
	return slow
}

func TestHeadTooLargeIsRefused(t *testing.T) {
	h := start(t)
	c := h.dial("GET /livez HTTP/1.1\r\nHost: x\r\nX-Long: " + strings.Repeat("a", 64<<10) + "\r\n\r\n")
	line, err := bufio.NewReader(c).ReadString('\n')
	if err != nil || !strings.Contains(line, "431") {
		t.Errorf("%q %v", line, err)
	}
}

// TestRefusalComesBeforeTheArtifact: a client that asks first sends nothing.
func TestRefusalComesBeforeTheArtifact(t *testing.T) {
	h := start(t)
	read := false
	body := readerFunc(func([]byte) (int, error) { read = true; return 0, io.EOF })
	a := h.do(request{method: "POST", path: "/v1/strategies/risk/releases", body: body,
		header: map[string]string{"Content-Type": "multipart/form-data; boundary=b", "If-Match": `"5"`, "Expect": "100-continue"}})
	if a.status != 412 || read {
		t.Errorf("%d, body read: %t", a.status, read)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

func TestShutdownFinishesTheRunningRequest(t *testing.T) {
	h := start(t)
	h.deploy(h.sign("one", "1.0.0", 1), firstRelease())
	answers := make(chan answer, 1)
	go func() { answers <- h.execute(`{"block": true}`) }()
	<-h.first.entered
	stopped := make(chan error, 1)
	go func() {
		end, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		stopped <- h.http.Shutdown(end)
	}()
	// Shutdown closes the listener first; from then on nobody new gets in.
	for {
		c, err := net.Dial("tcp", strings.TrimPrefix(h.base, "http://"))
		if err != nil {
			break
		}
		c.Close()
	}
	select {
	case err := <-stopped:
		t.Fatalf("shutdown did not wait: %v", err)
	default:
	}
	close(h.first.release)
	if a := <-answers; a.status != 200 || !strings.Contains(string(a.body), "one") {
		t.Errorf("%d %s", a.status, a.body)
	}
	check(t, <-stopped)
}
