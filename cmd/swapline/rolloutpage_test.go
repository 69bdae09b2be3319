package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/rollout"
)

var update = flag.Bool("update", false, "write the golden texts in testdata/rollout")

// noon is when the pages of these tests are looked at.
var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// golden compares a text with testdata/rollout/NAME.txt.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", "rollout", name+".txt")
	if *update {
		write(t, file, got)
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
	}
}

// releaseOf makes a release of the strategy of these tests.
func releaseOf(version string) runtime.Release {
	return runtime.Release{Strategy: "riskscore", Version: version, Kind: "memory", Digest: manifest.Sum([]byte(version))}
}

// midway is a rollout in the middle of its second stage.
func midway() runtime.Rollout {
	return runtime.Rollout{
		ID: 12, Strategy: "riskscore", Stable: releaseOf("1.0.0"), Candidate: releaseOf("2.0.0"), Phase: rollout.Running,
		Stage: 1, Weight: 5, Revision: 40, Started: noon.Add(-92 * time.Second), Entered: noon.Add(-20 * time.Second),
		Actor: "alice", Why: "ticket 4711", PolicyOf: "operator",
		Stages: []runtime.RolloutStage{{Weight: 1, For: time.Minute, Calls: 100}, {Weight: 5, For: 30 * time.Second, Calls: 200},
			{Weight: 20, For: 2 * time.Minute, Calls: 500, Gate: true}, {Weight: 100, For: time.Minute}},
		Next: &runtime.RolloutNext{At: noon.Add(10 * time.Second), Hold: noon.Add(time.Hour), Needs: []string{"87 more calls of the candidate"}},
		Arms: []runtime.RolloutArm{
			{Arm: "stable", Version: "1.0.0", Weight: 95, Calls: 12345, Units: 8001, Faults: 2, Business: 118,
				P50: 812 * time.Microsecond, P95: 1900 * time.Microsecond, P99: 3100 * time.Microsecond, MemoryBytes: 48 << 20},
			{Arm: "candidate", Version: "2.0.0", Weight: 5, Calls: 651, Units: 422, Faults: 3, Business: 6,
				P50: 840 * time.Microsecond, P95: 2010 * time.Microsecond, P99: 12 * time.Millisecond, MemoryBytes: 51 << 20},
		},
		Policy: json.RawMessage(`{"guards":[{"name":"more-errors","max_increase":0},{"name":"tail","max_ratio":1.25},
			{"name":"approvals","max_change":0.02}],"stages":[{},{"guards":[{"name":"errors","max":0.03}]}]}`),
		Guards: []rollout.Judgement{
			{Guard: "errors", Metric: rollout.ErrorRate, Opinion: rollout.Passed, Observed: 0.0046, Low: 0.0005, High: 0.019, Bound: 0.03, N: 422, Evidence: 0.04},
			{Guard: "more-errors", Metric: rollout.ErrorRate, Opinion: rollout.Undecided, Observed: 0.0046, Against: 0.0002, Low: 0, High: 0.012, N: 422, Evidence: 0.63,
				Sentence: "errors: 3 of 422 keys against 2 of 8,001: not enough to say more often"},
			{Guard: "tail", Metric: rollout.LatencyP99, Opinion: rollout.Breached, Observed: 12, Against: 3.1, Low: 8.7, High: 15.5, Bound: 1.25, N: 422, Evidence: 1.4,
				Sentence: "p99 is 12 ms against 3.1 ms of stable: at least 2.9 times as long, more than 1.25 times"},
			{Guard: "approvals", Metric: rollout.FieldShare, Opinion: rollout.Undecided, Observed: 0.71, Against: 0.7, Low: -0.013, High: 0.031, Bound: 0.02, N: 416, Evidence: 0.2,
				Sentence: "approvals: the change is between -1.3 and +3.1 points"},
		},
	}
}

// changedTo is midway with some things otherwise.
func changedTo(change func(*runtime.Rollout)) runtime.Rollout {
	r := midway()
	change(&r)
	return r
}

func decision() *runtime.Decision {
	return &runtime.Decision{Number: 3, At: noon.Add(-20 * time.Second), Verdict: rollout.Promote, Actor: "swapline", Stage: 1, Weight: 5,
		Text: "1 % held for 1m with 112 calls and all guards passed: 5 %"}
}

