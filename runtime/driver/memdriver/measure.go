package memdriver

import (
	"context"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/problem"
)

// ExecuteDivided implements driver.Divided.
func (i *instance) ExecuteDivided(ctx context.Context, in map[string]any, p *driver.Parts) (map[string]any, error) {
	if i.closed.Load() {
		return nil, driver.Faultf(problem.FaultABI, "execute on a closed instance")
	}
	return i.calls.ExecuteDivided(ctx, i.strategy, in, p)
}

// Strategy implements driver.Bare.
func (i *instance) Strategy() abi.Strategy { return i.strategy }

// Starts implements driver.Started. To compile is to find the constructor.
func (i *instance) Starts() driver.Starts { return i.starts }

// House implements driver.Housed: there is neither engine nor isolation.
func (i *instance) House() (engine, isolation string) { return "", "" }

var (
	_ driver.Divided = (*instance)(nil)
	_ driver.Bare    = (*instance)(nil)
	_ driver.Started = (*instance)(nil)
	_ driver.Housed  = (*instance)(nil)
)
