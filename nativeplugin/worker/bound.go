package worker

import (
	"runtime/debug"

	"github.com/swapline/swapline/runtime/child"
)

// bound bounds the memory of this process: the collector works harder when nine
// tenths of it are used, and what would take more than all of it ends the
// process. 0 is no bound.
func bound(memory int64) error {
	if memory > 0 {
		debug.SetMemoryLimit(memory / 10 * 9)
	}
	return child.Limits{Data: memory}.Apply()
}
