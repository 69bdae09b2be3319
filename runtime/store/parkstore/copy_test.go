package parkstore

import (
	"context"
	"sync"
	"testing"

	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/store"
	"github.com/swapline/swapline/runtime/store/boltstore"
	"github.com/swapline/swapline/runtime/store/storetest"
)

// copied is a store that answers from a copy, made anew after every change: what
// a parked store would say at that moment. Artifacts without a release are not in
// a copy, so they are asked for in the store itself.
type copied struct {
	store.Store
	mu     sync.Mutex // held by changes and while a copy is made
	newest *snapshot  // nil after a change
}

// TestConformanceOfTheCopy runs the whole suite on what a parked store says.
func TestConformanceOfTheCopy(t *testing.T) {
	storetest.Run(t, func(t *testing.T) func() store.Store {
		dir := t.TempDir()
		return func() store.Store {
			s, err := boltstore.OpenUnsynced(dir)
			if err != nil {
				t.Fatal(err)
			}
			return &copied{Store: s}
		}
	})
}

// fromCopy answers one question from a copy.
func fromCopy[T any](ctx context.Context, s *copied, ask func(*snapshot) (T, error)) (T, error) {
	c, err := s.copy(ctx)
	if err != nil {
		var none T
		return none, err
	}
	return ask(c)
}

func (s *copied) copy(ctx context.Context) (c *snapshot, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.newest == nil || ctx.Err() != nil {
		s.newest, err = take(ctx, s.Store)
	}
	return s.newest, err
}

func (s *copied) change(do func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.newest = nil
	return do()
}

func (s *copied) Close() error { return s.change(s.Store.Close) }

func (s *copied) Put(ctx context.Context, r store.Release) error {
	return s.change(func() error { return s.Store.Put(ctx, r) })
}

func (s *copied) Activate(ctx context.Context, a store.Activation) error {
	return s.change(func() error { return s.Store.Activate(ctx, a) })
}

func (s *copied) RecordRollout(ctx context.Context, c store.RolloutChange) error {
	return s.change(func() error { return s.Store.RecordRollout(ctx, c) })
}

func (s *copied) RecordComparison(ctx context.Context, c store.Comparison, report []byte) error {
	return s.change(func() error { return s.Store.RecordComparison(ctx, c, report) })
}

func (s *copied) Comparisons(ctx context.Context) ([]store.Comparison, error) {
	return fromCopy(ctx, s, func(c *snapshot) ([]store.Comparison, error) { return c.Comparisons(ctx) })
}

func (s *copied) ComparisonReport(ctx context.Context, number uint64) ([]byte, error) {
	return fromCopy(ctx, s, func(c *snapshot) ([]byte, error) { return c.ComparisonReport(ctx, number) })
}

func (s *copied) SetRolloutPolicy(ctx context.Context, p store.RolloutPolicy) error {
	return s.change(func() error { return s.Store.SetRolloutPolicy(ctx, p) })
}

func (s *copied) SetPolicy(ctx context.Context, envelope []byte) error {
	return s.change(func() error { return s.Store.SetPolicy(ctx, envelope) })
}

func (s *copied) Release(ctx context.Context, strategy string, digest manifest.Digest) (store.Release, error) {
	return fromCopy(ctx, s, func(c *snapshot) (store.Release, error) { return c.Release(ctx, strategy, digest) })
}

func (s *copied) Releases(ctx context.Context, strategy string) ([]store.Release, error) {
	return fromCopy(ctx, s, func(c *snapshot) ([]store.Release, error) { return c.Releases(ctx, strategy) })
}

func (s *copied) Strategies(ctx context.Context) ([]string, error) {
	return fromCopy(ctx, s, func(c *snapshot) ([]string, error) { return c.Strategies(ctx) })
}

func (s *copied) Route(ctx context.Context, strategy string) (store.Route, error) {
	return fromCopy(ctx, s, func(c *snapshot) (store.Route, error) { return c.Route(ctx, strategy) })
}

func (s *copied) Routes(ctx context.Context) ([]store.Route, error) {
	return fromCopy(ctx, s, func(c *snapshot) ([]store.Route, error) { return c.Routes(ctx) })
}

func (s *copied) Changes(ctx context.Context, strategy string, through uint64, limit int) ([]store.Change, error) {
	return fromCopy(ctx, s, func(c *snapshot) ([]store.Change, error) { return c.Changes(ctx, strategy, through, limit) })
}

func (s *copied) Rollout(ctx context.Context, strategy string, id uint64) (store.Rollout, error) {
	return fromCopy(ctx, s, func(c *snapshot) (store.Rollout, error) { return c.Rollout(ctx, strategy, id) })
}

func (s *copied) Rollouts(ctx context.Context, strategy string, limit int) ([]store.Rollout, error) {
	return fromCopy(ctx, s, func(c *snapshot) ([]store.Rollout, error) { return c.Rollouts(ctx, strategy, limit) })
}

func (s *copied) Decisions(ctx context.Context, strategy string, id, after uint64, limit int) ([]store.Decision, error) {
	return fromCopy(ctx, s, func(c *snapshot) ([]store.Decision, error) { return c.Decisions(ctx, strategy, id, after, limit) })
}

func (s *copied) Final(ctx context.Context, strategy string, digest manifest.Digest) (uint64, error) {
	return fromCopy(ctx, s, func(c *snapshot) (uint64, error) { return c.Final(ctx, strategy, digest) })
}

func (s *copied) RolloutPolicy(ctx context.Context, strategy string) (store.RolloutPolicy, error) {
	return fromCopy(ctx, s, func(c *snapshot) (store.RolloutPolicy, error) { return c.RolloutPolicy(ctx, strategy) })
}

func (s *copied) RolloutPolicies(ctx context.Context) ([]store.RolloutPolicy, error) {
	return fromCopy(ctx, s, func(c *snapshot) ([]store.RolloutPolicy, error) { return c.RolloutPolicies(ctx) })
}

func (s *copied) Policy(ctx context.Context) ([]byte, error) {
	return fromCopy(ctx, s, func(c *snapshot) ([]byte, error) { return c.Policy(ctx) })
}
