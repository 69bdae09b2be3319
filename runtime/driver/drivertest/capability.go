package drivertest

import (
	"errors"
	"testing"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/guests/tck/tck"
	"github.com/swapline/swapline/runtime/capability"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/problem"
)

func (s *suite) capabilities(t *testing.T) {
	if s.can(tck.State) {
		t.Run("state is kept between calls and releases", s.keepsState)
		t.Run("a business error stores nothing", s.storesNothing)
		t.Run("a rehearsal leaves no trace", s.rehearses)
		t.Run("a replay gets what the call got", s.replays)
		t.Run("a shadow sees what the call saw and leaves no trace", s.shadows)
	}
	if s.can(tck.Emit) {
		t.Run("events are delivered after success", s.emits)
	}
	if s.can(tck.State) && s.can(tck.Emit) {
		t.Run("what is not granted cannot be used", s.denies)
	}
}

// counted asks for the behaviour State and returns the count.
func counted(t *testing.T, in driver.Instance) int64 {
	t.Helper()
	out, err := in.Execute(within(t), behaving(tck.State))
	if err != nil {
		t.Fatal(err)
	}
	n, _ := out["count"].(int64)
	return n
}

// forgotten empties the state, which all cases share.
func (s *suite) forgotten(t *testing.T) driver.Instance {
	t.Helper()
	in := s.load(t, behaving(tck.Choose))
	if _, err := in.Execute(within(t), behaving(tck.Forget)); err != nil {
		t.Fatal(err)
	}
	return in
}

func (s *suite) keepsState(t *testing.T) {
	first := s.forgotten(t)
	second := s.loadSpec(t, s.spec(t, 2, behaving(tck.Choose)))
	for want, in := range []driver.Instance{first, first, second, first} {
		if got := counted(t, in); got != int64(want+1) {
			t.Fatalf("call %d counted %d", want+1, got)
		}
	}
	out, err := first.Execute(within(t), behaving(tck.Forget))
	if err != nil || out["found"] != true {
		t.Fatalf("forget answers %v, %v", out, err)
	}
	if got := counted(t, first); got != 1 {
		t.Fatalf("after forgetting it counts %d", got)
	}
}

func (s *suite) storesNothing(t *testing.T) {
	in := s.forgotten(t)
	_, err := in.Execute(within(t), map[string]any{"behaviour": tck.State, "reject": true})
	var business *abi.Error
	if !errors.As(err, &business) || business.Code != tck.RejectedCode {
		t.Fatalf("err = %v, want a business error", err)
	}
	if got := counted(t, in); got != 1 {
		t.Fatalf("a rejected call was counted: %d", got)
	}
}

func (s *suite) rehearses(t *testing.T) {
	in := s.forgotten(t)
	counted(t, in)
	_, before := s.events.Last()
	ctx := capability.Rehearsal(within(t))
	for range 2 {
		out, err := in.Execute(ctx, behaving(tck.State))
		if err != nil || out["count"] != int64(1) {
			t.Fatalf("a rehearsal answers %v, %v, want a count of 1", out, err)
		}
	}
	if _, err := in.Execute(ctx, behaving(tck.Emit)); err != nil {
		t.Fatal(err)
	}
	if _, after := s.events.Last(); after != before {
		t.Errorf("a rehearsal delivered %d events", after-before)
	}
	if got := counted(t, in); got != 2 {
		t.Fatalf("after the rehearsals it counts %d, want 2", got)
	}
}

func (s *suite) replays(t *testing.T) {
	in := s.forgotten(t)
	counted(t, in)
	ctx, recorder := capability.Record(within(t))
	want, err := in.Execute(ctx, behaving(tck.State))
	if err != nil {
		t.Fatal(err)
	}
	journal, err := recorder.Journal()
	if err != nil {
		t.Fatal(err)
	}
	counted(t, in)
	ctx, replayer, err := capability.Replay(within(t), journal)
	if err != nil {
		t.Fatal(err)
	}
	got, err := in.Execute(ctx, behaving(tck.State))
	if err != nil || !wire.Equal(got, want) || replayer.Diverged() {
		t.Fatalf("the replay answers %v, %v (diverged: %t), want %v", got, err, replayer.Diverged(), want)
	}
	if n := counted(t, in); n != 4 {
		t.Fatalf("the replay was stored: the next count is %d, want 4", n)
	}
}

func (s *suite) emits(t *testing.T) {
	in := s.load(t, behaving(tck.Choose))
	_, before := s.events.Last()
	if _, err := in.Execute(within(t), map[string]any{"behaviour": tck.Emit, "reject": true}); err == nil {
		t.Fatal("the call was not rejected")
	}
	if _, after := s.events.Last(); after != before {
		t.Fatalf("a rejected call delivered %d events", after-before)
	}
	if _, err := in.Execute(within(t), behaving(tck.Emit)); err != nil {
		t.Fatal(err)
	}
	list, after := s.events.Last()
	if after != before+2 {
		t.Fatalf("%d events were delivered, want 2", after-before)
	}
	for i, e := range list[len(list)-2:] {
		if e.Type != tck.EventType || e.Strategy != "tck" || e.Release != "1.0.0" || !wire.Equal(e.Data, map[string]any{"n": int64(i + 1)}) {
			t.Errorf("event %d is %+v", i+1, e)
		}
	}
}

// denies takes either refusal: a kind that sees what an artifact will use
// refuses to load it, another one answers the strategy.
func (s *suite) denies(t *testing.T) {
	spec := s.spec(t, 1, behaving(tck.Choose))
	m := *spec.Manifest
	m.Capabilities = []string{abi.CapabilityClock, abi.CapabilityLog, abi.CapabilityState}
	spec.Manifest, spec.Grant = &m, s.grant(t, &m)
	in, err := s.driver.Load(within(t), spec)
	if err != nil {
		if got := problem.CodeOf(err); got != problem.CapabilityDenied {
			t.Fatalf("code %s (%v), want %s", got, err, problem.CapabilityDenied)
		}
		return
	}
	defer func() {
		if err := in.Close(within(t)); err != nil {
			t.Error(err)
		}
	}()
	_, err = in.Execute(within(t), behaving(tck.Emit))
	var business *abi.Error
	if !errors.As(err, &business) || business.Code != abi.CodeCapabilityDenied {
		t.Fatalf("err = %v, want %s", err, abi.CodeCapabilityDenied)
	}
}
