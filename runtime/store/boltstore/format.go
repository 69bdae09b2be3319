package boltstore

import (
	"context"
	"os"

	bolt "go.etcd.io/bbolt"

	"github.com/swapline/swapline/runtime/problem"
)

// newest is the format version that this program writes.
const newest = 1

// format is the record under meta/format.
type format struct {
	Version int `json:"version"`
}

// climb takes the file up to the newest format, all steps in one transaction.
func (s *Store) climb() error {
	var v int
	err := s.view(context.Background(), func(tx *bolt.Tx) (err error) {
		v, err = s.version(tx)
		return err
	})
	if err != nil || v == newest {
		return err
	}
	if v > newest {
		return s.tooNew(v)
	}
	if v == 0 {
		if err := s.checkNothingLost(); err != nil {
			return err
		}
	}
	return s.update(context.Background(), func(tx *bolt.Tx) error {
		for ; v < newest; v++ {
			if err := s.step(tx, v); err != nil {
				return err
			}
		}
		return nil
	})
}

// step takes the file from version v to v+1.
func (s *Store) step(tx *bolt.Tx, v int) error {
	switch v {
	case 0:
		for _, name := range []string{bucketMeta, bucketReleases, bucketArtifacts, bucketRoutes, bucketJournal} {
			if _, err := tx.CreateBucketIfNotExists([]byte(name)); err != nil {
				return err
			}
		}
	default:
		return contradiction("there is no step from store format %d", v)
	}
	meta, err := s.at(tx, bucketMeta)
	if err != nil {
		return err
	}
	return meta.put([]byte(keyFormat), format{Version: v + 1})
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
