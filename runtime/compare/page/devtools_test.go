package page

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestABrowserShowsAllOfAPageAtEveryWidth shows pages on a phone, a tablet and a desk,
// in both colours and as they are printed: nothing reaches beyond the window's edge,
// and no two labels of a picture cover each other.
func TestABrowserShowsAllOfAPageAtEveryWidth(t *testing.T) {
	if *browser == "" {
		t.Skip("needs a browser: make look-report")
	}
	d := openDevtools(t)
	for name, r := range lookedAt(t) {
		file := filepath.Join(t.TempDir(), name+".html")
		if err := os.WriteFile(file, []byte(draw(t, r)), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, v := range []view{{"phone", 390, "light", ""}, {"tablet", 768, "light", ""}, {"desk", 1280, "light", ""}, {"dark", 1280, "dark", ""}, {"print", 720, "light", "print"}} {
			d.open(file, v)
			for _, wrong := range d.wrong() {
				t.Errorf("%s, %s: %s", name, v.name, wrong)
			}
			d.shoot(filepath.Join(folder(t), name+"-"+v.name+".png"), v.width)
		}
	}
}

// TestABrowserWouldFindWhatStandsOut: the test above can fail.
func TestABrowserWouldFindWhatStandsOut(t *testing.T) {
	if *browser == "" {
		t.Skip("needs a browser: make look-report")
	}
	d := openDevtools(t)
	for said, markup := range map[string]string{
		"scrolls": `<main><table><tr><td><svg width="2000" height="9"></svg></td></tr></table>`,
		"cover":   `<main><svg width="100" height="40"><text x="5" y="20">one</text><text x="9" y="22">two</text></svg>`,
		"reaches": `<main><p><svg width="2000" height="9"></svg></p>`,
	} {
		file := filepath.Join(t.TempDir(), "wrong.html")
		if err := os.WriteFile(file, []byte(strings.Replace(draw(t, offline(2)), "<main>", markup, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		d.open(file, view{"phone", 390, "light", ""})
		if list := strings.Join(d.wrong(), "\n"); !strings.Contains(list, said) {
			t.Errorf("%q is not found: %s", said, list)
		}
	}
}

// view is how a page is looked at.
type view struct {
	name   string
	width  int // CSS pixels; a window of a headless browser is never narrower than 500
	scheme string
	media  string
}

// devtools drives a browser over a pipe: https://chromedevtools.github.io/devtools-protocol.
type devtools struct {
	t       *testing.T
	w       io.Writer
	r       *bufio.Reader
	asked   int
	session string
	seen    map[string]bool // events since the last navigation
}

type object = map[string]any

// openDevtools starts a browser, which ends with the test.
func openDevtools(t *testing.T) *devtools {
	t.Helper()
	in, toBrowser, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	fromBrowser, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(*browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--disable-extensions", "--user-data-dir="+t.TempDir(), "--remote-debugging-pipe", "about:blank")
	cmd.ExtraFiles = []*os.File{in, out} // 3 and 4, where it listens and answers
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	in.Close()
	out.Close()
	d := &devtools{t: t, w: toBrowser, r: bufio.NewReader(fromBrowser), seen: map[string]bool{}}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		toBrowser.Close()
		fromBrowser.Close()
	})
	var target struct {
		ID string `json:"targetId"`
	}
	d.ask("Target.createTarget", object{"url": "about:blank"}, &target)
	var session struct {
		ID string `json:"sessionId"`
	}
	d.ask("Target.attachToTarget", object{"targetId": target.ID, "flatten": true}, &session)
	d.session = session.ID
	d.ask("Page.enable", object{}, nil)
	return d
}

// message is an answer, or an event.
type message struct {
	ID     int             `json:"id"`
	Method string          `json:"method"`
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Message string `json:"message"`
	} `json:"error"`
}

func (d *devtools) read() (m message) {
	d.t.Helper()
	b, err := d.r.ReadBytes(0)
	if err == nil {
		err = json.Unmarshal(b[:len(b)-1], &m)
	}
	if err != nil {
		d.t.Fatal(err)
	}
	return m
}

// ask sends a command and waits for its result.
func (d *devtools) ask(method string, params object, result any) {
	d.t.Helper()
	d.asked++
	q := object{"id": d.asked, "method": method, "params": params}
	if d.session != "" {
		q["sessionId"] = d.session
	}
	b, err := json.Marshal(q)
	if err != nil {
		d.t.Fatal(err)
	}
	if _, err := d.w.Write(append(b, 0)); err != nil {
		d.t.Fatal(err)
	}
	for {
		switch m := d.read(); {
		case m.ID != d.asked:
			d.seen[m.Method] = true
		case m.Error != nil:
			d.t.Fatal(method, m.Error.Message)
		default:
			if result != nil {
				if err := json.Unmarshal(m.Result, result); err != nil {
					d.t.Fatal(method, err)
				}
			}
			return
		}
	}
}

// open shows a file and waits until it is drawn.
func (d *devtools) open(file string, v view) {
	d.t.Helper()
	d.ask("Emulation.setDeviceMetricsOverride", object{"width": v.width, "height": 844, "deviceScaleFactor": 1, "mobile": v.width < 600}, nil)
	d.ask("Emulation.setEmulatedMedia", object{"media": v.media, "features": []object{{"name": "prefers-color-scheme", "value": v.scheme}}}, nil)
	clear(d.seen)
	d.ask("Page.navigate", object{"url": "file://" + file}, nil)
	for !d.seen["Page.loadEventFired"] {
		d.seen[d.read().Method] = true
	}
}

// probe lists what is wrong with the page that is shown. What is said only to screen
// readers, what scrolls within itself and curves that are cut may be wide.
const probe = `(() => {
  const out = [], width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > width) out.push('the page scrolls: ' + document.documentElement.scrollWidth + ' of ' + width);
  const shown = e => { const r = e.getBoundingClientRect(); return getComputedStyle(e).visibility !== 'hidden' && r.width > 0 && r.height > 0 };
  for (const e of document.querySelectorAll('body *')) {
    const r = e.getBoundingClientRect();
    if (shown(e) && !e.closest('.scroll, pre, .said, svg svg') && (r.right > width + 1 || r.left < -1))
      out.push(e.tagName + ' reaches from ' + Math.round(r.left) + ' to ' + Math.round(r.right) + ': ' + e.textContent.trim().slice(0, 30));
  }
  const words = [...document.querySelectorAll('svg text')].filter(shown).map(e => [e.textContent, e.getBoundingClientRect()]);
  words.forEach(([a, p], i) => words.slice(i + 1).forEach(([b, q]) => {
    const w = Math.min(p.right, q.right) - Math.max(p.left, q.left), h = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top);
    if (w > 1 && h > 4) out.push('"' + a + '" and "' + b + '" cover each other');
  }));
  return out.slice(0, 20);
})()`

func (d *devtools) wrong() (list []string) {
	d.t.Helper()
	var v struct {
		Result struct {
			Value json.RawMessage `json:"value"`
		} `json:"result"`
	}
	d.ask("Runtime.evaluate", object{"expression": probe, "returnByValue": true}, &v)
	if err := json.Unmarshal(v.Result.Value, &list); err != nil {
		d.t.Fatal(err)
	}
	return list
}

// shoot takes a picture of the whole page.
func (d *devtools) shoot(file string, width int) {
	d.t.Helper()
	var size struct {
		Content struct {
			Height float64 `json:"height"`
		} `json:"cssContentSize"`
	}
	d.ask("Page.getLayoutMetrics", object{}, &size)
	var picture struct {
		Data []byte `json:"data"`
	}
	d.ask("Page.captureScreenshot", object{"captureBeyondViewport": true, "clip": object{"x": 0, "y": 0, "width": width, "height": min(size.Content.Height, 12_000), "scale": 1}}, &picture)
	if err := os.WriteFile(file, picture.Data, 0o644); err != nil { //nolint:gosec // a picture for anybody
		d.t.Fatal(fmt.Errorf("picture: %w", err))
	}
}
