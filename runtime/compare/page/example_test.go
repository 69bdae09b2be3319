package page

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/swapline/swapline/runtime/compare"
)

// arms that examples are made of: how much slower than the first, and what they are.
var players = []struct {
	name, kind, engine string
	factor, boundary   float64
}{
	{"native", "native", "", 1, 0},
	{"wazero", "wasm", "wazero", 1.62, 2600},
	{"wasmtime", "wasm", "wasmtime", 1.36, 4100},
	{"wazero-interpreted", "wasm", "wazero", 9.3, 2900},
	{"native-again", "native", "", 1.004, 0},
	{"isolated", "wasm", "wazero", 3.1, 19000},
}

// offline is a report as a comparison of so many arms makes it, drawn from
// log-normal distributions.
func offline(n int) *compare.Report {
	random := rand.New(rand.NewPCG(1, 2))
	r := &compare.Report{Format: compare.FormatVersion, Title: "riskscore: native against others", Strategy: "riskscore", Mode: compare.ModeOffline,
		Started: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Ended: time.Date(2026, 3, 1, 12, 1, 34, 0, time.UTC),
		Plan:     json.RawMessage(`{"metric":"latency_p50","hypothesis":"not_worse","margin":0.25,"alpha":0.05,"rounds":20,"calls":1000,"seed":7}`),
		PlanHash: "5f2c9d4be04a3b0e9be3b1f0a9b1c2d3e4f5a6b7c8d9e0f1a2b3c4d5e6f70819",
		Command:  "swapline compare dist/riskscore-2.0.0.so dist/riskscore-2.0.0.wasm --inputs payments.ndjson --margin 0.25 --seed 7",
		Host:     compare.Host{Version: "0.6.0", Go: "go1.26.8", OS: "linux", Arch: "amd64", Processor: "Example 9000 at 3.1 GHz", Processors: 2, Seed: 7},
		Notes:    []string{"Allocations are those of the whole process with one caller.", "The open loop asked for 4,000 calls a second of each arm."},
		Health: []compare.Check{
			{Name: "answers", Light: compare.Green, Text: "10,000 of 10,000 answers are equal."},
			{Name: "complete", Light: compare.Green, Text: "All 20 rounds were run."},
			{Name: "a against a", Light: compare.Green, Text: "The reference's first and second positions differ by 0.3 % [-0.4 %, 1.1 %]."},
			{Name: "load", Light: compare.Yellow, Text: "Other programs took 12 % of the processors; times are noisier than they could be."},
			{Name: "collector", Light: compare.Green, Text: "The garbage collector took 1.4 % of the processor time."},
			{Name: "drift", Light: compare.Green, Text: "Rounds do not get slower: 0.02 % a round."},
		}}
	for i, p := range players[:n] {
		r.Arms = append(r.Arms, player(random, i, p.name, p.kind, p.engine, p.factor, p.boundary))
	}
	for i := 1; i < n; i++ {
		judge(r, i, players[i].factor)
	}
	return r
}

func player(random *rand.Rand, i int, name, kind, engine string, factor, boundary float64) compare.Arm {
	a := compare.Arm{Name: name, Version: "2.0.0", Kind: kind, Engine: engine, Isolation: "process", Size: 1_860_000 + int64(i)*70_000,
		Digest:   "sha256:9b1c2d3e4f5a6b7c8d9e0f1a2b3c4d5e6f708195f2c9d4be04a3b0e9be3b1f0a",
		Artifact: "sha256:0f1a2b3c4d5e6f708195f2c9d4be04a3b0e9be3b1f0a9b1c2d3e4f5a6b7c8d9e",
		Calls:    40_000, Business: 12}
	a.Latency = distribution(random, 9_000*factor, 0.22, 0)
	a.Open = distribution(random, 14_000*factor, 0.45, 4000)
	a.Cost = &compare.Cost{Throughput: 168_000 / factor, Callers: 2, Processors: 1.8, CPU: 9_400 * factor, CPUElsewhere: 3_100 * float64(i%2), CPUProcess: 9_900 * factor, Collecting: 1_300, Allocs: 41 + 6*float64(i), AllocBytes: 3_900 + 700*float64(i),
		Memory: 2_400_000 * int64(i), Instances: 3 * i, Compile: compare.Unknown(), Instantiate: interval3(31_000*float64(i+1), 0.2), Cold: interval3(240_000*factor, 0.3)}
	if i > 0 {
		a.Cost.BytesIn, a.Cost.BytesOut = 311, 188
		a.Cost.Compile = interval3(610e6*float64(i), 0.1)
	}
	a.Split = &compare.Split{Calls: 2000, Encoding: 2_100, Boundary: boundary, Strategy: 6_200 * math.Sqrt(factor), Runtime: 640}
	for round := range 20 {
		weather := 1 + 0.06*random.NormFloat64()
		a.Series = append(a.Series, compare.Moment{At: time.Duration(round) * 4700 * time.Millisecond, N: 1000,
			P50: time.Duration(9_000 * factor * weather), P99: time.Duration(15_500 * factor * weather * (1 + 0.1*random.Float64()))})
	}
	return a
}

