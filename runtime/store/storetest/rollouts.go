package storetest

import (
	"time"

	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store"
)

func rolloutChecks() []check {
	return []check{
		{"a rollout begins with its route, its releases and its decisions", rolloutBegins},
		{"a rollout goes from weight to weight until it is stable", rolloutClimbs},
		{"a rollout and its route change together or not at all", rolloutAtomic},
		{"a rollout that contradicts itself is refused", rolloutContradicts},
		{"a route fits the rollout that is under way", rolloutFits},
		{"a rollout begins while no other is under way", rolloutAlone},
		{"a rollout needs recorded releases", rolloutReleases},
		{"one change ends a rollout and begins another", rolloutReplaced},
		{"record compares the revision", recordCompares},
		{"record leaves what is served as it is", recordLeaves},
		{"record does not end a rollout whose candidate is served", recordServed},
		{"a rollout that has ended stays as it is", endedStays},
		{"final stays final", finalStays},
		{"strategies do not share rollouts", rolloutsApart},
	}
}

func rolloutBegins(s *subject) {
	a := s.rolledOut("pay")
	for range 2 {
		route, err := s.Route(s.ctx, "pay")
		s.ok(err)
		s.equal(route, a.Route)
		changes, err := s.Changes(s.ctx, "pay", store.Newest, 1)
		s.ok(err)
		s.equal(changes, []store.Change{a.Change})
		candidate, err := s.Release(s.ctx, "pay", a.Route.Candidate)
		s.ok(err)
		s.equal(candidate, release("pay", 2))
		s.holds(a.Rollout.Rollout, a.Rollout.Decisions)
		got, err := s.Rollout(s.ctx, "pay", 2)
		s.ok(err)
		got.State[0] = '!' // the caller's own
		s.restart()
	}
	far := time.FixedZone("far", 7200)
	c := over(revised(a.Rollout.Rollout, "aborted", 3, 1), false)
	want := c.Rollout
	c.Rollout.Started, c.Rollout.Changed, c.Rollout.Ended = want.Started.In(far), want.Changed.In(far), want.Ended.In(far)
	c.Decisions[0].At = c.Decisions[0].At.In(far)
	back := activation(release("pay", 1), 3)
	back.Rollout = c
	s.ok(s.Activate(s.ctx, back))
	s.holds(want, decided(1, 3))
}

func rolloutClimbs(s *subject) {
	a := s.rolledOut("pay")
	c, generation := a.Rollout, uint64(2)
	for _, weight := range []int{500, 2000, 0, store.AllTraffic} {
		generation++
		c = revised(c.Rollout, "running", generation, 1)
		a = divided(release("pay", 1), release("pay", 2), generation, weight, c)
		s.ok(s.Activate(s.ctx, a))
		s.restart()
		route, err := s.Route(s.ctx, "pay")
		s.ok(err)
		s.equal(route, a.Route)
		r, err := s.Rollout(s.ctx, "pay", 2)
		s.ok(err)
		s.same(r, c.Rollout)
	}
	c = revised(c.Rollout, "watching", generation+1, 0)
	promote := activation(release("pay", 2), generation+1)
	promote.Route.Rollout, promote.Rollout, promote.Change.Action = 2, c, store.ActionPromote
	s.ok(s.Activate(s.ctx, promote))
	c = over(revised(c.Rollout, "promoted", generation+1, 1), false)
	s.ok(s.RecordRollout(s.ctx, *c))
	route, err := s.Route(s.ctx, "pay")
	s.ok(err)
	promote.Route.Rollout = 0
	s.equal(route, promote.Route)
	r, err := s.Rollout(s.ctx, "pay", 2)
	s.ok(err)
	s.same(r, c.Rollout)
	list, err := s.Decisions(s.ctx, "pay", 2, 0, 100)
	s.ok(err)
	s.equal(len(list), 7)
}

func rolloutAtomic(s *subject) {
	a := s.rolledOut("pay")
	s.commit(content(3))
	before := s.picture()
	next := func(change func(*store.Activation)) store.Activation {
		b := divided(release("pay", 1), release("pay", 2), 3, 500, revised(a.Rollout.Rollout, "running", 3, 1))
		change(&b)
		return b
	}
	for name, c := range map[string]struct {
		code   problem.Code
		change func(*store.Activation)
	}{
		"a stale generation": {problem.StaleGeneration, func(b *store.Activation) { b.Route.Generation, b.Change.Generation = 4, 4 }},
		"a stale revision":   {problem.StaleRollout, func(b *store.Activation) { b.Rollout.Rollout.Revision = 3 }},
		"no such rollout": {problem.UnknownRollout, func(b *store.Activation) {
			b.Rollout.Rollout.ID, b.Route.Rollout, b.Change.Rollout = 1, 1, 1
		}},
		"a gap in the decisions":  {problem.Internal, func(b *store.Activation) { b.Rollout.Decisions = decided(4, 1) }},
		"a decision of the past":  {problem.Internal, func(b *store.Activation) { b.Rollout.Decisions = decided(2, 1) }},
		"a release without bytes": {problem.ArtifactMissing, func(b *store.Activation) { b.Also = []store.Release{release("pay", 3), release("pay", 4)} }},
		"a route of something else": {problem.Internal, func(b *store.Activation) {
			b.Also = append(b.Also, release("pay", 3))
			b.Route.Candidate, b.Change.To = release("pay", 3).Digest, release("pay", 3).Digest
		}},
	} {
		if err := s.Activate(s.ctx, next(c.change)); problem.CodeOf(err) != c.code {
			s.t.Errorf("%s: got %v", name, err)
		}
		if after := s.picture(); after != before {
			s.t.Fatalf("%s: something changed:\n%s\nbefore:\n%s", name, after, before)
		}
	}
	s.ok(s.Activate(s.ctx, next(func(*store.Activation) {})))
}

