package nativeplugin

import (
	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/manifest"
)

// Constructor returns the constructor of an open plugin by its artifact's digest,
// nil if it is not open. What it makes is called without any of the runtime's
// protection: it is for measuring what that protection costs.
func (d *Driver) Constructor(artifact manifest.Digest) abi.Constructor {
	d.mu.Lock()
	defer d.mu.Unlock()
	if o := d.mu.open[artifact]; o != nil {
		return o.construct
	}
	return nil
}
