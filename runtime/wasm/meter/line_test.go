package meter_test

import (
	"testing"

	"github.com/swapline/swapline/runtime/wasm/meter"
	w "github.com/swapline/swapline/runtime/wasm/wasmtest"
)

// TestLongLinesAskInBetween: code without loops and calls is charged in portions of
// about a slice, through all kinds of blocks, and only where it is reached.
func TestLongLinesAskInBetween(t *testing.T) {
	const n = 60_000
	long := w.Join(times(n, w.Op(0x01)), w.Op(0x20, 0), w.I32(1), w.Op(0x6a, 0x21, 0)) // adds 1 to local 0
	body := w.BodyWith(w.Vec(w.Op(1, i32)),
		w.I32(7), long, w.Op(0x21, 1), // a value waits meanwhile
		w.Op(0x02, 0x40), long, w.I32(1), w.Op(0x0d, 0), long, w.Op(0x0b),
		w.Op(0x20, 1, 0x04, 0x40), long, w.Op(0x05), long, w.Op(0x0b), long,
		w.Op(0x20, 1, 0x45, 0x04, 0x40), long, w.Op(0x05), long, w.Op(0x0b),
		w.Op(0x03, 0x40), long, w.Op(0x0b), long, w.Op(0x20, 0))
	module := w.Module(w.Section(1, w.Vec(w.Func("i", "i"))), w.Section(3, w.Vec(w.U32(0))),
		w.Section(7, w.Vec(w.Join(w.Name("run"), w.Op(0, 0)))), w.Section(10, w.Vec(body)))
	var fuel []int64
	for name, m := range machines(t) {
		h := &host{}
		i := m.start(t, rewrite(t, module), h)
		defer i.close()
		h.start(i, sliced)
		got, err := i.call("run", []uint64{0}, 1)
		if err != nil || uint32(got[0]) != 7 {
			t.Errorf("%s: run() = %v, %v, want %d", name, got, err, 7)
		}
		fuel = append(fuel, h.account.Used(int64(i.get(meter.FuelGlobal))))
		const executed = 7 * (n + 4)
		if last := fuel[len(fuel)-1]; last != fuel[0] || last < executed || last > executed+2*meter.Slice {
			t.Errorf("%s: it uses %d, executed are %d and some", name, last, executed)
		}
		if h.ticks < executed/(2*meter.Slice) || h.lowest < -meter.Slice-100 {
			t.Errorf("%s: asked %d times, at most %d units were charged together", name, h.ticks, -h.lowest)
		}
	}
}

// TestPlacesInOnePartDoNotChargeForTheOther: of a long if, the second part is
// charged although there is a place in the first. Its first instruction is charged
// at the entry in any case.
func TestPlacesInOnePartDoNotChargeForTheOther(t *testing.T) {
	body := w.Body(w.Op(0x20, 0, 0x04, 0x40), times(60_000, w.Op(0x01)), w.Op(0x05), times(30_000, w.Op(0x01)), w.Op(0x0b))
	module := w.Module(w.Section(1, w.Vec(w.Func("i", ""))), w.Section(3, w.Vec(w.U32(0))),
		w.Section(7, w.Vec(w.Join(w.Name("run"), w.Op(0, 0)))), w.Section(10, w.Vec(body)))
	for name, m := range machines(t) {
		h := &host{}
		i := m.start(t, rewrite(t, module), h)
		defer i.close()
		for arg, want := range []int64{50_001 + 30_000, 60_004} {
			h.start(i, sliced)
			if _, err := i.call("run", []uint64{uint64(arg)}, 0); err != nil {
				t.Fatal(err)
			}
			if used := h.account.Used(int64(i.get(meter.FuelGlobal))); used != want {
				t.Errorf("%s: run(%d) uses %d, want %d", name, arg, used, want)
			}
		}
	}
}