func rolloutAlone(s *subject) {
	s.rolledOut("pay")
	before := s.picture()
	for _, revision := range []uint64{1, 2} {
		c := &store.RolloutChange{Rollout: rolling("pay", 3, 1, 2)}
		c.Rollout.Revision = revision
		s.refused(s.Activate(s.ctx, divided(release("pay", 1), release("pay", 2), 3, 100, c)), problem.Internal)
	}
	s.refused(s.Activate(s.ctx, activation(release("pay", 1), 3)), problem.Internal)
	s.refused(s.RecordRollout(s.ctx, store.RolloutChange{Rollout: rolling("pay", 3, 1, 2)}), problem.UnknownRollout)
	s.equal(s.picture(), before)

	s.deployed("risk", 1)
	c := &store.RolloutChange{Rollout: rolling("risk", 2, 1, 2)}
	c.Rollout.Revision = 2
	s.refused(s.Activate(s.ctx, divided(release("risk", 1), release("risk", 2), 2, 100, c)), problem.Internal)
	c.Rollout.Revision, c.Decisions = 1, decided(2, 1)
	s.refused(s.Activate(s.ctx, divided(release("risk", 1), release("risk", 2), 2, 100, c)), problem.Internal)
	s.refused(s.RecordRollout(s.ctx, store.RolloutChange{Rollout: rolling("risk", 1, 1, 2)}), problem.UnknownRollout)
	s.refused(s.RecordRollout(s.ctx, store.RolloutChange{Rollout: rolling("nobody", 1, 1, 2)}), problem.UnknownRollout)
}

func rolloutReleases(s *subject) {
	s.deployed("pay", 1)
	s.commit(content(2))
	s.ok(s.Put(s.ctx, release("risk", 2)))
	a := divided(release("pay", 1), release("pay", 2), 2, 100, &store.RolloutChange{Rollout: rolling("pay", 2, 1, 2)})
	a.Also = nil
	s.refused(s.Activate(s.ctx, a), problem.UnknownRelease)
	gone := &store.RolloutChange{Rollout: rolling("pay", 2, 3, 1)}
	gone.Rollout.Kind = store.KindSwitch
	a = activation(release("pay", 1), 2)
	a.Route.Rollout, a.Rollout = 2, gone
	s.refused(s.Activate(s.ctx, a), problem.UnknownRelease)
	s.ok(s.Put(s.ctx, release("pay", 2)))
	a = divided(release("pay", 1), release("pay", 2), 2, 100, &store.RolloutChange{Rollout: rolling("pay", 2, 1, 2)})
	a.Also = nil
	s.ok(s.Activate(s.ctx, a))
}

// rolloutReplaced switches all traffic at once while the switch before is still
// watched; the first of them has no release before it.
func rolloutReplaced(s *subject) {
	var last *store.RolloutChange
	for n := 1; n <= 3; n++ {
		s.commit(content(n))
		a := activation(release("pay", n), uint64(n))                                                          //nolint:gosec // small
		a.Rollout = &store.RolloutChange{Rollout: rolling("pay", uint64(n), n-1, n), Decisions: decided(1, 1)} //nolint:gosec // small
		a.Rollout.Rollout.Kind, a.Route.Rollout = store.KindSwitch, uint64(n)                                  //nolint:gosec // small
		if last != nil {
			s.refused(s.Activate(s.ctx, a), problem.Internal)
			a.Ends = revised(last.Rollout, "aborted", 2, 1)
			s.refused(s.Activate(s.ctx, a), problem.Internal)
			over(a.Ends, false)
			a.Ends.Rollout.Revision = 1
			s.refused(s.Activate(s.ctx, a), problem.StaleRollout)
			a.Ends.Rollout.Revision = 2
		}
		s.ok(s.Activate(s.ctx, a))
		s.restart()
		if last != nil {
			s.holds(a.Ends.Rollout, decided(1, 2))
		}
		s.holds(a.Rollout.Rollout, a.Rollout.Decisions)
		last = a.Rollout
	}
}
