package storetest

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store"
)

// tale is a rollout of the twin with all its decisions.
type tale struct {
	store.Rollout
	decisions []store.Decision
}

// open is the rollout that is under way, nil if none is.
func (w *twin) open(name string) *tale {
	for i := range w.rollouts[name] {
		if r := &w.rollouts[name][i]; r.Ended.IsZero() {
			return r
		}
	}
	return nil
}

// advance applies the rollouts of an activation.
func (w *twin) advance(a store.Activation) problem.Code {
	name := a.Route.Strategy
	if a.Ends != nil {
		if code := w.revise(*a.Ends); code != "" {
			return code
		}
	}
	if a.Rollout != nil {
		write := w.revise
		if a.Rollout.Rollout.ID == a.Route.Generation {
			write = w.begin
		}
		if code := write(*a.Rollout); code != "" {
			return code
		}
	}
	var now store.Rollout
	if open := w.open(name); open != nil {
		now = open.Rollout
	}
	stable, candidate := a.Route.Stable, a.Route.Candidate
	ours := stable == now.Stable && (candidate == "" || candidate == now.Candidate) || stable == now.Candidate && candidate == ""
	if a.Route.Rollout != now.ID || now.ID != 0 && !ours {
		return problem.Internal
	}
	return ""
}

func (w *twin) begin(c store.RolloutChange) problem.Code {
	name := c.Rollout.Strategy
	if w.open(name) != nil || c.Rollout.Revision != 1 || len(c.Decisions) > 0 && c.Decisions[0].Number != 1 {
		return problem.Internal
	}
	w.rollouts[name] = append(w.rollouts[name], tale{c.Rollout, c.Decisions})
	return ""
}

func (w *twin) revise(c store.RolloutChange) problem.Code {
	list := w.rollouts[c.Rollout.Strategy]
	i := slices.IndexFunc(list, func(r tale) bool { return r.ID == c.Rollout.ID })
	switch {
	case i < 0:
		return problem.UnknownRollout
	case c.Rollout.Revision != list[i].Revision+1:
		return problem.StaleRollout
	case !list[i].Ended.IsZero():
		return problem.RolloutEnded
	case len(c.Decisions) > 0 && c.Decisions[0].Number != uint64(len(list[i].decisions))+1:
		return problem.Internal
	}
	list[i] = tale{c.Rollout, append(list[i].decisions, c.Decisions...)}
	return ""
}

func (w *twin) record(c store.RolloutChange) problem.Code {
	name := c.Rollout.Strategy
	route, after := w.routes[name], w.clone()
	code := after.revise(c)
	if code == "" && !c.Rollout.Ended.IsZero() {
		if route.Candidate != "" {
			return problem.Internal
		}
		route.Rollout = 0
		after.routes[name] = route
	}
	if code == "" {
		*w = *after
	}
	return code
}

func (w *twin) setRule(p store.RolloutPolicy) problem.Code {
	if p.Revision != w.rules[p.Strategy].Revision+1 {
		return problem.StaleRollout
	}
	w.rules[p.Strategy] = p
	return ""
}

// randomChange does a random change of a strategy's route, rollouts or rules.
func (s *subject) randomChange(w *twin, random *rand.Rand, name string) (what string, got, want problem.Code) {
	switch random.IntN(10) {
	case 0:
		p := rule(name, max(1, w.rules[name].Revision+random.Uint64N(3)), []string{"", "{}", `{"a":1}`}[random.IntN(3)])
		return "set rollout policy", problem.CodeOf(s.SetRolloutPolicy(s.ctx, p)), w.setRule(p)
	case 1, 2, 3:
		c := w.randomRevision(random, name)
		return "record rollout", problem.CodeOf(s.RecordRollout(s.ctx, c)), w.record(c)
	}
	what, a := w.randomActivation(random, name)
	if random.IntN(8) == 0 {
		a.Route.Generation = random.Uint64N(a.Route.Generation + 3)
		a.Change.Generation = a.Route.Generation
	}
	if a.Check() != nil {
		return what, "", "" // the suite's tables are about these
	}
	return what, problem.CodeOf(s.Activate(s.ctx, a)), w.activate(a)
}

// randomRevision is mostly the next one of the rollout that is under way.
func (w *twin) randomRevision(random *rand.Rand, name string) store.RolloutChange {
	r := tale{Rollout: rolling(name, 1+random.Uint64N(9), 1, 2)}
	if open := w.open(name); open != nil && random.IntN(6) > 0 {
		r = *open
	} else if past := w.rollouts[name]; len(past) > 0 {
		r = past[random.IntN(len(past))]
	}
	return *r.next(random, random.IntN(3) == 0)
}

