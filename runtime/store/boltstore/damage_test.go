package boltstore

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store"
)

// Each record in turn is damaged in each way: what needs it is refused with
// StoreCorrupt and names it, what does not need it still works.
func TestDamagedRecordIsNamed(t *testing.T) {
	ways := map[string]func([]byte) []byte{
		"bit":     func(b []byte) []byte { b[len(b)-2] ^= 1; return b },
		"sum":     func(b []byte) []byte { b[0] ^= 0x80; return b },
		"cut":     func(b []byte) []byte { return b[:len(b)/2] },
		"empty":   func([]byte) []byte { return []byte{} },
		"no JSON": func([]byte) []byte { b, _ := encodeRecord([]byte("k"), json.RawMessage("1")); return b },
	}
	for bucket := range needs() {
		for name, damage := range ways {
			t.Run(bucket+" "+name, func(t *testing.T) {
				s := damaged(t, bucket, damage)
				checkNamed(t, bucket, readers(t, s))
				changers(t, s, bucket)
				must(t, s.SetPolicy(t.Context(), []byte("still works")))
			})
		}
	}
}

// readers calls what needs a record of each bucket.
func readers(t *testing.T, s *Store) map[string]error {
	ctx := t.Context()
	a := activationOf(1)
	_, release := s.Release(ctx, "pay", a.Release.Digest)
	_, artifact := s.Artifact(ctx, a.Release.Artifact)
	_, route := s.Route(ctx, "pay")
	_, changes := s.Changes(ctx, "pay", store.Newest, 9)
	_, rollout := s.Rollout(ctx, "pay", 1)
	_, rollouts := s.Rollouts(ctx, "pay", 9)
	_, decisions := s.Decisions(ctx, "pay", 1, 0, 9)
	_, final := s.Final(ctx, "pay", a.Release.Digest)
	_, policy := s.RolloutPolicy(ctx, "pay")
	_, policies := s.RolloutPolicies(ctx)
	_, comparisons := s.Comparisons(ctx)
	_, report := s.ComparisonReport(ctx, 1)
	return map[string]error{bucketComparisons: comparisons, bucketReports: report, bucketReleases: release, bucketArtifacts: artifact, bucketRoutes: route, bucketJournal: changes,
		bucketRollouts: errors.Join(rollout, rollouts), bucketDecisions: decisions, bucketFinals: final, bucketPolicies: errors.Join(policy, policies)}
}

// needs lists the buckets and what reading their records needs besides.
func needs() map[string][]string {
	return map[string][]string{bucketReleases: nil, bucketArtifacts: nil, bucketRoutes: nil, bucketJournal: nil,
		bucketRollouts: nil, bucketDecisions: {bucketRollouts}, bucketFinals: nil, bucketPolicies: nil, bucketComparisons: nil, bucketReports: nil}
}

// changers does what reads a record before it writes.
func changers(t *testing.T, s *Store, damaged string) {
	t.Helper()
	r := activation(store.Artifact{}, 2).Rollout.Rollout
	r.Revision = 2
	changes := map[string]error{
		bucketRollouts: s.RecordRollout(t.Context(), store.RolloutChange{Rollout: r, Decisions: []store.Decision{{Number: 3}}}),
		bucketPolicies: s.SetRolloutPolicy(t.Context(), store.RolloutPolicy{Strategy: "pay", Revision: 2}),
	}
	for bucket, err := range changes {
		switch code := problem.CodeOf(err); {
		case bucket == damaged && code != problem.StoreCorrupt:
			t.Errorf("a change of %s: %v", bucket, err)
		case bucket != damaged && damaged != bucketRoutes:
			must(t, err)
		}
	}
}

func checkNamed(t *testing.T, damaged string, got map[string]error) {
	t.Helper()
	for bucket, err := range got {
		if bucket != damaged && !slices.Contains(needs()[bucket], damaged) {
			must(t, err)
			continue
		}
		if problem.CodeOf(err) != problem.StoreCorrupt || !strings.Contains(err.Error(), "record "+damaged+"/") {
			t.Errorf("%s: got %v", bucket, err)
		}
	}
}

