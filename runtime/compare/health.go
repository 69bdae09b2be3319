package compare

import (
	"fmt"
	"math"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/swapline/swapline/runtime/compare/sample"
)

// Bounds of what is in order.
const (
	redFaults     = 0.01 // of an arm's calls
	yellowOthers  = 0.10 // of the machine's processors
	yellowStolen  = 0.01
	yellowProcess = 1.5                   // processors that this process uses while one call is made after the other
	leastWall     = 10 * time.Millisecond // of an arm's calls, to say so
	yellowIdle    = 0.05                  // of a processor that this process uses while nobody calls
	yellowNoise   = 0.05                  // of what an arm allocates: what this process does by itself meanwhile
	leastNoise    = 16                    // bytes a call, or nobody minds
	yellowPauses  = 0.05                  // of the time of the calls
	yellowDrift   = 0.10                  // from the first to the last round, with p below:
	surelyDrifts  = 0.01
	selfLevel     = 0.99 // of the interval of the reference against itself
	leastSelf     = 0.01 // what it may differ by at least, whatever the margin
	yellowUnequal = 0.01 // of the numbers of calls of two arms
	yellowSlip    = 0.5  // of the median latency: by how much the generator may be late
	yellowUnbegun = 0.001
	yellowBehind  = 0.10 // of the calls at a fixed rate: begun late because all before were still running
)

// finding is a check, and the arm that it is about; nil: all of them.
type finding struct {
	Check
	arm *arm
}

// health checks what must be in order before a result means anything, the most
// important first.
func (r *run) health() []finding {
	list := []finding{r.complete()}
	for _, a := range r.arms[1:] {
		list = append(list, r.sameAnswers(a))
	}
	list = append(list, r.sameAgain(), r.faultless(), r.againstItself(), r.equalNumbers())
	list = append(list, r.machine(), r.process(), r.collector(), r.drift(), r.generator(), built())
	return slices.DeleteFunc(list, func(f finding) bool { return f.Name == "" })
}

func found(name string, light Light, format string, args ...any) finding {
	return finding{Check: Check{name, light, fmt.Sprintf(format, args...)}}
}

func (r *run) complete() finding {
	if r.stopped != "" {
		return found("complete", Red, "%s; intervals of a fixed plan mean nothing when it is cut short", r.stopped)
	}
	return found("complete", Green, "everything that the plan says was measured")
}

func (r *run) sameAnswers(a *arm) finding {
	answers := a.ledger.Answers()
	name, text := "answers", fmt.Sprintf("%s of %s answers of %s differ from those of %s", Count(answers.Different), Count(answers.Compared), a.Arm.Name, r.arms[0].Arm.Name)
	if len(r.arms) > 2 {
		name += " of " + a.Arm.Name
	}
	f := finding{Check{name, Green, text}, a}
	switch {
	case answers.Compared == 0:
		f.Light, f.Text = Red, fmt.Sprintf("no answer of %s could be compared", a.Arm.Name)
	case float64(answers.Different) > r.plan.Different*float64(answers.Compared):
		f.Light = Red
		f.Text += answers.first() + "; " + mayDiffer(r.plan.Different)
	case answers.Different > 0:
		f.Light = Yellow
		f.Text += "; " + mayDiffer(r.plan.Different)
	}
	return f
}

func mayDiffer(share float64) string {
	if share == 0 {
		return "none may"
	}
	return "at most " + percent(share) + " may"
}

// sameAgain is about the reference's own answers: where they differ from run to run,
// a difference of another arm may mean nothing.
func (r *run) sameAgain() finding {
	if r.self == nil {
		return finding{}
	}
	self, name := r.self.Answers(), r.arms[0].Arm.Name
	if self.Different == 0 {
		return found("same again", Green, "%s answered %d inputs twice and the same both times", name, self.Compared)
	}
	return found("same again", Yellow, "%s differs from itself: %d of %d inputs%s; what is drawn or read from a clock should be in the plan's ignore",
		name, self.Different, self.Compared, self.first())
}

func (r *run) faultless() finding {
	worst, most := Green, ""
	share, text := 0.0, "no call failed"
	for _, a := range r.arms {
		for _, f := range a.failures() {
			if part := float64(f.faults) / float64(max(f.calls, 1)); part > share {
				share, text, most = part, fmt.Sprintf("%s of %s calls of %s%s failed", Count(f.faults), Count(f.calls), a.Arm.Name, f.where), a.Arm.Name
			}
		}
		if skipped := a.tally.skipped; skipped > 0 && r.stopped == "" && most == "" {
			worst, text = Yellow, fmt.Sprintf("%d calls of %s say nothing: they were not carried out", skipped, a.Arm.Name)
		}
	}
	switch {
	case share > redFaults:
		worst = Red
	case share > 0:
		worst = Yellow
	}
	if share > 0 {
		text += "; their durations are left out"
	}
	return found("faults", worst, "%s", text)
}

