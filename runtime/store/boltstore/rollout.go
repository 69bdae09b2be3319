package boltstore

import (
	"context"
	"slices"

	bolt "go.etcd.io/bbolt"

	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store"
)

// RecordRollout implements [store.Store].
func (s *Store) RecordRollout(ctx context.Context, c store.RolloutChange) error {
	if err := c.Check(); err != nil {
		return contradiction("revision %d of rollout %d of strategy %q: %w", c.Rollout.Revision, c.Rollout.ID, c.Rollout.Strategy, err)
	}
	return s.update(ctx, func(tx *bolt.Tx) error {
		route, open, err := s.underWay(tx, c.Rollout.Strategy)
		if err != nil {
			return err
		}
		open, err = s.revise(tx, open, c)
		if err != nil || open != nil {
			return err
		}
		if route.Candidate != "" {
			return contradiction("rollout %d of strategy %q ends while its candidate is served", c.Rollout.ID, c.Rollout.Strategy)
		}
		route.Rollout = 0
		return s.setRoute(tx, route)
	})
}

// advance applies what an activation says about rollouts, and refuses a route
// that does not fit the rollout that is under way then.
func (s *Store) advance(tx *bolt.Tx, a store.Activation) error {
	_, open, err := s.underWay(tx, a.Route.Strategy)
	if err == nil && a.Ends != nil {
		open, err = s.revise(tx, open, *a.Ends)
	}
	if err == nil && a.Rollout != nil {
		open, err = s.continues(tx, open, *a.Rollout, a.Route)
	}
	if err != nil {
		return err
	}
	return fits(a.Route, open)
}

// continues begins a rollout or writes its next revision.
func (s *Store) continues(tx *bolt.Tx, open *story, c store.RolloutChange, route store.Route) (*story, error) {
	if c.Rollout.ID != route.Generation {
		return s.revise(tx, open, c)
	}
	return s.begin(tx, open, c)
}

// fits refuses a route that is not a moment of the rollout under way.
func fits(route store.Route, open *story) error {
	var r store.Rollout
	if open != nil {
		r = open.Rollout
	}
	if route.Rollout != r.ID {
		return contradiction("the route of strategy %q names rollout %d, but %d is under way", route.Strategy, route.Rollout, r.ID)
	}
	if open == nil {
		return nil
	}
	if route.Candidate != "" && route.Candidate != r.Candidate || route.Stable != r.Stable && route.Stable != r.Candidate {
		return contradiction("the route of strategy %q serves what rollout %d is not about", route.Strategy, r.ID)
	}
	return nil
}

// begin writes the first revision of a rollout and forgets what is too old. It
// returns the rollout that is open afterwards, if any.
func (s *Store) begin(tx *bolt.Tx, open *story, c store.RolloutChange) (*story, error) {
	r := c.Rollout
	if open != nil || r.Revision != 1 {
		return nil, contradiction("rollout %d of strategy %q cannot begin at revision %d while %d is under way", r.ID, r.Strategy, r.Revision, idOf(open))
	}
	if err := s.known(tx, r.Strategy, r.Candidate, r.Stable); err != nil {
		return nil, err
	}
	if err := s.forget(tx, r.Strategy); err != nil {
		return nil, err
	}
	return s.write(tx, 0, c)
}

func idOf(r *story) uint64 {
	if r == nil {
		return 0
	}
	return r.ID
}

// known refuses releases that are not recorded; "" is none.
func (s *Store) known(tx *bolt.Tx, strategy string, digests ...manifest.Digest) error {
	p, err := s.at(tx, bucketReleases, strategy)
	if err != nil {
		return err
	}
	for _, d := range digests {
		if d != "" && (p.b == nil || p.b.Get([]byte(d)) == nil) {
			return unknownRelease(strategy, d)
		}
	}
	return nil
}

