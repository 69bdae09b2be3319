package memdriver

import (
	"context"

	"github.com/swapline/swapline/runtime/driver"
)

// Rebinds implements driver.Rebinding.
func (i *instance) Rebinds() bool { return driver.Rebinds(i.strategy) }

// Claims implements driver.Rebinding.
func (i *instance) Claims(ctx context.Context) (driver.Claims, error) {
	return i.calls.Claims(ctx, i.strategy)
}

var _ driver.Rebinding = (*instance)(nil)
