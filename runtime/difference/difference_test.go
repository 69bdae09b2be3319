package difference_test

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/difference"
	"github.com/swapline/swapline/runtime/rollout"
)

func compile(t testing.TB, c rollout.Compare) *difference.Rules {
	t.Helper()
	r, err := difference.Compile(c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func out(t testing.TB, text string) difference.Answer {
	t.Helper()
	m, err := wire.ParseJSONMap([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return difference.Answer{Out: m}
}

// told is a list of differences for a table of cases.
func told(list []difference.Difference) []string {
	var lines []string
	for _, d := range list {
		lines = append(lines, fmt.Sprintf("%s: %s | %s", d.Pointer, d.Stable.Text(), d.Candidate.Text()))
	}
	return lines
}

func TestDifferencesAreToldByTheirPlace(t *testing.T) {
	for _, c := range []struct {
		name, stable, candidate string
		compare                 rollout.Compare
		want                    []string
	}{
		{name: "equal", stable: `{"a":[1,{"b":null}]}`, candidate: `{"a":[1,{"b":null}]}`},
		{name: "scalars", stable: `{"b":1,"a":"x"}`, candidate: `{"b":2,"a":"y"}`, want: []string{`/a: "x" | "y"`, `/b: 1 | 2`}},
		{name: "types", stable: `{"a":1,"b":0.0}`, candidate: `{"a":1.0,"b":-0.0}`, want: []string{`/a: 1 | 1.0`, `/b: 0.0 | -0.0`}},
		{name: "numbers", stable: `{"a":1,"b":0.0,"c":100}`, candidate: `{"a":1.0,"b":-0.0,"c":100.0000001}`, compare: rollout.Compare{Tolerance: 1e-6}},
		{name: "beyond tolerance", stable: `{"a":100,"b":-1.0}`, candidate: `{"a":102,"b":1.0}`, compare: rollout.Compare{Tolerance: 0.01},
			want: []string{`/a: 100 | 102`, `/b: -1.0 | 1.0`}},
		{name: "on the tolerance", stable: `{"a":99}`, candidate: `{"a":100}`, compare: rollout.Compare{Tolerance: 0.01}},
		{name: "large integers", stable: `{"a":-9223372036854775808}`, candidate: `{"a":9223372036854775807}`, compare: rollout.Compare{Tolerance: 1},
			want: []string{`/a: -9223372036854775808 | 9223372036854775807`}},
		{name: "a number is no text", stable: `{"a":1}`, candidate: `{"a":"1"}`, compare: rollout.Compare{Tolerance: 1}, want: []string{`/a: 1 | "1"`}},
		{name: "absent", stable: `{"a":null}`, candidate: `{"b":1}`, want: []string{`/a: null | absent`, `/b: absent | 1`}},
		{name: "list", stable: `{"a":[1,2]}`, candidate: `{"a":[1,3,4]}`, want: []string{`/a/1: 2 | 3`, `/a/2: absent | 4`}},
		{name: "list and map", stable: `{"a":[]}`, candidate: `{"a":{}}`, want: []string{`/a: [] | {}`}},
		{name: "escapes", stable: `{"a/b":{"~":1}}`, candidate: `{"a/b":{"~":2}}`, want: []string{`/a~1b/~0: 1 | 2`}},
		{name: "ignored", stable: `{"ts":1,"n":[{"id":1,"v":1},{"id":2}]}`, candidate: `{"n":[{"id":3,"v":2},{"id":4}]}`,
			compare: rollout.Compare{Ignore: []string{"/ts", "/n/*/id"}}, want: []string{`/n/0/v: 1 | 2`}},
		{name: "ignored below", stable: `{"a":{"b":{"c":1}}}`, candidate: `{"a":{"b":7}}`, compare: rollout.Compare{Ignore: []string{"/a/b"}}},
		{name: "ignored wholly", stable: `{"a":1}`, candidate: `{"b":1}`, compare: rollout.Compare{Ignore: []string{""}}},
		{name: "an ignored member of a member that is missing", stable: `{"a":{"ts":1}}`, candidate: `{}`, compare: rollout.Compare{Ignore: []string{"/a/ts"}},
			want: []string{`/a: {"ts":1} | absent`}},
		{name: "long values", stable: `{"a":"` + strings.Repeat("é", 200) + `"}`, candidate: `{"a":""}`,
			want: []string{`/a: "` + strings.Repeat("é", 79) + `… | ""`}},
	} {
		got := told(compile(t, c.compare).Diff(out(t, c.stable), out(t, c.candidate)))
		if !slices.Equal(got, c.want) {
			t.Errorf("%s:\n got %q\nwant %q", c.name, got, c.want)
		}
	}
}

func TestErrorsAreComparedByTheirCodes(t *testing.T) {
	answer := difference.Answer{Out: map[string]any{"a": int64(1)}}
	no, other := difference.Answer{Business: "limit_exceeded"}, difference.Answer{Business: "unknown_customer"}
	fault := difference.Answer{Fault: "fault_panic"}
	rules := compile(t, rollout.Compare{Ignore: []string{""}})
	for _, c := range []struct {
		a, b difference.Answer
		want []string
	}{
		{no, no, nil}, {fault, fault, nil}, {answer, answer, nil},
		{difference.Answer{}, difference.Answer{Out: map[string]any{}}, nil},
		{answer, no, []string{`: {"a":1} | business error limit_exceeded`}},
		{no, other, []string{`: business error limit_exceeded | business error unknown_customer`}},
		{no, difference.Answer{Fault: no.Business}, []string{`: business error limit_exceeded | fault limit_exceeded`}},
		{fault, answer, []string{`: fault fault_panic | {"a":1}`}},
	} {
		if got := told(rules.Diff(c.a, c.b)); !slices.Equal(got, c.want) {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

func TestDifferencesOfTwoAnswersAreBounded(t *testing.T) {
	a, b := map[string]any{}, map[string]any{}
	for i := range 100 {
		a[fmt.Sprintf("k%03d", i)], b[fmt.Sprintf("k%03d", i)] = []any{int64(1), int64(2)}, []any{int64(3), int64(4)}
	}
	list := new(difference.Rules).Diff(difference.Answer{Out: a}, difference.Answer{Out: b})
	if len(list) != difference.Most || list[0].Pointer != "/k000/0" || list[difference.Most-1].Pointer != "/k015/1" {
		t.Fatalf("%d differences: %q", len(list), told(list))
	}
}

func TestRulesThatAreNone(t *testing.T) {
	for _, c := range []rollout.Compare{{Tolerance: -1}, {Tolerance: math.NaN()}, {Tolerance: math.Inf(1)}, {Ignore: []string{"ts"}}} {
		if _, err := difference.Compile(c); err == nil {
			t.Errorf("%+v was taken", c)
		}
	}
}

// random makes values that are often alike.
func random(r *rand.Rand, depth int) any {
	kinds := 8
	if depth == 0 {
		kinds = 6
	}
	switch r.IntN(kinds) {
	case 0:
		return nil
	case 1:
		return r.IntN(2) == 0
	case 2:
		return int64(r.IntN(3))
	case 3:
		return float64(r.IntN(3)) * 0.9
	case 4:
		return []string{"", "a", "~/"}[r.IntN(3)]
	case 5:
		return []byte{byte(r.IntN(2))}
	case 6:
		list := make([]any, r.IntN(4))
		for i := range list {
			list[i] = random(r, depth-1)
		}
		return list
	}
	return randomMap(r, depth)
}

func randomMap(r *rand.Rand, depth int) map[string]any {
	m := map[string]any{}
	for range r.IntN(4) {
		m[[]string{"a", "b", "~", "/", "*", ""}[r.IntN(6)]] = random(r, depth-1)
	}
	return m
}

// places finds every place of a value.
func places(v any, at string, into map[string]any) map[string]any {
	into[at] = v
	switch x := v.(type) {
	case map[string]any:
		for k, member := range x {
			places(member, at+"/"+strings.NewReplacer("~", "~0", "/", "~1").Replace(k), into)
		}
	case []any:
		for i, element := range x {
			places(element, at+"/"+strconv.Itoa(i), into)
		}
	}
	return into
}

func parent(at string) string { return at[:strings.LastIndexByte(at, '/')] }

// open reports whether both values have members of their own to compare.
func open(a, b any) bool {
	_, isMap := a.(map[string]any)
	_, isMapToo := b.(map[string]any)
	_, isList := a.([]any)
	_, isListToo := b.([]any)
	return isMap && isMapToo || isList && isListToo
}

// ignored reads patterns as they are written.
func ignored(at string, patterns []string) bool {
	for _, p := range patterns {
		want, have := strings.Split(p, "/"), strings.Split(at, "/")
		if len(have) < len(want) {
			continue
		}
		match := true
		for i, w := range want {
			match = match && (w == have[i] || w == "*" && i > 0)
		}
		if match {
			return true
		}
	}
	return false
}

// twin finds what differs by looking at all places of both answers.
func twin(a, b map[string]any, c rollout.Compare) []string {
	inA, inB := places(a, "", map[string]any{}), places(b, "", map[string]any{})
	all := maps.Clone(inA)
	maps.Copy(all, inB)
	var found []string
	for at := range all {
		if ignored(at, c.Ignore) {
			continue
		}
		if at != "" {
			if up := parent(at); !open(inA[up], inB[up]) || ignored(up, c.Ignore) {
				continue // nothing, or told further up
			}
		}
		x, hasA := inA[at]
		y, hasB := inB[at]
		if hasA != hasB || !open(x, y) && !alike(x, y, c.Tolerance) {
			found = append(found, at)
		}
	}
	slices.Sort(found)
	return found
}

func alike(x, y any, tolerance float64) bool {
	number := func(v any) (float64, bool) {
		switch n := v.(type) {
		case int64:
			return float64(n), true
		case float64:
			return n, true
		}
		return 0, false
	}
	if a, ok := number(x); ok && tolerance > 0 {
		if b, ok := number(y); ok {
			return math.Abs(a-b) <= tolerance*math.Max(math.Abs(a), math.Abs(b))
		}
	}
	return wire.Equal(x, y)
}

func pointersOf(list []difference.Difference) []string {
	var all []string
	for _, d := range list {
		all = append(all, d.Pointer)
	}
	slices.Sort(all)
	return all
}

func TestDiffAgreesWithItsTwin(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	ignore := [][]string{nil, {"/a"}, {"/*/b"}, {"/a/*", "/~0"}, {""}, {"/~1/0", "/*/*/a"}}
	differed := 0
	for i := range 20_000 {
		c := rollout.Compare{Ignore: ignore[r.IntN(len(ignore))], Tolerance: []float64{0, 0.2}[r.IntN(2)]}
		a, b := randomMap(r, 3), randomMap(r, 3)
		list := compile(t, c).Diff(difference.Answer{Out: a}, difference.Answer{Out: b})
		got, want := pointersOf(list), twin(a, b, c)
		if !slices.Equal(got, want) {
			t.Fatalf("case %d, %+v: %v against %v\n got %q\nwant %q", i, c, a, b, got, want)
		}
		differed += len(list)
	}
	if differed == 0 {
		t.Fatal("nothing ever differed")
	}
}

// holds checks what is true of every pair of answers.
func holds(t *testing.T, a, b map[string]any) {
	t.Helper()
	rules := new(difference.Rules)
	one, two := difference.Answer{Out: a}, difference.Answer{Out: b}
	if list := rules.Diff(one, one); len(list) > 0 {
		t.Fatalf("%v differs from itself: %q", a, told(list))
	}
	list, back := rules.Diff(one, two), rules.Diff(two, one)
	if len(list) != len(back) {
		t.Fatalf("%v and %v: %q, the other way round %q", a, b, told(list), told(back))
	}
	for i, d := range list {
		if e := back[i]; d.Pointer != e.Pointer || d.Stable.Text() != e.Candidate.Text() || d.Candidate.Text() != e.Stable.Text() {
			t.Fatalf("%v and %v are not symmetric at %d: %q, %q", a, b, i, told(list), told(back))
		}
	}
	if len(list) == difference.Most {
		return
	}
	if got := applied(a, list); !wire.Equal(got, any(b)) {
		t.Fatalf("%v with %q becomes %v, want %v", a, told(list), got, b)
	}
}

// applied turns one answer into the other. Elements go from the end of a list, so
// what is to be taken away is taken in the opposite order.
func applied(a map[string]any, list []difference.Difference) any {
	v, err := wire.Normalize(a)
	if err != nil {
		return err
	}
	for _, gone := range []bool{false, true} {
		for i := range list {
			d := list[i]
			if gone {
				d = list[len(list)-1-i]
			}
			if (d.Candidate.Kind == difference.Absent) == gone {
				v = put(v, tokens(d.Pointer), d.Candidate)
			}
		}
	}
	return v
}

func tokens(at string) []string {
	if at == "" {
		return nil
	}
	list := strings.Split(at[1:], "/")
	for i := range list {
		list[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(list[i])
	}
	return list
}

func put(v any, way []string, s difference.Side) any {
	if len(way) == 0 {
		return s.Value
	}
	switch x := v.(type) {
	case map[string]any:
		if len(way) == 1 && s.Kind == difference.Absent {
			delete(x, way[0])
			return x
		}
		x[way[0]] = put(x[way[0]], way[1:], s)
		return x
	case []any:
		i, err := strconv.Atoi(way[0])
		switch {
		case err != nil:
			return err
		case len(way) == 1 && s.Kind == difference.Absent:
			return x[:i]
		case i == len(x):
			return append(x, put(nil, way[1:], s))
		}
		x[i] = put(x[i], way[1:], s)
		return x
	}
	return s.Value
}

func TestDifferencesTurnOneAnswerIntoTheOther(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 20_000 {
		holds(t, randomMap(r, 3), randomMap(r, 3))
	}
}

func FuzzDiff(f *testing.F) {
	f.Add(`{"a":[1,2,{"b":null}]}`, `{"a":[1,{"b":0.5}],"c":{"$bytes":"AQI="}}`)
	f.Add(`{"":{"":[[]]}}`, `{"":{"":[[1]]}}`)
	f.Fuzz(func(t *testing.T, a, b string) {
		x, err := wire.ParseJSONMap([]byte(a))
		if err != nil {
			return
		}
		y, err := wire.ParseJSONMap([]byte(b))
		if err != nil {
			return
		}
		holds(t, x, y)
	})
}
