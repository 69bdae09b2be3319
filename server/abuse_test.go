package server_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	goruntime "runtime"
	"slices"
	"strings"
	"testing"
	"time"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/swapline/swapline/server"
)

// TestStrangersMakeNoTimeSeries: without a token and with a new Host and port
// each time, the number of series stays.
func TestStrangersMakeNoTimeSeries(t *testing.T) {
	reader := sdkmetric.NewManualReader()
	h := start(t, func(c *server.Config, _ *server.Timeouts) {
		c.Meter = sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
	})
	for i := range 20 {
		r, err := http.NewRequestWithContext(t.Context(), "GET", h.base+"/livez", nil)
		check(t, err)
		r.Host = fmt.Sprintf("stranger-%d.example:%d", i, 1000+i)
		res, err := h.client.Do(r)
		check(t, err)
		check(t, res.Body.Close())
	}
	h.client.CloseIdleConnections()
	check(t, h.http.Shutdown(t.Context()))
	var data metricdata.ResourceMetrics
	check(t, reader.Collect(t.Context(), &data))
	found := false
	for _, m := range data.ScopeMetrics[0].Metrics {
		d, ok := m.Data.(metricdata.Histogram[float64])
		if !ok {
			continue
		}
		found = true
		if len(d.DataPoints) != 1 {
			t.Errorf("%s has %d series after 20 equal requests", m.Name, len(d.DataPoints))
		}
	}
	if !found {
		t.Error("no histogram was measured")
	}
}

// TestValidationMayOutlastAnIdleUpload: the time for a standing upload ends
// with the upload's last byte.
func TestValidationMayOutlastAnIdleUpload(t *testing.T) {
	h := start(t)
	hasty := h.beside(func(c *server.Config, times *server.Timeouts) {
		times.Read = 200 * time.Millisecond
		c.Limits.UploadIdle = 200 * time.Millisecond
	})
	r := h.sign("slow", "1.0.0", 1)
	body, media := form(t, "envelope", r.envelope, "artifact", r.artifact)
	a := hasty.insists(func() request {
		return request{method: "POST", path: "/v1/strategies/risk/releases", body: bytes.NewReader(body),
			header: map[string]string{"Content-Type": media, "If-None-Match": "*"}}
	})
	if a.status != 201 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	h.mustAnswer("slow", "1", "risk@1.0.0")
}

