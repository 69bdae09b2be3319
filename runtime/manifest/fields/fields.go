// Package fields reads the members of JSON objects whose shape is fixed: the
// manifest, the trust policy, the envelope. It exists because encoding/json
// matches member names without regard to case and ignores what it does not
// know; a signed statement must mean one thing to every reader.
//
// Names match byte for byte. A member that nobody asked for, a missing one, a
// null and a value of another type are refused. The first refusal sticks:
// later reads return zero values, so a caller reads everything in a row and
// asks [Object.Err] once.
//
//	o := fields.Parse(problem.ManifestMalformed, "manifest", payload, limits)
//	m.Name = o.Text("name")
//	m.Engine = o.Optional().Text("engine")
//	o.Done()
//	return o.Err()
package fields

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/problem"
)

// TimeLayout is how times are written: RFC 3339 in UTC with whole seconds.
const TimeLayout = "2006-01-02T15:04:05Z"

// Object is one JSON object being read. It is not safe for concurrent use.
type Object struct {
	doc      *document
	pointer  string
	members  map[string]any
	read     map[string]bool
	optional bool
}

// document is what the objects of one text share.
type document struct {
	code problem.Code
	what string
	err  error
}

// Parse opens the object that data consists of. Refusals carry code; what
// names the document in messages.
func Parse(code problem.Code, what string, data []byte, limits wire.Limits) *Object {
	v, err := limits.ParseJSON(data)
	if err != nil {
		return &Object{doc: &document{code: code, what: what, err: syntax(code, what, err)}}
	}
	members, ok := v.(map[string]any)
	if !ok {
		err := problem.New(code, "%s is not a JSON object", what).Want("object").Got("%s", describe(v))
		return &Object{doc: &document{code: code, what: what, err: err}}
	}
	return Open(code, what, members)
}

func syntax(code problem.Code, what string, err error) error {
	p := problem.New(code, "%s is not strict JSON: %w", what, err)
	var w *wire.Error
	if errors.As(err, &w) {
		p = p.At(w.Pointer)
	}
	return p
}

// Open reads an object that was parsed before. It keeps members.
func Open(code problem.Code, what string, members map[string]any) *Object {
	return open(&document{code: code, what: what}, "", members)
}

func open(doc *document, pointer string, members map[string]any) *Object {
	return &Object{doc: doc, pointer: pointer, members: members, read: make(map[string]bool, len(members))}
}

// Optional returns a view of o whose reads give the zero value for a missing
// member instead of refusing it.
func (o *Object) Optional() *Object {
	c := *o
	c.optional = true
	return &c
}

// Has reports whether o has the member.
func (o *Object) Has(name string) bool {
	_, ok := o.members[name]
	return ok
}

// Err returns the first refusal, a *problem.Error, in the whole document.
func (o *Object) Err() error { return o.doc.err }

// Refuse records that a member has a bad value, for rules that only the caller
// knows.
func (o *Object) Refuse(name, want, found string) { o.bad(Escape(name), want, quote(found)) }

// Done refuses members that were not read.
func (o *Object) Done() {
	for _, name := range slices.Sorted(maps.Keys(o.members)) {
		if !o.read[name] {
			o.refuse(name, problem.New(o.doc.code, "%s has an unknown field", o.doc.what).
				Cure("remove the field; names are case-sensitive"))
		}
	}
}

// Text reads a string.
func (o *Object) Text(name string) string { return read[string](o, name, "text") }

// Bool reads a boolean.
func (o *Object) Bool(name string) bool { return read[bool](o, name, "boolean") }

// Int reads an integer.
func (o *Object) Int(name string) int64 { return read[int64](o, name, "integer") }

// Number reads a number with or without a fraction.
func (o *Object) Number(name string) float64 {
	if n, ok := o.members[name].(int64); ok && o.doc.err == nil {
		o.read[name] = true
		return float64(n)
	}
	return read[float64](o, name, "number")
}

