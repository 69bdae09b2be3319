package driver

import "context"

// Usage is what one call used. Zero fields are unknown.
type Usage struct {
	// Instructions is the fuel that the call used, as package meter counts it.
	Instructions int64
}

// Metered is an optional interface of instances that can tell what a call used.
// They encode values, so they need no copy of the input.
type Metered interface {
	// ExecuteMetered is Execute for an input that stays the caller's and need
	// not be normalised: what is outside of the wire domain is refused with a
	// code of problem. It sets u, also when the call fails.
	ExecuteMetered(ctx context.Context, in map[string]any, u *Usage) (map[string]any, error)
}

// Textual is an optional interface of instances that can execute JSON text
// without building maps.
type Textual interface {
	// ExecuteText is Execute for an input as the text that wire.ParseJSONMap
	// reads. It appends the answer, as wire.AppendJSON writes it, to dst. It
	// keeps neither, and sets u, also when the call fails.
	ExecuteText(ctx context.Context, text, dst []byte, u *Usage) ([]byte, error)
}

// Limited is an optional interface of instances that serve a bounded number of
// calls at a time. More of them wait before they begin, so that waiting is not
// taken for slowness.
type Limited interface {
	Concurrency() int
}
