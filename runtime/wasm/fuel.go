package wasm

import (
	"context"

	"github.com/swapline/swapline/runtime/wasm/meter"
)

// fuel bounds the calls that a guest makes for one request: all of them share
// one budget of instructions and one context.
type fuel struct {
	ctx     context.Context
	account meter.Account
}

// begin starts a request that may use limit instructions; 0 means any number. It
// returns the fuel that the module must be given.
func (f *fuel) begin(ctx context.Context, limit int64) int64 {
	f.ctx = ctx
	return f.account.Begin(limit)
}

// tick is called by metered code whenever a slice of fuel is used up.
func (f *fuel) tick(left, depth int64) (int64, error) {
	if f.ctx.Err() != nil {
		return 0, ErrInterrupted
	}
	return f.account.Tick(left, depth)
}

func tickImport(h *Host, _ Memory, stack []uint64) error {
	granted, err := h.fuel.tick(int64(stack[0]), int64(stack[1]))
	stack[0] = uint64(granted)
	return err
}