// Duration reads an integer as a number of units of time.
func (o *Object) Duration(name string, unit time.Duration) time.Duration {
	n := o.Int(name)
	if n < 0 || n > math.MaxInt64/int64(unit) {
		o.bad(Escape(name), "a count of time that is not negative and not absurd", strconv.FormatInt(n, 10))
		return 0
	}
	return time.Duration(n) * unit
}

// Map reads an object of any shape. A missing optional one is nil.
func (o *Object) Map(name string) map[string]any { return read[map[string]any](o, name, "object") }

// Time reads a time in [TimeLayout].
func (o *Object) Time(name string) time.Time {
	s := o.Text(name)
	if o.doc.err != nil || (o.optional && !o.Has(name)) {
		return time.Time{}
	}
	t, err := time.Parse(TimeLayout, s)
	if err != nil || t.Format(TimeLayout) != s {
		o.bad(Escape(name), "RFC 3339 in UTC with whole seconds, like 2027-01-31T12:00:00Z", quote(s))
		return time.Time{}
	}
	return t.UTC()
}

// Texts reads a list of strings. An empty list is nil.
func (o *Object) Texts(name string) []string {
	list := read[[]any](o, name, "list")
	var out []string
	for i, v := range list {
		s, ok := v.(string)
		if !ok {
			o.bad(Escape(name)+"/"+strconv.Itoa(i), "text", describe(v))
			return nil
		}
		out = append(out, s)
	}
	return out
}

// TextMap reads an object whose values are strings. An empty one is nil.
func (o *Object) TextMap(name string) map[string]string {
	members := o.Map(name)
	if len(members) == 0 {
		return nil
	}
	out := make(map[string]string, len(members))
	inner := open(o.doc, o.at(name), members)
	for key := range members {
		out[key] = inner.Text(key)
	}
	return out
}

// Object reads an object to be read in turn. It is never nil; a missing
// optional one has no members, and what is read from it is optional too.
func (o *Object) Object(name string) *Object {
	inner := open(o.doc, o.at(name), o.Map(name))
	inner.optional = o.optional && !o.Has(name)
	return inner
}

// Objects reads a list of objects.
func (o *Object) Objects(name string) []*Object {
	list := read[[]any](o, name, "list")
	var out []*Object
	for i, v := range list {
		members, ok := v.(map[string]any)
		if !ok {
			o.bad(Escape(name)+"/"+strconv.Itoa(i), "object", describe(v))
			return nil
		}
		out = append(out, open(o.doc, o.at(name)+"/"+strconv.Itoa(i), members))
	}
	return out
}

// read is the one place where members are looked up.
func read[T any](o *Object, name, want string) T {
	var zero T
	if o.doc.err != nil {
		return zero
	}
	v, ok := o.members[name]
	if !ok {
		if !o.optional {
			o.refuse(name, problem.New(o.doc.code, "%s lacks a required field", o.doc.what).Want("%s", want))
		}
		return zero
	}
	o.read[name] = true
	t, ok := v.(T)
	if !ok {
		o.bad(Escape(name), want, describe(v))
	}
	return t
}

// bad refuses the value at a pointer below o whose tokens are escaped.
func (o *Object) bad(below, want, found string) {
	p := problem.New(o.doc.code, "%s has a bad value", o.doc.what).Want("%s", want).Got("%s", found)
	if o.doc.err == nil {
		o.doc.err = p.At(o.pointer + "/" + below)
	}
}

func (o *Object) refuse(name string, p *problem.Error) {
	if o.doc.err == nil {
		o.doc.err = p.At(o.at(name))
	}
}

func (o *Object) at(name string) string { return o.pointer + "/" + Escape(name) }

// Escape makes a reference token of RFC 6901 of a member name.
func Escape(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}

func describe(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case int64:
		return "integer"
	case float64:
		return "number with a fraction or exponent"
	case string:
		return "text " + quote(v)
	case []byte:
		return "bytes"
	case []any:
		return "list"
	default:
		return "object"
	}
}

// quote shows at most 40 bytes of s, without control characters.
func quote(s string) string {
	if len(s) > 40 {
		return fmt.Sprintf("%q...", s[:40])
	}
	return strconv.Quote(s)
}