// next is the next revision of a rollout, now and then with a mistake.
func (r tale) next(random *rand.Rand, last bool) *store.RolloutChange {
	c := revised(r.Rollout, fmt.Sprint("phase ", random.IntN(9)), uint64(len(r.decisions))+1, random.IntN(4))
	if last {
		over(c, random.IntN(2) == 0)
	}
	return spoil(c, random)
}

// spoil makes a mistake now and then.
func spoil(c *store.RolloutChange, random *rand.Rand) *store.RolloutChange {
	switch random.IntN(12) {
	case 0:
		c.Rollout.Revision++
	case 1:
		c.Decisions = decided(2+random.Uint64N(5), 1)
	}
	return c
}

// randomActivation begins, continues or ends a rollout, or ignores it.
func (w *twin) randomActivation(random *rand.Rand, name string) (string, store.Activation) {
	generation, n := w.routes[name].Generation+1, 1+random.IntN(numbers)
	open := w.open(name)
	switch kind := random.IntN(6); {
	case kind == 0:
		return "activate", activation(release(name, n), generation)
	case kind == 1 || open == nil && kind > 3:
		return "switch", w.randomSwitch(random, name, n)
	case open == nil || kind == 2:
		stable := max(1, number(name, w.routes[name].Stable))
		c := &store.RolloutChange{Rollout: rolling(name, generation, stable, n), Decisions: decided(1, random.IntN(3))}
		return "begin", divided(release(name, stable), release(name, n), generation, random.IntN(store.AllTraffic+1), spoil(c, random))
	case kind == 3 && open.Stable != "":
		stable, candidate := number(name, open.Stable), number(name, open.Candidate)
		return "weight", divided(release(name, stable), release(name, candidate), generation, random.IntN(store.AllTraffic+1), open.next(random, false))
	case kind == 4:
		a := activation(release(name, number(name, open.Candidate)), generation)
		a.Route.Rollout, a.Rollout = open.ID, open.next(random, false)
		return "promote", a
	}
	a := activation(release(name, max(1, number(name, open.Stable))), generation)
	a.Rollout = open.next(random, true)
	return "return", a
}

// randomSwitch begins a switch; the rollout that is under way ends before it, or
// ought to.
func (w *twin) randomSwitch(random *rand.Rand, name string, n int) store.Activation {
	a := activation(release(name, n), w.routes[name].Generation+1)
	c := &store.RolloutChange{Rollout: rolling(name, a.Route.Generation, number(name, w.routes[name].Stable), n), Decisions: decided(1, random.IntN(3))}
	c.Rollout.Kind, a.Route.Rollout = store.KindSwitch, a.Route.Generation
	a.Rollout = spoil(c, random)
	if open := w.open(name); open != nil && random.IntN(4) > 0 {
		a.Ends = open.next(random, true)
	}
	return a
}

// number is the number of a release by its digest, 0 for none.
func number(name string, digest manifest.Digest) int {
	for n := range numbers + 1 {
		if release(name, n).Digest == digest {
			return n
		}
	}
	return 0
}

// pictureRollouts prints all that can be read about a strategy's rollouts.
func (w *twin) pictureRollouts(b io.Writer, name string) {
	finals := map[manifest.Digest]uint64{}
	for _, r := range w.rollouts[name] {
		if r.Final {
			finals[r.Candidate] = r.ID
		}
	}
	for _, r := range slices.Backward(w.rollouts[name]) {
		fmt.Fprintf(b, "rollout %s\n%+v\n", text(r.Rollout), r.decisions)
	}
	for n := 1; n <= numbers; n++ {
		fmt.Fprintf(b, "final %d %d\n", n, finals[release(name, n).Digest])
	}
	fmt.Fprintf(b, "rule %+v\n", w.rules[name])
}

func (s *subject) pictureRollouts(b io.Writer, name string) {
	list, err := s.Rollouts(s.ctx, name, math.MaxInt)
	s.ok(err)
	for _, r := range list {
		one, err := s.Rollout(s.ctx, name, r.ID)
		s.ok(err)
		s.same(one, r)
		decisions, err := s.Decisions(s.ctx, name, r.ID, 0, math.MaxInt)
		s.ok(err)
		fmt.Fprintf(b, "rollout %s\n%+v\n", text(r), decisions)
	}
	for n := 1; n <= numbers; n++ {
		id, err := s.Final(s.ctx, name, release(name, n).Digest)
		s.ok(err)
		fmt.Fprintf(b, "final %d %d\n", n, id)
	}
	rule, err := s.RolloutPolicy(s.ctx, name)
	s.ok(err)
	fmt.Fprintf(b, "rule %+v\n", rule)
}
