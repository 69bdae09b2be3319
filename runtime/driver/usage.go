package driver

import "context"

// Usage is what one call used. Zero fields are unknown.
type Usage struct {
	// Instructions is the fuel that the call used, as package meter counts it.
	Instructions int64
}

// Metered is an optional interface of instances that can tell what a call used.
type Metered interface {
	// ExecuteMetered is Execute; it fills u, also when the call fails.
	ExecuteMetered(ctx context.Context, in map[string]any, u *Usage) (map[string]any, error)
}

// Encoded is an optional interface of instances whose values are encoded anyway.
type Encoded interface {
	// ExecuteEncoded is Execute for an input in the encoding of package wire. It
	// appends the answer in the same encoding to dst. It does not keep in.
	ExecuteEncoded(ctx context.Context, in, dst []byte, u *Usage) ([]byte, error)
}
