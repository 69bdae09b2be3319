package wasm

import (
	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/manifest"
)

// codec is how values cross between host and guest.
type codec struct {
	name      string
	append    func(dst []byte, v any) ([]byte, error)
	decode    func([]byte) (any, error)
	decodeMap func([]byte) (map[string]any, error)
}

// codecOf returns the codec that a manifest asks for.
func codecOf(encoding string) codec {
	if encoding == manifest.EncodingJSON {
		return codec{"JSON", wire.AppendJSON, wire.ParseJSON, wire.ParseJSONMap}
	}
	return codec{"deterministic CBOR", wire.Append, wire.Decode, wire.DecodeMap}
}
