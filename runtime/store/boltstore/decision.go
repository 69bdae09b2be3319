package boltstore

import (
	"bytes"
	"context"
	"slices"

	bolt "go.etcd.io/bbolt"

	"github.com/swapline/swapline/runtime/store"
)

// decide appends decisions after number decided and removes those that are too
// old then. r.Decided is the number of the last one.
func (s *Store) decide(tx *bolt.Tx, r story, decided uint64, list []store.Decision) error {
	p, err := s.make(tx, bucketDecisions, r.Strategy)
	if err != nil {
		return err
	}
	keep := firstKept(r.Decided)
	for n := firstKept(decided); n < keep && n <= decided; n++ {
		if err := p.b.Delete(numbered(r.ID, n)); err != nil {
			return err
		}
	}
	for _, d := range list {
		if d.Number < keep {
			continue
		}
		d.At = d.At.UTC()
		if err := p.put(numbered(r.ID, d.Number), d); err != nil {
			return err
		}
	}
	return nil
}

// firstKept is the number of the oldest decision that is kept when the newest one
// has a number.
func firstKept(newest uint64) uint64 {
	return max(newest, store.MaxDecisions) - store.MaxDecisions + 1
}

// forgetDecisions removes the decisions of a rollout, whose key is their prefix.
func (s *Store) forgetDecisions(tx *bolt.Tx, strategy string, rollout []byte) error {
	p, err := s.at(tx, bucketDecisions, strategy)
	if err != nil || p.b == nil {
		return err
	}
	var keys [][]byte // deleting moves a cursor
	c := p.b.Cursor()
	for key, _ := c.Seek(rollout); bytes.HasPrefix(key, rollout); key, _ = c.Next() {
		keys = append(keys, slices.Clone(key))
	}
	for _, key := range keys {
		if err := p.b.Delete(key); err != nil {
			return err
		}
	}
	return nil
}

// Decisions implements [store.Store].
func (s *Store) Decisions(ctx context.Context, strategy string, id, after uint64, limit int) ([]store.Decision, error) {
	var list []store.Decision
	err := s.view(ctx, func(tx *bolt.Tx) error {
		rollouts, err := s.at(tx, bucketRollouts, strategy)
		if err != nil {
			return err
		}
		r, err := s.story(tx, rollouts, strategy, id)
		if err != nil {
			return err
		}
		p, err := s.at(tx, bucketDecisions, strategy)
		if err != nil {
			return err
		}
		for n := max(after, firstKept(r.Decided)-1); n < r.Decided && len(list) < limit; n++ {
			d, err := p.decision(id, n+1)
			if err != nil {
				return err
			}
			list = append(list, d)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// decision reads a decision that must be there.
func (p place) decision(id, number uint64) (d store.Decision, err error) {
	key := numbered(id, number)
	found, err := p.get(key, &d)
	switch {
	case err != nil:
		return d, err
	case !found:
		err = errDecisionMissing
	case d.Number != number:
		err = errMisplaced
	default:
		return d, nil
	}
	return d, p.store.corruptRecord(p.path(key), err)
}
