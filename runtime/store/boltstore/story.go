package boltstore

import (
	"context"
	"encoding/binary"
	"errors"

	bolt "go.etcd.io/bbolt"

	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store"
)

// Reasons why a record of a rollout is wrong although its checksum is right.
var (
	errMisplaced       = errors.New("it is of another strategy or number")
	errRolloutMissing  = errors.New("it is missing, but the route names it")
	errRolloutOver     = errors.New("it is over, but the route names it")
	errRolloutUnknown  = errors.New("it is under way, but the route does not name it")
	errDecisionMissing = errors.New("it is missing")
)

// story is the record under rollouts.
type story struct {
	store.Rollout
	Decided uint64 `json:"decided"` // number of the last decision
}

// final is the record under finals.
type final struct {
	Rollout uint64 `json:"rollout"`
}

// numbered is the key of a number, or of numbers in numbers.
func numbered(numbers ...uint64) []byte {
	var key []byte
	for _, n := range numbers {
		key = binary.BigEndian.AppendUint64(key, n)
	}
	return key
}

// underWay reads a strategy's route and the rollout that is under way, nil if
// none is, and refuses what contradicts each other: only the newest rollout can
// be open.
func (s *Store) underWay(tx *bolt.Tx, strategy string) (store.Route, *story, error) {
	route, _, err := s.route(tx, strategy)
	if err != nil {
		return route, nil, err
	}
	p, err := s.at(tx, bucketRollouts, strategy)
	if err != nil {
		return route, nil, err
	}
	newest, err := p.newestStory(strategy)
	if err != nil {
		return route, nil, err
	}
	open := newest != nil && newest.Open()
	switch {
	case open && newest.ID != route.Rollout:
		return route, nil, s.corruptRecord(p.path(numbered(newest.ID)), errRolloutUnknown)
	case open:
		return route, newest, nil
	case route.Rollout == 0:
		return route, nil, nil
	case newest != nil && newest.ID == route.Rollout:
		return route, nil, s.corruptRecord(p.path(numbered(newest.ID)), errRolloutOver)
	}
	return route, nil, s.corruptRecord(p.path(numbered(route.Rollout)), errRolloutMissing)
}

// newestStory reads the newest rollout, nil if there is none.
func (p place) newestStory(strategy string) (*story, error) {
	if p.b == nil {
		return nil, nil
	}
	key, raw := p.b.Cursor().Last()
	if key == nil {
		return nil, nil
	}
	return p.decodeStory(strategy, key, raw)
}

// decodeStory decodes a rollout and refuses one that nobody can have written.
func (p place) decodeStory(strategy string, key, raw []byte) (*story, error) {
	var r story
	err := p.decode(key, raw, &r)
	if err != nil {
		return nil, err
	}
	if err = r.Check(); err == nil && (r.Strategy != strategy || string(numbered(r.ID)) != string(key)) {
		err = errMisplaced
	}
	if err != nil {
		return nil, p.store.corruptRecord(p.path(key), err)
	}
	return &r, nil
}

// story reads one rollout of a place. One that the route names must be there.
func (s *Store) story(tx *bolt.Tx, p place, strategy string, id uint64) (*story, error) {
	if key := numbered(id); p.b != nil {
		if raw := p.b.Get(key); raw != nil {
			return p.decodeStory(strategy, key, raw)
		}
	}
	route, found, err := s.route(tx, strategy)
	if err != nil {
		return nil, err
	}
	if found && id != 0 && route.Rollout == id {
		return nil, s.corruptRecord(p.path(numbered(id)), errRolloutMissing)
	}
	return nil, problem.New(problem.UnknownRollout, "strategy %q has no rollout %d", strategy, id).
		Cure("list the strategy's rollouts and name one of them")
}

// Rollout implements [store.Store].
func (s *Store) Rollout(ctx context.Context, strategy string, id uint64) (store.Rollout, error) {
	var r store.Rollout
	err := s.view(ctx, func(tx *bolt.Tx) error {
		p, err := s.at(tx, bucketRollouts, strategy)
		if err != nil {
			return err
		}
		found, err := s.story(tx, p, strategy, id)
		if err == nil {
			r = found.Rollout
		}
		return err
	})
	return r, err
}

// Rollouts implements [store.Store].
func (s *Store) Rollouts(ctx context.Context, strategy string, limit int) ([]store.Rollout, error) {
	var list []store.Rollout
	err := s.view(ctx, func(tx *bolt.Tx) error {
		p, err := s.at(tx, bucketRollouts, strategy)
		if err != nil || p.b == nil {
			return err
		}
		c := p.b.Cursor()
		for key, raw := c.Last(); key != nil && len(list) < limit; key, raw = c.Prev() {
			r, err := p.decodeStory(strategy, key, raw)
			if err != nil {
				return err
			}
			list = append(list, r.Rollout)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// Final implements [store.Store].
func (s *Store) Final(ctx context.Context, strategy string, digest manifest.Digest) (uint64, error) {
	var f final
	err := s.view(ctx, func(tx *bolt.Tx) error {
		p, err := s.at(tx, bucketFinals, strategy)
		if err == nil {
			_, err = p.get([]byte(digest), &f)
		}
		return err
	})
	return f.Rollout, err
}
