package compare_test

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/difference"
)

func text(r *compare.Report, name string) string {
	for _, c := range r.Health {
		if c.Name == name {
			return c.Text
		}
	}
	return ""
}

func TestAReferenceThatDiffersFromItselfBlocks(t *testing.T) {
	// Each of its calls takes longer than the one before, so its second turns do.
	rising := func(n int) time.Duration { return time.Duration(10_000 + 10*n) }
	plan := small()
	report := two(t, plan, timed("old", rising, echo), timed("new", always(15*time.Microsecond), echo))
	if v := report.Verdicts[0]; light(report, "a against a") != compare.Red || v.Blocked != "a against a" || v.Word != compare.Undecided {
		t.Errorf("%+v %+v", v, report.Health)
	}
	if light(report, "drift") != compare.Yellow || !strings.Contains(text(report, "drift"), "old changed by +") {
		t.Errorf("%+v", report.Health)
	}
}

func TestFaultsBlockAndAreNotTimed(t *testing.T) {
	for _, c := range []struct {
		every int64
		light compare.Light
	}{{3, compare.Red}, {0, compare.Green}} {
		fails := func(in map[string]any) difference.Answer {
			if n := in["amount"].(int64); c.every > 0 && n%c.every == 1 {
				return difference.Answer{Fault: "fault_panic"}
			}
			return echo(in)
		}
		plan := small()
		plan.Different = 1
		report := two(t, plan, timed("old", always(9), echo), timed("new", always(9), fails))
		if light(report, "faults") != c.light {
			t.Errorf("every %d: %+v", c.every, report.Health)
		}
		arm := report.Arms[1]
		if c.every > 0 && (arm.Faults == 0 || arm.Latency.N >= report.Arms[0].Latency.N || report.Verdicts[0].Blocked != "faults" || light(report, "equal numbers") != compare.Yellow) {
			t.Errorf("every %d: %+v, %+v", c.every, arm, report.Health)
		}
	}
}

func TestAnArmThatAlwaysFailsHasNoTimes(t *testing.T) {
	plan := full()
	plan.Different = 1
	report := two(t, plan, timed("old", always(9), echo), timed("new", always(9), func(map[string]any) difference.Answer { return difference.Answer{Fault: "fault_trap"} }))
	arm := report.Arms[1]
	if arm.Latency != nil || arm.Open != nil || arm.Split != nil || report.Verdicts[0].Value.Known() || report.Verdicts[0].Blocked != "faults" {
		t.Errorf("%+v %+v", arm, report.Verdicts)
	}
}

func TestCallsThatSayNothingAreLeftOut(t *testing.T) {
	s := timed("new", always(10*time.Microsecond), echo)
	call, calls := s.Call, 0
	s.Call = func(ctx context.Context, in map[string]any, used *compare.Use) difference.Answer {
		if calls++; calls%10 == 0 {
			used.Skip = "not admitted"
			return difference.Answer{Fault: "overloaded"}
		}
		return call(ctx, in, used)
	}
	report := two(t, small(), timed("old", always(10*time.Microsecond), echo), s)
	a := report.Arms[1]
	if light(report, "faults") != compare.Yellow || !strings.Contains(text(report, "faults"), "say nothing") || a.Faults != 0 || a.Latency.Min != 10*time.Microsecond || a.Latency.N != 1080 {
		t.Errorf("%+v %+v", a.Latency, report.Health)
	}
	if n := report.Answers[0].Compared; report.Answers[0].Different != 0 || n != 45 {
		t.Errorf("%d compared: %+v", n, report.Answers[0])
	}
}

func TestBusinessErrorsAreAnswers(t *testing.T) {
	no := func(map[string]any) difference.Answer { return difference.Answer{Business: "limit_exceeded"} }
	plan := small()
	report := two(t, plan, timed("old", always(9), no), timed("new", always(9), no))
	if v := report.Verdicts[0]; v.Word != compare.Equivalent || report.Arms[1].Business != report.Arms[1].Calls || light(report, "faults") != compare.Green {
		t.Errorf("%+v %+v", v, report.Arms[1])
	}
}

