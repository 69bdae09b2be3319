package compare_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/rollout"
)

// planOf reads a plan's text as the API does.
func planOf(text string) (compare.Plan, error) {
	doc, err := wire.ParseJSONMap([]byte(text))
	if err != nil {
		return compare.Plan{}, err
	}
	return compare.DecodePlan(doc)
}

// everyMember is a plan with all its members, none of them at its default.
func everyMember() compare.Plan {
	return compare.Plan{
		Metric: "latency_p90", Hypothesis: compare.WhetherNotWorse, Margin: 0.25, Alpha: 0.01, Rounds: 12, Calls: 9, WarmUp: 8, Callers: 2, Rate: 1000.5,
		OpenFor: 290 * time.Millisecond, Starts: 3, Seed: 1<<53 - 1, Samples: 400, Different: 0.5,
		Compare: rollout.Compare{Ignore: []string{"/ts", "/a/*/b"}, Tolerance: 1e-9}, Mask: []string{"/<card>"},
		Arms: []string{"a = 1.0.0 memory", "b = 2.0.0 memory"}, Inputs: 7, Digest: strings.Repeat("0f", 32),
	}
}

const everyWord = `{"metric":"latency_p90","hypothesis":"not_worse","margin":0.25,"alpha":0.01,"rounds":12,"calls":9,"warm_up":8,"callers":2,"rate":1000.5,` +
	`"open_s":0.29,"starts":3,"seed":9007199254740991,"resamples":400,"max_different":0.5,"ignore":["/ts","/a/*/b"],"tolerance":1e-9,"mask":["/\u003ccard\u003e"],` +
	`"arms":["a = 1.0.0 memory","b = 2.0.0 memory"],"inputs":7,"inputs_sha256":"0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f"}`

// TestAPlanIsReadInTheWordsItIsWrittenIn: what is left out, what is none, and the rest.
func TestAPlanIsReadInTheWordsItIsWrittenIn(t *testing.T) {
	for text, plan := range map[string]compare.Plan{
		everyWord: everyMember(),
		`{"rate":0,"seed":0,"max_different":0,"ignore":[],"tolerance":0,"mask":[]}`: {},
		`{"warm_up":0,"callers":0,"rate":0,"open_s":0,"starts":0,"seed":0,"max_different":0,"ignore":[],"tolerance":0,"mask":[]}`: {
			WarmUp: -1, Callers: -1, OpenFor: -1, Starts: -1},
		`{"hypothesis":"better","margin":0,"rate":0,"seed":0,"max_different":0,"ignore":[],"tolerance":0,"mask":[]}`: {Hypothesis: compare.WhetherBetter},
		`{"rate":0,"open_s":3600,"seed":0,"max_different":0,"ignore":[],"tolerance":0,"mask":[]}`:                    {OpenFor: time.Hour},
		`{"rate":0,"open_s":1.001,"seed":0,"max_different":0,"ignore":[],"tolerance":0,"mask":[]}`:                   {OpenFor: 1001 * time.Millisecond},
		`{"rate":0,"open_s":1e-9,"seed":0,"max_different":0,"ignore":[],"tolerance":0,"mask":[]}`:                    {OpenFor: time.Nanosecond},
	} {
		if written, err := json.Marshal(plan); err != nil || string(written) != text {
			t.Errorf("%+v, %v\n got %s\nwant %s", plan, err, written, text)
		}
		if read, err := planOf(text); err != nil || !reflect.DeepEqual(read, plan) {
			t.Errorf("%s: %v\n got %+v\nwant %+v", text, err, read, plan)
		}
	}
	for text, plan := range map[string]compare.Plan{
		`{}`: {},
		`{"rounds":12.0,"seed":4.0,"rate":5,"open_s":2}`: {Rounds: 12, Seed: 4, Rate: 5, OpenFor: 2 * time.Second},
	} {
		if read, err := planOf(text); err != nil || !reflect.DeepEqual(read, plan) {
			t.Errorf("%s: %+v, %v", text, read, err)
		}
	}
}

// TestACompletePlanNeedsNoDefaults: carried out anywhere, it stays what it is.
func TestACompletePlanNeedsNoDefaults(t *testing.T) {
	for _, plan := range []compare.Plan{{}, everyMember(), {WarmUp: -5, Callers: -1, OpenFor: -time.Second, Starts: -1}, {Hypothesis: compare.WhetherBetter}} {
		one, err := plan.Complete(7)
		if err != nil {
			t.Fatal(err)
		}
		text := must(json.Marshal(one))
		read, err := planOf(string(text))
		if err != nil {
			t.Fatal(err)
		}
		again, err := read.Complete(100_000)
		if err != nil || string(must(json.Marshal(again))) != string(text) {
			t.Errorf("%v\n got %s\nwant %s", err, must(json.Marshal(again)), text)
		}
	}
}

