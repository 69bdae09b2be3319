package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/arm"
	"github.com/swapline/swapline/runtime/rollout"
)

// few are scenarios of the program with fewer trials.
func few(runs int, wanted func(*scenario) bool) []*scenario {
	var out []*scenario
	for _, s := range scenarios(1) {
		if wanted(s) {
			s.runs = runs
			out = append(out, s)
		}
	}
	return out
}

func TestIdenticalReleasesAreNotRolledBack(t *testing.T) {
	all := few(1, func(s *scenario) bool { return s.kind == kindIdentical && s.world.rate < 5000 && s.world.keys != 2000 })
	results, err := simulate(t.Context(), all, 7, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	promoted, alarms := 0, 0
	for _, r := range results {
		for _, o := range r.Outcomes {
			if o.End == endRolledBack || o.End == endOpen || o.Looks == 0 {
				t.Errorf("%s: %+v", r.Name, o)
			}
		}
		promoted, alarms = promoted+r.ended(endPromoted), alarms+r.repeatedAlarms()
	}
	if promoted < 3 {
		t.Errorf("%d rollouts were promoted: the others wait for a person", promoted)
	}
	if alarms == 0 {
		t.Error("the repeated test would have rolled nothing back: then the comparison shows nothing")
	}
}

func TestWorseReleasesAreFoundWithinTheirBounds(t *testing.T) {
	all := few(3, func(s *scenario) bool { return s.kind == kindHeld && s.weight == 500 && s.key != "decisions" })
	results, err := simulate(t.Context(), all, 7, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if wrong := verdict(io.Discard, results); len(wrong) > 0 {
		t.Errorf("%q", wrong)
	}
	for _, r := range results {
		for _, o := range r.Outcomes {
			if o.End == endRolledBack && (o.Guard == "" || o.Sentence == "" || o.Calls == 0 || o.Stage != 0) {
				t.Errorf("%s: %+v", r.Name, o)
			}
		}
	}
}

func TestASwitchOfAllTrafficGoesBackWhenItIsMuchWorse(t *testing.T) {
	for _, r := range switchedIn(t, "even") {
		much := !slices.Contains([]string{"nothing", "errors 1 % to 5 %", "latency x1.5"}, r.scenario.row)
		if n := r.ended(endRolledBack); much && n < len(r.Outcomes) || r.scenario.row == "nothing" && n > 0 {
			t.Errorf("%s: %d of %d were rolled back", r.Name, n, len(r.Outcomes))
		}
	}
}

func switchedIn(t *testing.T, world string) []*result {
	t.Helper()
	all := few(4, func(s *scenario) bool { return s.kind == kindSwitched && s.world.name == world })
	results, err := simulate(t.Context(), all, 7, io.Discard)
	if err != nil || len(results) < 6 {
		t.Fatalf("%d results, %v", len(results), err)
	}
	return results
}

func TestTheSameSeedGivesTheSameTrials(t *testing.T) {
	text := func(seed uint64) string {
		all := few(2, func(s *scenario) bool {
			return s.name == "tail, calls, 20 %" || s.name == "x1.5, calls, 5 %" // no hash depends on the seed
		})
		results, err := simulate(t.Context(), all, seed, io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		out, err := json.Marshal(results)
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	first, again, other := text(1), text(1), text(2)
	if first != again {
		t.Error("two runs with one seed differ")
	}
	if first == other {
		t.Error("seeds change nothing")
	}
}

func TestASimulationThatIsStoppedSaysSo(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := simulate(ctx, scenarios(1), 1, io.Discard); err == nil {
		t.Error("no error")
	}
}

// sampled are calls of a world and what stable makes of them.
func sampled(w *world, n int) (took time.Duration, faults, approved int, stormy float64) {
	random := rand.New(rand.NewPCG(1, 2))
	traffic, answers := newTraffic(w, random, rollout.NewHasher("test", "")), newAnswers()
	storms := 0
	for range n {
		d := traffic.next()
		var c arm.Call
		same().answer(&d, random, &c, answers)
		if c.Fault {
			faults++
		} else if c.Out["decision"] == "approve" {
			approved++
		}
		if traffic.now >= traffic.storm && traffic.now < traffic.calm {
			storms++
		}
	}
	return traffic.now, faults, approved, float64(storms) / float64(n)
}

func near(got, want, part float64) bool { return math.Abs(got-want) <= part*want }

func TestCallsAreWhatTheirWorldSays(t *testing.T) {
	const n = 200_000
	took, faults, approved, stormy := sampled(&world{rate: 500}, n)
	if !near(took.Seconds(), n/500.0, 0.02) || !near(float64(faults), n*errorRate, 0.1) || !near(float64(approved), n*(1-errorRate)*approvals, 0.02) || stormy != 0 {
		t.Errorf("even calls: %v, %d faults, %d approvals, %v in bursts", took, faults, approved, stormy)
	}
	took, faults, _, stormy = sampled(&world{rate: 100, bursts: 2 * time.Minute, drift: true, keys: 1000, zipf: 1.1}, n)
	if !near(took.Seconds(), n/100.0, 0.1) || !near(stormy, 1.75/121.75, 0.5) || !near(float64(faults), n*(errorRate+stormy*0.29), 0.2) {
		t.Errorf("uneven calls: %v, %d faults, %v in bursts", took, faults, stormy)
	}
	if _, faults, _, _ = sampled(&world{rate: 100, keys: 10_000, broken: 0.02}, n); !near(float64(faults), n*0.03, 0.2) {
		t.Errorf("%d faults with 2 %% broken customers", faults)
	}
}

func TestTheTestsForAFixedNumberAreThoseOfTheBooks(t *testing.T) {
	a, b := &rollout.Sample{Calls: 1000, Faults: 30}, &rollout.Sample{Calls: 1000, Faults: 20}
	if z := proportions(a, b); !near(z, 1.4322, 0.001) {
		t.Errorf("z %v", z)
	}
	// 1, 2 against 1, 2, 2: U is 1/2 + 1 + 1 = 2.5 of 6 pairs, so 3.5 the other way.
	if z := ranks([]int64{1, 2}, []int64{1, 1}); !near(z, (3.5-3)/math.Sqrt(6.0/12*(6-(6.0+24)/20)), 0.001) {
		t.Errorf("z %v", z)
	}
}

// told is a result as if it had been simulated.
func told(k kind, outcomes ...outcome) *result {
	return &result{Name: "n", Outcomes: outcomes, scenario: &scenario{
		kind: k, row: "r", key: "x2", most: 1000, weight: 500, world: &world{name: "calls"},
	}}
}

func TestTheVerdictCountsWhatIsWrong(t *testing.T) {
	back, fine, open := outcome{End: endRolledBack, Calls: 70}, outcome{End: endPromoted}, outcome{End: endOpen, Calls: 1000}
	hundred := slices.Repeat([]outcome{fine}, 99)
	for _, c := range []struct {
		results []*result
		line    string
		wrong   int
	}{
		{[]*result{told(kindIdentical, append(hundred, back)...), told(kindHeld, back, back, open)}, "judge: identical_arms=100 false_rollbacks=1 median_calls_x2=70", 0},
		{[]*result{told(kindIdentical, append(hundred, back, back)...), told(kindHeld, back)}, "judge: identical_arms=101 false_rollbacks=2 median_calls_x2=70", 1},
		{[]*result{told(kindIdentical, fine), told(kindHeld, back, open, open)}, "judge: identical_arms=1 false_rollbacks=0 median_calls_x2=0", 1},
	} {
		var out bytes.Buffer
		wrong := verdict(&out, c.results)
		if got := strings.TrimSpace(out.String()); got != c.line || len(wrong) != c.wrong {
			t.Errorf("%q and %q, want %q and %d", got, wrong, c.line, c.wrong)
		}
		tables(io.Discard, c.results)
	}
}

func TestAReportIsWrittenAndUsageRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "judge.json")
	if err := write(file, []*result{told(kindHeld, outcome{End: endOpen})}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(text), `"end": "open"`) {
		t.Errorf("%s, %v", text, err)
	}
	for _, args := range [][]string{{"-runs", "0"}, {"more"}, {"-none"}, {"-case", "("}} {
		if code := run(args, io.Discard, io.Discard); code != 2 {
			t.Errorf("%v: exit status %d, want 2", args, code)
		}
	}
}