// distribution has 10,000 log-normal times, thinned to at most 400 steps.
func distribution(random *rand.Rand, median, spread, rate float64) *compare.Distribution {
	all := make([]float64, 10_000)
	for i := range all {
		all[i] = median * math.Exp(spread*random.NormFloat64())
		if random.IntN(60) == 0 {
			all[i] *= 3
		}
	}
	slices.Sort(all)
	d := &compare.Distribution{N: int64(len(all)), Rate: rate, Band: 1.36 / math.Sqrt(4000), HDR: "HISTFAAAAB542pNpmSzMwMDAxAABzFCaEUoz2X+AMIBKAEASAtk="}
	at := func(q float64) time.Duration { return time.Duration(all[int(q*float64(len(all)-1))]) }
	for i := range 400 {
		q := float64(i) / 399
		d.Steps = append(d.Steps, compare.Step{At: at(q), Share: q})
	}
	d.Min, d.Mean, d.Max, d.P50, d.P90, d.P99, d.P999 = at(0), time.Duration(median*1.05), at(1), at(.5), at(.9), at(.99), at(.999)
	return d
}

func interval3(point, wide float64) compare.Interval {
	return compare.Interval{Lo: point * (1 - wide), Point: point, Hi: point * (1 + wide)}
}

// judge adds metrics, shift, answers and verdict of an arm.
func judge(r *compare.Report, i int, factor float64) {
	arm, ref := r.Arms[i], r.Arms[0]
	add := func(name, label, unit string, x, y, wide float64, higher bool) {
		ratio := y / x
		m := compare.Metric{Arm: arm.Name, Name: name, Label: label, Unit: unit, Reference: x, Value: y, Scale: compare.Ratio, Level: 0.95,
			Method: "bootstrap over pairs of rounds, percentiles", Change: compare.Interval{Lo: ratio / (1 + wide), Point: ratio, Hi: ratio * (1 + wide)}, HigherIsBetter: higher, Primary: name == "latency_p50"}
		m.Clear = m.Change.Lo > 1 || m.Change.Hi < 1
		if m.Primary {
			m.P, m.Test = 0.00001, "Mann-Whitney"
		}
		r.Metrics = append(r.Metrics, m)
	}
	add("latency_p50", "Latency p50", "ns", float64(ref.Latency.P50), float64(arm.Latency.P50), 0.012, false)
	add("latency_p90", "Latency p90", "ns", float64(ref.Latency.P90), float64(arm.Latency.P90), 0.02, false)
	add("latency_p99", "Latency p99", "ns", float64(ref.Latency.P99), float64(arm.Latency.P99), 0.06, false)
	add("latency_p999", "Latency p99.9", "ns", float64(ref.Latency.P999), float64(arm.Latency.P999), 0.21, false)
	add("open_latency_p50", "Latency p50, fixed rate", "ns", float64(ref.Open.P50), float64(arm.Open.P50), 0.05, false)
	add("open_latency_p99", "Latency p99, fixed rate", "ns", float64(ref.Open.P99), float64(arm.Open.P99), 0.6, false)
	add("cpu", "Processor time", "ns", ref.Cost.CPU, arm.Cost.CPU, 0.01, false)
	add("throughput", "Throughput", "1/s", ref.Cost.Throughput, arm.Cost.Throughput, 0.03, true)
	add("allocs", "Allocations", "count", ref.Cost.Allocs, arm.Cost.Allocs, 0.001, false)
	r.Metrics = append(r.Metrics, compare.Metric{Arm: arm.Name, Name: "error_rate", Label: "Faults", Unit: "share", Reference: 0.001, Value: 0.0014, Scale: compare.Difference,
		Level: 0.95, Method: "Wilson", Change: compare.Interval{Lo: -0.0006, Point: 0.0004, Hi: 0.0013}})
	s := compare.Shift{Arm: arm.Name, Level: 0.95}
	for q := 0.01; q < 0.999; q += 0.01 {
		c := factor * (1 + 0.25*math.Pow(q, 12))
		wide := 0.01 + 0.12*math.Pow(q, 20)
		s.Points = append(s.Points, compare.ShiftPoint{P: q, Change: compare.Interval{Lo: c / (1 + wide), Point: c, Hi: c * (1 + wide)}})
	}
	r.Shifts = append(r.Shifts, s)
	v := compare.Verdict{Arm: arm.Name, Metric: "latency_p50", Scale: compare.Ratio, Margin: 0.25,
		Value: r.Metrics[len(r.Metrics)-10].Change, Word: compare.Worse, Next: "Keep the reference where latency counts, or look at the cost split: it says where the time goes."}
	v.Sentence = arm.Name + " takes " + times(v.Value.Point) + " as long as native in the median, surely more than the margin of 25 %."
	if factor < 1.1 {
		v.Word, v.NotWorse, v.Next = compare.Equivalent, true, "Use either."
		v.Sentence = arm.Name + " takes as long as native in the median, within the margin of 25 %."
	}
	r.Verdicts = append(r.Verdicts, v)
	a := compare.Answers{Arm: arm.Name, Compared: 10_000, Numbers: []compare.Tolerances{{Tolerance: 0, Different: 0}, {Tolerance: 1e-9}, {Tolerance: 1e-6}}}
	if i == 2 {
		a.Different = 1
		a.Places = []compare.Place{{Pointer: "/score", Count: 1, Reference: "0.731", Value: "0.732"}}
		a.Numbers[0].Different = 1
		a.Examples = []compare.Example{{Input: 4711, Text: `{"amount": 12999, "card": "***"}`, Pointers: []string{"/score"}, Reference: `{"decision":"review","score":0.731}`, Value: `{"decision":"review","score":0.732}`}}
	}
	r.Answers = append(r.Answers, a)
}

