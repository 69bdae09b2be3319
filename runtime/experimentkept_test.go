package runtime_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/rollout"
)

// What differed before a restart stands in the report beside what differs since.
func TestDifferingAnswersAreKeptOverRestarts(t *testing.T) {
	w, s := actors(t, 50)
	w.experiment(pairs(map[string]any{"max_different": 1.0}))
	odd := func(i int) int64 { return int64(10 + 65*(i%2)) } // release 2 decides otherwise for every second one
	w.paired(60, odd, map[string]any{"plain": true})
	w.restarted(s)
	w.rollsOn(t)
	before := w.report().Answers
	if len(before) != 1 || before[0].Compared < 60 || before[0].Different == 0 || len(before[0].Places) == 0 || len(before[0].Examples) == 0 {
		t.Fatalf("%+v", before)
	}
	w.paired(before[0].Compared+60, odd, map[string]any{"plain": true})
	a := w.report().Answers[0]
	if a.Different <= before[0].Different || len(a.Places) != len(before[0].Places) || a.Places[0].Pointer != before[0].Places[0].Pointer ||
		a.Places[0].Count <= before[0].Places[0].Count || a.Examples[0].Text != before[0].Examples[0].Text || a.Numbers[0].Different <= before[0].Numbers[0].Different {
		t.Errorf("%+v\nafter\n%+v", a, before[0])
	}
	if c := checkOf(w.tried().Health, "reference against itself"); !strings.Contains(c.Text, "asked again ") {
		t.Errorf("%+v", c)
	}
	_, err := w.stopped(false)
	must(t, err)
}

func TestAnswersOfTwoProcessesArePutTogether(t *testing.T) {
	before, now := compare.Answers{Arm: "b", Compared: 5, Different: 2, Beyond: 1, Numbers: []compare.Tolerances{{Tolerance: 0, Different: 2}, {Tolerance: 0.1, Different: 1}}},
		compare.Answers{Arm: "b", Compared: 7, Different: 3, Beyond: 2, Numbers: []compare.Tolerances{{Tolerance: 0, Different: 3}, {Tolerance: 0.1}}}
	for i := range 40 {
		before.Places = append(before.Places, compare.Place{Pointer: "/a/" + string(rune('0'+i)), Count: 2, Value: "first"})
		now.Places = append(now.Places, compare.Place{Pointer: "/a/" + string(rune('0'+i+20)), Count: 3, Value: "second"})
	}
	before.Examples, now.Examples = make([]compare.Example, 8), make([]compare.Example, 8)
	before.Examples[0].Text, now.Examples[1].Text = "old", "new"
	got := runtime.Joined(before, now)
	if got.Compared != 12 || got.Different != 5 || len(got.Places) != 50 || got.Beyond != 3+10*2 || len(got.Examples) != 10 || got.Numbers[0].Different != 5 || got.Numbers[1].Different != 1 {
		t.Errorf("%d compared, %d different, %d places, %d beyond, %d examples, %v", got.Compared, got.Different, len(got.Places), got.Beyond, len(got.Examples), got.Numbers)
	}
	if p := got.Places[0]; p.Count != 5 || p.Value != "first" || got.Places[49].Count != 2 || got.Examples[0].Text != "old" || got.Examples[9].Text != "new" {
		t.Errorf("%+v, %+v", got.Places, got.Examples)
	}
	if len(before.Places) != 40 || before.Places[20].Count != 2 || before.Numbers[0].Different != 2 || now.Numbers[0].Different != 3 {
		t.Error("what was put together has changed")
	}
}

// A candidate that an experiment promotes is watched as after any switch.
func TestAPromotedCandidateIsWatchedByTheStrategysOwnPolicy(t *testing.T) {
	w := rollingWorld(t, 0)
	own := map[string]any{"switch": map[string]any{"before_s": int64(7), "after_s": int64(9), "max_error_rise": 0.25, "max_p99_ratio": int64(3)}}
	_, err := w.rt.Rollouts.SetPolicy(context.Background(), runtime.PolicyChange{Strategy: name, Policy: own})
	must(t, err)
	w.experiment(endless(map[string]any{"guards": []any{map[string]any{"name": "mine", "metric": "fault_rate", "max": 0.5}}}))
	for range 2 {
		var got struct {
			Switch map[string]float64
			Guards []struct{ Name string }
		}
		must(t, json.Unmarshal(w.rollout().Policy, &got))
		if got.Switch["max_error_rise"] != 0.25 || got.Switch["after_s"] != 9 || len(got.Guards) != 1 || got.Guards[0].Name != "mine" || w.rollout().PolicyOf != "experiment" {
			t.Errorf("%s", w.rollout().Policy)
		}
		w.restart()
		w.rollsOn(t)
	}
	done, err := w.stopped(true)
	must(t, err)
	if done.State != "ended" || w.rollout().Phase != rollout.Watching {
		t.Errorf("%s", w.rollout().Phase)
	}
}

func TestBothReleasesOfARunningExperimentAreActive(t *testing.T) {
	w := rollingWorld(t, 0)
	if x := w.experiment(endless(nil)); !x.Reference.Active || !x.Candidate.Active {
		t.Errorf("%+v, %+v", x.Reference, x.Candidate)
	}
	done, err := w.stopped(false)
	must(t, err)
	if again := w.tried(); !again.Reference.Active || again.Candidate.Active || done.Candidate.Active {
		t.Errorf("%+v, %+v", again.Reference, again.Candidate)
	}
	w.experiment(pairs(nil))
	if x := w.tried(); !x.Reference.Active || x.Candidate.Active {
		t.Errorf("the candidate of a paired one answers nobody: %+v", x.Candidate)
	}
}

// The hash that is told is the one under which the experiment began, and the plan the
// one of then, whatever this program would write.
func TestThePlanOfAnExperimentStaysAsItWasStored(t *testing.T) {
	w := rollingWorld(t, 0)
	w.experiment(endless(nil))
	w.come(0, 200)
	w.sees(200)
	hash := strings.Repeat("0d", 32)
	w.rewritten(func(doc map[string]any) {
		plan := doc["plan"].(map[string]any)
		for _, name := range []string{"question", "guards", "then", "expected", "alpha"} { // as of a program that did not know them
			delete(plan, name)
		}
		doc["plan_hash"] = hash
	})
	for range 2 {
		w.come(0, 200)
		eventually(t, "a report", func() bool { r := w.report(); return r.Partial == "" })
		r, x := w.report(), w.tried()
		if r.PlanHash != hash || x.PlanHash != hash || strings.Contains(string(r.Plan), "alpha") || !strings.Contains(string(r.Plan), "not_worse") || string(r.Plan) != string(x.Plan) {
			t.Errorf("%s: %s, %s: %s", r.PlanHash, r.Plan, x.PlanHash, x.Plan)
		}
		w.restart()
		w.rollsOn(t)
	}
	if c := checkOf(w.tried().Health, "restarts"); !strings.Contains(c.Text, "lost (once") {
		t.Errorf("the numbers of a plan of before are not gone on from: %+v", c)
	}
	_, err := w.stopped(false)
	must(t, err)
	if r := w.report(); r.PlanHash != hash {
		t.Errorf("%s", r.PlanHash)
	}
}
