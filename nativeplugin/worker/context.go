package worker

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// callContext is the context of one call in the worker. It makes its timer only
// when somebody waits for it; most calls end before, and many strategies never
// look.
type callContext struct {
	context.Context // the background, for its values
	id              uint64
	at              time.Time   // zero: no deadline
	over            atomic.Bool // it has been answered

	mu    sync.Mutex
	done  chan struct{} // nil until somebody waits
	timer *time.Timer
	err   error
}

type callKey struct{}

// callOf finds the call that ctx belongs to, nil if there is none.
func callOf(ctx context.Context) *callContext {
	c, _ := ctx.Value(callKey{}).(*callContext)
	return c
}

// Value implements context.Context.
func (c *callContext) Value(key any) any {
	if key == (callKey{}) {
		return c
	}
	return c.Context.Value(key)
}

// Deadline implements context.Context.
func (c *callContext) Deadline() (time.Time, bool) { return c.at, !c.at.IsZero() }

// Done implements context.Context.
func (c *callContext) Done() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.done == nil {
		c.done = make(chan struct{})
		switch {
		case c.err != nil:
			close(c.done)
		case !c.at.IsZero():
			c.timer = time.AfterFunc(time.Until(c.at), func() { c.end(context.DeadlineExceeded) })
		}
	}
	return c.done
}

// Err implements context.Context.
func (c *callContext) Err() error {
	c.mu.Lock()
	err, waited := c.err, c.done != nil
	c.mu.Unlock()
	if err == nil && !waited && !c.at.IsZero() && time.Until(c.at) <= 0 {
		c.end(context.DeadlineExceeded)
		return context.DeadlineExceeded
	}
	return err
}

// end ends the context for the reason unless it has ended.
func (c *callContext) end(reason error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return
	}
	c.err = reason
	if c.timer != nil {
		c.timer.Stop()
	}
	if c.done != nil {
		close(c.done)
	}
}

var _ context.Context = (*callContext)(nil)
