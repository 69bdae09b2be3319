package wire

import (
	"errors"
	"math"
	"reflect"
	"unicode/utf8"
)

// Normalize returns a deep copy of v in the value domain, under the default
// limits. It shares no memory with v that could be written.
//
// Accepted are, beside the types of the domain: every integer type (outside of
// int64: [ErrRange]), float32, json.Number, named types of all of these, slices
// of accepted types and maps with keys of string kind. Nil slices and maps
// become empty ones. Everything else, pointers, structs and arrays included,
// is [ErrDomain]. A value that contains itself ends in [ErrDepth].
func Normalize(v any) (any, error) {
	return Limits{}.Normalize(v)
}

// Normalize is the function [Normalize] with limits of the caller's choice.
func (l Limits) Normalize(v any) (any, error) {
	n := normalizer{left: l.budget()}
	x, e := n.value(v)
	if e != nil {
		return nil, e
	}
	return x, nil
}

// NormalizeMap is [Normalize] for a map. Nil stays nil.
func NormalizeMap(m map[string]any) (map[string]any, error) {
	if m == nil {
		return nil, nil
	}
	n := normalizer{left: Limits{}.budget()}
	x, e := n.mapping(m)
	if e != nil {
		return nil, e
	}
	return x, nil
}

// normalizer copies one value. Its budget counts the bytes of the CBOR
// encoding, so that what it accepts can also be encoded.
type normalizer struct {
	left budget
}

func (n *normalizer) value(v any) (any, *Error) {
	switch x := v.(type) {
	case nil, bool:
		return v, n.left.write(1)
	case int64:
		return v, n.int(x)
	case float64:
		return v, n.float(x)
	case string:
		return v, n.text(x)
	case []byte:
		return n.bytes(x)
	case []any:
		return n.list(x)
	case map[string]any:
		return n.mapping(x)
	case int:
		return int64(x), n.int(int64(x))
	}
	return n.reflected(v)
}

func (n *normalizer) int(x int64) *Error {
	return n.left.write(headSize(uint64(x ^ x>>63)))
}

func (n *normalizer) float(x float64) *Error {
	if !finite(x) {
		return fail(ErrDomain, "not a finite number")
	}
	return n.left.write(floatSize(x))
}

func (n *normalizer) text(s string) *Error {
	if e := n.size(len(s)); e != nil {
		return e
	}
	if !utf8.ValidString(s) {
		return fail(ErrUTF8, "")
	}
	return nil
}

// size takes a string of the given length.
func (n *normalizer) size(length int) *Error {
	if e := n.left.text(length); e != nil {
		return e
	}
	return n.left.write(headSize(uint64(length)) + length)
}

func (n *normalizer) bytes(b []byte) (any, *Error) {
	if e := n.size(len(b)); e != nil {
		return nil, e
	}
	return append(make([]byte, 0, len(b)), b...), nil
}

// open enters a container of the given length.
func (n *normalizer) open(length int) *Error {
	if e := n.left.open(length); e != nil {
		return e
	}
	return n.left.write(headSize(uint64(length)))
}

func (n *normalizer) list(list []any) (any, *Error) {
	if e := n.open(len(list)); e != nil {
		return nil, e
	}
	out := make([]any, len(list))
	for i, v := range list {
		x, e := n.value(v)
		if e != nil {
			return nil, e.inIndex(i)
		}
		out[i] = x
	}
	n.left.close()
	return out, nil
}

func (n *normalizer) mapping(m map[string]any) (map[string]any, *Error) {
	if e := n.open(len(m)); e != nil {
		return nil, e
	}
	out := make(map[string]any, len(m))
	for k, v := range m {
		x, e := n.member(k, v)
		if e != nil {
			return nil, e
		}
		out[k] = x
	}
	n.left.close()
	return out, nil
}

func (n *normalizer) member(key string, v any) (any, *Error) {
	if e := reserved(key); e != nil {
		return nil, e
	}
	if e := n.text(key); e != nil {
		return nil, e
	}
	x, e := n.value(v)
	if e != nil {
		return nil, e.inKey(key)
	}
	return x, nil
}

// number is what json.Number implements. Asking for the methods keeps
// encoding/json out of every guest.
type number interface {
	Int64() (int64, error)
	Float64() (float64, error)
	String() string
}

// reflected normalises values whose type is not of the domain.
func (n *normalizer) reflected(v any) (any, *Error) {
	r := reflect.ValueOf(v)
	switch kind := r.Kind(); {
	case kind == reflect.Bool:
		return n.value(r.Bool())
	case r.CanInt():
		return n.value(r.Int())
	case r.CanUint():
		return n.uint(r.Uint())
	case r.CanFloat():
		return n.value(r.Float())
	case kind == reflect.String:
		return n.named(v, r.String())
	case kind == reflect.Slice && r.Type().Elem().Kind() == reflect.Uint8:
		return n.bytes(r.Bytes())
	case kind == reflect.Slice:
		return n.slice(r)
	case kind == reflect.Map && r.Type().Key().Kind() == reflect.String:
		return n.keyed(r)
	}
	return nil, fail(ErrDomain, "a Go value of type "+r.Type().String())
}

func (n *normalizer) uint(x uint64) (any, *Error) {
	if x > math.MaxInt64 {
		return nil, fail(ErrRange, "integer does not fit int64")
	}
	return n.value(int64(x))
}

// named normalises a named type of string kind, json.Number among them.
func (n *normalizer) named(v any, s string) (any, *Error) {
	if _, ok := v.(number); !ok {
		return n.value(s)
	}
	x, end, e := scanNumber([]byte(s), 0)
	if e != nil || end != len(s) {
		if e != nil && errors.Is(e, ErrRange) {
			return nil, e.read(-1)
		}
		return nil, fail(ErrDomain, "a number that is not one in JSON")
	}
	return n.value(x)
}

func (n *normalizer) slice(r reflect.Value) (any, *Error) {
	if e := n.open(r.Len()); e != nil {
		return nil, e
	}
	out := make([]any, r.Len())
	for i := range out {
		x, e := n.value(r.Index(i).Interface())
		if e != nil {
			return nil, e.inIndex(i)
		}
		out[i] = x
	}
	n.left.close()
	return out, nil
}

func (n *normalizer) keyed(r reflect.Value) (any, *Error) {
	if e := n.open(r.Len()); e != nil {
		return nil, e
	}
	out := make(map[string]any, r.Len())
	for all := r.MapRange(); all.Next(); {
		key := all.Key().String()
		x, e := n.member(key, all.Value().Interface())
		if e != nil {
			return nil, e
		}
		out[key] = x
	}
	n.left.close()
	return out, nil
}