func TestChanceInTheReferenceIsSaid(t *testing.T) {
	n := 0
	drawn := func(in map[string]any) difference.Answer {
		n++
		in["id"] = int64(n)
		return echo(in)
	}
	plan := small()
	report := two(t, plan, timed("old", always(9), drawn), timed("new", always(9), drawn))
	if light(report, "same again") != compare.Yellow || !strings.Contains(text(report, "same again"), `first at "/id"`) || report.Verdicts[0].Blocked != "answers" {
		t.Errorf("%+v", report.Health)
	}
	plan.Compare.Ignore = []string{"/id"}
	report = two(t, plan, timed("old", always(9), drawn), timed("new", always(9), drawn))
	if light(report, "same again") != compare.Green || report.Verdicts[0].Word != compare.Equivalent {
		t.Errorf("%+v", report.Health)
	}
}

func TestALateAnswerIsAskedForAgain(t *testing.T) {
	calls := 0
	once := func(in map[string]any) difference.Answer {
		if calls++; calls == 7 {
			return difference.Answer{Fault: "fault_deadline"}
		}
		return echo(in)
	}
	plan := small()
	report := two(t, plan, timed("old", always(9), echo), timed("new", always(9), once))
	if report.Answers[0].Different != 0 || !strings.Contains(strings.Join(report.Notes, " "), "1 answers were asked for again") {
		t.Errorf("%+v %q", report.Answers, report.Notes)
	}
	never := func(in map[string]any) difference.Answer {
		if in["amount"] == int64(7) {
			return difference.Answer{Fault: "fault_deadline"}
		}
		return echo(in)
	}
	if report = two(t, plan, timed("old", always(9), echo), timed("new", always(9), never)); report.Answers[0].Different != 1 {
		t.Errorf("%+v", report.Answers)
	}
}

func TestOneBadArmOfThreeBlocksItsOwnVerdictOnly(t *testing.T) {
	wrong := func(map[string]any) difference.Answer { return difference.Answer{Out: map[string]any{}} }
	plan := small()
	report := run(t, compare.Trial{Plan: plan, Inputs: inputs(20), Subjects: []compare.Subject{
		timed("a", around(10_000, 1), echo), timed("b", around(10_000, 2), wrong), timed("c", around(10_000, 3), echo)}})
	if v := report.Verdicts; v[0].Blocked != "answers of b" || v[1].Blocked != "" || v[1].Word != compare.Equivalent {
		t.Errorf("%+v", v)
	}
	if v := report.Verdicts[1]; !strings.Contains(v.Sentence, "97.5 % interval") {
		t.Errorf("two verdicts share alpha: %q", v.Sentence)
	}
	for _, m := range report.Metrics {
		if v := report.Verdicts[1]; m.Arm == "c" && m.Primary && (m.Change.Lo < v.Value.Lo || m.Change.Hi > v.Value.Hi || m.Change.Hi-m.Change.Lo == v.Value.Hi-v.Value.Lo) {
			t.Errorf("the interval of the verdict, %+v, is not wider than that of the table, %+v", v.Value, m.Change)
		}
	}
	if report.Title != "a against b and c" || len(report.Answers) != 2 || len(report.Shifts) != 2 {
		t.Errorf("%q %d", report.Title, len(report.Answers))
	}
}

// TestDifferencesAtAPlaceWithoutARowAreTold: a pointer may be too long to be kept.
func TestDifferencesAtAPlaceWithoutARowAreTold(t *testing.T) {
	calls := int64(0)
	keyed := func(map[string]any) difference.Answer {
		calls++
		return difference.Answer{Out: map[string]any{strings.Repeat("k", 5000): calls}}
	}
	report := two(t, small(), timed("old", always(9), keyed), timed("new", always(9), keyed))
	if a := report.Answers[0]; a.Different != 50 || a.Beyond != 50 || len(a.Places) != 0 {
		t.Errorf("%+v", a)
	}
	if !strings.Contains(text(report, "answers"), "50 of 50 answers of new differ from those of old; none may") || light(report, "same again") != compare.Yellow {
		t.Errorf("%+v", report.Health)
	}
}

