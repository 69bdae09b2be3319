package runtime

import (
	"cmp"
	"context"
	"time"

	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store"
)

// journalShown is how many entries of the journal a Status carries.
const journalShown = 20

// Status says what a strategy serves, what it served before, and how it does.
// It is of one moment: a change that is durable but not published yet is not
// told.
func (r *Runtime) Status(ctx context.Context, strategy string) (Status, error) {
	s, err := r.accepted(ctx, strategy)
	if err != nil {
		return Status{}, asProblem("status", err)
	}
	st := Status{Strategy: strategy, Draining: s.drains.status()}
	st.Points, st.Bindings = r.points.Of(strategy)
	st.Leaks = r.leaks.of(strategy)
	if ro := s.rolling.Load(); ro != nil && !ro.phase().Ended() {
		st.Rollout = new(ro.inShort(ctx))
	}
	if trouble := s.trouble.Load(); trouble != nil {
		st.Problem = *trouble
	}
	if err := r.routed(ctx, s, &st); err != nil {
		return Status{}, asProblem("status", err)
	}
	return st, nil
}

// routed fills in what the route in the slot tells, or, if none is served, the
// stored one.
func (r *Runtime) routed(ctx context.Context, s *strategy, st *Status) error {
	lease, ok := s.slot.Acquire()
	if !ok {
		route, err := r.cfg.Store.Route(ctx, s.name)
		if problem.CodeOf(err) == problem.UnknownStrategy {
			return nil
		}
		if err != nil {
			return err
		}
		st.Stable = r.stored(ctx, s.name, route.Stable)
		return r.history(ctx, route, st)
	}
	defer lease.Done()
	t := lease.Value()
	rel := t.stable
	st.Stable, st.InFlight = new(rel.info), rel.gate.inFlight()
	st.Requests, st.Faults, st.BusinessErrors = rel.counted(), rel.faults.Load(), rel.business.Load()
	stats := driver.StatsOf(rel.instance)
	st.Instances, st.MemoryBytes, st.Abandoned, st.Restarts = stats.Instances, stats.MemoryBytes, stats.Abandoned, stats.Restarts
	st.Failing = cmp.Or(stats.Trouble, rel.watch.failing())
	st.Overdue = rel.overdue()
	st.Breaker = s.fuse.view()
	return r.history(ctx, t.route, st)
}

// history fills in how a route came about; the journal may be ahead of it.
func (r *Runtime) history(ctx context.Context, route store.Route, st *Status) error {
	st.Generation, st.Since, st.Baseline = route.Generation, route.Since, baselineOf(route)
	st.PreviousWithdrawn = route.PreviousWithdrawn
	st.Previous = r.stored(ctx, route.Strategy, route.Previous)
	changes, err := r.cfg.Store.Changes(ctx, route.Strategy, route.Generation, journalShown)
	for _, c := range changes {
		st.Changes = append(st.Changes, JournalEntry{Action: c.Action, From: c.From, To: c.To, Generation: c.Generation, Actor: c.Actor, Reason: c.Reason, NewBaseline: c.NewBaseline, At: c.At})
	}
	return err
}

// stored describes a release that is not served, nil if there is none.
func (r *Runtime) stored(ctx context.Context, strategy string, digest manifest.Digest) *Release {
	if digest == "" {
		return nil
	}
	found, err := r.cfg.Store.Release(ctx, strategy, digest)
	if err != nil {
		return nil
	}
	return new(describeStored(found, ""))
}

func (d *drains) status() []Draining {
	var all []Draining
	for _, one := range d.list() {
		info := one.release.info
		info.Active = false
		all = append(all, Draining{Release: info, InFlight: one.release.gate.inFlight(), For: time.Since(one.since), Stuck: one.stuck.Load()})
	}
	return all
}

// current describes the release that the slot serves.
func (s *strategy) current() (info Release, generation uint64, ok bool) {
	lease, ok := s.slot.Acquire()
	if !ok {
		return Release{}, s.slot.Generation(), false
	}
	defer lease.Done()
	return lease.Value().stable.info, lease.Generation(), true
}

// Releases lists the accepted releases of a strategy by rising sequence.
func (r *Runtime) Releases(ctx context.Context, strategy string) ([]Release, error) {
	s, err := r.accepted(ctx, strategy)
	if err != nil {
		return nil, asProblem("releases", err)
	}
	stored, err := r.cfg.Store.Releases(ctx, strategy)
	if err != nil {
		return nil, asProblem("releases", err)
	}
	return describeAll(stored, s), nil
}

func describeAll(stored []store.Release, s *strategy) []Release {
	active := s.active()
	all := make([]Release, len(stored))
	for i, r := range stored {
		all[i] = describeStored(r, active)
	}
	return all
}
