package runtime

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/experiment"
)

// known is the record with all that is known now and its report; ended is zero while
// it goes on. What was counted since a restart takes the place of what was known
// before when it is as much as the plan asks for before anything is concluded.
func (x *experimenting) known(ended time.Time, partial string) experimentRecord {
	x.mu.Lock()
	defer x.mu.Unlock()
	record, s := x.knownLocked()
	switch {
	case s == nil:
		record.setPartial(partial)
	case x.before:
		record.setPartial(partial)
	default:
		x.made = nil // the record's report is of the record's moment
		record.Report, record.Masks = packReport(x.reportLocked(s, ended, partial)), x.masks
	}
	return record
}

// isBroken reports whether it ends because its numbers cannot be judged.
func (x *experimenting) isBroken() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.panics >= looksFailed
}

// knownLocked is known without a report, and what it is based on; nil if nothing is
// seen any more.
func (x *experimenting) knownLocked() (experimentRecord, *sight) {
	record := x.record
	if x.over {
		return record, nil
	}
	x.meetLocked()
	if !x.serving {
		record.Away = x.ro.rt.cfg.Now().Sub(record.Measured) - x.past
	}
	s := x.sightLocked()
	if s == nil {
		if x.panics >= looksFailed {
			record.Health = anew(record.Health, []compare.Check{{Name: "judging", Light: compare.Red, Text: x.why}})
			record.Verdict = experiment.Block(record.Verdict, record.Health)
		}
		return record, nil
	}
	of := s.finding.Health
	aged := x.agedLocked(s)
	if aged {
		of = x.record.Health // they are about the numbers that are told
	}
	record.Health = anew(of, x.healthLocked())
	if !aged {
		record.Verdict, record.Arms = experiment.Block(s.finding.Verdict, record.Health), x.countedLocked(s)
		record.Verdict.Arm = x.arms[1].Name
	}
	return record, s
}

// agedLocked reports whether more was known before a restart.
func (x *experimenting) agedLocked(s *sight) bool {
	if x.before && !slices.ContainsFunc(x.countedLocked(s), func(a compare.Arm) bool { return a.Units < x.plan.Calls }) {
		x.before, x.made = false, nil
	}
	return x.before
}

// anew are checks of which some were made again.
func anew(list, again []compare.Check) []compare.Check {
	list = slices.DeleteFunc(slices.Clone(list), func(c compare.Check) bool {
		return slices.ContainsFunc(again, func(d compare.Check) bool { return c.Name == d.Name })
	})
	return append(list, again...)
}

// aged is agedLocked of the last look.
func (x *experimenting) aged() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	s := x.sightLocked()
	return s != nil && x.agedLocked(s)
}

// countedLocked are both arms with what they did.
func (x *experimenting) countedLocked(s *sight) []compare.Arm {
	arms := x.arms
	x.guarded(func() { s.tally.Fill(&arms[0], &arms[1]) })
	return arms[:]
}

// healthLocked is what only the runtime can check.
func (x *experimenting) healthLocked() []compare.Check {
	list := []compare.Check{x.steadiness(), x.warmth()}
	if x.pairs() {
		list = append(list, x.separation())
	}
	if x.pairing != nil {
		list = append(list, x.pairing.constancy())
	}
	return list
}

// sightLocked is the last look, or a first one; nil if that fails.
func (x *experimenting) sightLocked() *sight {
	if x.seen == nil && x.panics == 0 {
		return x.sight(x.sinceLocked())
	}
	return x.seen
}

// sight looks at what was counted.
func (x *experimenting) sight(since time.Duration) (s *sight) {
	x.guarded(func() {
		tally := x.set.Tally()
		s = &sight{finding: x.plan.Look(tally, since), tally: tally, since: since}
	})
	return s
}

// view is the experiment of the moment for people.
func (x *experimenting) view(ctx context.Context) Experiment {
	x.mu.Lock()
	record, _ := x.knownLocked()
	x.mu.Unlock()
	return x.ro.rt.experimentOf(ctx, x.ro.carrier(), x.plan, record)
}

