package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/swapline/swapline/runtime/driver"
	w "github.com/swapline/swapline/runtime/wasm/wasmtest"
)

// window is how long a case or a control lasts at least.
const window = 200 * time.Millisecond

// callers make the hostile call at once.
const callers = 2

// controls behave, in the place of an attack.
type controls struct {
	busy  driver.Instance
	built int32 // modules so far, each another one
	felt  map[string]*recent
}

// recent is what neighbours felt in the last windows of one control.
type recent [5]feeling

func (r *recent) note(f feeling) {
	copy(r[1:], r[:])
	r[0] = f
}

// p99s of the windows, the best first. There is none that was not taken.
func (r *recent) p99s() []time.Duration {
	var list []time.Duration
	for _, f := range r {
		if f.calls > 0 {
			list = append(list, f.p99)
		}
	}
	slices.Sort(list)
	return list
}

// Names of controls.
const (
	idleControl = "idle"
	callControl = "call"
	loadControl = "load"
)

// openControls makes them and takes three windows of each.
func (s *stage) openControls() error {
	spec, err := s.release("control", w.Guest{Modes: [][]byte{compute(4_000_000)}}.Module(), nil)
	if err != nil {
		return err
	}
	if s.controls.busy, err = s.driver.Load(context.Background(), spec); err != nil {
		return fmt.Errorf("control: %w", err)
	}
	s.controls.felt = map[string]*recent{idleControl: {}, callControl: {}, loadControl: {}}
	for range 3 {
		if err := s.calibrate(); err != nil {
			return err
		}
	}
	return nil
}

// compute is a loop of n turns, a few milliseconds of work.
func compute(n int32) []byte {
	return w.Join(w.I32(0), w.Op(0x21, 0, 0x03, 0x40, 0x20, 0), w.I32(1), w.Op(0x6a, 0x22, 0), w.I32(n), w.Op(0x48, 0x0d, 0, 0x0b))
}

// calibrate takes one window of each control.
func (s *stage) calibrate() error {
	for _, c := range []struct {
		name string
		act  func() error
	}{
		{idleControl, func() error { time.Sleep(window); return nil }},
		{callControl, func() error { return s.controls.call() }},
		{loadControl, s.loadOnce},
	} {
		f, err := s.watch(c.act)
		if err != nil {
			return fmt.Errorf("control %s: %w", c.name, err)
		}
		if len(f.wrong) > 0 {
			return fmt.Errorf("control %s: a neighbour fails by itself: %s", c.name, f.wrong[0])
		}
		s.controls.felt[c.name].note(f)
	}
	return nil
}

// call computes on all callers.
func (c *controls) call() error {
	errs := make([]error, callers)
	var done sync.WaitGroup
	for i := range errs {
		done.Go(func() { _, errs[i] = c.busy.Execute(context.Background(), mode(1).in) })
	}
	done.Wait()
	return errors.Join(errs...)
}

func (c *controls) close() error {
	if c.busy == nil {
		return nil
	}
	return c.busy.Close(context.Background())
}

// loadOnce compiles and loads a module that no cache knows.
func (s *stage) loadOnce() error {
	s.controls.built++
	g := w.Guest{Alloc: w.Join(w.I32(s.controls.built), w.Op(0x1a), w.I32(65536))}
	body := w.Body(repeat(700, w.I32(1), w.I32(2), w.Op(0x6a, 0x1a)))
	for range 100 {
		g.Functions = append(g.Functions, w.Function{Type: w.TypeNothing, Body: body})
	}
	spec, err := s.release("control", g.Module(), nil)
	if err != nil {
		return err
	}
	in, err := s.driver.Load(context.Background(), spec)
	if err != nil {
		return err
	}
	return in.Close(context.Background())
}

func repeat(n int, code ...[]byte) []byte {
	one := w.Join(code...)
	all := make([]byte, 0, n*len(one))
	for range n {
		all = append(all, one...)
	}
	return all
}

// watch repeats act until the window is over, and says what was felt meanwhile.
func (s *stage) watch(act func() error) (feeling, error) {
	s.lap()
	for begun := time.Now(); ; {
		if err := act(); err != nil {
			return s.lap(), err
		}
		if time.Since(begun) >= window {
			return s.lap(), nil
		}
	}
}

// place returns the recent p99s of the controls for a case with this outcome,
// the best first: a refused one only loads.
func (c *controls) place(refused bool) []time.Duration {
	list := c.felt[loadControl].p99s()
	if !refused {
		list = append(list, c.felt[callControl].p99s()...)
		slices.Sort(list)
	}
	return list
}

// allowed is the p99 that neighbours may have beside a case with this outcome.
func (c *controls) allowed(refused bool) time.Duration {
	list := c.place(refused)
	return max(list[len(list)-1]*3/2, 10*time.Millisecond)
}

// ratio compares a p99 with the median of the controls.
func (c *controls) ratio(p99 time.Duration, refused bool) float64 {
	list := c.place(refused)
	return float64(p99) / float64(list[len(list)/2])
}
