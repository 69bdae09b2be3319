package compare_test

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/rollout"
)

func TestPlansTakeTheirDefaults(t *testing.T) {
	p, err := compare.Plan{}.Complete(10_000)
	if err != nil {
		t.Fatal(err)
	}
	if p.Metric != "latency_p50" || p.Hypothesis != compare.WhetherEquivalent || p.Margin != 0.05 || p.Alpha != 0.05 || p.Rounds != 20 || p.Calls != 1000 ||
		p.WarmUp != 1000 || p.Callers < 1 || p.Rate != 0 || p.OpenFor != 3*time.Second || p.Starts != 5 || p.Samples != 2000 || p.Seed != 0 {
		t.Errorf("%+v", p)
	}
	for _, c := range []struct {
		plan   compare.Plan
		inputs int
		is     func(compare.Plan) bool
	}{
		{compare.Plan{}, 10, func(p compare.Plan) bool { return p.Calls == 500 && p.WarmUp == 500 }},
		{compare.Plan{}, 1_000_000, func(p compare.Plan) bool { return p.Calls == 10_000 }},
		{compare.Plan{}, 5001, func(p compare.Plan) bool { return p.Calls == 501 }},
		{compare.Plan{Rounds: 11}, 10, func(p compare.Plan) bool { return p.Rounds == 12 }},
		{compare.Plan{Hypothesis: compare.WhetherBetter}, 10, func(p compare.Plan) bool { return p.Margin == 0 }},
		{compare.Plan{Calls: 3}, 10, func(p compare.Plan) bool { return p.Calls == 3 && p.WarmUp == 200 }},
		{compare.Plan{OpenFor: 3 * time.Second, Rate: 7}, 10, func(p compare.Plan) bool { return p.Rate == 7 }},
		{compare.Plan{Mask: slices.Repeat([]string{"/" + strings.Repeat("c", 255)}, 100)}, 10, func(p compare.Plan) bool { return len(p.Mask) == 100 }},
		{compare.Plan{OpenFor: -1, Rate: 1}, 10, func(p compare.Plan) bool { return p.Rate == 1 }},
		{compare.Plan{OpenFor: -1, Starts: -1, Callers: -1, WarmUp: -1}, 10, func(p compare.Plan) bool {
			return p.OpenFor == -1 && p.Starts == -1 && p.Callers == -1 && p.WarmUp == -1
		}},
	} {
		if p, err := c.plan.Complete(c.inputs); err != nil || !c.is(p) {
			t.Errorf("%+v: %+v, %v", c.plan, p, err)
		}
	}
	again, err := p.Complete(10_000)
	if one, _ := json.Marshal(p); err != nil || !slices.Equal(one, must(json.Marshal(again))) {
		t.Errorf("%+v, %v", again, err)
	}
}

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

func TestPlansThatMakeNoSenseAreRefused(t *testing.T) {
	for _, c := range []struct {
		at   string
		plan compare.Plan
	}{
		{"/metric", compare.Plan{Metric: "beauty"}},
		{"/metric", compare.Plan{Metric: "latency_p999"}},
		{"/metric", compare.Plan{Metric: "open_latency_p99", OpenFor: -1}},
		{"/hypothesis", compare.Plan{Hypothesis: "nicer"}},
		{"/margin", compare.Plan{Margin: -0.1}},
		{"/margin", compare.Plan{Margin: math.NaN()}},
		{"/margin", compare.Plan{Margin: 25}},
		{"/alpha", compare.Plan{Alpha: 0.9}},
		{"/alpha", compare.Plan{Alpha: 1e-9}},
		{"/rounds", compare.Plan{Rounds: 8}},
		{"/rounds", compare.Plan{Rounds: -1}},
		{"/rounds", compare.Plan{Rounds: 3}},
		{"/rounds", compare.Plan{Rounds: 201}},
		{"/rounds", compare.Plan{Rounds: 202}},
		{"/calls", compare.Plan{Calls: -1}},
		{"/calls", compare.Plan{Calls: 2_000_000}},
		{"/warm_up", compare.Plan{WarmUp: 3_000_000}},
		{"/callers", compare.Plan{Callers: 5000}},
		{"/rate", compare.Plan{Rate: -1}},
		{"/rate", compare.Plan{Rate: math.Inf(1)}},
		{"/open_s", compare.Plan{OpenFor: 2 * time.Hour}},
		{"/rate", compare.Plan{OpenFor: time.Hour, Rate: 100_000}},
		{"/rate", compare.Plan{OpenFor: 3 * time.Second, Rate: 6}}, // a round had no call, or took longer than was asked for
		{"/rate", compare.Plan{Rate: 1e-12}},
		{"/starts", compare.Plan{Starts: 5000}},
		{"/seed", compare.Plan{Seed: 1 << 53}},
		{"/resamples", compare.Plan{Samples: 10}},
		{"/resamples", compare.Plan{Samples: 100_000}},
		{"/max_different", compare.Plan{Different: 1.5}},
		{"/ignore", compare.Plan{Compare: rollout.Compare{Ignore: []string{"ts"}}}},
		{"/tolerance", compare.Plan{Compare: rollout.Compare{Tolerance: -1}}},
		{"/tolerance", compare.Plan{Compare: rollout.Compare{Tolerance: math.NaN()}}},
		{"/tolerance", compare.Plan{Compare: rollout.Compare{Tolerance: 1.5}}},
		{"/mask", compare.Plan{Mask: []string{"card"}}},
		{"/mask", compare.Plan{Mask: slices.Repeat([]string{"/card"}, 101)}},
		{"/mask", compare.Plan{Mask: []string{"/" + strings.Repeat("c", 256)}}},
		{"/ignore", compare.Plan{Compare: rollout.Compare{Ignore: slices.Repeat([]string{"/card"}, 101)}}},
	} {
		_, err := c.plan.Complete(100)
		var p *problem.Error
		if !errors.As(err, &p) || p.Code != problem.ComparisonMalformed || p.Pointer != c.at || c.plan.Rounds != 0 && c.at == "/rounds" && p.Found != fmt.Sprint(c.plan.Rounds) {
			t.Errorf("%+v: %v, want it refused at %s", c.plan, err, c.at)
		}
	}
}

