package server

import (
	"errors"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/problem"
)

// planIn reads the plan. What is left out stays zero: defaults and bounds are the
// engine's.
func planIn(body map[string]any) (p compare.Plan, err error) {
	doc, given := body["plan"]
	if !given {
		return p, nil
	}
	if err := planMembers(&p).read("/plan", doc); err != nil {
		return p, err
	}
	return p, noZero(doc.(map[string]any), p)
}

// noZero refuses a zero that the engine would take for "the default".
func noZero(doc map[string]any, p compare.Plan) error {
	if _, given := doc["margin"]; given && p.Margin == 0 && p.Hypothesis != compare.WhetherBetter {
		return malformed("/plan/margin", "nothing is ever shown to be exactly the same").Want("how much does not matter, for example 0.05; or the hypothesis better")
	}
	if _, given := doc["alpha"]; given && p.Alpha == 0 {
		return malformed("/plan/alpha", "a verdict that may never be wrong is never said").Want("a probability, for example 0.05")
	}
	return nil
}

// inBodysWords names members of a plan as the body does, not as the engine.
func inBodysWords(err error, plan compare.Plan) error {
	var p *problem.Error
	if !errors.As(err, &p) || !strings.HasPrefix(p.Pointer, "/plan/") {
		return err
	}
	told := *p
	told.Message, told.Expected = strings.ReplaceAll(p.Message, "open_ns", "open_s"), strings.ReplaceAll(p.Expected, "open_ns", "open_s")
	switch {
	case p.Pointer == "/plan/open_ns":
		told.Pointer = "/plan/open_s"
	case p.Pointer == "/plan/compare" && plan.Compare.Tolerance < 0:
		told.Pointer = "/plan/tolerance"
	case p.Pointer == "/plan/compare":
		told.Pointer = "/plan/ignore"
	}
	return &told
}

func planMembers(p *compare.Plan) members {
	return members{
		"metric": word(&p.Metric), "hypothesis": word(&p.Hypothesis), "margin": number64(&p.Margin), "alpha": number64(&p.Alpha),
		"rounds": count(&p.Rounds), "calls": count(&p.Calls), "warm_up": count(&p.WarmUp), "callers": integer(&p.Callers, -1),
		"rate": number64(&p.Rate), "open_s": seconds(&p.OpenFor), "starts": integer(&p.Starts, -1), "seed": seed(&p.Seed), "resamples": count(&p.Samples),
		"max_different": number64(&p.Different), "ignore": words(&p.Compare.Ignore), "tolerance": number64(&p.Compare.Tolerance), "mask": words(&p.Mask),
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
func word[T ~string](to *T) reader {
	return func(v any) string {
		s, ok := v.(string)
		if !ok || len(s) > comparisonWord || !printableLine(s) {
			return "a printable text of at most 80 bytes"
		}
		*to = T(s)
		return ""
	}
}

func words(to *[]string) reader {
	const want = "a list of strings"
	return func(v any) string {
		list, ok := v.([]any)
		if !ok {
			return want
		}
		for _, v := range list {
			s, ok := v.(string)
			if !ok {
				return want
			}
			*to = append(*to, s)
		}
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

// number64 takes integers for floats, as JSON has one kind of numbers for people.
func number64(to *float64) reader {
	return func(v any) string {
		switch n := v.(type) {
		case int64:
			*to = float64(n)
		case float64:
			*to = n
		default:
			return "a number"
		}
		return ""
	}
}

func count(to *int) reader { return integer(to, 0) }

// integer takes what an int of 32 bits has, from a bound on: -1 means none where 0
// means the default.
func integer(to *int, least int64) reader {
	return func(v any) string {
		n, ok := v.(int64)
		if !ok || n < least || n > math.MaxInt32 {
			return "a whole number from " + strconv.FormatInt(least, 10)
		}
		*to = int(n)
		return ""
	}
}

func seed(to *uint64) reader {
	return func(v any) string {
		n, ok := v.(int64)
		if !ok || n < 0 {
			return "a whole number from 0"
		}
		*to = uint64(n)
		return ""
	}
}

// seconds takes a negative time, too: it means none at all.
func seconds(to *time.Duration) reader {
	return func(v any) string {
		var s float64
		if number64(&s)(v) != "" || math.Abs(s) > 24*60*60 {
			return "seconds, a day at most"
		}
		*to = time.Duration(s * float64(time.Second))
		return ""
	}
}
