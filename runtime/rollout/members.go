package rollout

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// members reads one object of a policy document. The first refusal sticks: later
// reads give what is absent, so a reader reads everything in a row.
type members struct {
	doc     *document
	pointer string
	of      map[string]any
	read    map[string]bool
}

// document is what the objects of one document have in common.
type document struct {
	of  string // what it is, "" for a policy
	err *Malformed
}

func (d *document) refuse(m Malformed) {
	if d.err == nil {
		m.Of = d.of
		d.err = &m
	}
}

func (d *document) open(pointer string, of map[string]any) *members {
	return &members{doc: d, pointer: pointer, of: of, read: make(map[string]bool, len(of))}
}

func (m *members) at(name string) string {
	return m.pointer + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}

func (m *members) has(name string) bool {
	_, ok := m.of[name]
	return ok
}

// bad refuses the value of a member.
func (m *members) bad(name, want, got string) {
	m.doc.refuse(Malformed{Pointer: m.at(name), Text: "bad value", Want: want, Got: got})
}

// refuse refuses a member for what it stands beside.
func (m *members) refuse(name, text, want, cure string) {
	got := "nothing"
	if v, ok := m.of[name]; ok {
		got = describe(v)
	}
	m.doc.refuse(Malformed{Pointer: m.at(name), Text: text, Want: want, Got: got, Cure: cure})
}

// done refuses what nobody asked for.
func (m *members) done() {
	for _, name := range slices.Sorted(maps.Keys(m.of)) {
		if !m.read[name] {
			m.doc.refuse(Malformed{Pointer: m.at(name), Text: "unknown member",
				Want: "one of " + strings.Join(slices.Sorted(maps.Keys(m.read)), ", "), Got: strconv.Quote(brief(name)),
				Cure: "remove it; names are case-sensitive"})
		}
	}
}

// take is the one place where members are looked up; absent and refused ones give
// false.
func take[T any](m *members, name, want string) (T, bool) {
	m.read[name] = true
	v, ok := m.of[name]
	if !ok {
		var zero T
		return zero, false
	}
	t, ok := v.(T)
	if !ok {
		m.bad(name, want, describe(v))
	}
	return t, ok
}

func (m *members) flag(name string) bool {
	v, _ := take[bool](m, name, "true or false")
	return v
}

func (m *members) text(name, want string, valid func(string) bool) string {
	v, ok := take[string](m, name, want)
	if ok && !valid(v) {
		m.bad(name, want, describe(v))
	}
	return v
}

// word reads one of a few words; an absent one is the first.
func (m *members) word(name string, words ...string) string {
	want := strings.Join(words, " or ")
	if !m.has(name) {
		m.read[name] = true
		return words[0]
	}
	return m.text(name, want, func(s string) bool { return slices.Contains(words, s) })
}

// number reads a number from low to high; an absent one is otherwise.
func (m *members) number(name string, otherwise, low, high float64) float64 {
	if v := m.maybe(name, low, high); v != nil {
		return *v
	}
	return otherwise
}

// maybe reads a number that may be absent.
func (m *members) maybe(name string, low, high float64) *float64 {
	m.read[name] = true
	if !m.has(name) {
		return nil
	}
	v, ok := float(m.of[name])
	if !ok || !(v >= low && v <= high) {
		m.bad(name, "a number from "+decimal(low).String()+" to "+decimal(high).String(), describe(m.of[name]))
		return nil
	}
	v += 0 // one zero
	return &v
}

func float(v any) (float64, bool) {
	switch v := v.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}

// steps reads a number as a count of steps, of which unit are one.
func (m *members) steps(name string, unit float64, otherwise, low, high int64) int64 {
	v := m.maybe(name, float64(low)/unit, float64(high)/unit)
	if v == nil {
		return otherwise
	}
	n := math.Round(*v * unit)
	if n/unit != *v {
		m.bad(name, "steps of "+decimal(1/unit).String(), describe(m.of[name]))
	}
	return int64(n)
}

func (m *members) count(name string, otherwise, low, high int64) int64 {
	return m.steps(name, 1, otherwise, low, high)
}

// object reads an object; an absent one is nil.
func (m *members) object(name string) *members {
	v, ok := take[map[string]any](m, name, "object")
	if !ok || v == nil {
		return nil
	}
	return m.doc.open(m.at(name), v)
}

func (m *members) list(name string, most int) []any {
	v, _ := take[[]any](m, name, "list")
	if len(v) > most {
		m.bad(name, "at most "+strconv.Itoa(most)+" entries", strconv.Itoa(len(v)))
		return nil
	}
	return v
}

func (m *members) objects(name string, most int) []*members {
	var out []*members
	for i, v := range m.list(name, most) {
		pointer := m.at(name) + "/" + strconv.Itoa(i)
		of, ok := v.(map[string]any)
		if !ok {
			m.doc.refuse(Malformed{Pointer: pointer, Text: "bad value", Want: "object", Got: describe(v)})
		}
		out = append(out, m.doc.open(pointer, of))
	}
	return out
}

// texts reads a list of strings that satisfy valid; an empty one is nil.
func (m *members) texts(name, want string, most int, valid func(string) bool) []string {
	var out []string
	for i, v := range m.list(name, most) {
		s, ok := v.(string)
		if !ok || !valid(s) {
			m.doc.refuse(Malformed{Pointer: m.at(name) + "/" + strconv.Itoa(i), Text: "bad value", Want: want, Got: describe(v)})
		}
		out = append(out, s)
	}
	return out
}

func describe(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return strconv.FormatBool(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return decimal(v).String()
	case string:
		return strconv.Quote(brief(v))
	case []any:
		return "a list"
	case map[string]any:
		return "an object"
	default:
		return fmt.Sprintf("a value of type %T", v)
	}
}

// brief shows at most 40 bytes.
func brief(s string) string {
	if len(s) <= 40 {
		return s
	}
	cut := 40
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "..."
}
