package boltstore

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store"
)

// Every single file operation of a deploy fails once, in every way. After each
// failure readers see the old state, a restart finds it again without a trace of
// the new one, and the same deploy then succeeds.
func TestDeployFailsAtEveryFileOperation(t *testing.T) {
	for _, how := range failures() {
		t.Run(how.name, func(t *testing.T) {
			seen := map[string]bool{}
			for n := 1; failDeploy(t, how, n, seen); n++ {
			}
			for _, op := range []string{"create", "write", "close", "open", "chmod", "sync", "rename", "sync folder", "remove"} {
				if !seen[op] {
					t.Errorf("no %q was failed", op)
				}
			}
		})
	}
}

// failDeploy fails operation n and reports whether there was one to fail.
func failDeploy(t *testing.T, how failure, n int, seen map[string]bool) bool {
	t.Helper()
	dir := t.TempDir()
	fs := &failing{failAt: n, how: how}
	s := mustOpen(t, dir, fs)
	must(t, deploy(s, 1))
	before := look(t, s)

	fs.armed = true
	err := deploy(s, 2)
	fs.armed = false
	seen[fs.failed] = true
	if err == nil {
		must(t, s.Close())
		if got := look(t, mustOpen(t, dir, osFiles{})); got == before {
			t.Fatalf("operation %d: deployed, but still %s", n, got)
		}
		return fs.failed != ""
	}
	at := fmt.Sprintf("operation %d, %s", n, fs.failed)
	if problem.CodeOf(err) != problem.StoreFailed {
		t.Fatalf("%s: %v", at, err)
	}
	if got := look(t, s); got != before {
		t.Fatalf("%s: now %s, before %s", at, got, before)
	}
	if _, err := s.Artifact(t.Context(), activationOf(2).Release.Artifact); problem.CodeOf(err) != problem.ArtifactMissing {
		t.Fatalf("%s: the new artifact can be seen (%v)", at, err)
	}
	removable := fs.failed != "remove" && fs.failed != "create"
	if left := names(t, s.staging()); removable && len(left) != 0 {
		t.Fatalf("%s: %v left in staging before the restart", at, left)
	}
	must(t, s.Close())
	s = mustOpen(t, dir, osFiles{})
	if got := look(t, s); got != before {
		t.Fatalf("%s: %s after a restart, before %s", at, got, before)
	}
	if left := names(t, s.staging()); len(left) != 0 {
		t.Fatalf("%s: %v left in staging", at, left)
	}
	must(t, deploy(s, 2))
	must(t, s.Close())
	return true
}

// Open repeats until it succeeds, whatever it was doing when it failed.
func TestOpenFailsAtEveryFileOperation(t *testing.T) {
	for _, how := range failures() {
		t.Run(how.name, func(t *testing.T) {
			for n := 1; failOpen(t, how, n); n++ {
			}
		})
	}
}

func failOpen(t *testing.T, how failure, n int) bool {
	t.Helper()
	dir := t.TempDir()
	s := mustOpen(t, dir, osFiles{})
	must(t, deploy(s, 1))
	before := look(t, s)
	_, err := stage(s, "left in staging")
	must(t, err)
	orphan, err := stage(s, "left without a release")
	must(t, err)
	_, err = s.Commit(t.Context(), orphan)
	must(t, err)
	must(t, s.Close())

	fs := &failing{failAt: n, how: how, armed: true}
	s, err = open(dir, fs, &bolt.Options{Timeout: time.Second, NoSync: true})
	if err == nil {
		must(t, s.Close())
	} else if problem.CodeOf(err) != problem.StoreFailed {
		t.Fatalf("operation %d, %s: %v", n, fs.failed, err)
	}
	s = mustOpen(t, dir, osFiles{})
	if got := look(t, s); got != before {
		t.Fatalf("operation %d, %s: now %s, before %s", n, fs.failed, got, before)
	}
	if left := append(names(t, s.staging()), names(t, s.artifacts())...); len(left) != 1 {
		t.Fatalf("operation %d, %s: left %v", n, fs.failed, left)
	}
	must(t, s.Close())
	return err != nil
}

// A database that cannot grow refuses changes and keeps what it has.
func TestDatabaseFull(t *testing.T) {
	dir := t.TempDir()
	s, err := open(dir, osFiles{}, &bolt.Options{Timeout: time.Second, MaxSize: 256 << 10})
	must(t, err)
	must(t, deploy(s, 1))
	before := look(t, s)
	big := []byte(strings.Repeat("p", 1<<20))
	if err := s.SetPolicy(t.Context(), big); problem.CodeOf(err) != problem.StoreFailed {
		t.Fatalf("got %v", err)
	}
	if got := look(t, s); got != before {
		t.Fatalf("now %s, before %s", got, before)
	}
	r, err := s.Rollout(t.Context(), "pay", 1)
	must(t, err)
	r.Revision, r.State = 2, []byte(`"`+string(big)+`"`)
	c := store.RolloutChange{Rollout: r, Decisions: []store.Decision{{Number: 3}}}
	rules := store.RolloutPolicy{Strategy: "pay", Revision: 1, Text: []byte(`{"p":"` + string(big) + `"}`)}
	for _, err := range []error{s.RecordRollout(t.Context(), c), s.SetRolloutPolicy(t.Context(), rules)} {
		if problem.CodeOf(err) != problem.StoreFailed {
			t.Fatalf("got %v", err)
		}
	}
	must(t, s.Close())
	s = mustOpen(t, dir, osFiles{})
	if got := look(t, s); got != before {
		t.Fatalf("%s after a restart, before %s", got, before)
	}
	must(t, s.SetPolicy(t.Context(), big))
	must(t, s.RecordRollout(t.Context(), c))
	must(t, s.SetRolloutPolicy(t.Context(), rules))
}

