package compare

import (
	"runtime"
	"time"
)

// clock reads how much time has passed since it was made.
type clock struct {
	now  func() time.Duration
	wait func(time.Duration)
}

func newClock(now func() time.Time, wait func(time.Duration)) clock {
	c := clock{wait: wait}
	if now == nil {
		base := time.Now()
		c.now = func() time.Duration { return time.Since(base) } // reads the monotonic clock only
	} else {
		base := now()
		c.now = func() time.Duration { return now().Sub(base) }
	}
	if wait == nil {
		c.wait = c.turn
	}
	return c
}

// imprecise is by how much a timer of the operating system may be late.
const imprecise = 1500 * time.Microsecond

// turn sleeps for what a timer is good for and turns for the rest, letting others
// run in between.
func (c clock) turn(d time.Duration) {
	until := c.now() + d
	if d > imprecise {
		time.Sleep(d - imprecise)
	}
	for c.now() < until {
		runtime.Gosched()
	}
}

// reading is what one reading of the clock costs, at best.
func (c clock) reading() time.Duration {
	const times = 64
	best := time.Hour
	for range 16 {
		begin := c.now()
		for range times - 1 {
			c.now()
		}
		best = min(best, (c.now()-begin)/times)
	}
	return best
}
