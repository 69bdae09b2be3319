package parkstore_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store"
	"github.com/swapline/swapline/runtime/store/boltstore"
	"github.com/swapline/swapline/runtime/store/parkstore"
	"github.com/swapline/swapline/runtime/store/storetest"
)

func openBolt(dir string) func() (store.Store, error) {
	return func() (store.Store, error) { return boltstore.OpenUnsynced(dir) }
}

func open(t *testing.T, dir string) *parkstore.Store {
	t.Helper()
	s, err := parkstore.Open(openBolt(dir))
	ok(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestConformance(t *testing.T) {
	storetest.Run(t, func(t *testing.T) func() store.Store {
		dir := t.TempDir()
		return func() store.Store { return open(t, dir) }
	})
}

// restless parks and unparks its store before every read.
type restless struct{ *parkstore.Store }

func (r restless) nap(ctx context.Context) {
	_ = r.Park(ctx)
	_ = r.Unpark()
}

func (r restless) Route(ctx context.Context, name string) (store.Route, error) {
	r.nap(ctx)
	return r.Store.Route(ctx, name)
}

func (r restless) Releases(ctx context.Context, name string) ([]store.Release, error) {
	r.nap(ctx)
	return r.Store.Releases(ctx, name)
}

func TestAStoreThatIsParkedNowAndThenForgetsNothing(t *testing.T) {
	dir := t.TempDir()
	s := restless{open(t, dir)}
	for n := 1; n <= 5; n++ {
		deploy(t, s, "pay", n)
		r, err := s.Route(t.Context(), "pay")
		ok(t, err)
		if r.Generation != uint64(n) {
			t.Fatalf("generation %d after deploy %d", r.Generation, n)
		}
	}
	list, err := s.Releases(t.Context(), "pay")
	ok(t, err)
	if len(list) != 5 {
		t.Fatalf("%d releases", len(list))
	}
}

// TestAParkedStoreAnswersWhatItHeld compares every read, refusals included, with
// the answers before.
func TestAParkedStoreAnswersWhatItHeld(t *testing.T) {
	s := open(t, t.TempDir())
	for n := 1; n <= 3; n++ {
		deploy(t, s, "pay", n)
	}
	deploy(t, s, "fx", 7)
	held := release("held", 9)
	commit(t, s, 9)
	ok(t, s.Put(t.Context(), held))
	ok(t, s.SetPolicy(t.Context(), []byte("policy")))
	roll(t, s, "pay", 4)
	roll(t, s, "fx", 8)
	ok(t, s.RecordRollout(t.Context(), ended(t, s, "fx")))
	ok(t, s.SetRolloutPolicy(t.Context(), rules("pay", 1)))
	ok(t, s.SetRolloutPolicy(t.Context(), rules("later", 1)))
	ok(t, s.RecordComparison(t.Context(), store.Comparison{Number: 1, ID: "a", Record: []byte("{}")}, nil))
	ok(t, s.RecordComparison(t.Context(), store.Comparison{Number: 3, ID: "c", Record: []byte("{}")}, []byte("report")))
	before := everything(t.Context(), s)
	ok(t, s.Park(t.Context()))
	ok(t, s.Park(t.Context()))
	if after := everything(t.Context(), s); after != before {
		t.Errorf("parked:\n%s\nopen:\n%s", after, before)
	}
	list, err := s.Releases(t.Context(), "pay")
	ok(t, err)
	list[0].Envelope[0] = '!' // the caller's own
	route, err := s.Route(t.Context(), "pay")
	ok(t, err)
	route.Methods[0] = "!"
	rollouts, err := s.Rollouts(t.Context(), "pay", 1)
	ok(t, err)
	rollout, err := s.Rollout(t.Context(), "pay", 4)
	ok(t, err)
	rollouts[0].State[0], rollout.State[0] = '!', '!'
	policies, err := s.RolloutPolicies(t.Context())
	ok(t, err)
	policy, err := s.RolloutPolicy(t.Context(), "pay")
	ok(t, err)
	policies[0].Text[0], policy.Text[0] = '!', '!'
	comparisons, err := s.Comparisons(t.Context())
	ok(t, err)
	report, err := s.ComparisonReport(t.Context(), 3)
	ok(t, err)
	comparisons[0].Record[0], report[0] = '!', '!'
	if after := everything(t.Context(), s); after != before {
		t.Error("a caller changed the copy")
	}
	ok(t, s.Unpark())
	ok(t, s.Unpark())
	if after := everything(t.Context(), s); after != before {
		t.Error("unparking changed something")
	}
}

// torn is a store whose route names a rollout that is not there.
type torn struct{ store.Store }

func (torn) Rollouts(context.Context, string, int) ([]store.Rollout, error) { return nil, nil }

func (torn) Rollout(_ context.Context, _ string, id uint64) (store.Rollout, error) {
	if id == 2 {
		return store.Rollout{}, problem.New(problem.StoreCorrupt, "it is missing")
	}
	return store.Rollout{}, problem.New(problem.UnknownRollout, "unknown")
}

// Damage is reported from memory as it was from the disk.
func TestAParkedStoreReportsARolloutThatIsMissing(t *testing.T) {
	dir := t.TempDir()
	s, err := parkstore.Open(func() (store.Store, error) {
		inner, err := boltstore.OpenUnsynced(dir)
		return torn{inner}, err
	})
	ok(t, err)
	defer s.Close()
	deploy(t, s, "pay", 1)
	roll(t, s, "pay", 2)
	ok(t, s.Park(t.Context()))
	for id, want := range map[uint64]problem.Code{1: problem.UnknownRollout, 2: problem.StoreCorrupt, 3: problem.UnknownRollout} {
		if _, err := s.Rollout(t.Context(), "pay", id); problem.CodeOf(err) != want {
			t.Errorf("rollout %d: %v", id, err)
		}
	}
}

// everything prints what every read says.
func everything(ctx context.Context, s store.Store) string {
	var b bytes.Buffer
	say := func(v any, err error) { fmt.Fprintf(&b, "%+v %s\n", v, problem.CodeOf(err)) }
	say(s.Strategies(ctx))
	say(s.Routes(ctx))
	say(s.Policy(ctx))
	say(s.RolloutPolicies(ctx))
	say(s.Comparisons(ctx))
	for number := range uint64(5) {
		say(s.ComparisonReport(ctx, number))
	}
	for _, name := range []string{"pay", "fx", "held", "later", "nobody"} {
		say(s.RolloutPolicy(ctx, name))
		for _, limit := range []int{-1, 0, 1, 9} {
			say(s.Rollouts(ctx, name, limit))
			for id := range uint64(9) {
				say(s.Decisions(ctx, name, id, id/3, limit))
			}
		}
		for id := range uint64(9) {
			say(s.Rollout(ctx, name, id))
		}
		say(s.Route(ctx, name))
		say(s.Releases(ctx, name))
		for _, through := range []uint64{0, 1, 2, store.Newest} {
			for _, limit := range []int{0, 1, 2, 50} {
				say(s.Changes(ctx, name, through, limit))
			}
		}
		for n := range 10 {
			r := release(name, n)
			say(s.Release(ctx, name, r.Digest))
			say(s.Final(ctx, name, r.Digest))
			say(s.Artifact(ctx, r.Artifact))
		}
	}
	return b.String()
}

func TestChangesOfAParkedStoreAreRefusedAndChangeNothing(t *testing.T) {
	s := open(t, t.TempDir())
	deploy(t, s, "pay", 1)
	staged, err := s.Stage(t.Context(), bytes.NewReader(content(2)), 1<<20)
	ok(t, err)
	before := everything(t.Context(), s)
	ok(t, s.Park(t.Context()))
	for name, change := range changes(staged) {
		if err := change(t.Context(), s); problem.CodeOf(err) != problem.HostRenewing {
			t.Errorf("%s: %v", name, err)
		}
	}
	ok(t, s.Discard(staged))
	ok(t, s.Unpark())
	if after := everything(t.Context(), s); after != before {
		t.Error("a refused change happened")
	}
	deploy(t, s, "pay", 2)
}

func changes(staged store.Staged) map[string]func(context.Context, store.Store) error {
	return map[string]func(context.Context, store.Store) error{
		"stage": func(ctx context.Context, s store.Store) error {
			_, err := s.Stage(ctx, bytes.NewReader(content(3)), 1<<20)
			return err
		},
		"commit": func(ctx context.Context, s store.Store) error { _, err := s.Commit(ctx, staged); return err },
		"drop":   func(ctx context.Context, s store.Store) error { return s.Drop(ctx, release("pay", 1).Artifact) },
		"put":    func(ctx context.Context, s store.Store) error { return s.Put(ctx, release("pay", 1)) },
		"activate": func(ctx context.Context, s store.Store) error {
			return s.Activate(ctx, activation(release("pay", 1), 2))
		},
		"policy": func(ctx context.Context, s store.Store) error { return s.SetPolicy(ctx, []byte("other")) },
		"rollout": func(ctx context.Context, s store.Store) error {
			return s.RecordRollout(ctx, store.RolloutChange{Rollout: store.Rollout{Strategy: "pay", ID: 1}})
		},
		"comparison": func(ctx context.Context, s store.Store) error {
			return s.RecordComparison(ctx, store.Comparison{Number: 1, ID: "a", Record: []byte("{}")}, nil)
		},
		"rollout policy": func(ctx context.Context, s store.Store) error { return s.SetRolloutPolicy(ctx, rules("pay", 1)) },
	}
}

func TestAnotherProcessMayOpenTheFolderOfAParkedStore(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	deploy(t, s, "pay", 1)
	ok(t, s.Park(t.Context()))
	other, err := boltstore.OpenUnsynced(dir)
	ok(t, err)
	// Its owner takes it back too early: reads go on, changes are refused with
	// the reason, and the first change after the other has closed it succeeds.
	if err := s.Unpark(); problem.CodeOf(err) != problem.StoreLocked {
		t.Fatalf("unparked under the other's feet: %v", err)
	}
	if _, err := s.Route(t.Context(), "pay"); err != nil {
		t.Error(err)
	}
	if err := s.SetPolicy(t.Context(), []byte("p")); problem.CodeOf(err) != problem.StoreLocked {
		t.Errorf("a change of a folder that is locked: %v", err)
	}
	ok(t, other.Close())
	deploy(t, s, "pay", 2)
}

func TestAStoreThatWasParkedAgainIsNotOpenedByAChange(t *testing.T) {
	opened := 0
	dir := t.TempDir()
	s, err := parkstore.Open(func() (store.Store, error) { opened++; return boltstore.OpenUnsynced(dir) })
	ok(t, err)
	defer s.Close()
	ok(t, s.Park(t.Context()))
	if err := s.SetPolicy(t.Context(), []byte("p")); problem.CodeOf(err) != problem.HostRenewing || opened != 1 {
		t.Errorf("%v, opened %d times", err, opened)
	}
}

func TestAClosedStoreStaysClosed(t *testing.T) {
	for _, parked := range []bool{false, true} {
		s := open(t, t.TempDir())
		if parked {
			ok(t, s.Park(t.Context()))
		}
		ok(t, s.Close())
		ok(t, s.Close())
		ok(t, s.Unpark())
		_, err := s.Routes(t.Context())
		for _, err := range []error{err, s.SetPolicy(t.Context(), []byte("p")), s.Park(t.Context()), s.Discard(store.Staged{})} {
			if problem.CodeOf(err) != problem.StoreFailed {
				t.Errorf("parked %t: %v", parked, err)
			}
		}
	}
}

// TestAStoreThatCannotBeCopiedStaysOpen: also when the time to park is over.
func TestAStoreThatCannotBeCopiedStaysOpen(t *testing.T) {
	s := open(t, t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Park(ctx); err == nil {
		t.Fatal("parked although nobody waits")
	}
	deploy(t, s, "pay", 1)
}

func TestAStoreThatCannotBeOpenedAgainHeals(t *testing.T) {
	dir, broken := t.TempDir(), errors.New("the disk is away")
	var away atomic.Bool
	s, err := parkstore.Open(func() (store.Store, error) {
		if away.Load() {
			return nil, broken
		}
		return boltstore.OpenUnsynced(dir)
	})
	ok(t, err)
	defer s.Close()
	deploy(t, s, "pay", 1)
	ok(t, s.Park(t.Context()))
	away.Store(true)
	if err := s.Unpark(); !errors.Is(err, broken) {
		t.Fatal(err)
	}
	if err := s.SetPolicy(t.Context(), []byte("p")); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	away.Store(false)
	deploy(t, s, "pay", 2)
}

// TestHammerReadsAndChangesWhileParking is for the race detector.
func TestHammerReadsAndChangesWhileParking(t *testing.T) {
	s := open(t, t.TempDir())
	deploy(t, s, "pay", 1)
	end := time.Now().Add(300 * time.Millisecond)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for time.Now().Before(end) {
				if r, err := s.Route(t.Context(), "pay"); err != nil || r.Generation != 1 {
					t.Errorf("%+v %v", r, err)
					return
				}
				if err := s.SetPolicy(t.Context(), []byte("p")); err != nil && problem.CodeOf(err) != problem.HostRenewing {
					t.Error(err)
					return
				}
			}
		})
	}
	for time.Now().Before(end) {
		ok(t, s.Park(t.Context()))
		ok(t, s.Unpark())
	}
	all.Wait()
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func content(n int) []byte { return fmt.Appendf(nil, "artifact %d", n) }

func digestOf(b []byte) manifest.Digest { return manifest.DigestOf(sha256.Sum256(b)) }

func release(strategy string, n int) store.Release {
	c := content(n)
	return store.Release{Strategy: strategy, Version: fmt.Sprintf("1.%d.0", n), Sequence: int64(n), Kind: "memory",
		Digest: digestOf(fmt.Appendf(nil, "%s %d", strategy, n)), Artifact: digestOf(c), Size: int64(len(c)),
		Envelope: []byte("{}"), Accepted: time.Unix(int64(n), 0).UTC()}
}

func activation(r store.Release, generation uint64) store.Activation {
	return store.Activation{Release: r,
		Route: store.Route{Strategy: r.Strategy, Generation: generation, Stable: r.Digest, HighWater: store.Mark{Sequence: r.Sequence, Digest: r.Digest},
			Methods: []string{"Execute"}, Since: r.Accepted},
		Change: store.Change{Strategy: r.Strategy, Action: store.ActionDeploy, To: r.Digest, Generation: generation, At: r.Accepted}}
}

func commit(t *testing.T, s store.Store, n int) {
	t.Helper()
	staged, err := s.Stage(t.Context(), io.Reader(bytes.NewReader(content(n))), 1<<20)
	ok(t, err)
	_, err = s.Commit(t.Context(), staged)
	ok(t, err)
}

// deploy activates release n as the strategy's next generation.
func deploy(t *testing.T, s store.Store, strategy string, n int) {
	t.Helper()
	r, err := s.Route(t.Context(), strategy)
	if err != nil && problem.CodeOf(err) != problem.UnknownStrategy {
		t.Fatal(err)
	}
	commit(t, s, n)
	ok(t, s.Activate(t.Context(), activation(release(strategy, n), r.Generation+1)))
}

// roll switches a strategy to release n under a rollout that is watched.
func roll(t *testing.T, s store.Store, strategy string, n int) {
	t.Helper()
	route, err := s.Route(t.Context(), strategy)
	ok(t, err)
	commit(t, s, n)
	a := activation(release(strategy, n), route.Generation+1)
	a.Route.Rollout = a.Route.Generation
	a.Rollout = &store.RolloutChange{Rollout: store.Rollout{Strategy: strategy, ID: a.Route.Generation, Kind: store.KindSwitch, Revision: 1,
		Stable: route.Stable, Candidate: a.Route.Stable, State: []byte(`{"stage":0}`), Started: a.Route.Since}}
	for i := range uint64(4) {
		a.Rollout.Decisions = append(a.Rollout.Decisions, store.Decision{Number: i + 1, Text: fmt.Sprint("decision ", i)})
	}
	ok(t, s.Activate(t.Context(), a))
}

// ended is the end of a strategy's newest rollout, which makes it final.
func ended(t *testing.T, s store.Store, strategy string) store.RolloutChange {
	t.Helper()
	list, err := s.Rollouts(t.Context(), strategy, 1)
	ok(t, err)
	r := list[0]
	r.Revision, r.Ended, r.Final = r.Revision+1, r.Started.Add(time.Hour), true
	return store.RolloutChange{Rollout: r}
}

func rules(strategy string, revision uint64) store.RolloutPolicy {
	return store.RolloutPolicy{Strategy: strategy, Revision: revision, Text: []byte(`{"alpha":0.01}`)}
}
