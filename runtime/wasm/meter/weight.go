package meter

import "github.com/swapline/swapline/runtime/wasm/guard"

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
	piece      = guard.PageSize // bytes that are moved at once
)

// weight is what an instruction costs. Ends and elses are no instructions.
func weight(i guard.Instruction) int64 {
	switch i.Op {
	case opEnd, opElse:
		return 0
	case opBlock, opLoop, opIf:
		return 1 + int64(len(i.Block.Params)+len(i.Block.Results))
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
	case i.Op == opConvertF32:
		return w.convertingF32(), true
	case i.Op == opConvertF64:
		return w.convertingF64(), true
	case i.Op == opGrow:
		return w.growing(), true
	case i.Op == opMore && i.More == memoryFill:
		return w.filling(), true
	case i.Op == opMore && i.More == memoryCopy:
		return w.copying(), true
	}
	return 0, false
}
