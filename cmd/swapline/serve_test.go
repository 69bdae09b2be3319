package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/problem"
)

// lines is a writer that a server may write to while a test reads.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// serving starts the real command on a data folder; stop ends it like SIGTERM
// does and returns its error.
func serving(t *testing.T, data string, o serveOptions) (address string, out *lines, stop func() error) {
	t.Helper()
	t.Setenv("SWAPLINE_TOKEN", "")
	out = &lines{}
	a := &app{stdin: strings.NewReader(""), stdout: out, stderr: out, data: data}
	o.listen = "127.0.0.1:0"
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.serve(ctx, o) }()
	stop = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() { _ = stop() })
	for end := time.Now().Add(2 * time.Minute); ; time.Sleep(10 * time.Millisecond) {
		if r, err := dataFolder(data).server(); err == nil {
			return r.Address, out, stop
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("serve ended: %v", err)
		default:
		}
		if time.Now().After(end) {
			t.Fatalf("serve did not start: %s", out)
		}
	}
}

func fetch(t *testing.T, url, token string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

func TestServeNeedsNoConfigurationAndStopsCleanly(t *testing.T) {
	data := t.TempDir()
	address, out, stop := serving(t, data, serveOptions{verbose: true})
	token, err := dataFolder(data).token()
	if err != nil {
		t.Fatal(err)
	}
	if text := must(t, data, "list"); !strings.Contains(text, "no strategies yet") {
		t.Errorf("%q", text)
	}
	if code, body := fetch(t, "http://"+address+"/readyz", ""); code != 200 {
		t.Errorf("%d %s", code, body)
	}
	code, metrics := fetch(t, "http://"+address+"/metrics", token)
	for _, want := range []string{
		`http_server_request_duration_seconds_bucket{`, `http_route="/v1/strategies"`, `le="1e-06"`, `go_goroutine_count`,
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("%d: no %s in the metrics", code, want)
		}
	}
	if err := stop(); err != nil {
		t.Errorf("stopping: %v", err)
	}
	if _, err := os.Stat(dataFolder(data).path("server.json")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("server.json is left: %v", err)
	}
	text := out.String()
	for _, want := range []string{`"trace_id":"`, `"span_id":"`, `"duration":"`, `"route":"/v1/strategies"`, "swapline exec", "curl -H"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in the output:\n%s", want, text)
		}
	}
	if strings.Contains(text, token) {
		t.Error("the token was printed")
	}
	// The next start finds everything again.
	_, _, stop = serving(t, data, serveOptions{})
	if again, err := dataFolder(data).token(); again != token || err != nil {
		t.Errorf("another token: %v", err)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// TestAServerThatListensHasWhatIsInItsFolder: whoever finds it ready finds the
// releases too, and a bad file beside them changes nothing.
func TestAServerThatListensHasWhatIsInItsFolder(t *testing.T) {
	data := t.TempDir()
	dir := filepath.Dir(signedModule(t, data))
	write(t, filepath.Join(dir, "bad.wasm"), "garbage")
	write(t, filepath.Join(dir, "bad.wasm"+envelopeSuffix), "garbage")
	_, out, stop := serving(t, data, serveOptions{dir: dir})
	approves(t, data)
	if err := stop(); err != nil {
		t.Error(err)
	}
	if n := strings.Count(out.String(), `"msg":"release refused"`); n != 1 {
		t.Errorf("%d events of the bad file:\n%s", n, out)
	}
}

func TestServeRefusesAPolicyThatIsNotTheOneInForce(t *testing.T) {
	data := t.TempDir()
	_, _, stop := serving(t, data, serveOptions{})
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	write(t, dataFolder(data).path("trust", "policy.dsse"), "{}")
	r := command(t, data, "serve", "--listen", "127.0.0.1:0")
	refused(t, r, exitInvalid, string(problem.EnvelopeMalformed))
}

// TestAProcessWithdrawsOnlyItsOwnAnnouncement: when a signal ends two processes of a
// renewal at once, the new one may be the first to go.
func TestAProcessWithdrawsOnlyItsOwnAnnouncement(t *testing.T) {
	for name, c := range map[string]struct {
		announced int
		left      bool
	}{
		"nobody's":          {0, false},
		"its own":           {os.Getpid(), false},
		"another process's": {os.Getpid() + 1, true},
	} {
		d := dataFolder(t.TempDir())
		file := d.path("pid")
		if c.announced != 0 {
			if err := d.announce(running{Address: "127.0.0.1:1", PID: c.announced}); err != nil {
				t.Fatal(err)
			}
			write(t, file, fmt.Sprintln(c.announced))
		}
		if err := errors.Join(d.withdraw(), removePID(file)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, f := range []string{d.path("server.json"), file} {
			if _, err := os.Stat(f); (err == nil) != c.left {
				t.Errorf("%s: %s: %v", name, filepath.Base(f), err)
			}
		}
	}
}

func TestOnlyLoopbackIsOpenWithoutAToken(t *testing.T) {
	for address, want := range map[string]bool{
		"127.0.0.1:7070": true, "[::1]:7070": true, "localhost:0": true, "127.9.9.9:1": true,
		":7070": false, "0.0.0.0:7070": false, "[::]:7070": false, "192.0.2.1:7070": false, "example.org:7070": false, "7070": false,
	} {
		if got := loopback(address); got != want {
			t.Errorf("loopback(%q) = %t", address, got)
		}
	}
}

func TestCleanupRunsBackwardsAndReportsAll(t *testing.T) {
	var order []string
	var c cleanup
	for _, name := range []string{"first", "second"} {
		c.add(func(context.Context) error { order = append(order, name); return errors.New(name + " failed") })
	}
	err := c.run(t.Context())
	if strings.Join(order, " ") != "second first" || !strings.Contains(err.Error(), "first failed") || !strings.Contains(err.Error(), "second failed") {
		t.Errorf("%v %v", order, err)
	}
}
