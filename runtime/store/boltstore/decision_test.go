package boltstore

import (
	"context"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/swapline/swapline/runtime/store"
)

// long makes a rollout with many decisions, one at a time. The disk is not waited
// for.
func long(t testing.TB, decisions int) (*Store, store.Rollout) {
	t.Helper()
	s, err := open(t.TempDir(), osFiles{}, &bolt.Options{Timeout: time.Second, NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if err := deploy(s, 1); err != nil {
		t.Fatal(err)
	}
	r, err := s.Rollout(t.Context(), "pay", 1)
	if err != nil {
		t.Fatal(err)
	}
	for range decisions {
		if r, err = hold(s, r); err != nil {
			t.Fatal(err)
		}
	}
	return s, r
}

// hold writes the next revision with one more decision.
func hold(s *Store, r store.Rollout) (store.Rollout, error) {
	r.Revision++
	r.State = fmt.Appendf(nil, `{"observed":%q}`, strings.Repeat("n", 1000))
	d := store.Decision{Number: r.Revision + 1, At: r.Started, Verdict: "hold", Guard: "errors", Text: strings.Repeat("because ", 20)}
	return r, s.RecordRollout(context.Background(), store.RolloutChange{Rollout: r, Decisions: []store.Decision{d}})
}

// A rollout that cannot decide for days costs no more room than one that decided
// a thousand times.
func TestALongStoryNeedsNoMoreRoom(t *testing.T) {
	const decisions = 10_000
	s, r := long(t, decisions)
	keptAre(t, s, store.MaxDecisions)
	list, err := s.Decisions(t.Context(), "pay", 1, 0, decisions)
	must(t, err)
	if len(list) != store.MaxDecisions || list[len(list)-1].Number != r.Revision+1 {
		t.Errorf("%d decisions, the last is %d", len(list), list[len(list)-1].Number)
	}
	info, err := os.Stat(s.file())
	must(t, err)
	if info.Size() > 2<<20 {
		t.Errorf("the file has %d bytes", info.Size())
	}
}

// keptAre ends the test unless so many decisions of all rollouts are kept.
func keptAre(t *testing.T, s *Store, want int) {
	t.Helper()
	must(t, s.view(t.Context(), func(tx *bolt.Tx) error {
		p, err := s.at(tx, bucketDecisions, "pay")
		must(t, err)
		if got := p.b.Stats().KeyN; got != want {
			t.Fatalf("%d decisions are kept, want %d", got, want)
		}
		return nil
	}))
}

// Decisions that come at once are not kept in greater number.
func TestManyDecisionsAtOnceNeedNoMoreRoom(t *testing.T) {
	s, r := long(t, 10)
	for _, count := range []int{3 * store.MaxDecisions, 1, store.MaxDecisions} {
		decided, err := s.Decisions(t.Context(), "pay", 1, 0, math.MaxInt)
		must(t, err)
		c := store.RolloutChange{Rollout: r}
		for i := range count {
			c.Decisions = append(c.Decisions, store.Decision{Number: decided[len(decided)-1].Number + 1 + uint64(i)}) //nolint:gosec // an index
		}
		c.Rollout.Revision++
		must(t, s.RecordRollout(t.Context(), c))
		r = c.Rollout
		keptAre(t, s, store.MaxDecisions)
	}
}

// Nothing is left of a rollout that is forgotten.
func TestAForgottenRolloutTakesItsDecisionsAlong(t *testing.T) {
	s, _ := long(t, 0)
	for n := 2; n <= store.MaxRollouts+3; n++ { // the newest has two decisions, the others have three
		must(t, deploy(s, n))
		keptAre(t, s, 3*min(n, store.MaxRollouts)-1)
	}
}

// BenchmarkRecordRollout writes a revision with a decision, without waiting for
// the disk, into stories of several lengths.
func BenchmarkRecordRollout(b *testing.B) {
	for _, decisions := range []int{0, 1000, 10_000} {
		b.Run(fmt.Sprint("after ", decisions), func(b *testing.B) {
			s, r := long(b, decisions)
			b.ResetTimer()
			for b.Loop() {
				var err error
				if r, err = hold(s, r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
