package mutants

import w "github.com/swapline/swapline/runtime/wasm/wasmtest"

// padded is a number in the longest form. One changed byte of it makes a count
// or size huge without moving anything else, which is what hurts decoders.
func padded(n byte) []byte { return w.Op(n|0x80, 0x80, 0x80, 0x80, 0) }

// builtin has every section and the instructions with immediates.
func builtin() []byte {
	code := w.Join(
		w.Op(0x02, 0x40, 0x03, 0x40, 0x20, 0, 0x0d, 1, 0x0c, 0, 0x0b, 0x0b),
		w.I32(1), w.Op(0x04, 0x7f), w.I32(2), w.Op(0x05), w.I32(3), w.Op(0x0b, 0x1a),
		w.Op(0x02, 0x40, 0x20, 0, 0x0e), padded(1), w.Op(0, 0, 0x0b),
		w.I32(8), w.I64(-5), w.Op(0x37, 3, 8), w.I32(8), w.Op(0x29, 3, 0, 0x1a),
		w.I32(0), w.I32(0), w.I32(3), w.Op(0xfc, 8, 1, 0, 0xfc, 9, 1),
		w.Op(0x23, 0, 0x24, 0, 0x3f, 0, 0x1a, 0xd0, 0x70, 0xd1, 0x1a),
		w.I32(0), w.Op(0x11, 1, 0, 0x20, 0, 0x21, 1, 0x43, 0, 0, 0, 0, 0xfc, 0, 0x1a),
		w.I32(7), w.Op(0x10, 1, 0x1a),
	)
	return w.Module(
		w.Section(1, w.Vec(w.Func("i", "i"), w.Func("", ""), w.Func("ii", "I"))),
		w.Section(3, w.Vec(w.U32(1), w.U32(0), w.U32(1))),
		w.Section(4, padded(1), w.Op(0x70, 1), padded(2), padded(4)),
		w.Section(5, w.Op(1, 1), padded(1), padded(2)),
		w.Section(6, w.Vec(w.Join(w.Op(0x7f, 1), w.I32(9), w.Op(0x0b)), w.Join(w.Op(0x7e, 0), w.I64(9), w.Op(0x0b)))),
		w.Section(7, w.Vec(w.Join(w.Name("memory"), w.Op(2, 0)), w.Join(w.Name("f"), w.Op(0, 0)))),
		w.Section(8, w.U32(2)),
		w.Section(9, w.Vec(w.Join(w.U32(0), w.I32(0), w.Op(0x0b), w.Vec(w.U32(0), w.U32(1))))),
		w.Section(12, w.U32(2)),
		w.Section(10, w.Vec(w.BodyWith(w.Join(w.Op(1), padded(3), w.Op(0x7f)), code), w.Body(w.Op(0x20, 0)), w.Body())),
		w.Section(11, w.Vec(w.Join(w.U32(0), w.I32(16), w.Op(0x0b), w.Name("hello")), w.Join(w.U32(1), padded(3), w.Op('a', 'b', 'c')))),
		w.Section(0, w.Name("name"), w.Op(1), w.Sized(padded(1), w.U32(0), w.Name("f"))),
	)
}
