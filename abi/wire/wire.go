// Package wire is the closed domain of values that strategies get and give,
// its one deterministic byte encoding, and its exact form in JSON. Two values
// are equal exactly when their encodings are the same bytes, so digests of
// values and comparisons of answers are exact.
//
// The package imports only the standard library, and neither fmt nor
// encoding/json: plugins share it with their host and Go guests carry
// it with them. All functions are safe for concurrent use as long as nobody
// writes to their arguments.
//
// # Domain
//
//	value     Go type          notes
//	null      nil
//	boolean   bool
//	integer   int64            never rounded: 2^63 is an error, not a float
//	float     float64          finite; -0.0 and 0.0 are two values
//	text      string           valid UTF-8, not normalised
//	bytes     []byte
//	list      []any            of values
//	map       map[string]any   of values; keys are text, but not "$bytes"
//
// The integer 1 and the float 1.0 are two values. The key "$bytes" is reserved
// because JSON writes bytes with it. [Normalize] takes more Go types and
// returns these; so do [Append] and [AppendJSON]. No other type has a form
// here: no pointer, struct, array, function or channel.
//
// # Binary encoding
//
// A value is one data item of CBOR (RFC 8949) in the core deterministic
// encoding of its section 4.2.1:
//
//   - integers, lengths and counts have the shortest head;
//   - a float has the shortest of binary16, binary32 and binary64 that keeps
//     its value; it never becomes an integer;
//   - lengths and counts are definite;
//   - the keys of a map are in the bytewise order of their encoded form, that
//     is: shorter keys first, keys of one length by their UTF-8 bytes.
//
// Of the major types, 0 and 1 are integers, 2 bytes, 3 text, 4 lists, 5 maps.
// Type 6 (tags) is not used, and of type 7 only false (f4), true (f5), null
// (f6) and the floats (f9, fa, fb). [Decode] refuses all else, so that every
// document it accepts is the one that [Append] writes:
//
//	well-formed, but                                     error
//	longer head or float than needed, indefinite length  ErrNotCanonical
//	keys out of order                                    ErrNotCanonical
//	key twice                                            ErrDuplicateKey
//	integer below -2^63 or above 2^63-1                  ErrRange
//	tag, undefined, simple value, NaN, infinity          ErrDomain
//	key that is not text, or is "$bytes"                 ErrDomain
//	text that is not UTF-8                               ErrUTF8
//
// What is not well-formed, ends early or goes on after the value is
// [ErrSyntax].
//
// # Worked example
//
// The map {"amount": 12950, "rate": 0.5, "card": bytes 01 02, "tags": ["new",
// null]} is these 38 bytes:
//
//	a4                        map of 4
//	   64 63617264            "card"
//	   42 0102                bytes 01 02
//	   64 72617465            "rate"
//	   f9 3800                0.5 as binary16
//	   64 74616773            "tags"
//	   82 63 6e6577 f6        list of 2: "new", null
//	   66 616d6f756e74        "amount", the longest key
//	   19 3296                12950
//
// and this JSON text:
//
//	{"amount":12950,"card":{"$bytes":"AQI="},"rate":0.5,"tags":["new",null]}
//
// # JSON
//
// A JSON text (RFC 8259, UTF-8, no byte order mark) is read exactly:
//
//   - A number without fraction and exponent is an integer; outside of int64 it
//     is [ErrRange]. -0 is the integer 0, which has no sign.
//   - Every other number is the nearest float64: 1e3 and 1000.0 are the float
//     1000, -0.0 is the float -0.0, 1e400 is [ErrRange], 1e-400 is 0.0.
//   - {"$bytes":"..."} is bytes in standard base64 with padding. The key must
//     be alone in its object.
//   - Duplicate keys, also those spelt differently with escapes, are
//     [ErrDuplicateKey]; raw bytes that are not UTF-8 and halves of surrogate
//     pairs are [ErrUTF8].
//
// Written JSON is one text for one value: no white space, members sorted by the
// UTF-8 bytes of their keys, only the escapes that JSON demands (\b \f \n \r \t
// \" \\ and \u00xx in lower case), floats with the shortest digits that read
// back, without exponent from 1e-6 up to below 1e21, and always with a point or
// an exponent, so that they come back as floats.
//
// # Reading and writing in place
//
// [View] reads an encoded value without making anything of it, and [Builder]
// writes one member after the other. They are for code that has no time for
// maps; everybody else uses [Append] and [Decode].
//
// # Limits
//
// Every function has the limits of [DefaultLimits]; the methods of [Limits]
// take others. Counts and lengths are held against the limits, and against the
// bytes that are there, before memory is taken for them. What Normalize
// accepts, Append accepts under the same limits, and Decode what Append writes.
package wire
