package driver

import (
	"context"
	"errors"
	"runtime/debug"
	"runtime/pprof"
	"sync/atomic"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/capability"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
)

// Calls runs a Go strategy in this process: it recovers panics, normalises
// answers and gives up on calls that outlive their context. Go cannot stop a
// goroutine, so such a call goes on by itself and is counted until it returns.
// The zero value is ready; it is safe for concurrent use. Close it when the
// strategy gets no more calls.
//
// A call whose context can end runs on a worker's goroutine, because somebody
// else must be there to give its caller an answer. That costs two switches of
// goroutines. A call whose context cannot end runs on the caller's, and so does
// every call of a release whose manifest says that its deadline is cooperative:
// such a strategy promises to return when its context is done, and while it does
// not its caller waits.
type Calls struct {
	abandoned   atomic.Int64
	workers     workers
	labels      context.Context // carries the pprof labels of calls; nil for none
	grant       *capability.Grant
	cooperative bool
}

// For makes c run the calls of a release: with its grant, under its labels and
// the way that its manifest's deadline says. It comes before the first call.
func (c *Calls) For(s Spec) {
	c.labels, c.grant = s.Labels(), s.Grant
	c.cooperative = s.Manifest.Limits.Deadline == manifest.DeadlineCooperative
}

// Cooperative reports whether calls run on their caller's goroutine.
func (c *Calls) Cooperative() bool { return c.cooperative }

// Close ends the goroutines that wait for calls. Calls that were given up still
// run; a later call is served, at the price of a goroutine of its own.
func (c *Calls) Close() { c.workers.close() }

// Abandoned is the number of calls given up that still run.
func (c *Calls) Abandoned() int { return int(c.abandoned.Load()) }

// Execute runs s.Execute under the rules of [Instance]. What the strategy
// emitted and wrote takes effect if there is an answer in time.
func (c *Calls) Execute(ctx context.Context, s abi.Strategy, in map[string]any) (map[string]any, error) {
	outer, here := c.place(ctx)
	effects := c.grant.Begin(outer)
	if effects == nil && here {
		return c.here(ctx, outer, s, in)
	}
	out, err := c.perform(effects.With(ctx), ctx, outer, here, s, in)
	if err = effects.End(err); err != nil {
		return nil, err
	}
	return out, nil
}

// place says where a call belongs: on the caller's goroutine if the caller waits
// for it in any case, and on a worker's otherwise.
func (c *Calls) place(ctx context.Context) (outer context.Context, here bool) {
	b, ok := ctx.(Bounded)
	if !ok {
		return ctx, ctx.Done() == nil
	}
	outer, here = b.Bound()
	return outer, here && c.cooperative
}

// Validate runs v.Validate under the same rules, and leaves no trace.
func (c *Calls) Validate(ctx context.Context, v abi.Validator) error {
	effects := c.grant.Begin(ctx)
	defer effects.Abort()
	inner := effects.With(ctx)
	outer, _ := c.place(ctx)
	return c.send(ctx, outer, job{ctx: inner, f: func() (map[string]any, error) { return nil, v.Validate(inner) }}).err
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

// perform is the way of a call that is not the shortest.
func (c *Calls) perform(inner, ctx, outer context.Context, here bool, s abi.Strategy, in map[string]any) (map[string]any, error) {
	if !here {
		o := c.send(ctx, outer, job{ctx: inner, strategy: s, in: in})
		return o.out, o.err
	}
	out, err := c.here(inner, outer, s, in)
	if err == nil && ctx.Err() != nil { // an answer that is late counts for nothing
		return nil, Interrupted(ctx)
	}
	return out, err
}

// here makes a call on the goroutine of a caller. Its labels are set back to those
// of the caller's context, as pprof.Do does it.
func (c *Calls) here(ctx, caller context.Context, s abi.Strategy, in map[string]any) (out map[string]any, err error) {
	if c.labels != nil {
		pprof.SetGoroutineLabels(c.labels)
	}
	defer func() {
		if c.labels != nil {
			pprof.SetGoroutineLabels(caller)
		}
		if r := recover(); r != nil {
			out, err = nil, PanicFault(r)
		}
	}()
	if out, err = s.Execute(ctx, in); err != nil {
		return nil, failure(ctx, err)
	}
	return answer(out)
}

// Bounded is a context with a deadline that arms no timer before somebody asks
// for its channel. Calls waits for the end of the caller's own context instead and
// watches the deadline itself.
type Bounded interface {
	context.Context
	// Bound returns the context that was given the deadline, and whether the
	// caller of this call waits for the strategy, however long that takes.
	Bound() (outer context.Context, cooperative bool)
}

// await runs f on a worker until it returns or ctx is done.
func (c *Calls) await(ctx context.Context, f func() (map[string]any, error)) outcome {
	return c.send(ctx, ctx, job{ctx: ctx, f: f})
}

// send runs a job on a worker until it returns or ctx, which bounds outer, is done.
func (c *Calls) send(ctx, outer context.Context, j job) outcome {
	w := c.workers.hire(c)
	w.begin(ctx, j)
	if outer.Done() == nil {
		return c.workers.rest(w, <-w.done)
	}
	select {
	case o := <-w.done:
		return c.workers.rest(w, o)
	case <-outer.Done():
	}
	select {
	case o := <-w.done: // both were ready: an answer that is there is given
		return c.workers.rest(w, o)
	default:
	}
	if w.giveUp(w.state.Load(), c) {
		return outcome{err: Interrupted(outer)}
	}
	return c.workers.rest(w, <-w.done)
}

// protect makes the call of a worker and turns a panic into a fault.
func (j *job) protect() (out map[string]any, err error) {
	defer func() {
		if r := recover(); r != nil {
			out, err = nil, PanicFault(r)
		}
	}()
	if j.f != nil {
		out, err = j.f()
	} else {
		out, err = j.strategy.Execute(j.ctx, j.in)
	}
	if err != nil {
		return nil, failure(j.ctx, err)
	}
	return answer(out)
}

// answer brings what a strategy answers into the wire domain.
func answer(out map[string]any) (map[string]any, error) {
	out, err := wire.NormalizeMap(out)
	if err != nil {
		return nil, Faultf(problem.FaultABI, "the answer is outside of the value domain: %v", err)
	}
	if out == nil {
		out = map[string]any{}
	}
	return out, nil
}

// failure gives an error of the strategy its form.
func failure(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ended := ctx.Err(); ended != nil && errors.Is(err, ended) {
		return Interrupted(ctx)
	}
	return business(err)
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
