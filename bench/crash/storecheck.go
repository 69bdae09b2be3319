package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"time"

	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store"
	"github.com/swapline/swapline/runtime/store/boltstore"
)

// storeScenario kills workers that deploy to a store.
func storeScenario() (scenario, error) { return newStoreScenario() }

func newStoreScenario(flags ...string) (scenario, error) {
	exe, err := os.Executable()
	if err != nil {
		return scenario{}, err
	}
	dir, err := os.MkdirTemp("", "swapline-crash-")
	if err != nil {
		return scenario{}, err
	}
	c := storeCheck{dir: dir, reached: map[string]point{}}
	return scenario{
		name: "store",
		command: func() *exec.Cmd {
			return exec.Command(exe, append([]string{childArgument, "-dir", dir}, flags...)...) //nolint:gosec // this program
		},
		start: 25 * time.Millisecond,
		check: c.check,
		end:   func() { _ = os.RemoveAll(dir) },
	}, nil
}

// storeCheck compares a store with what was acknowledged.
type storeCheck struct {
	dir string
	// reached is the point of each strategy after the last kill. The next kill
	// finds it, what was acknowledged since then, and at most one more.
	reached map[string]point
}

func (c storeCheck) check(acks []string, t tally) error {
	s, err := boltstore.Open(c.dir)
	if err != nil {
		t.contradict("open: %v", err)
		return nil
	}
	defer s.Close() //nolint:errcheck // only read
	acked := newest(acks, t)
	for _, name := range strategies() {
		c.checkStrategy(s, name, acked[name], t)
	}
	return checkFiles(c.dir, s, strategies(), t)
}

// newest finds the newest acknowledged point of each strategy. A worker
// acknowledges in order, so that the ones before it are implied.
func newest(acks []string, t tally) map[string]point {
	acked := map[string]point{}
	for _, line := range acks {
		var name string
		var m point
		_, err := fmt.Sscan(line, &name, &m.generation, &m.revision)
		if err != nil || line+"\n" != ackLine(name, m) {
			t.contradict("acknowledgement %q was not planned", line)
			continue
		}
		if acked[name].before(m) {
			acked[name] = m
		}
	}
	return acked
}

// checkStrategy checks how far a strategy came and everything on the way.
func (c storeCheck) checkStrategy(s *boltstore.Store, name string, acked point, t tally) {
	before := c.reached[name]
	route, err := s.Route(context.Background(), name)
	if err != nil && problem.CodeOf(err) != problem.UnknownStrategy {
		t.contradict("route of %s: %v", name, err)
		return
	}
	now, err := pointOf(context.Background(), s, route)
	if err != nil {
		t.contradict("rollout of %s: %v", name, err)
		return
	}
	c.reached[name] = now
	if now.generation > 0 && (now.before(first(now.generation)) || last(now.generation).before(now)) {
		t.contradict("%s is at %+v, which nobody planned", name, now)
	}
	if acked.before(before) {
		acked = before
	}
	checkProgress(name, now, acked, t)
	if now.generation > 0 {
		checkRoute(s, now, route, t)
	}
	checkRollouts(s, name, now, t)
	for g := max(before.generation, 1); g <= now.generation; g++ {
		for _, r := range released(name, g) {
			checkRelease(s, r, t)
		}
	}
}

// released are the releases that a generation puts.
func released(name string, generation uint64) []store.Release {
	a := first(generation).activation(name)
	return append(a.Also, a.Release)
}

// checkProgress wants what was acknowledged, and at most the one change that
// was made but not yet acknowledged.
func checkProgress(name string, reached, acked point, t tally) {
	for m := reached; m.before(acked); m = m.next() {
		t.lose("%s at %+v", name, m.next())
	}
	if acked.next().before(reached) {
		t.contradict("%s is at %+v, acknowledged was %+v", name, reached, acked)
	}
}

// checkRoute wants the route as planned and the journal that led to it.
func checkRoute(s *boltstore.Store, now point, route store.Route, t tally) {
	if want := now.route(route.Strategy); !reflect.DeepEqual(route, want) {
		t.contradict("route %+v is not the planned %+v", route, want)
	}
	changes, err := s.Changes(context.Background(), route.Strategy, store.Newest, 1<<30)
	if err != nil {
		t.contradict("journal of %s: %v", route.Strategy, err)
		return
	}
	checkJournal(route.Strategy, route, changes, t)
}

// checkJournal wants every generation once, as planned, up to the route's.
func checkJournal(name string, route store.Route, changes []store.Change, t tally) {
	if uint64(len(changes)) != route.Generation {
		t.contradict("journal of %s has %d entries for generation %d", name, len(changes), route.Generation)
	}
	for i, c := range changes {
		want := first(uint64(len(changes) - i)).change(name) //nolint:gosec // small
		if c != want {
			t.contradict("journal of %s has %+v instead of %+v", name, c, want)
		}
	}
}

// checkRelease wants the release as planned and its artifact byte for byte.
func checkRelease(s *boltstore.Store, want store.Release, t tally) {
	ctx := context.Background()
	r, err := s.Release(ctx, want.Strategy, want.Digest)
	if err != nil || !reflect.DeepEqual(r, want) {
		t.contradict("release %+v: %v", want, err)
		return
	}
	a, err := s.Artifact(ctx, r.Artifact)
	if err != nil {
		t.contradict("artifact of %s %s: %v", r.Strategy, r.Version, err)
		return
	}
	bytes, err := os.ReadFile(a.Path)
	if err != nil || digest(string(bytes)) != r.Artifact {
		t.contradict("bytes of artifact %s: %v", a.Path, err)
	}
}

// checkFiles wants every file that a release needs, and no other.
func checkFiles(dir string, s *boltstore.Store, strategies []string, t tally) error {
	needed, err := neededFiles(s, strategies)
	if err != nil {
		t.contradict("releases: %v", err)
		return nil
	}
	for _, folder := range []string{"staging", "artifacts"} {
		entries, err := os.ReadDir(filepath.Join(dir, folder))
		if err != nil {
			return err
		}
		for _, e := range entries {
			path := filepath.Join(folder, e.Name())
			if !needed[path] {
				t.contradict("%s is left over", path)
			}
			delete(needed, path)
		}
	}
	for path := range needed {
		t.contradict("%s is missing", path)
	}
	return nil
}

func neededFiles(s *boltstore.Store, strategies []string) (map[string]bool, error) {
	needed := map[string]bool{}
	for _, name := range strategies {
		releases, err := s.Releases(context.Background(), name)
		if err != nil {
			return nil, err
		}
		for _, r := range releases {
			needed[filepath.Join("artifacts", r.Artifact.Hex())] = true
		}
	}
	return needed, nil
}
