package boltstore

import (
	"context"
	"runtime/debug"

	bolt "go.etcd.io/bbolt"
)

// view runs fn in a read transaction.
func (s *Store) view(ctx context.Context, fn func(*bolt.Tx) error) error {
	if err := s.usable(ctx); err != nil {
		return err
	}
	return s.guard(func() error { return s.db.View(fn) })
}

// update runs fn in a write transaction, which is durable when update returns
// nil and has not happened when fn returns an error. A file of an older format
// is taken up in the same transaction.
func (s *Store) update(ctx context.Context, fn func(*bolt.Tx) error) error {
	if err := s.usable(ctx); err != nil {
		return err
	}
	return s.guard(func() error {
		return s.db.Update(func(tx *bolt.Tx) error {
			if err := s.climb(tx); err != nil {
				return err
			}
			return fn(tx)
		})
	})
}

// guard calls do, which uses bbolt. A damaged page makes bbolt panic, and one
// that is beyond the end of the mapped file raises a fault; both become
// StoreCorrupt and end the use of the store, as locks may have been left held.
func (s *Store) guard(do func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			p := s.corrupt("the database is damaged: %v", r)
			s.broken.Store(p)
			err = p
		}
	}()
	return s.explain(do())
}
