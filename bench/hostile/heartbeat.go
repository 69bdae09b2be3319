package main

import (
	"context"
	"runtime"
	"sync/atomic"
	"time"
)

const (
	beatPeriod    = time.Millisecond
	collectPeriod = 50 * time.Millisecond
)

// heartbeat wakes again and again and keeps how much later than it wanted.
type heartbeat struct {
	beats atomic.Int64
	worst atomic.Int64
}

func (h *heartbeat) work(ctx context.Context) {
	for last := time.Now(); ctx.Err() == nil; {
		time.Sleep(beatPeriod)
		now := time.Now()
		if stall := int64(now.Sub(last) - beatPeriod); stall > h.worst.Load() {
			h.worst.Store(stall)
		}
		h.beats.Add(1)
		last = now
	}
}

// lap returns the longest stall since the last lap, with the beat that is due.
func (h *heartbeat) lap(ctx context.Context) time.Duration {
	for before := h.beats.Load(); h.beats.Load() == before && ctx.Err() == nil; {
		time.Sleep(beatPeriod / 4)
	}
	return time.Duration(h.worst.Swap(0))
}

// collect needs the whole process to stand still, for a moment, all the time.
func collect(ctx context.Context) {
	for ctx.Err() == nil {
		runtime.GC()
		time.Sleep(collectPeriod)
	}
}
