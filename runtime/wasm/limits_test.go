package wasm_test

import (
	"bytes"
	"context"
	"testing"

	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	w "github.com/swapline/swapline/runtime/wasm/wasmtest"
)

// greedy is a guest whose modes want more of one thing each. Mode 0 answers.
func greedy() w.Guest {
	g := w.Guest{Data: [][]byte{w.Encoded(0, map[string]any{"text": string(bytes.Repeat([]byte{'x'}, 200))})}}
	g.Functions = []w.Function{{Type: w.TypeNothing}}
	self := w.U32(g.Function(0))
	g.Functions[0].Body = w.Body(w.Join(w.Op(0x10), self))
	loop := w.Op(0x03, 0x40, 0x0c, 0, 0x0b)
	g.Modes = [][]byte{
		loop,
		w.Join(w.Op(0x10), self),
		g.Answer(0),
		w.Join(w.Op(0x03, 0x40), w.Log(0, 0, 70000), w.Op(0x0c, 0, 0x0b)),
	}
	return g
}

func TestLimitsOfTheManifestHold(t *testing.T) {
	for name, c := range map[string]struct {
		mode   int64
		limits manifest.Limits
		want   problem.Code
	}{
		"instructions":       {1, manifest.Limits{Instructions: 100_000}, problem.FaultFuel},
		"deadline":           {1, manifest.Limits{Timeout: 50_000_000}, problem.FaultDeadline},
		"call depth":         {2, manifest.Limits{CallDepth: 1000}, problem.FaultDepth},
		"call depth, host's": {2, manifest.Limits{}, problem.FaultDepth},
		"output":             {3, manifest.Limits{OutputBytes: 100}, problem.FaultOutput},
		"output that fits":   {3, manifest.Limits{OutputBytes: 300}, ""},
		"host calls":         {4, manifest.Limits{HostCalls: 3, LogBytes: 1}, problem.FaultHost},
	} {
		t.Run(name, func(t *testing.T) {
			spec := w.Spec(t, greedy().Module())
			c.limits.MemoryBytes = 4 << 20
			spec.Manifest.Limits = c.limits
			in := load(t, spec)
			for range 3 {
				var u driver.Usage
				_, err := in.(driver.Metered).ExecuteMetered(context.Background(), map[string]any{"mode": c.mode}, &u)
				if faultCode(err) != c.want || c.want == "" && err != nil || u.Instructions <= 0 {
					t.Fatalf("%v after %d instructions, want %q", err, u.Instructions, c.want)
				}
				if c.want == problem.FaultFuel && (u.Instructions < 99_000 || u.Instructions > 101_000) {
					t.Errorf("ended after %d instructions of 100,000", u.Instructions)
				}
				if _, err := in.Execute(context.Background(), map[string]any{"mode": int64(0)}); err != nil {
					t.Fatalf("the next call: %v", err)
				}
			}
		})
	}
}

// TestAStartIsNotBoundByTheInstructionsOfACall: a runtime may need more to start
// than a call may use.
func TestAStartIsNotBoundByTheInstructionsOfACall(t *testing.T) {
	busy := w.Guest{Extras: w.Extras{Locals: w.Vec(w.Op(1, 0x7f)), Initialize: w.Join(
		w.I32(50_000), w.Op(0x24, 0, 0x03, 0x40, 0x23, 0), w.I32(1), w.Op(0x6b, 0x24, 0, 0x23, 0, 0x0d, 0, 0x0b))}}
	spec := w.Spec(t, busy.Module())
	spec.Manifest.Limits.Instructions = 1000
	if _, err := load(t, spec).Execute(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
}

func TestTheSameCallUsesTheSameInstructions(t *testing.T) {
	var want int64
	for round := range 2 {
		in := load(t, w.Spec(t, greedy().Module()))
		for call := range 5 {
			var u driver.Usage
			if _, err := in.(driver.Metered).ExecuteMetered(context.Background(), map[string]any{"mode": int64(0)}, &u); err != nil {
				t.Fatal(err)
			}
			if want == 0 {
				want = u.Instructions
			}
			if u.Instructions != want || want == 0 {
				t.Errorf("load %d, call %d: %d instructions, before %d", round, call, u.Instructions, want)
			}
		}
	}
}
