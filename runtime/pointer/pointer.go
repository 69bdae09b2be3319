// Package pointer finds single values in a map, or in the same map as JSON text
// without making a map of it: the sticky key of a call in its input, the fields
// that guards look at in its answer.
//
// # Pointers
//
// A [Pointer] is a JSON Pointer (RFC 6901): "" is the whole value, "/a/0" is element
// 0 of member a; ~1 in a name stands for "/", ~0 for "~". Elements are counted from
// 0 in digits without leading zeros, and at most 999,999,999; "-" is never there.
// Pointers meet the values of package wire: in a map that JSON writes as
// {"$bytes":"AQI="} they find bytes, and nothing within them.
//
// In {"customer":{"id":"c-\u0031"},"items":[{"price":0.5}]}
//
//	/customer/id     is c-1, in the text "c-\u0031"
//	/items/0/price   is 0.5
//	/items/1         is not there
//
// For many places at once there are [Patterns], in which "*" stands for every name
// and number.
//
// # Keys
//
// [KeyOf] and [KeyOfText] turn scalars into bytes to be hashed. They are equal for
// equal values, whether a caller came with a map or with text: above, /customer/id
// is the key c-1 both times.
package pointer

import (
	"fmt"
	"strings"

	"github.com/swapline/swapline/abi/wire"
)

// Pointer names one place in a value: a JSON Pointer (RFC 6901). The zero value is
// "", the whole value. It is not changed after it is made: it is safe for
// concurrent use.
type Pointer struct {
	text   string
	tokens []token
}

// token is one step. Index is its number in a list, or -1 if it is none.
type token struct {
	name  string
	index int
}

// Parse reads a pointer: "" or a text of tokens that each begin with "/", in which
// ~1 stands for "/" and ~0 for "~".
func Parse(text string) (Pointer, error) {
	names, err := split(text)
	if err != nil {
		return Pointer{}, err
	}
	p := Pointer{text: text}
	for _, name := range names {
		p.tokens = append(p.tokens, token{name, indexOf(name)})
	}
	return p, nil
}

// String returns the text that was parsed.
func (p Pointer) String() string { return p.text }

func split(text string) ([]string, error) {
	if text == "" {
		return nil, nil
	}
	if text[0] != '/' {
		return nil, fmt.Errorf("the JSON Pointer %q does not begin with \"/\"", text)
	}
	names := strings.Split(text[1:], "/")
	for i, name := range names {
		var ok bool
		if names[i], ok = unescaped(name); !ok {
			return nil, fmt.Errorf("the JSON Pointer %q has a \"~\" without \"0\" or \"1\" behind it", text)
		}
	}
	return names, nil
}

func unescaped(name string) (string, bool) {
	for rest := name; ; {
		_, after, found := strings.Cut(rest, "~")
		if !found {
			return strings.NewReplacer("~0", "~", "~1", "/").Replace(name), true
		}
		if !strings.HasPrefix(after, "0") && !strings.HasPrefix(after, "1") {
			return "", false
		}
		rest = after[1:]
	}
}

// maxDigits keeps an index within an int of any size.
const maxDigits = 9

// indexOf reads the number of a list's element: digits without a leading zero.
// "-", the element behind the last one, is never there.
func indexOf(name string) int {
	if name == "" || len(name) > maxDigits || name[0] == '0' && len(name) > 1 {
		return -1
	}
	n := 0
	for _, c := range []byte(name) {
		if c < '0' || c > '9' {
			return -1
		}
		n = n*10 + int(c-'0')
	}
	return n
}

// In finds the value in a map. Lists and maps on the way may be of any type that
// wire.Normalize accepts; those of the value domain cost no allocation.
func (p Pointer) In(m map[string]any) (v any, ok bool) {
	v = m
	for i := range p.tokens {
		if v, ok = p.tokens[i].in(v); !ok {
			return nil, false
		}
	}
	return v, true
}

// in returns the value to which a token leads from v.
func (t *token) in(v any) (any, bool) {
	switch x := v.(type) {
	case map[string]any:
		v, ok := x[t.name]
		return v, ok
	case []any:
		if t.index < 0 || t.index >= len(x) {
			return nil, false
		}
		return x[t.index], true
	case nil, bool, int64, float64, string, []byte:
		return nil, false
	}
	if normal, err := wire.Normalize(v); err == nil {
		return t.in(normal)
	}
	return nil, false
}
