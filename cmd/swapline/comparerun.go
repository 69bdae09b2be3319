package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/compare"
)

// asked is a comparison as a person asked for it.
type asked struct {
	arms     []armSpec
	plan     compare.Plan
	inputs   []map[string]any
	recorded int
	command  string
}

// compareFiles compares in this process. Nothing of it is left afterwards.
func (a *app) compareFiles(ctx context.Context, ask asked, o compareOptions) (*compare.Report, error) {
	dir, err := os.MkdirTemp("", "swapline-compare-*")
	if err != nil {
		return nil, storeProblem(err)
	}
	defer os.RemoveAll(dir)
	var r *compare.Report // is the work's until it is done
	err = a.untilTwice(func() (err error) {
		s, err := a.openStand(ctx, dataFolder(dir), ask.arms, o)
		defer func() { err = errors.Join(err, s.close(ctx)) }()
		if err != nil {
			return err
		}
		r, err = s.compare(ctx, ask)
		return err
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// compare brings the arms and compares them.
func (s *stand) compare(ctx context.Context, ask asked) (*compare.Report, error) {
	wanted := runtime.Comparison{Inputs: ask.inputs, Plan: ask.plan, Command: ask.command, Actor: custodian()}
	var versions []string
	for _, arm := range ask.arms {
		r, err := s.bring(ctx, arm)
		if err != nil {
			return nil, err
		}
		versions = append(versions, r.Version)
		wanted.Arms = append(wanted.Arms, runtime.ComparisonArm{Release: string(r.Digest), Engine: arm.engine(), Isolation: arm.isolation, Direct: arm.what == directCall})
	}
	for i, name := range armNames(ask.arms, versions) {
		wanted.Arms[i].Name = name
	}
	wanted.Strategy = s.strategy
	m := s.app.measuring()
	defer m.stop()
	wanted.Progress = m.show
	return s.rt.Comparisons.Run(ctx, wanted)
}

// measuring shows how far a comparison is. It is safe for use by the one that
// measures and the one that stops it.
type measuring struct {
	app *app

	mu    sync.Mutex
	bar   *progressbar.ProgressBar // guarded by mu, as all below; nil until it is known how long it is
	ended bool
	stage string    // that the last line was about
	told  time.Time // when it was written
}

// A line in a log is due when a stage begins, and when nothing was told for so long.
const tellEvery = 10 * time.Second

// measuring starts it; stop it before anything else is printed.
func (a *app) measuring() *measuring { return &measuring{app: a} }

func (m *measuring) show(p compare.Progress) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ended || p.Of <= 0 {
		return
	}
	if m.bar == nil {
		m.bar = progressbar.NewOptions(p.Of,
			progressbar.OptionSetWriter(m.app.stderr),
			progressbar.OptionSetVisibility(m.app.showsProgress()),
			progressbar.OptionEnableColorCodes(false),
			progressbar.OptionSetWidth(24),
			progressbar.OptionSetPredictTime(true),
			progressbar.OptionClearOnFinish(),
		)
	}
	m.app.at("compare:" + strings.ReplaceAll(p.Stage, " ", "-"))
	m.tell(p, time.Now())
	m.bar.ChangeMax(p.Of)
	m.bar.Describe(pad(progressLine(p), 28))
	_ = m.bar.Set(min(p.Done, p.Of-1)) // the last step clears the bar, which is for stop to do
}

// tell writes lines where nobody could see a bar: to files, and to the logs of CI.
func (m *measuring) tell(p compare.Progress, now time.Time) {
	if m.app.json || m.app.showsProgress() || p.Stage == m.stage && now.Sub(m.told) < tellEvery {
		return
	}
	m.stage, m.told = p.Stage, now
	fmt.Fprintf(m.app.stderr, "compare: %3d %%  %s\n", 100*min(p.Done, p.Of)/p.Of, progressLine(p))
}

// progressLine is a progress in words.
func progressLine(p compare.Progress) string {
	if p.Text == "" {
		return oneLine(p.Stage)
	}
	return oneLine(p.Stage) + ", " + oneLine(p.Text)
}

func (m *measuring) stop() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ended = true; m.bar != nil {
		_ = m.bar.Finish()
	}
}
