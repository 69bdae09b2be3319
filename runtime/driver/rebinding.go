package driver

import (
	"context"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/problem"
)

// Rebinding is an optional interface of instances whose strategy shares the
// memory of this process, so that its points can be rebound and its values can
// be called by others.
type Rebinding interface {
	// Rebinds reports whether the strategy is an [abi.Exposer] or an
	// [abi.Binder].
	Rebinds() bool
	// Claims asks the strategy. The runtime calls it once.
	Claims(ctx context.Context) (Claims, error)
}

// Claims is what a strategy exposes and what it supplies, not checked yet.
type Claims struct {
	Points   []abi.Exposed
	Bindings []abi.Binding
}

// Rebinds is [Rebinding] for a Go strategy.
func Rebinds(s abi.Strategy) bool {
	_, exposes := s.(abi.Exposer)
	_, binds := s.(abi.Binder)
	return exposes || binds
}

// Claims asks a strategy under the rules of [Instance]. A panic is a problem of
// code RebindMalformed.
func (c *Calls) Claims(ctx context.Context, s abi.Strategy) (Claims, error) {
	answer := make(chan Claims, 1)
	o := c.await(ctx, func() (map[string]any, error) {
		var claims Claims
		if e, ok := s.(abi.Exposer); ok {
			claims.Points = e.Points()
		}
		if b, ok := s.(abi.Binder); ok {
			claims.Bindings = b.Bindings()
		}
		answer <- claims
		return nil, nil
	})
	if o.err == nil {
		return <-answer, nil
	}
	if problem.CodeOf(o.err) == problem.Canceled {
		return Claims{}, o.err
	}
	return Claims{}, problem.New(problem.RebindMalformed, "the strategy's Points or Bindings: %w", o.err)
}