// failures are those of some of an arm's calls.
type failures struct {
	faults, calls int64
	where         string
}

// failures are those of all calls, and of the few at a fixed rate by themselves: all of
// these may fail without being many of all.
func (a *arm) failures() []failures {
	open := failures{where: " at a fixed rate"}
	for _, one := range a.open {
		open.faults += int64(one.failed)
		open.calls += int64(one.due)
	}
	return []failures{{faults: a.tally.faults, calls: a.tally.called}, open}
}

// againstItself compares the reference's first rounds of the blocks with its second
// ones: whatever differs between them is no arm's doing.
func (r *run) againstItself() finding {
	var one, two []float64
	for i := 0; i+1 < len(r.arms[0].rounds); i += 2 {
		one, two = append(one, middle(r.arms[0].rounds[i].calls)), append(two, middle(r.arms[0].rounds[i+1].calls))
	}
	one, two = bothKnown(one, two)
	level := min(selfLevel, 1-2*math.Exp2(-float64(len(one)))) // what so few can have
	i := Interval(sample.PairedRatio(one, two, level))
	if !i.Known() {
		return finding{}
	}
	text := fmt.Sprintf("%s in its second turns by its first: ratio %.3f, %.3g %% interval %.3f to %.3f", r.arms[0].Arm.Name, i.Point, 100*level, i.Lo, i.Hi)
	allowed := max(r.plan.Margin/2, leastSelf)
	switch off := math.Abs(i.Point - 1); {
	case i.Excludes(Ratio) && off > allowed:
		return found("a against a", Red, "%s; the same must not differ from itself by more than %.3g", text, allowed)
	case i.Hi-i.Lo > 2*math.Max(r.plan.Margin, leastSelf):
		return found("a against a", Yellow, "%s: too wide to see a margin of %.3g", text, r.plan.Margin)
	}
	return found("a against a", Green, "%s", text)
}

func (r *run) equalNumbers() finding {
	least, most := math.MaxInt, 0
	for _, a := range r.arms {
		n := 0
		for _, one := range a.rounds {
			n += len(one.calls)
		}
		least, most = min(least, n), max(most, n)
	}
	if float64(most-least) > yellowUnequal*float64(most) {
		return found("equal numbers", Yellow, "the arms have from %d to %d durations: calls that failed are left out, and may have been the slow ones", least, most)
	}
	return found("equal numbers", Green, "%s durations of each arm", Count(int64(least)))
}

func (r *run) machine() finding {
	others, stolen, known := r.after.since(r.before)
	switch {
	case !known:
		return finding{}
	case stolen > yellowStolen:
		return found("machine", Yellow, "%.1f %% of the processors' time was taken by the machine's own host; other programs used %.1f %%", 100*stolen, 100*others)
	case slices.ContainsFunc(r.arms, func(a *arm) bool { return a.Elsewhere != nil }):
		return found("machine", Green, "other programs, and the arms that are such, used %.1f %% of the processors' time", 100*others)
	case others > yellowOthers:
		return found("machine", Yellow, "other programs used %.1f %% of the processors' time", 100*others)
	}
	return found("machine", Green, "other programs used %.1f %% of the processors' time", 100*others)
}

// process looks whether this process did something else meanwhile, such as serving: one
// caller and the collector beside it use little more than one processor.
func (r *run) process() finding {
	most, name := -1.0, ""
	for _, a := range r.arms {
		total, made := a.sums()
		if total.wall < leastWall || !total.used.used.cpuKnown {
			continue
		}
		cpu := meanOf(a.perCall(every, func(m meter) float64 { return float64(m.cpu) }))
		if used := cpu * float64(made) / float64(total.wall); used > most {
			most, name = used, a.Arm.Name
		}
	}
	switch {
	case most < 0:
		return finding{}
	case most > yellowProcess:
		return found("process", Yellow, "this process used %.1f processors while %s was called, one call after the other: what else it did, such as serving, slows the calls and is in their processor time and allocations", most, name)
	}
	return r.quiet(most)
}

