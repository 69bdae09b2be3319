package wasm_test

import (
	"bytes"
	"context"
	"os"
	"testing"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/guests/tck/tck"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/problem"
	w "github.com/swapline/swapline/runtime/wasm/wasmtest"
)

// typeExecute is the type func(i32, i32) i64 of every w.Guest.
const typeExecute = 4

// measurable is a guest with the exports for measurements, which have these bodies.
func measurable(decode, echo []byte) w.Guest {
	g := w.Guest{}
	g.Locals = oneLocal()
	g.Functions = []w.Function{{Type: typeExecute, Body: w.BodyWith(oneLocal(), decode)}, {Type: typeExecute, Body: w.BodyWith(oneLocal(), echo)}}
	g.Exports = [][]byte{
		w.Join(w.Name("swapline_decode"), w.Op(0), w.U32(g.Function(0))),
		w.Join(w.Name("swapline_echo"), w.Op(0), w.U32(g.Function(1))),
	}
	return g
}

// echoing answers with the input, wherever it is: a status of 0 before it.
func echoing() []byte {
	return w.Join(
		w.Op(0x20, 0), w.I32(1), w.Op(0x6b), w.I32(int32(abi.StatusOK)), w.Op(0x3a, 0, 0), // store8 at ptr-1
		w.Op(0x20, 0), w.I32(1), w.Op(0x6b, 0xad), w.I64(32), w.Op(0x86), // (ptr-1)<<32
		w.Op(0x20, 1), w.I32(1), w.Op(0x6a, 0xad, 0x84), // | len+1
	)
}

// oneLocal declares one i32, local 2.
func oneLocal() []byte { return []byte{1, 1, 0x7f} }

// turns is work of some microseconds, a loop that counts local 2 to 20,000, and then
// what the code says.
func turns(then []byte) []byte {
	return w.Join(
		w.Op(0x03, 0x40), w.Op(0x20, 2), w.I32(1), w.Op(0x6a, 0x22, 2), w.I32(20_000), w.Op(0x49, 0x0d, 0, 0x0b),
		then,
	)
}

// divide makes a call with its parts asked for.
func divide(t *testing.T, in driver.Instance, input map[string]any) (out map[string]any, p driver.Parts) {
	t.Helper()
	out, err := in.(driver.Metered).ExecuteMetered(context.Background(), input, &driver.Usage{Parts: &p})
	if err != nil {
		t.Fatal(err)
	}
	return out, p
}

func TestTheGuestsShareIsToldByItsExports(t *testing.T) {
	g := w.Guest{Data: [][]byte{w.Encoded(abi.StatusOK, nil), w.Encoded(abi.StatusOK, int64(3)), w.Encoded(abi.StatusOK, "3"), {abi.StatusOK, 0xff}}}
	null, count, text, broken := turns(g.Answer(0)), turns(g.Answer(1)), g.Answer(2), g.Answer(3)
	for _, c := range []struct {
		name             string
		decode, echo     []byte
		known, estimated bool
	}{
		{"both do what they say", null, turns(echoing()), true, false},
		{"decode counts what it read in place", count, turns(echoing()), true, true},
		{"decode answers with a text", text, turns(echoing()), false, false},
		{"decode answers with no value", broken, turns(echoing()), false, false},
		{"the echo is another one", null, g.Answer(0), false, false},
		{"the echo is another one, of values in place", count, g.Answer(0), false, false},
		{"the echo traps", null, w.Op(0), false, false},
		{"decode traps", w.Op(0), echoing(), false, false},
		{"decode has no status", w.I64(0), echoing(), false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := measurable(c.decode, c.echo)
			m.Data = g.Data
			// Execute has to do no less than decode.
			m.Execute = turns(w.Return(2048, uint32(len(w.Encoded(abi.StatusOK, map[string]any{"calls": int64(0)})))))
			in := load(t, w.Spec(t, m.Module()))
			var guest, aside int64
			for range 20 {
				out, p := divide(t, in, map[string]any{"n": int64(1)})
				if out["calls"] == nil || p.Strategy < 0 || p.Guest < 0 || p.Known != c.known || p.Estimated != c.estimated {
					t.Fatalf("%v, %+v", out, p)
				}
				guest, aside = guest+int64(p.Guest), aside+int64(p.Aside)
			}
			if (guest > 0) != c.known || aside <= 0 {
				t.Errorf("the guest's share is %d ns, found in %d ns", guest, aside)
			}
			if s := in.(driver.Reporter).Stats(); s.InUse != 0 || s.Instances > 1 {
				t.Errorf("after all calls there is %+v", s)
			}
		})
	}
}

func TestExportsForMeasurementsHaveTheirType(t *testing.T) {
	g := w.Guest{}
	g.Functions = []w.Function{{Type: w.TypeAnswer, Body: w.Body(w.I64(0))}}
	g.Exports = [][]byte{w.Join(w.Name("swapline_echo"), w.Op(0), w.U32(g.Function(0)))}
	_, err := open(t, t.TempDir()).Load(context.Background(), specOf(t, g.Module()))
	if code := problem.CodeOf(err); code != problem.WasmExportType {
		t.Errorf("code %s: %v", code, err)
	}
}

// TestAGuestOfTheGoSDKTellsItsShare, and a call is the same with its parts asked for.
func TestAGuestOfTheGoSDKTellsItsShare(t *testing.T) {
	module, err := os.ReadFile(w.BuildGo(t, "github.com/swapline/swapline/guests/tck"))
	if err != nil {
		t.Fatal(err)
	}
	spec := w.Granted(t, w.Spec(t, module), abi.CapabilityClock, abi.CapabilityEmit, abi.CapabilityLog, abi.CapabilityState)
	spec.Manifest.Limits.MemoryBytes = 64 << 20
	spec.Manifest.Config = map[string]any{"behaviour": tck.Echo}
	in := load(t, spec)
	input := map[string]any{"text": string(bytes.Repeat([]byte("x"), 1000)), "list": []any{int64(1), 2.5, nil, map[string]any{"k": true}}}
	var plain driver.Usage
	if _, err := in.(driver.Metered).ExecuteMetered(context.Background(), input, &plain); err != nil {
		t.Fatal(err)
	}
	var guest int64
	for range 20 {
		var p driver.Parts
		u := driver.Usage{Parts: &p}
		if _, err := in.(driver.Metered).ExecuteMetered(context.Background(), input, &u); err != nil || u.Instructions != plain.Instructions {
			t.Fatalf("%d instructions, %d without parts: %v", u.Instructions, plain.Instructions, err)
		}
		if guest += int64(p.Guest); !p.Known {
			t.Fatal("its share is unknown")
		}
	}
	if guest <= 0 {
		t.Error("its share is nothing")
	}
}
