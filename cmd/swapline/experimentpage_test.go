package main

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/compare"
)

// goldenExperiment compares a page with testdata/compare/experiment_NAME.txt.
func goldenExperiment(t *testing.T, name string, p experimentPage, l look) {
	t.Helper()
	var b bytes.Buffer
	p.print(&b, l)
	goldenComparison(t, "experiment_"+name, b.String())
}

// trying is an experiment in the middle.
func trying(change func(*runtime.Experiment)) experimentPage {
	e := runtime.Experiment{
		ID: 17, Strategy: "riskscore", Reference: releaseOf("1.0.0"), Candidate: releaseOf("2.0.0"), Mode: compare.ModeSplit, State: "running",
		PlanHash: "3fa9c2d1e0b4a5968778", Started: noon.Add(-92 * time.Second), Measured: noon.Add(-92 * time.Second), Until: noon.Add(20 * time.Minute),
		Actor: "alice", Why: "ticket 4711",
		Verdict: compare.Verdict{Arm: "2.0.0", Word: compare.Undecided, Metric: "latency_p50", Scale: compare.Ratio, Margin: 0.25,
			Value: compare.Interval{Lo: 0.94, Point: 1.08, Hi: 1.31}, Sentence: "Whether 2.0.0 is at most 1.25 times slower cannot be said yet: it is between 0.94 and 1.31 times.",
			Next: "Wait: more calls make the interval narrower."},
		Health: []compare.Check{{Name: "sample ratio", Light: compare.Green}, {Name: "units", Light: compare.Yellow, Text: "71 of 100 units"}},
		Arms: []compare.Arm{
			{Name: "1.0.0", Version: "1.0.0", Calls: 1234, Units: 402, Faults: 0, Business: 61, Latency: &compare.Distribution{N: 402, P50: 812 * time.Microsecond, P99: 3100 * time.Microsecond}},
			{Name: "2.0.0", Version: "2.0.0", Calls: 1198, Units: 71, Faults: 2, Business: 58, Latency: &compare.Distribution{N: 71, P50: 877 * time.Microsecond, P99: 4 * time.Millisecond}}},
	}
	if change != nil {
		change(&e)
	}
	return experimentPage{experiment: e, now: noon}
}

func TestAnExperimentForPeople(t *testing.T) {
	wide := look{unicode: true}
	goldenExperiment(t, "running", trying(nil), wide)
	goldenExperiment(t, "narrow", trying(nil), look{width: 60})
	goldenExperiment(t, "first", trying(func(e *runtime.Experiment) {
		e.Arms, e.Health = nil, nil
		e.Verdict = compare.Verdict{Word: compare.Undecided, Sentence: "Nothing is known yet.", Value: compare.Unknown()}
	}), wide)
	goldenExperiment(t, "better", trying(func(e *runtime.Experiment) {
		e.State, e.Ended, e.Reason = "ended", noon, "decided"
		e.Verdict.Word, e.Verdict.Value, e.Verdict.Sentence = compare.Better, compare.Interval{Lo: 0.61, Point: 0.7, Hi: 0.78}, "2.0.0 is faster."
	}), wide)
	goldenExperiment(t, "twins", trying(func(e *runtime.Experiment) {
		e.Candidate.Version, e.Candidate.Kind, e.Candidate.Digest = "1.0.0", "native", "sha256:25b6d645caef0a182be42ef769127c1c"
		e.Verdict.Word, e.Verdict.Sentence = compare.Better, "The candidate is better: 24 µs against 155 µs."
		e.State, e.Ended, e.Reason = "ended", noon, "decided: The candidate is better: 24 µs against 155 µs."
		e.Arms[0].Name, e.Arms[0].Version, e.Arms[1].Name, e.Arms[1].Version = "stable", "", "candidate", ""
	}), wide)
	goldenExperiment(t, "blocked", trying(func(e *runtime.Experiment) {
		e.Verdict.Blocked, e.Verdict.Metric, e.Verdict.Scale, e.Verdict.Margin = "sample ratio", "error_rate", compare.Difference, 0.02
		e.Verdict.Value = compare.Interval{Lo: math.Inf(-1), Point: 0.031, Hi: 0.05}
		e.Health[0] = compare.Check{Name: "sample ratio", Light: compare.Red, Text: "402 to 71 units at 50 %: calls were lost"}
		e.Measured = noon.Add(-10 * time.Second)
	}), wide)
}

