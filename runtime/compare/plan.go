package compare

import (
	"math"
	"runtime"
	"slices"
	"time"

	"github.com/swapline/swapline/runtime/difference"
	"github.com/swapline/swapline/runtime/pointer"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/rollout"
)

// Plan is what is fixed before an offline comparison starts. Zero fields take the
// default in brackets, see Complete; negative ones mean none. In JSON, which the
// package comment has, a default is left out and none is 0.
type Plan struct {
	// Metric is what the verdict is about: latency_p50 (default), latency_p90,
	// latency_p99, latency_mean, open_latency_p50, open_latency_p99, cpu, instructions.
	Metric     string
	Hypothesis Hypothesis // [equivalent]
	Margin     float64    // [0.05; 0 where the hypothesis is better]
	Alpha      float64    // of the verdict, all arms together [0.05]

	Rounds  int           // of each arm, closed loop [20]; at least 10, an odd number becomes the next even one
	Calls   int           // of each arm in a round [so that every input is used, at least 500, at most 10,000]
	WarmUp  int           // calls of each arm that are not measured [a round's, at least 200]; negative: none
	Callers int           // at a time, where throughput is measured [processors]; negative: no throughput
	Rate    float64       // calls a second, open loop [half of what the slowest arm did before, found out then: 0 in the plan]
	OpenFor time.Duration // of each arm, all rounds together [3 s]; negative: no open loop
	Starts  int           // loads of each arm, for compile, instantiate and cold [5]; negative: none
	Seed    uint64        // of all order and resampling [from the clock]; below 2^53
	Samples int           // of the bootstrap [2000]

	Different float64         // share of answers that may differ [0]
	Compare   rollout.Compare // which differences count
	Mask      []string        // JSON Pointers, * allowed, hidden in examples

	// Arms, Inputs and Digest say what was compared; Run fills them in. Where they are
	// there before, Run compares nothing else.
	Arms   []string // name and what it is: "wazero = 2.0.0 sha256:... wasm wazero request"
	Inputs int      // how many
	Digest string   // SHA-256, hex, of the inputs' binary encodings, each with its length
}

// Metrics that a verdict can be about.
const (
	latencyP50  = "latency_p50"
	latencyP90  = "latency_p90"
	latencyP99  = "latency_p99"
	latencyP999 = "latency_p999"
	latencyMean = "latency_mean"
	openP50     = "open_latency_p50"
	openP99     = "open_latency_p99"
	cpuPerCall  = "cpu"
	cpuWhole    = "cpu_process"
	executed    = "instructions"

	latencyP50Resampled = "latency_p50_bootstrap" // beside latency_p50: the same as the other quantiles
)

// judgeable lists the metrics that Plan.Metric may name.
func judgeable() []string {
	return []string{latencyP50, latencyP90, latencyP99, latencyMean, openP50, openP99, cpuPerCall, executed}
}

// Complete checks a plan and fills in the defaults, for so many inputs. What it
// refuses is a problem.ComparisonMalformed with the pointer into the plan's JSON.
// Rate stays 0 where it is to be found out; Seed stays 0 until Run draws one.
func (p Plan) Complete(inputs int) (Plan, error) {
	p = p.withDefaults(inputs)
	for _, m := range p.members() {
		if !m.ok {
			return Plan{}, senseless(m.name, m.want, m.now())
		}
	}
	for _, c := range p.together() {
		if !c.ok {
			return Plan{}, senseless(c.name, c.want, c.got)
		}
	}
	if _, err := difference.Compile(p.Compare); err != nil {
		return Plan{}, problem.New(problem.ComparisonMalformed, "%v", err).At("/ignore")
	}
	if _, err := pointer.Compile(p.Mask); err != nil {
		return Plan{}, problem.New(problem.ComparisonMalformed, "%v", err).At("/mask")
	}
	return p, nil
}

// senseless refuses a member of a plan.
func senseless(name, want string, got any) error {
	return problem.New(problem.ComparisonMalformed, "%s of the plan makes no sense", name).At("/"+name).Want("%s", want).Got("%s", inWords(got))
}

func (p Plan) withDefaults(inputs int) Plan {
	fill(&p.Metric, latencyP50)
	fill(&p.Hypothesis, WhetherEquivalent)
	if p.Hypothesis != WhetherBetter {
		fill(&p.Margin, 0.05)
	}
	fill(&p.Alpha, 0.05)
	fill(&p.Rounds, 20)
	if p.Rounds >= leastRounds-1 && p.Rounds < mostRounds { // what is refused is told as it was given
		p.Rounds += p.Rounds & 1
	}
	if blocks := p.Rounds / 2; blocks > 0 {
		fill(&p.Calls, min(max((inputs+blocks-1)/blocks, leastCalls), mostCalls))
	}
	fill(&p.WarmUp, max(p.Calls, 200))
	fill(&p.Callers, runtime.GOMAXPROCS(0))
	fill(&p.OpenFor, 3*time.Second)
	fill(&p.Starts, 5)
	fill(&p.Samples, 2000)
	p.Compare.Ignore, p.Mask = slices.Clone(p.Compare.Ignore), slices.Clone(p.Mask)
	return p
}

// fill sets what is zero.
func fill[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Bounds of a plan.
const (
	leastRounds, mostRounds = 10, 200
	leastCalls, mostCalls   = 500, 10_000 // of the default; a plan may ask for others
	mostMeasured            = 2_000_000   // durations that are kept of an arm
	mostRate                = 1_000_000
	longestOpen             = time.Hour
	mostCallers, mostStarts = 4096, 1000
	leastSamples            = 200
	mostSamples             = 20_000 // nothing ends an analysis, and ten times as many say no more
	mostSeed                = 1<<53 - 1
	mostPointers            = 100 // of a list: each is held against each place of each answer
	longestPointer          = 256 // bytes
	longestArm              = 1000
)

// check is one thing that must be so.
type check struct {
	ok   bool
	name string // of the member
	want string
	got  any
}

// together holds what no member can hold alone.
func (p Plan) together() []check {
	open := p.Metric == openP50 || p.Metric == openP99
	calls := p.Rate * p.OpenFor.Seconds()
	return []check{
		{!open || p.OpenFor > 0, "metric", "a metric that is measured: open_s leaves out the open loop", p.Metric},
		{p.Calls <= mostMeasured/p.Rounds, "calls", wantCalls, p.Calls},
		{p.Rate == 0 || p.OpenFor < 0 || calls >= float64(p.Rounds), "rate", "0, or as many calls in all of open_s as there are rounds", p.Rate},
		{calls <= mostMeasured, "rate", "at most 2,000,000 calls in all of open_s", p.Rate},
	}
}

const wantCalls = "at least 1, and at most 2,000,000 of each arm in all rounds"

// bounded tells of lists that are not too long, nor what is in them.
func bounded(list []string, longest int) bool {
	return len(list) <= mostPointers && !slices.ContainsFunc(list, func(s string) bool { return len(s) > longest })
}

// level is that of each verdict's interval: the arms share alpha.
func (p Plan) level() float64 {
	return 1 - p.Alpha/math.Max(1, float64(len(p.Arms)-1))
}

// choice is a list for people.
func choice[T ~string](list []T) string {
	text := ""
	for i, word := range list {
		switch {
		case i > 0 && i == len(list)-1:
			text += " or "
		case i > 0:
			text += ", "
		}
		text += string(word)
	}
	return text
}
