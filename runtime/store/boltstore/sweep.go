package boltstore

import (
	"context"
	"os"
	"path/filepath"

	bolt "go.etcd.io/bbolt"

	"github.com/swapline/swapline/runtime/store"
)

// sweep removes what an earlier process left unfinished: staged files, and
// artifacts that no release refers to. If a release cannot be read, nobody knows
// what it refers to, and all artifacts stay.
func (s *Store) sweep() error {
	if err := s.sweepFolder(s.staging(), func(string) bool { return false }); err != nil {
		return err
	}
	needed := map[string]bool{}
	err := s.view(context.Background(), func(tx *bolt.Tx) error {
		return s.eachRelease(tx, func(r store.Release) { needed[r.Artifact.Hex()] = true })
	})
	if broken := s.broken.Load(); broken != nil {
		return broken
	}
	if err != nil {
		return nil //nolint:nilerr // the record's own readers will report it
	}
	return s.sweepFolder(s.artifacts(), func(name string) bool { return needed[name] })
}

func (s *Store) sweepFolder(dir string, keep func(name string) bool) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return s.failed("read a folder", err)
	}
	for _, e := range entries {
		if keep(e.Name()) {
			continue
		}
		if err := s.files.Remove(filepath.Join(dir, e.Name())); err != nil {
			return s.failed("remove what was left unfinished", err)
		}
	}
	return nil
}

// eachRelease visits the releases of all strategies.
func (s *Store) eachRelease(tx *bolt.Tx, visit func(store.Release)) error {
	all, err := s.at(tx, bucketReleases)
	if err != nil {
		return err
	}
	return all.b.ForEachBucket(func(strategy []byte) error {
		p, err := s.at(tx, bucketReleases, string(strategy))
		if err != nil {
			return err
		}
		return p.eachRelease(visit)
	})
}
