package faultstore_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store"
	"github.com/swapline/swapline/runtime/store/boltstore"
	"github.com/swapline/swapline/runtime/store/faultstore"
)

// calls are all methods in an order in which each succeeds.
func calls(s store.Store) []error {
	ctx := context.Background()
	staged, err1 := s.Stage(ctx, strings.NewReader("bytes"), 100)
	a, err2 := s.Commit(ctx, staged)
	err3 := s.Discard(staged)
	_, err4 := s.Artifact(ctx, a.Digest)
	r := store.Release{Strategy: "pay", Digest: a.Digest, Artifact: a.Digest, Size: a.Size}
	err5 := s.Put(ctx, r)
	err6 := s.Activate(ctx, store.Activation{
		Release: r,
		Route:   store.Route{Strategy: "pay", Generation: 1, Stable: r.Digest},
		Change:  store.Change{Strategy: "pay", To: r.Digest, Generation: 1},
	})
	_, err7 := s.Release(ctx, "pay", r.Digest)
	_, err8 := s.Releases(ctx, "pay")
	_, err9 := s.Route(ctx, "pay")
	_, err10 := s.Routes(ctx)
	_, err11 := s.Changes(ctx, "pay", store.Newest, 1)
	err12 := s.SetPolicy(ctx, []byte("policy"))
	_, err13 := s.Policy(ctx)
	err14 := s.Drop(ctx, a.Digest)
	_, err15 := s.Strategies(ctx)
	return append([]error{err1, err2, err3, err4, err5, err6, err7, err8, err9, err10, err11, err12, err13, err14, err15}, rolloutCalls(ctx, s, r)...)
}

// rolloutCalls begin a rollout of r and do all else that is about rollouts.
func rolloutCalls(ctx context.Context, s store.Store, r store.Release) []error {
	c := store.RolloutChange{Rollout: store.Rollout{Strategy: "pay", ID: 2, Kind: store.KindSwitch, Candidate: r.Digest, Revision: 1}}
	err1 := s.Activate(ctx, store.Activation{
		Release: r,
		Route:   store.Route{Strategy: "pay", Generation: 2, Stable: r.Digest, Rollout: 2},
		Change:  store.Change{Strategy: "pay", To: r.Digest, Generation: 2},
		Rollout: &c,
	})
	c.Rollout.Revision, c.Decisions = 2, []store.Decision{{Number: 1, Text: "hold"}}
	err2 := s.RecordRollout(ctx, c)
	_, err3 := s.Rollout(ctx, "pay", 2)
	_, err4 := s.Rollouts(ctx, "pay", 1)
	_, err5 := s.Decisions(ctx, "pay", 2, 0, 1)
	_, err6 := s.Final(ctx, "pay", r.Digest)
	err7 := s.SetRolloutPolicy(ctx, store.RolloutPolicy{Strategy: "pay", Revision: 1})
	_, err8 := s.RolloutPolicy(ctx, "pay")
	_, err9 := s.RolloutPolicies(ctx)
	err10 := s.RecordComparison(ctx, store.Comparison{Number: 1, ID: "a", Record: []byte("{}")}, nil)
	_, err11 := s.Comparisons(ctx)
	_, err12 := s.ComparisonReport(ctx, 1)
	return []error{err1, err2, err3, err4, err5, err6, err7, err8, err9, err10, err11, err12}
}

func TestEveryCallFailsOnceAndOnlyThere(t *testing.T) {
	makers := map[string]func(store.Store, int) *faultstore.Store{"before": faultstore.New, "after": faultstore.NewAfter}
	for name, make := range makers {
		t.Run(name, func(t *testing.T) {
			total := len(calls(faultstore.New(open(t, t.TempDir()), 0)))
			for n := range total + 1 {
				s := make(open(t, t.TempDir()), n)
				errs := calls(s)
				if s.Calls() != total {
					t.Errorf("counted %d of %d calls", s.Calls(), total)
				}
				checkOnly(t, errs, n)
			}
		})
	}
}

// checkOnly wants the injected failure in call n and in no other. (Later calls
// may fail by themselves, as they build on it.)
func checkOnly(t *testing.T, errs []error, n int) {
	t.Helper()
	for i, err := range errs {
		injected := errors.Is(err, faultstore.ErrInjected)
		if injected != (i+1 == n) {
			t.Errorf("fail at %d: call %d returned %v", n, i+1, err)
		}
		if injected && problem.CodeOf(err) != problem.StoreFailed {
			t.Errorf("fail at %d: %v", n, err)
		}
		if n == 0 && err != nil {
			t.Errorf("fail never: call %d returned %v", i+1, err)
		}
	}
}

func TestBeforeMeansNothingHappened(t *testing.T) {
	inner := open(t, t.TempDir())
	err := faultstore.New(inner, 1).SetPolicy(t.Context(), []byte("policy"))
	if !errors.Is(err, faultstore.ErrInjected) {
		t.Fatal(err)
	}
	if p, err := inner.Policy(t.Context()); p != nil || err != nil {
		t.Fatalf("policy %q, %v", p, err)
	}
}

func TestAfterMeansItHappened(t *testing.T) {
	inner := open(t, t.TempDir())
	err := faultstore.NewAfter(inner, 1).SetPolicy(t.Context(), []byte("policy"))
	if !errors.Is(err, faultstore.ErrInjected) {
		t.Fatal(err)
	}
	if p, err := inner.Policy(t.Context()); string(p) != "policy" || err != nil {
		t.Fatalf("policy %q, %v", p, err)
	}
}

// A refusal of the store itself is not covered up.
func TestAfterKeepsTheStoresOwnError(t *testing.T) {
	s := faultstore.NewAfter(open(t, t.TempDir()), 1)
	if _, err := s.Route(t.Context(), "pay"); problem.CodeOf(err) != problem.UnknownStrategy {
		t.Fatal(err)
	}
}

func TestNoStagedFileIsLeft(t *testing.T) {
	makers := []func(store.Store, int) *faultstore.Store{faultstore.New, faultstore.NewAfter}
	for i, make := range makers {
		for n := 1; n <= 2; n++ { // Stage, Commit
			dir := t.TempDir()
			calls(make(open(t, dir), n))
			left, err := os.ReadDir(filepath.Join(dir, "staging"))
			if err != nil || len(left) != 0 {
				t.Error(fmt.Sprint("maker ", i, ", fail at ", n, ":"), left, err)
			}
		}
	}
}

func open(t *testing.T, dir string) store.Store {
	t.Helper()
	s, err := boltstore.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}
