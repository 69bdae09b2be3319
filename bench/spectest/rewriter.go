package main

import (
	"errors"

	"github.com/swapline/swapline/runtime/wasm/guard"
	"github.com/swapline/swapline/runtime/wasm/meter"
	"github.com/swapline/swapline/runtime/wasm/snapshot"
)

// rewriter is something that must not change what a module does.
type rewriter struct {
	name    string
	rewrite func([]byte) ([]byte, error)
	// begin is an export that takes the place of the start function, or "".
	begin string
}

// errSame says that a rewriter leaves the module as it is.
var errSame = errors.New("the module stays as it is")

// rewriters are all that modules go through on their way to an engine.
func rewriters() []rewriter {
	return []rewriter{
		{"meter", metered, ""},
		{"snapshot", prepared, snapshot.FillExport},
		{"snapshot, meter", both, snapshot.FillExport},
	}
}

func metered(module []byte) ([]byte, error) { return meter.Rewrite(module, guard.Limits{}) }

func prepared(module []byte) ([]byte, error) {
	p, err := snapshot.Prepare(module, guard.Limits{})
	if err == nil && p.Fresh != "" {
		err = errSame
	}
	return p.Module, err
}

func both(module []byte) ([]byte, error) {
	p, err := prepared(module)
	if err != nil {
		return nil, err
	}
	return metered(p)
}