// TestWhatIsNoAnswerIsAFault also of a function that nobody checks: NaN is none, and not
// the same as nothing.
func TestWhatIsNoAnswerIsAFault(t *testing.T) {
	says := func(out map[string]any) func(map[string]any) difference.Answer {
		return func(map[string]any) difference.Answer { return difference.Answer{Out: out} }
	}
	report := two(t, small(), timed("old", always(9), says(nil)), timed("new", always(9), says(map[string]any{"x": math.NaN()})))
	if a := report.Answers[0]; a.Different != 50 || len(a.Places) != 1 || a.Places[0].Value != "fault fault_abi" || a.Places[0].Reference != "{}" {
		t.Errorf("%+v", a)
	}
}

// TestRoundsWithoutDurationsAreNoDrift: an arm whose calls fail from some moment on has
// no times there, not times of 0.
func TestRoundsWithoutDurationsAreNoDrift(t *testing.T) {
	calls := 0
	breaks := func(after int) func(map[string]any) difference.Answer {
		return func(in map[string]any) difference.Answer {
			if calls++; calls > after {
				return difference.Answer{Fault: "fault_trap"}
			}
			return echo(in)
		}
	}
	plan := small()
	const after = 900 // of 1,482 of the new arm and 1,662 of the old one
	report := two(t, plan, timed("old", around(10_000, 1), echo), timed("new", around(10_000, 2), breaks(after)))
	if light(report, "drift") != compare.Green || light(report, "faults") != compare.Red {
		t.Errorf("the new arm breaks: %+v", report.Health)
	}
	calls = 0
	report = two(t, plan, timed("old", around(10_000, 1), breaks(after)), timed("new", around(10_000, 2), echo))
	if light(report, "drift") != compare.Green || light(report, "a against a") == "" {
		t.Errorf("the old arm breaks: %+v", report.Health)
	}
}

// TestTheReferenceAnswersSomeInputsAgain and not nearly twice as many where numbers are odd.
func TestTheReferenceAnswersSomeInputsAgain(t *testing.T) {
	for n, want := range map[int]string{50: "old answered 50 inputs twice", 399: "old answered 200 inputs twice"} {
		plan := small()
		plan.Rounds, plan.Calls = 10, 1
		report := run(t, compare.Trial{Plan: plan, Subjects: []compare.Subject{timed("old", always(9), echo), timed("new", always(9), echo)}, Inputs: inputs(n)})
		if got := text(report, "same again"); !strings.Contains(got, want) {
			t.Errorf("%d inputs: %q", n, got)
		}
	}
}

// TestNoMoreRoundsAreAdvisedThanAPlanMayHave: the advice must be one that can be followed.
func TestNoMoreRoundsAreAdvisedThanAPlanMayHave(t *testing.T) {
	plan := small()
	plan.Rounds = 80
	report := two(t, plan, timed("old", around(10_000, 28), echo), timed("new", around(10_470, 29), echo))
	if v := report.Verdicts[0]; v.Word != compare.Undecided || !strings.Contains(v.Next, "no number of rounds that a plan may have") {
		t.Errorf("%+v", v)
	}
}

// TestALowRateIsToldAsItIs and not as none.
func TestALowRateIsToldAsItIs(t *testing.T) {
	plan := small()
	plan.Rounds, plan.Rate, plan.OpenFor, plan.Metric = 10, 0.25, time.Minute, "open_latency_p50"
	report := two(t, plan, timed("old", always(9*time.Millisecond), echo), timed("new", always(9*time.Millisecond), echo))
	if text := strings.Join(report.Notes, " ") + text(report, "generator") + report.Verdicts[0].Sentence; strings.Count(text, "0.25 calls a second") != 3 {
		t.Errorf("%q", text)
	}
}

// TestWhatIsBetterByLessThanWasAskedIsNotAskedForAgain: more rounds do not make it more.
func TestWhatIsBetterByLessThanWasAskedIsNotAskedForAgain(t *testing.T) {
	plan := small()
	plan.Hypothesis, plan.Margin = compare.WhetherBetter, 0.5
	report := two(t, plan, timed("old", around(10_000, 1), echo), timed("new", around(8_000, 2), echo))
	if v := report.Verdicts[0]; v.Word != compare.Undecided || v.Next != "More rounds will not change it: new is faster than old, and surely not by more than 50 %." {
		t.Errorf("%+v", v)
	}
}