// pages are all that a page can look like.
func pages() map[string]runtime.Rollout {
	return map[string]runtime.Rollout{
		"running": midway(),
		"replaying": changedTo(func(r *runtime.Rollout) {
			r.Phase, r.Stage, r.Weight, r.Arms, r.Guards, r.Next = rollout.Replaying, 0, 0, nil, nil, nil
		}),
		"shadowing": changedTo(func(r *runtime.Rollout) {
			r.Phase, r.Stage, r.Weight, r.Guards = rollout.Shadowing, 0, 0, nil
			r.Arms[1].Arm, r.Arms[1].Weight = "shadow", 10
		}),
		"needs": changedTo(func(r *runtime.Rollout) { r.Next.At = noon.Add(-time.Second) }),
		"paused": changedTo(func(r *runtime.Rollout) {
			r.Phase, r.Stage, r.Weight, r.Next, r.Guards = rollout.Paused, 2, 20, nil, r.Guards[:1]
		}),
		"gate": changedTo(func(r *runtime.Rollout) {
			r.Held, r.Stage, r.Weight, r.Guards = true, 2, 20, r.Guards[:1]
			r.Next.At, r.Next.Needs = noon.Add(-time.Second), []string{"a person has to let it go on"}
		}),
		"metrics": changedTo(func(r *runtime.Rollout) {
			r.Policy = json.RawMessage(`{"guards":[{"name":"sum","max_change":2},{"name":"least","min":10,"max":90},{"name":"work","max_ratio":1.2}]}`)
			j := func(name string, m rollout.Metric, observed, against, low, high, bound float64) rollout.Judgement {
				return rollout.Judgement{Guard: name, Metric: m, Opinion: rollout.Passed, Observed: observed, Against: against, Low: low, High: high, Bound: bound, N: 9}
			}
			r.Guards = []rollout.Judgement{
				j("slower", rollout.Latency, 1.9, 1.7, 0, 0.14, 1.25),
				j("p95", rollout.LatencyP95, 412, 0, 388, 1e12, 600),
				j("switch.p99", rollout.LatencyP99, 3, 2.9, 2.5, 3.8, 2),
				j("switch.errors", rollout.ErrorRate, 0.01, 0.008, -0.002, 0.006, 0.03),
				j("memory", rollout.MemoryBytes, 48<<20, 40<<20, 48<<20, 48<<20, 60<<20),
				j("work", rollout.Instructions, 120_000, 118_000, -3000, 2500, 1.2),
				j("sum", rollout.FieldMean, 101.25, 100, -0.5, 3, 2),
				j("least", rollout.FieldMean, 50, 0, 45, 55, 10),
				j("never", rollout.FieldMean, 0, 0, -math.MaxFloat64, math.MaxFloat64, 10),
			}
			r.Guards[8].N = 0
		}),
		"held": changedTo(func(r *runtime.Rollout) {
			r.Held, r.Next.At, r.Next.Needs, r.Guards = true, noon.Add(-time.Minute), nil, r.Guards[1:2]
		}),
		"watching": changedTo(func(r *runtime.Rollout) {
			r.Phase, r.Stage, r.Weight, r.Guards = rollout.Watching, 3, 100, r.Guards[:1]
			r.Arms = r.Arms[1:]
			r.Next.Needs = nil
		}),
		"promoted": changedTo(func(r *runtime.Rollout) {
			r.Phase, r.Stage, r.Weight, r.Next, r.Arms, r.Guards, r.Ended = rollout.Promoted, 3, 100, nil, nil, nil, noon
		}),
		"rolledback": changedTo(func(r *runtime.Rollout) {
			r.Phase, r.Weight, r.Next, r.Ended, r.Reason = rollout.RolledBack, 0, nil, noon, r.Guards[2].Sentence
		}),
		"aborted": changedTo(func(r *runtime.Rollout) {
			r.Phase, r.Weight, r.Next, r.Arms, r.Guards, r.Ended, r.Reason = rollout.Aborted, 0, nil, nil, nil, noon, "aborted by bob: ticket 4712"
		}),
		"blocked": changedTo(func(r *runtime.Rollout) {
			r.Phase, r.Stage, r.Weight, r.Next, r.Arms, r.Guards, r.Ended = rollout.Blocked, 0, 0, nil, nil, nil, noon
			r.Reason = "the answers to 212 of 1,000 recorded inputs differ, 0 % are allowed"
			r.Replay = &runtime.RolloutReplay{Recorded: 1200, Compared: 1000, Different: 212, Differences: []runtime.RolloutDifference{
				{Pointer: "/decision", Count: 200, Stable: `"approve"`, Candidate: `"review"`},
				{Pointer: "/reasons/0", Count: 12, Stable: "", Candidate: `"` + strings.Repeat("long ", 20) + `"`},
				{Pointer: "", Count: 1, Stable: `{"decision":"approve"}`, Candidate: `fault_trap`},
			}}
		}),
		"first": {ID: 1, Strategy: "riskscore", Stable: releaseOf("1.0.0"), Candidate: releaseOf("2.0.0"), Phase: rollout.Running, PolicyOf: "default"},
	}
}

