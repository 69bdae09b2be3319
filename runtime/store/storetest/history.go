package storetest

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store"
)

func historyChecks() []check {
	return []check{
		{"decisions come in their order, after a number, at most limit", decisionsOrdered},
		{"old decisions are forgotten and numbers go on", decisionsForgotten},
		{"rollouts come newest first, at most limit", rolloutsNewest},
		{"old rollouts are forgotten, what they made final is not", rolloutsForgotten},
		{"rollout policy is nothing, then the newest", rulesNewest},
		{"rollout policies are sorted by name", rulesSorted},
	}
}

func decisionsOrdered(s *subject) {
	const n = 300 // more than one byte of number
	r := s.rolledOut("pay").Rollout.Rollout
	s.ok(s.RecordRollout(s.ctx, *revised(r, "running", 3, n-2)))
	all := decided(1, n)
	for range 2 {
		for _, after := range []uint64{0, 1, 2, 255, 256, n - 1, n, n + 1, math.MaxUint64} {
			for _, limit := range []int{-1, 0, 1, 7, n, n + 1, math.MaxInt} {
				rest := all[min(after, n):]
				list, err := s.Decisions(s.ctx, "pay", 2, after, limit)
				s.ok(err)
				s.equal(list, rest[:min(max(limit, 0), len(rest))])
			}
		}
		s.restart()
	}
}

func decisionsForgotten(s *subject) {
	const most = store.MaxDecisions
	r := s.rolledOut("pay").Rollout.Rollout
	other := s.rolledOut("risk").Rollout.Rollout
	next := uint64(3)
	for _, count := range []int{most - 3, 1, 1, 300, 0, 2*most + 5, 1} {
		c := revised(r, "running", next, count)
		s.ok(s.RecordRollout(s.ctx, *c))
		r, next = c.Rollout, next+uint64(count) //nolint:gosec // small
		last := int(next) - 1                   //nolint:gosec // small
		kept := min(last, most)
		list, err := s.Decisions(s.ctx, "pay", 2, 0, math.MaxInt)
		s.ok(err)
		s.equal(list, decided(uint64(last-kept+1), kept)) //nolint:gosec // small
	}
	s.restart()
	list, err := s.Decisions(s.ctx, "pay", 2, next-3, 1)
	s.ok(err)
	s.equal(list, decided(next-2, 1))
	s.holds(other, decided(1, 2))
	s.refused(s.RecordRollout(s.ctx, *revised(r, "running", next-1, 1)), problem.Internal)
}

// switched activates release n as generation id and as a switch that is over at
// once.
func (s *subject) switched(strategy string, id uint64, n int, final bool) store.Rollout {
	s.t.Helper()
	a := activation(release(strategy, n), id)
	c := &store.RolloutChange{Rollout: rolling(strategy, id, 0, n), Decisions: decided(1, 2)}
	c.Rollout.Kind = store.KindSwitch
	a.Rollout = over(c, final)
	s.ok(s.Activate(s.ctx, a))
	return a.Rollout.Rollout
}

func rolloutsNewest(s *subject) {
	const n = 12
	s.commit(content(1))
	var all []store.Rollout
	for id := uint64(1); id <= n; id++ {
		all = append([]store.Rollout{s.switched("pay", id, 1, false)}, all...)
	}
	s.switched("risk", 1, 1, false)
	for range 2 {
		for _, limit := range []int{-1, 0, 1, 7, n, n + 1, math.MaxInt} {
			list, err := s.Rollouts(s.ctx, "pay", limit)
			s.ok(err)
			s.equal(len(list), min(max(limit, 0), n))
			for i, r := range list {
				s.same(r, all[i])
			}
		}
		s.restart()
	}
}

func rolloutsForgotten(s *subject) {
	const most, more = store.MaxRollouts, 5
	s.commit(content(1))
	s.commit(content(2))
	s.switched("risk", 1, 1, false)
	for id := uint64(1); id <= most+more; id++ {
		s.switched("pay", id, 1+int(id%2), id == 1) //nolint:gosec // small
	}
	list, err := s.Rollouts(s.ctx, "pay", math.MaxInt)
	s.ok(err)
	s.equal(len(list), most)
	s.equal(list[0].ID, most+more)
	s.equal(list[most-1].ID, more+1)
	s.refused(second(s.Rollout(s.ctx, "pay", more)), problem.UnknownRollout)
	s.refused(second(s.Decisions(s.ctx, "pay", more, 0, 1)), problem.UnknownRollout)
	s.restart()
	s.holds(list[most-1], decided(1, 2))
	s.equalFinal("pay", 2, 1)
	s.equalFinal("pay", 1, 0)
	s.ok(second(s.Rollout(s.ctx, "risk", 1)))
}

func rule(strategy string, revision uint64, text string) store.RolloutPolicy {
	p := store.RolloutPolicy{Strategy: strategy, Revision: revision, Actor: "ada", Changed: at(int(revision))} //nolint:gosec // small
	if text != "" {
		p.Text = json.RawMessage(text)
	}
	return p
}

func rulesNewest(s *subject) {
	none, err := s.RolloutPolicy(s.ctx, "pay")
	s.ok(err)
	s.equal(none, store.RolloutPolicy{})
	for i, text := range []string{`{"alpha":0.01}`, "", `{}`, `{"long":"` + strings.Repeat("p", 50_000) + `"}`} {
		revision := uint64(i) + 1 //nolint:gosec // small
		for _, stale := range []uint64{revision - 1, revision + 1} {
			if stale > 0 {
				s.refused(s.SetRolloutPolicy(s.ctx, rule("pay", stale, `{}`)), problem.StaleRollout)
			}
		}
		s.ok(s.SetRolloutPolicy(s.ctx, rule("pay", revision, text)))
		s.restart()
		got, err := s.RolloutPolicy(s.ctx, "pay")
		s.ok(err)
		s.equal(got, rule("pay", revision, text))
	}
	for _, bad := range []store.RolloutPolicy{rule("", 1, `{}`), rule("pay", 0, `{}`), rule("pay", 5, `[]`), rule("pay", 5, `{`), rule("pay", 5, `null`)} {
		s.refused(s.SetRolloutPolicy(s.ctx, bad), problem.Internal)
	}
	none, err = s.RolloutPolicy(s.ctx, "risk")
	s.ok(err)
	s.equal(none, store.RolloutPolicy{})
}

func rulesSorted(s *subject) {
	list, err := s.RolloutPolicies(s.ctx)
	s.ok(err)
	s.equal(len(list), 0)
	s.deployed("pay", 1)
	var want []store.RolloutPolicy
	for _, name := range []string{"a", "a-b", "b"} {
		want = append(want, rule(name, 1, fmt.Sprintf(`{"of":%q}`, name)))
	}
	for _, i := range []int{1, 2, 0} {
		s.ok(s.SetRolloutPolicy(s.ctx, want[i]))
	}
	s.ok(s.SetRolloutPolicy(s.ctx, rule("b", 2, "")))
	want[2] = rule("b", 2, "")
	for range 2 {
		list, err := s.RolloutPolicies(s.ctx)
		s.ok(err)
		s.equal(list, want)
		names, err := s.Strategies(s.ctx)
		s.ok(err)
		s.equal(names, []string{"pay"})
		s.restart()
	}
}
