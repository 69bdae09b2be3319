package nativeplugin

import (
	"context"

	"github.com/swapline/swapline/runtime/driver"
)

// Quarantine lets the child alone judge a file, without the pre-flight before it.
func (d *Driver) Quarantine(ctx context.Context, spec driver.Spec) error {
	_, err := d.probe(ctx, spec)
	return err
}
