package main

import (
	"context"
	"reflect"

	"github.com/swapline/swapline/runtime/store"
	"github.com/swapline/swapline/runtime/store/boltstore"
)

// pointOf finds the point at which a strategy's route is; in a generation of a
// rollout it is the rollout's revision that tells.
func pointOf(ctx context.Context, s *boltstore.Store, route store.Route) (point, error) {
	if route.Generation == 0 {
		return point{}, nil
	}
	now := first(route.Generation)
	if now.revision == 0 {
		return now, nil
	}
	r, err := s.Rollout(ctx, route.Strategy, now.base()+1)
	return point{route.Generation, r.Revision}, err
}

// checkRollouts wants the rollouts of all rounds that are kept, with their
// decisions, as planned, and everything final that ever was.
func checkRollouts(s *boltstore.Store, name string, now point, t tally) {
	list, err := s.Rollouts(context.Background(), name, 1<<30)
	if err != nil {
		t.contradict("rollouts of %s: %v", name, err)
	}
	want := rolledOut(now)
	if len(list) != min(len(want), store.MaxRollouts) {
		t.contradict("%s has %d rollouts at %+v", name, len(list), now)
		return
	}
	for i, r := range list {
		checkRollout(s, r, want[i], t)
	}
	for _, at := range want {
		checkFinal(s, name, at, t)
	}
	checkPolicy(s, name, now, t)
}

// rolledOut are the moments at which the rollouts of all rounds are, the newest
// first.
func rolledOut(now point) []point {
	var list []point
	if now.revision > 0 {
		list = append(list, now)
	}
	if now.generation == 0 {
		return list
	}
	place := now.generation - now.base()
	if place == 4 {
		list = append(list, last(now.generation-1))
	}
	for base := now.base(); base > 5; base -= 5 {
		list = append(list, last(base-2))
	}
	return list
}

// checkRollout wants a rollout and its decisions as planned for a point.
func checkRollout(s *boltstore.Store, got store.Rollout, at point, t tally) {
	if want := at.rollout(got.Strategy); !reflect.DeepEqual(got, want) {
		t.contradict("rollout %+v is not the planned %+v", got, want)
		return
	}
	list, err := s.Decisions(context.Background(), got.Strategy, got.ID, 0, 1<<30)
	if want := decisions(0, decided(at.revision)); err != nil || !reflect.DeepEqual(list, want) {
		t.contradict("decisions %+v of rollout %d of %s are not the planned %+v (%v)", list, got.ID, got.Strategy, want, err)
	}
}

// checkFinal wants a candidate final if its rollout made it so.
func checkFinal(s *boltstore.Store, name string, at point, t tally) {
	want := at.rollout(name)
	id, err := s.Final(context.Background(), name, want.Candidate)
	if err != nil || want.Final != (id == want.ID) || !want.Final && id != 0 {
		t.contradict("rollout %d of %s: the candidate was made final by %d (%v)", want.ID, name, id, err)
	}
}

// checkPolicy wants the rollout policy of the round, or the one that is set
// before the next generation.
func checkPolicy(s *boltstore.Store, name string, now point, t tally) {
	p, err := s.RolloutPolicy(context.Background(), name)
	least, most := policies(now.generation), policies(now.generation+1)
	whole := p.Revision == 0 || reflect.DeepEqual(p, rules(name, p.Revision))
	if err != nil || p.Revision < least || p.Revision > most || !whole {
		t.contradict("rollout policy of %s at %+v: %+v (%v)", name, now, p, err)
	}
}
