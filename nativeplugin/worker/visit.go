package worker

import (
	"context"
	"sync"

	"github.com/swapline/swapline/runtime/capability"
)

// visit is the call of a strategy that a slot carries, for the host functions that
// the strategy calls meanwhile.
type visit struct {
	mu   sync.Mutex
	id   uint64 // guarded by mu, as is all below; 0 is none
	ctx  context.Context
	call *capability.Call
}

func (v *visit) begin(ctx context.Context, id uint64, call *capability.Call) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.id, v.ctx, v.call = id, ctx, call
}

func (v *visit) end() { v.begin(context.Background(), 0, nil) }

// find returns what belongs to the call; a nil Call for one that has ended.
func (v *visit) find(id uint64) (context.Context, *capability.Call) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if id == 0 || v.id != id {
		return context.Background(), nil
	}
	return v.ctx, v.call
}
