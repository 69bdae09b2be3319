package meter_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/swapline/swapline/runtime/wasm/guard"
	"github.com/swapline/swapline/runtime/wasm/meter"
	w "github.com/swapline/swapline/runtime/wasm/wasmtest"
)

// moves exports memory.copy as "copy" and memory.fill as "fill", with a memory of
// ten pages.
func moves() []byte {
	body := func(op ...byte) []byte { return w.Body(w.Op(0x20, 0, 0x20, 1, 0x20, 2), op) }
	return w.Module(w.Section(1, w.Vec(w.Func("iii", ""))), w.Section(3, w.Vec(w.U32(0), w.U32(0))), w.Section(5, w.Vec(w.Op(0, 10))),
		w.Section(7, w.Vec(w.Join(w.Name("copy"), w.Op(0, 0)), w.Join(w.Name("fill"), w.Op(0, 1)), w.Join(w.Name("memory"), w.Op(2, 0)))),
		w.Section(10, w.Vec(body(0xfc, 10, 0, 0), body(0xfc, 11, 0))))
}

// TestMovesInPiecesAreMoves compares them with Go's, mostly across the borders of
// pieces and overlapping, and with lengths that do not fit.
func TestMovesInPiecesAreMoves(t *testing.T) {
	const size = 10 * guard.PageSize
	for name, m := range machines(t) {
		t.Run(name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(3, 4))
			h := &host{}
			i := m.start(t, rewrite(t, moves()), h)
			defer i.close()
			want := make([]byte, size)
			for n := range want {
				want[n] = byte(random.Uint32())
			}
			copy(i.memory(), want)
			for range 300 {
				to, from, n := place(random), place(random), place(random)
				export := []string{"copy", "fill"}[random.IntN(2)]
				h.start(i, sliced)
				_, err := i.call(export, []uint64{uint64(to), uint64(from), uint64(n)}, 0)
				if trapped := err != nil; trapped != move(want, export, to, from, n) {
					t.Fatalf("%s(%d, %d, %d) ends with %v", export, to, from, n, err)
				}
				if !bytes.Equal(i.memory(), want) {
					t.Fatalf("%s(%d, %d, %d) leaves another memory", export, to, from, n)
				}
				const call = 1 + 3 + 3 + 16
				if used := h.account.Used(int64(i.get(meter.FuelGlobal))); used != call+int64(n>>3) {
					t.Fatalf("%s(%d, %d, %d) uses %d", export, to, from, n, used)
				}
			}
		})
	}
}

// place is an address or a length near the border of a page.
func place(random *rand.Rand) uint32 {
	if random.IntN(40) == 0 {
		return random.Uint32()
	}
	return uint32(max(0, random.IntN(7)*guard.PageSize+random.IntN(5)-2))
}

// move does in Go what the module does, and reports whether it traps.
func move(memory []byte, export string, to, from, n uint32) (trapped bool) {
	end := uint64(len(memory))
	if uint64(to)+uint64(n) > end || export == "copy" && uint64(from)+uint64(n) > end {
		return true
	}
	if export == "copy" {
		copy(memory[to:to+n], memory[from:from+n])
		return false
	}
	copy(memory[to:to+n], bytes.Repeat([]byte{byte(from)}, int(n)))
	return false
}

// TestMovesAskInBetween: no piece is longer than a page.
func TestMovesAskInBetween(t *testing.T) {
	for name, m := range machines(t) {
		for _, c := range []struct {
			export   string
			to, from uint64
		}{{"fill", 0, 1}, {"copy", 0, 9}, {"copy", 9, 0}} {
			t.Run(fmt.Sprint(name, " ", c.export, " to ", c.to), func(t *testing.T) {
				h := &host{}
				i := m.start(t, rewrite(t, moves()), h)
				defer i.close()
				h.start(i, crumbs)
				if _, err := i.call(c.export, []uint64{c.to, c.from, 9 * guard.PageSize}, 0); err != nil {
					t.Fatal(err)
				}
				if h.ticks < 9 {
					t.Errorf("the host was asked %d times", h.ticks)
				}
			})
		}
	}
}
