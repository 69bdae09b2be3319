package compare

import (
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/swapline/swapline/runtime/compare/sample"
)

// report puts together what was measured.
func (r *run) report() *Report {
	t := r.trial
	out := &Report{
		Format: FormatVersion, Title: r.title(), Strategy: t.Strategy, Mode: ModeOffline, Started: r.began, Ended: r.began.Add(r.clock.now()), Partial: r.stopped,
		Plan: r.fixed, PlanHash: r.hash, Command: t.Command, Host: r.host(), Notes: r.notes(), Metrics: []Metric{},
	}
	findings := r.health()
	for _, f := range findings {
		out.Health = append(out.Health, f.Check)
	}
	for _, a := range r.arms {
		out.Arms = append(out.Arms, r.describe(a))
	}
	for _, a := range r.arms[1:] {
		p := r.pair(a)
		out.Answers = append(out.Answers, a.ledger.Answers())
		out.Metrics = append(out.Metrics, p.rows()...)
		if s := p.shifts(); len(s.Points) > 0 {
			out.Shifts = append(out.Shifts, s)
		}
		out.Verdicts = append(out.Verdicts, p.verdict(findings, r.rate))
	}
	return out
}

func (r *run) title() string {
	if r.trial.Title != "" {
		return r.trial.Title
	}
	var names []string
	for _, a := range r.arms {
		names = append(names, a.Arm.Name)
	}
	title := names[0] + " against " + strings.Join(names[1:], " and ")
	if r.trial.Strategy != "" {
		title = r.trial.Strategy + ": " + title
	}
	return title
}

func (r *run) host() Host {
	h := r.trial.Host
	fill(&h.Go, runtime.Version())
	fill(&h.OS, runtime.GOOS)
	fill(&h.Arch, runtime.GOARCH)
	fill(&h.Processors, runtime.GOMAXPROCS(0))
	h.Seed = r.plan.Seed
	return h
}

// notes are what a reader must know of how this was measured.
func (r *run) notes() []string {
	notes := []string{fmt.Sprintf("One caller, one call after the other; each duration has one reading of the clock in it, %v here, which is the same for all arms.", r.clock.reading())}
	if r.rate > 0 {
		notes = append(notes, fmt.Sprintf("At a fixed rate means %s at moments drawn beforehand (Poisson); latency counts from when a call was due, also if it began later.", perSecond(r.rate)))
	}
	left := "the garbage collector did not run meanwhile, so that the whole process used no more."
	if r.collected() {
		left = "windows in which the garbage collector ran are left out, except in that of the whole process."
	}
	notes = append(notes, "Processor time is what all threads of this process and of an arm's own ones use while one caller calls, less what they use while nobody does; "+left)
	if r.repeated > 0 {
		notes = append(notes, fmt.Sprintf("%d answers were asked for again because one arm of two was late.", r.repeated))
	}
	for _, a := range r.arms {
		if a.Elsewhere != nil {
			notes = append(notes, fmt.Sprintf("%s works in a process of its own: what that used and allocated is in the figures, with what its own collector did meanwhile.", a.Arm.Name))
		}
		if a.startless != "" {
			notes = append(notes, fmt.Sprintf("%s could not be loaded again: %s.", a.Arm.Name, a.startless))
		}
	}
	return notes
}

func (r *run) describe(a *arm) Arm {
	out := a.Arm
	out.Calls, out.Faults, out.Business = a.tally.called, a.tally.faults, a.tally.business
	o := r.plan.options(1 - r.plan.Alpha)
	out.Latency = distribution(closedRounds(a), o)
	if out.Open = distribution(openRounds(a), o); out.Open != nil {
		out.Open.Rate = r.rate
	}
	out.Cost = r.cost(a)
	out.Split = a.apart.split()
	for _, one := range a.rounds {
		if sorted := slices.Sorted(slices.Values(one.calls)); len(sorted) > 0 {
			out.Series = append(out.Series, Moment{At: one.at, N: int64(len(sorted)), P50: quantile(sorted, 0.5), P99: quantile(sorted, 0.99)})
		}
	}
	slices.SortFunc(out.Series, func(x, y Moment) int { return int(x.At - y.At) })
	return out
}

// cost is nil if no round was finished.
func (r *run) cost(a *arm) *Cost {
	if len(a.rounds) == 0 {
		return nil
	}
	total, made := a.sums()
	c := &Cost{
		Throughput: median(a.through), Instructions: float64(total.instructions) / float64(made),
		CPU: meanOf(cpuOf(a)), CPUElsewhere: meanOf(a.perCall(own, meter.processorApart)), CPUProcess: meanOf(cpuWholeOf(a)), Collecting: a.collecting(),
		Allocs: meanOf(allocsOf(a)), AllocBytes: meanOf(allocatedOf(a)),
		BytesIn: a.bytes(true), BytesOut: a.bytes(false), Memory: a.memory, Instances: a.instances,
		Opening: median(a.openings), Compile: typical(a.compiles, r.plan), Instantiate: typical(a.instantiates, r.plan), Cold: typical(a.colds, r.plan),
	}
	if len(a.through) > 0 {
		c.Callers, c.Processors = r.plan.Callers, max(median(a.processors), 0)
	}
	if c.Instructions == 0 {
		c.Instructions = a.apart.mean(a.apart.instructions)
	}
	return c
}

// meanOf is the mean of what is known, 0 of nothing and where chance made it less.
func meanOf(values []float64) float64 {
	if values = known(values); len(values) == 0 {
		return 0
	}
	return max(mean(values), 0)
}

// typical is the median of a few values.
func typical(values []float64, p Plan) Interval {
	i, _ := sample.Median(values, 1-p.Alpha)
	return Interval(i)
}
