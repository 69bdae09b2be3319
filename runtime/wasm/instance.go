package wasm

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/problem"
)

// instance is one loaded release.
type instance struct {
	module  Module
	pool    *pool
	log     *slog.Logger
	timeout time.Duration
	version int
	methods []string
}

// ABIVersion returns what the guests say.
func (i *instance) ABIVersion() int { return i.version }

// Methods returns what the guests list.
func (i *instance) Methods() []string { return slices.Clone(i.methods) }

// Execute runs one call on one guest.
func (i *instance) Execute(ctx context.Context, in map[string]any) (out map[string]any, err error) {
	err = i.with(ctx, func(ctx context.Context, g *guest) (err error) {
		out, err = g.Execute(ctx, in)
		return err
	})
	return out, err
}

// Validate runs the strategy's own Validate on one guest.
func (i *instance) Validate(ctx context.Context) error {
	return i.with(ctx, func(ctx context.Context, g *guest) error { return g.Validate(ctx) })
}

// with lends a guest to call.
func (i *instance) with(ctx context.Context, call func(context.Context, *guest) error) error {
	if _, bounded := ctx.Deadline(); !bounded {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, i.timeout)
		defer cancel()
	}
	if ctx.Err() != nil {
		return driver.Interrupted(ctx)
	}
	g, err := i.pool.get(ctx)
	if err != nil {
		return borrowFault(ctx, err)
	}
	fit := false
	defer func() { i.pool.put(ctx, g, fit) }()
	if ctx.Err() != nil {
		fit = true
		return driver.Interrupted(ctx)
	}
	err = call(ctx, g)
	fit = reusable(err)
	return err
}

// reusable reports whether a guest that answered err may serve again: after an
// answer, a business error, or an input that never reached it.
func reusable(err error) bool {
	var b *abi.Error
	var p *problem.Error
	return err == nil || errors.As(err, &b) || errors.As(err, &p) && p.Code != problem.Canceled
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

// Stats implements driver.Reporter.
func (i *instance) Stats() driver.Stats { return i.pool.stats() }

// Close frees every guest, the compiled module and all that the engine keeps
// for the release.
func (i *instance) Close(ctx context.Context) error {
	busy := i.pool.close(ctx)
	err := i.module.Close(ctx)
	if busy > 0 {
		return errors.Join(err, problem.New(problem.Internal, "%d guests still served a call when the release was closed", busy))
	}
	return err
}

var (
	_ driver.Instance = (*instance)(nil)
	_ driver.Reporter = (*instance)(nil)
)