func TestPlansThatSayNothingAreRefused(t *testing.T) {
	for text, at := range map[string]string{
		`{"margn":0.1}`:                           "/margn",
		`{"open_ns":3}`:                           "/open_ns",
		`{"compare":{"tolerance":0}}`:             "/compare",
		`{"a/b~c":1}`:                             "/a~1b~0c",
		`{"` + strings.Repeat("x", 200) + `":1}`:  "",
		`{"z":1,"margin":true,"y":1}`:             "/margin", // the first by name
		`{"metric":7}`:                            "/metric",
		`{"metric":""}`:                           "/metric",
		`{"hypothesis":null}`:                     "/hypothesis",
		`{"hypothesis":""}`:                       "/hypothesis",
		`{"margin":"5 %"}`:                        "/margin",
		`{"margin":0}`:                            "/margin",
		`{"margin":0.0,"hypothesis":"not_worse"}`: "/margin",
		`{"alpha":0}`:                             "/alpha",
		`{"rounds":0}`:                            "/rounds",
		`{"rounds":0.5}`:                          "/rounds",
		`{"rounds":-1}`:                           "/rounds",
		`{"rounds":9223372036854775807}`:          "/rounds",
		`{"rounds":1e300}`:                        "/rounds",
		`{"calls":0}`:                             "/calls",
		`{"warm_up":-1}`:                          "/warm_up",
		`{"callers":-1}`:                          "/callers",
		`{"callers":4294967295}`:                  "/callers",
		`{"rate":[]}`:                             "/rate",
		`{"open_s":-1}`:                           "/open_s",
		`{"open_s":1e-300}`:                       "/open_s",
		`{"open_s":"3s"}`:                         "/open_s",
		`{"starts":-1}`:                           "/starts",
		`{"starts":{}}`:                           "/starts",
		`{"seed":-1}`:                             "/seed",
		`{"seed":1.5}`:                            "/seed",
		`{"resamples":0}`:                         "/resamples",
		`{"max_different":true}`:                  "/max_different",
		`{"ignore":"/a"}`:                         "/ignore",
		`{"ignore":[5]}`:                          "/ignore",
		`{"tolerance":null}`:                      "/tolerance",
		`{"mask":["/a",null]}`:                    "/mask",
		`{"arms":["a",1]}`:                        "/arms",
		`{"arms":[]}`:                             "/arms",
		`{"inputs":0}`:                            "/inputs",
		`{"inputs_sha256":""}`:                    "/inputs_sha256",
	} {
		_, err := planOf(text)
		var p *problem.Error
		if !errors.As(err, &p) || p.Code != problem.ComparisonMalformed || p.Pointer != at || p.Expected == "" || len(p.Error()) > 700 {
			t.Errorf("%s: %v, want it refused at %q", text, err, at)
		}
	}
	for text, at := range map[string]string{
		`{"open_s":1e300}`:  "/open_s",
		`{"open_s":3600.5}`: "/open_s",
		`{"arms":["` + strings.Repeat("x", 1001) + `"]}`:          "/arms",
		`{"inputs_sha256":"` + strings.Repeat("0", 65) + `"}`:     "/inputs_sha256",
		`{"metric":"` + strings.Repeat(`beauty\u0000`, 99) + `"}`: "/metric",
	} {
		plan, err := planOf(text)
		if err == nil {
			_, err = plan.Complete(10)
		}
		var p *problem.Error
		if !errors.As(err, &p) || p.Pointer != at || len(p.Error()) > 700 || strings.Contains(p.Error(), "\x00") {
			t.Errorf("%.40s: %v, want it refused at %q", text, err, at)
		}
	}
}

// TestAPlanThatWasCarriedOutIsCarriedOutAgain from its text alone: the same text, the
// same hash.
func TestAPlanThatWasCarriedOutIsCarriedOutAgain(t *testing.T) {
	for _, plan := range []compare.Plan{small(), {Rounds: 10, Calls: 20, Callers: 2, OpenFor: 20 * time.Millisecond, Rate: 2000, Starts: -1, Samples: 200, Mask: []string{"/card"}}} {
		trial := compare.Trial{Plan: plan, Inputs: inputs(5), Subjects: []compare.Subject{timed("old", always(9), echo), timed("new", always(9), echo)}}
		first := run(t, trial)
		var err error
		if trial.Plan, err = planOf(string(first.Plan)); err != nil {
			t.Fatal(err)
		}
		if second := run(t, trial); string(second.Plan) != string(first.Plan) || second.PlanHash != first.PlanHash || second.Host.Seed != first.Host.Seed {
			t.Errorf("\n got %s\nwant %s", second.Plan, first.Plan)
		}
	}
}

