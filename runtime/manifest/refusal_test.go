package manifest

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/problem"
)

// without returns the example without some members.
func without(t testing.TB, names ...string) []byte {
	t.Helper()
	members := parsed(t)
	for _, name := range names {
		delete(members, name)
	}
	return text(t, members)
}

// changed returns the example with values replaced or added, by JSON Pointer.
func changed(t testing.TB, changes map[string]any) []byte {
	t.Helper()
	members := parsed(t)
	for pointer, v := range changes {
		set(t, members, strings.Split(pointer, "/")[1:], v)
	}
	return text(t, members)
}

func set(t testing.TB, at any, path []string, v any) {
	t.Helper()
	switch at := at.(type) {
	case map[string]any:
		if len(path) == 1 {
			at[path[0]] = v
			return
		}
		set(t, at[path[0]], path[1:], v)
	case []any:
		i, err := strconv.Atoi(path[0])
		if err != nil {
			t.Fatal(err)
		}
		if len(path) == 1 {
			at[i] = v
			return
		}
		set(t, at[i], path[1:], v)
	default:
		t.Fatalf("no place for %v", path)
	}
}

func parsed(t testing.TB) map[string]any {
	t.Helper()
	members, err := wire.ParseJSONMap(example(t))
	if err != nil {
		t.Fatal(err)
	}
	return members
}

