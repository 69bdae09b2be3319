package capability

import (
	"context"
	"sync"

	"github.com/swapline/swapline/abi"
)

// Call is what one Execute did so far. Its methods are safe for concurrent use;
// after End or Abort they answer not_in_call, so that a strategy that was given
// up can do nothing more. A nil Call answers not_in_call from the beginning.
type Call struct {
	grant     *Grant
	rehearsal bool
	tape      tape // nil unless the call is recorded or replayed

	mu     sync.Mutex
	ended  bool // guarded by mu, as is all below
	state  changes
	events events
	sent   int // HTTP requests
	clocks clocks
}

// Begin starts a call. It returns nil if the release was granted nothing that a
// call collects and the context neither records nor replays.
func (g *Grant) Begin(ctx context.Context) *Call {
	if g == nil {
		return nil
	}
	t := tapeOf(ctx)
	if t == nil && !g.collects() {
		return nil
	}
	return &Call{grant: g, tape: t, rehearsal: inRehearsal(ctx)}
}

// End brings the call to its end. Without an error it stores the writes and
// delivers the events; it returns a *problem.Error of code StateConflict,
// StateFull or one of the store's if that cannot be, and then nothing has
// happened. With an error it drops everything and returns the error.
func (c *Call) End(err error) error {
	if c == nil || err != nil {
		c.Abort()
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return nil
	}
	c.ended = true
	if c.detached() {
		return nil
	}
	if err := c.commitLocked(); err != nil {
		return err
	}
	if len(c.events.list) > 0 {
		c.grant.services.Events.Deliver(c.events.list)
	}
	return nil
}

// Abort drops everything that the call collected.
func (c *Call) Abort() {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
	c.state, c.events = changes{}, events{}
}

// detached reports whether the call must leave no trace.
func (c *Call) detached() bool {
	switch c.tape.(type) {
	case *Replayer, *shadow:
		return true
	}
	return c.rehearsal
}

// enter is what every ability asks first; it locks c if it returns nil.
func (c *Call) enter(word string) error {
	if c == nil {
		return abi.Reject(abi.CodeNotInCall, "no call of the strategy is under way: use the context that Execute got")
	}
	if !c.grant.Has(word) {
		return Denied(word)
	}
	c.mu.Lock()
	if c.ended {
		c.mu.Unlock()
		return abi.Reject(abi.CodeNotInCall, "the call has ended")
	}
	return nil
}

type rehearsalKey struct{}

// Rehearsal makes a context whose calls leave no trace: they find an empty state,
// their writes and events are dropped and no request is sent.
func Rehearsal(ctx context.Context) context.Context {
	return context.WithValue(ctx, rehearsalKey{}, true)
}

func inRehearsal(ctx context.Context) bool { return ctx.Value(rehearsalKey{}) != nil }

type callKey struct{}

// With makes a context that carries c, for strategies that share the process.
func (c *Call) With(ctx context.Context) context.Context {
	if c == nil {
		return ctx
	}
	return context.WithValue(ctx, callKey{}, c)
}

// CallOf returns the call that ctx carries if it is one of g's, nil otherwise.
func (g *Grant) CallOf(ctx context.Context) *Call {
	if c, ok := ctx.Value(callKey{}).(*Call); ok && c.grant == g {
		return c
	}
	return nil
}
