//go:build !linux

package compare

import "time"

// imprecise is by how much a timer may be late.
const imprecise = 1500 * time.Microsecond

// alarm sleeps by the timers of the Go runtime.
type alarm struct{}

func (*alarm) sleep(d time.Duration) { time.Sleep(d) }
func (*alarm) close()                {}
