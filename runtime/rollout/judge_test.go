package rollout

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/histogram"
)

// scene is one guard's question: what both arms did at a weight of 10 %.
type scene struct {
	guard            string // as in a policy
	candidate, other Sample
	opinion          Opinion
	sentence         string
}

// judged asks one guard at a stage of 10 %, at which a baseline has as much.
func judged(t *testing.T, c scene) Judgement {
	t.Helper()
	p := decoded(t, `{"alpha": 0.001, "sticky": {"header": "X"}, "switch": {"after_s": 0}, "guards": [], "stages": [
		{"weight": 10, "baseline": true, "guards": [`+c.guard+`]}, {"weight": 100}]}`)
	e := Observed{At: noon(), Candidate: &c.candidate, Stable: &c.other, Baseline: &c.other}
	js := p.judge(State{Phase: Running, Stage: 0}, e)
	if len(js) != 1 {
		t.Fatalf("%d judgements", len(js))
	}
	return js[0]
}

// rates is a sample whose units had one call each.
func rates(events, units int64) Sample {
	s := sampleOf(nil, map[string]int64{"calls": units})
	s.Guards = []Count{{Units: units, Trials: units, Events: events, Firsts: events, Opening: events}}
	return *s
}

// keys is a sample of keys of which some had an event, and fewer at their first call.
func keys(firsts, opening, units int64) Sample {
	s := rates(firsts, units)
	s.Guards[0].Opening = opening
	return s
}

// means is a sample whose units have a value with a deviation of a tenth.
func means(mean float64, units int64) Sample {
	n := float64(units)
	return Sample{Calls: units, Guards: []Count{{Units: units, Sum: mean * n, Squares: 1.01 * mean * mean * n}}}
}

// took is a sample of calls that took 20 ms and of slow ones that took 200 ms.
func took(slow, units int64) Sample {
	return *sampleOf(nil, map[string]int64{"calls": units, "slow": slow})
}

func fields(sum float64, units int64) Sample {
	s := rates(int64(sum), units)
	s.Guards[0].Sum = sum
	return s
}

