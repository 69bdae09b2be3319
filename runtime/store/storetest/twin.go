package storetest

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store"
)

// twin is a store as simple as possible: maps, no files, no concurrency. Where
// it would answer with an error, it answers with the code.
type twin struct {
	artifacts map[manifest.Digest]bool
	releases  map[string]map[int]bool // strategy, number
	changes   map[string][]store.Change
	routes    map[string]store.Route
	rollouts  map[string][]tale // oldest first
	rules     map[string]store.RolloutPolicy
	policy    string
}

func newTwin() *twin {
	return &twin{artifacts: map[manifest.Digest]bool{}, releases: map[string]map[int]bool{}, changes: map[string][]store.Change{},
		routes: map[string]store.Route{}, rollouts: map[string][]tale{}, rules: map[string]store.RolloutPolicy{}}
}

func (w *twin) needed(d manifest.Digest) bool {
	for name, numbers := range w.releases {
		for n := range numbers {
			if release(name, n).Artifact == d {
				return true
			}
		}
	}
	return false
}

func (w *twin) drop(d manifest.Digest) {
	if !w.needed(d) {
		delete(w.artifacts, d)
	}
}

func (w *twin) restart() {
	for d := range w.artifacts {
		w.drop(d)
	}
}

func (w *twin) put(name string, n int) problem.Code {
	if !w.artifacts[release(name, n).Artifact] {
		return problem.ArtifactMissing
	}
	if w.releases[name] == nil {
		w.releases[name] = map[int]bool{}
	}
	w.releases[name][n] = true
	return ""
}

func (w *twin) activate(a store.Activation) problem.Code {
	name := a.Route.Strategy
	if a.Route.Generation != w.routes[name].Generation+1 {
		return problem.StaleGeneration
	}
	after := w.clone()
	for _, r := range append(a.Also, a.Release) {
		if code := after.put(name, int(r.Sequence)); code != "" {
			return code
		}
	}
	if code := after.advance(a); code != "" {
		return code
	}
	after.routes[name] = a.Route
	after.changes[name] = append(after.changes[name], a.Change)
	*w = *after
	return ""
}

// clone copies what an activation changes.
func (w *twin) clone() *twin {
	c := newTwin()
	c.artifacts, c.policy, c.rules = w.artifacts, w.policy, w.rules
	c.routes = maps.Clone(w.routes)
	for name := range w.releases {
		c.releases[name] = maps.Clone(w.releases[name])
	}
	for _, name := range strategies() {
		c.changes[name] = slices.Clone(w.changes[name])
		for _, r := range w.rollouts[name] {
			c.rollouts[name] = append(c.rollouts[name], tale{r.Rollout, slices.Clone(r.decisions)})
		}
	}
	return c
}

// numbers is how many releases a strategy can have in a random sequence.
const numbers = 5

func strategies() []string { return []string{"fx", "pay", "risk"} }

func randomChecks() []check {
	list := []check{{"hammer", hammer}, {"hammer rollouts", hammerRollouts}}
	for seed := range uint64(8) {
		list = append(list, check{fmt.Sprintf("random calls, seed %d", seed), func(s *subject) { s.compareWithTwin(seed) }})
	}
	return list
}

// compareWithTwin does the same random calls on both and compares every answer
// and, after each call, everything that can be read.
func (s *subject) compareWithTwin(seed uint64) {
	w := newTwin()
	random := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // a repeatable test
	for step := range 130 {
		what, got, want := s.randomCall(w, random)
		if got != want {
			s.t.Fatalf("step %d: %s answered %q, the twin %q", step, what, got, want)
		}
		if got, want := s.picture(), w.picture(); got != want {
			s.t.Fatalf("after step %d, %s:\ngot\n%s\nwant\n%s", step, what, got, want)
		}
	}
}

func (s *subject) randomCall(w *twin, random *rand.Rand) (what string, got, want problem.Code) {
	name, n := strategies()[random.IntN(3)], 1+random.IntN(numbers)
	r := release(name, n)
	switch random.IntN(16) {
	case 0:
		s.restart()
		w.restart()
		return "restart", "", ""
	case 1, 2:
		_, err := s.Commit(s.ctx, s.stage(content(n)))
		w.artifacts[r.Artifact] = true
		return "commit", problem.CodeOf(err), ""
	case 3:
		w.drop(r.Artifact)
		return "drop", problem.CodeOf(s.Drop(s.ctx, r.Artifact)), ""
	case 4:
		return "put", problem.CodeOf(s.Put(s.ctx, r)), w.put(name, n)
	case 5:
		w.policy = fmt.Sprint("policy ", n)
		return "set policy", problem.CodeOf(s.SetPolicy(s.ctx, []byte(w.policy))), ""
	}
	return s.randomChange(w, random, name)
}

// picture prints everything that can be read from the twin.
func (w *twin) picture() string {
	var b strings.Builder
	fmt.Fprintf(&b, "policy %q\n", w.policy)
	for n := 1; n <= numbers; n++ {
		fmt.Fprintf(&b, "artifact %d %t\n", n, w.artifacts[digest(content(n))])
	}
	for _, name := range strategies() {
		if len(w.releases[name]) > 0 {
			fmt.Fprintf(&b, "strategy %s\n", name)
		}
	}
	for _, name := range strategies() {
		for n := 1; n <= numbers; n++ {
			if w.releases[name][n] {
				fmt.Fprintf(&b, "release %+v\n", release(name, n))
			}
		}
		for _, c := range slices.Backward(w.changes[name]) {
			fmt.Fprintf(&b, "change %+v\n", c)
		}
		w.pictureRollouts(&b, name)
	}
	for _, name := range strategies() {
		if r, ok := w.routes[name]; ok {
			fmt.Fprintf(&b, "route %+v\n", r)
		}
	}
	return b.String()
}

// picture prints everything that can be read from the store, in the same form.
func (s *subject) picture() string {
	s.t.Helper()
	var b strings.Builder
	policy, err := s.Policy(s.ctx)
	s.ok(err)
	fmt.Fprintf(&b, "policy %q\n", policy)
	for n := 1; n <= numbers; n++ {
		_, err := s.Artifact(s.ctx, digest(content(n)))
		fmt.Fprintf(&b, "artifact %d %t\n", n, err == nil)
	}
	names, err := s.Strategies(s.ctx)
	s.ok(err)
	for _, name := range names {
		fmt.Fprintf(&b, "strategy %s\n", name)
	}
	for _, name := range strategies() {
		releases, err := s.Releases(s.ctx, name)
		s.ok(err)
		printEach(&b, "release", releases)
		changes, err := s.Changes(s.ctx, name, store.Newest, 1<<20)
		s.ok(err)
		printEach(&b, "change", changes)
		s.pictureRollouts(&b, name)
	}
	routes, err := s.Routes(s.ctx)
	s.ok(err)
	printEach(&b, "route", routes)
	return b.String()
}

func printEach[T store.Release | store.Change | store.Route | store.Decision](b *strings.Builder, what string, list []T) {
	for _, v := range list {
		fmt.Fprintf(b, "%s %+v\n", what, v)
	}
}
