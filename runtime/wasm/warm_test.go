package wasm_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/capability"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/manifest"
	w "github.com/swapline/swapline/runtime/wasm/wasmtest"
)

// golden makes cases of modes.
func golden(modes ...int64) (cases []manifest.GoldenCase) {
	for _, m := range modes {
		cases = append(cases, manifest.GoldenCase{Name: "case", Input: map[string]any{"mode": m}})
	}
	return cases
}

// replace makes the release's guest trap, so that the next call has another.
func replace(t *testing.T, in driver.Instance) {
	t.Helper()
	if _, err := in.Execute(context.Background(), map[string]any{"mode": int64(1)}); faultCode(err) == "" {
		t.Fatalf("no trap: %v", err)
	}
}

// TestGuestsBeginWhereTheGoldenCasesEnded: 16 calls or more, in whole rounds;
// business errors count. All guests begin there, also those that a trap makes
// necessary.
func TestGuestsBeginWhereTheGoldenCasesEnded(t *testing.T) {
	for name, c := range map[string]struct {
		cases []manifest.GoldenCase
		want  int64 // the number of the next call of the guest, modulo 16
	}{
		"no case":           {nil, 1},
		"rounds":            {golden(0, 2, 0), (18 + 1) % 16},
		"a case that traps": {golden(0, 1), 1},
	} {
		spec := w.Spec(t, patient().Module())
		spec.Manifest.Golden = c.cases
		in := load(t, spec)
		for range 2 {
			if got := calls(t, in); got != c.want {
				t.Errorf("%s: call %d, want %d", name, got, c.want)
			}
			replace(t, in)
		}
	}
}

// watched is a state that counts its uses.
type watched struct {
	capability.Memory
	uses atomic.Int64
}

func (s *watched) Get(ctx context.Context, space, key string) (capability.Entry, error) {
	s.uses.Add(1)
	return s.Memory.Get(ctx, space, key)
}

func (s *watched) Commit(space string, b capability.Batch) error {
	s.uses.Add(1)
	return s.Memory.Commit(space, b)
}

// TestGoldenCasesLeaveNoTrace in the state or in the log; calls do.
func TestGoldenCasesLeaveNoTrace(t *testing.T) {
	var log bytes.Buffer
	var state watched
	spec := w.Spec(t, jsonGuest().Module())
	spec.Log = slog.New(slog.NewTextHandler(&log, nil))
	spec.Manifest.Encoding = manifest.EncodingJSON
	spec.Manifest.Golden = golden(7, 8, 9)
	in := load(t, w.GrantedBy(t, capability.Services{State: &state}, spec, abi.CapabilityLog, abi.CapabilityState))
	if state.uses.Load() > 0 || log.Len() > 0 {
		t.Errorf("%d uses of the state, logged %s", state.uses.Load(), log.String())
	}
	for _, c := range spec.Manifest.Golden {
		if _, err := in.Execute(context.Background(), c.Input); err != nil {
			t.Error(err)
		}
	}
	if state.uses.Load() == 0 || !strings.Contains(log.String(), "hello") {
		t.Errorf("calls: %d uses of the state, logged %s", state.uses.Load(), log.String())
	}
}

// TestEveryGuestValidates and forgets that it did.
func TestEveryGuestValidates(t *testing.T) {
	for name, isolation := range map[string]string{"restored": manifest.IsolationRequest, "kept": manifest.IsolationInstance} {
		g := patient()
		g.Validate = w.Join(w.Op(0x23, 0), w.I32(4), w.Op(0x6a, 0x24, 0), g.Answer(0))
		spec := w.Spec(t, g.Module())
		spec.Manifest.Isolation, spec.Manifest.Limits.Concurrency = isolation, 1
		in := load(t, spec)
		for round := range 2 {
			if err := in.Validate(context.Background()); err == nil || !strings.Contains(err.Error(), "not today") {
				t.Errorf("%s, round %d: %v", name, round, err)
			}
			if n := calls(t, in); (n == 1) != (isolation == manifest.IsolationRequest) {
				t.Errorf("%s, round %d: call %d", name, round, n)
			}
			replace(t, in)
		}
	}
}

// TestEveryGlobalIsRestored, not only the first.
func TestEveryGlobalIsRestored(t *testing.T) {
	g := w.Guest{}
	for i := byte(1); i <= 3; i++ {
		g.Globals = append(g.Globals, w.Join(w.Op(0x7f, 1), w.I32(0), w.Op(0x0b)))
		g.Modes = append(g.Modes, w.Join(w.Op(0x23, i), w.I32(1), w.Op(0x6a, 0x24, i), w.Tell(w.Op(0x23, i))))
	}
	in := load(t, w.Spec(t, g.Module()))
	for range 3 {
		for mode := int64(1); mode <= 3; mode++ {
			if out, err := in.Execute(context.Background(), map[string]any{"mode": mode}); err != nil || out["calls"] != int64(1) {
				t.Errorf("global %d: %v, %v", mode, out, err)
			}
		}
	}
}

// TestATextThatBreaksAGuestEndsIt: what it wrote is gone.
func TestATextThatBreaksAGuestEndsIt(t *testing.T) {
	in := load(t, specOf(t, patient().Module()))
	for range 2 {
		if _, err := executeText(in, map[string]any{"mode": int64(1)}, new(driver.Usage)); faultCode(err) == "" {
			t.Fatalf("no trap: %v", err)
		}
		if n := calls(t, in); n != 1 {
			t.Errorf("call %d of a guest that trapped", n)
		}
	}
}
