package runtime

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/swapline/swapline/runtime/capability"
	"github.com/swapline/swapline/runtime/difference"
	"github.com/swapline/swapline/runtime/rollout"
)

// Bounds of a replay.
const (
	replayPause  = 100 * time.Millisecond // at most, after each pair of calls
	replayEnough = 32                     // answers that differ; more of them change nothing for a reader
	replayTold   = 16                     // pairs between two notes of how far it is
)

// replay runs recorded inputs through stable and candidate, each under its own
// deadline and without a trace, and compares what they answer. Both see one world:
// what stable gets from outside the candidate gets, too. It takes a part of the
// host's time only: each of its workers rests as long as it worked.
type replay struct {
	ro                *rolling
	stable, candidate *release
	rules             *difference.Rules
	allowed           float64 // share of answers
	inputs            [][]byte
	next              atomic.Int64
	table             difference.Table
	told              atomic.Int64 // faults
	skipped           atomic.Int64 // inputs with which nothing can be compared
}

// beginReplay runs recorded inputs through stable and candidate in the background
// and tells the machine. It is called under the strategy's turn, after the route
// with the candidate was published.
func (ro *rolling) beginReplay() {
	ro.rt.draining.Go(func() {
		result, err := ro.replay(ro.ctx)
		if ro.ctx.Err() != nil {
			return // the rollout ended, or the host does
		}
		e := rollout.Event(result)
		if err != nil {
			e = rollout.Failed{At: ro.rt.cfg.Now(), Why: "the replay: " + err.Error()}
		}
		ro.insist(e)
	})
}

// insist tells the machine until what it wants could be made.
func (ro *rolling) insist(e rollout.Event) {
	for pause := firstRetry; ; pause = min(2*pause, lastRetry) {
		err := ro.handle(ro.ctx, e)
		if err == nil || ro.ctx.Err() != nil {
			return
		}
		ro.rt.cfg.Log.Warn("the outcome of a replay could not be stored", "strategy", ro.s.name, "rollout", ro.id(), "again_in", pause, "error", err)
		select {
		case <-time.After(pause):
		case <-ro.ctx.Done():
		}
	}
}

// replay replays what is recorded now.
func (ro *rolling) replay(ctx context.Context) (e rollout.Replayed, err error) {
	p := ro.policy.Replay
	r := &replay{ro: ro, allowed: p.Different}
	if r.rules, err = difference.Compile(p.Compare); err != nil {
		return e, err
	}
	if err := r.hold(); err != nil {
		return e, err
	}
	defer r.let()
	if rec := ro.s.beside.recorder(); rec != nil {
		r.inputs = rec.Snapshot(p.Last)
	}
	r.run(ctx)
	r.note()
	totals := r.table.Totals()
	return rollout.Replayed{At: ro.rt.cfg.Now(), Compared: totals.Compared, Different: totals.Different, First: r.first()}, nil
}

// hold keeps both releases open, whatever is published meanwhile.
func (r *replay) hold() error {
	lease, ok := r.ro.s.slot.Acquire()
	if !ok {
		return shuttingDown()
	}
	defer lease.Done()
	t := lease.Value()
	if t.route.Rollout != r.ro.id() || t.candidate == nil {
		return fmt.Errorf("the candidate is not loaded")
	}
	r.stable, r.candidate = t.stable, t.candidate
	r.stable.keep()
	r.candidate.keep()
	return nil
}

func (r *replay) let() {
	r.ro.rt.let(r.ro.s, r.candidate)
	r.ro.rt.let(r.ro.s, r.stable)
}

// run lets the workers run to the end.
func (r *replay) run(ctx context.Context) {
	var workers sync.WaitGroup
	for range max(1, min(runtime.GOMAXPROCS(0)/4, 4)) {
		workers.Go(func() { r.work(ctx) })
	}
	workers.Wait()
}

func (r *replay) work(ctx context.Context) {
	for ctx.Err() == nil && !r.decided() {
		n := r.next.Add(1)
		if n > int64(len(r.inputs)) {
			return
		}
		start := time.Now()
		r.replay(ctx, r.inputs[n-1])
		if n%replayTold == 0 {
			r.note()
		}
		select {
		case <-time.After(min(time.Since(start), replayPause)):
		case <-ctx.Done():
		}
	}
}

// decided reports whether the candidate is refused however the rest goes, and
// enough is known to say why.
func (r *replay) decided() bool {
	different := r.table.Totals().Different
	return different >= replayEnough && float64(different) > r.allowed*float64(len(r.inputs))
}

// replay runs one input through both.
func (r *replay) replay(ctx context.Context, text []byte) {
	stable, candidate, ok := r.pair(ctx, text)
	switch {
	case ctx.Err() != nil: // it was cut short
	case ok:
		r.ro.s.beside.hide(r.rules.Diff(stable, candidate), r.table.Add)
	default:
		r.skipped.Add(1)
	}
}

// pair returns the answers of both. Only what stable answers, or refuses, is a
// measure for the candidate, and not if it needs an HTTP request to do so, which
// is not sent: without it, both might fail alike and say nothing.
func (r *replay) pair(ctx context.Context, text []byte) (stable, candidate difference.Answer, ok bool) {
	aside, tape := capability.Aside(ctx)
	stable, e := r.attempt(aside, r.stable, text)
	if !e.tells || e.fault != "" || tape.Refused() {
		return stable, candidate, false
	}
	journal, err := tape.Journal()
	if err != nil {
		return stable, candidate, false
	}
	shadow, err := capability.Shadow(ctx, journal)
	if err != nil {
		return stable, candidate, false
	}
	candidate, e = r.attempt(shadow, r.candidate, text)
	return stable, candidate, e.tells
}

func (r *replay) attempt(ctx context.Context, rel *release, text []byte) (difference.Answer, ending) {
	c := call{text: text, textual: true}
	e := rel.aside(ctx, &c, new(Response), &r.told)
	a, err := e.answer(nil, c.dst, true)
	if err != nil {
		return a, ending{}
	}
	return a, e
}

// note puts what is known into the rollout's record.
func (r *replay) note() {
	r.ro.noteEvidence(func(e *evidence) {
		e.Replay = replayOf(&r.table)
		e.Replay.Recorded, e.Replay.Skipped = len(r.inputs), int(r.skipped.Load())
	})
}

// first tells the most frequent differences in one sentence.
func (r *replay) first() string {
	var parts []string
	for _, row := range r.table.Rows(3) {
		place := row.Pointer
		if place == "" {
			place = "the whole answer"
		}
		parts = append(parts, fmt.Sprintf("%s differs in %d, e.g. %s became %s", place, row.Count, row.Stable, row.Candidate))
	}
	return strings.Join(parts, "; ")
}
