package runtime

import (
	"context"
	"errors"
	"runtime/debug"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/problem"
)

// Execute asks the release that a strategy serves now for one answer. The
// request sees that release to its end, whatever is published meanwhile. The
// input is copied; the answer is the caller's own.
//
// A call waits for a place of the release at most as long as the release's
// timeout, and then has that timeout for itself, so that waiting never counts as
// a fault.
//
// The error is an *abi.Error if the strategy said no, and a *problem.Error for
// everything else: Fault* codes if the release broke, Canceled if the caller's
// own context ended first, Overloaded, UnknownStrategy, NoActiveRelease,
// ShuttingDown, or a code of the value domain for the input. The maps of the
// Response's Release are shared: do not change them.
func (r *Runtime) Execute(ctx context.Context, strategy string, in map[string]any) (resp Response, err error) {
	c := call{in: in}
	err = r.run(ctx, strategy, &c, &resp)
	return resp, err
}

// ExecuteText is Execute for an input as JSON text. The answer, as JSON text, is
// appended to dst and becomes the Response's Text; Output stays empty. A kind
// whose values are encoded anyway answers without making maps of them.
func (r *Runtime) ExecuteText(ctx context.Context, strategy string, text, dst []byte) (resp Response, err error) {
	c := call{text: text, dst: dst, kept: len(dst), textual: true}
	err = r.run(ctx, strategy, &c, &resp)
	return resp, err
}

func (r *Runtime) run(ctx context.Context, strategy string, c *call, resp *Response) error {
	s := r.find(strategy)
	if s == nil {
		return r.unknown(strategy)
	}
	lease, ok := s.slot.Acquire()
	if !ok {
		return r.notServing(s)
	}
	defer lease.Done()
	resp.Generation = lease.Generation()
	if w := s.beside.now.Load(); w != nil {
		return w.serve(ctx, lease.Value(), c, resp)
	}
	return lease.Value().serve(ctx, c, resp)
}

// notServing says why a slot is empty.
func (r *Runtime) notServing(s *strategy) error {
	if r.closing.Load() || !s.known.Load() {
		return r.unknown(s.name)
	}
	p := problem.New(problem.NoActiveRelease, "strategy %q serves no release", s.name)
	if s.trouble.Load() != nil {
		return p.Cure("its stored release did not load when the host started: look at the strategy's status")
	}
	return p.Cure("switch to one of its releases, or deploy one")
}

// serve runs one call and accounts for it.
func (rel *release) serve(ctx context.Context, c *call, resp *Response) (err error) {
	resp.Release = rel.info
	start := rel.rt.clock.now()
	ctx, span := rel.signals.start(ctx, start)
	p, ok := rel.gate.take(start)
	if !ok {
		if p, resp.Queued, err = rel.gate.await(ctx, &rel.rt.clock, rel.timeout); err != nil {
			rel.uncounted.Add(1)
			return rel.account(ctx, span, c, resp, err)
		}
		start = rel.rt.clock.now()
	}
	return rel.hold(ctx, span, p, start, c, resp)
}

// hold runs one call at its place. It accounts for it also if the strategy ends
// its caller's goroutine.
func (rel *release) hold(ctx context.Context, span trace.Span, p place, start time.Duration, c *call, resp *Response) (err error) {
	c.lane = p.number
	d := rel.deadlineOf(p)
	d.begin(ctx, &rel.gate.words[p.number], p.word, start, rel.timeout)
	returned := false
	defer func() {
		if !returned {
			c.out, c.dst, err = nil, nil, unreturned(recover())
		}
		if err != nil {
			rel.gate.runs[p.number] = nil // what failed may not be done with its context
		}
		rel.gate.leave(p)
		d.end(p.word)
		err = rel.account(ctx, span, c, resp, err)
	}()
	err = rel.timed(d, start, c, resp)
	returned = true
	return err
}

// unreturned is the fault of a call that did not come back: a panic of the driver
// itself, or the end of the caller's goroutine.
func unreturned(panicked any) error {
	if panicked != nil {
		return driver.PanicFault(panicked)
	}
	left := driver.Faultf(problem.FaultPanic, "the strategy ended its caller's goroutine (runtime.Goexit)")
	left.Stack = string(debug.Stack()) // who ended it is still on it
	return left
}

