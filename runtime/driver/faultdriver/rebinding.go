package faultdriver

import (
	"context"

	"github.com/swapline/swapline/runtime/driver"
)

// Rebinds implements driver.Rebinding; it is no operation.
func (i *instance) Rebinds() bool {
	in, ok := i.Instance.(driver.Rebinding)
	return ok && in.Rebinds()
}

// Claims implements driver.Rebinding. It is an operation only if the strategy
// claims anything.
func (i *instance) Claims(ctx context.Context) (driver.Claims, error) {
	in, ok := i.Instance.(driver.Rebinding)
	if !ok || !in.Rebinds() {
		return driver.Claims{}, nil
	}
	if i.driver.fail() {
		return driver.Claims{}, injected("claims")
	}
	return in.Claims(ctx)
}

var _ driver.Rebinding = (*instance)(nil)
