package experiment

import (
	"flag"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/compare"
)

// scripted are worlds without chance, with what is asked of them; what is found
// stands in testdata/looks.golden.
func scripted(t *testing.T) (names []string, looks map[string]func() (*Plan, *Tally)) {
	t.Helper()
	looks = map[string]func() (*Plan, *Tally){}
	split := func(name, plan string, a arms) {
		names = append(names, name)
		looks[name] = func() (*Plan, *Tally) { p := decoded(t, plan); return p, a.play(t, p) }
	}
	paired := func(name, plan string, a arms, different int) {
		names = append(names, name)
		looks[name] = func() (*Plan, *Tally) { p := decoded(t, plan); return p, a.playPairs(t, p, different) }
	}
	both := func(x, y float64) [2]float64 { return [2]float64{x, y} }
	const keyed = `"sticky": {"header": "X"}`
	split("nothing yet", `{}`, arms{})
	split("too few", `{}`, arms{reference: 90, candidate: 99, slower: 3})
	split("identical, early", `{`+keyed+`}`, arms{reference: 1000, candidate: 1000})
	split("identical", `{`+keyed+`}`, arms{reference: 10_000, candidate: 10_000})
	split("x1.1", `{`+keyed+`}`, arms{reference: 10_000, candidate: 10_000, slower: 1.1})
	split("x0.9", `{`+keyed+`}`, arms{reference: 10_000, candidate: 10_000, slower: 0.9})
	split("x1.1, not worse by 25 %", `{"hypothesis": "not_worse", "margin": 0.25}`, arms{reference: 2000, candidate: 2000, slower: 1.1})
	split("x0.9, not worse by 25 %", `{"hypothesis": "not_worse", "margin": 0.25}`, arms{reference: 4000, candidate: 4000, slower: 0.9})
	split("x1.5, not worse by 25 %", `{"hypothesis": "not_worse", "margin": 0.25}`, arms{reference: 2000, candidate: 2000, slower: 1.5})
	split("x0.8, better", `{"hypothesis": "better"}`, arms{reference: 2000, candidate: 2000, slower: 0.8})
	split("x1.1, better", `{"hypothesis": "better"}`, arms{reference: 5000, candidate: 5000, slower: 1.1})
	split("x0.9, better by 25 %", `{"hypothesis": "better", "margin": 0.25}`, arms{reference: 10_000, candidate: 10_000, slower: 0.9})
	split("p99 of few", `{"metric": "latency_p99"}`, arms{reference: 400, candidate: 400})
	split("p99, x1.5", `{"metric": "latency_p99", "margin": 0.1}`, arms{reference: 20_000, candidate: 20_000, slower: 1.5})
	split("p90 at 10 %", `{"metric": "latency_p90", "weight": 10, "margin": 0.2}`, arms{reference: 45_000, candidate: 5000})
	split("mean", `{"metric": "latency_mean"}`, arms{reference: 20_000, candidate: 20_000, slower: 1.2})
	split("errors, the same", `{"metric": "error_rate", `+keyed+`}`, arms{reference: 5000, candidate: 5000, errors: both(0.01, 0.01)})
	split("errors, 1 to 5 %", `{"metric": "error_rate", `+keyed+`}`, arms{reference: 5000, candidate: 5000, errors: both(0.01, 0.05)})
	split("errors, 5 to 1 %", `{"metric": "error_rate"}`, arms{reference: 5000, candidate: 5000, errors: both(0.05, 0.01)})
	split("faults and expected errors", `{"metric": "error_rate", "expected": ["no_funds"]}`, arms{reference: 5000, candidate: 5000, errors: both(0.01, 0.3)})
	split("approvals, more", `{"metric": "field_share", "field": "/decision", "equals": "approve"}`, arms{reference: 9000, candidate: 9000, field: both(0.7, 0.8)})
	split("approvals, fewer", `{"metric": "field_share", "field": "/decision", "equals": "approve"}`, arms{reference: 9000, candidate: 9000, field: both(0.7, 0.6)})
	split("approvals, the same", `{"metric": "field_share", "field": "/decision", "equals": "approve", "margin": 0.05}`, arms{reference: 9000, candidate: 9000, field: both(0.7, 0.7)})
	split("instructions", `{"metric": "instructions"}`, arms{reference: 3000, candidate: 3000, instructions: both(1000, 1300)})
	split("instructions of one arm only", `{"metric": "instructions"}`, arms{reference: 3000, candidate: 3000, instructions: both(1000, 0)})
	split("an arm lost units", `{`+keyed+`}`, arms{reference: 10_000, candidate: 9000})
	split("who fails at once is fast", `{"hypothesis": "not_worse"}`, arms{reference: 3000, candidate: 3000, slower: 0.5, faults: both(0, 0.2)})
	split("calls without keys", `{`+keyed+`}`, arms{reference: 3000, candidate: 3000, keyless: 1000})
	paired("pairs, identical", `{"mode": "paired"}`, arms{reference: 4000}, 0)
	paired("pairs, x1.1", `{"mode": "paired"}`, arms{reference: 4000, slower: 1.1}, 0)
	paired("pairs, x1.1, not worse by 25 %", `{"mode": "paired", "hypothesis": "not_worse", "margin": 0.25}`, arms{reference: 1000, slower: 1.1}, 0)
	paired("pairs, one answer differs", `{"mode": "paired"}`, arms{reference: 4000}, 1)
	paired("pairs, some answers may differ", `{"mode": "paired", "max_different": 0.01}`, arms{reference: 4000}, 30)
	paired("pairs, more answers differ", `{"mode": "paired", "max_different": 0.01}`, arms{reference: 4000}, 100)
	paired("pairs, p99", `{"mode": "paired", "metric": "latency_p99", "margin": 1}`, arms{reference: 8000}, 0)
	paired("pairs, errors", `{"mode": "paired", "metric": "error_rate"}`, arms{reference: 8000, errors: both(0.01, 0.05)}, 0)
	paired("pairs, instructions", `{"mode": "paired", "metric": "instructions"}`, arms{reference: 8000, instructions: both(1000, 1000)}, 0)
	return names, looks
}

