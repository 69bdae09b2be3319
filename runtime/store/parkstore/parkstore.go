// Package parkstore is a [store.Store] that can be given away for a while and
// taken back: a process that hands its folder over to its successor parks its
// store, and takes it back if the successor never becomes ready.
//
//	s, err := parkstore.Open(func() (store.Store, error) { return boltstore.Open(dir) })
//	err = s.Park(ctx)  // the folder is free, reads go on from memory
//	err = s.Unpark()   // as before
//
// While it is parked
//
//   - reads answer from memory what the store held at that moment. Nobody may
//     change the folder's content before the process knows that it is not needed
//     any more: whoever opens the folder meanwhile may only read.
//   - changes (Stage, Commit, Drop, Put, Activate, RecordRollout, RecordComparison,
//     SetRolloutPolicy, SetPolicy) are refused with HostRenewing and change nothing.
//
// If Unpark fails, reads stay in memory and every change first tries to open the
// store again, so that a folder that was locked a moment too long heals itself.
//
// Park waits for the calls under way. The copy in memory holds every release
// with its envelope and every rollout that is kept, some kilobytes each, and the
// reports of comparisons, which store.MaxComparisonBytes bounds; artifacts stay in
// their files.
package parkstore

import (
	"context"
	"io"
	"sync"

	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store"
)

// Store is safe for concurrent use. Make it with Open.
type Store struct {
	open func() (store.Store, error)

	mu     sync.RWMutex // held for reading by every call, for writing by changes of what follows
	inner  store.Store  // nil while it is parked
	copy   *snapshot    // while it is parked
	lent   bool         // parked on purpose: changes do not try to open it
	closed bool
}

// Open opens the store that open returns.
func Open(open func() (store.Store, error)) (*Store, error) {
	inner, err := open()
	if err != nil {
		return nil, err
	}
	return &Store{open: open, inner: inner}, nil
}

// Park copies what can be read into memory and closes the store. After an error
// the store goes on as before. Parking twice is harmless.
func (s *Store) Park(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return isClosed()
	}
	if s.inner == nil {
		s.lent = true
		return nil
	}
	c, err := take(ctx, s.inner)
	if err != nil {
		return err
	}
	if err := s.inner.Close(); err != nil {
		return err
	}
	s.inner, s.copy, s.lent = nil, c, true
	return nil
}

// Unpark opens the store again. Unparking what is not parked is harmless.
func (s *Store) Unpark() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lent = false
	return s.reopenLocked()
}

func (s *Store) reopenLocked() error {
	if s.inner != nil || s.closed {
		return nil
	}
	inner, err := s.open()
	if err != nil {
		return err
	}
	s.inner, s.copy = inner, nil
	return nil
}

// Close implements [store.Store].
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed, s.copy = true, nil
	if s.inner == nil {
		return nil
	}
	return s.inner.Close()
}

