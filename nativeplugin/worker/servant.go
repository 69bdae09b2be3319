package worker

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/problem"
)

// Opener opens the artifact of a release in the worker process and returns its
// constructor. An error's problem code reaches the host if it is one that loading
// gives.
type Opener func(a Artifact) (abi.Constructor, error)

// servant is the strategy in the worker process.
type servant struct {
	end  *end
	open Opener
	born time.Time // where its clock for durations begins

	strategy atomic.Pointer[abi.Strategy]
	calls    [mostSlots]atomic.Pointer[callContext]
	ahead    atomic.Int64 // the host's clock minus this process's clock for durations
}

// answer makes the answer to one question of the host.
func (s *servant) answer(m message, room []byte) message {
	switch m.kind {
	case kindConstruct:
		return s.construct(m)
	case kindExecute, kindTimed, kindValidate:
		return s.call(m, room)
	case kindUsed:
		return used()
	case kindCancel:
		if c := s.calls[uint64(m.arg)%mostSlots].Load(); c != nil && c.id == uint64(m.arg) {
			c.end(context.Canceled)
		}
		return message{kind: kindOK}
	}
	return faulty(problem.FaultABI, "unknown question", "")
}

// construct opens the artifact and makes the strategy.
func (s *servant) construct(m message) message {
	var q question
	if err := q.decode(m.body); err != nil {
		return faulty(problem.Internal, err.Error(), "")
	}
	s.set(m.now)
	construct, err := s.begin(q)
	if err != nil {
		return refused(problem.NativeOpen, err)
	}
	var calls driver.Calls
	strategy, err := calls.Construct(context.Background(), construct, &remote{servant: s, question: q})
	if err != nil {
		return refused(problem.ConstructorFailed, err)
	}
	if driver.Rebinds(strategy) {
		return faulty(problem.RebindMalformed, "the strategy exposes or supplies points, which only strategies in the host's process can", "")
	}
	s.strategy.Store(&strategy)
	body, err := wire.Append(nil, map[string]any{abi.KeyMethods: driver.MethodsOf(strategy), keySignatures: driver.GoSignatures(strategy)})
	if err != nil {
		return refused(problem.Internal, err)
	}
	return message{kind: kindOK, body: body}
}

// begin bounds the process and opens the artifact.
func (s *servant) begin(q question) (c abi.Constructor, err error) {
	if err := bound(q.Memory); err != nil {
		return nil, fmt.Errorf("no limits: %w", err)
	}
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic while it started: %v", r)
		}
	}()
	return s.open(q.Artifact)
}

// refused says why there is no strategy.
func refused(otherwise problem.Code, err error) message {
	code := problem.CodeOf(err)
	if code == "" || code == problem.Internal {
		code = otherwise
	}
	var p *problem.Error
	if errors.As(err, &p) {
		return faulty(code, p.Message, "")
	}
	return faulty(code, err.Error(), "")
}

// call runs one call of the strategy.
func (s *servant) call(m message, room []byte) message {
	strategy := s.strategy.Load()
	if strategy == nil {
		return faulty(problem.FaultABI, "there is no strategy", "")
	}
	if m.now != 0 {
		s.set(m.now)
	}
	ctx := &callContext{Context: context.Background(), id: m.id}
	if m.arg > 0 {
		ctx.at = time.Now().Add(time.Duration(m.arg))
	}
	place := &s.calls[m.id%mostSlots]
	place.Store(ctx)
	defer func() {
		place.Store(nil)
		ctx.over.Store(true)
		ctx.end(context.Canceled)
	}()
	if m.kind == kindValidate {
		return protect(ctx, func() message { return validate(ctx, *strategy) })
	}
	if m.kind == kindTimed {
		return protect(ctx, func() message { return timed(ctx, *strategy, m.body, room) })
	}
	in, err := wire.DecodeMap(m.body)
	if err != nil {
		return faulty(problem.FaultABI, "the input: "+err.Error(), "")
	}
	return protect(ctx, func() message { return execute(ctx, *strategy, in, room) })
}

func execute(ctx context.Context, s abi.Strategy, in map[string]any, room []byte) message {
	out, err := s.Execute(ctx, in)
	if err != nil {
		return failed(ctx, err)
	}
	body, err := wire.Append(room, out)
	if err != nil {
		return faulty(problem.FaultABI, "the answer is outside of the value domain: "+err.Error(), "")
	}
	return message{kind: kindOK, body: body}
}

func validate(ctx context.Context, s abi.Strategy) message {
	if v, ok := s.(abi.Validator); ok {
		if err := v.Validate(ctx); err != nil {
			return failed(ctx, err)
		}
	}
	return message{kind: kindOK}
}

// protect turns a panic into a fault.
func protect(ctx context.Context, f func() message) (m message) {
	defer func() {
		if r := recover(); r != nil {
			p := driver.PanicFault(r)
			m = faulty(p.Code, p.Message, p.Stack)
		}
	}()
	return f()
}

// failed is the answer to a call that returned an error.
func failed(ctx context.Context, err error) message {
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return faulty(problem.FaultDeadline, "the call did not return within its deadline", "")
	}
	var b *abi.Error
	if !errors.As(err, &b) {
		b = abi.Reject(abi.CodeBusinessError, err.Error())
	}
	body := map[string]any{abi.KeyCode: text(b.Code, maxText), abi.KeyMessage: text(b.Message, maxText)}
	if len(b.Details) > 0 {
		body[abi.KeyDetails] = b.Details
	}
	encoded, nerr := wire.Append(nil, body)
	if nerr != nil {
		return faulty(problem.FaultABI, "details of error "+b.Code+" are outside of the value domain: "+nerr.Error(), "")
	}
	return message{kind: kindRejected, body: encoded}
}

// Bounds of texts in answers.
const (
	maxText  = 64 << 10
	maxStack = 32 << 10
)

// text makes s one that package wire takes.
func text(s string, most int) string { return strings.ToValidUTF8(s[:min(len(s), most)], "?") }

// Members that abi has no names for: of a fault, and of what was made.
const (
	keyStack      = "stack"
	keySignatures = "signatures"
)

// faulty is the answer of a strategy that broke.
func faulty(code problem.Code, words, stack string) message {
	body, err := wire.Append(nil, map[string]any{abi.KeyCode: string(code), abi.KeyMessage: text(words, maxText), keyStack: text(stack, maxStack)})
	if err != nil {
		return message{kind: kindFault}
	}
	return message{kind: kindFault, body: body}
}

// ended is the answer of a call whose goroutine ended.
func ended() message {
	return faulty(problem.FaultPanic, "the strategy ended its goroutine (runtime.Goexit)", "")
}

// set sets the clock that the strategy sees.
func (s *servant) set(now int64) { s.ahead.Store(now - time.Since(s.born).Nanoseconds()) }
