package storetest

import (
	"context"
	"strings"

	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store"
)

func routeChecks() []check {
	return []check{
		{"activate keeps release, route and change", activateKeeps},
		{"activate compares the generation", activateCompares},
		{"activate is all or nothing", activateAtomic},
		{"activate refuses parts that contradict", activateContradicts},
		{"activate can go back", activateBack},
		{"routes are sorted by name", routesSorted},
		{"changes come newest first, at most limit", changesNewest},
	}
}

func lifeChecks() []check {
	return []check{
		{"policy is nil, then the newest", policyNewest},
		{"a context that ended is refused", contextEnded},
		{"calls after close fail", closedFails},
	}
}

func activateKeeps(s *subject) {
	want := s.deployed("pay", 1)
	for range 2 {
		route, err := s.Route(s.ctx, "pay")
		s.ok(err)
		s.equal(route, want.Route)
		r, err := s.Release(s.ctx, "pay", want.Release.Digest)
		s.ok(err)
		s.equal(r, want.Release)
		changes, err := s.Changes(s.ctx, "pay", store.Newest, 10)
		s.ok(err)
		s.equal(changes, []store.Change{want.Change})
		s.restart()
	}
}

func activateCompares(s *subject) {
	s.commit(content(1))
	r := release("pay", 1)
	for _, generation := range []uint64{0, 2, 1 << 63} {
		s.refused(s.Activate(s.ctx, activation(r, generation)), problem.StaleGeneration)
	}
	s.activate(r, 1)
	for _, generation := range []uint64{0, 1, 3} {
		s.refused(s.Activate(s.ctx, activation(r, generation)), problem.StaleGeneration)
	}
	s.activate(r, 2)
	s.restart()
	s.refused(s.Activate(s.ctx, activation(r, 2)), problem.StaleGeneration)
	s.activate(r, 3)
}

func activateAtomic(s *subject) {
	old := s.deployed("pay", 1)
	next := release("pay", 2)
	s.commit(content(2))
	s.refused(s.Activate(s.ctx, activation(next, 3)), problem.StaleGeneration)
	s.refused(second(s.Release(s.ctx, "pay", next.Digest)), problem.UnknownRelease)
	route, err := s.Route(s.ctx, "pay")
	s.ok(err)
	s.equal(route, old.Route)
	changes, err := s.Changes(s.ctx, "pay", store.Newest, 10)
	s.ok(err)
	s.equal(changes, []store.Change{old.Change})
	s.ok(s.Drop(s.ctx, next.Artifact))
	s.refused(second(s.Artifact(s.ctx, next.Artifact)), problem.ArtifactMissing)
}

func activateContradicts(s *subject) {
	s.commit(content(1))
	for _, change := range []func(*store.Activation){
		func(a *store.Activation) { a.Route.Strategy = "risk" },
		func(a *store.Activation) { a.Change.Strategy = "risk" },
		func(a *store.Activation) { a.Release.Strategy = "risk" },
		func(a *store.Activation) { a.Change.Generation = 2 },
		func(a *store.Activation) { a.Route.Stable = digest("other") },
		func(a *store.Activation) { a.Change.To = digest("other") },
		func(a *store.Activation) { a.Route.Previous, a.Route.PreviousWithdrawn = "", true },
		func(a *store.Activation) { a.Route.Methods = []string{"Validate", "Execute"} },
		func(a *store.Activation) { a.Route.Signatures = map[manifest.Kind][]string{"memory": nil} },
		func(a *store.Activation) { a.Route.Signatures = map[manifest.Kind][]string{"memory": {"a", "a"}} },
		func(a *store.Activation) { a.Route.Signatures = map[manifest.Kind][]string{"": {"a"}} },
	} {
		a := activation(release("pay", 1), 1)
		change(&a)
		s.refused(s.Activate(s.ctx, a), problem.Internal)
	}
	routes, err := s.Routes(s.ctx)
	s.ok(err)
	s.equal(len(routes), 0)
}

func activateBack(s *subject) {
	first := s.deployed("pay", 1)
	s.deployed("pay", 2)
	back := s.activate(first.Release, 3)
	s.restart()
	route, err := s.Route(s.ctx, "pay")
	s.ok(err)
	s.equal(route, back.Route)
	list, err := s.Releases(s.ctx, "pay")
	s.ok(err)
	s.equal(len(list), 2)
}

func routesSorted(s *subject) {
	var want []store.Route
	for _, name := range []string{"a", "a-b", "b"} {
		want = append(want, s.deployed(name, 1).Route)
	}
	s.restart()
	routes, err := s.Routes(s.ctx)
	s.ok(err)
	s.equal(routes, want)
}

