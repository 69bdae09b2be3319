// Command dice is a strategy that answers what nobody can foretell: the time, a
// duration, random bytes, and what the call before has left in the state. It also
// emits what it answers.
package main

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/swapline/swapline/abi"
	guest "github.com/swapline/swapline/guests/go"
)

type dice struct{ host abi.Host }

// NewStrategy is the constructor.
func NewStrategy(h abi.Host) (abi.Strategy, error) { return dice{h}, nil }

// Execute rolls.
func (d dice) Execute(ctx context.Context, in map[string]any) (map[string]any, error) {
	start := time.Now()
	b := make([]byte, 8)
	if _, err := rand.Read(b); err != nil {
		return nil, err
	}
	state := d.host.(abi.State)
	last, _, err := state.Get(ctx, "last")
	if err != nil {
		return nil, err
	}
	if err := state.Put(ctx, "last", b); err != nil {
		return nil, err
	}
	out := map[string]any{"bytes": b, "last": last, "now": d.host.Now().UnixNano(), "wall": start.UnixNano(), "took": int64(time.Since(start))}
	return out, d.host.(abi.Emitter).Emit(ctx, "rolled", out)
}

var _ = guest.Register(NewStrategy)

func main() {}