func TestTrialsThatMakeNoSenseAreRefused(t *testing.T) {
	a, b := timed("a", always(1), echo), timed("b", always(1), echo)
	for _, c := range []struct {
		at    string
		trial compare.Trial
	}{
		{"/inputs", compare.Trial{Subjects: []compare.Subject{a, b}}},
		{"/inputs/1", compare.Trial{Subjects: []compare.Subject{a, b}, Inputs: []map[string]any{{}, {"x": func() {}}}}},
		{"/inputs/0", compare.Trial{Subjects: []compare.Subject{a, b}, Inputs: []map[string]any{nil}}},
		{"/arms", compare.Trial{Subjects: []compare.Subject{a}, Inputs: inputs(1)}},
		{"/arms/1/name", compare.Trial{Subjects: []compare.Subject{a, a}, Inputs: inputs(1)}},
		{"/arms/1/name", compare.Trial{Subjects: []compare.Subject{a, timed("", always(1), echo)}, Inputs: inputs(1)}},
		{"/arms/1", compare.Trial{Subjects: []compare.Subject{a, {Arm: compare.Arm{Name: "b"}}}, Inputs: inputs(1)}},
		{"/plan/margin", compare.Trial{Plan: compare.Plan{Margin: -1}, Subjects: []compare.Subject{a, b}, Inputs: inputs(1)}},
	} {
		_, err := compare.Run(t.Context(), c.trial)
		var p *problem.Error
		if !errors.As(err, &p) || p.Code != problem.ComparisonMalformed || p.Pointer != c.at {
			t.Errorf("%v, want it refused at %s", err, c.at)
		}
	}
}

func TestThePlanIsFixedBeforeAnythingIsMeasured(t *testing.T) {
	plan := small()
	plan.OpenFor, plan.Callers = -1, -1
	report := two(t, plan, timed("old", always(9), echo), timed("new", always(9), echo))
	const want = `{"metric":"latency_p50","hypothesis":"equivalent","margin":0.05,"alpha":0.05,"rounds":12,"calls":100,"warm_up":20,"callers":0,"rate":0,` +
		`"open_s":0,"starts":0,"seed":1,"resamples":400,"max_different":0,"ignore":[],"tolerance":0,"mask":[],` +
		`"arms":["old = 1.0.0 memory","new = 1.0.0 memory"],"inputs":50,"inputs_sha256":"%x"}`
	sum := sha256.New()
	for _, in := range inputs(50) {
		encoded := must(wire.Append(nil, in))
		sum.Write(binary.BigEndian.AppendUint64(nil, uint64(len(encoded))))
		sum.Write(encoded)
	}
	text := fmt.Sprintf(want, sum.Sum(nil))
	if string(report.Plan) != text || report.PlanHash != fmt.Sprintf("%x", sha256.Sum256([]byte(text))) {
		t.Errorf("\n got %s\nwant %s", report.Plan, text)
	}
	// The hash covers arms, inputs and seed.
	hashes := map[string]bool{report.PlanHash: true}
	for _, change := range []func(*compare.Trial){
		func(trial *compare.Trial) { trial.Plan.Seed++ },
		func(trial *compare.Trial) { trial.Inputs[3]["amount"] = int64(7) },
		func(trial *compare.Trial) { trial.Inputs = append(trial.Inputs, map[string]any{}) },
		func(trial *compare.Trial) { trial.Subjects[1].Arm.Digest = "sha256:12" },
		func(trial *compare.Trial) { trial.Plan.Margin = 0.06 },
	} {
		trial := compare.Trial{Plan: plan, Inputs: inputs(50), Subjects: []compare.Subject{timed("old", always(9), echo), timed("new", always(9), echo)}}
		change(&trial)
		hashes[run(t, trial).PlanHash] = true
	}
	if len(hashes) != 6 {
		t.Errorf("%d hashes of 6 plans", len(hashes))
	}
}
