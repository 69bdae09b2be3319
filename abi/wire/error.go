package wire

import (
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
)

// What can be wrong with a value or with its bytes. Every error of this
// package is an [*Error] that wraps exactly one of these.
var (
	// ErrSyntax: the bytes are not one whole, well-formed document.
	ErrSyntax = errors.New("malformed document")
	// ErrDomain: well formed, but not a value of the domain.
	ErrDomain = errors.New("outside of the value domain")
	// ErrDepth: more containers inside each other than [Limits].Depth.
	ErrDepth = errors.New("nested too deeply")
	// ErrSize: more bytes, items or text than [Limits] allows.
	ErrSize = errors.New("too large")
	// ErrRange: a number that int64 or float64 cannot hold.
	ErrRange = errors.New("number out of range")
	// ErrDuplicateKey: a map that has one key twice.
	ErrDuplicateKey = errors.New("duplicate key")
	// ErrUTF8: text that is not valid UTF-8, or half of a surrogate pair.
	ErrUTF8 = errors.New("invalid UTF-8")
	// ErrNotCanonical: well-formed CBOR of a value of the domain, but not the
	// one deterministic encoding of it.
	ErrNotCanonical = errors.New("not the deterministic encoding")
)

// Error says what is wrong and where.
type Error struct {
	// Err is one of the sentinels of this package.
	Err error
	// Offset is the place in the bytes that were read, from 0; -1 where
	// nothing was read.
	Offset int
	// Pointer is the place in the value as a JSON Pointer (RFC 6901); empty
	// is the whole value. Keys of more than 256 bytes are shortened in it, so
	// that a hostile document cannot fill a log.
	Pointer string

	why string
}

// longestToken bounds one key in a pointer, in bytes.
const longestToken = 256

// Error implements error.
func (e *Error) Error() string {
	text := "wire: " + e.Err.Error()
	if e.why != "" {
		text += ": " + e.why
	}
	if e.Pointer != "" {
		text += " at " + e.Pointer
	}
	if e.Offset >= 0 {
		text += " (offset " + strconv.Itoa(e.Offset) + ")"
	}
	return text
}

// Unwrap returns the sentinel.
func (e *Error) Unwrap() error { return e.Err }

// fail makes an error about a value in memory.
func fail(err error, why string) *Error {
	return &Error{Err: err, Offset: -1, why: why}
}

// failAt makes an error about the byte at offset.
func failAt(offset int, err error, why string) *Error {
	return &Error{Err: err, Offset: offset, why: why}
}

// read gives an error of the budget the place in the input.
func (e *Error) read(offset int) *Error {
	e.Offset = offset
	return e
}

// inKey prepends a map's key to the pointer. Errors collect their pointer on
// the way out, so that the way in costs nothing.
func (e *Error) inKey(key string) *Error {
	e.Pointer = "/" + token(key) + e.Pointer
	return e
}

// inIndex prepends a list's index to the pointer.
func (e *Error) inIndex(i int) *Error {
	e.Pointer = "/" + strconv.Itoa(i) + e.Pointer
	return e
}

func token(key string) string {
	if len(key) > longestToken {
		end := longestToken - len("...")
		for !utf8.RuneStart(key[end]) {
			end--
		}
		key = key[:end] + "..."
	}
	return strings.ReplaceAll(strings.ReplaceAll(key, "~", "~0"), "/", "~1")
}

var _ error = (*Error)(nil)
