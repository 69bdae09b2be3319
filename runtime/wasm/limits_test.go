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
				if faultCode(err) != c.want || c.want == "" && err != nil || u.Instructions <= 0 && c.want != problem.FaultDeadline {
					t.Fatalf("%v after %d instructions, want %q", err, u.Instructions, c.want)
				}
				if c.want == problem.FaultFuel && (u.Instructions < 99_000 || u.Instructions > 101_000) {
					t.Errorf("ended after %d instructions of 100,000", u.Instructions)
				}
				// Its limit may be short, too.
				if _, err := in.Execute(context.Background(), map[string]any{"mode": int64(0)}); err != nil && (c.want != problem.FaultDeadline || faultCode(err) != c.want) {
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

// work is a loop of some hundred thousand instructions. It uses global 0.
func work() []byte {
	return w.Join(w.I32(50_000), w.Op(0x24, 0, 0x03, 0x40, 0x23, 0), w.I32(1), w.Op(0x6b, 0x24, 0, 0x23, 0, 0x0d, 0, 0x0b))
}

// TestARequestHasOneBudget for the room of its input and its execution.
func TestARequestHasOneBudget(t *testing.T) {
	const each = 300_000 // instructions of work, at least
	module := w.Guest{Alloc: w.Join(work(), w.I32(65536)), Execute: w.Join(work(), w.Tell(w.I32(3)))}.Module()
	var total int64
	for _, part := range []int64{0, 100, 75} { // percent; 0 for no limit
		spec := w.Spec(t, module)
		spec.Manifest.Limits.Instructions = total * part / 100
		in := load(t, spec)
		for range 3 {
			var u driver.Usage
			_, err := in.(driver.Metered).ExecuteMetered(context.Background(), nil, &u)
			if part == 0 {
				total = u.Instructions
			}
			if total < 2*each {
				t.Errorf("%d instructions are not those of both", total)
			}
			if (faultCode(err) == problem.FaultFuel) != (part == 75) || part != 75 && err != nil {
				t.Errorf("%d of %d instructions: %v", spec.Manifest.Limits.Instructions, total, err)
			}
		}
	}
}

func TestValidateHasABudget(t *testing.T) {
	spec := w.Spec(t, w.Guest{Extras: w.Extras{Validate: w.Join(w.Op(0x03, 0x40, 0x0c, 0, 0x0b), w.I64(0))}}.Module())
	spec.Manifest.Limits.Instructions = 100_000
	in := load(t, spec)
	for range 2 {
		if err := in.Validate(context.Background()); faultCode(err) != problem.FaultFuel {
			t.Errorf("err = %v", err)
		}
	}
}

// TestTheDepthOfTheManifestHolds for a recursion that ends, in the first guest and
// in those after it.
func TestTheDepthOfTheManifestHolds(t *testing.T) {
	g := w.Guest{}
	g.Functions = []w.Function{{Type: w.TypeNothing}}
	self := w.U32(g.Function(0))
	g.Functions[0].Body = w.Body(w.Op(0x23, 0), w.I32(1), w.Op(0x6b, 0x24, 0, 0x23, 0, 0x04, 0x40, 0x10), self, w.Op(0x0b))
	g.Execute = w.Join(w.I32(500), w.Op(0x24, 0, 0x10), self, w.Tell(w.I32(3)))
	for depth, want := range map[int64]problem.Code{0: "", 1000: problem.FaultDepth, 20_000: ""} {
		spec := w.Spec(t, g.Module())
		spec.Manifest.Limits.CallDepth, spec.Manifest.Limits.Instructions = depth, 10_000_000
		in := load(t, spec)
		for range 3 {
			if _, err := in.Execute(context.Background(), nil); faultCode(err) != want || want == "" && err != nil {
				t.Errorf("depth %d: %v", depth, err)
			}
		}
	}
}
