package driver

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/swapline/swapline/abi"
)

// ExecuteDivided is Execute, the same way, and says where the time went: in the
// strategy, in bringing the answer into the wire domain, and, for the rest, in going
// over to the strategy's goroutine and back.
func (c *Calls) ExecuteDivided(ctx context.Context, s abi.Strategy, in map[string]any, p *Parts) (map[string]any, error) {
	began := time.Now()
	t := &timed{strategy: s}
	_, err := c.Execute(ctx, t, in)
	whole := time.Since(began)
	took := t.took.Load() // nil if it has not returned
	if took != nil {
		p.Strategy += took.strategy
		p.Encoding += took.encoding
		p.Boundary += whole - took.strategy - took.encoding
	}
	if err != nil {
		return nil, err
	}
	return took.out, nil
}

// timed is a strategy with a watch. It brings the answer into the wire domain
// itself, and leaves to Calls an empty one, for which that takes no time.
type timed struct {
	strategy abi.Strategy
	took     atomic.Pointer[took]
}

// took is what one call of a timed strategy came to.
type took struct {
	out                map[string]any
	strategy, encoding time.Duration
}

// Execute implements abi.Strategy.
func (t *timed) Execute(ctx context.Context, in map[string]any) (map[string]any, error) {
	began := time.Now()
	out, err := t.strategy.Execute(ctx, in)
	done := &took{strategy: time.Since(began)}
	defer t.took.Store(done)
	if err != nil {
		return nil, err
	}
	var unfit error
	done.out, unfit = answer(out)
	done.encoding = time.Since(began) - done.strategy
	if unfit != nil {
		return out, nil // for Calls to refuse
	}
	return nil, nil
}
