package driver

import (
	"errors"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/problem"
)

// BadInput gives what package wire refuses about a caller's input its code and
// place. It wraps err. It is the caller's mistake, never the release's.
func BadInput(err error) *problem.Error {
	p := problem.New(inputCode(err), "input: %w", err)
	var at *wire.Error
	if errors.As(err, &at) {
		p = p.At(at.Pointer)
	}
	return p
}

func inputCode(err error) problem.Code {
	switch {
	case errors.Is(err, wire.ErrDepth):
		return problem.ValueTooDeep
	case errors.Is(err, wire.ErrSize):
		return problem.ValueTooLarge
	case errors.Is(err, wire.ErrRange):
		return problem.IntegerRange
	case errors.Is(err, wire.ErrDuplicateKey):
		return problem.DuplicateKey
	case errors.Is(err, wire.ErrSyntax):
		return problem.BadJSON
	}
	return problem.ValueDomain
}
