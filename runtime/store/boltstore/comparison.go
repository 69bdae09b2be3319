package boltstore

import (
	"bytes"
	"context"
	"errors"

	bolt "go.etcd.io/bbolt"

	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store"
)

// RecordComparison implements [store.Store].
func (s *Store) RecordComparison(ctx context.Context, c store.Comparison, report []byte) error {
	if err := c.Check(); err != nil {
		return contradiction("comparison %d: %w", c.Number, err)
	}
	if len(report) > store.MaxReport {
		return problem.New(problem.BodyTooLarge, "the report of comparison %s is too large to be kept", c.ID).
			Want("at most %d bytes", store.MaxReport).Got("%d bytes", len(report))
	}
	c.Begun, c.Ended = c.Begun.UTC(), c.Ended.UTC()
	return s.update(ctx, func(tx *bolt.Tx) error {
		records, reports, err := s.comparisons(tx)
		if err != nil {
			return err
		}
		key := numbered(c.Number)
		if err := records.vacant(key, c); err != nil {
			return err
		}
		if err := records.put(key, c); err != nil {
			return err
		}
		if report != nil {
			if err := reports.put(key, report); err != nil {
				return err
			}
		}
		return forget(records, reports)
	})
}

// comparisons finds the two places, which are empty in an older file.
func (s *Store) comparisons(tx *bolt.Tx) (records, reports place, err error) {
	if records, err = s.at(tx, bucketComparisons); err != nil {
		return records, reports, err
	}
	reports, err = s.at(tx, bucketReports)
	return records, reports, err
}

// vacant refuses to write over another comparison. One that cannot be read is lost
// already.
func (p place) vacant(key []byte, c store.Comparison) error {
	raw := p.b.Get(key)
	if raw == nil {
		return nil
	}
	if old, err := p.decodeComparison(key, raw); err == nil && old.ID != c.ID {
		return contradiction("comparison %d is %s, not %s", c.Number, old.ID, c.ID)
	}
	return nil
}

// forget removes the oldest comparisons, until there are not too many and they do
// not need too much.
func forget(records, reports place) error {
	var keys [][]byte
	var size int
	each := func(key, raw []byte) error {
		keys = append(keys, bytes.Clone(key)) // bbolt's own are moved by what is deleted
		size += len(raw) + len(reports.b.Get(key))
		return nil
	}
	if err := records.b.ForEach(each); err != nil {
		return err
	}
	for len(keys) > store.MaxComparisons || size > store.MaxComparisonBytes {
		key := keys[0]
		size -= len(records.b.Get(key)) + len(reports.b.Get(key))
		if err := errors.Join(records.b.Delete(key), reports.b.Delete(key)); err != nil {
			return err
		}
		keys = keys[1:]
	}
	return nil
}

// decodeComparison decodes a comparison and refuses one that nobody can have written.
func (p place) decodeComparison(key, raw []byte) (c store.Comparison, err error) {
	if err = p.decode(key, raw, &c); err != nil {
		return c, err
	}
	if err = c.Check(); err == nil && string(numbered(c.Number)) != string(key) {
		err = errMisplaced
	}
	if err != nil {
		err = p.store.corruptRecord(p.path(key), err)
	}
	return c, err
}

// Comparisons implements [store.Store].
func (s *Store) Comparisons(ctx context.Context) ([]store.Comparison, error) {
	var list []store.Comparison
	var damage []error
	err := s.view(ctx, func(tx *bolt.Tx) error {
		p, err := s.at(tx, bucketComparisons)
		if err != nil || p.b == nil {
			return err
		}
		c := p.b.Cursor()
		for key, raw := c.Last(); key != nil; key, raw = c.Prev() {
			if one, err := p.decodeComparison(key, raw); err == nil {
				list = append(list, one)
			} else {
				damage = append(damage, err)
			}
		}
		return nil
	})
	if err == nil && len(damage) > 0 {
		err = s.several(damage)
	}
	return list, err
}

// several is the damage of one record, or of more.
func (s *Store) several(damage []error) error {
	if len(damage) == 1 {
		return damage[0]
	}
	return s.corrupt("%d records cannot be read: %w", len(damage), errors.Join(damage...))
}

// ComparisonReport implements [store.Store].
func (s *Store) ComparisonReport(ctx context.Context, number uint64) ([]byte, error) {
	var report []byte
	err := s.view(ctx, func(tx *bolt.Tx) error {
		records, reports, err := s.comparisons(tx)
		if err != nil {
			return err
		}
		if key := numbered(number); records.b != nil && records.b.Get(key) != nil {
			_, err = reports.get(key, &report)
			return err
		}
		return problem.New(problem.UnknownComparison, "no comparison %d is kept", number).Cure("list the comparisons")
	})
	if err != nil {
		return nil, err
	}
	return report, nil
}