func TestGuardsThinkAndSayWhatTheNumbersShow(t *testing.T) {
	const (
		errs    = `{"name": "errors", "metric": "error_rate", "max": 0.03}`
		none    = `{"name": "none", "metric": "fault_rate", "max": 0}`
		more    = `{"name": "more", "metric": "error_rate", "versus": "baseline", "max_increase": 0}`
		stable  = `{"name": "more", "metric": "error_rate", "versus": "stable", "max_increase": 0, "tolerance": 0.05}`
		much    = `{"name": "much", "metric": "error_rate", "versus": "baseline", "max_increase": 0.05}`
		p95     = `{"name": "p95", "metric": "latency_p95", "max": 100}`
		p99     = `{"name": "p99", "metric": "latency_p99", "versus": "stable", "max_ratio": 1.25}`
		tail    = `{"name": "tail", "metric": "latency", "versus": "baseline", "max_ratio": 1.25}`
		floor   = `{"name": "floor", "metric": "latency", "versus": "baseline", "max_ratio": 1.25, "floor_ms": 500}`
		cost    = `{"name": "cost", "metric": "instructions", "max": 1000}`
		costs   = `{"name": "costs", "metric": "instructions", "versus": "baseline", "max_ratio": 1.5}`
		memory  = `{"name": "memory", "metric": "memory_bytes", "max": 1000}`
		memory2 = `{"name": "memory", "metric": "memory_bytes", "versus": "stable", "max_ratio": 2}`
		amount  = `{"name": "amount", "metric": "field_mean", "field": "/a", "min": 90, "max": 110, "tolerance": 5}`
		amounts = `{"name": "amounts", "metric": "field_mean", "field": "/a", "versus": "baseline", "max_change": 10}`
		yes     = `{"name": "yes", "metric": "field_share", "field": "/a", "equals": "yes", "min": 0.4, "max": 0.6}`
		yess    = `{"name": "yess", "metric": "field_share", "field": "/a", "equals": "yes", "versus": "baseline", "max_change": 0.05}`
	)
	for _, c := range []scene{
		{errs, rates(40, 402), rates(20, 7611), Breached, `errors: candidate 40 of 402 calls with errors (10 %), 3 % allowed, evidence over 1,000,000 where 1,000 is enough`},
		{errs, rates(1, 402), rates(20, 7611), Passed, `errors: candidate 1 of 402 calls with errors (0.25 %), 3 % allowed, surely under 1.7 %`},
		{errs, rates(1, 20), rates(20, 7611), Undecided, `errors: candidate 1 of 20 calls with errors (5 %), 3 % allowed, surely under 31 %: too little to tell`},
		{errs, rates(40, 402), rates(320, 3216), Undecided, `errors: candidate 40 of 402 calls with errors (10 %), 3 % allowed, evidence over 1,000,000 where 1,000 is enough, but stable breaks it, too (10 %)`},
		{errs, rates(400, 402), rates(320, 3216), Breached, ``},
		{errs, rates(0, 0), rates(0, 0), Undecided, ``},
		{none, rates(1, 2), rates(0, 10), Breached, ``},
		{none, rates(0, 1000), rates(0, 10), Passed, ``},
		{more, rates(40, 2000), rates(5, 2000), Breached, `more: candidate 40 of 2,000 keys with errors (2 %), baseline 5 of 2,000 (0.25 %), no more allowed, evidence 680,779 where 1,000 is enough`},
		{more, rates(6, 2000), rates(5, 2000), Passed, ``},
		{more, rates(1, 50), rates(0, 50), Undecided, ``},
		{more, rates(100, 1000), rates(5, 100), Undecided, `more: candidate has 1,000 of 1,100 keys where its weight gives it 50 %: the arms cannot be compared`},
		{much, rates(300, 2000), rates(20, 2000), Breached, ``},
		{much, rates(40, 2000), rates(5, 2000), Passed, `much: candidate 40 of 2,000 keys with errors (2 %), baseline 5 of 2,000 (0.25 %), 5 points more allowed, surely less than 3 points more`},
		{much, rates(150, 2000), rates(10, 2000), Undecided, ``},
		{stable, rates(500, 5000), rates(4000, 40_000), Passed, ``},
		// With an event at some call, and at the first: max_increase 0 asks for the first of these numbers, all else for the second.
		{more, keys(40, 3, 2000), keys(5, 3, 2000), Breached, `more: candidate 40 of 2,000 keys with errors (2 %), baseline 5 of 2,000 (0.25 %), no more allowed, evidence 680,779 where 1,000 is enough`},
		{more, keys(900, 0, 2000), keys(900, 0, 2000), Passed, `more: candidate 0 of 2,000 keys with errors (0 %), baseline 0 of 2,000 (0 %), no more allowed, surely less than 0.27 points more`},
		{more, keys(900, 40, 2000), keys(900, 0, 2000), Undecided, ``},
		{much, keys(900, 40, 2000), keys(300, 5, 2000), Passed, ``},
		{much, keys(900, 300, 2000), keys(900, 20, 2000), Breached, ``},
		{p95, took(60, 402), took(0, 7611), Breached, `p95: candidate 204 ms at p95 of 402 keys, 100 ms allowed, 15 % took longer, evidence over 1,000,000 where 1,000 is enough`},
		{p95, took(2, 402), took(0, 7611), Passed, ``},
		{p95, took(15, 402), took(0, 7611), Undecided, ``},
		{p95, took(60, 402), took(1000, 7611), Breached, ``},
		{p95, took(60, 402), took(1200, 3200), Undecided, ``},
		{p99, took(60, 402), took(0, 3216), Breached, ``},
		{p99, took(2, 1000), took(8, 8000), Passed, ``},
		{p99, took(0, 100), took(0, 800), Undecided, ``},
		{p99, took(300, 1000), took(160, 8000), Passed, ``}, // slower, but not there
		{tail, took(0, 1000), took(0, 1000), Passed, `tail: candidate 21 ms at p95 of 1,000 keys, baseline 21 ms of 1,000, surely less than 17 % are over 1.25 times slower`},
		{tail, took(60, 1000), took(3, 1000), Breached, `tail: of candidate's 1,000 keys 6 % took over 198 ms, of baseline's 1,000 0.3 % took over 153 ms, evidence over 1,000,000 where 1,000 is enough`},
		{tail, took(3, 1000), took(3, 1000), Passed, ``},
		{tail, took(0, 30), took(0, 30), Undecided, ``},
		{floor, took(1000, 1000), took(0, 1000), Passed, ``},
		{cost, means(1500, 2000), Sample{}, Breached, ``},
		{cost, means(900, 2000), Sample{}, Passed, ``},
		{cost, means(1500, 20), Sample{}, Undecided, ``},
		{costs, means(1600, 400), means(1000, 400), Breached, `costs: candidate 1,600 instructions, mean of 400 keys, baseline 1,000 of 400, 1.5 times allowed, surely 1.55 to 1.65 times`},
		{costs, means(1000, 400), means(1000, 400), Passed, ``},
		{costs, means(1000, 400), means(1000, 4), Undecided, ``},
		{memory, Sample{Calls: 1, Memory: 1001}, Sample{}, Breached, `memory: candidate uses 1,001 bytes, allowed 1000`},
		{memory, Sample{Calls: 1, Memory: 1000}, Sample{}, Passed, ``},
		{memory, Sample{}, Sample{}, Undecided, ``},
		{memory2, Sample{Calls: 1, Memory: 2001}, Sample{Memory: 1000}, Breached, ``},
		{memory2, Sample{Calls: 1, Memory: 2001}, Sample{}, Undecided, ``},
		{amount, means(120, 2000), Sample{}, Breached, `amount: candidate 120 in /a, mean of 2,000 keys, allowed 90 to 110, surely 119 to 121`},
		{amount, means(80, 2000), Sample{}, Breached, ``},
		{amount, means(100, 2000), Sample{}, Passed, ``},
		{amount, means(math.Inf(1), 2000), Sample{}, Undecided, ``},
		{amount, means(math.NaN(), 2000), Sample{}, Undecided, ``},
		{amounts, means(120, 400), means(100, 400), Breached, ``},
		{amounts, means(80, 400), means(100, 400), Breached, ``},
		{amounts, means(101, 400), means(100, 400), Passed, ``},
		{amounts, means(100, 99), means(100, 400), Undecided, ``},
		{yes, fields(700, 1000), Sample{}, Breached, ``},
		{yes, fields(300, 1000), Sample{}, Breached, ``},
		{yes, fields(500, 1000), Sample{}, Passed, ``},
		{yes, fields(5, 10), Sample{}, Undecided, ``},
		{yess, fields(900, 2000), fields(1200, 2000), Breached, ``},
		{yess, fields(1500, 2000), fields(1200, 2000), Breached, ``},
		{yess, fields(1205, 2000), fields(1200, 2000), Passed, ``},
		{yess, fields(50, 100), fields(50, 100), Undecided, `yess: candidate 50 of 100 keys with /a = "yes" (50 %), baseline 50 of 100 (50 %), change allowed 5 points, surely -24 to 24 points: too little to tell`},
	} {
		j := judged(t, c)
		if c.sentence != "" && j.Sentence != c.sentence {
			t.Errorf("says  %s\nwants %s", j.Sentence, c.sentence)
		}
		if j.Opinion != c.opinion {
			t.Errorf("%s: %s, want %s: %s", c.guard, j.Opinion, c.opinion, j.Sentence)
		}
		if (j.Opinion == Breached) != (j.Evidence >= 1 && !strings.Contains(j.Sentence, "stable breaks it, too")) || j.Sentence == "" {
			t.Errorf("evidence %v: %s", j.Evidence, j.Sentence)
		}
		through(t, State{Judged: []Judgement{j}})
	}
}