var update = flag.Bool("update", false, "write testdata again")

func TestLooksAtScriptedWorlds(t *testing.T) {
	var b strings.Builder
	names, looks := scripted(t)
	for _, name := range names {
		p, tally := looks[name]()
		f := p.Look(tally, time.Minute)
		v := f.Verdict
		fmt.Fprintf(&b, "# %s\n%s, not worse: %v\n%s\n%s\n", name, v.Word, v.NotWorse, v.Sentence, v.Next)
		fmt.Fprintf(&b, "worse %.1f, better %.1f, equivalent %.1f\n", f.Proof.Worse, f.Proof.Better, f.Proof.Equivalent)
		for _, c := range f.Health {
			fmt.Fprintf(&b, "  %-6s %s: %s\n", c.Light, c.Name, c.Text)
		}
		b.WriteString("\n")
		agree(t, name, p, f)
	}
	const golden = "testdata/looks.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("what was found is not %s; -update writes it again:\n%s", golden, b.String())
	}
}

// agree checks that verdict and evidence say the same.
func agree(t *testing.T, name string, p *Plan, f Finding) {
	t.Helper()
	v, need := f.Verdict, math.Log(2/p.Level(0))-0.06 // what is looked for in steps is found a little late
	if f.Decided != (v.Word != compare.Undecided) {
		t.Errorf("%s: decided %v", name, f.Decided)
	}
	for word, log := range map[compare.Word]float64{compare.Worse: f.Proof.Worse, compare.Better: f.Proof.Better, compare.Equivalent: f.Proof.Equivalent} {
		if v.Word == word && log < need {
			t.Errorf("%s is %s by evidence of %v, needed is %v", name, word, log, need)
		}
	}
	if most := max(f.Proof.Worse, f.Proof.Better, f.Proof.Equivalent); p.enoughIn(f) && v.Word == compare.Undecided && v.Blocked == "" && most > need+0.12 {
		t.Errorf("%s is undecided by evidence of %v, needed is %v", name, most, need)
	}
}

// enoughIn reports whether the check of units is content.
func (p *Plan) enoughIn(f Finding) bool {
	for _, c := range f.Health {
		if c.Name == checkUnits {
			return c.Light == compare.Green
		}
	}
	return false
}
