package compare

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
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
// default in brackets, see Complete.
type Plan struct {
	// Metric is what the verdict is about: latency_p50 (default), latency_p90,
	// latency_p99, latency_mean, open_latency_p50, open_latency_p99, cpu, instructions.
	Metric     string     `json:"metric"`
	Hypothesis Hypothesis `json:"hypothesis"` // [equivalent]
	Margin     float64    `json:"margin"`     // [0.05; 0 where the hypothesis is better]
	Alpha      float64    `json:"alpha"`      // of the verdict, all arms together [0.05]

	Rounds  int           `json:"rounds"`    // of each arm, closed loop [20]; at least 10, an odd number becomes the next even one
	Calls   int           `json:"calls"`     // of each arm in a round [so that every input is used, at least 500, at most 10,000]
	WarmUp  int           `json:"warm_up"`   // calls of each arm that are not measured [a round's, at least 200]
	Callers int           `json:"callers"`   // at a time, where throughput is measured [processors]; negative: no throughput
	Rate    float64       `json:"rate"`      // calls a second, open loop [half of what the slowest arm did before, found out then: 0 in the plan]
	OpenFor time.Duration `json:"open_ns"`   // of each arm, all rounds together [3 s]; negative: no open loop
	Starts  int           `json:"starts"`    // loads of each arm, for compile, instantiate and cold [5]; negative: none
	Seed    uint64        `json:"seed"`      // of all order and resampling [from the clock]; below 2^53
	Samples int           `json:"resamples"` // of the bootstrap [2000]

	Different float64         `json:"max_different"`  // share of answers that may differ [0]
	Compare   rollout.Compare `json:"compare"`        // which differences count
	Mask      []string        `json:"mask,omitempty"` // JSON Pointers, * allowed, hidden in examples

	// Arms, Inputs and Digest say what was compared; Run fills them in.
	Arms   []string `json:"arms"`          // name and what it is: "wazero = riskscore@2.0.0 sha256:... wazero"
	Inputs int      `json:"inputs"`        // how many
	Digest string   `json:"inputs_sha256"` // of the inputs' binary encodings, each with its length
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
	for _, c := range p.checks() {
		if !c.ok {
			return Plan{}, problem.New(problem.ComparisonMalformed, "%s of the plan makes no sense", c.at[1:]).
				At(c.at).Want("%s", c.want).Got("%v", c.got)
		}
	}
	if _, err := difference.Compile(p.Compare); err != nil {
		return Plan{}, problem.New(problem.ComparisonMalformed, "%v", err).At("/compare")
	}
	if _, err := pointer.Compile(p.Mask); err != nil {
		return Plan{}, problem.New(problem.ComparisonMalformed, "%v", err).At("/mask")
	}
	return p, nil
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
)

// check is one thing that must be so.
type check struct {
	ok   bool
	at   string
	want string
	got  any
}

func (p Plan) checks() []check {
	hypotheses := []Hypothesis{WhetherEquivalent, WhetherNotWorse, WhetherBetter}
	open := p.Metric == openP50 || p.Metric == openP99
	return []check{
		{slices.Contains(judgeable(), p.Metric), "/metric", choice(judgeable()), p.Metric},
		{!open || p.OpenFor > 0, "/metric", "a metric that is measured: open_ns leaves out the open loop", p.Metric},
		{slices.Contains(hypotheses, p.Hypothesis), "/hypothesis", choice(hypotheses), p.Hypothesis},
		{p.Margin >= 0 && p.Margin <= 10, "/margin", "a share from 0 to 10", p.Margin},
		{p.Alpha >= 0.0001 && p.Alpha <= 0.5, "/alpha", "a probability from 0.0001 to 0.5", p.Alpha},
		{p.Rounds >= leastRounds && p.Rounds <= mostRounds, "/rounds", "10 to 200", p.Rounds},
		{p.Calls >= 1 && p.Calls <= mostMeasured/max(p.Rounds, 1), "/calls", "at least 1, and at most 2,000,000 of each arm in all rounds", p.Calls},
		{p.WarmUp >= 0 && p.WarmUp <= mostMeasured, "/warm_up", "0 to 2,000,000", p.WarmUp},
		{p.Callers <= mostCallers, "/callers", "at most 4096", p.Callers},
		{p.Rate >= 0 && p.Rate <= mostRate, "/rate", "0 to 1,000,000 calls a second", p.Rate},
		{p.Rate == 0 || p.OpenFor < 0 || p.Rate*p.OpenFor.Seconds() >= float64(p.Rounds), "/rate", "0, or as many calls in all of open_ns as there are rounds", p.Rate},
		{p.Rate*p.OpenFor.Seconds() <= mostMeasured, "/rate", "at most 2,000,000 calls in all of open_ns", p.Rate},
		{p.OpenFor <= longestOpen, "/open_ns", "at most an hour", p.OpenFor},
		{p.Starts <= mostStarts, "/starts", "at most 1000", p.Starts},
		{p.Seed <= mostSeed, "/seed", "below 2^53, so that every reader of JSON keeps it", p.Seed},
		{p.Samples >= leastSamples && p.Samples <= mostSamples, "/resamples", "200 to 20,000", p.Samples},
		{bounded(p.Compare.Ignore), "/compare", boundedPointers, len(p.Compare.Ignore)},
		{bounded(p.Mask), "/mask", boundedPointers, len(p.Mask)},
		{p.Different >= 0 && p.Different <= 1, "/max_different", "a share from 0 to 1", p.Different},
	}
}

const boundedPointers = "at most 100 JSON Pointers of at most 256 bytes"

func bounded(pointers []string) bool {
	return len(pointers) <= mostPointers && !slices.ContainsFunc(pointers, func(at string) bool { return len(at) > longestPointer })
}

// canonical is the plan's one text and its hash: the fields of Plan in their order, Compare last,
// without white space.
func (p Plan) canonical() (json.RawMessage, string, error) {
	text, err := json.Marshal(p)
	sum := sha256.Sum256(text)
	return text, hex.EncodeToString(sum[:]), err
}

// MarshalJSON implements json.Marshaler.
func (p Plan) MarshalJSON() ([]byte, error) {
	type plain Plan
	return json.Marshal(struct {
		plain
		Compare rules `json:"compare"`
	}{plain(p), rules{p.Compare.Ignore, p.Compare.Tolerance}})
}

// rules is rollout.Compare as JSON has it; reading takes either case.
type rules struct {
	Ignore    []string `json:"ignore,omitempty"`
	Tolerance float64  `json:"tolerance"`
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
