package wasm

import (
	"context"
	"runtime"
	"time"

	"github.com/swapline/swapline/runtime/wasm/meter"
)

// fuel bounds the calls that a guest makes for one request: all of them share
// one budget of instructions and one context.
type fuel struct {
	ctx     context.Context // nil between requests
	account meter.Account
	since   time.Time // when others last had their turn; zero before the first tick
}

// turn is how long a guest runs before other goroutines have theirs. Go cannot
// interrupt the machine code of a guest, and asks for its place only after 10 ms.
const turn = time.Millisecond

// begin starts a request that may use limit instructions; 0 means any number. It
// returns the fuel that the module must be given.
func (f *fuel) begin(ctx context.Context, limit int64) int64 {
	f.ctx, f.since = ctx, time.Time{}
	return f.account.Begin(limit)
}

// tick is called by metered code whenever a slice of fuel is used up.
func (f *fuel) tick(left, depth int64) (int64, error) {
	if f.ctx.Err() != nil {
		return 0, ErrInterrupted
	}
	f.yield(time.Now())
	return f.account.Tick(left, depth)
}

// yield lets others run once in a turn.
func (f *fuel) yield(now time.Time) {
	if !f.since.IsZero() && now.Sub(f.since) < turn {
		return
	}
	if !f.since.IsZero() {
		runtime.Gosched()
	}
	f.since = now
}

func tickImport(h *Host, _ Memory, stack []uint64) error {
	granted, err := h.fuel.tick(int64(stack[0]), int64(stack[1]))
	stack[0] = uint64(granted)
	return err
}
