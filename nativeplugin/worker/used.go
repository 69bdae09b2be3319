package worker

import (
	"context"
	"runtime"
	"time"

	"github.com/swapline/swapline/runtime/driver"
)

// Consumed implements driver.Apart.
func (i *Instance) Consumed(ctx context.Context, thorough bool) driver.Consumption {
	p := i.keeper.live.Load()
	if p == nil {
		return driver.Consumption{}
	}
	c := driver.Consumption{Life: int64(p.pid)}
	if thorough {
		m, err := i.used(ctx, p)
		if err != nil || m.kind != kindOK {
			return driver.Consumption{}
		}
		c.Allocs, c.AllocBytes = uint64(max(m.arg, 0)), uint64(max(m.now, 0)) //nolint:gosec // not negative
	}
	var known bool
	if c.Processor, known = p.processor(); !known {
		return driver.Consumption{}
	}
	return c
}

// usedTime bounds the wait for a process that tells what it has allocated.
const usedTime = 10 * time.Second

// used asks a process what it has allocated.
func (i *Instance) used(ctx context.Context, p *process) (message, error) {
	ctx, cancel := context.WithTimeout(ctx, usedTime)
	defer cancel()
	s, err := p.end.take()
	if err != nil {
		return message{}, err
	}
	return p.end.ask(ctx, s, message{kind: kindUsed, id: p.end.name(s)}, nil)
}

// used is what this process has allocated, and collected just now.
func used() message {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return message{kind: kindOK, arg: int64(m.Mallocs), now: int64(m.TotalAlloc)} //nolint:gosec // far below 2^63
}

var _ driver.Apart = (*Instance)(nil)
