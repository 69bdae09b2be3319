package main

import (
	"os"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
)

// spinner shows a person that work goes on and what it is. Each line written
// to it replaces the text. It is silent unless standard error is a terminal,
// and uses no colour.
type spinner struct {
	bar   *progressbar.ProgressBar
	title string
}

// spin starts a spinner; stop it before anything else is printed.
func (a *app) spin(title string) *spinner {
	visible := isTerminal(a.stderr) && !a.json && os.Getenv("TERM") != "dumb"
	bar := progressbar.NewOptions64(-1,
		progressbar.OptionSetWriter(a.stderr),
		progressbar.OptionSetDescription(title),
		progressbar.OptionSetVisibility(visible),
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
