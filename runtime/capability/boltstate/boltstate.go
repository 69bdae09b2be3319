// Package boltstate is a capability.StateStore in one bbolt file. A commit that
// has returned is on the disk.
//
// # Group commit
//
// Syncing a file takes a millisecond and more, whatever was written. So one
// goroutine stores the batches: those that arrive while it waits for the disk
// go into its next transaction together, and share one sync. Each batch is judged
// by itself, in the order of arrival, against what the ones before it have left;
// one that is refused takes nothing from the others.
//
// # Format
//
//	bucket "meta"     "format"   1 (one byte)
//	bucket "spaces"   strategy   bucket: key -> version (8 bytes, big endian), value
//	bucket "usage"    strategy   keys, bytes, version of the newest write (8 bytes each, big endian)
//
// Values are in the binary encoding of package wire. The file has mode 0600 and
// is locked by the process that has it open.
package boltstate

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"github.com/swapline/swapline/runtime/capability"
	"github.com/swapline/swapline/runtime/problem"
)

// Store is safe for concurrent use. Make it with Open.
type Store struct {
	db     *bolt.DB
	broken atomic.Pointer[problem.Error] // set once, by a panic inside of bbolt

	mu     sync.RWMutex // held for reading while something is being sent to queue
	closed bool         // guarded by mu
	queue  chan *commit
	ended  chan struct{}
}

// commit is one batch on its way.
type commit struct {
	space string
	batch capability.Batch
	done  chan error // holds one
	err   error      // of the transaction that is under way
}

// Names of buckets and keys.
func metaBucket() []byte  { return []byte("meta") }
func spaceBucket() []byte { return []byte("spaces") }
func usageBucket() []byte { return []byte("usage") }
func formatKey() []byte   { return []byte("format") }

// format is the version of the layout.
const format = 1

// lockWait is how long Open waits for another process to let go of the file.
const lockWait = time.Second

// most bounds the batches of one transaction, so that the first of many does not
// wait for all.
const most = 256

// Open opens or makes the file. It fails with StoreLocked while another process
// has it open, with StoreCorrupt for a file that it does not understand and with
// StoreFailed for what the operating system refuses.
func Open(path string) (*Store, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, failed(err)
	}
	s := &Store{queue: make(chan *commit, most), ended: make(chan struct{})}
	err := s.guard(func() (err error) {
		if s.db, err = bolt.Open(path, 0o600, &bolt.Options{Timeout: lockWait}); err != nil {
			return err
		}
		return s.db.Update(prepare)
	})
	if err != nil {
		if s.db != nil && s.broken.Load() == nil {
			_ = s.db.Close()
		}
		return nil, err
	}
	go s.run()
	return s, nil
}

func prepare(tx *bolt.Tx) error {
	meta, err := tx.CreateBucketIfNotExists(metaBucket())
	if err != nil {
		return err
	}
	switch v := meta.Get(formatKey()); {
	case v == nil:
		err = meta.Put(formatKey(), []byte{format})
	case len(v) != 1 || v[0] != format:
		return problem.New(problem.StoreCorrupt, "the file of the strategies' state has a format that this program does not know").
			Want("%d", format).Got("%v", v).Cure("use the program that wrote it, or a newer one")
	}
	for _, name := range [][]byte{spaceBucket(), usageBucket()} {
		if _, berr := tx.CreateBucketIfNotExists(name); berr != nil {
			err = errors.Join(err, berr)
		}
	}
	return err
}

// Close waits for the commits under way and closes the file.
func (s *Store) Close() error {
	s.mu.Lock()
	already := s.closed
	s.closed = true
	s.mu.Unlock()
	if already {
		return nil
	}
	close(s.queue)
	<-s.ended
	if s.broken.Load() != nil {
		return nil // its locks may be held for ever
	}
	return s.guard(s.db.Close)
}

// Get implements capability.StateStore.
func (s *Store) Get(ctx context.Context, space, key string) (e capability.Entry, err error) {
	if ctx.Err() != nil {
		return e, problem.New(problem.Canceled, "the state was not read: %w", ctx.Err())
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return e, closed()
	}
	err = s.guard(func() error {
		return s.db.View(func(tx *bolt.Tx) error {
			if b := tx.Bucket(spaceBucket()).Bucket([]byte(space)); b != nil {
				e, err = entryOf(b.Get([]byte(key)))
			}
			return err
		})
	})
	return e, err
}

// entryOf copies what bbolt lends.
func entryOf(b []byte) (capability.Entry, error) {
	if b == nil {
		return capability.Entry{}, nil
	}
	if len(b) < 9 {
		return capability.Entry{}, damaged("an entry is too short")
	}
	return capability.Entry{Version: binary.BigEndian.Uint64(b), Value: append([]byte(nil), b[8:]...)}, nil
}

// guard calls do. A damaged page makes bbolt panic; then the store refuses all
// further calls, as locks may have been left held.
func (s *Store) guard(do func() error) (err error) {
	if p := s.broken.Load(); p != nil {
		return p
	}
	defer func() {
		if r := recover(); r != nil {
			p := damaged("%v", r)
			s.broken.Store(p)
			err = p
		}
	}()
	return explain(do())
}

// explain gives errors their code.
func explain(err error) error {
	var p *problem.Error
	switch {
	case err == nil, errors.As(err, &p):
		return err
	case errors.Is(err, berrors.ErrTimeout):
		return problem.New(problem.StoreLocked, "another process has the strategies' state open").Cure("stop it, or use another data folder")
	case errors.Is(err, berrors.ErrInvalid), errors.Is(err, berrors.ErrChecksum), errors.Is(err, berrors.ErrVersionMismatch):
		return damaged("%v", err)
	}
	return failed(err)
}

func failed(err error) *problem.Error {
	return problem.New(problem.StoreFailed, "the strategies' state cannot be used: %w", err).
		Cure("check the data folder's owner and free space")
}

func damaged(format string, args ...any) *problem.Error {
	return problem.New(problem.StoreCorrupt, "the file of the strategies' state is damaged: "+format, args...).
		Cure("restore it from a backup and restart the host")
}

func closed() error {
	return problem.New(problem.ShuttingDown, "the strategies' state is closed")
}

var _ capability.StateStore = (*Store)(nil)
