package wasm_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/capability"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	w "github.com/swapline/swapline/runtime/wasm/wasmtest"
)

// diceGuest is the Go guest of testdata/dice, built and compiled once.
type diceGuest struct {
	driver driver.Driver
	spec   driver.Spec
	events *capability.Ring
	state  *capability.Memory
}

// TestCapabilitiesOfAGoGuest runs a guest that uses all but HTTP.
func TestCapabilitiesOfAGoGuest(t *testing.T) {
	b, err := os.ReadFile(w.BuildGo(t, "github.com/swapline/swapline/runtime/wasm/testdata/dice"))
	if err != nil {
		t.Fatal(err)
	}
	g := &diceGuest{driver: closed(t, open(t, t.TempDir())), spec: w.Spec(t, b), events: capability.NewRing(10)}
	g.spec.Manifest.Limits.MemoryBytes = 32 << 20
	t.Run("is refused without each of its capabilities", g.isRefused)
	t.Run("answers the same in a replay", g.replays)
	t.Run("has no random numbers without the capability", g.hasNoRandom)
	t.Run("survives a conflict", g.survivesConflict)
}

func all() []string {
	return []string{abi.CapabilityClock, abi.CapabilityEmit, abi.CapabilityRandom, abi.CapabilityState}
}

// granted grants the words to the guest, with an empty state.
func (g *diceGuest) granted(t *testing.T, words ...string) driver.Spec {
	t.Helper()
	g.state = new(capability.Memory)
	return w.GrantedBy(t, capability.Services{State: g.state, Events: g.events}, g.spec, words...)
}

func (g *diceGuest) load(t *testing.T, spec driver.Spec) driver.Instance {
	t.Helper()
	in, err := g.driver.Load(context.Background(), spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := in.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return in
}

func (g *diceGuest) isRefused(t *testing.T) {
	for i, word := range all() {
		if word == abi.CapabilityRandom {
			continue // asked of WASI, see hasNoRandom
		}
		rest := append(append([]string(nil), all()[:i]...), all()[i+1:]...)
		_, err := g.driver.Load(context.Background(), g.granted(t, rest...))
		if problem.CodeOf(err) != problem.CapabilityDenied || !strings.Contains(err.Error(), `add "`+word+`" to capabilities`) {
			t.Errorf("without %s: %v", word, err)
		}
	}
	none := g.spec
	none.Grant = nil
	if _, err := g.driver.Load(context.Background(), none); problem.CodeOf(err) != problem.CapabilityDenied {
		t.Errorf("without a grant: %v", err)
	}
}

func (g *diceGuest) replays(t *testing.T) {
	for _, isolation := range []string{manifest.IsolationRequest, manifest.IsolationInstance} {
		spec := g.granted(t, all()...)
		m := *spec.Manifest
		m.Isolation = isolation
		spec.Manifest = &m
		in := g.load(t, spec)
		roll := func(ctx context.Context) map[string]any {
			out, err := in.Execute(ctx, map[string]any{})
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		first := roll(t.Context())
		ctx, recorder := capability.Record(t.Context())
		want := roll(ctx)
		journal, err := recorder.Journal()
		if err != nil {
			t.Fatal(err)
		}
		if wire.Equal(first, want) {
			t.Fatal("two rolls are the same; the test shows nothing")
		}
		roll(t.Context())
		_, before := g.events.Last()
		for range 3 {
			ctx, replayer, err := capability.Replay(t.Context(), journal)
			if err != nil {
				t.Fatal(err)
			}
			if got := roll(ctx); !wire.Equal(got, want) || replayer.Diverged() {
				t.Fatalf("isolation %s: the replay answers\n%v (diverged: %t), want\n%v", isolation, got, replayer.Diverged(), want)
			}
		}
		if _, after := g.events.Last(); after != before {
			t.Error("a replay delivered events")
		}
		t.Logf("isolation %s: the journal has %d bytes", isolation, len(journal))
	}
}

func (g *diceGuest) hasNoRandom(t *testing.T) {
	in := g.load(t, g.granted(t, abi.CapabilityClock, abi.CapabilityEmit, abi.CapabilityLog, abi.CapabilityState))
	if _, err := in.Execute(t.Context(), map[string]any{}); faultCode(err) != problem.FaultTrap {
		t.Errorf("err = %v, want %s", err, problem.FaultTrap)
	}
}

// survivesConflict writes what the call has read, while it runs.
func (g *diceGuest) survivesConflict(t *testing.T) {
	in := g.load(t, g.granted(t, all()...))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	meddler := conflicting{g.state}
	spec := w.GrantedBy(t, capability.Services{State: meddler, Events: g.events}, g.spec, all()...)
	meddled := g.load(t, spec)
	_, before := g.events.Last()
	for range 3 {
		if _, err := meddled.Execute(ctx, map[string]any{}); problem.CodeOf(err) != problem.StateConflict {
			t.Fatalf("err = %v, want %s", err, problem.StateConflict)
		}
	}
	if _, after := g.events.Last(); after != before {
		t.Error("a refused call delivered events")
	}
	if s := driver.StatsOf(meddled); s.Instances != 1 {
		t.Errorf("after conflicts there are %+v", s)
	}
	if _, err := in.Execute(ctx, map[string]any{}); err != nil {
		t.Error(err)
	}
}

// conflicting is a store in which somebody else is always faster.
type conflicting struct{ *capability.Memory }

func (c conflicting) Commit(space string, _ capability.Batch) error {
	return capability.Conflict(space)
}