// rates is a report of an experiment about a rate of errors.
func rates() *compare.Report {
	r := live()
	r.Verdicts[0] = compare.Verdict{Arm: "candidate", Word: compare.Equivalent, Metric: "error_rate", Scale: compare.Difference, Margin: 0.02, NotWorse: true,
		Value: compare.Interval{Lo: -0.012, Point: -0.002, Hi: 0.008}, Sentence: "The candidate is equivalent within 2 points.", Next: "Roll it out."}
	for i := range r.Metrics {
		r.Metrics[i].Primary = r.Metrics[i].Name == "error_rate"
	}
	for i := range r.Evidence[0].Points {
		q := &r.Evidence[0].Points[i]
		w := 0.2 / math.Sqrt(float64(i+1))
		q.Change = compare.Interval{Lo: -0.002 - w, Point: -0.002 + 0.1*w*math.Sin(float64(i)), Hi: -0.002 + w}
	}
	return r
}

// live is a report of an experiment that goes on.
func live() *compare.Report {
	r := offline(2)
	r.Title, r.Mode, r.Ended = "riskscore: 2.0.0 against 1.4.2", compare.ModeSplit, time.Time{}
	r.Arms[0].Name, r.Arms[1].Name = "stable", "candidate"
	for i := range r.Metrics {
		r.Metrics[i].Arm = "candidate"
	}
	r.Verdicts[0].Arm, r.Verdicts[0].Word, r.Verdicts[0].Sentence = "candidate", compare.Undecided, "The candidate takes between 0.95 and 1.31 times as long: more traffic is needed."
	r.Verdicts[0].Value = compare.Interval{Lo: 0.95, Point: 1.1, Hi: 1.31}
	r.Verdicts[0].Next = "Wait: at this traffic about 40 minutes."
	r.Shifts[0].Arm, r.Answers = "candidate", nil
	r.Health = append(r.Health, compare.Check{Name: "sample ratio", Light: compare.Red, Text: "5,312 of 10,000 customers are on the candidate, 5,000 were expected, p = 0.0001."})
	r.Verdicts[0].Blocked = "sample ratio"
	e := compare.Proof{Arm: "candidate", Threshold: math.Log(20)}
	for i := 1; i <= 200; i++ {
		w := 1 / math.Sqrt(float64(i))
		e.Points = append(e.Points, compare.ProofPoint{At: time.Duration(i) * 9 * time.Second, Units: int64(i) * 50, Worse: float64(i)/120 + math.Sin(float64(i)/9)*0.3, Better: -float64(i) / 60,
			Equivalent: float64(i)/80 - 0.4, Change: compare.Interval{Lo: 1.1 - w, Point: 1.1 + 0.2*w*math.Sin(float64(i)), Hi: 1.1 + 1.3*w}})
	}
	r.Evidence = []compare.Proof{e}
	return r
}