// TestDecisionsSayWhoAndWhy has what people read in a rollout's history.
func TestDecisionsSayWhoAndWhy(t *testing.T) {
	p := decoded(t, `{"guards": [{"name": "errors", "metric": "error_rate", "max": 0.03}], "stages": [{"weight": 1, "calls": 100, "gate": true}, {"weight": 100, "calls": 0}]}`)
	s, now := State{}, noon()
	for _, c := range []struct {
		after time.Duration
		e     func(at time.Time) Event
		says  string
	}{
		{0, func(at time.Time) Event { return Start{At: at} }, "started: the candidate gets 1 % of the traffic"},
		{1, func(at time.Time) Event { return Published{At: at} }, ""},
		{61, func(at time.Time) Event {
			return Observed{At: at, Candidate: sampleOf(p.At(0), map[string]int64{"calls": 12})}
		},
			"held at 1 %: candidate has 12 of 100 calls; errors: candidate 0 of 12 calls with errors (0 %), 3 % allowed, surely under 31 %: too little to tell; a person has to let it go on"},
		{70, func(at time.Time) Event { return Command{At: at, Verb: VerbPause, Actor: "alice", Why: "lunch"} },
			"paused at 1 % by alice (lunch); guards still roll back"},
		{80, func(at time.Time) Event { return Command{At: at, Verb: VerbPromote} },
			"1 % was promoted by a person although undecided (candidate has 12 of 100 calls; errors: candidate 0 of 12 calls with errors (0 %), 3 % allowed, surely under 31 %: too little to tell): the candidate gets 100 % of the traffic"},
		{81, func(at time.Time) Event { return Published{At: at} }, ""},
		{82, func(at time.Time) Event { return Failed{At: at, Why: "the disk is full"} }, "given up at 100 %: the disk is full"},
	} {
		next, actions, err := p.Step(s, c.e(now.Add(c.after*time.Second)))
		d, _ := find[Decide](actions)
		if err != nil || d.Text != c.says {
			t.Errorf("says  %s\nwants %s (%v)", d.Text, c.says, err)
		}
		s = next
	}
}

