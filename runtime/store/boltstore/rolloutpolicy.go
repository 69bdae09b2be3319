package boltstore

import (
	"context"

	bolt "go.etcd.io/bbolt"

	"github.com/swapline/swapline/runtime/store"
)

// RolloutPolicy implements [store.Store].
func (s *Store) RolloutPolicy(ctx context.Context, strategy string) (store.RolloutPolicy, error) {
	var r store.RolloutPolicy
	err := s.view(ctx, func(tx *bolt.Tx) (err error) {
		r, err = s.rolloutPolicy(tx, strategy)
		return err
	})
	return r, err
}

// rolloutPolicy reads a strategy's policy, the zero value if none was ever set.
func (s *Store) rolloutPolicy(tx *bolt.Tx, strategy string) (store.RolloutPolicy, error) {
	p, err := s.at(tx, bucketPolicies)
	if err != nil || p.b == nil {
		return store.RolloutPolicy{}, err
	}
	key := []byte(strategy)
	raw := p.b.Get(key)
	if raw == nil {
		return store.RolloutPolicy{}, nil
	}
	return p.decodePolicy(key, raw)
}

// decodePolicy decodes a policy and refuses one that nobody can have written.
func (p place) decodePolicy(key, raw []byte) (r store.RolloutPolicy, err error) {
	if err = p.decode(key, raw, &r); err != nil {
		return r, err
	}
	if err = r.Check(); err == nil && r.Strategy != string(key) {
		err = errMisplaced
	}
	if err != nil {
		err = p.store.corruptRecord(p.path(key), err)
	}
	return r, err
}

// RolloutPolicies implements [store.Store].
func (s *Store) RolloutPolicies(ctx context.Context) ([]store.RolloutPolicy, error) {
	var list []store.RolloutPolicy
	err := s.view(ctx, func(tx *bolt.Tx) error {
		p, err := s.at(tx, bucketPolicies)
		if err != nil || p.b == nil {
			return err
		}
		return p.b.ForEach(func(key, raw []byte) error {
			r, err := p.decodePolicy(key, raw)
			list = append(list, r)
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// SetRolloutPolicy implements [store.Store].
func (s *Store) SetRolloutPolicy(ctx context.Context, next store.RolloutPolicy) error {
	if err := next.Check(); err != nil {
		return contradiction("revision %d of the rollout policy of strategy %q: %w", next.Revision, next.Strategy, err)
	}
	return s.update(ctx, func(tx *bolt.Tx) error {
		current, err := s.rolloutPolicy(tx, next.Strategy)
		if err != nil {
			return err
		}
		if next.Revision != current.Revision+1 {
			return staleRevision("rollout policy", next.Strategy, next.Revision-1, current.Revision)
		}
		p, err := s.at(tx, bucketPolicies)
		if err != nil {
			return err
		}
		next.Changed = next.Changed.UTC()
		return p.put([]byte(next.Strategy), next)
	})
}
