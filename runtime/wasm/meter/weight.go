package meter

import "github.com/swapline/swapline/runtime/wasm/guard"

// Opcodes with a meaning here.
const (
	opBlock     = 0x02
	opLoop      = 0x03
	opIf        = 0x04
	opElse      = 0x05
	opEnd       = 0x0b
	opBranch    = 0x0c
	opReturn    = 0x0f
	opCall      = 0x10
	opIndirect  = 0x11
	opLocalGet  = 0x20
	opLocalTee  = 0x22
	opGlobalGet = 0x23
	opGlobalSet = 0x24
	opGrow      = 0x40
	opConstI32  = 0x41
	opConstI64  = 0x42
	opNotEqual  = 0x47
	opMore      = 0xfc
	opRefFunc   = 0xd2
	opLess      = 0x53 // i64.lt_s
	opAdd       = 0x7c
	opSub       = 0x7d
	opMul       = 0x7e
	opOr        = 0x84
	opShift     = 0x88 // i64.shr_u
	opExtend    = 0xad // i64.extend_i32_u
	empty       = 0x40 // block type
)

// Weights of instructions for which an engine leaves its machine code.
const (
	weightImport = 64 // call of an imported function
	weightHost   = 64 // ref.func, memory.grow, table.grow
	weightBulk   = 16 // memory and table instructions, besides their lengths
)

// Units that lengths are charged in.
const (
	bytesShift = 3 // bytes: eight of them cost one
	pageFuel   = guard.PageSize >> bytesShift
)

// weight is what an instruction costs. Ends and elses are no instructions.
func weight(i guard.Instruction) int64 {
	switch i.Op {
	case opEnd, opElse:
		return 0
	case opBlock, opLoop, opIf:
		return 1 + int64(i.Arity)
	case opRefFunc, opGrow:
		return weightHost
	case opMore:
		return weightMore(i.More)
	}
	return 1
}

// weightMore is the weight of what stands behind the prefix 0xfc.
func weightMore(op uint32) int64 {
	switch op {
	case memoryInit, memoryCopy, memoryFill, tableInit, tableCopy, tableFill:
		return weightBulk
	case tableGrow:
		return weightHost
	}
	return 1
}

// Second opcodes of instructions with a length.
const (
	memoryInit = 8
	memoryCopy = 10
	memoryFill = 11
	tableInit  = 12
	tableCopy  = 14
	tableGrow  = 15
	tableFill  = 17
)

// charging returns the index of the function that charges for the length on top of
// the stack, if the instruction has one and stays where it is.
func (w *rewriter) charging(i guard.Instruction) (f uint32, charged bool) {
	if i.Op != opMore {
		return 0, false
	}
	switch i.More {
	case memoryInit:
		return w.chargingBytes(), true
	case tableInit, tableCopy, tableFill, tableGrow:
		return w.chargingEntries(), true
	}
	return 0, false
}

// instead returns the index of the function that stands for the instruction, if
// there is one.
func (w *rewriter) instead(i guard.Instruction) (f uint32, replaced bool) {
	switch {
	case i.Op == opGrow:
		return w.growing(), true
	case i.Op == opMore && i.More == memoryFill:
		return w.filling(), true
	case i.Op == opMore && i.More == memoryCopy:
		return w.copying(), true
	}
	return 0, false
}
