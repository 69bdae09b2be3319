package page

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/compare"
)

// make look-report sets them.
var (
	browser = flag.String("browser", "", "look at the pages with this Chromium")
	album   = flag.String("album", "", "put pictures into this folder")
	from    = flag.String("report", "", "look at this report as well")
)

// TestABrowserFindsNothingWrong shows pages in a real browser whose every request,
// to whatever host, comes to this test: only the page itself may be asked for, and
// the console must stay empty.
func TestABrowserFindsNothingWrong(t *testing.T) {
	if *browser == "" {
		t.Skip("needs a browser: make look-report")
	}
	for name, r := range lookedAt(t) {
		asked, console := look(t, name, draw(t, r))
		if !slices.Equal(asked, []string{"http://report.invalid/" + name}) || console != "" {
			t.Errorf("%s: asked for %q, console:\n%s", name, asked, console)
		}
	}
}

// lookedAt are the pages that a browser is shown.
func lookedAt(t *testing.T) map[string]*compare.Report {
	t.Helper()
	all := reports()
	all["hostile"] = hostile()
	if *from != "" {
		b, err := os.ReadFile(*from)
		if err != nil {
			t.Fatal(err)
		}
		all["real"] = new(compare.Report)
		if err := json.Unmarshal(b, all["real"]); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// TestABrowserWouldFindWhatIsWrong: the test above can fail.
func TestABrowserWouldFindWhatIsWrong(t *testing.T) {
	if *browser == "" {
		t.Skip("needs a browser: make look-report")
	}
	page := draw(t, offline(2))
	if asked, _ := look(t, "open", strings.Replace(strings.Replace(page, "Content-Security-Policy", "X-None", 1), "<main>", `<main><img src="http://elsewhere.invalid/x.png">`, 1)); !slices.Contains(asked, "http://elsewhere.invalid/x.png") {
		t.Errorf("a request went unseen: %q", asked)
	}
	if _, console := look(t, "blocked", strings.Replace(page, "<main>", `<main style="color:red"><img src="http://elsewhere.invalid/x.png">`, 1)); !strings.Contains(console, "Content Security Policy") {
		t.Errorf("a blocked style went unseen: %q", console)
	}
}

// policyOf is the header that a page is served with; "open" has none.
func policyOf(name string) string {
	if name == "open" {
		return ""
	}
	return Policy()
}

// own are the hosts that the browser asks on its own account.
var own = regexp.MustCompile(`(^|\.)(google|googleapis|gvt1|gstatic)\.com(:\d+)?$`)

// look shows a page and returns what the browser asked for and what its console said.
func look(t *testing.T, name, page string) (asked []string, console string) {
	t.Helper()
	var mu sync.Mutex
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if own.MatchString(r.Host) {
			http.NotFound(w, r)
			return
		}
		mu.Lock()
		asked = append(asked, r.RequestURI)
		mu.Unlock()
		if r.Host != "report.invalid" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if p := policyOf(name); p != "" {
			w.Header().Set("Content-Security-Policy", p)
		}
		io.WriteString(w, page)
	}))
	defer proxy.Close()
	console = chromium(t, proxy.URL, filepath.Join(folder(t), name+".png"), "1100,6000", "http://report.invalid/"+name)
	mu.Lock()
	defer mu.Unlock()
	return slices.Clone(asked), console
}

func folder(t *testing.T) string {
	if *album == "" {
		return t.TempDir()
	}
	return *album
}

// chromium takes a picture of an address and returns the lines of the console.
func chromium(t *testing.T, proxy, picture, size, address string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	args := []string{"--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--disable-background-networking", "--disable-component-update",
		"--disable-sync", "--disable-extensions", "--user-data-dir=" + t.TempDir(), "--proxy-server=" + proxy, "--proxy-bypass-list=<-loopback>",
		"--enable-logging=stderr", "--v=0", "--screenshot=" + picture, "--window-size=" + size, address}
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, *browser, args...)
	cmd.Stderr = &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	var lines []string
	for line := range strings.Lines(out.String()) {
		if strings.Contains(line, "CONSOLE") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "")
}
