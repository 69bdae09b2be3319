package driver

import (
	"context"
	"errors"
	"runtime/debug"
	"sync/atomic"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/problem"
)

// Calls runs a Go strategy in this process: it recovers panics, normalises
// answers and gives up on calls that outlive their context. Go cannot stop a
// goroutine, so such a call goes on by itself and is counted until it returns.
// The zero value is ready; it is safe for concurrent use. Close it when the
// strategy gets no more calls.
//
// A call whose context can end runs on a worker's goroutine; one whose context
// cannot end runs on the caller's.
type Calls struct {
	abandoned atomic.Int64
	workers   workers
}

// Close ends the goroutines that wait for calls. Calls that were given up still
// run; a later call is served, at the price of a goroutine of its own.
func (c *Calls) Close() { c.workers.close() }

// Abandoned is the number of calls given up that still run.
func (c *Calls) Abandoned() int { return int(c.abandoned.Load()) }

// Execute runs s.Execute under the rules of [Instance].
func (c *Calls) Execute(ctx context.Context, s abi.Strategy, in map[string]any) (map[string]any, error) {
	f := func() (map[string]any, error) { return s.Execute(ctx, in) }
	if ctx.Done() == nil {
		o := protect(ctx, f)
		return o.out, o.err
	}
	o := c.await(ctx, f)
	return o.out, o.err
}

// Validate runs v.Validate under the same rules.
func (c *Calls) Validate(ctx context.Context, v abi.Validator) error {
	return c.await(ctx, func() (map[string]any, error) { return nil, v.Validate(ctx) }).err
}

// Construct makes a strategy under the same rules. Whatever goes wrong is a
// problem of code ConstructorFailed, or Canceled if the caller went away.
func (c *Calls) Construct(ctx context.Context, construct abi.Constructor, h abi.Host) (abi.Strategy, error) {
	defer c.workers.dismiss() // the strategy may never be called
	made := make(chan abi.Strategy, 1)
	o := c.await(ctx, func() (map[string]any, error) {
		s, err := construct(h)
		if err == nil {
			made <- s
		}
		return nil, err
	})
	if o.err != nil {
		return nil, constructorFailed(o.err)
	}
	if s := <-made; s != nil {
		return s, nil
	}
	return nil, problem.New(problem.ConstructorFailed, "the constructor returned neither a strategy nor an error")
}

func constructorFailed(err error) error {
	if problem.CodeOf(err) == problem.Canceled {
		return err
	}
	return problem.New(problem.ConstructorFailed, "the strategy's constructor: %w", err).
		Cure("check the manifest's config and the constructor")
}

// await runs f on a worker until it returns or ctx is done.
func (c *Calls) await(ctx context.Context, f func() (map[string]any, error)) outcome {
	w := c.workers.hire(&c.abandoned)
	w.jobs <- job{ctx, f}
	select {
	case o := <-w.done:
		return c.workers.rest(w, o)
	case <-ctx.Done():
	}
	select {
	case o := <-w.done: // both were ready: an answer that is there is given
		return c.workers.rest(w, o)
	default:
	}
	c.abandoned.Add(1)
	if !w.state.CompareAndSwap(running, givenUp) {
		c.abandoned.Add(-1)
		return c.workers.rest(w, <-w.done)
	}
	return outcome{err: Interrupted(ctx)}
}

// protect calls f, turns a panic into a fault and brings the answer into the
// wire domain.
func protect(ctx context.Context, f func() (map[string]any, error)) (o outcome) {
	defer func() {
		if r := recover(); r != nil {
			o = outcome{err: PanicFault(r)}
		}
	}()
	out, err := f()
	if err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return outcome{err: Interrupted(ctx)}
	}
	if err != nil {
		return outcome{err: business(err)}
	}
	out, err = wire.NormalizeMap(out)
	if err != nil {
		return outcome{err: Faultf(problem.FaultABI, "the answer is outside of the value domain: %v", err)}
	}
	if out == nil {
		out = map[string]any{}
	}
	return outcome{out: out}
}

// PanicFault describes a recovered panic; call it in the deferred function. The
// value is printed by fmt, which survives an Error or String method that
// panics in its turn.
func PanicFault(r any) *Fault {
	f := Faultf(problem.FaultPanic, "panic: %v", r)
	f.Stack = string(debug.Stack())
	return f
}

// business gives every error that Execute returns the form of a business error.
func business(err error) error {
	var b *abi.Error
	if !errors.As(err, &b) {
		return abi.Reject(abi.CodeBusinessError, err.Error())
	}
	details, nerr := wire.NormalizeMap(b.Details)
	if nerr != nil {
		return Faultf(problem.FaultABI, "details of error %s are outside of the value domain: %v", b.Code, nerr)
	}
	code := b.Code
	if code == "" {
		code = abi.CodeBusinessError
	}
	return &abi.Error{Code: code, Message: b.Message, Details: details}
}
