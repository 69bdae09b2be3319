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

// Named is an optional interface of instances that can tell which function runs,
// by its full name as profiles show it. "" is unknown.
type Named interface {
	Function() string
}

// Cooperative is an optional interface of instances that can run calls on their
// caller's goroutine. A release whose manifest asks for a cooperative deadline
// needs one that says yes. Such an instance is done with the context of a call
// when the call has returned, so that its maker may use it again.
type Cooperative interface {
	Cooperative() bool
}
