package sdktest_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/tetratelabs/wazero/api"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/guests/tck/tck"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/wasm/wasmtest"
)

// Exports for measurements, see runtime/wasm/contract.go.
const (
	exportDecode = "swapline_decode"
	exportEcho   = "swapline_echo"
)

// someValues are the edges and as many random values.
func someValues(r *rand.Rand, n int) []any {
	all := edges()
	for range n {
		all = append(all, random(r, 4))
	}
	return all
}

// share looks whether a guest tells what it spends on encoding: that is known only
// of one whose decode reads an input and whose echo answers with the same bytes. It
// is an estimate where strategies read in place.
func share(inPlace bool) func(*testing.T, module) {
	return func(t *testing.T, m module) {
		release := spec(t, m, map[string]any{"behaviour": tck.Echo})
		release.Manifest.Limits.MemoryBytes = 64 << 20
		release = wasmtest.Granted(t, release, abi.CapabilityClock, abi.CapabilityEmit, abi.CapabilityLog, abi.CapabilityState)
		metered, ok := load(t, driverFor(t), release).(driver.Metered)
		if !ok {
			t.Fatal("the driver does not meter")
		}
		var guest int64
		for n, v := range someValues(rand.New(rand.NewPCG(9, 1)), 500) {
			in, p := map[string]any{"value": v}, driver.Parts{}
			out, err := metered.ExecuteMetered(t.Context(), in, &driver.Usage{Parts: &p})
			if err != nil || !wire.Equal(out, in) {
				t.Fatalf("value %d: %.200v, %v", n, out, err)
			}
			if !p.Known || p.Estimated != inPlace {
				t.Fatalf("value %d, %.200v: %+v", n, v, p)
			}
			guest += int64(p.Guest)
		}
		if guest <= 0 {
			t.Error("its share is nothing")
		}
	}
}

// inPlace sends values to the exports for measurements of an SDK whose strategies
// read in place: decode reads all of them, echo answers with the same bytes, and
// neither changes what execute answers.
func inPlace(t *testing.T, m module) {
	g := openGuest(t, m, map[string]any{})
	decode, echo := g.module.ExportedFunction(exportDecode), g.module.ExportedFunction(exportEcho)
	if decode == nil || echo == nil {
		t.Fatal("an export is missing")
	}
	tooDeep(t, g, decode)
	tooDeep(t, g, echo)
	for n, v := range someValues(rand.New(rand.NewPCG(9, 2)), 5_000) {
		in := encoded(t, map[string]any{"value": v})
		status, out, err := g.call(decode, in)
		if want := encoded(t, valuesIn(map[string]any{"value": v})); err != nil || status != abi.StatusOK || !bytes.Equal(out, want) {
			t.Fatalf("decode of value %d, %.200v: status %d, %v, %x, want %x", n, v, status, err, out, want)
		}
		for _, f := range []struct {
			name string
			call func([]byte) (byte, []byte, error)
		}{
			{"echo", func(b []byte) (byte, []byte, error) { return g.call(echo, b) }},
			{"execute", func(b []byte) (byte, []byte, error) { return g.call(g.execute, b) }},
		} {
			if status, out, err := f.call(in); err != nil || status != abi.StatusOK || !bytes.Equal(out, in) {
				t.Fatalf("%s of value %d: status %d, %v\ngot  %x\nwant %x", f.name, n, status, err, out, in)
			}
		}
	}
}

// tooDeep sends lists within lists, far deeper than values may be: no stack runs over.
func tooDeep(t *testing.T, g *guest, f api.Function) {
	t.Helper()
	in := append([]byte{0xa1, 0x61, 'v'}, bytes.Repeat([]byte{0x81}, 100_000)...)
	if status, out, err := g.call(f, append(in, 0x01)); err != nil {
		t.Errorf("lists within lists: status %d, %.100q, %v", status, out, err)
	}
}

// valuesIn is the number of values inside of v: items and members, at any depth.
func valuesIn(v any) (n int64) {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			n += 1 + valuesIn(item)
		}
	case map[string]any:
		for _, member := range v {
			n += 1 + valuesIn(member)
		}
	}
	return n
}
