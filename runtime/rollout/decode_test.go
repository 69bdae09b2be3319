package rollout

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/swapline/swapline/abi/wire"
)

func parsed(t testing.TB, text string) map[string]any {
	t.Helper()
	doc, err := wire.ParseJSON([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return doc.(map[string]any)
}

func decoded(t testing.TB, text string) *Policy {
	t.Helper()
	p, err := Decode(parsed(t, text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return p
}

// TestBadPoliciesAreRefusedWithTheFieldAndTheReason has a document, the pointer, and
// parts of what is said.
func TestBadPoliciesAreRefusedWithTheFieldAndTheReason(t *testing.T) {
	stages := func(s string) string { return `{"stages": [` + s + `]}` }
	guard := func(g string) string { return `{"guards": [` + g + `]}` }
	for _, c := range []struct{ doc, pointer, text string }{
		{`{"stage": []}`, "/stage", "unknown member"},
		{`{"alpha": 0}`, "/alpha", "from 0.000001 to 0.2, found 0"},
		{`{"alpha": 0.3}`, "/alpha", "found 0.3"},
		{`{"alpha": "0.01"}`, "/alpha", `found "0.01"`},
		{`{"alpha": null}`, "/alpha", "found null"},
		{`{"a/b~c": 1}`, "/a~1b~0c", "unknown member"},

		{`{"sticky": {}}`, "/sticky", "exactly one of header and pointer, found neither"},
		{`{"sticky": {"header": "X", "pointer": "/x"}}`, "/sticky", "found both"},
		{`{"sticky": {"header": "X Y"}}`, "/sticky/header", `found "X Y"`},
		{`{"sticky": {"header": ""}}`, "/sticky/header", `found ""`},
		{`{"sticky": {"pointer": "x"}}`, "/sticky/pointer", "JSON Pointer"},
		{`{"sticky": {"pointer": "/x~2"}}`, "/sticky/pointer", "JSON Pointer"},
		{`{"sticky": {"pointer": "` + "/" + strings.Repeat("x", 256) + `"}}`, "/sticky/pointer", "256 bytes"},
		{`{"sticky": []}`, "/sticky", "expected object, found a list"},

		{stages(``), "/stages", "a rollout needs a stage"},
		{stages(`7`), "/stages/0", "expected object, found 7"},
		{stages(`{}`), "/stages/0/weight", "a percentage from 0.01 to 100, found nothing"},
		{stages(`{"weight": 50}`), "/stages/0/weight", "the last stage is all traffic"},
		{stages(`{"weight": 5}, {"weight": 5}, {"weight": 100}`), "/stages/1/weight", "weights rise from stage to stage at /stages/1/weight: expected more than 5, found 5"},
		{stages(`{"weight": 5}, {"weight": 1}, {"weight": 100}`), "/stages/1/weight", "found 1"},
		{stages(`{"weight": 0.015}, {"weight": 100}`), "/stages/0/weight", "steps of 0.01, found 0.015"},
		{stages(`{"weight": 0}, {"weight": 100}`), "/stages/0/weight", "from 0.01 to 100"},
		{stages(`{"weight": 101}`), "/stages/0/weight", "from 0.01 to 100"},
		{stages(`{"weight": 100, "for_s": -1}`), "/stages/0/for_s", "found -1"},
		{stages(`{"weight": 100, "for_s": 0.0001}`), "/stages/0/for_s", "steps of 0.001"},
		{stages(`{"weight": 100, "hold_s": 2592001}`), "/stages/0/hold_s", "to 2592000"},
		{stages(`{"weight": 100, "calls": 1.5}`), "/stages/0/calls", "steps of 1"},
		{stages(`{"weight": 100, "then": "promote"}`), "/stages/0/then", "pause or rollback"},
		{stages(`{"weight": 100, "gate": 1}`), "/stages/0/gate", "true or false"},
		{stages(`{"weight": 100, "baseline": true}`), "/stages/0/baseline", "nothing is left to compare with"},
		{stages(`{"weight": 50, "baseline": true}, {"weight": 100}`), "/stages/0/baseline", "50 or more"},
		{stages(strings.Repeat(`{"weight": 1},`, 16) + `{"weight": 100}`), "/stages", "at most 16 entries, found 17"},
		{stages(`{"weight": 100, "guards": [{"name": "p", "metric": "latency", "versus": "stable", "max_ratio": 2}]}`), "/stages/0/guards/0/versus", "at 100 %"},
		{stages(`{"weight": 1, "guards": [{"name": "p", "metric": "latency", "versus": "baseline", "max_ratio": 2}]}, {"weight": 100}`), "/stages/0/guards/0/versus", "stage 0 has no baseline"},
		{stages(`{"weight": 1, "guards": [{"name": "slower", "metric": "fault_rate", "max": 0.1}]}, {"weight": 100}`), "/stages/0/guards/0/name", "two guards of a stage have one name"},

		{guard(`{"metric": "error_rate", "max": 0.1}`), "/guards/0/name", "needs a name"},
		{guard(`{"name": "a.b", "metric": "error_rate", "max": 0.1}`), "/guards/0/name", "a-z 0-9"},
		{guard(`{"name": "-a", "metric": "error_rate", "max": 0.1}`), "/guards/0/name", "a-z 0-9"},
		{guard(`{"name": "a"}`), "/guards/0/metric", "looks at something"},
		{guard(`{"name": "a", "metric": "luck"}`), "/guards/0/metric", `found "luck"`},
		{guard(`{"name": "a", "metric": "difference_rate", "max": 0.1}`), "/guards/0/metric", "set shadow.max_different"},
		{guard(`{"name": "a", "metric": "error_rate"}`), "/guards/0/max", "a guard without a bound"},
		{guard(`{"name": "a", "metric": "error_rate", "versus": "stable"}`), "/guards/0/max_increase", "a guard without a bound"},
		{guard(`{"name": "a", "metric": "error_rate", "versus": "before", "max_increase": 0}`), "/guards/0/versus", "stable or baseline"},
		{guard(`{"name": "a", "metric": "error_rate", "max": 1.1}`), "/guards/0/max", "from 0 to 1"},
		{guard(`{"name": "a", "metric": "error_rate", "max": 0.1, "max_ratio": 2}`), "/guards/0/max_ratio", "has no such bound"},
		{guard(`{"name": "a", "metric": "error_rate", "max_increase": 0.1}`), "/guards/0/max_increase", "set versus"},
		{guard(`{"name": "a", "metric": "error_rate", "min": 0.1}`), "/guards/0/min", "has no such bound"},
		{guard(`{"name": "a", "metric": "latency_p95", "versus": "stable", "max": 10, "max_ratio": 2}`), "/guards/0/max", "has no such bound"},
		{guard(`{"name": "a", "metric": "latency_p95", "versus": "stable", "max_ratio": 0.9}`), "/guards/0/max_ratio", "from 1 to 1000"},
		{guard(`{"name": "a", "metric": "latency_p95", "max": 0}`), "/guards/0/max", "from 0.001"},
		{guard(`{"name": "a", "metric": "latency_p95", "max": 10, "floor_ms": 1}`), "/guards/0/floor_ms", "unknown member"},
		{guard(`{"name": "a", "metric": "latency", "max_ratio": 2}`), "/guards/0/versus", "latency is a comparison"},
		{guard(`{"name": "a", "metric": "memory_bytes", "max": 10, "tolerance": 1}`), "/guards/0/tolerance", "is read, not estimated"},
		{guard(`{"name": "a", "metric": "error_rate", "max": 0.1, "field": "/x"}`), "/guards/0/field", "unknown member"},
		{guard(`{"name": "a", "metric": "field_mean", "max": 0.1}`), "/guards/0/field", "looks at a field"},
		{guard(`{"name": "a", "metric": "field_mean", "field": "x", "max": 0.1}`), "/guards/0/field", "JSON Pointer"},
		{guard(`{"name": "a", "metric": "field_mean", "field": "/x", "equals": 1, "max": 0.1}`), "/guards/0/equals", "unknown member"},
		{guard(`{"name": "a", "metric": "field_mean", "field": "/x", "min": 2, "max": 1}`), "/guards/0/min", "at most max"},
		{guard(`{"name": "a", "metric": "field_share", "field": "/x", "max": 0.1}`), "/guards/0/equals", "needs the value"},
		{guard(`{"name": "a", "metric": "field_share", "field": "/x", "equals": [1], "max": 0.1}`), "/guards/0/equals", "found a list"},
		{guard(`{"name": "a", "metric": "field_share", "field": "/x", "equals": 1, "max": 0.1, "expected": []}`), "/guards/0/expected", "unknown member"},
		{guard(`{"name": "a", "metric": "error_rate", "max": 0.1, "expected": [1]}`), "/guards/0/expected/0", "a code"},
		{guard(`{"name": "a", "metric": "error_rate", "max": 0.1}, {"name": "a", "metric": "fault_rate", "max": 0.1}`), "/guards/1/name", "one name"},
		{guard(`{"name": "a", "metric": "latency", "versus": "baseline", "max_ratio": 2}`), "/guards/0/versus", "has no baseline"},
		{guard(strings.Repeat(`{"name": "a", "metric": "error_rate", "max": 0.1},`, 32) + `{"name": "b", "metric": "error_rate", "max": 0.1}`), "/guards", "at most 32"},

		{`{"switch": {"max_p99_ratio": 0.5}}`, "/switch/max_p99_ratio", "a faster release"},
		{`{"switch": {"before_s": 0}}`, "/switch/before_s", "the time before"},
		{`{"switch": {"max_error_rise": 2}}`, "/switch/max_error_rise", "from 0 to 1"},
		{`{"switch": {"window_s": 2}}`, "/switch/window_s", "unknown member"},

		{`{"breaker": {"fault_rate": 0.05, "window_s": 0}}`, "/breaker/window_s", "more than 0"},
		{`{"breaker": {"fault_rate": 0.05, "calls": 0}}`, "/breaker/calls", "more than 0"},
		{`{"breaker": {"p95_ms": 5, "open_s": 0}}`, "/breaker/open_s", "more than 0"},
		{`{"breaker": {"p95_ms": 5, "probes": 0}}`, "/breaker/probes", "more than 0"},
		{`{"breaker": {"p95_ms": 5, "fallback": []}}`, "/breaker/fallback", "nothing says what answers"},
		{`{"breaker": {"p95_ms": 5, "fallback": [{}]}}`, "/breaker/fallback/0/kind", "says what answers"},
		{`{"breaker": {"p95_ms": 5, "fallback": [{"kind": "luck"}]}}`, "/breaker/fallback/0/kind", `found "luck"`},
		{`{"breaker": {"p95_ms": 5, "fallback": [{"kind": "static"}]}}`, "/breaker/fallback/0/output", "a static answer is missing"},
		{`{"breaker": {"p95_ms": 5, "fallback": [{"kind": "previous", "output": {}}]}}`, "/breaker/fallback/0/output", "unknown member"},
		{`{"breaker": {"p95_ms": 5, "fallback": [{"kind": "previous"}, {"kind": "previous"}]}}`, "/breaker/fallback/1/kind", "named once"},
		{`{"breaker": {"p95_ms": 5, "fallback": [{"kind": "unavailable"}, {"kind": "previous"}]}}`, "/breaker/fallback/0/kind", "always answers"},
		{`{"breaker": {"p95_ms": 5, "fallback": [{"kind": "last_good", "keep": 0}]}}`, "/breaker/fallback/0/keep", "from 1"},

		{`{"shadow": {"share": 0}}`, "/shadow/share", "from 0.01"},
		{`{"shadow": {"ignore": ["ts"]}}`, "/shadow/ignore/0", "JSON Pointer"},
		{`{"shadow": {"max_different": -1}}`, "/shadow/max_different", "from 0 to 1"},
		{`{"replay": {"at_least": 1001}}`, "/replay/at_least", "at most last"},
		{`{"replay": {"last": 0}}`, "/replay/last", "from 1"},
		{`{"record": {"mask": [""]}}`, "/record/mask/0", "JSON Pointer"},
		{`{"record": {"bytes": 0}}`, "/record/bytes", "from 1"},
	} {
		p, err := Decode(parsed(t, c.doc))
		var m *Malformed
		if p != nil || !errors.As(err, &m) {
			t.Errorf("%s: %v, %v", c.doc, p, err)
			continue
		}
		if m.Pointer != c.pointer || !strings.Contains(m.Error(), c.text) || m.Text == "" || m.Want == "" || m.Got == "" {
			t.Errorf("%s:\n%#v\n%v", c.doc, m, err)
		}
	}
}

func TestValuesThatAreNoJSONAreRefused(t *testing.T) {
	answer := func(v any) map[string]any {
		return map[string]any{"breaker": map[string]any{"p95_ms": int64(1), "fallback": []any{map[string]any{"kind": "static", "output": map[string]any{"x": v}}}}}
	}
	deep := any(nil)
	for range 20 {
		deep = []any{deep}
	}
	zero := 0.0
	for name, v := range map[string]any{"bytes": []byte{1}, "no UTF-8": "\xff", "infinity": 1 / zero, "int": 7, "too deep": deep,
		"too many": make([]any, 1001), "too long": strings.Repeat("x", 70_000)} {
		if _, err := Decode(answer(v)); err == nil || !strings.Contains(err.Error(), "/breaker/fallback/0/output") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Decode(map[string]any{"alpha": zero / zero}); err == nil {
		t.Error("not a number")
	}
	if _, err := Decode(map[string]any{"stages": []any{nil}}); err == nil {
		t.Error("null")
	}
}

func TestWhatIsAbsentIsTheDefault(t *testing.T) {
	if p := decoded(t, `{}`); !reflect.DeepEqual(p, Default()) {
		t.Errorf("%s", p.Encode())
	}
	p := decoded(t, `{"sticky": {"header": "X-Customer"}, "breaker": {"p95_ms": 5}, "guards": []}`)
	if p.Sticky.Header != "X-Customer" || p.Breaker.FaultRate != 0 || p.Breaker.Window != Default().Breaker.Window || p.Guards != nil || len(p.Stages) != 4 {
		t.Errorf("%s", p.Encode())
	}
	p = decoded(t, `{"stages": [{"weight": 100}], "shadow": {}, "replay": {}, "record": {}}`)
	if s := p.Stages[0]; s.For != 60e9 || s.Calls != 100 || s.Hold != 3600e9 || s.Then != ThenPause || len(p.Guards) != 2 {
		t.Errorf("%+v", s)
	}
	if p.Shadow.Share != 1000 || p.Replay.Last != 1000 || p.Record.Share != Full {
		t.Errorf("%s", p.Encode())
	}
}

// full has every member that there is.
const full = `{"sticky": {"pointer": "/customer"}, "alpha": 0.02,
	"stages": [{"weight": 0.01, "for_s": 0.5, "calls": 3, "hold_s": 7, "then": "rollback", "gate": true, "baseline": true,
			"guards": [{"name": "base", "metric": "instructions", "versus": "baseline", "max_ratio": 1.1, "tolerance": 0.5}]},
		{"weight": 12.34, "guards": [{"name": "mem", "metric": "memory_bytes", "max": 1e9}, {"name": "mem2", "metric": "memory_bytes", "versus": "stable", "max_ratio": 2}]},
		{"weight": 100}],
	"guards": [{"name": "errors", "metric": "error_rate", "max": 0.03, "expected": ["no_funds"]},
		{"name": "faults", "metric": "fault_rate", "max": 0, "tolerance": 0.01},
		{"name": "no", "metric": "business_error_rate", "versus": "stable", "max_increase": 0.01},
		{"name": "p50", "metric": "latency_p50", "max": 12.5}, {"name": "p999", "metric": "latency_p99.9", "versus": "stable", "max_ratio": 2, "floor_ms": 0.25},
		{"name": "all", "metric": "latency", "versus": "stable", "max_ratio": 1.5, "tolerance": 0.1},
		{"name": "cost", "metric": "instructions", "max": 100000},
		{"name": "amount", "metric": "field_mean", "field": "/amount", "min": -5, "max": 1.5},
		{"name": "amount2", "metric": "field_mean", "field": "/a~1b", "versus": "stable", "max_change": 1e-9},
		{"name": "approve", "metric": "field_share", "field": "/decision", "equals": "approve", "min": 0.5},
		{"name": "null", "metric": "field_share", "field": "/x", "equals": null, "max": 0.5},
		{"name": "one", "metric": "field_share", "field": "/x", "equals": 1, "max": 0.5},
		{"name": "one0", "metric": "field_share", "field": "/x", "equals": 1.0, "versus": "stable", "max_change": 0.02}],
	"switch": {"before_s": 3, "after_s": 4, "max_error_rise": 0.1, "max_p99_ratio": 0, "calls": 9, "floor_ms": 2},
	"breaker": {"fault_rate": 0.5, "p95_ms": 0.001, "window_s": 1, "calls": 2, "open_s": 3, "probes": 4, "fallback": [{"kind": "previous"},
		{"kind": "last_good", "keep": 7, "max_age_s": 8}, {"kind": "static", "output": {"a": [1, 1.0, -0.0, 1e300, "ä<\u2028", null, true, {}]}}]},
	"shadow": {"share": 10, "budget": 0.5, "for_s": 30, "calls": 200, "hold_s": 600, "max_different": 0.01, "ignore": ["/ts", "/list/*/id"], "tolerance": 1e-9},
	"replay": {"last": 10, "at_least": 5, "max_different": 0.5, "ignore": ["/ts"], "tolerance": 0.1},
	"record": {"last": 10, "bytes": 1024, "share": 0.5, "mask": ["/card/number"]}}`

func TestEncodeIsCanonicalAndReadBack(t *testing.T) {
	for name, p := range map[string]*Policy{"default": Default(), "bare": Bare(), "direct": Default().Direct(), "full": decoded(t, full)} {
		text := string(p.Encode())
		back := decoded(t, text)
		if !reflect.DeepEqual(p, back) || string(back.Encode()) != text {
			t.Errorf("%s: %s\nbecomes %s", name, text, back.Encode())
		}
	}
}

func TestOneMeaningHasOneEncoding(t *testing.T) {
	a := decoded(t, `{"switch": {"max_error_rise": -0.0}, "alpha": 0.010, "stages": [{"weight": 100.0, "for_s": 60.0}], "guards": []}`)
	b := decoded(t, `{"switch": {"max_error_rise": 0}, "guards": [], "stages": [{"for_s": 60, "hold_s": 3600, "weight": 1e2}]}`)
	if string(a.Encode()) != string(b.Encode()) {
		t.Errorf("%s\n%s", a.Encode(), b.Encode())
	}
}

func TestAtListsThePolicysGuardsAndThenTheStages(t *testing.T) {
	p := decoded(t, full)
	names := func(stage int) (out string) {
		for _, g := range p.At(stage) {
			out += g.Name + " "
		}
		return out
	}
	own := "errors faults no p50 p999 all cost amount amount2 approve null one one0 "
	for stage, want := range map[int]string{0: own + "base ", 1: own + "mem mem2 ", 2: own, 3: "", -2: "", ShadowStage: "shadow.different errors faults "} {
		if got := names(stage); got != want {
			t.Errorf("stage %d: %s, want %s", stage, got, want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(full)
	f.Add(string(Default().Encode()))
	f.Add(`{"stages": [{"weight": 0.07}, {"weight": 100}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		v, err := wire.ParseJSON([]byte(text))
		doc, ok := v.(map[string]any)
		if err != nil || !ok {
			return
		}
		p, err := Decode(doc)
		if err != nil {
			if m := (*Malformed)(nil); !errors.As(err, &m) || m.Text == "" || m.Want == "" || p != nil {
				t.Fatalf("%#v", err)
			}
			return
		}
		encoded := p.Encode()
		back := decoded(t, string(encoded))
		if !reflect.DeepEqual(p, back) || string(back.Encode()) != string(encoded) {
			t.Fatalf("%s\nbecomes %s", encoded, back.Encode())
		}
	})
}
