package storetest

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store"
)

// Sizes of the hammer.
const (
	hammerRounds  = 25 // changes that each writer tries
	hammerWriters = 2  // writers for each strategy
)

// hammer lets writers race for the generations of three strategies, with the
// same artifacts coming and going, while readers follow every route to its end.
func hammer(s *subject) {
	var won atomic.Int64
	var writers, readers sync.WaitGroup
	stop := make(chan struct{})
	for _, name := range strategies() {
		for range hammerWriters {
			writers.Go(func() { s.race(name, &won) })
		}
	}
	writers.Go(s.comeAndGo)
	for range 2 {
		readers.Go(func() { s.follow(stop) })
	}
	writers.Wait()
	close(stop)
	readers.Wait()
	s.restart()
	s.equal(s.total(), won.Load())
}

// race tries to be the next change of a strategy, again and again.
func (s *subject) race(name string, won *atomic.Int64) {
	for i := range hammerRounds {
		n := 1 + i%numbers
		staged, err := s.Stage(s.ctx, strings.NewReader(content(n)), 1<<20)
		if !s.allowed(err) {
			return
		}
		_, err = s.Commit(s.ctx, staged)
		if !s.allowed(err) {
			return
		}
		route, err := s.Route(s.ctx, name)
		if !s.allowed(err, problem.UnknownStrategy) {
			return
		}
		err = s.Activate(s.ctx, activation(release(name, n), route.Generation+1))
		if !s.allowed(err, problem.StaleGeneration, problem.ArtifactMissing) {
			return
		}
		if err == nil {
			won.Add(1)
		}
	}
}

// comeAndGo drops artifacts that may be on their way into a release.
func (s *subject) comeAndGo() {
	for i := range hammerRounds * 4 {
		if !s.allowed(s.Drop(s.ctx, digest(content(1+i%numbers)))) {
			return
		}
	}
}

// follow reads until stop: a route leads to a release, an artifact and a journal
// that is at least as new.
func (s *subject) follow(stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		default:
		}
		routes, err := s.Routes(s.ctx)
		if !s.allowed(err) {
			return
		}
		for _, route := range routes {
			if err := s.reaches(route); err != nil {
				s.t.Error(err)
				return
			}
		}
	}
}

func (s *subject) reaches(route store.Route) error {
	r, err := s.Release(s.ctx, route.Strategy, route.Stable)
	if err != nil {
		return err
	}
	if _, err := s.Artifact(s.ctx, r.Artifact); err != nil {
		return err
	}
	changes, err := s.Changes(s.ctx, route.Strategy, store.Newest, 1)
	if err != nil {
		return err
	}
	if len(changes) != 1 || changes[0].Generation < route.Generation {
		return fmt.Errorf("route %+v is ahead of its journal %+v", route, changes)
	}
	return nil
}

// total is the number of changes in all journals, each without a gap.
func (s *subject) total() (sum int) {
	for _, name := range strategies() {
		changes, err := s.Changes(s.ctx, name, store.Newest, 1<<20)
		s.ok(err)
		for i, c := range changes {
			s.equal(c.Generation, len(changes)-i)
		}
		route, err := s.Route(s.ctx, name)
		s.ok(err)
		s.equal(route.Generation, len(changes))
		sum += len(changes)
	}
	return sum
}

// allowed reports whether err is nil or has one of the codes, and marks the case
// as failed if not. Unlike refused it may be called by any goroutine.
func (s *subject) allowed(err error, codes ...problem.Code) bool {
	got := problem.CodeOf(err)
	for _, c := range append(codes, "") {
		if got == c {
			return true
		}
	}
	s.t.Error(err)
	return false
}

// hammerRollouts lets writers race for the revisions of one rollout of each
// strategy, while readers hold rollouts against their decisions. No revision and
// no decision is lost or doubled.
func hammerRollouts(s *subject) {
	var won atomic.Int64
	var writers, readers sync.WaitGroup
	stop := make(chan struct{})
	for _, name := range strategies() {
		s.rolledOut(name)
	}
	for _, name := range strategies() {
		for range hammerWriters {
			writers.Go(func() { s.raceRevisions(name, &won) })
		}
	}
	readers.Go(func() { s.followRollouts(stop) })
	writers.Wait()
	close(stop)
	readers.Wait()
	s.restart()
	var revisions int64
	for _, name := range strategies() {
		r, err := s.Rollout(s.ctx, name, 2)
		s.ok(err)
		s.holds(r, decided(1, 1+int(r.Revision))) //nolint:gosec // small
		revisions += int64(r.Revision) - 1        //nolint:gosec // small
	}
	s.equal(revisions, won.Load())
}

// raceRevisions tries to write the next revision, with one decision, again and
// again; every third one is an activation.
func (s *subject) raceRevisions(name string, won *atomic.Int64) {
	for i := range hammerRounds {
		r, err := s.Rollout(s.ctx, name, 2)
		if !s.allowed(err) {
			return
		}
		route, err := s.Route(s.ctx, name)
		if !s.allowed(err) {
			return
		}
		c := revised(r, "running", r.Revision+2, 1)
		if i%3 == 0 {
			err = s.Activate(s.ctx, divided(release(name, 1), release(name, 2), route.Generation+1, i, c))
		} else {
			err = s.RecordRollout(s.ctx, *c)
		}
		if !s.allowed(err, problem.StaleRollout, problem.StaleGeneration) {
			return
		}
		if err == nil {
			won.Add(1)
		}
	}
}

// followRollouts reads until stop: each revision has its decision, and the route
// names the rollout.
func (s *subject) followRollouts(stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		default:
		}
		for _, name := range strategies() {
			r, err := s.Rollout(s.ctx, name, 2)
			if !s.allowed(err) {
				return
			}
			list, err := s.Decisions(s.ctx, name, 2, r.Revision, 1)
			if !s.allowed(err) {
				return
			}
			route, err := s.Route(s.ctx, name)
			if !s.allowed(err) {
				return
			}
			if len(list) != 1 || list[0].Number != r.Revision+1 || route.Rollout != 2 {
				s.t.Errorf("revision %d of a rollout has the decisions %+v and the route %+v", r.Revision, list, route)
				return
			}
		}
	}
}
