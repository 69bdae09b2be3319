package compare

import (
	"math"
	"slices"

	"github.com/swapline/swapline/runtime/compare/sample"
)

// How intervals come about.
const (
	byBootstrap = "bootstrap over pairs of rounds, percentiles"
	byRanks     = "Hodges-Lehmann of the rounds' ratios, signed ranks"
	byShift     = "Hodges-Lehmann of the rounds' differences, signed ranks"
)

// quantity is a metric of two arms and how sure it is at any level.
type quantity struct {
	Metric
	change func(o sample.Options) Interval
}

// pair is one arm against the reference.
type pair struct {
	reference, arm *arm
	plan           Plan
	closed, open   [2]*sample.Rounds // of reference and arm: the rounds in which both have values
	collected      bool              // see run.collected
}

func (r *run) pair(a *arm) pair {
	p := pair{reference: r.arms[0], arm: a, plan: r.plan, collected: r.collected()}
	p.closed[0], p.closed[1] = collect(closedRounds(p.reference), closedRounds(a))
	p.open[0], p.open[1] = collect(openRounds(p.reference), openRounds(a))
	return p
}

// collect leaves out rounds in which one of the arms has no values, so that the others
// stay pairs.
func collect(x, y [][]float64) (reference, arm *sample.Rounds) {
	var a, b [][]float64
	for i := range min(len(x), len(y)) {
		if len(x[i]) > 0 && len(y[i]) > 0 {
			a, b = append(a, x[i]), append(b, y[i])
		}
	}
	return sample.Collect(a), sample.Collect(b)
}

func closedRounds(a *arm) [][]float64 {
	return each(a.rounds, func(one round) []float64 { return one.calls })
}

func openRounds(a *arm) [][]float64 {
	return each(a.open, func(one openRound) []float64 { return one.latencies })
}

func each[T, U any](rounds []T, one func(T) U) []U {
	out := make([]U, len(rounds))
	for i, v := range rounds {
		out[i] = one(v)
	}
	return out
}

// rows are all metrics of an arm that are known of both.
func (p pair) rows() []Metric {
	var rows []Metric
	for _, q := range p.quantities() {
		if !finiteBoth(q.Reference, q.Value) {
			continue
		}
		m := q.Metric
		m.Arm, m.Primary, m.Level = p.arm.Arm.Name, m.Name == p.plan.Metric, 1-p.plan.Alpha
		m.Change = q.change(p.plan.options(m.Level))
		m.Clear = m.Change.Excludes(m.Scale)
		rows = append(rows, m)
	}
	return rows
}

func finiteBoth(x, y float64) bool { return finite(x) != nil && finite(y) != nil }

func (p Plan) options(level float64) sample.Options {
	return sample.Options{Level: level, Resamples: p.Samples, Seed: p.Seed}
}

func (p pair) quantities() []quantity {
	list := p.latencies()
	list = append(list, p.shift())
	list = append(list, p.opens()...)
	list = append(list, p.costs()...)
	return append(list, p.loads()...)
}

func (p pair) latencies() []quantity {
	a, b := p.closed[0], p.closed[1]
	return []quantity{
		middleOf(latencyP50, "latency, p50", p.closed), at(latencyP50Resampled, "latency, p50 (bootstrap)", p.closed, 0.5),
		at(latencyP90, "latency, p90", p.closed, 0.9),
		at(latencyP99, "latency, p99", p.closed, 0.99), at(latencyP999, "latency, p99.9", p.closed, 0.999),
		{Metric{Name: latencyMean, Label: "latency, mean", Unit: "ns", Scale: Ratio, Reference: a.Mean(), Value: b.Mean(), Method: byBootstrap},
			func(o sample.Options) Interval { return Interval(sample.MeanRatio(a, b, o)) }},
	}
}

// at is the ratio of two quantiles.
func at(name, label string, arms [2]*sample.Rounds, p float64) quantity {
	m := Metric{Name: name, Label: label, Unit: "ns", Scale: Ratio, Method: byBootstrap, Reference: math.NaN(), Value: math.NaN()}
	if arms[0].N() > 0 && arms[1].N() > 0 {
		m.Reference, m.Value = arms[0].Quantile(p), arms[1].Quantile(p)
	}
	return quantity{m, func(o sample.Options) Interval {
		return Interval(sample.QuantileRatios(arms[0], arms[1], []float64{p}, o)[0])
	}}
}

