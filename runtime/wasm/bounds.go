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

func boundsOf(l manifest.Limits, memory int64) bounds {
	return bounds{
		memory:       uint32(memory),
		instructions: l.Instructions,
		depth:        min(positive(l.CallDepth, meter.MaxDepth), meter.MaxDepth),
		output:       uint32(min(positive(l.OutputBytes, math.MaxInt64), int64(wire.DefaultLimits().Bytes))),
	}
}