func text(t testing.TB, v any) []byte {
	t.Helper()
	b, err := wire.Limits{Bytes: 4 << 20, String: 4 << 20, Items: 1 << 20}.AppendJSON(nil, v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// refused checks code and place of a refusal.
func refused(t *testing.T, b []byte, pointer string) {
	t.Helper()
	m, err := Decode(b)
	var p *problem.Error
	if !errors.As(err, &p) || p.Code != problem.ManifestMalformed {
		t.Fatalf("error = %v, want code %s", err, problem.ManifestMalformed)
	}
	if p.Pointer != pointer {
		t.Errorf("pointer = %q, want %q (%v)", p.Pointer, pointer, err)
	}
	if m != nil {
		t.Error("a refused manifest was returned")
	}
}

func TestEveryRequiredMemberIsRequired(t *testing.T) {
	for _, name := range []string{"name", "version", "sequence", "kind", "abi_version", "artifact", "methods", "golden",
		"issued", "expires"} {
		t.Run(name, func(t *testing.T) { refused(t, without(t, name), "/"+name) })
	}
	for _, pointer := range []string{"/artifact/sha256", "/artifact/size", "/golden/0/name", "/golden/1/input"} {
		t.Run(pointer, func(t *testing.T) {
			members := parsed(t)
			path := strings.Split(pointer, "/")[1:]
			drop(t, members, path)
			refused(t, text(t, members), pointer)
		})
	}
}

func drop(t testing.TB, members map[string]any, path []string) {
	t.Helper()
	switch inner := members[path[0]].(type) {
	case map[string]any:
		delete(inner, path[1])
	case []any:
		i, err := strconv.Atoi(path[1])
		if err != nil {
			t.Fatal(err)
		}
		delete(inner[i].(map[string]any), path[2])
	}
}

func TestEveryMemberHasOneType(t *testing.T) {
	members := parsed(t)
	for _, name := range slices.Sorted(maps.Keys(members)) {
		for label, wrong := range map[string]any{"null": nil, "boolean": true, "float": 1.5, "bytes": []byte{1}} {
			t.Run(name+"/"+label, func(t *testing.T) {
				refused(t, changed(t, map[string]any{"/" + name: wrong}), "/"+name)
			})
		}
	}
}

func TestBadValuesAreRefusedWhereTheyStand(t *testing.T) {
	word := strings.Repeat("x", 65)
	many := make([]any, 33)
	for i := range many {
		many[i] = "a" + strconv.Itoa(100+i)
	}
	labels := map[string]any{}
	for i := range 65 {
		labels["k"+strconv.Itoa(i)] = "v"
	}
	golden := make([]any, 65)
	for i := range golden {
		golden[i] = map[string]any{"name": strconv.Itoa(i), "input": map[string]any{}, "output": map[string]any{}}
	}
	cases := []struct {
		name, at string
		value    any
		pointer  string // "" means the same as at
	}{
		{"unknown field", "/surplus", int64(1), ""},
		{"field in another case", "/Name", "riskscore", ""},
		{"unknown field with slash", "/a~1b", int64(1), "/a~01b"},
		{"unknown field in artifact", "/artifact/url", "http://x", ""},
		{"unknown field in limits", "/limits/fuel", int64(1), ""},
		{"unknown field in a golden case", "/golden/1/note", "x", ""},
		{"empty name", "/name", "", ""},
		{"upper-case name", "/name", "Riskscore", ""},
		{"name that climbs", "/name", "../riskscore", ""},
		{"name that begins with a dot", "/name", ".riskscore", ""},
		{"name that is too long", "/name", word, ""},
		{"name with a newline", "/name", "risk\nscore", ""},
		{"version with v", "/version", "v1.4.2", ""},
		{"version without patch", "/version", "1.4", ""},
		{"version with leading zero", "/version", "1.04.2", ""},
		{"version that is too long", "/version", "1.0.0-" + word, ""},
		{"sequence zero", "/sequence", int64(0), ""},
		{"negative sequence", "/sequence", int64(-1), ""},
		{"sequence beyond 2^53", "/sequence", int64(1) << 53, ""},
		{"sequence as text", "/sequence", "17", ""},
		{"empty kind", "/kind", "", ""},
		{"kind with a space", "/kind", "wasm ", ""},
		{"engine in upper case", "/engine", "Wazero", ""},
		{"abi version zero", "/abi_version", int64(0), ""},
		{"artifact digest without prefix", "/artifact/sha256", strings.Repeat("a", 64), ""},
		{"artifact digest in upper case", "/artifact/sha256", "sha256:" + strings.Repeat("A", 64), ""},
		{"artifact digest too short", "/artifact/sha256", "sha256:" + strings.Repeat("a", 63), ""},
		{"empty artifact", "/artifact/size", int64(0), ""},
		{"huge artifact", "/artifact/size", int64(1)<<30 + 1, ""},
		{"methods without Execute", "/methods", []any{"Validate"}, ""},
		{"no methods", "/methods", []any{}, ""},
		{"methods out of order", "/methods", []any{"Validate", "Execute"}, "/methods/1"},
		{"methods twice", "/methods", []any{"Execute", "Execute"}, "/methods/1"},
		{"unexported method", "/methods", []any{"Execute", "validate"}, "/methods/1"},
		{"method that is a number", "/methods", []any{"Execute", int64(1)}, "/methods/1"},
		{"capability in upper case", "/capabilities", []any{"Log"}, "/capabilities/0"},
		{"too many capabilities", "/capabilities", many, ""},
		{"audience out of order", "/audience", []any{"b", "a"}, "/audience/1"},
		{"negative timeout", "/limits/timeout_ms", int64(-1), ""},
		{"timeout above an hour", "/limits/timeout_ms", int64(3_600_001), ""},
		{"timeout that overflows to a good one", "/limits/timeout_ms", int64(18446744073710), ""},
		{"negative memory", "/limits/memory_bytes", int64(-1), ""},
		{"memory above 4 GiB", "/limits/memory_bytes", int64(1)<<32 + 1, ""},
		{"negative instructions", "/limits/instructions", int64(-1), ""},
		{"concurrency beyond reason", "/limits/concurrency", int64(1)<<16 + 1, ""},
		{"config as list", "/config", []any{}, ""},
		{"schema as text", "/config_schema", "{}", ""},
		{"no golden case", "/golden", []any{}, ""},
		{"too many golden cases", "/golden", golden, ""},
		{"golden case that is no object", "/golden/0", "x", ""},
		{"two golden cases of one name", "/golden/1/name", "groceries", ""},
		{"golden case without a name", "/golden/0/name", "", ""},
		{"golden name with a control character", "/golden/0/name", "a\x1b[2J", ""},
		{"golden case with two answers", "/golden/0/rejected", "bad_input", "/golden/0"},
		{"rejected code with a space", "/golden/1/rejected", "bad input", ""},
		{"rejected empty", "/golden/1/rejected", "", "/golden/1"},
		{"time with fraction", "/issued", "2026-11-01T09:30:00.5Z", ""},
		{"time with offset", "/issued", "2026-11-01T09:30:00+00:00", ""},
		{"time with lower-case letters", "/issued", "2026-11-01t09:30:00z", ""},
		{"day that does not exist", "/issued", "2026-02-30T09:30:00Z", ""},
		{"leap second", "/issued", "2026-12-31T23:59:60Z", ""},
		{"time as number", "/expires", int64(1), ""},
		{"time before 1970", "/issued", "1969-12-31T23:59:59Z", ""},
		{"empty not_before", "/not_before", "", ""},
		{"expires with issue", "/expires", "2026-11-01T09:30:00Z", ""},
		{"expires with not_before", "/expires", "2026-11-02T00:00:00Z", ""},
		{"min host version with v", "/min_host_version", "v1.0.0", ""},
		{"previous that is no digest", "/previous", "latest", ""},
		{"label key in upper case", "/labels/Team", "x", ""},
		{"label that is too long", "/labels/team", strings.Repeat("x", 257), ""},
		{"label with a newline", "/labels/team", "a\nb", ""},
		{"label that is a number", "/labels/team", int64(1), ""},
		{"too many labels", "/labels", labels, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			pointer := c.pointer
			if pointer == "" {
				pointer = c.at
			}
			refused(t, changed(t, map[string]any{c.at: c.value}), pointer)
		})
	}
}

func TestGoldenCaseWithoutAnAnswerIsRefused(t *testing.T) {
	members := parsed(t)
	drop(t, members, []string{"golden", "0", "output"})
	refused(t, text(t, members), "/golden/0")
}

func TestTextThatIsNotStrictJSONIsRefused(t *testing.T) {
	good := string(text(t, parsed(t)))
	cases := map[string]struct{ text, pointer string }{
		"empty":                 {"", ""},
		"list":                  {"[]", ""},
		"null":                  {"null", ""},
		"trailing data":         {good + "{}", ""},
		"truncated":             {good[:len(good)-1], ""},
		"byte order mark":       {"\ufeff" + good, ""},
		"duplicate member":      {strings.Replace(good, `"name":"riskscore"`, `"name":"riskscore","name":"riskscore"`, 1), "/name"},
		"duplicate by escape":   {strings.Replace(good, `"name":"riskscore"`, `"name":"riskscore","n\u0061me":"x"`, 1), "/name"},
		"duplicate in config":   {strings.Replace(good, `"night_factor":1.5`, `"night_factor":1.5,"night_factor":2.5`, 1), "/config/night_factor"},
		"invalid UTF-8":         {strings.Replace(good, "groceries", "gro\xffceries", 1), "/golden/0/name"},
		"integer beyond int64":  {strings.Replace(good, `"sequence":17`, `"sequence":9223372036854775808`, 1), "/sequence"},
		"integer as a float":    {strings.Replace(good, `"sequence":17`, `"sequence":17.0`, 1), "/sequence"},
		"integer with exponent": {strings.Replace(good, `"sequence":17`, `"sequence":17e0`, 1), "/sequence"},
		"depth 10,000":          {strings.Replace(good, `"night_factor":1.5`, `"a":`+strings.Repeat("[", 10_000)+strings.Repeat("]", 10_000), 1), "/config/a" + strings.Repeat("/0", 62)},
		"above a MiB":           {good + strings.Repeat(" ", MaxPayload), ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if c.text == good {
				t.Fatal("the case does not change the example")
			}
			refused(t, []byte(c.text), c.pointer)
		})
	}
}