func TestAlphaIsSplitOverAllThatIsJudged(t *testing.T) {
	// Three, two and four guards before 100 %, none there but the two of switch.
	if got, want := Default().level(), 0.01/11; math.Abs(got-want) > 1e-12 {
		t.Errorf("%v, want %v", got, want)
	}
	if got, want := Default().Direct().level(), 0.01/2; got != want {
		t.Errorf("direct: %v, want %v", got, want)
	}
	if got := Bare().level(); got != 0.01 {
		t.Errorf("bare: %v", got)
	}
	p := decoded(t, `{"stages": [{"weight": 100}], "shadow": {}, "switch": {"after_s": 0}, "guards": [{"name": "a", "metric": "fault_rate", "max": 0.1}]}`)
	if got, want := p.level(), 0.01/3; got != want { // what differs, and twice the guard
		t.Errorf("shadow: %v, want %v", got, want)
	}
}

// TestABucketAroundTheBoundCountsOnNeitherSide: what is in it may be above or below.
func TestABucketAroundTheBoundCountsOnNeitherSide(t *testing.T) {
	b := make([]int64, histogram.Size)
	at := histogram.Index(100 * time.Millisecond)
	b[at-1], b[at], b[at+1] = 1, 10, 100
	d := 100 * time.Millisecond
	if o, u, a := over(b, d), under(b, d), above(b, d); o != 100 || u != 1 || a != 110 {
		t.Errorf("over %d, under %d, above %d", o, u, a)
	}
	if f := fold(b, d); f[at] != 11 || f[at-1] != 0 || f[at+1] != 100 {
		t.Error("folded otherwise")
	}
}

func BenchmarkStep(b *testing.B) {
	p := Default()
	s, _, _ := p.Step(State{}, Start{At: noon()})
	s.Stage, s.Weight, s.Awaiting, s.Since = 2, 2000, false, noon()
	guards := p.At(2)
	e := Observed{At: noon().Add(time.Second), Stable: sampleOf(guards, map[string]int64{"calls": 80_000, "errors": 800, "slow": 80}),
		Candidate: sampleOf(guards, map[string]int64{"calls": 20_000, "errors": 200, "slow": 20})}
	b.ReportAllocs()
	for b.Loop() {
		if s, _, _ = p.Step(s, e); s.Phase != Running {
			b.Fatal(s.Reason)
		}
	}
}
