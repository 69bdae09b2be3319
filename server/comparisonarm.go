package server

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/swapline/swapline/runtime"
)

func armsIn(body map[string]any) ([]runtime.ComparisonArm, error) {
	list, ok := body["arms"].([]any)
	if !ok {
		return nil, malformed("/arms", "the arms are no list").Want("a list of two or more objects").
			Cure(`send "arms": [{"release": "1.0.0"}, {"release": "2.0.0"}]; the first one is the reference`)
	}
	arms := make([]runtime.ComparisonArm, len(list))
	for i, v := range list {
		if err := armMembers(&arms[i]).read("/arms/"+strconv.Itoa(i), v); err != nil {
			return nil, err
		}
	}
	return arms, nil
}

func armMembers(arm *runtime.ComparisonArm) members {
	return members{
		"name": word(&arm.Name), "release": word(&arm.Release), "engine": word(&arm.Engine),
		"isolation": word(&arm.Isolation), "direct": truthTo(&arm.Direct),
	}
}

// members are the members that an object may have, by name, and what reads each.
type members map[string]reader

// reader takes a value, or says what it wants instead.
type reader func(v any) (want string)

// read reads the object at a place, in the order of names: the same mistakes get the
// same answer.
func (m members) read(place string, v any) error {
	doc, ok := v.(map[string]any)
	if !ok {
		return malformed(place, "there is no object").Want("an object")
	}
	for _, name := range slices.Sorted(maps.Keys(doc)) {
		at := place + "/" + escape(name)
		read, known := m[name]
		if !known {
			return malformed(shown(at, place), "%.80q is no member here", name).Want("one of %s", strings.Join(slices.Sorted(maps.Keys(m)), ", "))
		}
		if want := read(doc[name]); want != "" {
			return malformed(at, "%s does not make sense", name).Want("%s", want)
		}
	}
	return nil
}

// escape writes a name as a token of a JSON Pointer (RFC 6901, section 3).
func escape(name string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(name) }

// shown is a pointer with a caller's own key, or the place around it.
func shown(at, place string) string {
	if len(at) > maxPointer {
		return place
	}
	return at
}

// word reads a short text for people and terminals.
func word(to *string) reader {
	return func(v any) string {
		s, ok := v.(string)
		if !ok || len(s) > comparisonWord || !printableLine(s) {
			return "a printable text of at most 80 bytes"
		}
		*to = s
		return ""
	}
}

func truthTo(to *bool) reader {
	return func(v any) string {
		b, ok := v.(bool)
		if !ok {
			return "true or false"
		}
		*to = b
		return ""
	}
}
