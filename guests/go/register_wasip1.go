package guest

import (
	"context"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
)

// Register names the constructor of the strategy that this program is. The last
// call counts.
func Register(c abi.Constructor) Registration {
	instance.construct = c
	return Registration{}
}

// program is what a module is made of: one strategy and the bytes that cross
// the boundary. The host calls one function at a time.
type program struct {
	construct abi.Constructor
	strategy  abi.Strategy
	encoded   Encoded       // nil if the strategy is over maps
	validator abi.Validator // nil if the strategy has none

	// input and answer are read and written by the host through addresses. Go
	// on WebAssembly does not move objects, and these references keep them.
	input, answer []byte

	room []byte       // for large inputs, reused
	out  wire.Builder // of answers
}

// instance is the state of this module; a module has exactly one.
var instance program

// validate runs the strategy's own Validate.
func (p *program) validate() (err error) {
	if p.validator == nil {
		return nil
	}
	return p.validator.Validate(context.Background())
}