// revise writes the next revision of a rollout, which must be under way.
func (s *Store) revise(tx *bolt.Tx, open *story, c store.RolloutChange) (*story, error) {
	r, old := c.Rollout, open
	if open == nil || open.ID != r.ID {
		past, err := s.over(tx, r.Strategy, r.ID)
		if err != nil {
			return nil, err
		}
		old = past
	}
	switch {
	case r.Revision != old.Revision+1:
		return nil, staleRevision("rollout", r.Strategy, r.Revision-1, old.Revision)
	case !old.Open():
		return nil, problem.New(problem.RolloutEnded, "rollout %d of strategy %q has ended", r.ID, r.Strategy).
			Cure("start a new one")
	case r.Kind != old.Kind || r.Stable != old.Stable || r.Candidate != old.Candidate || !r.Started.Equal(old.Started):
		return nil, contradiction("revision %d of rollout %d of strategy %q is about something else", r.Revision, r.ID, r.Strategy)
	}
	return s.write(tx, old.Decided, c)
}

// over reads a rollout that must have ended.
func (s *Store) over(tx *bolt.Tx, strategy string, id uint64) (*story, error) {
	p, err := s.at(tx, bucketRollouts, strategy)
	if err != nil {
		return nil, err
	}
	r, err := s.story(tx, p, strategy, id)
	if err == nil && r.Open() {
		err = s.corruptRecord(p.path(numbered(id)), errRolloutUnknown)
	}
	return r, err
}

// staleRevision says that somebody else was faster.
func staleRevision(what, strategy string, want, got uint64) error {
	return problem.New(problem.StaleRollout, "the %s of strategy %q was changed by someone else", what, strategy).
		Want("revision %d", want).Got("revision %d", got).
		Cure("look at it again and repeat the change")
}

// write writes a rollout whose last decision so far is decided, and returns it if
// it is open afterwards.
func (s *Store) write(tx *bolt.Tx, decided uint64, c store.RolloutChange) (*story, error) {
	r := story{Rollout: c.Rollout, Decided: decided}
	r.Started, r.Changed, r.Ended = r.Started.UTC(), r.Changed.UTC(), r.Ended.UTC()
	if len(c.Decisions) > 0 {
		if got := c.Decisions[0].Number; got != decided+1 {
			return nil, contradiction("decision %d of rollout %d of strategy %q follows decision %d", got, r.ID, r.Strategy, decided)
		}
		r.Decided += uint64(len(c.Decisions))
		if err := s.decide(tx, r, decided, c.Decisions); err != nil {
			return nil, err
		}
	}
	p, err := s.make(tx, bucketRollouts, r.Strategy)
	if err == nil {
		err = p.put(numbered(r.ID), r)
	}
	if err == nil && r.Final {
		err = s.settleFinal(tx, r.Rollout)
	}
	if err != nil || !r.Open() {
		return nil, err
	}
	return &r, nil
}

// settleFinal notes for ever that a release may not be rolled out again.
func (s *Store) settleFinal(tx *bolt.Tx, r store.Rollout) error {
	p, err := s.make(tx, bucketFinals, r.Strategy)
	if err != nil {
		return err
	}
	return p.put([]byte(r.Candidate), final{Rollout: r.ID})
}

// forget removes the oldest rollouts of a strategy, so that there is room for one
// more.
func (s *Store) forget(tx *bolt.Tx, strategy string) error {
	p, err := s.at(tx, bucketRollouts, strategy)
	if err != nil || p.b == nil {
		return err
	}
	var keys [][]byte
	c := p.b.Cursor()
	for key, _ := c.First(); key != nil; key, _ = c.Next() {
		keys = append(keys, slices.Clone(key))
	}
	for len(keys) >= store.MaxRollouts {
		if err := p.b.Delete(keys[0]); err != nil {
			return err
		}
		if err := s.forgetDecisions(tx, strategy, keys[0]); err != nil {
			return err
		}
		keys = keys[1:]
	}
	return nil
}