// middleOf is the ratio of two medians.
func middleOf(name, label string, arms [2]*sample.Rounds) quantity {
	q := at(name, label, arms, 0.5)
	q.Method = byRanks
	q.change = func(o sample.Options) Interval { return Interval(sample.MedianRatio(arms[0], arms[1], o.Level)) }
	return q
}

// shift is by how much the arm's calls are longer, with a test of whether they tend
// to be: one median of each round, because calls of a round are not independent.
func (p pair) shift() quantity {
	x, y := p.closed[0].Quantiles(0.5), p.closed[1].Quantiles(0.5)
	_, u := sample.MannWhitney(x, y)
	q := quantity{Metric{Name: "latency_shift", Label: "latency, shift of medians", Unit: "ns", Scale: Difference,
		Reference: middle(x), Value: middle(y), Method: "Hodges-Lehmann, medians of rounds", Test: "Mann-Whitney"},
		func(o sample.Options) Interval { return Interval(sample.HodgesLehmann(x, y, o.Level)) }}
	if finite(u) != nil {
		q.P = u
	}
	return q
}

func middle(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	return median(values)
}

// median is 0 of nothing.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	if n == 0 {
		return 0
	}
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

func (p pair) opens() []quantity {
	return []quantity{middleOf(openP50, "latency at a fixed rate, p50", p.open), at(openP99, "latency at a fixed rate, p99", p.open, 0.99)}
}

// costs are values of which each round has one.
func (p pair) costs() []quantity {
	x, y := p.reference.through, p.arm.through
	list := []quantity{
		{Metric{Name: "throughput", Label: "throughput", Unit: "1/s", Scale: Ratio, Reference: middle(x), Value: middle(y), Method: byRanks, HigherIsBetter: true},
			func(o sample.Options) Interval { return Interval(sample.PairedRatio(x, y, o.Level)) }},
		p.perCall(cpuPerCall, "processor time of a call", "ns", cpuOf),
	}
	if p.collected {
		list = append(list, p.perCall(cpuWhole, "processor time, whole process", "ns", cpuWholeOf))
	}
	return append(list,
		p.perCall(executed, "instructions of a call", "count", instructionsOf).known(),
		p.perCall("allocs", "allocations of a call", "count", allocsOf),
		p.perCall("alloc_bytes", "allocated by a call", "bytes", allocatedOf),
	)
}

// collected reports whether a collection may have run while any arm was called. If none
// has, the processor time of the whole process is that of the calls: the same number
// twice would look like a mistake.
func (r *run) collected() bool {
	return slices.ContainsFunc(r.arms, func(a *arm) bool {
		return slices.ContainsFunc(a.rounds, func(one round) bool { return one.own.windows != one.used.windows })
	})
}

// What a call of each round used.

func cpuOf(a *arm) []float64      { return a.perCall(own, meter.processor) }
func cpuWholeOf(a *arm) []float64 { return a.perCall(every, meter.processor) }
func allocsOf(a *arm) []float64 {
	return a.allocations(meter.allocations, func(p Apart) uint64 { return p.Allocs })
}

func allocatedOf(a *arm) []float64 {
	return a.allocations(meter.bytes, func(p Apart) uint64 { return p.AllocBytes })
}

func instructionsOf(a *arm) []float64 {
	return each(a.rounds, func(one round) float64 { return float64(one.instructions) / float64(max(one.made, 1)) })
}

// perCall compares what whole rounds used, by the number of their calls: means, because
// what is not in every round counts, too. What one of the arms uses nothing of is
// compared by its difference.
func (p pair) perCall(name, label, unit string, of func(*arm) []float64) quantity {
	x, y := bothKnown(of(p.reference), of(p.arm))
	m := Metric{Name: name, Label: label, Unit: unit, Scale: Ratio, Reference: notBelow(mean(x)), Value: notBelow(mean(y)), Method: byBootstrap}
	if some(m.Reference, m.Value) {
		m.Scale, m.Method = Difference, byShift
		return quantity{m, func(o sample.Options) Interval {
			shift, _ := sample.PairedShift(x, y, o.Level)
			return Interval(shift)
		}}
	}
	return quantity{m.unlessNone(), func(o sample.Options) Interval { return Interval(sample.RatioOfMeans(x, y, o)) }}
}

// notBelow takes what is less than nothing, by chance, for nothing.
func notBelow(v float64) float64 {
	if v < 0 {
		return 0
	}
	return v
}

