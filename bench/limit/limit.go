// Package limit is a strategy that does next to nothing, so that what is around it
// can be measured to the nanosecond.
package limit

import (
	"context"

	"github.com/swapline/swapline/abi"
)

type strategy struct{ max int64 }

// New is the constructor.
func New(abi.Host) (abi.Strategy, error) { return &strategy{max: 100}, nil }

// Execute says whether an amount is below the limit. It may not be inlined into a
// direct call, where its answer would stay on the stack.
//
//go:noinline
func (s *strategy) Execute(_ context.Context, in map[string]any) (map[string]any, error) {
	amount, _ := in["amount"].(int64)
	return map[string]any{"approved": amount <= s.max}, nil
}