// report is the report of the moment, or of what was lost as long as there is more in it; nil if there is none.
func (x *experimenting) report() (*compare.Report, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.over {
		return x.record.report()
	}
	s := x.sightLocked()
	if s == nil {
		return nil, nil
	}
	if !x.agedLocked(s) {
		return x.reportLocked(s, time.Time{}, ""), nil
	}
	old, err := x.record.report()
	if err == nil {
		old.Partial = "what was measured before " + x.record.Measured.Format(time.RFC3339) + " was lost and it is measured anew: this is what was known before"
	}
	return old, err
}

// reportLocked makes the report of a look; nil if that fails. One of the moment
// serves for a while.
func (x *experimenting) reportLocked(s *sight, ended time.Time, partial string) (report *compare.Report) {
	if ended.IsZero() && x.made != nil && time.Since(x.madeAt) < reportKept {
		return new(*x.made)
	}
	x.meetLocked()
	facts := x.factsLocked(ended, partial)
	x.guarded(func() { report = x.plan.Report(s.tally, &x.track, facts) })
	if report != nil { // what was stored is the plan, whatever this program would make of it
		report.Plan, report.PlanHash = x.record.Plan, x.record.Hash
	}
	if report != nil && ended.IsZero() {
		x.made, x.madeAt = new(*report), time.Now()
	}
	return report
}

// meetLocked learns what both arms are when they are served.
func (x *experimenting) meetLocked() {
	if x.host.Go != "" {
		return
	}
	if arms, ok := x.ro.experimentArms(); ok {
		x.arms, x.host = arms, x.ro.rt.host()
	}
}

// factsLocked is what only the runtime knows.
func (x *experimenting) factsLocked(ended time.Time, partial string) experiment.Facts {
	carrier := x.ro.carrier()
	f := experiment.Facts{
		Strategy: carrier.Strategy, Reference: x.arms[0], Candidate: x.arms[1], Started: x.record.Measured, Ended: ended, Partial: partial,
		Host: x.host, Command: fmt.Sprintf("swapline experiment start %s %s --plan plan.json", carrier.Strategy, carrier.Candidate.Short()),
		Health: x.healthLocked(),
	}
	if answers := x.answersLocked(); len(answers) > 0 {
		f.Answers = &answers[0]
	}
	return f
}

// steadiness says whether all was counted in one go.
func (x *experimenting) steadiness() compare.Check {
	r := &x.record
	c := compare.Check{Name: "restarts", Light: compare.Green, Text: "measured in one go"}
	back := "the host came back " + times(r.Restarts)
	switch {
	case r.Anew > 0:
		c.Light = compare.Yellow
		c.Text = fmt.Sprintf("measured anew since %s: %s, and what was counted before was lost (%s, the last time because %s); of alpha %.2g is left for what is counted now",
			r.Measured.Format(time.RFC3339), back, times(r.Anew), r.Lost, x.plan.Level(r.Anew))
	case r.Crashes > 0:
		c.Light = compare.Yellow
		c.Text = fmt.Sprintf("%s and went on counting; %s after a crash, which lost at most the last %.0f s", back, times(r.Crashes), noteEvery.Seconds())
	case r.Restarts > 0:
		c.Text = back + " and went on counting; nothing was lost"
	}
	return c
}

// times is how often something was, in words.
func times(n int) string {
	if n == 1 {
		return "once"
	}
	return compare.Count(int64(n)) + " times"
}

// warmth says whether the arms have run for long enough that what happens only at
// first is past.
func (x *experimenting) warmth() compare.Check {
	c := compare.Check{Name: "warm", Light: compare.Green, Text: "both releases were loaded more than a minute ago"}
	since := time.Duration(0)
	if x.seen != nil {
		since = x.seen.since
	}
	switch {
	case x.record.Anew > 0 || x.pairs():
		c.Text = "what both releases run in was loaded at the same time"
	case since < warmingTime:
		c.Light = compare.Yellow
		c.Text = "the candidate was loaded less than a minute ago, the reference before: first calls weigh more for the candidate"
	}
	return c
}
