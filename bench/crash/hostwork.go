package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/store"
)

// breakage is how long after a broken connection the host must be dead.
const breakage = 10 * time.Second

// session is the work with one process.
type session struct {
	*host
	client *client
	acks   chan<- string
}

// attend works with the process until it ends: one client changes each strategy,
// two execute it, one never finishes its upload.
func (h *host) attend(pid int, lines <-chan string) <-chan string {
	return h.accompany(pid, lines, session.work)
}

// accompany works with a process that was started, until it ends.
func (h *host) accompany(pid int, lines <-chan string, work func(session, context.Context)) <-chan string {
	acks := make(chan string, 1<<16)
	ctx, ended := context.WithCancel(context.Background())
	go func() {
		for range lines { // prints nothing; closed at its end
		}
		ended()
	}()
	go func() {
		defer close(acks)
		if c, err := h.client(ctx, pid); err == nil {
			work(session{h, c, acks}, ctx)
			c.close()
		} else if ctx.Err() == nil {
			h.contradict("the host's data folder: %v", err)
		}
		<-ctx.Done()
	}()
	return acks
}

func (s session) work(ctx context.Context) {
	var all sync.WaitGroup
	for i, sub := range s.subjects {
		seed := uint64(s.kills*len(s.subjects) + i) //nolint:gosec // small
		all.Go(func() { s.change(ctx, sub, rand.New(rand.NewPCG(seed, 0))) })
		all.Go(func() { s.execute(ctx, sub) })
		all.Go(func() { s.execute(ctx, sub) })
		all.Go(func() { s.breakOff(ctx, sub) })
	}
	all.Wait()
}

// broken tells a killed host, which is what we are here for, from one that lives
// and does not answer.
func (s session) broken(ctx context.Context, doing string, err error) {
	select {
	case <-ctx.Done():
	case <-time.After(breakage):
		s.contradict("%s: %v, although the host lives", doing, err)
	}
}

// change changes one strategy, one acknowledged change after the other.
func (s session) change(ctx context.Context, sub *subject, random *rand.Rand) {
	for ctx.Err() == nil {
		e := sub.choose(random)
		r, err := s.send(ctx, sub, e)
		if err != nil {
			s.broken(ctx, e.action, err)
			return
		}
		if !s.acknowledge(sub, e.action, r) {
			s.acks <- sub.name + " refused" // a sign of life: the next kill need not wait
			time.Sleep(10 * time.Millisecond)
		}
	}
}

// send sends one change and notes before what it is.
func (s session) send(ctx context.Context, sub *subject, e entry) (reply, error) {
	generation := sub.generation()
	if e.to != "" {
		sub.begin(e)
		return s.client.change(ctx, sub.name, e.action, e.to, generation)
	}
	r, err := newRelease(*s.key, sub.name, sub.next())
	if err != nil {
		return reply{}, err
	}
	sub.know(r)
	sub.begin(entry{e.action, r.digest})
	if e.action == hold {
		return s.client.upload(ctx, sub.name, r, nil, "?hold=true")
	}
	return s.client.upload(ctx, sub.name, r, &generation, "")
}

// acknowledge takes the host at its word.
func (s session) acknowledge(sub *subject, action string, r reply) bool {
	want := http.StatusOK
	if action == hold || action == store.ActionDeploy {
		want = http.StatusCreated
	}
	var out runtime.Outcome
	if err := json.Unmarshal(r.body, &out); err != nil || r.status != want {
		s.contradict("%s of %s was refused: %v", action, sub.name, r)
		return false
	}
	to := sub.pending.to
	sub.apply()
	if out.Release.Digest != to || out.Generation != sub.generation() || out.Action != action {
		s.contradict("%s of %s to %s made generation %d of %s, expected %d", action, sub.name, to.Short(), out.Generation, out.Release.Digest.Short(), sub.generation())
		return false
	}
	s.acks <- fmt.Sprint(sub.name, " ", out.Generation, " ", action, " ", to)
	return true
}

// execute asks for answers and looks at each. An answer of a generation
// acknowledges that generation as much as the reply to its change does, and the
// moment in which only the answer is there is worth a kill.
func (s session) execute(ctx context.Context, sub *subject) {
	last := uint64(0)
	for ctx.Err() == nil {
		serving := sub.generation() > 0
		a, r, err := s.client.execute(ctx, sub.name)
		switch {
		case err != nil:
			s.broken(ctx, "execute", err)
			return
		case r.status != http.StatusOK:
			if serving {
				s.contradict("execute of %s failed: %v", sub.name, r)
			}
			continue
		}
		if wrong := sub.whole(a); wrong != "" {
			s.contradict("%s", wrong)
		}
		if a.generation < last {
			s.contradict("%s answered as generation %d after %d", sub.name, a.generation, last)
		}
		if last = a.generation; last > sub.generation() {
			s.acks <- fmt.Sprint(sub.name, " ", last, " answered")
		}
	}
}

// breakOff leaves an upload unfinished.
func (s session) breakOff(ctx context.Context, sub *subject) {
	r, err := newRelease(*s.key, sub.name, sub.next())
	if err != nil {
		s.contradict("sign: %v", err)
		return
	}
	s.client.breakOff(ctx, sub.name, r)
}
