package runtime

import (
	"context"
	"sync"
	"time"
)

// deadline is a context with a deadline whose timer is made only when somebody
// waits for it. Most calls end before, and many strategies never look.
type deadline struct {
	context.Context
	at      time.Time
	callers bool // it is the parent's own

	mu     sync.Mutex
	timed  context.Context // nil until somebody waits
	cancel context.CancelFunc
	ended  bool
}

// before makes a context that ends at the given time, or with ctx. The caller
// calls end when nobody needs it any more.
func before(ctx context.Context, at time.Time) *deadline {
	d := &deadline{}
	d.begin(ctx, at)
	return d
}

// begin is before for a deadline that lies in something else.
func (d *deadline) begin(ctx context.Context, at time.Time) {
	own, ok := ctx.Deadline()
	if d.callers = ok && own.Before(at); d.callers {
		at = own
	}
	d.Context, d.at = ctx, at
}

// parent returns why the parent, and not d's own time, ends d. Whose time is over
// cannot be seen from the parent's Err: its timer may fire later than d looks at
// the clock.
func (d *deadline) parent() error {
	if d.callers {
		return context.DeadlineExceeded
	}
	return d.Context.Err()
}

// Deadline implements context.Context.
func (d *deadline) Deadline() (time.Time, bool) { return d.at, true }

// Done implements context.Context.
func (d *deadline) Done() <-chan struct{} { return d.wait().Done() }

// Err implements context.Context.
func (d *deadline) Err() error {
	d.mu.Lock()
	timed, ended := d.timed, d.ended
	d.mu.Unlock()
	switch {
	case timed != nil:
		return timed.Err()
	case ended:
		return context.Canceled
	case d.Context.Err() != nil:
		return d.Context.Err()
	case time.Until(d.at) <= 0:
		return context.DeadlineExceeded
	}
	return nil
}

// AfterFunc lets package context derive from d without a goroutine.
func (d *deadline) AfterFunc(f func()) func() bool { return context.AfterFunc(d.wait(), f) }

// wait makes the context with the timer.
func (d *deadline) wait() context.Context {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timed == nil {
		d.timed, d.cancel = context.WithDeadline(d.Context, d.at)
		if d.ended {
			d.cancel()
		}
	}
	return d.timed
}

// end frees the timer and ends the context.
func (d *deadline) end() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ended = true
	if d.cancel != nil {
		d.cancel()
	}
}

var _ context.Context = (*deadline)(nil)
