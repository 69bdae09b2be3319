package runtime

import (
	"context"
	"fmt"
	"time"

	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store"
)

// look judges what was counted until now for those who ask, and tells how long to
// wait for the next time. It ends nothing: see experimentprogress.go. What was found
// when the experiment ended by itself stays.
func (x *experimenting) look() (pause time.Duration) {
	x.mu.Lock()
	number, since := x.numberLocked(), x.sinceLocked()
	x.mu.Unlock()
	begun := time.Now()
	s := x.sight(since)
	took := time.Since(begun)
	x.mu.Lock()
	defer x.mu.Unlock()
	switch {
	case x.over || x.why != "":
	case s == nil:
		return x.failedLocked()
	default:
		s.number = number
		x.seeLocked(s)
	}
	return lookPart * took
}

func (x *experimenting) numberLocked() uint64 {
	x.looks++
	return x.looks
}

// seeLocked makes a look the last one, unless one that began later was ready before.
func (x *experimenting) seeLocked(s *sight) {
	if x.seen != nil && s.number < x.seen.number {
		return
	}
	if x.seen == nil || s.word() != x.seen.word() {
		x.changed = x.changed || x.seen != nil || s.finding.Verdict.Word != compare.Undecided
	}
	x.guarded(func() { x.track.Add(s.finding, s.tally, s.since) })
	x.seen, x.panics = s, 0
}

// failedLocked ends an experiment whose numbers cannot be judged. A mistake that only some
// numbers run into passes when more of them have come, one that stays does not; so looks
// are tried again after 0.1, 0.3, 0.7 and so on to 51 s, each after twice the pause, and ten of
// them are all that fit into a minute. That is as long as a candidate may have
// traffic that nobody judges. Nothing is lost by trying: calls are counted meanwhile.
func (x *experimenting) failedLocked() (pause time.Duration) {
	if x.panics++; x.panics >= looksFailed {
		x.why = fmt.Sprintf("its numbers cannot be judged: that failed %d times in a row, and the log has why", x.panics)
	}
	return x.retry << (x.panics - 1)
}

// mustNote reports whether it is time for a note: after a part of the time that was
// measured, so that a verdict that comes early is not late, or when the plan's time is
// over. What was counted has no say in it.
func (x *experimenting) mustNote() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	since, ago := x.sinceLocked(), time.Since(x.noted)
	return x.stored < len(x.masks) || since >= x.plan.For || ago >= min(max(since/notePart, noteFirst, lookPart*x.cost), noteEvery)
}

// note writes down what is known, makes the verdict count that follows from it, and
// tells of one that has changed.
func (x *experimenting) note() {
	begun := time.Now()
	record, s := x.judged()
	switch err := x.ro.remark(record.encode()); {
	case problem.CodeOf(err) == problem.HostRenewing: // the next process gets all, or this one goes on
		x.noted = time.Now()
		return
	case err != nil:
		x.ro.rest(err)
		return
	}
	x.noted, x.cost = time.Now(), time.Since(begun)
	x.mu.Lock()
	changed := x.changed
	x.changed = false
	if record.Progress = nil; !x.over { // the store has it
		x.record, x.stored = record, len(record.Masks)
		x.record.obey(x.plan.Mask, x.masks)
	}
	if s != nil && x.why == "" {
		x.why = x.ends(s)
	}
	x.mu.Unlock()
	if changed {
		x.tell("verdict", record)
	}
}

// judged is a look with the record that has all that it looked at; nil if it fails.
func (x *experimenting) judged() (record experimentRecord, s *sight) {
	x.mu.Lock()
	since := x.sinceLocked()
	var p *progress
	x.guarded(func() {
		counts := x.set.Counts()
		x.guarded(func() {
			tally := counts.Tally()
			s = &sight{x.numberLocked(), x.plan.Look(tally, since), tally, since}
			x.seeLocked(s)
		})
		p = x.progressLocked(counts, since)
	})
	x.mu.Unlock()
	record = x.known(time.Time{}, "")
	record.Progress = p
	return record, s
}

// remark writes something into the rollout's record that changes nothing of it.
func (ro *rolling) remark(experiment []byte) error {
	p := &pipeline{rt: ro.rt, action: store.ActionRollout, name: ro.s.name, strategy: ro.s, now: ro.rt.cfg.Now()}
	unlock, err := p.enter(ro.ctx, nil)
	if err != nil {
		return err
	}
	defer unlock()
	if ro.s.rolling.Load() != ro || ro.experiment.isOver() {
		return nil
	}
	return ro.write(ro.ctx, experiment)
}

// write is remark for who has the strategy's turn.
func (ro *rolling) write(ctx context.Context, experiment []byte) error {
	ro.mu.Lock()
	st := &step{state: ro.state, wasHeld: ro.state.Held, worthStoring: true, remark: true, actor: itself}
	st.change.Rollout = ro.record
	ro.mu.Unlock()
	st.change.Rollout.Experiment = experiment
	st.stamp(ro.rt.cfg.Now().UTC())
	return ro.note(ctx, st)
}
