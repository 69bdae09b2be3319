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
	// fromText and toText translate a map between JSON text and the codec. They
	// accept what the strict decoders accept and nothing else.
	fromText, toText func(dst, b []byte) ([]byte, error)
}

// codecOf returns the codec that a manifest asks for.
func codecOf(encoding string) codec {
	if encoding == manifest.EncodingJSON {
		return codec{"JSON", wire.AppendJSON, wire.ParseJSON, wire.ParseJSONMap, canonicalText, canonicalText}
	}
	return codec{"deterministic CBOR", wire.Append, wire.Decode, wire.DecodeMap, wire.JSONMapToCBOR, wire.CBORMapToJSON}
}

// canonicalText checks JSON text and appends its canonical form.
func canonicalText(dst, text []byte) ([]byte, error) {
	b, err := wire.JSONMapToCBOR(nil, text)
	if err != nil {
		return dst, err
	}
	return wire.CBORMapToJSON(dst, b)
}
