// Package difference says where two answers to one input differ: by JSON Pointer
// (RFC 6901), in a fixed order, and no more of them than somebody reads.
//
//	rules, err := difference.Compile(rollout.Compare{Ignore: []string{"/ts"}, Tolerance: 1e-9})
//	list := rules.Diff(
//		difference.Answer{Out: map[string]any{"decision": "approve", "score": 0.5, "ts": int64(1)}},
//		difference.Answer{Out: map[string]any{"decision": "decline", "score": 0.5, "ts": int64(2)}})
//	// one: "/decision", stable "approve", candidate "decline"
//
// # What differs
//
// Answers are maps of the wire domain, or a business error, or a fault. Those of
// two kinds differ as a whole, at the pointer "". Of errors and faults only the
// codes are compared: their texts are for people and may be worded anew.
//
// Maps are compared member by member and lists element by element, at the same
// index. What only one of them has is a difference at its place, with [Absent] on
// the other side. A map and a list differ at their own place, as do all other
// values that are not equal. Whatever is below a place of which Ignore tells is
// not looked at; a whole answer that is ignored still has its kind.
//
// # Numbers
//
// Without a tolerance values are equal as package wire says: the integer 1 is not
// the float 1.0, and 0.0 is not -0.0. With one, numbers are compared as numbers,
// whichever of the two types they have: a and b are equal if
//
//	|a - b| <= tolerance * max(|a|, |b|)
//
// A tolerance is for all numbers: where amounts are exact integers and only some
// fields are computed, it should be small.
package difference

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/pointer"
	"github.com/swapline/swapline/runtime/rollout"
)

// Most is how many differences of two answers are told.
const Most = 32

// Answer is what a release answered. At most one of the codes is set; with one,
// Out means nothing.
type Answer struct {
	Out      map[string]any // of the wire domain
	Business string         // code of a business error
	Fault    string         // code of a fault
}

// Difference is one place at which two answers differ.
type Difference struct {
	Pointer           string
	Stable, Candidate Side
}

// Rules say which differences count. They are not changed after they are made:
// they are safe for concurrent use. The zero value counts all.
type Rules struct {
	ignore    pointer.Patterns
	tolerance float64
}

// Compile makes rules. It fails for a pointer that is none, and for a tolerance
// that is negative or not finite.
func Compile(c rollout.Compare) (*Rules, error) {
	if !(c.Tolerance >= 0) || math.IsInf(c.Tolerance, 1) {
		return nil, fmt.Errorf("a tolerance of %v is none", c.Tolerance)
	}
	ignore, err := pointer.Compile(c.Ignore)
	if err != nil {
		return nil, err
	}
	return &Rules{ignore: ignore, tolerance: c.Tolerance}, nil
}

// Diff returns where the answers differ, at most [Most] places: maps in the order
// of their keys, lists in that of their elements. The values share memory with
// the answers.
func (r *Rules) Diff(stable, candidate Answer) []Difference {
	a, b := stable.side(), candidate.side()
	if a.Kind != Value || b.Kind != Value {
		if a.Kind == b.Kind && a.Code == b.Code {
			return nil
		}
		return []Difference{{"", a, b}}
	}
	d := diff{tolerance: r.tolerance}
	d.values(r.ignore, a.Value, b.Value)
	return d.found
}

// diff walks two values at once.
type diff struct {
	tolerance float64
	place     []byte // a pointer to where it is
	found     []Difference
}

func (d *diff) full() bool { return len(d.found) >= Most }

func (d *diff) add(a, b Side) {
	d.found = append(d.found, Difference{string(d.place), a, b})
}

func (d *diff) values(ignore pointer.Patterns, a, b any) {
	if ignore.Hit() {
		return
	}
	switch x := a.(type) {
	case map[string]any:
		if y, ok := b.(map[string]any); ok {
			d.maps(ignore, x, y)
			return
		}
	case []any:
		if y, ok := b.([]any); ok {
			d.lists(ignore, x, y)
			return
		}
	}
	if !d.equal(a, b) {
		d.add(Side{Value: a}, Side{Value: b})
	}
}

func (d *diff) maps(ignore pointer.Patterns, a, b map[string]any) {
	for _, key := range keys(a, b) {
		if d.full() {
			return
		}
		x, inA := a[key]
		y, inB := b[key]
		d.member(ignore, key, side(x, inA), side(y, inB))
	}
}

func (d *diff) lists(ignore pointer.Patterns, a, b []any) {
	for i := 0; i < max(len(a), len(b)) && !d.full(); i++ {
		d.member(ignore, strconv.Itoa(i), element(a, i), element(b, i))
	}
}

// member compares what is one token further down.
func (d *diff) member(ignore pointer.Patterns, token string, a, b Side) {
	length := len(d.place)
	d.place = appendToken(d.place, token)
	below := ignore.Step(token)
	switch {
	case a.Kind == Value && b.Kind == Value:
		d.values(below, a.Value, b.Value)
	case !below.Hit():
		d.add(a, b)
	}
	d.place = d.place[:length]
}

func element(list []any, i int) Side {
	if i < len(list) {
		return Side{Value: list[i]}
	}
	return Side{Kind: Absent}
}

// keys returns the keys of both maps, sorted, each once.
func keys(a, b map[string]any) []string {
	all := make([]string, 0, max(len(a), len(b)))
	all = slices.AppendSeq(all, maps.Keys(a))
	for key := range b {
		if _, ok := a[key]; !ok {
			all = append(all, key)
		}
	}
	slices.Sort(all)
	return all
}

// equal compares values that are not both maps or both lists.
func (d *diff) equal(a, b any) bool {
	if d.tolerance > 0 && isNumber(a) && isNumber(b) {
		return near(a, b, d.tolerance)
	}
	return wire.Equal(a, b)
}

func appendToken(dst []byte, token string) []byte {
	dst = append(dst, '/')
	for i := range len(token) {
		switch c := token[i]; c {
		case '~':
			dst = append(dst, "~0"...)
		case '/':
			dst = append(dst, "~1"...)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}