func changesNewest(s *subject) {
	s.deployed("risk", 1)
	const n = 300 // more than one byte of generation
	s.commit(content(1))
	for g := uint64(1); g <= n; g++ {
		s.activate(release("pay", 1), g)
	}
	for _, limit := range []int{-1, 0, 1, 7, n, n + 1} {
		changes, err := s.Changes(s.ctx, "pay", store.Newest, limit)
		s.ok(err)
		s.equal(len(changes), min(max(limit, 0), n))
		for i, c := range changes {
			s.equal(c.Generation, n-i)
		}
	}
	for _, through := range []uint64{0, 1, 5, 255, 256, n, n + 1} {
		changes, err := s.Changes(s.ctx, "pay", through, 3)
		s.ok(err)
		want := min(through, n)
		s.equal(len(changes), min(want, 3))
		for i, c := range changes {
			s.equal(c.Generation, want-uint64(i))
		}
	}
	none, err := s.Changes(s.ctx, "nobody", store.Newest, 10)
	s.ok(err)
	s.equal(len(none), 0)
}

func policyNewest(s *subject) {
	p, err := s.Policy(s.ctx)
	s.ok(err)
	s.equal(p == nil, true)
	s.refused(s.SetPolicy(s.ctx, nil), problem.Internal)
	for _, want := range []string{"first", "second \x00\xff", strings.Repeat("long", 50_000)} {
		s.ok(s.SetPolicy(s.ctx, []byte(want)))
		s.restart()
		p, err := s.Policy(s.ctx)
		s.ok(err)
		s.equal(string(p), want)
	}
}

func contextEnded(s *subject) {
	s.deployed("pay", 1)
	ctx, cancel := context.WithCancel(s.ctx)
	cancel()
	for name, err := range s.everyCall(ctx) {
		if problem.CodeOf(err) != problem.Canceled {
			s.t.Errorf("%s: got %v", name, err)
		}
	}
	route, err := s.Route(s.ctx, "pay")
	s.ok(err)
	s.equal(route.Generation, 1)
}

func closedFails(s *subject) {
	s.deployed("pay", 1)
	staged := s.stage("left")
	s.ok(s.Close())
	s.ok(s.Close())
	for name, err := range s.everyCall(s.ctx) {
		if problem.CodeOf(err) != problem.StoreFailed {
			s.t.Errorf("%s: got %v", name, err)
		}
	}
	s.refused(s.Discard(staged), problem.StoreFailed)
	s.Store = s.reopen()
	s.ok(second(s.Route(s.ctx, "pay")))
}

// everyCall calls all methods that take a context, in ways that would succeed.
func (s *subject) everyCall(ctx context.Context) map[string]error {
	r := release("pay", 1)
	return map[string]error{
		"Stage":            second(s.Stage(ctx, strings.NewReader("x"), 10)),
		"Artifact":         second(s.Artifact(ctx, r.Artifact)),
		"Drop":             s.Drop(ctx, r.Artifact),
		"Put":              s.Put(ctx, r),
		"Release":          second(s.Release(ctx, "pay", r.Digest)),
		"Releases":         second(s.Releases(ctx, "pay")),
		"Strategies":       second(s.Strategies(ctx)),
		"Activate":         s.Activate(ctx, activation(r, 2)),
		"Route":            second(s.Route(ctx, "pay")),
		"Routes":           second(s.Routes(ctx)),
		"Changes":          second(s.Changes(ctx, "pay", store.Newest, 1)),
		"RecordRollout":    s.RecordRollout(ctx, store.RolloutChange{Rollout: rolling("pay", 1, 0, 1)}),
		"Rollout":          second(s.Rollout(ctx, "pay", 1)),
		"Rollouts":         second(s.Rollouts(ctx, "pay", 1)),
		"Decisions":        second(s.Decisions(ctx, "pay", 1, 0, 1)),
		"Final":            second(s.Final(ctx, "pay", r.Digest)),
		"RolloutPolicy":    second(s.RolloutPolicy(ctx, "pay")),
		"RolloutPolicies":  second(s.RolloutPolicies(ctx)),
		"SetRolloutPolicy": s.SetRolloutPolicy(ctx, rule("pay", 1, "{}")),
		"RecordComparison": s.RecordComparison(ctx, compared(1), nil),
		"Comparisons":      second(s.Comparisons(ctx)),
		"ComparisonReport": second(s.ComparisonReport(ctx, 1)),
		"Policy":           second(s.Policy(ctx)),
		"SetPolicy":        s.SetPolicy(ctx, []byte("p")),
	}
}