// damaged makes a store with two releases whose records in bucket are damaged.
func damaged(t *testing.T, bucket string, damage func([]byte) []byte) *Store {
	t.Helper()
	dir := t.TempDir()
	s := mustOpen(t, dir, osFiles{})
	must(t, deploy(s, 1))
	must(t, deploy(s, 2))
	must(t, s.SetRolloutPolicy(t.Context(), store.RolloutPolicy{Strategy: "pay", Revision: 1, Text: []byte(`{"alpha":0.01}`)}))
	must(t, s.RecordComparison(t.Context(), comparison(1), []byte("report")))
	must(t, s.db.Update(func(tx *bolt.Tx) error {
		b := tx.Bucket([]byte(bucket))
		if inner := b.Bucket([]byte("pay")); inner != nil {
			b = inner
		}
		records := map[string][]byte{}
		must(t, b.ForEach(func(key, raw []byte) error {
			records[string(key)] = damage(bytes.Clone(raw))
			return nil
		}))
		for key, raw := range records {
			must(t, b.Put([]byte(key), raw))
		}
		return nil
	}))
	must(t, s.Close())
	return mustOpen(t, dir, osFiles{})
}

// An unreadable release may need any artifact, so none is swept.
func TestSweepKeepsAllWhenAReleaseIsUnreadable(t *testing.T) {
	s := damaged(t, bucketReleases, func([]byte) []byte { return nil })
	_, err := commit(s, "orphan")
	must(t, err)
	must(t, s.Close())
	s = mustOpen(t, s.dir, osFiles{})
	if got := len(names(t, s.artifacts())); got != 3 {
		t.Fatalf("%d artifacts are left", got)
	}
}

func TestRouteMissingBesideJournalIsDamage(t *testing.T) {
	s := mustOpen(t, t.TempDir(), osFiles{})
	must(t, deploy(s, 1))
	must(t, s.db.Update(func(tx *bolt.Tx) error { return tx.Bucket([]byte(bucketRoutes)).Delete([]byte("pay")) }))
	_, err := s.Route(t.Context(), "pay")
	refused(t, err, problem.StoreCorrupt, "routes/pay")
	a := activationOf(1)
	refused(t, s.Activate(t.Context(), a), problem.StoreCorrupt, "routes/pay")
}

func TestNewerFormatIsRefused(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, osFiles{})
	must(t, deploy(s, 1))
	must(t, s.db.Update(func(tx *bolt.Tx) error {
		p, err := s.at(tx, bucketMeta)
		must(t, err)
		return p.put([]byte(keyFormat), format{Version: newest + 1})
	}))
	must(t, s.Close())
	for range 2 { // and leaves the folder unlocked
		_, err := Open(dir)
		refused(t, err, problem.StoreCorrupt, "start the newer version")
	}
	if got := len(names(t, filepath.Join(dir, "artifacts"))); got != 1 {
		t.Fatalf("%d artifacts are left", got)
	}
}

func TestFormatMissingIsRefused(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, osFiles{})
	must(t, s.db.Update(func(tx *bolt.Tx) error { return tx.Bucket([]byte(bucketMeta)).Delete([]byte(keyFormat)) }))
	must(t, s.Close())
	_, err := Open(dir)
	refused(t, err, problem.StoreCorrupt, "format version is missing")
}

// Every rung of the ladder ends at the version that it promises, and a rung that
// does not exist is an error.
func TestLadder(t *testing.T) {
	s := mustOpen(t, t.TempDir(), osFiles{})
	must(t, s.db.Update(func(tx *bolt.Tx) error {
		for v := range newest {
			must(t, s.step(tx, v))
			got, err := s.version(tx)
			must(t, err)
			if got != v+1 {
				t.Errorf("step %d leads to %d", v, got)
			}
		}
		refused(t, s.step(tx, newest), problem.Internal, "no step")
		return nil
	}))
}

func TestLostDatabaseIsNotAnEmptyStore(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, osFiles{})
	must(t, deploy(s, 1))
	must(t, s.Close())
	must(t, os.Remove(s.file()))
	for range 2 {
		_, err := Open(dir)
		refused(t, err, problem.StoreCorrupt, "1 artifacts are there")
	}
	if got := len(names(t, s.artifacts())); got != 1 {
		t.Fatalf("%d artifacts are left", got)
	}
}

func TestSecondOpenIsLockedOut(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, osFiles{})
	staged, err := stage(s, "in use")
	must(t, err)
	_, err = open(dir, osFiles{}, &bolt.Options{Timeout: time.Millisecond})
	refused(t, err, problem.StoreLocked, "stop the other process")
	if _, err := s.Commit(t.Context(), staged); err != nil {
		t.Fatalf("the second Open swept: %v", err)
	}
}

func TestFolderThatCannotBeMade(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(file, nil, 0o600))
	_, err := Open(filepath.Join(file, "store"))
	refused(t, err, problem.StoreFailed, "make the folder")
}

func TestNameTooLongIsTheCallersMistake(t *testing.T) {
	s := mustOpen(t, t.TempDir(), osFiles{})
	must(t, deploy(s, 1))
	a := activationOf(1)
	a.Rollout, a.Route.Rollout = nil, 0
	name := strings.Repeat("n", bolt.MaxKeySize+1)
	a.Release.Strategy, a.Route.Strategy, a.Change.Strategy = name, name, name
	refused(t, s.Activate(t.Context(), a), problem.Internal, "too large")
	_, err := s.Route(t.Context(), name)
	refused(t, err, problem.UnknownStrategy, "nothing was ever activated")
}