// mean is NaN of nothing.
func mean(values []float64) float64 {
	total := 0.0
	for _, v := range values {
		total += v
	}
	return total / float64(len(values))
}

// some reports whether just one of two values is 0.
func some(x, y float64) bool { return (x == 0) != (y == 0) }

// unlessNone makes a metric unknown that neither arm has.
func (m Metric) unlessNone() Metric {
	if m.Reference == 0 && m.Value == 0 {
		m.Reference = math.NaN()
	}
	return m
}

// known makes a quantity unknown of which one arm does not tell: where 0 means that.
func (q quantity) known() quantity {
	if some(q.Reference, q.Value) {
		q.Reference = math.NaN()
	}
	return q
}

// loads are values that are known once or a few times.
func (p pair) loads() []quantity {
	a, b := p.reference, p.arm
	return []quantity{
		exact("bytes_in", "copied over the boundary, in", "bytes", a.bytes(true), b.bytes(true)),
		exact("bytes_out", "copied over the boundary, out", "bytes", a.bytes(false), b.bytes(false)),
		exact("memory", "memory held", "bytes", float64(a.memory), float64(b.memory)).known().seen(),
		few("compile", "from artifact to code", a.compiles, b.compiles),
		few("instantiate", "a copy that can execute", a.instantiates, b.instantiates),
		few("cold", "first call of a copy", a.colds, b.colds),
	}
}

// exact has no chance in it.
func exact(name, label, unit string, x, y float64) quantity {
	m, change := Metric{Name: name, Label: label, Unit: unit, Scale: Ratio, Reference: x, Value: y, Method: "counted"}, y/x
	if some(x, y) {
		m.Scale, change = Difference, y-x
	}
	return quantity{m.unlessNone(), func(sample.Options) Interval { return Interval{change, change, change} }}
}

// seen is what happened to be seen: how many copies there are is up to how calls met.
// There is a value, but no bounds.
func (q quantity) seen() quantity {
	q.Method = "the most that was seen"
	change := q.change
	q.change = func(o sample.Options) Interval {
		i := Interval{math.Inf(-1), change(o).Point, math.Inf(1)}
		if q.Scale == Ratio {
			i.Lo = 0
		}
		return i
	}
	return q
}

// few is the ratio of the medians of a few independent values. Its interval is that of
// the shift of their logarithms.
func few(name, label string, x, y []float64) quantity {
	m := Metric{Name: name, Label: label, Unit: "ns", Scale: Ratio, Reference: middle(x), Value: middle(y), Method: "Hodges-Lehmann of logarithms"}
	return quantity{m, func(o sample.Options) Interval {
		i := sample.HodgesLehmann(logs(x), logs(y), o.Level)
		return Interval{math.Exp(i.Lo), math.Exp(i.Point), math.Exp(i.Hi)}
	}}
}

func logs(values []float64) []float64 {
	out := make([]float64, len(values))
	for i, v := range values {
		out[i] = math.Log(v)
	}
	return out
}

// bytes is how much a call copies over the boundary, on average.
func (a *arm) bytes(in bool) float64 {
	total, made := a.sums()
	sum, asked := total.bytesOut, a.apart.bytesOut
	if in {
		sum, asked = total.bytesIn, a.apart.bytesIn
	}
	if sum > 0 {
		return float64(sum) / float64(made)
	}
	return a.apart.mean(asked)
}

// sums adds up the rounds of the closed loop.
func (a *arm) sums() (total round, made int) {
	for _, one := range a.rounds {
		total.made += one.made
		total.wall += one.wall
		total.used.add(one.used)
		total.instructions += one.instructions
		total.bytesIn += one.bytesIn
		total.bytesOut += one.bytesOut
	}
	return total, max(total.made, 1)
}

// shifts is the shift function: the ratio of the arms' quantiles at each share.
func (p pair) shifts() Shift {
	ps := []float64{0.01}
	for i := 1; i < 20; i++ {
		ps = append(ps, float64(i)/20)
	}
	ps = append(ps, 0.97, 0.99)
	s := Shift{Arm: p.arm.Arm.Name, Level: 1 - p.plan.Alpha}
	for i, change := range sample.ShiftFunction(p.closed[0], p.closed[1], ps, p.plan.options(s.Level)) {
		if c := Interval(change); c.Known() {
			s.Points = append(s.Points, ShiftPoint{ps[i], c})
		}
	}
	return s
}