func TestPagesLookAsDrawn(t *testing.T) {
	for name, r := range pages() {
		var b bytes.Buffer
		page{rollout: r, last: decision(), now: noon}.print(&b, look{unicode: true})
		golden(t, name, b.String())
	}
}

func TestAPageSuitsItsTerminal(t *testing.T) {
	for name, l := range map[string]look{
		"terminal":        {unicode: true, colour: true, width: 120},
		"terminal_narrow": {unicode: true, width: 48},
		"terminal_tiny":   {unicode: true, width: 20},
		"terminal_ascii":  {width: 80},
	} {
		var b bytes.Buffer
		page{rollout: midway(), last: decision(), now: noon, note: "the server does not answer"}.print(&b, l)
		golden(t, name, b.String())
		for line := range strings.Lines(b.String()) {
			if visible(strings.TrimSuffix(line, "\n")) >= l.width {
				t.Errorf("%s: wider than %d: %q", name, l.width, line)
			}
			if !l.unicode && strings.ContainsFunc(line, func(r rune) bool { return r > 127 }) {
				t.Errorf("%s: not ASCII: %q", name, line)
			}
		}
	}
}

func TestForeignTextsCannotDriveTheTerminal(t *testing.T) {
	const evil = "\x1b[2J\nx\x07"
	r := midway()
	r.Strategy, r.Actor, r.Why, r.Reason, r.PolicyOf = evil, evil, evil, evil, evil
	r.Stable.Version, r.Candidate.Version = evil, evil
	r.Next.Needs = []string{evil}
	r.Guards[1].Guard, r.Guards[1].Sentence, r.Guards[1].Opinion = evil, evil, evil
	r.Arms[0].Arm, r.Arms[0].Version = evil, evil
	r.Replay = &runtime.RolloutReplay{Differences: []runtime.RolloutDifference{{Pointer: evil, Stable: evil, Candidate: evil}}}
	for _, phase := range []rollout.Phase{rollout.Running, rollout.Replaying, rollout.Shadowing, rollout.Paused, rollout.RolledBack, evil} {
		r.Phase = phase
		var b bytes.Buffer
		page{rollout: r, last: &runtime.Decision{Text: evil}, now: noon, note: evil}.print(&b, look{unicode: true, width: 100})
		explanation{r, []runtime.Decision{{Text: evil, Guard: evil, Actor: evil, Verdict: evil}}}.print(&b, look{}, noon)
		v := lineViewer{w: &b}
		v.show(r, nil, []runtime.Decision{{Text: evil, Verdict: evil}})
		for line := range strings.Lines(b.String()) {
			if strings.ContainsAny(line, "\x1b\x07") || strings.HasPrefix(line, "x\\a") {
				t.Errorf("%s: %q", phase, line)
			}
		}
	}
}

func TestAnExplanationTellsEveryDecision(t *testing.T) {
	r := midway()
	decisions := []runtime.Decision{
		{Number: 1, At: r.Started, Verdict: rollout.Promote, Actor: "alice", Weight: 1, Text: "started: the candidate gets 1 % of the traffic"},
		{Number: 2, At: r.Started.Add(70 * time.Second), Verdict: rollout.Promote, Actor: "swapline", Weight: 5, Text: "1 % passed after 60 s: the candidate gets 5 % of the traffic"},
		{Number: 3, At: r.Started.Add(80 * time.Second), Verdict: rollout.Rollback, Guard: "tail", Actor: "swapline", Stage: 1, Weight: 0, Text: "rolled back at 5 %: " + r.Guards[2].Sentence},
	}
	var b bytes.Buffer
	explanation{r, decisions[:2]}.print(&b, look{unicode: true}, noon)
	golden(t, "explain", b.String())
	b.Reset()
	blocked := pages()["blocked"]
	explanation{blocked, decisions[2:]}.print(&b, look{unicode: true, width: 60}, noon)
	golden(t, "explain_blocked", b.String())
}

func TestAHistoryIsATable(t *testing.T) {
	var b bytes.Buffer
	p := pages()
	printHistory(&b, "riskscore", []runtime.Rollout{p["running"], p["rolledback"], p["promoted"]})
	printHistory(&b, "fresh", nil)
	golden(t, "history", b.String())
}
