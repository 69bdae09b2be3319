package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/swapline/swapline/nativeplugin"
)

// verdict is what the pre-flight says of a file.
type verdict string

// Verdicts; anything is for cases in which only prediction and fact must agree.
const (
	anything  verdict = ""
	fits      verdict = "fits"
	dangerous verdict = "dangerous"
	fails     verdict = "fails"
)

// outcome is one case after both sides spoke.
type outcome struct {
	mismatch
	verdict verdict
	report  nativeplugin.Report
	refusal error  // of a file that could not be read
	words   string // what the host's process said
	accepts bool   // plugin.Open did
	wrong   string // "" if all is as it must be
	skipped error  // why it could not be built
}

// try builds a case, predicts and opens it.
func (s *shop) try(ctx context.Context, c mismatch) (outcome, error) {
	o := outcome{mismatch: c}
	file, err := s.build(ctx, c)
	if err != nil && c.optional && ctx.Err() == nil {
		o.skipped = err
		return o, nil
	}
	if err != nil {
		return o, err
	}
	h, err := s.host(ctx, c.host)
	if err != nil {
		return o, err
	}
	var files []string
	for _, name := range c.loaded {
		before, err := s.build(ctx, named(c.host, name))
		if err != nil {
			return o, err
		}
		files = append(files, before)
	}
	if err := o.predict(h, files, file); err != nil {
		return o, err
	}
	if err := o.open(ctx, h.file, append(files, file)); err != nil {
		return o, err
	}
	o.judge()
	return o, nil
}

// predict asks the pre-flight. It opens nothing.
func (o *outcome) predict(h *host, loaded []string, file string) error {
	profile := h.profile
	for i, before := range loaded {
		var err error
		if profile, err = profile.With(o.loaded[i], before); err != nil {
			return err
		}
	}
	o.report, o.refusal = profile.Inspect(file)
	switch {
	case o.refusal != nil, o.report.Fails(), o.report.Open != "": // a driver would not open it again
		o.verdict = fails
	case o.report.Dangerous():
		o.verdict = dangerous
	default:
		o.verdict = fits
	}
	return nil
}

// openLimit bounds the life of a host's process.
const openLimit = 30 * time.Second

// open lets a new process of the host open the files in order. It prints a line
// for each, and dies of some.
func (o *outcome) open(ctx context.Context, host string, files []string) error {
	ctx, cancel := context.WithTimeout(ctx, openLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, host, files...)
	var said, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &complaints
	err := cmd.Run()
	if ctx.Err() != nil {
		return fmt.Errorf("the host's process did not end: %w", ctx.Err())
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return err
	}
	lines := strings.Split(strings.TrimSpace(said.String()), "\n")
	o.accepts = err == nil && len(lines) == len(files) && lines[len(lines)-1] == opened
	if n := len(files) - 1; n > 0 && (len(lines) < n || slices.ContainsFunc(lines[:n], func(l string) bool { return l != opened })) {
		return fmt.Errorf("what should be open before is not: %q", lines)
	}
	o.words = strings.TrimSpace(lines[len(lines)-1])
	if err != nil {
		o.words = fmt.Sprintf("the process ended: %v: %s", err, firstLine(complaints.String()))
	}
	return nil
}

// opened is what the host prints of a plugin that it opened.
const opened = "opened"

// opened is a word for the table.
func (o *outcome) opened() string {
	if o.accepts {
		return "accepts"
	}
	return "refuses"
}

// judge compares prediction, fact and expectation.
func (o *outcome) judge() {
	switch {
	case (o.verdict == fails) == o.accepts:
		o.wrong = fmt.Sprintf("predicted %q, and plugin.Open %s it", o.verdict, o.opened())
	case o.want != anything && o.want != o.verdict:
		o.wrong = fmt.Sprintf("the verdict is %q and should be %q", o.verdict, o.want)
	case o.because != "" && !o.names(o.because):
		o.wrong = fmt.Sprintf("the report does not name %q", o.because)
	}
}

// names reports whether the report has a line on something, of the severity that
// makes the verdict.
func (o *outcome) names(what string) bool {
	return slices.ContainsFunc(o.report.Differences, func(d nativeplugin.Difference) bool {
		return d.What == what && (o.verdict == fits || string(d.Severity) == string(o.verdict))
	})
}

// reason is the most telling difference.
func (o *outcome) reason() string {
	if o.refusal != nil {
		return firstLine(o.refusal.Error())
	}
	if o.report.Open != "" {
		return "open already, for " + o.report.Open
	}
	list := o.report.Refusals()
	for _, d := range list {
		if string(d.Severity) == string(o.verdict) {
			return fmt.Sprintf("%s (1 of %d)", d.What, len(list))
		}
	}
	return "-"
}

// lastLine is where tools say what was wrong.
func lastLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return firstLine(lines[len(lines)-1])
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return line[:min(len(line), 120)]
}
