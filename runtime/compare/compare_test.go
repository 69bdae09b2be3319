package compare_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/difference"
	"github.com/swapline/swapline/runtime/rollout"
)

// Within a bubble of synctest time passes only while somebody sleeps, and always by
// as much as was asked for: what these tests measure is exact.

// timed is a subject whose n-th call, from 1, takes so long and answers so.
func timed(name string, takes func(n int) time.Duration, answer func(in map[string]any) difference.Answer) compare.Subject {
	var mu sync.Mutex
	calls := 0
	return compare.Subject{
		Arm: compare.Arm{Name: name, Version: "1.0.0", Kind: "memory"},
		Call: func(_ context.Context, in map[string]any, used *compare.Use) difference.Answer {
			mu.Lock()
			calls++
			d := takes(calls)
			mu.Unlock()
			time.Sleep(d)
			used.Instructions = 1000
			if used.Parts {
				used.Encoding, used.Boundary, used.Strategy = d/4, d/8, d/2
				used.BytesIn, used.BytesOut = 100, 50
			}
			return answer(in)
		},
		Memory: func() (int64, int) { return 1 << 20, 2 },
		Start: func(_ context.Context, _ map[string]any, fresh bool) (compare.Start, error) {
			time.Sleep(time.Millisecond)
			if fresh {
				return compare.Start{Compile: takes(0) * 1000}, nil
			}
			return compare.Start{Compile: 1, Instantiate: takes(0) * 10, Cold: takes(0) * 2}, nil
		},
	}
}

// echo answers with the input.
func echo(in map[string]any) difference.Answer { return difference.Answer{Out: in} }

// always takes the same time.
func always(d time.Duration) func(int) time.Duration { return func(int) time.Duration { return d } }

// around takes random times above d: a tenth more in the middle, with a tail.
func around(d time.Duration, seed uint64) func(int) time.Duration {
	random := rand.New(rand.NewPCG(seed, 1))
	return func(int) time.Duration { return time.Duration(float64(d) * (1 + 0.15*random.ExpFloat64())) }
}

func inputs(n int) []map[string]any {
	out := make([]map[string]any, n)
	for i := range out {
		out[i] = map[string]any{"amount": int64(i), "card": map[string]any{"number": fmt.Sprintf("visa-%d", i)}, "score": float64(i) / 3}
	}
	return out
}

// small is a plan that takes little time: the closed loop alone.
func small() compare.Plan {
	return compare.Plan{Seed: 1, Rounds: 12, Calls: 100, WarmUp: 20, Callers: -1, OpenFor: -1, Starts: -1, Samples: 400}
}

// full is a small plan with all stages.
func full() compare.Plan {
	p := small()
	p.Callers, p.OpenFor, p.Starts = 4, 20*time.Millisecond, 3
	return p
}

// run compares within a bubble.
func run(t *testing.T, trial compare.Trial) *compare.Report {
	t.Helper()
	var report *compare.Report
	synctest.Test(t, func(t *testing.T) {
		trial.Wait = time.Sleep
		var err error
		if report, err = compare.Run(t.Context(), trial); err != nil {
			t.Fatal(err)
		}
	})
	return report
}

// two compares two subjects on a few inputs.
func two(t *testing.T, plan compare.Plan, a, b compare.Subject) *compare.Report {
	t.Helper()
	return run(t, compare.Trial{Strategy: "riskscore", Plan: plan, Subjects: []compare.Subject{a, b}, Inputs: inputs(50)})
}

func light(r *compare.Report, name string) compare.Light {
	i := slices.IndexFunc(r.Health, func(c compare.Check) bool { return c.Name == name })
	if i < 0 {
		return ""
	}
	return r.Health[i].Light
}

func TestVerdictsFollowThePlantedFactor(t *testing.T) {
	for _, c := range []struct {
		factor     float64
		hypothesis compare.Hypothesis
		margin     float64
		word       compare.Word
		says       string
	}{
		{1, "", 0, compare.Equivalent, "new is as fast as old in the median, within 5 %: 11"},
		{1.1, "", 0, compare.Worse, " % slower than old in the median: 12"},
		{0.8, "", 0, compare.Better, " % faster than old in the median: "},
		{3.9, "", 0, compare.Worse, " times slower than old in the median: 4"},
		{1.1, compare.WhetherNotWorse, 0.25, compare.Equivalent, "new is not slower than old in the median by more than 25 %: "},
		{1.4, compare.WhetherNotWorse, 0.25, compare.Worse, " % slower than old"},
		{0.9, compare.WhetherBetter, 0, compare.Better, " % faster than old"},
		{1.05, compare.WhetherEquivalent, 0.05, compare.Undecided, "It is undecided whether new is as fast as old within 5 % in the median: "},
	} {
		plan := small()
		plan.Hypothesis, plan.Margin = c.hypothesis, c.margin
		report := two(t, plan, timed("old", around(10*time.Microsecond, 1), echo), timed("new", around(time.Duration(c.factor*10_000), 2), echo))
		v := report.Verdicts[0]
		if v.Word != c.word || v.Blocked != "" || !strings.Contains(v.Sentence, c.says) || v.Next == "" {
			t.Errorf("%v: %+v, want %s and %q; %+v", c.factor, v, c.word, c.says, report.Health)
		}
		if v.Value.Lo > c.factor*1.02 || v.Value.Hi < c.factor*0.98 {
			t.Errorf("%v: %+v", c.factor, v.Value)
		}
	}
}

