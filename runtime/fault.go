package runtime

import (
	"context"
	"errors"

	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/problem"
)

// asProblem gives every error that leaves the runtime a code and says in which
// stage it arose, unless a check has said so already.
func asProblem(stage string, err error) error {
	if err == nil {
		return nil
	}
	var p *problem.Error
	switch {
	case errors.As(err, &p):
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		p = problem.New(problem.Canceled, "the caller went away: %w", err)
	default:
		p = problem.New(problem.Internal, "%w", err)
	}
	if p.Check == "" {
		p = p.In(stage)
	}
	return p
}

// callerError is what a caller of Execute sees of a fault. The fault itself may
// quote the strategy's memory and goes to the log.
func (rel *release) callerError(f *driver.Fault) *problem.Error {
	text := "broke the calling convention"
	switch f.Code {
	case problem.FaultPanic:
		text = "panicked"
	case problem.FaultTrap:
		text = "trapped"
	case problem.FaultDeadline:
		text = "did not answer within " + rel.timeout.String()
	case problem.FaultMemory:
		text = "exceeded its memory limit"
	case problem.FaultFuel:
		text = "used up its instructions"
	case problem.FaultDepth:
		text = "recursed too deeply"
	case problem.FaultOutput:
		text = "gave an answer that is too large"
	case problem.FaultHost:
		text = "called the host too often"
	}
	p := problem.New(f.Code, "%s %s", rel.label(), text).Cure("look for the fault in the host's log, or roll the release back")
	p.Cause = f
	return p
}
