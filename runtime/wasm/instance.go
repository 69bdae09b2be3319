package wasm

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/capability"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/problem"
)

// instance is one loaded release.
type instance struct {
	starter *starter
	module  Module
	pool    *pool
	log     *slog.Logger
	timeout time.Duration
	version int
	methods []string
	engine  string // its name
	starts  driver.Starts
}

// ABIVersion returns what the guests say.
func (i *instance) ABIVersion() int { return i.version }

// Methods returns what the guests list.
func (i *instance) Methods() []string { return slices.Clone(i.methods) }

// Execute runs one call on one guest.
func (i *instance) Execute(ctx context.Context, in map[string]any) (map[string]any, error) {
	return i.ExecuteMetered(ctx, in, new(driver.Usage))
}

// ExecuteMetered implements driver.Metered.
func (i *instance) ExecuteMetered(ctx context.Context, in map[string]any, u *driver.Usage) (map[string]any, error) {
	began := begun(u.Parts)
	out, call, err := i.execute(ctx, in, u)
	crossed(u.Parts, began)
	err = call.End(err)
	if u.Parts != nil && reusable(err) {
		i.dissect(ctx, in, out, u.Parts)
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}

// execute leaves the end of the call to its caller: what it stores is waited for
// after the guest was given back.
func (i *instance) execute(ctx context.Context, in map[string]any, u *driver.Usage) (out map[string]any, call *capability.Call, err error) {
	*u = driver.Usage{Parts: u.Parts}
	g, err := i.borrow(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer i.finish(ctx, g, u)
	g.parts = u.Parts
	g.host.enter(g.ctx)
	out, err = g.Execute(g.ctx, in)
	g.fit = reusable(err)
	return out, g.host.detach(), err
}

// ExecuteText implements driver.Textual.
func (i *instance) ExecuteText(ctx context.Context, text, dst []byte, u *driver.Usage) ([]byte, error) {
	began := begun(u.Parts)
	out, call, err := i.executeText(ctx, text, dst, u)
	crossed(u.Parts, began)
	if err = call.End(err); err != nil {
		return dst, err
	}
	return out, nil
}

func (i *instance) executeText(ctx context.Context, text, dst []byte, u *driver.Usage) (out []byte, call *capability.Call, err error) {
	*u = driver.Usage{Parts: u.Parts}
	g, err := i.borrow(ctx)
	if err != nil {
		return dst, nil, err
	}
	defer i.finish(ctx, g, u)
	g.parts = u.Parts
	g.host.enter(g.ctx)
	out, err = g.ExecuteText(g.ctx, text, dst)
	g.fit = reusable(err)
	return out, g.host.detach(), err
}

// Validate runs the strategy's own Validate on one guest.
func (i *instance) Validate(ctx context.Context) error {
	g, err := i.borrow(ctx)
	if err != nil {
		return err
	}
	defer i.finish(ctx, g, new(driver.Usage))
	g.host.enter(g.ctx)
	defer g.host.drop()
	err = g.Validate(g.ctx)
	g.fit = reusable(err)
	return err
}

// borrow takes a guest for one call, whose context is in the guest.
func (i *instance) borrow(ctx context.Context) (*guest, error) {
	var cancel context.CancelFunc
	if _, bounded := ctx.Deadline(); !bounded {
		ctx, cancel = context.WithTimeout(ctx, i.timeout)
	}
	g, err := i.ready(ctx)
	if err != nil {
		if cancel != nil {
			cancel()
		}
		return nil, err
	}
	g.ctx, g.cancel, g.fit = ctx, cancel, false
	return g, nil
}

// ready waits for a guest. The context may end meanwhile.
func (i *instance) ready(ctx context.Context) (*guest, error) {
	if ctx.Err() != nil {
		return nil, driver.Interrupted(ctx)
	}
	g, waited, err := i.pool.get(ctx)
	if err != nil {
		return nil, borrowFault(ctx, err)
	}
	if waited && ctx.Err() != nil {
		i.pool.put(ctx, g, true)
		return nil, driver.Interrupted(ctx)
	}
	return g, nil
}

// finish takes the guest back. One whose call did not return, because the engine
// panicked, is not fit.
func (i *instance) finish(ctx context.Context, g *guest, u *driver.Usage) {
	fit := false
	defer func() { i.pool.put(ctx, g, fit) }() // whatever panics
	if g.cancel != nil {
		g.cancel()
	}
	g.ctx, g.cancel, g.parts = nil, nil, nil
	u.Instructions = g.settle()
	fit = g.fit && g.rest() == nil
}

// reusable reports whether a guest that answered err may serve again: after an
// answer, a business error, or an input that never reached it.
func reusable(err error) bool {
	if err == nil {
		return true
	}
	var b *abi.Error
	var p *problem.Error
	return errors.As(err, &b) || errors.As(err, &p) && p.Code != problem.Canceled
}

// borrowFault says why there is no guest. One that does not start although the
// first did is a fault of the release.
func borrowFault(ctx context.Context, err error) error {
	if problem.CodeOf(err) != problem.Overloaded {
		return driver.Faultf(problem.FaultTrap, "a further guest did not start: %v", err)
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return driver.Interrupted(ctx)
	}
	return err
}

// Concurrency implements driver.Limited: one guest serves one call.
func (i *instance) Concurrency() int { return cap(i.pool.idle) }

// Stats implements driver.Reporter.
func (i *instance) Stats() driver.Stats { return i.pool.stats() }

// Close frees every guest, the compiled module and all that the engine keeps
// for the release.
func (i *instance) Close(ctx context.Context) error {
	busy := i.pool.close(ctx)
	err := errors.Join(shut(ctx, i.module), i.starter.close())
	if busy > 0 {
		return errors.Join(err, problem.New(problem.Internal, "%d guests still served a call when the release was closed", busy))
	}
	return err
}

var (
	_ driver.Instance = (*instance)(nil)
	_ driver.Reporter = (*instance)(nil)
	_ driver.Metered  = (*instance)(nil)
	_ driver.Textual  = (*instance)(nil)
	_ driver.Limited  = (*instance)(nil)
)
