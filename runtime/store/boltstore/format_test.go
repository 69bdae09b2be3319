package boltstore

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store"
)

// older makes the folder that a program wrote which knew no rollouts: a trust
// policy, two releases and their activations (testdata/format1.db.gz).
func older(t *testing.T) (dir string, file []byte) {
	t.Helper()
	dir = t.TempDir()
	packed, err := os.Open("testdata/format1.db.gz")
	must(t, err)
	defer packed.Close()
	r, err := gzip.NewReader(packed)
	must(t, err)
	file, err = io.ReadAll(r)
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "store.db"), file, 0o600))
	must(t, os.Mkdir(filepath.Join(dir, "artifacts"), 0o700))
	for n := 1; n <= 2; n++ {
		a := activationOf(n).Release
		must(t, os.WriteFile(filepath.Join(dir, "artifacts", a.Artifact.Hex()), fmt.Appendf(nil, "accepted %d", n), 0o400))
	}
	return dir, file
}

// A program that is being replaced takes its folder back if its successor fails,
// so the successor must not have changed the format before it changes something.
func TestAnOlderFileIsReadAndLeftAsItIs(t *testing.T) {
	dir, file := older(t)
	s := mustOpen(t, dir, osFiles{})
	checkOlder(t, s)
	if got := lookAtRollouts(t, s); got != "[] []" {
		t.Errorf("rollouts: %s", got)
	}
	if _, err := s.Decisions(t.Context(), "pay", 1, 0, 9); problem.CodeOf(err) != problem.UnknownRollout {
		t.Errorf("decisions: %v", err)
	}
	if p, err := s.RolloutPolicy(t.Context(), "pay"); err != nil || p.Revision != 0 {
		t.Errorf("rollout policy: %+v %v", p, err)
	}
	if list, err := s.Comparisons(t.Context()); err != nil || list != nil {
		t.Errorf("comparisons: %+v %v", list, err)
	}
	if _, err := s.ComparisonReport(t.Context(), 1); problem.CodeOf(err) != problem.UnknownComparison {
		t.Errorf("report: %v", err)
	}
	if id, err := s.Final(t.Context(), "pay", payload(1)); err != nil || id != 0 {
		t.Errorf("final: %d %v", id, err)
	}
	must(t, s.Close())
	after, err := os.ReadFile(s.file())
	must(t, err)
	if !bytes.Equal(after, file) {
		t.Error("opening and reading changed the file")
	}
}

func checkOlder(t *testing.T, s *Store) {
	t.Helper()
	releases, err := s.Releases(t.Context(), "pay")
	must(t, err)
	route, err := s.Route(t.Context(), "pay")
	must(t, err)
	changes, err := s.Changes(t.Context(), "pay", store.Newest, 9)
	must(t, err)
	policy, err := s.Policy(t.Context())
	must(t, err)
	if len(releases) != 2 || len(changes) != 2 || route.Generation != 2 || route.Stable != payload(2) || string(policy) != "the trust policy" {
		t.Fatalf("%+v %+v %+v %s", releases, changes, route, policy)
	}
}

// Every kind of change takes the file up first, in its own transaction, and one
// that is refused leaves it as it is.
func TestTheFirstChangeOfAnOlderFileTakesItUp(t *testing.T) {
	rollout := plainActivation(store.Artifact{Digest: activationOf(2).Release.Artifact, Size: 10}, 2)
	rollout.Route.Generation, rollout.Change.Generation, rollout.Route.Rollout = 3, 3, 3
	rollout.Rollout = &store.RolloutChange{Rollout: store.Rollout{Strategy: "pay", ID: 3, Kind: store.KindSwitch, Candidate: payload(2), Revision: 1}}
	for name, change := range map[string]func(*Store) error{
		"policy":     func(s *Store) error { return s.SetPolicy(t.Context(), []byte("the trust policy")) },
		"put":        func(s *Store) error { return s.Put(t.Context(), rollout.Release) },
		"activate":   func(s *Store) error { return s.Activate(t.Context(), rollout) },
		"comparison": func(s *Store) error { return s.RecordComparison(t.Context(), comparison(1), nil) },
		"rollout policy": func(s *Store) error {
			return s.SetRolloutPolicy(t.Context(), store.RolloutPolicy{Strategy: "pay", Revision: 1})
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir, _ := older(t)
			s := mustOpen(t, dir, osFiles{})
			err := s.RecordRollout(t.Context(), store.RolloutChange{Rollout: rollout.Rollout.Rollout})
			refused(t, err, problem.UnknownRollout, "no rollout 3")
			formatIs(t, s, 1)
			must(t, change(s))
			formatIs(t, s, newest)
			must(t, s.Close())
			s = mustOpen(t, dir, osFiles{})
			if name != "activate" {
				checkOlder(t, s)
			}
			_, err = s.Rollouts(t.Context(), "pay", 9)
			must(t, err)
		})
	}
}

func formatIs(t *testing.T, s *Store, want int) {
	t.Helper()
	must(t, s.db.View(func(tx *bolt.Tx) error {
		got, err := s.version(tx)
		must(t, err)
		if got != want {
			t.Fatalf("format %d, want %d", got, want)
		}
		return nil
	}))
}

// A step that the disk refuses has not been taken.
func TestAnOlderFileThatCannotGrowStaysOlder(t *testing.T) {
	dir, file := older(t)
	s, err := open(dir, osFiles{}, &bolt.Options{Timeout: time.Second, MaxSize: len(file)})
	must(t, err)
	big := bytes.Repeat([]byte("p"), 1<<20)
	if err := s.SetPolicy(t.Context(), big); problem.CodeOf(err) != problem.StoreFailed {
		t.Fatalf("got %v", err)
	}
	formatIs(t, s, 1)
	checkOlder(t, s)
	must(t, s.Close())
	s = mustOpen(t, dir, osFiles{})
	must(t, s.SetPolicy(t.Context(), big))
	formatIs(t, s, newest)
}

// A file that says that it has a format without its buckets is damaged.
func TestABucketThatIsMissingIsDamage(t *testing.T) {
	for _, bucket := range []string{bucketRollouts, bucketDecisions, bucketFinals, bucketPolicies, bucketRoutes, bucketComparisons, bucketReports} {
		s := mustOpen(t, t.TempDir(), osFiles{})
		must(t, deploy(s, 1))
		must(t, s.db.Update(func(tx *bolt.Tx) error { return tx.DeleteBucket([]byte(bucket)) }))
		got := readers(t, s)[bucket]
		if problem.CodeOf(got) != problem.StoreCorrupt {
			t.Errorf("%s: %v", bucket, got)
		}
	}
}
