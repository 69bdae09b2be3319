package faultdriver

import (
	"context"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/problem"
)

// ExecuteDivided implements driver.Divided. What the inner one does not tell stays unknown.
func (i *instance) ExecuteDivided(ctx context.Context, in map[string]any, p *driver.Parts) (map[string]any, error) {
	if i.driver.fail() {
		return nil, driver.Faultf(problem.FaultTrap, "injected failure of execute")
	}
	if inner, ok := i.Instance.(driver.Divided); ok {
		return inner.ExecuteDivided(ctx, in, p)
	}
	return i.Instance.Execute(ctx, in)
}

// Strategy implements driver.Bare; nil if there is none.
func (i *instance) Strategy() abi.Strategy {
	if inner, ok := i.Instance.(driver.Bare); ok {
		return inner.Strategy()
	}
	return nil
}

// Starts implements driver.Started.
func (i *instance) Starts() (s driver.Starts) {
	if inner, ok := i.Instance.(driver.Started); ok {
		s = inner.Starts()
	}
	return s
}

// House implements driver.Housed.
func (i *instance) House() (engine, isolation string) {
	if inner, ok := i.Instance.(driver.Housed); ok {
		engine, isolation = inner.House()
	}
	return engine, isolation
}

var (
	_ driver.Divided = (*instance)(nil)
	_ driver.Bare    = (*instance)(nil)
	_ driver.Started = (*instance)(nil)
	_ driver.Housed  = (*instance)(nil)
)
