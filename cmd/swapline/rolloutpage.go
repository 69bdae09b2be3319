package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/rollout"
)

// page is a rollout for a person who looks at it now.
type page struct {
	rollout runtime.Rollout
	last    *runtime.Decision // nil: not known
	now     time.Time
	note    string // about the connection
}

// narrow is the width below which the page leaves out what is not needed to
// decide.
const narrow = 72

// lines draws the page. Texts of others are made harmless here, because the
// sequences of the terminal that the page itself has in it must not be.
func (p page) lines(l look) []string {
	out := p.title(l)
	out = append(out, "")
	out = append(out, p.rail(l)...)
	out = append(out, p.waits(l)...)
	if arms := p.arms(l); len(arms) > 0 {
		out = append(append(out, ""), arms...)
	}
	if guards := p.guards(l); len(guards) > 0 {
		out = append(append(out, ""), guards...)
	}
	if replay := p.replay(l); len(replay) > 0 {
		out = append(append(out, ""), replay...)
	}
	if p.last != nil && !(p.rollout.Phase.Ended() && p.last.Text == p.rollout.Reason) {
		out = append(out, "")
		out = append(out, wrap("last decision, "+ago(p.now.Sub(p.last.At))+": ", "  ", oneLine(p.last.Text), l.width)...)
	}
	if p.note != "" {
		out = append(out, "", l.paint(unsure, oneLine(p.note)))
	}
	for i := range out {
		out[i] = l.letters(out[i])
	}
	return out
}

// print writes the page once.
func (p page) print(w io.Writer, l look) {
	for _, line := range p.lines(l) {
		fmt.Fprintln(w, l.fit(line))
	}
}

func (p page) title(l look) []string {
	r := p.rollout
	head := fmt.Sprintf("%s  %s %s %s  rollout %d  ", oneLine(r.Strategy), oneLine(r.Stable.Version), l.sign("→", "->"), oneLine(r.Candidate.Version), r.ID)
	by := "started " + stamp(r.Started)
	if r.Actor != "" {
		by += " by " + oneLine(r.Actor)
	}
	if r.Why != "" {
		by += " (" + oneLine(r.Why) + ")"
	}
	return append([]string{head + l.paint(colourOf(r.Phase), phaseText(r.Phase))}, wrap("", "  ", by+", under "+policyOf(r.PolicyOf), l.width)...)
}

// phaseText names a phase as in a sentence.
func phaseText(p rollout.Phase) string { return strings.ReplaceAll(oneLine(string(p)), "_", " ") }

func colourOf(p rollout.Phase) string {
	switch p {
	case rollout.Promoted:
		return good
	case rollout.RolledBack, rollout.Blocked, rollout.Aborted:
		return bad
	case rollout.Paused:
		return unsure
	}
	return plain
}

// policyOf says where a policy comes from.
func policyOf(source string) string {
	switch source {
	case "default":
		return "the default policy"
	case "manifest":
		return "the manifest's policy"
	case "operator":
		return "the operator's policy"
	case "request":
		return "a policy of its own"
	}
	return "a policy of " + oneLine(source)
}

// rail draws the stages, those behind and those ahead.
func (p page) rail(l look) []string {
	r := p.rollout
	if len(r.Stages) == 0 {
		return nil
	}
	step := 14
	if l.width > 0 {
		step = min(step, (l.width-8)/len(r.Stages))
	}
	if step < 8 {
		return p.shortRail(l)
	}
	marks, labels := "  ", "  "
	for i, s := range r.Stages {
		mark, colour := p.mark(l, i)
		labels += pad(percent(s.Weight), step)
		marks += l.paint(colour, mark)
		if i < len(r.Stages)-1 {
			marks += p.link(l, i, step-1)
		}
	}
	return []string{marks, strings.TrimRight(labels, " ")}
}

// shortRail is the rail without room: 1 > [5] > 20 > 100 %.
func (p page) shortRail(l look) []string {
	words := make([]string, len(p.rollout.Stages))
	for i, s := range p.rollout.Stages {
		words[i] = strings.TrimSuffix(percent(s.Weight), " %")
		if i == p.rollout.Stage && p.rollout.Phase != rollout.Promoted {
			words[i] = "[" + words[i] + "]"
		}
	}
	return wrap("  ", "  ", strings.Join(words, l.sign(" › ", " > "))+" %", l.width)
}

