package compare

import (
	"runtime"
	"time"
)

// clock reads how much time has passed since it was made.
type clock struct {
	now  func() time.Duration
	wait func(time.Duration) // instead of waiting; nil is the real thing
}

func newClock(now func() time.Time, wait func(time.Duration)) clock {
	if now == nil {
		base := time.Now()
		return clock{func() time.Duration { return time.Since(base) }, wait} // reads the monotonic clock only
	}
	base := now()
	return clock{func() time.Duration { return now().Sub(base) }, wait}
}

// rest lets the threads of the process come to rest. Where somebody else lets time pass
// there is nothing to wait for.
func (c clock) rest(d time.Duration) {
	if c.wait == nil {
		pause(d)
	}
}

// sleeper lets time pass for one goroutine. close it.
type sleeper struct {
	clock clock
	alarm alarm
}

// sleep sleeps until shortly before the time is over and turns for the rest, letting
// others run in between. Whoever turns for long has used up what the system grants a
// thread when the moment comes, and is interrupted then; who slept is let in first.
func (s *sleeper) sleep(d time.Duration) {
	if s.clock.wait != nil {
		s.clock.wait(d)
		return
	}
	until := s.clock.now() + d
	if d > imprecise {
		s.alarm.sleep(d - imprecise)
	}
	for s.clock.now() < until {
		runtime.Gosched()
	}
}

func (s *sleeper) close() { s.alarm.close() }

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
