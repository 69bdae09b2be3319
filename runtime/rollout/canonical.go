package rollout

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// decimal is a number whose type does not matter: 60 and 60.0 are one text.
type decimal float64

func (d decimal) String() string {
	f := float64(d)
	if a := math.Abs(f); a != 0 && (a < 1e-6 || a >= 1e18) {
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

// appendCanonical writes values of the wire domain, except bytes, and decimals as
// JSON: members sorted, no white space, and a number with a fraction or an exponent
// exactly if it is a float64.
func appendCanonical(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case bool:
		return strconv.AppendBool(b, v)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case decimal:
		return append(b, v.String()...)
	case float64:
		return appendFloat(b, v)
	case string:
		return appendText(b, v)
	case []any:
		return appendList(b, v)
	case map[string]any:
		return appendObject(b, v)
	}
	return b // never: check refuses all others
}

func appendFloat(b []byte, f float64) []byte {
	s := decimal(f).String()
	if !strings.ContainsAny(s, ".e") {
		s += ".0"
	}
	return append(b, s...)
}

// appendText cannot fail: a string always has a JSON text.
func appendText(b []byte, s string) []byte {
	text, err := json.Marshal(s)
	if err != nil {
		return append(b, `""`...)
	}
	return append(b, text...)
}

func appendList(b []byte, list []any) []byte {
	b = append(b, '[')
	for i, v := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendCanonical(b, v)
	}
	return append(b, ']')
}

func appendObject(b []byte, of map[string]any) []byte {
	b = append(b, '{')
	for i, name := range slices.Sorted(maps.Keys(of)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendText(b, name), ':')
		b = appendCanonical(b, of[name])
	}
	return append(b, '}')
}

// room bounds a value that a policy carries for others.
type room struct{ values, bytes int }

// holds reports whether v can be written as JSON and read back as the same value,
// within the bounds.
func (r *room) holds(v any, depth int) bool {
	r.values--
	if r.values < 0 || r.bytes < 0 || depth < 0 {
		return false
	}
	switch v := v.(type) {
	case nil, bool, int64:
		return true
	case float64:
		return !math.IsNaN(v) && !math.IsInf(v, 0)
	case string:
		return r.text(v)
	case []any:
		return !slices.ContainsFunc(v, func(e any) bool { return !r.holds(e, depth-1) })
	case map[string]any:
		for name, e := range v {
			if !r.text(name) || !r.holds(e, depth-1) {
				return false
			}
		}
		return true
	}
	return false
}

func (r *room) text(s string) bool {
	r.bytes -= len(s)
	return r.bytes >= 0 && utf8.ValidString(s)
}
