package meter

import "github.com/swapline/swapline/runtime/wasm/guard"

// Indices of the added functions.

func (w *rewriter) asking() uint32          { return w.counts[imports] + 1 + w.counts[functions] }
func (w *rewriter) chargingBytes() uint32   { return w.asking() + 1 }
func (w *rewriter) chargingEntries() uint32 { return w.asking() + 2 }
func (w *rewriter) convertingF32() uint32   { return w.asking() + 3 }
func (w *rewriter) convertingF64() uint32   { return w.asking() + 4 }
func (w *rewriter) growing() uint32         { return w.asking() + 5 }
func (w *rewriter) filling() uint32         { return w.asking() + 6 }
func (w *rewriter) copying() uint32         { return w.asking() + 7 }

// helper is a function behind those of the module.
type helper struct {
	signature guard.FuncType
	body      []byte
}

// helpers returns the functions in the order of their indices.
func (w *rewriter) helpers() []helper {
	list := func(ts ...guard.ValueType) []guard.ValueType { return ts }
	length := guard.FuncType{Params: list(guard.I32), Results: list(guard.I32)}
	move := guard.FuncType{Params: list(guard.I32, guard.I32, guard.I32)}
	hs := []helper{
		{guard.FuncType{}, w.askingBody()},
		{length, w.lengthBody(bytesShift)},
		{length, w.lengthBody(0)},
		{guard.FuncType{Params: list(guard.I64), Results: list(guard.F32)}, convertBody(opConvertF32)},
		{guard.FuncType{Params: list(guard.I64), Results: list(guard.F64)}, convertBody(opConvertF64)},
	}
	if w.counts[memories] == 0 {
		return hs
	}
	return append(hs, helper{length, w.growBody()}, helper{move, w.fillBody()}, helper{move, w.copyBody()})
}

// askingBody is func(): fuel = tick(fuel, depth).
func (w *rewriter) askingBody() []byte {
	b := op([]byte{0}, opGlobalGet, w.fuel())
	b = op(b, opGlobalGet, w.depth())
	b = op(b, opCall, w.imported())
	b = op(b, opGlobalSet, w.fuel())
	return append(b, opEnd)
}

// ask appends: if what is on the stack is below zero, ask the host.
func (w *rewriter) ask(b []byte) []byte {
	b = append(b, opConstI64, 0, opLess, opIf, empty)
	return append(op(b, opCall, w.asking()), opEnd)
}

// lengthBody is func(n i32) i32: it charges n, shifted to the right, and returns
// n.
func (w *rewriter) lengthBody(shift int64) []byte {
	b := op([]byte{1, 1, byte(guard.I64)}, opGlobalGet, w.fuel())
	b = append(op(b, opLocalGet, 0), opExtend)
	b = append(s64(append(b, opConstI64), shift), opShift, opSub)
	b = op(op(b, opLocalTee, 1), opGlobalSet, w.fuel())
	b = w.ask(op(b, opLocalGet, 1))
	return append(op(b, opLocalGet, 0), opEnd)
}

// convertBody is func(n i64) float: one instruction.
func convertBody(instruction byte) []byte {
	return append(op([]byte{0}, opLocalGet, 0), instruction, opEnd)
}

// growBody is func(pages i32) i32: memory.grow that charges for what it got.
func (w *rewriter) growBody() []byte {
	b := append(op([]byte{2, 1, byte(guard.I32), 1, byte(guard.I64)}, opLocalGet, 0), opGrow, 0)
	b = append(op(b, opLocalTee, 1), opConstI32, 0x7f, opNotEqual, opIf, empty)
	b = append(op(op(b, opGlobalGet, w.fuel()), opLocalGet, 0), opExtend)
	b = append(s64(append(b, opConstI64), pageFuel), opMul, opSub)
	b = op(op(b, opLocalTee, 2), opGlobalSet, w.fuel())
	b = append(w.ask(op(b, opLocalGet, 2)), opEnd)
	return append(op(b, opLocalGet, 1), opEnd)
}

// Parameters of the functions that move bytes.
const (
	to     = 0
	from   = 1 // or the byte to fill with
	length = 2
)

// fillBody is func(to, value, n i32): memory.fill in pieces, so that the host is
// asked between them. Engines make much code of it, so it stands here once.
func (w *rewriter) fillBody() []byte {
	instruction := []byte{opMore, memoryFill, 0}
	b := append(large([]byte{0}, to), opIf, empty)
	b = w.piece(append(b, opLoop, empty), instruction, nil)
	b = more(advance(b, to, opAddI32))
	return w.rest(append(b, opEnd), instruction)
}

// copyBody is func(to, from, n i32): memory.copy in pieces, from the front if
// the target is below the source, otherwise from the back.
func (w *rewriter) copyBody() []byte {
	instruction := []byte{opMore, memoryCopy, 0, 0}
	b := append(large([]byte{0}, to, from), opIf, empty)
	b = append(op(op(b, opLocalGet, to), opLocalGet, from), opNotAboveI32, opIf, empty)
	b = w.piece(append(b, opLoop, empty), instruction, nil)
	b = more(advance(advance(b, to, opAddI32), from, opAddI32))
	last := append(s64(append(op(nil, opLocalGet, length), opConstI32), piece), opSubI32, opAddI32)
	b = w.piece(append(b, opElse, opLoop, empty), instruction, last)
	return w.rest(append(more(b), opEnd, opEnd), instruction)
}

// large appends whether there is more than one piece to move and all of it is
// inside of the memory: what is not must trap before anything was moved.
func large(b []byte, pointers ...uint32) []byte {
	b = append(s64(append(op(b, opLocalGet, length), opConstI32), piece), opAboveI32)
	for _, p := range pointers {
		b = append(op(b, opLocalGet, p), opExtend)
		b = append(op(b, opLocalGet, length), opExtend, opAdd, opMemorySize, 0, opExtend)
		b = append(s64(append(b, opConstI64), guard.PageSize), opMul, opNotAbove, opAndI32)
	}
	return b
}

// piece appends the charge and the move of one piece. What offset computes is
// added to the pointers.
func (w *rewriter) piece(b, instruction, offset []byte) []byte {
	b = append(op(b, opLocalGet, to), offset...)
	b = append(op(b, opLocalGet, from), offset...)
	b = op(s64(append(b, opConstI32), piece), opCall, w.chargingBytes())
	return append(b, instruction...)
}

// more appends: the length is one piece less; again if it is more than one; the
// end of the loop.
func more(b []byte) []byte {
	b = op(advance(b, length, opSubI32), opLocalGet, length)
	return append(s64(append(b, opConstI32), piece), opAboveI32, opBranchIf, 0, opEnd)
}

// advance appends: the local is one piece more, or less.
func advance(b []byte, local uint32, by byte) []byte {
	b = s64(append(op(b, opLocalGet, local), opConstI32), piece)
	return op(append(b, by), opLocalSet, local)
}

// rest appends the move of what is left and the end of the function.
func (w *rewriter) rest(b, instruction []byte) []byte {
	b = op(op(b, opLocalGet, to), opLocalGet, from)
	b = op(op(b, opLocalGet, length), opCall, w.chargingBytes())
	return append(append(b, instruction...), opEnd)
}
