package boltstate_test

import (
	"context"
	"path/filepath"
	"sync"
	"testing"

	"github.com/swapline/swapline/runtime/capability"
	"github.com/swapline/swapline/runtime/capability/boltstate"
	"github.com/swapline/swapline/runtime/problem"
)

// putKey commits one key .
func putKey(t *testing.T, s capability.StateStore, key string) error {
	t.Helper()
	return s.Commit("risk", capability.Batch{Writes: map[string][]byte{key: {1}}, Keys: 1000, Bytes: 1 << 20})
}

func versionOf(t *testing.T, s capability.StateStore, key string) uint64 {
	t.Helper()
	e, err := s.Get(context.Background(), "risk", key)
	if err != nil {
		t.Fatal(err)
	}
	return e.Version
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func refusedAs(t *testing.T, err error, code problem.Code) {
	t.Helper()
	if problem.CodeOf(err) != code {
		t.Fatalf("got %v, want %s", err, code)
	}
}

func TestStateGoesToAnotherProcessAndBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	old, err := boltstate.OpenParkable(path)
	ok(t, err)
	defer old.Close()
	ok(t, putKey(t, old, "a"))
	next := boltstate.ParkedAt(path)
	defer next.Close()
	refusedAs(t, putKey(t, next, "b"), problem.HostRenewing)
	refusedAs(t, next.Unpark(), problem.StoreLocked) // the other one has it
	ok(t, old.Park())
	ok(t, old.Park())
	ok(t, next.Unpark())
	ok(t, next.Unpark())
	ok(t, putKey(t, next, "b"))
	if versionOf(t, next, "a") != 1 || versionOf(t, next, "b") != 2 {
		t.Error("the next process does not find the state")
	}
	refusedAs(t, putKey(t, old, "c"), problem.HostRenewing)
	_, err = old.Get(t.Context(), "risk", "a")
	refusedAs(t, err, problem.HostRenewing)
	ok(t, next.Park())
	ok(t, old.Unpark())
	if versionOf(t, old, "b") != 2 || versionOf(t, old, "c") != 0 {
		t.Error("the state did not come back")
	}
}

func TestStateThatIsTakenBackTooEarlyHeals(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	s, err := boltstate.OpenParkable(path)
	ok(t, err)
	defer s.Close()
	ok(t, s.Park())
	other, err := boltstate.Open(path)
	ok(t, err)
	refusedAs(t, s.Unpark(), problem.StoreLocked)
	refusedAs(t, putKey(t, s, "a"), problem.StoreLocked)
	ok(t, other.Close())
	ok(t, putKey(t, s, "a"))
}

func TestClosedStateStaysClosed(t *testing.T) {
	s, err := boltstate.OpenParkable(filepath.Join(t.TempDir(), "s.db"))
	ok(t, err)
	ok(t, s.Close())
	ok(t, s.Close())
	ok(t, s.Unpark())
	refusedAs(t, putKey(t, s, "a"), problem.ShuttingDown)
}

// TestHammerNothingAcknowledgedIsLostByParking: each commit that was
// acknowledged is there, each that was refused is not.
func TestHammerNothingAcknowledgedIsLostByParking(t *testing.T) {
	s, err := boltstate.OpenParkable(filepath.Join(t.TempDir(), "s.db"))
	ok(t, err)
	defer s.Close()
	const workers, rounds = 4, 50
	acknowledged := [workers]uint64{}
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() {
			space := string(rune('a' + w))
			for range rounds {
				if err := s.Commit(space, capability.Batch{Writes: map[string][]byte{"n": {1}}, Keys: 9, Bytes: 99}); err == nil {
					acknowledged[w]++
				} else if problem.CodeOf(err) != problem.HostRenewing {
					t.Error(err)
				}
			}
		})
	}
	for range 20 {
		ok(t, s.Park())
		ok(t, s.Unpark())
	}
	all.Wait()
	for w, n := range acknowledged {
		e, err := s.Get(t.Context(), string(rune('a'+w)), "n")
		if err != nil || e.Version != n {
			t.Errorf("worker %d: version %d, %v; %d acknowledged", w, e.Version, err, n)
		}
	}
}
