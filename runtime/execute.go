package runtime

import (
	"context"
	"errors"
	"log/slog"
	"time"

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
func (r *Runtime) Execute(ctx context.Context, strategy string, in map[string]any) (Response, error) {
	return r.run(ctx, strategy, &call{in: in})
}

// ExecuteText is Execute for an input as JSON text. The answer, as JSON text, is
// appended to dst and becomes the Response's Text; Output stays empty. A kind
// whose values are encoded anyway answers without making maps of them.
func (r *Runtime) ExecuteText(ctx context.Context, strategy string, text, dst []byte) (Response, error) {
	return r.run(ctx, strategy, &call{text: text, dst: dst, textual: true})
}

func (r *Runtime) run(ctx context.Context, strategy string, c *call) (Response, error) {
	s := r.find(strategy)
	if s == nil {
		return Response{}, r.unknown(strategy)
	}
	lease, ok := s.slot.Acquire()
	if !ok {
		return Response{}, r.notServing(s)
	}
	defer lease.Done()
	return lease.Value().serve(ctx, lease.Generation(), c)
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
func (rel *release) serve(ctx context.Context, generation uint64, c *call) (Response, error) {
	resp := Response{Release: rel.info, Generation: generation}
	ctx, span := rel.signals.start(ctx)
	defer span.End()
	var err error
	if resp.Queued, err = rel.gate.enter(ctx, rel.timeout); err == nil {
		start := time.Now()
		err = rel.call(ctx, c, start)
		resp.Executed = time.Since(start)
		rel.gate.leave()
	}
	resp.Output, resp.Text, resp.Instructions = c.out, c.dst, c.used.Instructions
	verdict, err := rel.judge(ctx, err)
	if verdict != verdictInput { // such a request never reached the strategy
		rel.requests.Add(1)
		rel.signals.end(ctx, span, verdict, resp)
	}
	return resp, err
}

// call runs the instance under the release's deadline. A panic of the driver
// itself is a fault of the release as well.
func (rel *release) call(ctx context.Context, c *call, start time.Time) (err error) {
	limited := &c.limited
	limited.begin(ctx, start.Add(rel.timeout))
	defer limited.end()
	defer func() {
		if p := recover(); p != nil {
			c.out, err = nil, driver.PanicFault(p)
		}
	}()
	err = rel.make(limited, c)
	if cause := limited.parent(); cause != nil && isDeadline(err) {
		return problem.New(problem.Canceled, "the caller's own deadline passed before the release's: %w", cause)
	}
	return err
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
	rel.faults.Add(1)
	rel.rt.cfg.Log.LogAttrs(ctx, slog.LevelError, "fault", slog.String("strategy", rel.info.Strategy), slog.String("release", rel.info.Version),
		slog.String("digest", string(rel.digest)), slog.String("code", string(fault.Code)), slog.String("fault", fault.Message), slog.String("stack", fault.Stack))
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
