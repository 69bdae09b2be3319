package boltstore

import (
	"context"
	"os"
	"slices"

	bolt "go.etcd.io/bbolt"

	"github.com/swapline/swapline/runtime/problem"
)

// newest is the format version that this program writes.
const newest = 3

// format is the record under meta/format.
type format struct {
	Version int `json:"version"`
}

// prepare makes an empty file a store and refuses one that is too new.
func (s *Store) prepare() error {
	var v int
	err := s.view(context.Background(), func(tx *bolt.Tx) (err error) {
		v, err = s.version(tx)
		return err
	})
	if err != nil || v > 0 && v <= newest {
		return err
	}
	if v > newest {
		return s.tooNew(v)
	}
	if err := s.checkNothingLost(); err != nil {
		return err
	}
	return s.update(context.Background(), func(*bolt.Tx) error { return nil })
}

// climb takes the file up to the newest format before something is changed.
func (s *Store) climb(tx *bolt.Tx) error {
	v, err := s.version(tx)
	for ; err == nil && v < newest; v++ {
		err = s.step(tx, v)
	}
	return err
}

// step takes the file from version v to v+1.
func (s *Store) step(tx *bolt.Tx, v int) error {
	names := addedBy(v)
	if names == nil {
		return contradiction("there is no step from store format %d", v)
	}
	for _, name := range names {
		if _, err := tx.CreateBucketIfNotExists([]byte(name)); err != nil {
			return err
		}
	}
	meta, err := s.at(tx, bucketMeta)
	if err != nil {
		return err
	}
	return meta.put([]byte(keyFormat), format{Version: v + 1})
}

// addedBy names the buckets that the step from version v adds.
func addedBy(v int) []string {
	switch v {
	case 0:
		return []string{bucketMeta, bucketReleases, bucketArtifacts, bucketRoutes, bucketJournal}
	case 1:
		return []string{bucketRollouts, bucketDecisions, bucketFinals, bucketPolicies}
	case 2:
		return []string{bucketComparisons, bucketReports}
	}
	return nil
}

// isLater reports whether a bucket comes with a step that the file has not taken.
func (s *Store) isLater(tx *bolt.Tx, bucket string) bool {
	if bucket == bucketMeta {
		return false
	}
	v, err := s.version(tx)
	for ; err == nil && v < newest; v++ {
		if slices.Contains(addedBy(v), bucket) {
			return true
		}
	}
	return false
}

// version reads the format version; a file without buckets is version 0.
func (s *Store) version(tx *bolt.Tx) (int, error) {
	if name, _ := tx.Cursor().First(); name == nil {
		return 0, nil
	}
	meta, err := s.at(tx, bucketMeta)
	if err != nil {
		return 0, err
	}
	var f format
	found, err := meta.get([]byte(keyFormat), &f)
	if err == nil && (!found || f.Version < 1) {
		err = s.corrupt("the format version is missing")
	}
	return f.Version, err
}

func (s *Store) tooNew(v int) error {
	return problem.New(problem.StoreCorrupt, "%s was written by a newer version of this program", s.file()).
		Want("format %d or older", newest).Got("format %d", v).
		Cure("start the newer version, or move the folder away and deploy the releases anew")
}

// checkNothingLost refuses an empty database beside artifacts: it was removed
// or emptied by someone else, and sweeping would complete the loss.
func (s *Store) checkNothingLost() error {
	entries, err := os.ReadDir(s.artifacts())
	if err != nil {
		return s.failed("read the artifacts", err)
	}
	if len(entries) > 0 {
		return s.corrupt("the database is empty but %d artifacts are there", len(entries))
	}
	return nil
}
