package runtime

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/swapline/swapline/runtime/driver"
)

// clock tells the time since the runtime began: one reading of the monotonic
// clock where time.Now takes two.
type clock struct{ began time.Time }

func (c *clock) now() time.Duration { return time.Since(c.began) }

// deadline is a context with a deadline whose timer is made only when somebody
// waits for it. Most calls end before, and many strategies never look.
//
// The deadline of a call that ran on its caller's goroutine is used for the next
// one at its place, unless somebody waited for it. Who still has it from an earlier
// call finds it ended, or gets what is the later call's, but never a part of each:
// the place's word tells the calls apart.
type deadline struct {
	clock *clock
	reuse bool            // never changed
	base  context.Context // of values that go before those of outer; never changed

	// The call is under way while the place's word is this one. It is set last
	// of all that begin sets.
	place *atomic.Uint64
	word  atomic.Uint64

	outer   context.Context
	at      time.Duration // on the clock
	callers bool          // it is outer's own
	used    driver.Usage  // by the call; no part of the context

	waited atomic.Bool // timed is set, or about to be
	mu     sync.Mutex
	timed  context.Context    // guarded by mu; nil until somebody waits
	cancel context.CancelFunc // guarded by mu
	of     uint64             // guarded by mu: the word of the call that timed is of
}

// begin makes d the context of a call that has the given place, begins now and
// ends with outer, or after limit. When the call has returned the caller leaves the
// place, and then calls end.
func (d *deadline) begin(outer context.Context, place *atomic.Uint64, word uint64, now, limit time.Duration) {
	at, callers := now+limit, false
	if own, ok := outer.Deadline(); ok {
		if left := time.Until(own); left < limit {
			at, callers = now+left, true
		}
	}
	d.outer, d.at, d.callers, d.place = outer, at, callers, place
	d.word.Store(word)
}

// end frees the timer of the call with that word and ends what was derived from the
// context. Another call may be at the place by now.
func (d *deadline) end(word uint64) {
	if d.waited.Load() {
		d.stop(word)
	}
}

func (d *deadline) stop(word uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.cancel != nil && d.of == word {
		d.cancel()
	}
}

// view is what begin set, seen by who may come too late.
type view struct {
	outer   context.Context
	at      time.Duration
	callers bool
	word    uint64
	live    bool // the call is under way
}

func (d *deadline) view() view {
	word := d.word.Load()
	live := d.place.Load() == word
	if d.reuse && !live {
		return view{outer: context.Background()}
	}
	v := view{d.outer, d.at, d.callers, word, live}
	if d.reuse && d.word.Load() != word {
		return view{outer: context.Background()}
	}
	return v
}

// Bound implements driver.Bounded: who waits for a call that does not watch its
// context can lend it a goroutine, and gets d back with it.
func (d *deadline) Bound() (outer context.Context, cooperative bool) { return d.outer, d.reuse }

// parent returns why the parent, and not d's own time, ends d. Whose time is over
// cannot be seen from the parent's Err: its timer may fire later than d looks at
// the clock.
func (d *deadline) parent() error {
	v := d.view()
	if v.callers {
		return context.DeadlineExceeded
	}
	return v.outer.Err()
}

// Deadline implements context.Context.
func (d *deadline) Deadline() (time.Time, bool) {
	v := d.view()
	if v.callers {
		return v.outer.Deadline()
	}
	return d.clock.began.Add(v.at), true
}

// Value implements context.Context.
func (d *deadline) Value(key any) any {
	if v := d.base.Value(key); v != nil {
		return v
	}
	return d.view().outer.Value(key)
}

// Done implements context.Context.
func (d *deadline) Done() <-chan struct{} { return d.wait().Done() }

// Err implements context.Context.
func (d *deadline) Err() error {
	if d.waited.Load() {
		return d.wait().Err()
	}
	v := d.view()
	switch {
	case !v.live:
		return context.Canceled
	case v.outer.Err() != nil:
		return v.outer.Err()
	case d.clock.now() >= v.at:
		return context.DeadlineExceeded
	}
	return nil
}

// AfterFunc lets package context derive from d without a goroutine.
func (d *deadline) AfterFunc(f func()) func() bool { return context.AfterFunc(d.wait(), f) }

// wait makes the context with the timer, if the call is under way. It says so
// first and looks at the place again; who ends the call does it the other way round.
func (d *deadline) wait() context.Context {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timed != nil {
		return d.timed
	}
	v := d.view()
	if !v.live {
		return ended()
	}
	d.waited.Store(true)
	if d.place.Load() != v.word {
		return ended()
	}
	d.of = v.word
	d.timed, d.cancel = context.WithDeadline(v.outer, d.clock.began.Add(v.at))
	return d.timed
}

// ended is the context of a call that is over.
func ended() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

var _ driver.Bounded = (*deadline)(nil)
