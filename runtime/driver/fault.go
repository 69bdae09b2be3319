package driver

import (
	"context"
	"errors"
	"fmt"

	"github.com/swapline/swapline/runtime/problem"
)

// Fault says that the strategy's code broke: it panicked, trapped, missed its
// deadline, exceeded a limit or broke the calling convention. Business errors
// are never faults.
type Fault struct {
	// Code is one of the problem.Fault* codes.
	Code problem.Code
	// Message is for operators; it is not shown to callers of Execute.
	Message string
	// Stack is the strategy's stack where there is one.
	Stack string
}

// Error implements error.
func (f *Fault) Error() string { return string(f.Code) + ": " + f.Message }

// Faultf makes a fault.
func Faultf(code problem.Code, format string, args ...any) *Fault {
	return &Fault{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Interrupted turns the end of ctx into what Execute must return: a deadline is
// the release's fault, a cancelled caller is nobody's.
func Interrupted(ctx context.Context) error {
	if errors.Is(context.Cause(ctx), context.DeadlineExceeded) || errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return Faultf(problem.FaultDeadline, "the call did not return within its deadline")
	}
	return problem.New(problem.Canceled, "the caller went away before the answer: %w", ctx.Err())
}
