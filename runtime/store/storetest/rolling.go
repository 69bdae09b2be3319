package storetest

import (
	"encoding/json"
	"fmt"

	"github.com/swapline/swapline/runtime/store"
)

// rolling is a rollout of release candidate beside release stable (0: none). It
// begins as generation id.
func rolling(strategy string, id uint64, stable, candidate int) store.Rollout {
	r := store.Rollout{Strategy: strategy, ID: id, Kind: store.KindRollout, Candidate: release(strategy, candidate).Digest,
		Revision: 1, Phase: "running", State: json.RawMessage(`{"stage":0}`), Policy: json.RawMessage(`{"alpha":0.01}`),
		Replay: json.RawMessage(`[]`), Experiment: json.RawMessage(`{"plan":{"alpha":0.05}}`), PolicyOf: "manifest", Actor: "ada", Reason: "because", Started: at(int(id)), Changed: at(int(id))} //nolint:gosec // small
	if stable != 0 {
		r.Stable = release(strategy, stable).Digest
	}
	return r
}

// revised is the next revision of a rollout, in another phase and with further
// decisions, numbered from next.
func revised(r store.Rollout, phase string, next uint64, decisions int) *store.RolloutChange {
	r.Revision++
	r.Phase, r.State = phase, json.RawMessage(fmt.Sprintf(`{"revision":%d}`, r.Revision))
	r.Changed = at(1000 + int(r.Revision)) //nolint:gosec // small
	return &store.RolloutChange{Rollout: r, Decisions: decided(next, decisions)}
}

// over makes a revision the last one.
func over(c *store.RolloutChange, final bool) *store.RolloutChange {
	c.Rollout.Ended, c.Rollout.Final = at(2000), final
	return c
}

// decided are decisions from a number on.
func decided(from uint64, count int) []store.Decision {
	var list []store.Decision
	for i := range count {
		n := int(from) + i                                                                                 //nolint:gosec // small
		list = append(list, store.Decision{Number: uint64(n), At: at(n), Verdict: "hold", Guard: "errors", //nolint:gosec // small
			Text: fmt.Sprintf("decision %d says <no>", n), Actor: "runtime", Stage: n % 4, Weight: 100 * n % store.AllTraffic})
	}
	return list
}

// divided is the activation that gives a candidate a weight beside a stable
// release, as part of c.
func divided(stable, candidate store.Release, generation uint64, weight int, c *store.RolloutChange) store.Activation {
	a := activation(stable, generation)
	a.Also = []store.Release{candidate}
	a.Route.Candidate, a.Route.Weight, a.Route.Baseline, a.Route.Rollout = candidate.Digest, weight, min(weight, store.AllTraffic-weight), c.Rollout.ID
	a.Change.Action, a.Change.To, a.Change.Rollout, a.Change.Weight = store.ActionRollout, candidate.Digest, c.Rollout.ID, weight
	a.Rollout = c
	return a
}

// rolledOut has release 1 active as generation 1 and begins a rollout of release
// 2 as generation 2, with two decisions.
func (s *subject) rolledOut(strategy string) store.Activation {
	s.t.Helper()
	s.deployed(strategy, 1)
	s.commit(content(2))
	a := divided(release(strategy, 1), release(strategy, 2), 2, 100,
		&store.RolloutChange{Rollout: rolling(strategy, 2, 1, 2), Decisions: decided(1, 2)})
	s.ok(s.Activate(s.ctx, a))
	return a
}

// holds ends the case unless the store has a rollout with decisions.
func (s *subject) holds(want store.Rollout, decisions []store.Decision) {
	s.t.Helper()
	got, err := s.Rollout(s.ctx, want.Strategy, want.ID)
	s.ok(err)
	s.same(got, want)
	list, err := s.Decisions(s.ctx, want.Strategy, want.ID, 0, 1<<20)
	s.ok(err)
	s.equal(list, decisions)
}

// same compares two rollouts.
func (s *subject) same(got, want store.Rollout) {
	s.t.Helper()
	s.equal(text(got), text(want))
}

// text prints a rollout with its JSON as text.
func text(r store.Rollout) string {
	state, policy, replay, experiment := string(r.State), string(r.Policy), string(r.Replay), string(r.Experiment)
	r.State, r.Policy, r.Replay, r.Experiment = nil, nil, nil, nil
	return fmt.Sprintf("%+v %s %s %s %s", r, state, policy, replay, experiment)
}
