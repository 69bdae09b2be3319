package wasm

import (
	"math"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/wasm/meter"
)

// bounds are the limits of one call, from the manifest or the host's own.
type bounds struct {
	memory       uint32 // bytes of memory
	instructions int64  // 0 means no limit
	depth        int64  // stack, in units of package meter
	output       uint32 // bytes of an answer without its status
}

// defaultDepth is the stack of a call whose manifest states nothing: some 8 MB,
// ten times what other hosts give. Engines grow a stack by copying it, and one
// four times as large keeps everybody waiting for 60 ms.
const defaultDepth = 1 << 20

func boundsOf(l manifest.Limits, memory int64) bounds {
	return bounds{
		memory:       uint32(memory),
		instructions: l.Instructions,
		depth:        min(positive(l.CallDepth, defaultDepth), meter.MaxDepth),
		output:       uint32(min(positive(l.OutputBytes, math.MaxInt64), int64(wire.DefaultLimits().Bytes))),
	}
}
