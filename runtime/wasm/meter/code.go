package meter

import "github.com/swapline/swapline/runtime/wasm/guard"

// u32 appends an unsigned LEB128.
func u32(b []byte, n uint32) []byte {
	for ; n > 0x7f; n >>= 7 {
		b = append(b, byte(n)|0x80)
	}
	return append(b, byte(n))
}

// s64 appends a signed LEB128.
func s64(b []byte, n int64) []byte {
	for {
		c := byte(n & 0x7f)
		n >>= 7
		if n == 0 && c&0x40 == 0 || n == -1 && c&0x40 != 0 {
			return append(b, c)
		}
		b = append(b, c|0x80)
	}
}

// sized appends content behind its length.
func sized(b, content []byte) []byte { return append(u32(b, uint32(len(content))), content...) }

// op appends an opcode with an index.
func op(b []byte, code byte, index uint32) []byte { return u32(append(b, code), index) }

// take appends: global -= n. What is left is in the local too.
func take(b []byte, global, local uint32, n int64) []byte {
	b = op(b, opGlobalGet, global)
	b = s64(append(b, opConstI64), n)
	b = append(b, opSub)
	b = op(b, opLocalTee, local)
	return op(b, opGlobalSet, global)
}

// ask appends: if what is on the stack is below zero, call f.
func ask(b []byte, f uint32) []byte {
	b = append(b, opConstI64, 0, opLess, opIf, empty)
	return append(op(b, opCall, f), opEnd)
}

// charge appends the charge of n.
func (w *rewriter) charge(b []byte, n int64) []byte {
	b = take(b, w.fuel(), w.spare(), n)
	return ask(op(b, opLocalGet, w.spare()), w.asking())
}

// enter appends the charge of n and the taking of depth units.
func (w *rewriter) enter(b []byte, n, depth int64) []byte {
	b = take(b, w.fuel(), w.spare(), n)
	b = take(b, w.depth(), w.spare()+1, depth)
	b = op(b, opLocalGet, w.spare())
	b = op(b, opLocalGet, w.spare()+1)
	return ask(append(b, opOr), w.asking())
}

// leave appends the giving back of depth units.
func (w *rewriter) leave(b []byte, depth int64) []byte {
	b = op(b, opGlobalGet, w.depth())
	b = s64(append(b, opConstI64), depth)
	return op(append(b, opAdd), opGlobalSet, w.depth())
}

// helper is a function behind those of the module.
type helper struct {
	signature guard.FuncType
	body      []byte
}

// helpers returns the functions in the order of their indices.
func (w *rewriter) helpers() []helper {
	one := []guard.ValueType{guard.I32}
	three := []guard.ValueType{guard.I32, guard.I32, guard.I32}
	hs := []helper{
		{guard.FuncType{}, w.askingBody()},
		{guard.FuncType{Params: one, Results: one}, w.lengthBody(bytesShift)},
		{guard.FuncType{Params: one, Results: one}, w.lengthBody(0)},
	}
	if w.counts[memories] == 0 {
		return hs
	}
	return append(hs,
		helper{guard.FuncType{Params: one, Results: one}, w.growBody()},
		helper{guard.FuncType{Params: three}, w.moveBody(opMore, memoryFill, 0)},
		helper{guard.FuncType{Params: three}, w.moveBody(opMore, memoryCopy, 0, 0)})
}

// askingBody is func(): fuel = tick(fuel, depth).
func (w *rewriter) askingBody() []byte {
	b := op([]byte{0}, opGlobalGet, w.fuel())
	b = op(b, opGlobalGet, w.depth())
	b = op(b, opCall, w.imported())
	b = op(b, opGlobalSet, w.fuel())
	return append(b, opEnd)
}

// lengthBody is func(n i32) i32: it charges n, shifted to the right, and returns
// n.
func (w *rewriter) lengthBody(shift int64) []byte {
	b := op([]byte{1, 1, byte(guard.I64)}, opGlobalGet, w.fuel())
	b = append(op(b, opLocalGet, 0), opExtend)
	b = append(s64(append(b, opConstI64), shift), opShift, opSub)
	b = op(op(b, opLocalTee, 1), opGlobalSet, w.fuel())
	b = ask(op(b, opLocalGet, 1), w.asking())
	return append(op(b, opLocalGet, 0), opEnd)
}

// growBody is func(pages i32) i32: memory.grow that charges for what it got.
func (w *rewriter) growBody() []byte {
	b := append(op([]byte{2, 1, byte(guard.I32), 1, byte(guard.I64)}, opLocalGet, 0), opGrow, 0)
	b = append(op(b, opLocalTee, 1), opConstI32, 0x7f, opNotEqual, opIf, empty)
	b = append(op(op(b, opGlobalGet, w.fuel()), opLocalGet, 0), opExtend)
	b = append(s64(append(b, opConstI64), pageFuel), opMul, opSub)
	b = op(op(b, opLocalTee, 2), opGlobalSet, w.fuel())
	b = append(ask(op(b, opLocalGet, 2), w.asking()), opEnd)
	return append(op(b, opLocalGet, 1), opEnd)
}

// moveBody is func(i32, i32, n i32): memory.fill or memory.copy that charges for
// n bytes. Engines make much code of these two, so it stands here once.
func (w *rewriter) moveBody(instruction ...byte) []byte {
	b := op(op([]byte{0}, opLocalGet, 0), opLocalGet, 1)
	b = op(op(b, opLocalGet, 2), opCall, w.chargingBytes())
	return append(append(b, instruction...), opEnd)
}
