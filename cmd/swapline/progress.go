package main

import (
	"net/http"
	"net/textproto"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

// showsProgress tells whether a person watches: standard error is a terminal
// and nobody asked for JSON.
func (a *app) showsProgress() bool {
	return isTerminal(a.stderr) && !a.json && os.Getenv("TERM") != "dumb"
}

// spinner shows a person that work goes on and what it is. Each line written
// to it replaces the text. It is silent unless standard error is a terminal,
// and uses no colour.
type spinner struct {
	bar   *progressbar.ProgressBar
	title string
}

// spin starts a spinner; stop it before anything else is printed.
func (a *app) spin(title string) *spinner {
	bar := progressbar.NewOptions64(-1,
		progressbar.OptionSetWriter(a.stderr),
		progressbar.OptionSetDescription(title),
		progressbar.OptionSetVisibility(a.showsProgress()),
		progressbar.OptionEnableColorCodes(false),
		progressbar.OptionSpinnerType(14),
		progressbar.OptionSetSpinnerChangeInterval(120*time.Millisecond),
		progressbar.OptionSetElapsedTime(true),
		progressbar.OptionClearOnFinish(),
	)
	_ = bar.RenderBlank()
	return &spinner{bar: bar, title: title}
}

// Write implements io.Writer for the builders, which write whole lines.
func (s *spinner) Write(line []byte) (int, error) {
	s.bar.Describe(s.title + ": " + strings.TrimSpace(string(line)))
	return len(line), nil
}

func (s *spinner) stop() { _ = s.bar.Finish() }

// upload shows how much of an artifact has been sent and, when all has, that
// the server is at work on it: compiling a module takes seconds. It is safe for
// use by the transport and the caller at the same time.
type upload struct {
	app  *app
	left int64

	mu      sync.Mutex
	bar     *progressbar.ProgressBar // guarded by mu, as all below
	waiting *spinner
	stopped bool
}

// uploading shows the upload of size bytes; stop it before anything else is
// printed.
func (a *app) uploading(size int64, name string) *upload {
	return &upload{app: a, left: size, bar: progressbar.NewOptions64(size,
		progressbar.OptionSetWriter(a.stderr),
		progressbar.OptionSetDescription("upload "+name),
		progressbar.OptionSetVisibility(a.showsProgress()),
		progressbar.OptionEnableColorCodes(false),
		progressbar.OptionShowBytes(true),
		progressbar.OptionSetWidth(30),
		progressbar.OptionThrottle(65*time.Millisecond),
		progressbar.OptionClearOnFinish(),
	)}
}

// Write counts bytes that were sent.
func (u *upload) Write(b []byte) (int, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.stopped {
		return len(b), nil
	}
	_ = u.bar.Add(len(b))
	if u.left -= int64(len(b)); u.left <= 0 && u.waiting == nil {
		_ = u.bar.Finish()
		u.waiting = u.app.spin("the server is at work")
	}
	return len(b), nil
}

// interim shows the stage that the server has reached; see httptrace.
func (u *upload) interim(status int, h textproto.MIMEHeader) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if stage := h.Get("Swapline-Stage"); stage != "" && status == http.StatusProcessing && u.waiting != nil && !u.stopped {
		_, _ = u.waiting.Write([]byte(doing(stage)))
	}
	return nil
}

// doing says what a stage of the pipeline does where its name does not.
func doing(stage string) string {
	switch stage {
	case "load":
		return "compile and start"
	case "golden_cases":
		return "golden cases"
	}
	return strings.ReplaceAll(stage, "_", " ")
}

func (u *upload) stop() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.stopped = true
	_ = u.bar.Finish()
	if u.waiting != nil {
		u.waiting.stop()
	}
}