// quiet looks at what this process used while nobody called: so much is in the arms'
// figures, too.
func (r *run) quiet(most float64) finding {
	processors, bytes, known := r.idle.rates()
	noisy := ""
	for _, a := range r.arms {
		total, made := a.sums()
		noise := bytes * total.wall.Seconds() / float64(made)
		if known && noise > leastNoise && noise > yellowNoise*meanOf(allocatedOf(a)) {
			noisy = fmt.Sprintf("%.0f bytes a call of what %s allocates", noise, a.Arm.Name)
		}
	}
	text := fmt.Sprintf("this process used %.1f processors at most while one call was made after the other", most)
	switch {
	case known && processors > yellowIdle:
		return found("process", Yellow, "%s, and %.2f of one while nobody called: that is in the arms' processor time", text, processors)
	case noisy != "":
		return found("process", Yellow, "%s; %s are this process's own doing", text, noisy)
	case known:
		return found("process", Green, "%s, and %.3f of one while nobody called", text, processors)
	}
	return found("process", Green, "%s", text)
}

func (r *run) collector() finding {
	most, name := -1.0, ""
	for _, a := range r.arms {
		total, _ := a.sums()
		if part := float64(total.used.used.pauses) / float64(total.wall); total.wall > 0 && part > most {
			most, name = part, a.Arm.Name
		}
	}
	switch {
	case most < 0:
		return finding{}
	case most > yellowPauses:
		return found("collector", Yellow, "garbage collection stopped %s for %.1f %% of the time of its calls", name, 100*most)
	}
	return found("collector", Green, "garbage collection stopped no arm for more than %.2f %% of the time of its calls", 100*most)
}

// drift looks whether an arm became slower or faster from block to block.
func (r *run) drift() finding {
	worst, text := 0.0, ""
	for _, a := range r.arms {
		medians := known(each(a.rounds, func(one round) float64 { return middle(one.calls) }))
		if len(medians) < 3 {
			return finding{}
		}
		d := sample.Trend(medians)
		if math.Abs(d.Change) > yellowDrift && d.P < surelyDrifts && math.Abs(d.Change) > worst {
			worst = math.Abs(d.Change)
			text = fmt.Sprintf("%s changed by %+.0f %% from the first round to the last", a.Arm.Name, 100*d.Change)
		}
	}
	if worst > 0 {
		return found("drift", Yellow, "%s; it may not have been warm, or the machine changed its speed", text)
	}
	return found("drift", Green, "no arm became slower or faster from round to round")
}

// generator looks whether the calls of the open loop were made when they were due.
func (r *run) generator() finding {
	var late, behind, unable []string
	for _, a := range r.arms {
		var slips, latencies []float64
		due, unbegun, queued := 0, 0, 0
		for _, one := range a.open {
			slips, latencies = append(slips, one.slips...), append(latencies, one.latencies...)
			due, unbegun, queued = due+one.due, unbegun+one.unbegun, queued+one.behind
		}
		if due == 0 {
			return finding{}
		}
		if s := median(slips); len(slips) > 0 && s > yellowSlip*median(latencies) {
			late = append(late, fmt.Sprintf("%s (half of them by %s or more)", a.Arm.Name, Time(s)))
		}
		if part := float64(queued) / float64(due); part > yellowBehind {
			behind = append(behind, fmt.Sprintf("%s (%.0f %% of its calls)", a.Arm.Name, 100*part))
		}
		if float64(unbegun) > yellowUnbegun*float64(due) {
			unable = append(unable, fmt.Sprintf("%s (%d of %d calls were given up)", a.Arm.Name, unbegun, due))
		}
	}
	switch {
	case len(unable) > 0:
		return found("generator", Yellow, "%s are more than could be done by %s", perSecond(r.rate), strings.Join(unable, ", "))
	case len(behind) > 0:
		return found("generator", Yellow, "at %s calls had to wait for those before: %s; compare at a lower rate, or on a machine that does nothing else",
			perSecond(r.rate), strings.Join(behind, ", "))
	case len(late) > 0:
		return found("generator", Yellow, "calls at a fixed rate began late for want of processors: %s; their latencies say as much of this machine as of the arms", strings.Join(late, ", "))
	}
	return found("generator", Green, "%s were made when they were due", perSecond(r.rate))
}

// built looks at how this program was built.
func built() finding {
	if raced {
		return found("build", Yellow, "this program looks for data races, which makes all Go code slower")
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return finding{}
	}
	for _, s := range info.Settings {
		if s.Key == "-gcflags" && strings.Contains(s.Value, "-N") {
			return found("build", Yellow, "this program was built without optimisation: %s", s.Value)
		}
	}
	return found("build", Green, "an optimised build, %s", info.GoVersion)
}
