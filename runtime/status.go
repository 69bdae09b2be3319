package runtime

import (
	"context"
	"time"

	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store"
)

// journalShown is how many entries of the journal a Status carries.
const journalShown = 20

// Status says what a strategy serves, what it served before, and how it does.
func (r *Runtime) Status(ctx context.Context, strategy string) (Status, error) {
	s, err := r.accepted(ctx, strategy)
	if err != nil {
		return Status{}, asProblem("status", err)
	}
	st := Status{Strategy: strategy}
	if err := r.storedStatus(ctx, &st); err != nil {
		return Status{}, asProblem("status", err)
	}
	s.liveStatus(&st)
	return st, nil
}

// storedStatus fills in what the store knows.
func (r *Runtime) storedStatus(ctx context.Context, st *Status) error {
	route, err := r.cfg.Store.Route(ctx, st.Strategy)
	if problem.CodeOf(err) == problem.UnknownStrategy {
		return nil
	}
	if err != nil {
		return err
	}
	st.Generation, st.Since = route.Generation, route.Since
	if stable, err := r.cfg.Store.Release(ctx, st.Strategy, route.Stable); err == nil {
		st.Stable = new(describeStored(stable, ""))
	}
	if previous, err := r.cfg.Store.Release(ctx, st.Strategy, route.Previous); err == nil && route.Previous != "" {
		st.Previous = new(describeStored(previous, ""))
	}
	changes, err := r.cfg.Store.Changes(ctx, st.Strategy, journalShown)
	for _, c := range changes {
		st.Changes = append(st.Changes, JournalEntry{Action: c.Action, From: c.From, To: c.To, Generation: c.Generation, Actor: c.Actor, Reason: c.Reason, At: c.At})
	}
	return err
}

// liveStatus fills in what the slot knows; it wins over what is stored.
func (s *strategy) liveStatus(st *Status) {
	if trouble := s.trouble.Load(); trouble != nil {
		st.Problem = *trouble
	}
	st.Draining = s.drains.status()
	inFlight := s.slot.InFlight()
	lease, ok := s.slot.Acquire()
	if !ok {
		return
	}
	defer lease.Done()
	rel := lease.Value()
	st.Generation, st.InFlight = lease.Generation(), inFlight
	st.Stable = new(rel.info)
	st.Requests, st.Faults, st.BusinessErrors = rel.requests.Load(), rel.faults.Load(), rel.business.Load()
	stats := driver.StatsOf(rel.instance)
	st.Instances, st.MemoryBytes, st.Abandoned = stats.Instances, stats.MemoryBytes, stats.Abandoned
}

func (d *drains) status() []Draining {
	var all []Draining
	for _, one := range d.list() {
		info := one.release.info
		info.Active = false
		all = append(all, Draining{Release: info, InFlight: one.retired.InFlight(), For: time.Since(one.since), Stuck: one.stuck.Load()})
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
	return lease.Value().info, lease.Generation(), true
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
