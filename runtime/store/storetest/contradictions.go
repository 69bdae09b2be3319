package storetest

import (
	"encoding/json"

	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store"
)

func rolloutContradicts(s *subject) {
	a := s.rolledOut("pay")
	before := s.picture()
	for name, change := range map[string]func(*store.RolloutChange){
		"no strategy":         func(c *store.RolloutChange) { c.Rollout.Strategy = "" },
		"no number":           func(c *store.RolloutChange) { c.Rollout.ID = 0 },
		"no revision":         func(c *store.RolloutChange) { c.Rollout.Revision = 0 },
		"no kind":             func(c *store.RolloutChange) { c.Rollout.Kind = "" },
		"another kind":        func(c *store.RolloutChange) { c.Rollout.Kind = store.KindSwitch },
		"no candidate":        func(c *store.RolloutChange) { c.Rollout.Candidate = "" },
		"another candidate":   func(c *store.RolloutChange) { c.Rollout.Candidate = digest("other") },
		"half a digest":       func(c *store.RolloutChange) { c.Rollout.Stable = "sha256:short" },
		"another stable":      func(c *store.RolloutChange) { c.Rollout.Stable = digest("other") },
		"stable as candidate": func(c *store.RolloutChange) { c.Rollout.Candidate = c.Rollout.Stable },
		"another beginning":   func(c *store.RolloutChange) { c.Rollout.Started = at(5) },
		"final and open":      func(c *store.RolloutChange) { c.Rollout.Final = true },
		"decisions with gaps": func(c *store.RolloutChange) { c.Decisions[1].Number++ },
		"decision 0":          func(c *store.RolloutChange) { c.Decisions = decided(0, 2) },
		"decisions ahead":     func(c *store.RolloutChange) { c.Decisions = decided(4, 2) },
		"decisions again":     func(c *store.RolloutChange) { c.Decisions = decided(1, 4) },
		"state without JSON":  func(c *store.RolloutChange) { c.Rollout.State = json.RawMessage("{") },
	} {
		c := revised(a.Rollout.Rollout, "running", 3, 2)
		change(c)
		if err := s.RecordRollout(s.ctx, *c); problem.CodeOf(err) != problem.Internal {
			s.t.Errorf("%s: got %v", name, err)
		}
		b := divided(release("pay", 1), release("pay", 2), 3, 500, c)
		if err := s.Activate(s.ctx, b); problem.CodeOf(err) != problem.Internal {
			s.t.Errorf("%s, activated: got %v", name, err)
		}
	}
	s.equal(s.picture(), before)
}

func rolloutFits(s *subject) {
	a := s.rolledOut("pay")
	s.commit(content(3))
	before := s.picture()
	third := release("pay", 3)
	for name, change := range map[string]func(*store.Activation){
		"a route without the rollout": func(b *store.Activation) {
			b.Route.Rollout, b.Route.Candidate, b.Route.Weight, b.Route.Baseline = 0, "", 0, 0
			b.Change.To = b.Route.Stable
		},
		"a candidate without a rollout":     func(b *store.Activation) { b.Route.Rollout = 0 },
		"a share without a candidate":       func(b *store.Activation) { b.Route.Candidate, b.Change.To = "", b.Route.Stable },
		"a share below nothing":             func(b *store.Activation) { b.Route.Weight = -1 },
		"a baseline below nothing":          func(b *store.Activation) { b.Route.Baseline = -1 },
		"shares of more than all":           func(b *store.Activation) { b.Route.Weight = store.AllTraffic + 1 },
		"shares of more than all, together": func(b *store.Activation) { b.Route.Weight, b.Route.Baseline = 5001, 5000 },
		"a rollout of the future":           func(b *store.Activation) { b.Route.Rollout = 4 },
		"another rollout":                   func(b *store.Activation) { b.Route.Rollout = 1 },
		"the stable release as candidate":   func(b *store.Activation) { b.Route.Candidate, b.Change.To = b.Route.Stable, b.Route.Stable },
		"another stable release":            func(b *store.Activation) { b.Release, b.Route.Stable = third, third.Digest },
		"a stable release that is foreign": func(b *store.Activation) {
			*b = activation(third, 3)
			b.Route.Rollout, b.Rollout = 2, revised(a.Rollout.Rollout, "running", 3, 1)
		},
		"a rollout that ends, named":     func(b *store.Activation) { over(b.Rollout, true) },
		"a journal of another rollout":   func(b *store.Activation) { b.Change.Rollout = 1 },
		"a journal with another share":   func(b *store.Activation) { b.Change.Weight = store.AllTraffic + 1 },
		"a journal of a foreign release": func(b *store.Activation) { b.Change.To = third.Digest },
		"a promotion to the candidate":   func(b *store.Activation) { b.Change.Action = store.ActionPromote },
		"a release of another strategy":  func(b *store.Activation) { b.Also[0].Strategy = "risk" },
		"an end without a beginning":     func(b *store.Activation) { b.Ends = over(revised(a.Rollout.Rollout, "aborted", 3, 1), false) },
	} {
		b := divided(release("pay", 1), release("pay", 2), 3, 500, revised(a.Rollout.Rollout, "running", 3, 1))
		change(&b)
		if err := s.Activate(s.ctx, b); problem.CodeOf(err) != problem.Internal {
			s.t.Errorf("%s: got %v", name, err)
		}
	}
	s.equal(s.picture(), before)
}
