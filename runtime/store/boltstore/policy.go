package boltstore

import (
	"context"

	bolt "go.etcd.io/bbolt"
)

// Policy implements [store.Store].
func (s *Store) Policy(ctx context.Context) ([]byte, error) {
	var envelope []byte
	err := s.view(ctx, func(tx *bolt.Tx) error {
		p, err := s.at(tx, bucketMeta)
		if err != nil {
			return err
		}
		_, err = p.get([]byte(keyPolicy), &envelope)
		return err
	})
	return envelope, err
}

// SetPolicy implements [store.Store].
func (s *Store) SetPolicy(ctx context.Context, envelope []byte) error {
	if len(envelope) == 0 {
		return contradiction("an empty trust policy cannot be kept")
	}
	return s.update(ctx, func(tx *bolt.Tx) error {
		p, err := s.at(tx, bucketMeta)
		if err != nil {
			return err
		}
		return p.put([]byte(keyPolicy), envelope)
	})
}