// change calls do with the open store.
func (s *Store) change(do func(store.Store) error) error {
	if err := s.heal(); err != nil {
		return err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	switch {
	case s.inner != nil:
		return do(s.inner)
	case s.closed:
		return isClosed()
	}
	return renewing()
}

// heal opens a store that could not be opened when it was taken back.
func (s *Store) heal() error {
	s.mu.RLock()
	lost := s.inner == nil && !s.lent && !s.closed
	s.mu.RUnlock()
	if !lost {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lent {
		return nil
	}
	return s.reopenLocked()
}

// read calls do with the open store or with the copy.
func read[T any](ctx context.Context, s *Store, do func(reader) (T, error)) (T, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var none T
	switch {
	case s.inner != nil:
		return do(s.inner)
	case s.closed:
		return none, isClosed()
	case ctx.Err() != nil:
		return none, problem.New(problem.Canceled, "the store was not asked: %w", ctx.Err())
	}
	return do(s.copy)
}

func isClosed() error {
	return problem.New(problem.StoreFailed, "the store is closed").Cure("the process is shutting down; ask the next one")
}

func renewing() error {
	return problem.New(problem.HostRenewing, "the host is being renewed and takes no changes for a moment").Cure("send the change again in a second")
}

// Stage implements [store.Store].
func (s *Store) Stage(ctx context.Context, r io.Reader, limit int64) (staged store.Staged, err error) {
	err = s.change(func(in store.Store) error {
		staged, err = in.Stage(ctx, r, limit)
		return err
	})
	return staged, err
}

// Discard implements [store.Store]. What was staged before the store was parked
// is swept by whoever opens it next.
func (s *Store) Discard(staged store.Staged) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	switch {
	case s.inner != nil:
		return s.inner.Discard(staged)
	case s.closed:
		return isClosed()
	}
	return nil
}

// Commit implements [store.Store].
func (s *Store) Commit(ctx context.Context, staged store.Staged) (a store.Artifact, err error) {
	err = s.change(func(in store.Store) error {
		a, err = in.Commit(ctx, staged)
		return err
	})
	return a, err
}

// Drop implements [store.Store].
func (s *Store) Drop(ctx context.Context, digest manifest.Digest) error {
	return s.change(func(in store.Store) error { return in.Drop(ctx, digest) })
}

// Put implements [store.Store].
func (s *Store) Put(ctx context.Context, r store.Release) error {
	return s.change(func(in store.Store) error { return in.Put(ctx, r) })
}

// Activate implements [store.Store].
func (s *Store) Activate(ctx context.Context, a store.Activation) error {
	return s.change(func(in store.Store) error { return in.Activate(ctx, a) })
}

// RecordRollout implements [store.Store].
func (s *Store) RecordRollout(ctx context.Context, c store.RolloutChange) error {
	return s.change(func(in store.Store) error { return in.RecordRollout(ctx, c) })
}

// RecordComparison implements [store.Store].
func (s *Store) RecordComparison(ctx context.Context, c store.Comparison, report []byte) error {
	return s.change(func(in store.Store) error { return in.RecordComparison(ctx, c, report) })
}

// SetRolloutPolicy implements [store.Store].
func (s *Store) SetRolloutPolicy(ctx context.Context, p store.RolloutPolicy) error {
	return s.change(func(in store.Store) error { return in.SetRolloutPolicy(ctx, p) })
}

// SetPolicy implements [store.Store].
func (s *Store) SetPolicy(ctx context.Context, envelope []byte) error {
	return s.change(func(in store.Store) error { return in.SetPolicy(ctx, envelope) })
}

// Artifact implements [store.Store].
func (s *Store) Artifact(ctx context.Context, digest manifest.Digest) (store.Artifact, error) {
	return read(ctx, s, func(r reader) (store.Artifact, error) { return r.Artifact(ctx, digest) })
}

// Release implements [store.Store].
func (s *Store) Release(ctx context.Context, strategy string, digest manifest.Digest) (store.Release, error) {
	return read(ctx, s, func(r reader) (store.Release, error) { return r.Release(ctx, strategy, digest) })
}

// Releases implements [store.Store].
func (s *Store) Releases(ctx context.Context, strategy string) ([]store.Release, error) {
	return read(ctx, s, func(r reader) ([]store.Release, error) { return r.Releases(ctx, strategy) })
}

// Strategies implements [store.Store].
func (s *Store) Strategies(ctx context.Context) ([]string, error) {
	return read(ctx, s, func(r reader) ([]string, error) { return r.Strategies(ctx) })
}

// Route implements [store.Store].
func (s *Store) Route(ctx context.Context, strategy string) (store.Route, error) {
	return read(ctx, s, func(r reader) (store.Route, error) { return r.Route(ctx, strategy) })
}

// Routes implements [store.Store].
func (s *Store) Routes(ctx context.Context) ([]store.Route, error) {
	return read(ctx, s, func(r reader) ([]store.Route, error) { return r.Routes(ctx) })
}

// Changes implements [store.Store].
func (s *Store) Changes(ctx context.Context, strategy string, through uint64, limit int) ([]store.Change, error) {
	return read(ctx, s, func(r reader) ([]store.Change, error) { return r.Changes(ctx, strategy, through, limit) })
}

// Rollout implements [store.Store].
func (s *Store) Rollout(ctx context.Context, strategy string, id uint64) (store.Rollout, error) {
	return read(ctx, s, func(r reader) (store.Rollout, error) { return r.Rollout(ctx, strategy, id) })
}

// Rollouts implements [store.Store].
func (s *Store) Rollouts(ctx context.Context, strategy string, limit int) ([]store.Rollout, error) {
	return read(ctx, s, func(r reader) ([]store.Rollout, error) { return r.Rollouts(ctx, strategy, limit) })
}

// Decisions implements [store.Store].
func (s *Store) Decisions(ctx context.Context, strategy string, id, after uint64, limit int) ([]store.Decision, error) {
	return read(ctx, s, func(r reader) ([]store.Decision, error) { return r.Decisions(ctx, strategy, id, after, limit) })
}

// Final implements [store.Store].
func (s *Store) Final(ctx context.Context, strategy string, digest manifest.Digest) (uint64, error) {
	return read(ctx, s, func(r reader) (uint64, error) { return r.Final(ctx, strategy, digest) })
}

// RolloutPolicy implements [store.Store].
func (s *Store) RolloutPolicy(ctx context.Context, strategy string) (store.RolloutPolicy, error) {
	return read(ctx, s, func(r reader) (store.RolloutPolicy, error) { return r.RolloutPolicy(ctx, strategy) })
}

// RolloutPolicies implements [store.Store].
func (s *Store) RolloutPolicies(ctx context.Context) ([]store.RolloutPolicy, error) {
	return read(ctx, s, func(r reader) ([]store.RolloutPolicy, error) { return r.RolloutPolicies(ctx) })
}

// Comparisons implements [store.Store].
func (s *Store) Comparisons(ctx context.Context) ([]store.Comparison, error) {
	return read(ctx, s, func(r reader) ([]store.Comparison, error) { return r.Comparisons(ctx) })
}

// ComparisonReport implements [store.Store].
func (s *Store) ComparisonReport(ctx context.Context, number uint64) ([]byte, error) {
	return read(ctx, s, func(r reader) ([]byte, error) { return r.ComparisonReport(ctx, number) })
}

// Policy implements [store.Store].
func (s *Store) Policy(ctx context.Context) ([]byte, error) {
	return read(ctx, s, func(r reader) ([]byte, error) { return r.Policy(ctx) })
}

var _ store.Store = (*Store)(nil)