// timed runs the instance and says how long it took.
func (rel *release) timed(d *deadline, start time.Duration, c *call, resp *Response) error {
	err := rel.make(d, c)
	end := rel.rt.clock.now()
	resp.Executed, resp.Instructions = end-start, d.used.Instructions
	switch {
	case err == nil && (!d.reuse || end <= d.at):
		return nil
	case err == nil:
		c.out, c.dst = nil, nil
		return late(d, end)
	}
	if cause := d.parent(); cause != nil && isDeadline(err) {
		return callersDeadline(cause)
	}
	return err
}

func callersDeadline(cause error) error {
	return problem.New(problem.Canceled, "the caller's own deadline passed before the release's: %w", cause)
}

// deadlineOf returns the context of the next call at a place.
func (rel *release) deadlineOf(p place) *deadline {
	if !rel.cooperative {
		return rel.newDeadline(false)
	}
	d := rel.gate.runs[p.number]
	if d == nil || d.waited.Load() {
		d = rel.newDeadline(true)
		rel.gate.runs[p.number] = d
	}
	return d
}

func (rel *release) newDeadline(reuse bool) *deadline {
	return &deadline{clock: &rel.rt.clock, base: rel.labels, reuse: reuse}
}

// account counts one call and gives its error the form that callers see.
func (rel *release) account(ctx context.Context, span trace.Span, c *call, resp *Response, err error) error {
	resp.Output, resp.Text = c.out, c.dst
	verdict, err := rel.judge(ctx, err)
	rel.measure(c, verdict, resp, err)
	if verdict == verdictInput { // such a request never reached the strategy
		rel.uncounted.Add(-1)
	} else {
		rel.signals.end(ctx, span, verdict, resp)
	}
	span.End()
	return err
}

// counted is how many requests reached the release.
func (rel *release) counted() int64 { return rel.gate.left() + rel.uncounted.Load() }

// rehearse runs one call that counts for nothing. Its deadline is hard: whoever
// deploys a release does not wait for promises that it breaks.
func (rel *release) rehearse(ctx context.Context, c *call, resp *Response) (err error) {
	const word = 1
	var alone atomic.Uint64
	alone.Store(word)
	start, d := rel.rt.clock.now(), rel.newDeadline(false)
	d.begin(ctx, &alone, word, start, rel.timeout)
	defer func() {
		if p := recover(); p != nil {
			err = driver.PanicFault(p)
		}
		alone.Store(0)
		d.end(word)
	}()
	return rel.timed(d, start, c, resp)
}

// late is the fault of a strategy that broke its promise to watch its context.
// Its answer counts for nothing, as it would with a hard deadline.
func late(d *deadline, end time.Duration) error {
	if d.callers {
		return callersDeadline(context.DeadlineExceeded)
	}
	return driver.Faultf(problem.FaultDeadline, "the call returned %s after its deadline, which the strategy promised to keep", end-d.at)
}

func isDeadline(err error) bool {
	var f *driver.Fault
	return errors.As(err, &f) && f.Code == problem.FaultDeadline
}

// judge counts an error and gives it the form that callers see.
func (rel *release) judge(ctx context.Context, err error) (verdict, error) {
	if err == nil {
		return verdictOK, nil
	}
	var business *abi.Error
	if errors.As(err, &business) {
		rel.business.Add(1)
		return verdictBusiness, business
	}
	var p *problem.Error
	if errors.As(err, &p) {
		if wrong := new(wire.Error); errors.As(err, &wrong) {
			return verdictInput, p
		}
		return verdictOf(p.Code), p
	}
	fault := asFault(err)
	rel.faulted(ctx, fault)
	return verdictOf(fault.Code), rel.callerError(fault)
}

// asFault takes an error of an unknown form for a breach of the contract.
func asFault(err error) *driver.Fault {
	var f *driver.Fault
	if errors.As(err, &f) {
		return f
	}
	return driver.Faultf(problem.FaultABI, "error of an unknown form: %v", err)
}