func TestRefusalSaysExpectedAndFound(t *testing.T) {
	_, err := Decode(changed(t, map[string]any{"/limits/timeout_ms": "fast"}))
	want := `manifest_malformed: manifest has a bad value at /limits/timeout_ms (expected integer, found text "fast")`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestValidName(t *testing.T) {
	for _, s := range []string{"a", "0", "risk-score.v2_x", strings.Repeat("a", 64)} {
		if !ValidName(s) {
			t.Errorf("%q refused", s)
		}
	}
	for _, s := range []string{"", "-a", "_a", ".a", "A", "a/b", "a b", "a\x00", "ä", strings.Repeat("a", 65)} {
		if ValidName(s) {
			t.Errorf("%q accepted", s)
		}
	}
}

func TestVersionsCompareBySemver(t *testing.T) {
	for _, s := range []string{"0.0.0", "1.2.3-rc.1", "1.2.3+build.7", "1.2.3-rc.1+b"} {
		if !ValidVersion(s) {
			t.Errorf("%q refused", s)
		}
	}
	if CompareVersions("1.10.0", "1.9.0") != 1 || CompareVersions("1.0.0-rc.1", "1.0.0") != -1 || CompareVersions("1.0.0", "1.0.0+x") != 0 {
		t.Error("versions are not ordered by semver precedence")
	}
}

func TestDigest(t *testing.T) {
	d := Sum(nil)
	if d != "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" || !d.Valid() || d.Short() != "e3b0c44298fc" {
		t.Errorf("digest of nothing = %s, short %s", d, d.Short())
	}
	for _, bad := range []Digest{"", "sha256:", d[:70], d + "0", Digest(strings.ToUpper(string(d))), Digest("sha512:" + d.Hex())} {
		if bad.Valid() {
			t.Errorf("%q is valid", bad)
		}
	}
}
