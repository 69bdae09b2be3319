package difference

import (
	"strings"

	"github.com/swapline/swapline/abi/wire"
)

// Kind says what stands on one side of a difference.
type Kind byte

// What there can be.
const (
	Value    Kind = iota // a value of the wire domain
	Absent               // nothing: the other side has one more
	Business             // a business error instead of an answer
	Fault                // a fault instead of an answer
)

// Side is what one release has at a place.
type Side struct {
	Kind  Kind
	Value any    // of the wire domain, for Value
	Code  string // for Business and Fault
}

// longest bounds an example, in bytes.
const longest = 160

// Text is the side for people: a value as JSON, cut to about 160 bytes, or one of
// the words that are no JSON: absent, business error CODE, fault CODE.
func (s Side) Text() string {
	switch s.Kind {
	case Absent:
		return "absent"
	case Business:
		return "business error " + cut(s.Code)
	case Fault:
		return "fault " + cut(s.Code)
	}
	text, err := wire.AppendJSON(nil, s.Value)
	if err != nil { // not for values of the wire domain
		return err.Error()
	}
	return cut(string(text))
}

// cut keeps what fits, in whole characters.
func cut(text string) string {
	if len(text) <= longest {
		return text
	}
	return strings.ToValidUTF8(text[:longest], "") + "…"
}

// side is the answer as a whole.
func (a Answer) side() Side {
	switch {
	case a.Fault != "":
		return Side{Kind: Fault, Code: a.Fault}
	case a.Business != "":
		return Side{Kind: Business, Code: a.Business}
	case a.Out == nil: // as drivers read it
		return Side{Value: map[string]any{}}
	}
	return Side{Value: a.Out}
}

func side(v any, there bool) Side {
	if there {
		return Side{Value: v}
	}
	return Side{Kind: Absent}
}