func TestIdenticalArmsAreEquivalentWhateverTheSeed(t *testing.T) {
	for seed := range uint64(3) {
		plan := small()
		plan.Seed = seed + 1
		report := two(t, plan, timed("old", around(10*time.Microsecond, 2*seed), echo), timed("new", around(10*time.Microsecond, 2*seed+1), echo))
		if v := report.Verdicts[0]; v.Word != compare.Equivalent {
			t.Errorf("seed %d: %+v %+v", seed, v, report.Health)
		}
	}
}

func TestOneDifferentFieldInTenThousandAnswersIsFoundAndNamed(t *testing.T) {
	plan := small()
	plan.Mask = []string{"/card/*"}
	wrong := func(in map[string]any) difference.Answer {
		if in["amount"].(int64)%10_000 == 7_654 {
			in["card"].(map[string]any)["number"] = "visa"
		}
		return echo(in)
	}
	report := run(t, compare.Trial{Plan: plan, Subjects: []compare.Subject{timed("old", always(0), echo), timed("new", always(0), wrong)}, Inputs: inputs(10_000)})
	a, v := report.Answers[0], report.Verdicts[0]
	if a.Compared != 10_000 || a.Different != 1 || len(a.Places) != 1 || a.Places[0].Pointer != "/card/number" {
		t.Fatalf("%+v", a)
	}
	if len(a.Examples) != 1 || a.Examples[0].Input != 7655 || a.Examples[0].Value != `{"amount":7654,"card":{"number":"xxxx"},"score":2551.3333333333335}` {
		t.Errorf("%+v", a.Examples)
	}
	if v.Word != compare.Undecided || v.Blocked != "answers" || !strings.Contains(v.Sentence, `No verdict on new: 1 of 10,000 answers of new differ from those of old, first at "/card/number"`) {
		t.Errorf("%+v", v)
	}
	text, _ := json.Marshal(report)
	if strings.Contains(string(text), "visa") {
		t.Error("what is masked stands in the report")
	}
	plan.Different = 0.001
	report = run(t, compare.Trial{Plan: plan, Subjects: []compare.Subject{timed("old", always(9), echo), timed("new", always(9), wrong)}, Inputs: inputs(10_000)[7000:8000]})
	if v := report.Verdicts[0]; v.Blocked != "" || light(report, "answers") != compare.Yellow {
		t.Errorf("%+v", v)
	}
}

func TestEveryInputIsTimed(t *testing.T) {
	times := map[int64]int{}
	count := func(in map[string]any) difference.Answer {
		times[in["amount"].(int64)]++
		return echo(in)
	}
	plan := small()
	plan.WarmUp = 1
	report := run(t, compare.Trial{Plan: plan, Inputs: inputs(600), Subjects: []compare.Subject{timed("old", always(9), echo), timed("new", always(9), count)}})
	for i := range int64(600) {
		if times[i] < 3 { // once for its answer, twice in a block
			t.Fatalf("input %d was run %d times", i, times[i])
		}
	}
	if n := report.Arms[1].Latency.N; n != 1200 {
		t.Errorf("%d durations", n)
	}
}

func TestToleranceTable(t *testing.T) {
	off := func(in map[string]any) difference.Answer {
		switch n := in["amount"].(int64); {
		case n == 1:
			in["score"] = in["score"].(float64) * (1 + 1e-13)
		case n == 2:
			in["score"] = in["score"].(float64) * (1 + 1e-10)
		case n < 6:
			in["score"] = in["score"].(float64) * (1 + 1e-7)
		case n == 6:
			return difference.Answer{Business: "no"}
		}
		return echo(in)
	}
	plan := small()
	plan.Compare = rollout.Compare{Tolerance: 1e-6}
	a := two(t, plan, timed("old", always(9), echo), timed("new", always(9), off)).Answers[0]
	want := []compare.Tolerances{{Tolerance: 0, Different: 6}, {Tolerance: 1e-12, Different: 5}, {Tolerance: 1e-9, Different: 4}, {Tolerance: 1e-6, Different: 1}, {Tolerance: 1e-3, Different: 1}}
	if !slices.Equal(a.Numbers, want) || a.Different != 1 {
		t.Errorf("%+v", a)
	}
	if len(a.Examples) != 1 || a.Examples[0].Value != "business error no" || a.Examples[0].Pointers[0] != "" {
		t.Errorf("%+v", a.Examples)
	}
}
