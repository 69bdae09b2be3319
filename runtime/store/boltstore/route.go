package boltstore

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"

	bolt "go.etcd.io/bbolt"

	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store"
)

// Reasons why a record that has the right checksum is still wrong.
var (
	errOtherRelease = errors.New("another release has the same payload digest")
	errRouteMissing = errors.New("the route is missing, but the strategy has a journal")
)

// Activate implements [store.Store].
func (s *Store) Activate(ctx context.Context, a store.Activation) error {
	if err := coherent(a); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.update(ctx, func(tx *bolt.Tx) error {
		if err := s.checkGeneration(tx, a.Route); err != nil {
			return err
		}
		for _, r := range append([]store.Release{a.Release}, a.Also...) {
			if err := s.record(tx, r); err != nil {
				return err
			}
		}
		if err := s.advance(tx, a); err != nil {
			return err
		}
		if err := s.setRoute(tx, a.Route); err != nil {
			return err
		}
		return s.journal(tx, a.Change)
	})
}

// coherent reports an activation whose parts name different things.
func coherent(a store.Activation) error {
	if err := a.Check(); err != nil {
		return contradiction("activation %d of strategy %q: %w", a.Route.Generation, a.Route.Strategy, err)
	}
	return nil
}

// checkGeneration refuses a route that does not follow the stored one.
func (s *Store) checkGeneration(tx *bolt.Tx, next store.Route) error {
	current, _, err := s.route(tx, next.Strategy)
	if err != nil {
		return err
	}
	if next.Generation != current.Generation+1 {
		return problem.New(problem.StaleGeneration, "strategy %q was changed by someone else", next.Strategy).
			Want("generation %d", next.Generation-1).Got("generation %d", current.Generation).
			Cure("look at the strategy again and repeat the change")
	}
	return nil
}

func (s *Store) setRoute(tx *bolt.Tx, r store.Route) error {
	p, err := s.at(tx, bucketRoutes)
	if err != nil {
		return err
	}
	r.Since = r.Since.UTC()
	return p.put([]byte(r.Strategy), r)
}

// journal appends an entry.
func (s *Store) journal(tx *bolt.Tx, c store.Change) error {
	p, err := s.make(tx, bucketJournal, c.Strategy)
	if err != nil {
		return err
	}
	c.At = c.At.UTC()
	return p.put(binary.BigEndian.AppendUint64(nil, c.Generation), c)
}

// route reads the route of a strategy; a strategy without one has generation 0.
// A route that is missing beside a journal is damage, never "nothing deployed".
func (s *Store) route(tx *bolt.Tx, strategy string) (r store.Route, found bool, err error) {
	p, err := s.at(tx, bucketRoutes)
	if err != nil {
		return r, false, err
	}
	raw := p.b.Get([]byte(strategy))
	if raw != nil {
		r, err = p.decodeRoute([]byte(strategy), raw)
		return r, err == nil, err
	}
	past, err := s.at(tx, bucketJournal, strategy)
	if err == nil && past.b != nil {
		err = s.corruptRecord(p.path([]byte(strategy)), errRouteMissing)
	}
	return r, false, err
}

// decodeRoute decodes a route and refuses one that nobody can have written.
func (p place) decodeRoute(key, raw []byte) (r store.Route, err error) {
	if err = p.decode(key, raw, &r); err != nil {
		return r, err
	}
	if err = r.Check(); err != nil {
		err = p.store.corruptRecord(p.path(key), err)
	}
	return r, err
}

// Route implements [store.Store].
func (s *Store) Route(ctx context.Context, strategy string) (store.Route, error) {
	var r store.Route
	err := s.view(ctx, func(tx *bolt.Tx) error {
		var found bool
		var err error
		r, found, err = s.route(tx, strategy)
		if err == nil && !found {
			err = problem.New(problem.UnknownStrategy, "nothing was ever activated for strategy %q", strategy).
				Cure("list the strategies and name one of them, or deploy a release")
		}
		return err
	})
	return r, err
}

// Routes implements [store.Store].
func (s *Store) Routes(ctx context.Context) ([]store.Route, error) {
	var list []store.Route
	err := s.view(ctx, func(tx *bolt.Tx) error {
		p, err := s.at(tx, bucketRoutes)
		if err != nil {
			return err
		}
		return p.b.ForEach(func(key, raw []byte) error {
			r, err := p.decodeRoute(key, raw)
			if err != nil {
				return err
			}
			list = append(list, r)
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// lastThrough moves to the newest entry of a journal up to a generation.
func lastThrough(c *bolt.Cursor, generation uint64) (key, raw []byte) {
	bound := binary.BigEndian.AppendUint64(nil, generation)
	key, raw = c.Seek(bound)
	switch {
	case key == nil:
		return c.Last()
	case bytes.Equal(key, bound):
		return key, raw
	}
	return c.Prev()
}

// Changes implements [store.Store].
func (s *Store) Changes(ctx context.Context, strategy string, through uint64, limit int) ([]store.Change, error) {
	var list []store.Change
	err := s.view(ctx, func(tx *bolt.Tx) error {
		p, err := s.at(tx, bucketJournal, strategy)
		if err != nil || p.b == nil {
			return err
		}
		c := p.b.Cursor()
		for key, raw := lastThrough(c, through); key != nil && len(list) < limit; key, raw = c.Prev() {
			var entry store.Change
			if err := p.decode(key, raw, &entry); err != nil {
				return err
			}
			list = append(list, entry)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}
