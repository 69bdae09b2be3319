package wasm

import (
	"context"

	"github.com/swapline/swapline/runtime/problem"
)

// rescue is deferred where a panic of an engine would leave something open: it
// makes an error of it.
func rescue(err *error) {
	if r := recover(); r != nil {
		*err = problem.New(problem.Internal, "the engine panicked: %v", r)
	}
}

// shut closes what an engine made.
func shut(ctx context.Context, c interface{ Close(context.Context) error }) (err error) {
	defer rescue(&err)
	return c.Close(ctx)
}
