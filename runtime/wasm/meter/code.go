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

// give appends: global += n.
func give(b []byte, global uint32, n int64) []byte {
	b = op(b, opGlobalGet, global)
	b = s64(append(b, opConstI64), n)
	return op(append(b, opAdd), opGlobalSet, global)
}

// charge appends the charge of n at the header of a loop that takes parameters.
// If fuel is short, the host is asked, and the loop begins once more: a branch
// back is what keeps engines from making room for the call where fuel is not
// short.
func (w *rewriter) charge(b []byte, n int64, params []guard.ValueType) []byte {
	b = take(b, w.fuel(), w.fuelLeft(), n)
	b = w.unless(op(b, opLocalGet, w.fuelLeft()), params)
	return append(give(b, w.fuel(), n), opBranch, 1, opEnd)
}

// unless appends: if what is on the stack is below zero, ask the host and. What
// follows is the rest of that part; it must not be left through its end.
func (w *rewriter) unless(b []byte, params []guard.ValueType) []byte {
	b = append(b, opConstI64, 0, opNotLess, opIf)
	b = w.blockType(b, guard.FuncType{Params: params, Results: params})
	return op(append(b, opElse), opCall, w.asking())
}

// enter appends the charge of n at the entry of a function, or anywhere else: what
// is on the stack stays there.
func (w *rewriter) enter(b []byte, n int64) []byte {
	return append(w.charge(append(b, opLoop, empty), n, nil), opEnd)
}

// descend appends the charge of n and the taking of depth units.
func (w *rewriter) descend(b []byte, n, depth int64) []byte {
	b = take(append(b, opLoop, empty), w.fuel(), w.fuelLeft(), n)
	b = take(b, w.depth(), w.depthLeft(), depth)
	b = op(op(b, opLocalGet, w.fuelLeft()), opLocalGet, w.depthLeft())
	b = w.unless(append(b, opOr), nil)
	b = give(give(b, w.fuel(), n), w.depth(), depth)
	return append(b, opBranch, 1, opEnd, opEnd)
}

// orZero appends: or 0, in front of a comparison, see the package comment.
func orZero(b []byte, comparison byte) []byte {
	if comparison < opLess {
		return append(b, opConstI32, 0, opOrI32)
	}
	return append(b, opConstI64, 0, opOr)
}

// choose appends a select of floats as one of integers, see the package comment.
func (w *rewriter) choose(b []byte, t guard.ValueType) []byte {
	toBits, fromBits := byte(opBitsF32), byte(opFloatI32)
	if t == guard.F64 {
		toBits, fromBits = opBitsF64, opFloatI64
	}
	b = op(op(b, opLocalSet, w.condition()), opLocalSet, w.second(t))
	b = append(op(append(b, toBits), opLocalGet, w.second(t)), toBits)
	return append(op(b, opLocalGet, w.condition()), opSelect, fromBits)
}
