// Package faultstore fails the n-th call of any [store.Store], so that a test
// can walk through every way in which a store can let its caller down:
//
//	for n := 1; ; n++ {
//		fs := faultstore.New(inner, n)
//		err := deploy(fs)
//		if fs.Calls() < n {
//			break // no call was left to fail
//		}
//		// err is not nil, and the old release still serves.
//	}
//
// A failure has the code StoreFailed and wraps [ErrInjected]. [New] fails the
// call before the store sees it: nothing has happened. [NewAfter] lets the store
// do the work and then reports a failure: the ambiguous commit, in which a disk
// broke after the last write.
//
// Every method counts as one call, except for Close, which always goes through.
package faultstore

import (
	"context"
	"errors"
	"io"
	"sync/atomic"

	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store"
)

// ErrInjected is the cause of every failure made here.
var ErrInjected = errors.New("injected failure")

// Store passes calls on to another store and fails one of them. It is as safe
// for concurrent use as that store.
type Store struct {
	inner  store.Store
	failAt int64
	after  bool
	calls  atomic.Int64
}

// New fails call number failAt, counted from 1, before it reaches s. 0 fails
// none.
func New(s store.Store, failAt int) *Store {
	return &Store{inner: s, failAt: int64(failAt)}
}

// NewAfter fails call number failAt after s has done it. What the call would
// have returned is lost; a file that it staged is discarded, as the caller
// cannot end it.
func NewAfter(s store.Store, failAt int) *Store {
	return &Store{inner: s, failAt: int64(failAt), after: true}
}

// Calls is the number of calls so far, the failed one included.
func (s *Store) Calls() int { return int(s.calls.Load()) }

// run counts a call and does it, or fails.
func (s *Store) run(method string, do func() error) error {
	if s.calls.Add(1) != s.failAt {
		return do()
	}
	if s.after {
		if err := do(); err != nil {
			return err
		}
	}
	return problem.New(problem.StoreFailed, "%s, call %d of the store: %w", method, s.failAt, ErrInjected)
}

// ask is run for methods that return a value.
func ask[T any](s *Store, method string, do func() (T, error)) (T, error) {
	var v, none T
	err := s.run(method, func() (err error) {
		v, err = do()
		return err
	})
	if err != nil {
		return none, err
	}
	return v, nil
}

// Stage implements [store.Store].
func (s *Store) Stage(ctx context.Context, r io.Reader, limit int64) (store.Staged, error) {
	var staged store.Staged
	err := s.run("Stage", func() (err error) {
		staged, err = s.inner.Stage(ctx, r, limit)
		return err
	})
	if err != nil {
		_ = s.inner.Discard(staged)
		return store.Staged{}, err
	}
	return staged, nil
}

// Discard implements [store.Store].
func (s *Store) Discard(staged store.Staged) error {
	return s.run("Discard", func() error { return s.inner.Discard(staged) })
}

// Commit implements [store.Store]. A Commit that fails before it reaches the
// store still ends the staged file, as the contract says.
func (s *Store) Commit(ctx context.Context, staged store.Staged) (store.Artifact, error) {
	a, err := ask(s, "Commit", func() (store.Artifact, error) { return s.inner.Commit(ctx, staged) })
	if err != nil {
		_ = s.inner.Discard(staged)
	}
	return a, err
}

// Artifact implements [store.Store].
func (s *Store) Artifact(ctx context.Context, digest manifest.Digest) (store.Artifact, error) {
	return ask(s, "Artifact", func() (store.Artifact, error) { return s.inner.Artifact(ctx, digest) })
}

// Drop implements [store.Store].
func (s *Store) Drop(ctx context.Context, digest manifest.Digest) error {
	return s.run("Drop", func() error { return s.inner.Drop(ctx, digest) })
}

// Put implements [store.Store].
func (s *Store) Put(ctx context.Context, r store.Release) error {
	return s.run("Put", func() error { return s.inner.Put(ctx, r) })
}

// Release implements [store.Store].
func (s *Store) Release(ctx context.Context, strategy string, digest manifest.Digest) (store.Release, error) {
	return ask(s, "Release", func() (store.Release, error) { return s.inner.Release(ctx, strategy, digest) })
}

// Releases implements [store.Store].
func (s *Store) Releases(ctx context.Context, strategy string) ([]store.Release, error) {
	return ask(s, "Releases", func() ([]store.Release, error) { return s.inner.Releases(ctx, strategy) })
}

// Strategies implements [store.Store].
func (s *Store) Strategies(ctx context.Context) ([]string, error) {
	return ask(s, "Strategies", func() ([]string, error) { return s.inner.Strategies(ctx) })
}