// TestNothingElseIsComparedThanThePlanSays, and nothing is called then.
func TestNothingElseIsComparedThanThePlanSays(t *testing.T) {
	calls := 0
	arm := func(name, digest string) compare.Subject {
		s := timed(name, func(int) time.Duration { calls++; return 9 }, echo)
		s.Arm.Digest = digest
		return s
	}
	trial := compare.Trial{Plan: small(), Inputs: inputs(5), Subjects: []compare.Subject{arm("old", "sha256:12"), arm("new", "sha256:34")}}
	full, err := planOf(string(run(t, trial).Plan))
	if err != nil {
		t.Fatal(err)
	}
	if err := full.CheckInputs(inputs(5)); err != nil {
		t.Error(err)
	}
	for name, c := range map[string]struct {
		change func(*compare.Trial)
		at     string
	}{
		"a release":      {func(trial *compare.Trial) { trial.Subjects[1] = arm("new", "sha256:56") }, "/plan/arms/1"},
		"a name":         {func(trial *compare.Trial) { trial.Subjects[0] = arm("base", "sha256:12") }, "/plan/arms/0"},
		"an arm more":    {func(trial *compare.Trial) { trial.Subjects = append(trial.Subjects, arm("third", "")) }, "/plan/arms"},
		"an arm less":    {func(trial *compare.Trial) { trial.Plan.Arms = append(full.Arms, "third = 3.0.0") }, "/plan/arms"},
		"an input":       {func(trial *compare.Trial) { trial.Inputs[4]["amount"] = 1.5 }, "/plan/inputs_sha256"},
		"an input more":  {func(trial *compare.Trial) { trial.Inputs = inputs(6) }, "/plan/inputs"},
		"a digest alone": {func(trial *compare.Trial) { trial.Plan.Inputs, trial.Inputs = 0, inputs(6) }, "/plan/inputs_sha256"},
		"a number alone": {func(trial *compare.Trial) { trial.Plan.Digest, trial.Inputs = "", inputs(6) }, "/plan/inputs"},
	} {
		other := compare.Trial{Plan: full, Inputs: inputs(5), Subjects: []compare.Subject{arm("old", "sha256:12"), arm("new", "sha256:34")}}
		c.change(&other)
		calls = 0
		_, err := compare.Run(t.Context(), other)
		var p *problem.Error
		if !errors.As(err, &p) || p.Code != problem.ComparisonMalformed || p.Pointer != c.at || p.Expected == "" || p.Found == "" || !strings.Contains(p.Remedy, "leave arms") || calls != 0 {
			t.Errorf("another %s: %v after %d calls, want it refused at %s", name, err, calls, c.at)
		}
		if same := c.at != "/plan/inputs" && c.at != "/plan/inputs_sha256"; same != (other.Plan.CheckInputs(other.Inputs) == nil) {
			t.Errorf("another %s: %v", name, other.Plan.CheckInputs(other.Inputs))
		}
	}
	full.Arms, full.Inputs, full.Digest = nil, 0, ""
	run(t, compare.Trial{Plan: full, Inputs: inputs(6), Subjects: []compare.Subject{arm("one", "sha256:56"), arm("two", "sha256:78")}})
}

// FuzzPlans: what can be read is written as something that is read as the same.
func FuzzPlans(f *testing.F) {
	f.Add([]byte(everyWord))
	f.Add([]byte(`{"open_s":0,"starts":0,"callers":0,"warm_up":0,"hypothesis":"better","margin":0}`))
	f.Add([]byte(`{"open_s":1e-9,"rate":1e300,"tolerance":-0.0,"seed":9007199254740991,"mask":["/\ud83d\ude00"],"rounds":1e1}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var plan, again compare.Plan
		if plan.UnmarshalJSON(text) != nil {
			return
		}
		written, err := json.Marshal(plan)
		if err != nil {
			t.Fatal(err)
		}
		if err := again.UnmarshalJSON(written); err != nil {
			t.Fatalf("%s: %v", written, err)
		}
		if twice := must(json.Marshal(again)); string(twice) != string(written) {
			t.Errorf("\n got %s\nwant %s", twice, written)
		}
		if _, err := plan.Complete(10); err != nil && problem.CodeOf(err) != problem.ComparisonMalformed {
			t.Error(err)
		}
	})
}
