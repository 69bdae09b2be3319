package recorder

import (
	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/pointer"
)

// Masked returns a copy of a value of the wire domain with masks applied, as the
// package comment says. It is for what people are shown; the value itself stays
// its owner's.
func Masked(v any, masks pointer.Patterns) (any, error) {
	encoded, err := wire.Append(nil, v)
	if err != nil {
		return nil, err
	}
	defer clear(encoded)
	var room scratch
	masked, err := room.mask(input{raw: encoded, encoded: true}, masks)
	if err != nil {
		return nil, err
	}
	return wire.Decode(masked)
}
