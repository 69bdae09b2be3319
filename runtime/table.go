package runtime

import (
	"sync/atomic"
	"time"

	"github.com/swapline/swapline/runtime/rollout"
	"github.com/swapline/swapline/runtime/slot"
	"github.com/swapline/swapline/runtime/store"
)

// table is what a slot hands out: the releases among which the calls of a strategy
// are split. It is immutable once it is published, but for shut and standby.
type table struct {
	route     store.Route
	stable    *release
	candidate *release // nil for none
	baseline  *release // a fresh instance set of stable; nil for none
	split     rollout.Split
	*trial    // nil if nobody looks how the calls do

	// shut takes the candidate out before the route without it is durable.
	shut shutter
	// standby is the release before, while stable is watched: what shut falls
	// back to when there is no candidate. The table holds it.
	standby atomic.Pointer[release]
}

// shutter is shut once, or sealed so that it never will be.
type shutter struct{ state atomic.Int32 }

const (
	shutterShut   = 1
	shutterSealed = 2
)

func (s *shutter) Load() bool { return s.state.Load() == shutterShut }
func (s *shutter) close()     { s.state.CompareAndSwap(0, shutterShut) }
func (s *shutter) seal() bool { return s.state.CompareAndSwap(0, shutterSealed) }

// releases lists the distinct releases that the table hands out before it is shut.
func (t *table) releases() []*release {
	list := []*release{t.stable}
	if t.candidate != nil {
		list = append(list, t.candidate)
	}
	if t.baseline != nil {
		list = append(list, t.baseline)
	}
	return list
}

// held lists all releases that the table can hand out.
func (t *table) held() []*release {
	list := t.releases()
	if before := t.standby.Load(); before != nil {
		list = append(list, before)
	}
	return list
}

// publish makes a table current and lets the one before it go. It is called
// under the strategy's turn and cannot fail.
func (r *Runtime) publish(s *strategy, t *table) (retired *slot.Retired[*table], took time.Duration) {
	for _, rel := range t.releases() {
		rel.keep()
	}
	start := time.Now()
	retired = s.slot.Publish(t.route.Generation, t)
	took = time.Since(start)
	r.drain(s, retired, t)
	r.follow(s)
	return retired, took
}

// keep counts a table, or a rollout, that can hand the release out.
func (rel *release) keep() { rel.holders.Add(1) }

// let ends a keep; the last one closes the release.
func (rel *release) let() (last bool) { return rel.holders.Add(-1) == 0 }

// table is what a change publishes: one release alone, one that is watched, or a
// rollout that goes on after a restart.
func (p *pipeline) table(a activated) *table {
	t := &table{route: a.route, stable: a.release}
	ro := p.begins
	if ro == nil {
		return t
	}
	ro.mu.Lock()
	stage := ro.state.Stage
	ro.mu.Unlock()
	if a.route.Candidate != "" && ro.candidate == nil {
		return t // it did not load; the rollout is about to end
	}
	t.trial = ro.trial(stage)
	if ro.candidate != nil {
		t.candidate, t.baseline = ro.candidate, ro.fresh
		t.split = rollout.Split{Candidate: rollout.Weight(a.route.Weight), Baseline: rollout.Weight(a.route.Baseline)}
		ro.fresh = nil
	} else if lease, ok := p.strategy.slot.Acquire(); ok {
		ro.keepAtHand(t, lease.Value().stable)
		lease.Done()
	}
	return t
}

// keepAtHand lets a table that is to be published hold the release before.
func (ro *rolling) keepAtHand(t *table, before *release) {
	before.keep()
	ro.standby = before
	t.standby.Store(before)
}