// TestRollbackMayLoadSlowly: the time for an answer is for other requests.
func TestRollbackMayLoadSlowly(t *testing.T) {
	h := start(t)
	h.deploy(h.sign("slow", "1.0.0", 1), firstRelease())
	h.deploy(h.sign("one", "2.0.0", 2), ifMatch(`"1"`))
	hasty := h.beside(func(_ *server.Config, times *server.Timeouts) { times.Write = 300 * time.Millisecond })
	a := hasty.insists(func() request {
		return request{method: "POST", path: "/v1/strategies/risk/rollback", header: ifMatch(`"2"`), body: strings.NewReader(`{}`)}
	})
	if a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestUploadsAtTheSameTimeAreBounded(t *testing.T) {
	h := start(t, func(c *server.Config, _ *server.Timeouts) { c.Limits.Uploads = 1 })
	r := h.sign("one", "1.0.0", 1)
	body, media := form(t, "envelope", r.envelope, "artifact", r.artifact)
	slow, feed := io.Pipe()
	first := make(chan answer, 1)
	go func() {
		first <- h.do(request{method: "POST", path: "/v1/strategies/risk/releases", body: slow,
			header: map[string]string{"Content-Type": media, "If-None-Match": "*"}})
	}()
	_, err := feed.Write(body[:len(body)/2])
	check(t, err)
	// The transport has the first half; the server has it when it reads the rest.
	eventually(t, func() bool { return strings.Contains(stacks(), "mime/multipart.") })
	second := h.upload(r, "?dry_run=true", nil)
	if p := second.problem(t); second.status != 503 || p.Code != "overloaded" || second.header.Get("Retry-After") == "" {
		t.Errorf("%d %s", second.status, second.body)
	}
	_, err = feed.Write(body[len(body)/2:])
	check(t, err)
	check(t, feed.Close())
	if a := <-first; a.status != 201 {
		t.Errorf("the first upload: %d %s", a.status, a.body)
	}
	if a := h.upload(r, "?dry_run=true", nil); a.status != 200 {
		t.Errorf("the place was not given back: %d %s", a.status, a.body)
	}
}

// TestAbortedUploadsLeaveNothing: connections that break in the middle of the
// artifact leave no file, no goroutine and no place taken.
func TestAbortedUploadsLeaveNothing(t *testing.T) {
	h := start(t, func(c *server.Config, _ *server.Timeouts) { c.Limits.Uploads = 2 })
	h.deploy(h.sign("one", "1.0.0", 1), firstRelease())
	r := h.sign("two", "2.0.0", 2)
	body, media := form(t, "envelope", r.envelope, "artifact", r.artifact)
	settled := func() bool {
		files, err := os.ReadDir(filepath.Join(h.folder, "staging"))
		check(t, err)
		return len(files) == 0 && !strings.Contains(stacks(), "server.(*api).upload(")
	}
	for range 8 {
		c := h.dial(fmt.Sprintf("POST /v1/strategies/risk/releases?hold=1 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n"+
			"Content-Type: %s\r\nContent-Length: %d\r\n\r\n%s", testToken, media, len(body), body[:len(body)-60]))
		eventually(t, func() bool { return !settled() })
		check(t, c.Close())
		eventually(t, settled)
	}
	if a := h.upload(r, "?hold=1", nil); a.status != 201 {
		t.Errorf("%d %s", a.status, a.body)
	}
	h.mustAnswer("one", "1", "risk@1.0.0")
}

// stacks shows all goroutines.
func stacks() string {
	b := make([]byte, 1<<20)
	return string(b[:goruntime.Stack(b, true)])
}

// eventually waits until done, for half a minute.
func eventually(t *testing.T, done func() bool) {
	t.Helper()
	for range 3000 {
		if done() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("it did not happen")
}

// TestReasonsAreTextForPeople: they end up in journals and on terminals.
func TestReasonsAreTextForPeople(t *testing.T) {
	h := start(t)
	h.deploy(h.sign("one", "1.0.0", 1), firstRelease())
	for _, bad := range []string{`a\u001b[2J`, `a\nb`, `a\u0000`, `a\u0085`, `a\u202eb`} {
		a := h.do(request{method: "POST", path: "/v1/strategies/risk/rollback", header: ifMatch(`"1"`),
			body: strings.NewReader(`{"reason": "` + bad + `"}`)})
		if a.status != 400 || a.problem(t).Code != "bad_request" {
			t.Errorf("rollback with reason %s: %d %s", bad, a.status, a.body)
		}
	}
	for _, bad := range []string{"a%1b[2J", "%ff", "a%0ab"} {
		a := h.upload(h.sign("two", "2.0.0", 2), "?hold=true&reason="+bad, nil)
		if a.status != 400 {
			t.Errorf("upload with reason %s: %d %s", bad, a.status, a.body)
		}
	}
	if a := h.upload(h.sign("two", "2.0.0", 2), "?hold=true&reason=zur%C3%BCck%20an%20Anna", nil); a.status != 201 {
		t.Errorf("a good reason: %d %s", a.status, a.body)
	}
}

// FuzzUpload sends any bytes as the body of an upload: the answer is never 5xx,
// and never a release.
func FuzzUpload(f *testing.F) {
	h := start(f)
	r := h.sign("one", "1.0.0", 1)
	whole, media := form(f, "envelope", r.envelope, "artifact", r.artifact)
	boundary := media[strings.Index(media, "boundary=")+len("boundary="):]
	whole = bytes.ReplaceAll(whole, []byte(boundary), []byte("b"))
	for _, n := range []int{0, 1, 3, 40, 100, len(whole) / 2, len(whole) - 3} {
		f.Add(whole[:n])
	}
	f.Add(slices.Concat(whole[:len(whole)-4], whole))
	f.Add([]byte("--b\r\nContent-Disposition: form-data; name=\"envelope\"\r\n" + strings.Repeat("A: b\r\n", 2000) + "\r\n"))
	f.Add([]byte("--b\r\nContent-Disposition: form-data; name*=utf-8''envelope; name=\"artifact\"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=ZZ\r\n--b--"))
	f.Fuzz(func(t *testing.T, body []byte) {
		q, err := http.NewRequestWithContext(t.Context(), "POST", h.base+"/v1/strategies/risk/releases?dry_run=true", bytes.NewReader(body))
		check(t, err)
		q.Header.Set("Authorization", "Bearer "+testToken)
		q.Header.Set("Content-Type", "multipart/form-data; boundary=b")
		res, err := h.client.Do(q)
		check(t, err)
		text, err := io.ReadAll(res.Body)
		check(t, err)
		check(t, res.Body.Close())
		if res.StatusCode >= 500 || res.StatusCode == 200 && !bytes.Contains(body, r.artifact) {
			t.Errorf("%d %s", res.StatusCode, text)
		}
	})
}

// TestActorsOfTheJournalArePlainWords: a caller names itself, and what is no
// plain word is not taken.
func TestActorsOfTheJournalArePlainWords(t *testing.T) {
	h := start(t)
	tag := firstRelease()
	for i, c := range []struct{ actor, want string }{
		{"anna@example.com", "anna@example.com"}, {"anna; DROP", "token@127.0.0.1"},
		{"\u00e4nna", "token@127.0.0.1"}, {strings.Repeat("a", 65), "token@127.0.0.1"},
	} {
		tag["Swapline-Actor"] = c.actor
		a := h.deploy(h.sign("one", fmt.Sprintf("1.0.%d", i), int64(i+1)), tag)
		tag = ifMatch(a.header.Get("ETag"))
		s := decode[struct {
			Changes []struct{ Actor string }
		}](t, h.get("/v1/strategies/risk"))
		if len(s.Changes) == 0 || s.Changes[0].Actor != c.want {
			t.Errorf("%q: %+v, want the newest by %q", c.actor, s.Changes, c.want)
		}
	}
}
