package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/swapline/swapline/runtime/driver"
)

const (
	attempts   = 5                      // before a stall, a late end or a bad p99 counts
	stallLimit = 100 * time.Millisecond // of the heartbeat
	grace      = 100 * time.Millisecond // for what a deadline ends
)

// verdict is what became of one case on one engine.
type verdict struct {
	Case      string  `json:"case"`
	Engine    string  `json:"engine"`
	Want      string  `json:"want"`
	Outcome   string  `json:"outcome"`
	Runs      int     `json:"runs"`
	Attempts  int     `json:"attempts"`
	LoadMS    float64 `json:"load_ms"`    // the longest load
	CallMS    float64 `json:"call_ms"`    // the longest hostile call
	StallMS   float64 `json:"stall_ms"`   // of the heartbeat
	WitnessMS float64 `json:"witness_ms"` // stall of the witness
	P99MS     float64 `json:"p99_ms"`     // of the neighbours
	Ratio     float64 `json:"p99_ratio"`  // of it to the median of the controls
	PeakMB    float64 `json:"peak_mb"`    // resident size of the process
	// Unexpected says what is wrong with the release's behaviour, Disturbed what
	// the neighbourhood suffered, Crash how the process died.
	Unexpected string `json:"unexpected,omitempty"`
	Disturbed  string `json:"disturbed,omitempty"`
	Crash      string `json:"crash,omitempty"`
}

// trial is one attempt of one case.
type trial struct {
	attack
	spec    driver.Spec
	stage   *stage
	outcome string
	loaded  time.Duration // the longest
	called  time.Duration // the longest
	late    time.Duration // beyond a deadline
	runs    int
}

// judge runs the case until it is judged.
func (s *stage) judge(a attack) verdict {
	a = a.orDefaults()
	v := verdict{Case: a.name, Engine: s.engine, Want: a.want}
	spec, err := s.prepare(a)
	if err != nil {
		v.Unexpected = err.Error()
		return v
	}
	for v.Attempts < attempts {
		v.Attempts++
		resetPeak()
		t := &trial{attack: a, spec: spec, stage: s}
		felt, err := s.watch(t.run)
		v.fill(t, felt)
		if err != nil {
			v.Unexpected = err.Error()
		}
		v.PeakMB = peakMB()
		v.Ratio = s.controls.ratio(felt.p99, t.refused())
		v.Disturbed = s.disturbance(felt, t.refused())
		late := t.late-felt.machine > grace
		if v.Unexpected != "" || len(felt.wrong) > 0 || v.Disturbed == "" && !late {
			return v
		}
		if late {
			v.Unexpected = fmt.Sprintf("it ended %v after its deadline", t.late.Round(time.Millisecond))
		}
		if err := s.calibrate(); err != nil {
			v.Disturbed = err.Error()
			return v
		}
		if v.Attempts < attempts {
			v.Unexpected = ""
		}
	}
	return v
}

func (v *verdict) fill(t *trial, f feeling) {
	v.Outcome, v.Runs = t.outcome, t.runs
	v.LoadMS, v.CallMS, v.StallMS, v.P99MS = ms(t.loaded), ms(t.called), ms(f.stall), ms(f.p99)
	v.WitnessMS = ms(f.machine)
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// disturbance says what the neighbourhood suffered, or nothing.
func (s *stage) disturbance(f feeling, load bool) string {
	allowed := s.controls.allowed(load)
	switch {
	case len(f.wrong) > 0:
		return fmt.Sprintf("%d of %d calls of neighbours failed: %s", len(f.wrong), f.calls, f.wrong[0])
	case f.stall-f.machine > stallLimit:
		return fmt.Sprintf("the heartbeat stalled %v, the witness %v", f.stall.Round(time.Millisecond), f.machine.Round(time.Millisecond))
	case f.p99-f.machine > allowed:
		return fmt.Sprintf("the neighbours' p99 is %v, beside the control at most %v", f.p99.Round(time.Millisecond/10), allowed.Round(time.Millisecond/10))
	}
	return ""
}

// prepare makes the release of a case.
func (s *stage) prepare(a attack) (driver.Spec, error) {
	module, err := a.bytes(s.guests)
	if err != nil {
		return driver.Spec{}, err
	}
	return s.release("hostile", module, a.change)
}

func (a attack) bytes(guests string) ([]byte, error) {
	if a.module != nil {
		return a.module(), nil
	}
	return os.ReadFile(filepath.Join(guests, a.program))
}

func (t *trial) refused() bool { return strings.HasPrefix(t.outcome, "refused") }

// run is one run of the case; its error is what must not be.
func (t *trial) run() error {
	t.runs++
	goroutines := runtime.NumGoroutine()
	begun := time.Now()
	in, err := t.stage.driver.Load(context.Background(), t.spec)
	t.loaded = max(t.loaded, time.Since(begun))
	if err != nil {
		t.beyond(time.Since(begun), t.within)
		err = t.expect(loadOutcome(err), err)
	} else {
		err = errors.Join(t.exercise(in), gone(in))
	}
	return errors.Join(err, settled(goroutines))
}

// beyond notes by how much something was late.
func (t *trial) beyond(took, within time.Duration) {
	if within > 0 {
		t.late = max(t.late, took-within)
	}
}

// expect compares an outcome with the due one.
func (t *trial) expect(outcome string, err error) error {
	t.outcome = outcome
	if outcome == t.want {
		return nil
	}
	return fmt.Errorf("%s instead of %s: %.300s", outcome, t.want, fmt.Sprint(err))
}

// exercise makes the hostile calls and the good one.
func (t *trial) exercise(in driver.Instance) error {
	var mu sync.Mutex
	var done sync.WaitGroup
	var errs []error
	for range callers {
		done.Go(func() {
			begun := time.Now()
			err := t.attackOnce(in)
			took := time.Since(begun)
			mu.Lock()
			defer mu.Unlock()
			t.called = max(t.called, took)
			t.beyond(took, t.deadline)
			errs = append(errs, t.expect(callOutcome(err), err))
		})
	}
	done.Wait()
	return errors.Join(append(errs, t.goodCall(in), idle(in))...)
}

func (t *trial) attackOnce(in driver.Instance) error {
	ctx, cancel := context.WithTimeout(context.Background(), t.deadline)
	defer cancel()
	if t.validate {
		return in.Validate(ctx)
	}
	out, err := in.Execute(ctx, t.call.in)
	if err == nil {
		err = t.call.check(out)
	}
	return err
}

// goodCall is answered by every guest that an attack may have left.
func (t *trial) goodCall(in driver.Instance) error {
	var errs []error
	for range callers + 1 {
		out, err := in.Execute(context.Background(), t.good.in)
		if err == nil {
			err = t.good.check(out)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("the next good call: %w", err))
		}
	}
	return errors.Join(errs...)
}

// idle checks that no guest is taken to be in use.
func idle(in driver.Instance) error {
	if s := driver.StatsOf(in); s.InUse != 0 || s.Instances > callers || s.Abandoned != 0 {
		return fmt.Errorf("after all calls there is %+v", s)
	}
	return nil
}

// gone closes the release and checks that nothing of it is left.
func gone(in driver.Instance) error {
	err := in.Close(context.Background())
	if s := driver.StatsOf(in); s != (driver.Stats{}) {
		err = errors.Join(err, fmt.Errorf("after the close there is %+v", s))
	}
	return err
}

// settled waits until there are no more goroutines than before.
func settled(before int) error {
	for end := time.Now().Add(30 * time.Second); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			return fmt.Errorf("%d goroutines are left over", runtime.NumGoroutine()-before)
		}
	}
	return nil
}