// Activate implements [store.Store].
func (s *Store) Activate(ctx context.Context, a store.Activation) error {
	return s.run("Activate", func() error { return s.inner.Activate(ctx, a) })
}

// Route implements [store.Store].
func (s *Store) Route(ctx context.Context, strategy string) (store.Route, error) {
	return ask(s, "Route", func() (store.Route, error) { return s.inner.Route(ctx, strategy) })
}

// Routes implements [store.Store].
func (s *Store) Routes(ctx context.Context) ([]store.Route, error) {
	return ask(s, "Routes", func() ([]store.Route, error) { return s.inner.Routes(ctx) })
}

// Changes implements [store.Store].
func (s *Store) Changes(ctx context.Context, strategy string, through uint64, limit int) ([]store.Change, error) {
	return ask(s, "Changes", func() ([]store.Change, error) { return s.inner.Changes(ctx, strategy, through, limit) })
}

// RecordRollout implements [store.Store].
func (s *Store) RecordRollout(ctx context.Context, c store.RolloutChange) error {
	return s.run("RecordRollout", func() error { return s.inner.RecordRollout(ctx, c) })
}

// Rollout implements [store.Store].
func (s *Store) Rollout(ctx context.Context, strategy string, id uint64) (store.Rollout, error) {
	return ask(s, "Rollout", func() (store.Rollout, error) { return s.inner.Rollout(ctx, strategy, id) })
}

// Rollouts implements [store.Store].
func (s *Store) Rollouts(ctx context.Context, strategy string, limit int) ([]store.Rollout, error) {
	return ask(s, "Rollouts", func() ([]store.Rollout, error) { return s.inner.Rollouts(ctx, strategy, limit) })
}

// Decisions implements [store.Store].
func (s *Store) Decisions(ctx context.Context, strategy string, id, after uint64, limit int) ([]store.Decision, error) {
	return ask(s, "Decisions", func() ([]store.Decision, error) { return s.inner.Decisions(ctx, strategy, id, after, limit) })
}

// Final implements [store.Store].
func (s *Store) Final(ctx context.Context, strategy string, digest manifest.Digest) (uint64, error) {
	return ask(s, "Final", func() (uint64, error) { return s.inner.Final(ctx, strategy, digest) })
}

// RolloutPolicy implements [store.Store].
func (s *Store) RolloutPolicy(ctx context.Context, strategy string) (store.RolloutPolicy, error) {
	return ask(s, "RolloutPolicy", func() (store.RolloutPolicy, error) { return s.inner.RolloutPolicy(ctx, strategy) })
}

// RolloutPolicies implements [store.Store].
func (s *Store) RolloutPolicies(ctx context.Context) ([]store.RolloutPolicy, error) {
	return ask(s, "RolloutPolicies", func() ([]store.RolloutPolicy, error) { return s.inner.RolloutPolicies(ctx) })
}

// SetRolloutPolicy implements [store.Store].
func (s *Store) SetRolloutPolicy(ctx context.Context, p store.RolloutPolicy) error {
	return s.run("SetRolloutPolicy", func() error { return s.inner.SetRolloutPolicy(ctx, p) })
}

// RecordComparison implements [store.Store].
func (s *Store) RecordComparison(ctx context.Context, c store.Comparison, report []byte) error {
	return s.run("RecordComparison", func() error { return s.inner.RecordComparison(ctx, c, report) })
}

// Comparisons implements [store.Store]. What could be read comes beside an error of
// the store, and not beside one made here.
func (s *Store) Comparisons(ctx context.Context) (list []store.Comparison, err error) {
	err = s.run("Comparisons", func() (err error) {
		list, err = s.inner.Comparisons(ctx)
		return err
	})
	if errors.Is(err, ErrInjected) {
		return nil, err
	}
	return list, err
}

// ComparisonReport implements [store.Store].
func (s *Store) ComparisonReport(ctx context.Context, number uint64) ([]byte, error) {
	return ask(s, "ComparisonReport", func() ([]byte, error) { return s.inner.ComparisonReport(ctx, number) })
}

// Policy implements [store.Store].
func (s *Store) Policy(ctx context.Context) ([]byte, error) {
	return ask(s, "Policy", func() ([]byte, error) { return s.inner.Policy(ctx) })
}

// SetPolicy implements [store.Store].
func (s *Store) SetPolicy(ctx context.Context, envelope []byte) error {
	return s.run("SetPolicy", func() error { return s.inner.SetPolicy(ctx, envelope) })
}

// Close implements [store.Store]; it is not counted.
func (s *Store) Close() error { return s.inner.Close() }

var _ store.Store = (*Store)(nil)
