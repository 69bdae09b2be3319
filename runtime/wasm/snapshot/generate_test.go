package snapshot_test

import (
	"math/rand/v2"

	w "github.com/swapline/swapline/runtime/wasm/wasmtest"
)

// generate makes a module with data that overlaps, touches, is empty or does
// not fit, with mutable globals of all types, and functions that read and write
// all of that. Some have a start function.
func generate(seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 7))
	pages := 1 + r.IntN(3)
	sections := [][]byte{
		w.Section(1, w.Vec(w.Func("i", "i"), w.Func("", ""))),
		w.Section(3, w.Vec(w.U32(0), w.U32(0), w.U32(1))),
		w.Section(5, w.Vec(w.Op(1, byte(pages), byte(pages+r.IntN(3))))),
		w.Section(6, w.Vec(generatedGlobals(r)...)),
		w.Section(7, w.Vec(
			w.Join(w.Name("peek"), w.Op(0, 0)), w.Join(w.Name("poke"), w.Op(0, 1)), w.Join(w.Name("count"), w.Op(3, 0)),
			w.Join(w.Name("memory"), w.Op(2, 0)))),
	}
	if r.IntN(2) == 0 {
		sections = append(sections, w.Section(8, w.Op(2)))
	}
	at := w.I32(int32(r.IntN(pages * 65536)))
	peek := w.Join(at, w.Op(0x2d, 0, 0), w.Op(0x23, 0, 0x6a))
	poke := w.Join(
		w.Op(0x23, 0), w.I32(1), w.Op(0x6a, 0x24, 0),
		w.Op(0x23, 1), w.I64(int64(r.Uint64())), w.Op(0x7c, 0x24, 1),
		w.Op(0x23, 2, 0x8c, 0x24, 2), // f32.neg
		w.Op(0x23, 3, 0x9a, 0x24, 3), // f64.neg
		at, w.Op(0x23, 0, 0x3a, 0, 0),
		w.I32(int32(r.IntN(2))), w.Op(0x40, 0), // memory.grow
	)
	start := w.Join(at, w.Op(0x2d, 0, 0), w.Op(0x24, 0), at, w.I32(9), w.Op(0x3a, 0, 0))
	sections = append(sections, w.Section(10, w.Vec(w.Body(peek), w.Body(poke), w.Body(start))))
	return w.Module(append(sections, w.Section(11, w.Vec(generatedData(r, pages*65536)...)))...)
}

func generatedGlobals(r *rand.Rand) [][]byte {
	return [][]byte{
		w.Join(w.Op(0x7f, 1), w.I32(r.Int32()), w.Op(0x0b)),
		w.Join(w.Op(0x7e, 1), w.I64(-r.Int64()), w.Op(0x0b)),
		w.Op(0x7d, 1, 0x43, 1, 2, 3, 0x0b, 0x0b),
		w.Op(0x7c, 1, 0x44, 1, 2, 3, 4, 5, 6, 7, 0x40, 0x0b),
		w.Join(w.Op(0x7f, 0), w.I32(r.Int32()), w.Op(0x0b)),
		w.Op(0x70, 0, 0xd2, 0, 0x0b),
		w.Op(0x70, 0, 0xd0, 0x70, 0x0b),
	}
}

func generatedData(r *rand.Rand, size int) (segments [][]byte) {
	at := 0
	for range r.IntN(60) {
		b := make([]byte, r.IntN(50))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		switch r.IntN(12) {
		case 0:
			at = r.IntN(size)
		case 1:
			at = max(at-r.IntN(60), 0)
		case 2:
			at = size - len(b)
		case 3:
			if r.IntN(40) == 0 {
				at = size - len(b) + 1
			}
		default:
			at = (at + r.IntN(60)) % (size - 50)
		}
		form := w.U32(0)
		if r.IntN(3) == 0 {
			form = w.U32(2)
			form = append(form, 0)
		}
		segments = append(segments, w.Join(form, w.I32(int32(at)), w.Op(0x0b), w.Sized(b)))
		if r.IntN(10) == 0 {
			segments = append(segments, w.Join(w.U32(1), w.Sized(b)))
		}
		at += len(b)
	}
	return segments
}
