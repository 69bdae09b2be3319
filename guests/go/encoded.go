package guest

import (
	"context"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
)

// Encoded is a strategy that reads its input where it is and writes its answer
// piece by piece. In a guest, making maps of the input and bytes of the answer
// takes most of a short call; this is for strategies to which that matters.
// [Adapt] makes an ordinary strategy of it, so that one source serves for all
// builds:
//
//	func NewStrategy(h abi.Host) (abi.Strategy, error) { return guest.Adapt(limit{}), nil }
//
//	func (limit) ExecuteEncoded(_ context.Context, in wire.View, out *wire.Builder) error {
//		amount, ok := in.Get("amount").Int()
//		if !ok {
//			return abi.Reject("bad_input", "amount must be an integer")
//		}
//		out.OpenMap()
//		out.Key("approved")
//		out.Bool(amount <= 5000)
//		out.Close()
//		return nil
//	}
type Encoded interface {
	// ExecuteEncoded computes one answer and writes it, a map, to out; nothing
	// written is the empty map. With an error, a business error as in
	// abi.Strategy, what was written does not count. It must not keep in, out
	// or ctx after it returns. A text of in that is kept holds the memory of the
	// whole input.
	ExecuteEncoded(ctx context.Context, in wire.View, out *wire.Builder) error
}

// Adapt makes a strategy of s; it has a Validate method if s has one. In a guest
// its ExecuteEncoded is called directly. In other builds every call encodes its
// input and decodes its answer, which makes it slower there than a strategy over
// maps.
func Adapt(s Encoded) abi.Strategy {
	if v, ok := s.(abi.Validator); ok {
		return &validated{adapted{s}, v}
	}
	return &adapted{s}
}

type adapted struct{ Encoded }

type validated struct {
	adapted
	abi.Validator
}

// Execute implements abi.Strategy.
func (a *adapted) Execute(ctx context.Context, in map[string]any) (map[string]any, error) {
	document, err := wire.Append(nil, in)
	if err != nil {
		return nil, err
	}
	var out wire.Builder
	out.Reset(nil)
	if err := a.ExecuteEncoded(ctx, wire.TrustedView(string(document)), &out); err != nil {
		return nil, err
	}
	return answered(&out), nil
}

// answered reads what was written. What is not a map of the domain it passes on
// as an answer that no host accepts: that is a fault and not a business error.
func answered(out *wire.Builder) map[string]any {
	if out.Empty() {
		return map[string]any{}
	}
	document, err := out.Finish()
	if err != nil {
		return map[string]any{"answer": err}
	}
	m, err := wire.DecodeMap(document)
	if err != nil {
		return map[string]any{"answer": err}
	}
	return m
}

var (
	_ abi.Strategy  = (*adapted)(nil)
	_ abi.Validator = (*validated)(nil)
	_ Encoded       = (*validated)(nil)
)
