//go:build !linux

package compare

import "time"

// pause lets time pass.
func pause(d time.Duration) { time.Sleep(d) }