// TestAGaugeShowsOnWhichSideOfTheMarginItIs for all intervals, also those without
// an end.
func TestAGaugeShowsOnWhichSideOfTheMarginItIs(t *testing.T) {
	inf := math.Inf(1)
	for _, scale := range []compare.Scale{compare.Ratio, compare.Difference} {
		for _, i := range []compare.Interval{
			{Lo: 0.9, Point: 1, Hi: 1.1}, {Lo: 2, Point: 4, Hi: 9}, {Lo: 0, Point: 1.01, Hi: inf}, {Lo: 1e-9, Point: 1e-3, Hi: 1}, {Lo: 100, Point: 1e6, Hi: inf},
			{Lo: -0.3, Point: -0.1, Hi: 0.02}, {Lo: -inf, Point: 0, Hi: inf}, {Lo: 1, Point: 1, Hi: 1},
		} {
			for _, margin := range []float64{0, 0.05, 1} {
				if scale == compare.Ratio && i.Lo < 0 {
					continue
				}
				lines := gauge(compare.Verdict{Value: i, Scale: scale, Margin: margin}, look{width: 50})
				if len(lines) != 3 || visible(lines[2]) > 50 || strings.Count(lines[2], "*") != 1 {
					t.Fatalf("%v %v %v: %q", scale, i, margin, lines)
				}
				line := lines[2]
				point, none := strings.Index(line, "*"), strings.Index(line, "|")
				if none >= 0 && (i.Point > noChange(scale)) != (point > none) && point != none {
					t.Errorf("%v %v: the point is on the wrong side: %q", scale, i, line)
				}
				if margin > 0 && strings.Count(line, "!") > 2 {
					t.Errorf("%q", line)
				}
			}
		}
	}
	if gauge(compare.Verdict{Value: compare.Unknown()}, look{}) != nil {
		t.Error("a gauge of nothing")
	}
}

func noChange(s compare.Scale) float64 {
	if s == compare.Ratio {
		return 1
	}
	return 0
}

// TestALogGetsALineForWhatIsNew and no line twice a second.
func TestALogGetsALineForWhatIsNew(t *testing.T) {
	var b bytes.Buffer
	v := &experimentLines{w: &b}
	lines := func() int { return strings.Count(b.String(), "Whether 2.0.0") }
	e := trying(nil).experiment
	for range 5 {
		v.show(e)
	}
	if lines() != 1 {
		t.Fatalf("%d lines: %s", lines(), &b)
	}
	e.Arms[1].Units = 90
	v.show(e)
	e.Arms[1].Units = 900
	v.show(e)
	if lines() != 2 {
		t.Errorf("%d lines when there is twice as much: %s", lines(), &b)
	}
	e.Health[0].Light = compare.Red
	v.show(e)
	if lines() != 3 || !strings.Contains(b.String(), "red  sample ratio") {
		t.Errorf("%d lines when a check has changed: %s", lines(), &b)
	}
	v.trouble(errTest)
	v.trouble(errTest)
	if n := strings.Count(b.String(), "does not answer"); n != 1 {
		t.Errorf("told %d times", n)
	}
	e.State, e.Reason = "ended", "decided\nby itself"
	v.show(e)
	if !strings.Contains(b.String(), `has ended: decided\nby itself`) {
		t.Errorf("%s", &b)
	}
}

func TestExitCodesOfExperiments(t *testing.T) {
	for word, want := range map[compare.Word]int{compare.Better: exitOK, compare.Equivalent: exitOK, compare.Worse: exitWorse, compare.Undecided: exitUndecided, "": exitUndecided} {
		if got := exitCode(endOfExperiment(runtime.Experiment{Verdict: compare.Verdict{Word: word}})); got != want {
			t.Errorf("%s: %d, want %d", word, got, want)
		}
	}
}

// TestAnEndedExperimentStillSaysItsReleases although its arms say none.
func TestAnEndedExperimentStillSaysItsReleases(t *testing.T) {
	p := trying(func(e *runtime.Experiment) {
		e.Arms = []compare.Arm{{Name: "stable", Calls: 1}, {Name: "candidate", Calls: 2}}
	})
	var b bytes.Buffer
	p.print(&b, look{})
	for _, line := range strings.Split(b.String(), "\n") {
		if words := strings.Fields(line); len(words) > 0 && words[0] == "release" {
			if strings.Join(words, " ") != "release 1.0.0 2.0.0" {
				t.Error(line)
			}
			return
		}
	}
	t.Errorf("no line of releases:\n%s", &b)
}
