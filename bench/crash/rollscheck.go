package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/rollout"
	"github.com/swapline/swapline/runtime/store"
	"github.com/swapline/swapline/runtime/store/boltstore"
)

// ask wants a restarted host to serve, to know its rollouts, and to refuse what was
// taken back for good.
func (r *rolls) ask(ctx context.Context, c *client, s *strand, t tally) {
	o := outing{session{r.host, c, nil}, r.strands, steady}
	highest := s.reached(0)
	st, rep, err := c.status(ctx, s.name)
	if highest == 0 && (err == nil && rep.status == http.StatusNotFound) {
		return
	}
	if err != nil || st.Stable == nil || st.Problem != "" {
		t.contradict("%s does not serve after a restart: %v %v", s.name, rep, err)
		return
	}
	for g := st.Generation + 1; g <= highest; g++ {
		t.lose("generation %d of %s", g, s.name)
	}
	for n := range 5 {
		if _, err := o.callOnce(ctx, s, fmt.Sprint("customer ", (7*r.kills+n)%customers)); err != nil {
			t.contradict("%s does not answer after a restart: %v", s.name, err)
		}
	}
	s.askRollouts(ctx, c, t)
	s.askFinals(ctx, c, t)
}

// askRollouts wants rollouts to be as far as they were seen.
func (s *strand) askRollouts(ctx context.Context, c *client, t tally) {
	for id, before := range s.seen {
		ro, r, err := c.rollout(ctx, s.name, strconv.FormatUint(id, 10))
		switch {
		case err != nil || r.status != http.StatusOK:
			t.lose("rollout %d of %s: %v %v", id, s.name, r, err)
			continue
		case ro.Revision < before.revision:
			t.lose("revision %d of rollout %d of %s", before.revision, id, s.name)
		case before.ended != "" && ro.Phase != before.ended:
			t.lose("rollout %d of %s was %s and is %s", id, s.name, before.ended, ro.Phase)
		}
		s.look(ro)
	}
}

// askFinals wants candidates that were taken back for good to be refused.
func (s *strand) askFinals(ctx context.Context, c *client, t tally) {
	for d, id := range s.finals {
		st, _, err := c.status(ctx, s.name)
		if err != nil {
			return
		}
		r, err := c.roll(ctx, s.name, d, st.Generation)
		if err != nil {
			return
		}
		switch r.code() {
		case problem.RolloutFinal, problem.RolloutActive, problem.SequenceRollback, problem.StaleGeneration:
		default:
			t.lose("that rollout %d made %s of %s final: %v", id, d.Short(), s.name, r)
		}
		return // one is enough each time, another one by the map's order
	}
}

// await calls and lets people's pauses end until no rollout is under way.
func (r *rolls) await(ctx context.Context, s session, t tally) {
	o := outing{s, r.strands, steady}
	calling, stop := context.WithCancel(ctx)
	var callers sync.WaitGroup
	for _, st := range r.strands {
		callers.Go(func() { o.call(calling, st, rand.New(rand.NewPCG(1, 1))) }) //nolint:gosec // customers, not secrets
	}
	for _, st := range r.strands {
		for st.reached(0) > 0 && !o.ended(ctx, st) {
			if ctx.Err() != nil {
				t.contradict("the last rollout of %s does not come to an end", st.name)
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	stop()
	callers.Wait()
}

// ended reports whether a strategy's newest rollout has ended, and lets one go on
// that waits for a person.
func (o outing) ended(ctx context.Context, s *strand) bool {
	ro, r, err := o.client.rollout(ctx, s.name, "latest")
	if err != nil || r.status != http.StatusOK {
		return err == nil && r.code() == problem.UnknownRollout
	}
	s.look(ro)
	if ro.Phase == rollout.Paused {
		_ = o.command(ctx, s, ro, rollout.VerbPromote)
	}
	return ro.Phase.Ended()
}

// checkStore reads what is left and compares it with what clients know.
func (r *rolls) checkStore(t tally) {
	stored, err := boltstore.Open(r.data("store"))
	if err != nil {
		t.contradict("open the store: %v", err)
		return
	}
	defer stored.Close() //nolint:errcheck // only read
	var names []string
	for _, s := range r.strands {
		names = append(names, s.name)
		y := &story{strand: s, t: t}
		if err := y.load(stored); err != nil {
			t.contradict("the store of %s: %v", s.name, err)
			continue
		}
		y.check()
		y.checkReleases(stored)
	}
	if err := checkFiles(r.data("store"), stored, names, t); err != nil {
		t.contradict("files: %v", err)
	}
}

// load reads all that a store knows about the strategy.
func (y *story) load(stored *boltstore.Store) (err error) {
	ctx := context.Background()
	if y.route, err = stored.Route(ctx, y.name); err != nil && problem.CodeOf(err) != problem.UnknownStrategy {
		return err
	}
	if y.changes, err = stored.Changes(ctx, y.name, store.Newest, 1<<30); err != nil {
		return err
	}
	list, err := stored.Rollouts(ctx, y.name, 1<<30)
	y.rollouts, y.decisions = map[uint64]store.Rollout{}, map[uint64][]store.Decision{}
	for _, r := range list {
		y.rollouts[r.ID], y.newest = r, max(y.newest, r.ID)
		if y.decisions[r.ID], err = stored.Decisions(ctx, y.name, r.ID, 0, 1<<30); err != nil {
			return err
		}
	}
	return err
}

// checkReleases wants all accepted releases with their bytes, and what was final
// to be so for ever.
func (y *story) checkReleases(stored *boltstore.Store) {
	ctx := context.Background()
	for d := range y.accepted {
		rel, err := stored.Release(ctx, y.name, d)
		if err != nil {
			y.t.lose("release %s of %s: %v", d.Short(), y.name, err)
			continue
		}
		checkBytes(ctx, stored, rel.Artifact, y.t)
	}
	for d, id := range y.finals {
		if now, err := stored.Final(ctx, y.name, d); err != nil || now != id {
			y.t.lose("that rollout %d made %s of %s final: %d %v", id, d.Short(), y.name, now, err)
		}
	}
}
