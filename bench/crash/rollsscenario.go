package main

import (
	"context"
	"os"
	"time"
)

const (
	// rollsStart is how long a restarted host does what matters to its rollouts.
	rollsStart = 200 * time.Millisecond
	// rollsRenewal is the number of kills that one data folder sees.
	rollsRenewal = 30
	// settleLimit is how long rollouts may take to end when nothing is killed.
	settleLimit = time.Minute
	// How often people look before they meddle.
	steady, restless = 40, 3
)

// rolls is a host whose releases have to earn their traffic.
type rolls struct {
	*host
	strands []*strand
	kills   int
}

// rollsScenario builds the program and kills it while releases roll out.
func rollsScenario() (scenario, error) {
	h, err := newHost()
	if err != nil {
		return scenario{}, err
	}
	r := &rolls{host: h, strands: newStrands()}
	return scenario{name: "rolls", command: h.command, attend: r.attend, start: rollsStart, check: r.check, finish: r.settle, end: h.remove}, nil
}

// attend rolls out and calls until the process ends.
func (r *rolls) attend(pid int, lines <-chan string) <-chan string {
	return r.accompany(pid, lines, func(s session, ctx context.Context) {
		patience := steady
		if r.kills%3 == 2 {
			patience = restless
		}
		outing{s, r.strands, patience}.work(ctx, uint64(r.kills)) //nolint:gosec // small
	})
}

// check starts the host again, asks it what became of its rollouts, kills it and
// reads its store. After some kills it begins anew, for stories that are short.
func (r *rolls) check(_ []string, t tally) error {
	r.again(t, restartLimit, func(ctx context.Context, c *client) {
		for _, s := range r.strands {
			r.ask(ctx, c, s, t)
		}
		r.checkStaging(t)
	})
	r.read(t)
	if r.kills++; r.kills%rollsRenewal == 0 {
		r.settle(t)
		_ = os.RemoveAll(r.data())
		r.host.kills += renewal // another folder
		r.key, r.strands = nil, newStrands()
	}
	return nil
}

// read looks at the store, and passes on what clients found.
func (r *rolls) read(t tally) {
	for _, f := range r.found {
		t.contradict("%s", f)
	}
	r.found = nil
	r.checkStore(t)
}

// settle lets all rollouts end, without kills.
func (r *rolls) settle(t tally) {
	r.again(t, settleLimit, func(ctx context.Context, c *client) {
		r.await(ctx, session{r.host, c, make(chan string, 1<<16)}, t)
	})
	r.read(t)
}