// mark is the sign of one stage.
func (p page) mark(l look, stage int) (sign, colour string) {
	r := p.rollout
	switch {
	case r.Phase == rollout.Promoted || stage < r.Stage:
		return l.sign("●", "*"), good
	case stage > r.Stage || r.Phase == rollout.Replaying || r.Phase == rollout.Shadowing:
		return l.sign("○", "o"), dim
	case r.Phase == rollout.RolledBack || r.Phase == rollout.Blocked || r.Phase == rollout.Aborted:
		return l.sign("✗", "x"), bad
	case r.Phase == rollout.Paused || r.Held:
		return l.sign("◍", "="), unsure
	}
	return l.sign("◉", "@"), good
}

// link is the line from one stage to the next. Of the stage under way it shows
// how much of its time is over.
func (p page) link(l look, stage, length int) string {
	r := p.rollout
	over, ahead := l.sign("━", "="), l.sign("─", "-")
	full := 0
	switch {
	case r.Phase == rollout.Promoted || stage < r.Stage:
		full = length
	case stage == r.Stage && r.Phase == rollout.Running && r.Next != nil:
		if whole := r.Next.At.Sub(r.Entered); whole > 0 {
			full = min(length, max(0, int(float64(length)*float64(p.now.Sub(r.Entered))/float64(whole))))
		}
	}
	return l.paint(good, strings.Repeat(over, full)) + l.paint(dim, strings.Repeat(ahead, length-full))
}

// arms puts what the arms did at this stage side by side.
func (p page) arms(l look) []string {
	arms := p.rollout.Arms
	if len(arms) == 0 {
		return nil
	}
	first, column := 10, 18
	if l.width > 0 {
		column = min(column, max(10, (l.width-first-4)/len(arms)))
	}
	line := func(name string, cell func(runtime.RolloutArm) string) string {
		b := "  " + pad(name, first)
		for _, a := range arms {
			b += pad(cell(a), -column)
		}
		return b
	}
	out := []string{line("", func(a runtime.RolloutArm) string { return oneLine(a.Arm) }),
		line("release", func(a runtime.RolloutArm) string { return oneLine(a.Version) }),
		line("share", func(a runtime.RolloutArm) string { return percent(a.Weight) }),
		line("calls", func(a runtime.RolloutArm) string { return compare.Count(a.Calls) })}
	if slices.ContainsFunc(arms, func(a runtime.RolloutArm) bool { return a.Units != a.Calls }) {
		out = append(out, line("keys", func(a runtime.RolloutArm) string { return compare.Count(a.Units) }))
	}
	out = append(out,
		line("faults", func(a runtime.RolloutArm) string { return countOf(a.Faults, a.Calls) }),
		line("refusals", func(a runtime.RolloutArm) string { return countOf(a.Business, a.Calls) }))
	for _, q := range []struct {
		name string
		of   func(runtime.RolloutArm) time.Duration
	}{
		{"p50", func(a runtime.RolloutArm) time.Duration { return a.P50 }},
		{"p95", func(a runtime.RolloutArm) time.Duration { return a.P95 }},
		{"p99", func(a runtime.RolloutArm) time.Duration { return a.P99 }},
	} {
		out = append(out, line(q.name, func(a runtime.RolloutArm) string { return latencyText(a, q.of(a)) }))
	}
	if slices.ContainsFunc(arms, func(a runtime.RolloutArm) bool { return a.MemoryBytes > 0 }) && (l.width == 0 || l.width >= narrow) {
		out = append(out, line("memory", func(a runtime.RolloutArm) string { return bytesText(a.MemoryBytes) }))
	}
	return out
}

// latencyText leaves a quantile of nothing out.
func latencyText(a runtime.RolloutArm, d time.Duration) string {
	if a.Calls == 0 {
		return "-"
	}
	return threeDigits(d)
}

// countOf is a count with its share, which is what people compare.
func countOf(n, all int64) string {
	if n == 0 || all == 0 {
		return compare.Count(n)
	}
	return compare.Count(n) + " (" + percent(100*float64(n)/float64(all)) + ")"
}
