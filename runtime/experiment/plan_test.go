package experiment

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/rollout"
)

func parsed(t testing.TB, text string) map[string]any {
	t.Helper()
	doc, err := wire.ParseJSON([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return doc.(map[string]any)
}

func decoded(t testing.TB, text string) *Plan {
	t.Helper()
	p, err := Decode(parsed(t, text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return p
}

// full are plans that say everything, one for each mode and metric that has members
// of its own.
func full() []string {
	return []string{
		`{}`,
		`{"mode": "split", "sticky": {"header": "X-Customer"}, "weight": 12.5, "metric": "field_share", "field": "/a~1b", "equals": 1.0,
		  "hypothesis": "not_worse", "margin": 0.01, "alpha": 0.001, "for_s": 60.5, "calls": 7, "stop": "time", "then": "promote",
		  "expected": ["declined", "b"], "question": "why \u00e4",
		  "guards": [{"name": "e", "metric": "error_rate", "versus": "stable", "max_increase": 0}, {"name": "p", "metric": "latency", "versus": "stable", "max_ratio": 2, "floor_ms": 1}]}`,
		`{"mode": "paired", "metric": "latency_p99", "hypothesis": "better", "margin": 0, "share": 20, "budget": 2.5, "ignore": ["/ts"], "tolerance": 1e-9,
		  "mask": ["/card"], "max_different": 0.001, "guards": [{"name": "f", "metric": "fault_rate", "max": 0.1}]}`,
		`{"sticky": {"pointer": "/customer"}, "metric": "field_share", "field": "/d", "equals": null, "hypothesis": "better"}`,
		`{"metric": "instructions"}`, `{"metric": "error_rate"}`,
	}
}

func TestAPlanIsReadBackAsItself(t *testing.T) {
	for _, text := range full() {
		p := decoded(t, text)
		back := decoded(t, string(p.Encode()))
		if !reflect.DeepEqual(p, back) {
			t.Errorf("%s became\n%s", p.Encode(), back.Encode())
		}
		if back.Hash() != p.Hash() || len(p.Hash()) != 64 {
			t.Errorf("%s has the hashes %s and %s", text, p.Hash(), back.Hash())
		}
		if !json.Valid(p.Encode()) {
			t.Errorf("%s is no JSON", p.Encode())
		}
	}
}

func TestAnEmptyPlanAsksWhetherMediansAreTheSame(t *testing.T) {
	const want = `{"alpha":0.05,"calls":100,"expected":[],"for_s":3600,"guards":[],"hypothesis":"equivalent","margin":0.05,"metric":"latency_p50",` +
		`"mode":"split","question":"","stop":"decided","then":"return","weight":50}`
	p := decoded(t, `{}`)
	if got := string(p.Encode()); got != want {
		t.Errorf("%s, not\n%s", got, want)
	}
	if p.Question.Scale != compare.Ratio || p.Question.HigherIsBetter || p.For != time.Hour {
		t.Errorf("%+v", p)
	}
	for text, margin := range map[string]float64{`{"metric": "fault_rate"}`: 0.02, `{"hypothesis": "better"}`: 0, `{"hypothesis": "better", "margin": 0.1}`: 0.1} {
		if got := decoded(t, text).Question.Margin; got != margin {
			t.Errorf("%s has the margin %v", text, got)
		}
	}
	if q := decoded(t, `{"metric": "field_share", "field": "/a", "equals": 1}`).Question; q.Scale != compare.Difference || !q.HigherIsBetter {
		t.Errorf("a share of a field is asked for as %+v", q)
	}
}

func TestAnotherPlanHasAnotherHash(t *testing.T) {
	seen := map[string]string{}
	for _, text := range append(full(), `{"margin": 0.06}`, `{"alpha": 0.01}`, `{"question": "x"}`, `{"calls": 101}`, `{"weight": 49.99}`, `{"stop": "time"}`) {
		hash := decoded(t, text).Hash()
		if other, ok := seen[hash]; ok {
			t.Errorf("%s and %s have one hash", text, other)
		}
		seen[hash] = text
	}
}

func TestBadPlansAreRefusedWithTheMemberAndTheReason(t *testing.T) {
	for _, c := range []struct{ doc, pointer, text string }{
		{`{"margins": 0.1}`, "/margins", "unknown member"},
		{`{"mode": "both"}`, "/mode", "expected split or paired"},
		{`{"mode": null}`, "/mode", "found null"},
		{`{"weight": 100}`, "/weight", "the reference needs traffic, too"},
		{`{"weight": 0}`, "/weight", "from 0.01"},
		{`{"sticky": {}}`, "/sticky", "exactly one"},
		{`{"share": 5}`, "/share", "set mode to paired"},
		{`{"budget": 5}`, "/budget", "set mode to paired"},
		{`{"mask": []}`, "/mask", "no answers are compared"},
		{`{"ignore": []}`, "/ignore", "no answers are compared"},
		{`{"tolerance": 0}`, "/tolerance", "no answers are compared"},
		{`{"max_different": 0}`, "/max_different", "no answers are compared"},
		{`{"mode": "paired", "weight": 5}`, "/weight", "runs on both arms"},
		{`{"mode": "paired", "sticky": {"header": "X"}}`, "/sticky", "set mode to split"},
		{`{"mode": "paired", "budget": 0}`, "/budget", "from 0.001 to 10"},
		{`{"mode": "paired", "mask": ["card"]}`, "/mask/0", "JSON Pointer"},
		{`{"metric": "luck"}`, "/metric", "latency_p50 or"},
		{`{"metric": "field_share", "equals": 1}`, "/field", "looks at a field"},
		{`{"metric": "field_share", "field": "/a"}`, "/equals", "needs the value"},
		{`{"metric": "field_share", "field": "/a", "equals": []}`, "/equals", "a list"},
		{`{"field": "/a"}`, "/field", "latency_p50 looks at no field"},
		{`{"equals": "a"}`, "/equals", "looks at no field"},
		{`{"hypothesis": "best"}`, "/hypothesis", "equivalent or not_worse or better"},
		{`{"margin": 0}`, "/margin", "set hypothesis to better"},
		{`{"margin": 0, "hypothesis": "not_worse"}`, "/margin", "more than 0"},
		{`{"margin": 11}`, "/margin", "from 0 to 10"},
		{`{"margin": 1.5, "metric": "error_rate"}`, "/margin", "from 0 to 1"},
		{`{"margin": "5 %"}`, "/margin", `found "5 %"`},
		{`{"alpha": 0}`, "/alpha", "from 0.000001 to 0.2"},
		{`{"for_s": 0.5}`, "/for_s", "seconds from 1 to 1209600"},
		{`{"for_s": 1209601}`, "/for_s", "two weeks"},
		{`{"calls": 0}`, "/calls", "from 1 to"},
		{`{"stop": "never"}`, "/stop", "decided or time"},
		{`{"then": "pause"}`, "/then", "return or promote"},
		{`{"question": "` + strings.Repeat("x", 1001) + `"}`, "/question", "1000 bytes"},
		{`{"expected": [1]}`, "/expected/0", "a code"},
		{`{"guards": [{"name": "a", "metric": "error_rate"}]}`, "/guards/0/max", "guards nothing"},
		{`{"guards": [{"name": "a", "metric": "latency", "versus": "baseline", "max_ratio": 2}]}`, "/guards/0/versus", "no baseline"},
		{`{"mode": "paired", "guards": [{"name": "a", "metric": "latency", "versus": "stable", "max_ratio": 2}]}`, "/guards", "guard a needs mode split"},
		{`{"mode": "paired", "guards": [{"name": "a", "metric": "latency_p99", "max": 2}]}`, "/guards", "no traffic of its own"},
	} {
		_, err := Decode(parsed(t, c.doc))
		var bad *rollout.Malformed
		if !errors.As(err, &bad) {
			t.Errorf("%s: %v", c.doc, err)
			continue
		}
		if bad.Pointer != c.pointer || !strings.Contains(err.Error(), c.text) || !strings.HasPrefix(err.Error(), "experiment plan: ") {
			t.Errorf("%s at %s: %v", c.doc, bad.Pointer, err)
		}
	}
}

// What the runtime stores is the policy as text, and reads it again.
func TestTheCarryingPolicyIsOneThatRolloutsTake(t *testing.T) {
	for _, text := range full() {
		p := decoded(t, text).Policy()
		back, err := rollout.Decode(parsed(t, string(p.Encode())))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if string(back.Encode()) != string(p.Encode()) {
			t.Errorf("%s became\n%s", p.Encode(), back.Encode())
		}
	}
}

// The machine never moves on by itself, whatever the arms do.
func TestNobodyButAPersonEndsTheCarryingRollout(t *testing.T) {
	for _, text := range []string{`{"weight": 20}`, `{"mode": "paired"}`} {
		plan := decoded(t, text)
		policy, now := plan.Policy(), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		step := func(s rollout.State, e rollout.Event) rollout.State {
			t.Helper()
			s, _, err := policy.Step(s, e)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		s := step(rollout.State{}, rollout.Start{At: now})
		s = step(s, rollout.Published{At: now})
		begun := s.Phase
		sample := &rollout.Sample{Calls: 1000, Faults: 10, Guards: []rollout.Count{{Units: 1000, Trials: 1000, Firsts: 900, Events: 900}}}
		for range 14 * 24 {
			now = now.Add(time.Hour)
			s = step(s, rollout.Observed{At: now, Stable: sample, Candidate: sample, Shadow: sample})
		}
		if s.Phase != begun || s.Weight != plan.Weight {
			t.Errorf("%s: after two weeks the phase is %s with %v %%, before it was %s", text, s.Phase, s.Weight, begun)
		}
	}
}

func TestPromotionAsksForAVerdict(t *testing.T) {
	for word, want := range map[compare.Word]bool{compare.Better: true, compare.Equivalent: true, compare.Worse: false, compare.Undecided: false} {
		if got := (&Plan{}).Allows(compare.Verdict{Word: word}); got != want {
			t.Errorf("%s: %v", word, got)
		}
	}
	if (&Plan{}).Allows(compare.Verdict{Word: compare.Better, Blocked: "x"}) {
		t.Error("a blocked verdict promotes")
	}
}

func FuzzDecode(f *testing.F) {
	for _, text := range full() {
		f.Add(text)
	}
	f.Add(`{"mode":"paired","guards":[{"name":"a","metric":"error_rate","max":1}],"mask":["/a/*"]}`)
	f.Fuzz(func(t *testing.T, text string) {
		doc, err := wire.ParseJSON([]byte(text))
		if err != nil {
			return
		}
		of, ok := doc.(map[string]any)
		if !ok {
			return
		}
		p, err := Decode(of)
		if err != nil {
			var bad *rollout.Malformed
			if !errors.As(err, &bad) || bad.Text == "" {
				t.Fatalf("%s: %v", text, err)
			}
			return
		}
		if back := decoded(t, string(p.Encode())); !reflect.DeepEqual(p, back) {
			t.Fatalf("%s became\n%s", p.Encode(), back.Encode())
		}
		if _, err := rollout.Decode(parsed(t, string(p.Policy().Encode()))); err != nil {
			t.Fatalf("%s carries a bad policy: %v", text, err)
		}
	})
}
