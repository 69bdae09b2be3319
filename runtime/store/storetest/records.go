package storetest

import (
	"time"

	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store"
)

func recordCompares(s *subject) {
	r := s.rolledOut("pay").Rollout.Rollout
	for _, revision := range []uint64{1, 3, 1 << 63} {
		c := revised(r, "paused", 3, 1)
		c.Rollout.Revision = revision
		s.refused(s.RecordRollout(s.ctx, *c), problem.StaleRollout)
	}
	s.ok(s.RecordRollout(s.ctx, *revised(r, "paused", 3, 1)))
	s.restart()
	s.refused(s.RecordRollout(s.ctx, *revised(r, "paused", 3, 1)), problem.StaleRollout)
	next := revised(r, "paused", 3, 0)
	s.ok(s.RecordRollout(s.ctx, *revised(next.Rollout, "running", 4, 0)))
	s.holds(revised(next.Rollout, "running", 4, 0).Rollout, decided(1, 3))
}

func recordLeaves(s *subject) {
	a := s.rolledOut("pay")
	c := revised(a.Rollout.Rollout, "paused", 3, 2)
	s.ok(s.RecordRollout(s.ctx, *c))
	s.restart()
	route, err := s.Route(s.ctx, "pay")
	s.ok(err)
	s.equal(route, a.Route)
	changes, err := s.Changes(s.ctx, "pay", store.Newest, 10)
	s.ok(err)
	s.equal(len(changes), 2)
	s.holds(c.Rollout, decided(1, 4))
}

func recordServed(s *subject) {
	a := s.rolledOut("pay")
	before := s.picture()
	c := over(revised(a.Rollout.Rollout, "rolled_back", 3, 1), true)
	s.refused(s.RecordRollout(s.ctx, *c), problem.Internal)
	s.equal(s.picture(), before)
	back := activation(release("pay", 1), 3)
	back.Rollout, back.Change.Action, back.Change.Rollout = c, store.ActionReturn, 2
	s.ok(s.Activate(s.ctx, back))
	s.holds(c.Rollout, decided(1, 3))
}

func endedStays(s *subject) {
	r := s.rolledOut("pay").Rollout.Rollout
	back := activation(release("pay", 1), 3)
	back.Rollout = over(revised(r, "aborted", 3, 0), false)
	s.ok(s.Activate(s.ctx, back))
	before := s.picture()
	next := revised(back.Rollout.Rollout, "running", 3, 1)
	s.refused(s.RecordRollout(s.ctx, *next), problem.RolloutEnded)
	next.Rollout.Ended = time.Time{} // open again
	again := activation(release("pay", 1), 4)
	again.Rollout = next
	s.refused(s.Activate(s.ctx, again), problem.RolloutEnded)
	again = divided(release("pay", 1), release("pay", 2), 4, 100, next)
	s.refused(s.Activate(s.ctx, again), problem.RolloutEnded)
	s.refused(s.RecordRollout(s.ctx, *revised(r, "running", 3, 1)), problem.StaleRollout)
	s.equal(s.picture(), before)
}

func finalStays(s *subject) {
	s.equalFinal("pay", 2, 0)
	r := s.rolledOut("pay").Rollout.Rollout
	s.equalFinal("pay", 2, 0)
	back := activation(release("pay", 1), 3)
	back.Rollout = over(revised(r, "rolled_back", 3, 1), true)
	s.ok(s.Activate(s.ctx, back))
	for range 2 {
		s.equalFinal("pay", 2, 2)
		s.equalFinal("pay", 1, 0)
		s.equalFinal("risk", 2, 0)
		s.restart()
	}
	id, err := s.Final(s.ctx, "pay", "")
	s.ok(err)
	s.equal(id, 0)
}

// equalFinal ends the case unless rollout id made release n final.
func (s *subject) equalFinal(strategy string, n int, id uint64) {
	s.t.Helper()
	got, err := s.Final(s.ctx, strategy, release(strategy, n).Digest)
	s.ok(err)
	s.equal(got, id)
}

func rolloutsApart(s *subject) {
	pay, risk := s.rolledOut("pay"), s.rolledOut("risk")
	c := revised(pay.Rollout.Rollout, "paused", 3, 5)
	s.ok(s.RecordRollout(s.ctx, *c))
	s.restart()
	s.holds(risk.Rollout.Rollout, decided(1, 2))
	s.holds(c.Rollout, decided(1, 7))
	s.ok(second(s.Rollout(s.ctx, "risk", 2)))
	s.refused(second(s.Rollout(s.ctx, "risk", 1)), problem.UnknownRollout)
	s.refused(second(s.Rollout(s.ctx, "risk", 0)), problem.UnknownRollout)
	s.refused(second(s.Rollout(s.ctx, "nobody", 2)), problem.UnknownRollout)
	s.refused(second(s.Decisions(s.ctx, "nobody", 2, 0, 1)), problem.UnknownRollout)
	s.refused(second(s.Decisions(s.ctx, "pay", 3, 0, 1)), problem.UnknownRollout)
	none, err := s.Rollouts(s.ctx, "nobody", 10)
	s.ok(err)
	s.equal(len(none), 0)
}