// deploy does all that touches files: a release from stage to activation, beside
// one upload that is discarded and one that is dropped again.
func deploy(s *Store, n int) error {
	ctx := context.Background()
	unwanted, err := stage(s, fmt.Sprint("unwanted ", n))
	if err != nil {
		return err
	}
	if err := s.Discard(unwanted); err != nil {
		return err
	}
	refused, err := commit(s, fmt.Sprint("refused ", n))
	if err != nil {
		return err
	}
	if err := s.Drop(ctx, refused.Digest); err != nil {
		return err
	}
	a, err := commit(s, fmt.Sprint("accepted ", n))
	if err != nil {
		return err
	}
	return s.Activate(ctx, activation(a, n))
}

func stage(s *Store, content string) (store.Staged, error) {
	return s.Stage(context.Background(), strings.NewReader(content), 1<<20)
}

func commit(s *Store, content string) (store.Artifact, error) {
	staged, err := stage(s, content)
	if err != nil {
		return store.Artifact{}, err
	}
	return s.Commit(context.Background(), staged)
}

// activation switches to release n under a rollout; the rollout of release n-1
// ends and is final.
func activation(a store.Artifact, n int) store.Activation {
	plain := plainActivation(a, n)
	begun := func(n int) store.Rollout {
		return store.Rollout{Strategy: "pay", ID: uint64(n), Kind: store.KindSwitch, Candidate: payload(n), Revision: 1,
			State: []byte(`{"stage":0}`), Started: time.Unix(int64(n), 0).UTC()}
	}
	plain.Route.Rollout = plain.Route.Generation
	plain.Rollout = &store.RolloutChange{Rollout: begun(n), Decisions: []store.Decision{{Number: 1, Text: "one"}, {Number: 2, Text: "two"}}}
	if n > 1 {
		last := begun(n - 1)
		last.Revision, last.Ended, last.Final = 2, plain.Change.At, true
		plain.Ends = &store.RolloutChange{Rollout: last, Decisions: []store.Decision{{Number: 3, Text: "three"}}}
	}
	return plain
}

func payload(n int) manifest.Digest {
	return manifest.DigestOf(sha256.Sum256(fmt.Append(nil, "payload", n)))
}

// plainActivation is an activation without rollouts.
func plainActivation(a store.Artifact, n int) store.Activation {
	digest := payload(n)
	generation := uint64(n) //nolint:gosec // small
	at := time.Unix(int64(n), 0).UTC()
	return store.Activation{
		Release: store.Release{Strategy: "pay", Version: "1.0.0", Sequence: int64(n), Kind: "memory", Digest: digest,
			Artifact: a.Digest, Size: a.Size, Envelope: []byte("{}"), Accepted: at},
		Route:  store.Route{Strategy: "pay", Generation: generation, Stable: digest, Since: at},
		Change: store.Change{Strategy: "pay", Action: store.ActionDeploy, To: digest, Generation: generation, At: at},
	}
}

// look prints what readers see; every release's artifact must be there.
func look(t *testing.T, s *Store) string {
	t.Helper()
	ctx := t.Context()
	releases, err := s.Releases(ctx, "pay")
	must(t, err)
	routes, err := s.Routes(ctx)
	must(t, err)
	changes, err := s.Changes(ctx, "pay", store.Newest, 100)
	must(t, err)
	for _, r := range releases {
		_, err := s.Artifact(ctx, r.Artifact)
		must(t, err)
	}
	return fmt.Sprintf("%+v %+v %+v %s", releases, routes, changes, lookAtRollouts(t, s))
}

func lookAtRollouts(t *testing.T, s *Store) string {
	t.Helper()
	rollouts, err := s.Rollouts(t.Context(), "pay", 100)
	must(t, err)
	text := fmt.Sprintf("%+v", rollouts)
	for _, r := range rollouts {
		decisions, err := s.Decisions(t.Context(), "pay", r.ID, 0, 100)
		must(t, err)
		final, err := s.Final(t.Context(), "pay", r.Candidate)
		must(t, err)
		text += fmt.Sprintf(" %+v %d", decisions, final)
	}
	policies, err := s.RolloutPolicies(t.Context())
	must(t, err)
	return fmt.Sprintf("%s %+v", text, policies)
}

func mustOpen(t *testing.T, dir string, fs files) *Store {
	t.Helper()
	s, err := open(dir, fs, &bolt.Options{Timeout: time.Second})
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func names(t *testing.T, dir string) (list []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