func TestOpenKeepsOthersOut(t *testing.T) {
	dir := t.TempDir()
	must(t, os.MkdirAll(filepath.Join(dir, "artifacts"), 0o755))
	must(t, os.Chmod(filepath.Join(dir, "artifacts"), 0o755))
	s := mustOpen(t, dir, osFiles{})
	for _, path := range []string{s.dir, s.artifacts(), s.staging()} {
		info, err := os.Stat(path)
		must(t, err)
		if info.Mode().Perm() != 0o700 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
	}
}

// The file is cut or overwritten at random. Open and every read end with the
// truth or with StoreCorrupt; the process survives. bbolt keeps two meta pages
// and cannot tell a damaged newer one from a transaction that was never finished:
// then the truth is that of the transaction before.
func TestDamagedFile(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, osFiles{})
	for n := 1; n <= 39; n++ {
		must(t, deploy(s, n))
	}
	must(t, s.Close())
	truth := map[string]bool{} // the last state and, for the case of a damaged meta page, the one before
	visit(t, dir, func(item string) { truth[item] = true })
	s = mustOpen(t, dir, osFiles{})
	must(t, deploy(s, 40))
	must(t, s.Close())
	visit(t, dir, func(item string) { truth[item] = true })
	whole, err := os.ReadFile(s.file())
	must(t, err)
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // a repeatable test
	refusals := 0
	for i := range 300 {
		must(t, os.Remove(s.file())) // and with it a lock that a panic left
		must(t, os.WriteFile(s.file(), damageFile(random, whole), 0o600))
		if !visit(t, dir, func(item string) {
			if !truth[item] {
				t.Fatalf("round %d: read %s", i, item)
			}
		}) {
			refusals++
		}
	}
	if refusals < 30 {
		t.Fatalf("only %d of 300 damaged files were noticed", refusals)
	}
}

func damageFile(random *rand.Rand, whole []byte) []byte {
	b := append([]byte(nil), whole...)
	switch random.IntN(3) {
	case 0:
		return b[:random.IntN(len(b))]
	case 1:
		at := random.IntN(len(b) / 512)
		clear(b[at*512 : at*512+512])
	default:
		for range 1 + random.IntN(200) {
			b[random.IntN(len(b))] ^= 1 << random.IntN(8)
		}
	}
	return b
}

// visit opens the store in dir and passes on everything that it can read. It
// reports whether nothing was refused.
func visit(t *testing.T, dir string, each func(string)) bool {
	t.Helper()
	s, err := Open(dir)
	if err != nil {
		return !isProblem(t, err)
	}
	ctx := t.Context()
	releases, err1 := s.Releases(ctx, "pay")
	for _, r := range releases {
		each(fmt.Sprintf("%+v", r))
	}
	routes, err2 := s.Routes(ctx)
	for _, r := range routes {
		each(fmt.Sprintf("%+v", r))
	}
	changes, err3 := s.Changes(ctx, "pay", store.Newest, 1000)
	for _, c := range changes {
		each(fmt.Sprintf("%+v", c))
	}
	rollouts, err4 := s.Rollouts(ctx, "pay", 1000)
	for _, r := range rollouts {
		each(fmt.Sprintf("%+v", r))
		decisions, err := s.Decisions(ctx, "pay", r.ID, 0, 1000)
		err4 = errors.Join(err4, err)
		for _, d := range decisions {
			each(fmt.Sprintf("%d %+v", r.ID, d))
		}
	}
	return !isProblem(t, errors.Join(err1, err2, err3, err4, s.Close()))
}

// isProblem reports whether err is not nil; then it must be StoreCorrupt.
func isProblem(t *testing.T, err error) bool {
	t.Helper()
	if err != nil && problem.CodeOf(err) != problem.StoreCorrupt {
		t.Fatalf("damage is not called damage: %v", err)
	}
	return err != nil
}

// activationOf is what deploy activates as number n.
func activationOf(n int) store.Activation {
	content := fmt.Sprint("accepted ", n)
	return activation(store.Artifact{Digest: manifest.DigestOf(sha256.Sum256([]byte(content))), Size: int64(len(content))}, n)
}

func refused(t *testing.T, err error, code problem.Code, says string) {
	t.Helper()
	if problem.CodeOf(err) != code || !strings.Contains(err.Error(), says) {
		t.Fatalf("got %v, want %s and %q", err, code, says)
	}
}
