// Package boltstore is the embedded [store.Store]: one bbolt file for what is
// small and transactional, one file per artifact for what is big.
//
// # Folder
//
//	DIR/store.db          bbolt; locked by the process that has it open
//	DIR/artifacts/<hex>   one artifact, named by its SHA-256, mode 0400
//	DIR/staging/<random>  uploads that are not accepted yet
//
// All folders have mode 0700. What is in staging, and what is in artifacts
// without a release that refers to it, is the rest of something unfinished and
// is removed by [Open].
//
// # Buckets of store.db
//
//	meta      "format"              {"version":1}
//	          "policy"              the envelope of the trust policy, base64
//	releases  strategy / digest     store.Release
//	artifacts digest                {"size":N}: a release refers to it
//	routes    strategy              store.Route
//	journal   strategy / generation store.Change; 8 bytes, big endian
//	rollouts  strategy / ID         store.Rollout with "decided":N, the number of
//	                                its last decision; ID as generation
//	decisions strategy / ID number  store.Decision; 16 bytes, big endian
//	finals    strategy / digest     {"rollout":ID}
//	policies  strategy              store.RolloutPolicy
//	comparisons number              store.Comparison; number as generation
//	reports   number                the report of a comparison, base64
//
// The last two are there from format 3 on, the four before them from format 2 on.
// "strategy / digest" is a bucket in the bucket. A record is a CRC-32C of four
// bytes, big endian, followed by JSON. The checksum covers the key and the JSON,
// because bbolt has no checksums of its own: a flipped bit or a misplaced record
// is reported as StoreCorrupt and names the record, and the other records can
// still be read. A journal without its route is damage too, never a strategy
// without a release; so is a rollout that the route names and that is not there,
// and a decision that is missing between the others.
//
// Of a strategy the newest [store.MaxRollouts] rollouts are kept, of a rollout the
// newest [store.MaxDecisions] decisions; what is older goes in the transaction
// that adds to them. finals is never cut. Of comparisons the newest
// [store.MaxComparisons] are kept, and fewer if they need more than
// [store.MaxComparisonBytes] with their reports. At most one rollout of a strategy is
// open, it is the newest, and it is the one that the route names.
//
// # Format versions
//
// The version rises by one with each change of the layout. Open leaves an older
// file as it is and reads it; the first change takes it up, one step at a time,
// in its own transaction: a program that is being replaced can take its store
// back until its successor changes something. An empty file is version 0 and is
// taken up by Open. A file of a version that this program does not know is
// refused.
//
// # Order of writes
//
// Stage writes; Commit makes the file read-only, syncs it, renames it to its
// digest and syncs the folder; only then Put or Activate may refer to it, in one
// bbolt transaction. So a route that can be read leads to a release that can be
// read and to an artifact that is complete, whenever the process was killed.
//
// Open walks the pages of the file before bbolt does, which would follow a page
// that leads back to itself until the memory is used up (structure.go). A page
// that is damaged later, or a file that is cut, makes bbolt panic or fault. Both
// end the transaction as StoreCorrupt, and the store refuses all further calls.
package boltstore

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store"
)

// lockWait is how long Open waits for another process to let go of the store.
const lockWait = time.Second

// Store is a store in a folder. It is safe for concurrent use.
type Store struct {
	dir   string
	db    *bolt.DB
	files files

	closed atomic.Bool
	broken atomic.Pointer[problem.Error] // set once, by a panic inside of bbolt

	// mu orders everything that decides by the presence of an artifact file:
	// placing and dropping it, and recording a release that refers to it.
	mu sync.Mutex

	staged struct {
		sync.Mutex
		open map[string]store.Staged // by path; not yet committed or discarded
	}
}

// Open opens the store in dir, which is made if need be, and sweeps what was
// left unfinished. It fails with StoreLocked while another process has the
// store open, with StoreCorrupt for a file that cannot be trusted and with
// StoreFailed for everything that the operating system refuses.
func Open(dir string) (*Store, error) {
	return open(dir, osFiles{}, &bolt.Options{Timeout: lockWait})
}

func open(dir string, fs files, options *bolt.Options) (*Store, error) {
	s := &Store{dir: dir, files: fs}
	s.staged.open = map[string]store.Staged{}
	for _, d := range []string{dir, s.artifacts(), s.staging()} {
		if err := makeFolder(fs, d); err != nil {
			return nil, s.failed("make the folder", err)
		}
	}
	if err := s.openDB(options); err != nil {
		return nil, err
	}
	if err := errors.Join(s.prepare(), s.sweep()); err != nil {
		_ = s.Close()
		return nil, first(err)
	}
	return s, nil
}

// openDB opens the database. If bbolt panics on the way, the lock stays until
// the process ends, as there is no handle to release it by.
func (s *Store) openDB(options *bolt.Options) error {
	if err := checkStructure(s.file()); err != nil {
		return s.explain(err)
	}
	err := s.guard(func() (err error) {
		s.db, err = bolt.Open(s.file(), 0o600, options)
		return err
	})
	if err != nil {
		return err
	}
	if err := s.files.SyncDir(s.dir); err != nil {
		_ = s.db.Close()
		return s.failed("sync the folder", err)
	}
	return nil
}

// Close implements [store.Store].
func (s *Store) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	if err := s.db.Close(); err != nil {
		return s.failed("close", err)
	}
	return nil
}

// usable is what every method asks first.
func (s *Store) usable(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return problem.New(problem.Canceled, "the store was not asked: %w", err)
	}
	if p := s.broken.Load(); p != nil {
		return p
	}
	if s.closed.Load() {
		return closedProblem(s.dir)
	}
	return nil
}

func (s *Store) file() string      { return filepath.Join(s.dir, "store.db") }
func (s *Store) artifacts() string { return filepath.Join(s.dir, "artifacts") }
func (s *Store) staging() string   { return filepath.Join(s.dir, "staging") }

// makeFolder makes path and keeps others out of it.
func makeFolder(fs files, path string) error {
	if _, err := os.Stat(path); err == nil {
		return os.Chmod(path, 0o700) //nolint:gosec // a folder needs its x bit
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return err
	}
	return fs.SyncDir(filepath.Dir(path))
}

var _ store.Store = (*Store)(nil)
