package runtime

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/experiment"
	"github.com/swapline/swapline/runtime/problem"
)

// What an experiment measured outlives its process: each note has a checkpoint, from
// which the next process goes on. Whoever ends in good order, or hands over to
// another process, does so after the last call, so that nothing is lost; a crash
// loses what came after the last note.
//
// A verdict counts only when the numbers that it follows from are in a note, and
// notes are written when the clock says so, not when the numbers do. So what a crash
// takes away was never judged, and what is judged is one stream of calls, however
// often the process was another: looking at it is wrong with a probability of alpha at
// most. If a verdict could count before its note, each crash would be one more chance
// to be wrong. Who stops an experiment by hand may have looked at numbers of which no
// note tells yet; the step that ends it has them all, so that the stop and its note are
// one: either both are there after a crash, or neither is.

// progress is what one process leaves to the next.
type progress struct {
	Checkpoint []byte            `json:"checkpoint"`        // of package experiment
	Answers    []compare.Answers `json:"answers,omitempty"` // of the candidate, of the reference: paired
	Masks      []string          `json:"masks,omitempty"`   // what these are masked by
}

// errNothingKept is of a record that an older program wrote.
var errNothingKept = errors.New("nothing of it was kept")

// comeBack goes on where the stored record was written, from its checkpoint or, if why
// says that there is none, anew.
func (x *experimenting) comeBack(record experimentRecord, point *experiment.Checkpoint, why error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.came, x.record = record, record
	x.record.Restarts++
	if !record.Left {
		x.record.Crashes++
	}
	x.record.Left, x.record.Progress = false, nil
	x.record.obey(x.plan.Mask, x.masks)
	if why != nil {
		x.loseLocked(why)
		return
	}
	x.set.Load(point.Counts)
	x.track, x.past, x.before = *point.Track, point.Since, false
	x.findLocked(record.Progress.Answers, record.Progress.Masks)
}

// pointOf reads a record's checkpoint.
func (x *experimenting) pointOf(record experimentRecord) (*experiment.Checkpoint, error) {
	if record.Progress == nil {
		return nil, errNothingKept
	}
	return experiment.DecodeCheckpoint(x.plan, record.Hash, record.Progress.Checkpoint)
}

// loseLocked begins to measure anew, with what is left of alpha.
func (x *experimenting) loseLocked(why error) {
	x.record.Anew++
	x.record.Lost, x.record.Measured, x.record.Away = why.Error(), x.ro.rt.cfg.Now().UTC(), 0
	x.before = x.record.Report != nil
	x.set.Load(experiment.NewSet(x.plan).Counts())
	x.set.Anew(x.record.Anew)
	x.track, x.past, x.earlier = experiment.Track{}, 0, nil
	x.ro.rt.cfg.Log.Warn("an experiment is measured anew", "strategy", x.ro.s.name, "rollout", x.ro.id(), "error", why)
}

// begin makes the time count, unless it does since the experiment's start: this
// process serves.
func (x *experimenting) begin() {
	if x == nil {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.serving {
		return
	}
	x.serving = true
	if now := x.ro.rt.cfg.Now().UTC(); x.past == 0 {
		x.record.Measured, x.record.Away = now, 0
	} else {
		x.record.Away = now.Sub(x.record.Measured) - x.past
	}
}

// sinceLocked is how long was measured until now. While no process serves it is
// nobody's time.
func (x *experimenting) sinceLocked() time.Duration {
	if !x.serving {
		return x.past
	}
	return x.ro.rt.cfg.Now().Sub(x.record.Measured) - x.record.Away
}

// progressLocked is what another process can go on from; nil if that cannot be told.
func (x *experimenting) progressLocked(counts *experiment.Counts, since time.Duration) (p *progress) {
	x.guarded(func() {
		point := experiment.Checkpoint{Counts: counts, Track: &x.track, Since: since}
		p = &progress{Checkpoint: point.Encode(x.plan, x.record.Hash)}
		p.Answers, p.Masks = x.answersLocked(), x.masks
	})
	return p
}

// handed is what one process hands to the next of one experiment.
type handed struct {
	Rollout  uint64    `json:"rollout"`
	Progress *progress `json:"progress"`
}

// HandOver is what all experiments under way have measured, for the process that
// takes over. It is exact if no call runs meanwhile and none comes after it.
func (e *Experiments) HandOver() json.RawMessage {
	all := map[string]handed{}
	for name := range *e.rt.strategies.Load() {
		if x := e.underWay(name, 0); x != nil && !x.isOver() {
			all[name] = handed{x.ro.id(), x.leaves()}
		}
	}
	text, err := json.Marshal(all)
	if err != nil { // a number that JSON does not have: the next process goes on from the last note
		return nil
	}
	return text
}

func (x *experimenting) leaves() (p *progress) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.guarded(func() { p = x.progressLocked(x.set.Counts(), x.sinceLocked()) })
	return p
}

// TakeOver makes experiments go on from what the process before has handed over. It is
// called before [Config.TakenOver] closes and before the first call; without it they
// go on from their last note, as they do if it fails.
func (e *Experiments) TakeOver(text json.RawMessage) error {
	if len(text) == 0 {
		return nil
	}
	var all map[string]handed
	if err := json.Unmarshal(text, &all); err != nil {
		return problem.New(problem.Internal, "what experiments measured was not handed over: %w", err)
	}
	for name, of := range all {
		if x := e.underWay(name, of.Rollout); x != nil {
			x.takeOver(of.Progress)
		}
	}
	return nil
}

func (x *experimenting) takeOver(p *progress) {
	x.mu.Lock()
	record, may := x.came, !x.over && !x.serving
	x.mu.Unlock()
	record.Progress, record.Left = p, true
	point, err := x.pointOf(record)
	if err != nil || !may {
		x.ro.rt.cfg.Log.Warn("an experiment goes on from its last note", "strategy", x.ro.s.name, "rollout", x.ro.id(), "error", err)
		return
	}
	x.comeBack(record, point, nil)
}

// leave writes down what experiments have measured, after their last call: the host
// ends. One that never served, or whose store is another process's by now, has
// nothing to write.
func (e *Experiments) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rereadLimit)
	defer cancel()
	for _, s := range *e.rt.strategies.Load() {
		ro := s.halted.Swap(nil)
		if ro == nil {
			continue
		}
		if err := ro.experiment.leave(ctx); err != nil && problem.CodeOf(err) != problem.HostRenewing {
			e.rt.cfg.Log.Warn("what an experiment measured since its last note is lost", "strategy", s.name, "rollout", ro.id(), "error", err)
		}
	}
}

func (x *experimenting) leave(ctx context.Context) error {
	x.mu.Lock()
	may := x.serving && !x.over
	x.mu.Unlock()
	if !may {
		return nil
	}
	record, _ := x.judged()
	record.Left = true
	return x.ro.write(ctx, record.encode())
}
