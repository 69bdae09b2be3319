package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/rollout"
	"github.com/swapline/swapline/runtime/store"
)

// outing is the work with one process: one client rolls out the releases of each
// strategy, two call them.
type outing struct {
	session
	strands []*strand
	// patience is how often a person looks at a rollout for each command: a kill
	// just after a command needs some who meddle all the time.
	patience int
}

func (o outing) work(ctx context.Context, seed uint64) {
	var all sync.WaitGroup
	for i, s := range o.strands {
		random := func(n uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, uint64(i)<<8|n)) } //nolint:gosec // moments, not secrets
		all.Go(func() { o.roll(ctx, s, random(0)) })
		all.Go(func() { o.call(ctx, s, random(1)) })
		all.Go(func() { o.call(ctx, s, random(2)) })
	}
	all.Wait()
}

// call asks for answers of customers and looks at each. The moment in which only an
// answer tells of a generation is worth a kill.
func (o outing) call(ctx context.Context, s *strand, random *rand.Rand) {
	last := uint64(0)
	for ctx.Err() == nil {
		known := s.reached(0)
		if known == 0 {
			time.Sleep(time.Millisecond)
			continue
		}
		a, err := o.callOnce(ctx, s, fmt.Sprint("customer ", random.IntN(customers)))
		if err != nil {
			o.broken(ctx, "execute", err)
			return
		}
		if a.generation < last {
			o.contradict("%s answered as generation %d after %d", s.name, a.generation, last)
		}
		if last = a.generation; last > known {
			o.acks <- fmt.Sprint(s.name, " ", last, " answered")
		}
		time.Sleep(300 * time.Microsecond) // leaves the processors to what is tested
	}
}

func (o outing) callOnce(ctx context.Context, s *strand, customer string) (answer, error) {
	a, variant, r, err := o.client.serve(ctx, s.name, customer)
	if err != nil {
		return a, err
	}
	if wrong := s.take(a, r, customer, variant); wrong != "" {
		o.contradict("%s", wrong)
	}
	return a, nil
}

// roll begins rollouts, one after the other, and interferes with them.
func (o outing) roll(ctx context.Context, s *strand, random *rand.Rand) {
	for ctx.Err() == nil {
		if err := o.next(ctx, s, random); err != nil {
			o.broken(ctx, "rolling out "+s.name, err)
			return
		}
	}
}

// next looks at the newest rollout and does one thing.
func (o outing) next(ctx context.Context, s *strand, random *rand.Rand) error {
	ro, r, err := o.client.rollout(ctx, s.name, "latest")
	if err != nil {
		return err
	}
	if r.status == http.StatusOK {
		s.look(ro)
		o.acks <- fmt.Sprint(s.name, " rollout ", ro.ID, " ", ro.Phase, " ", ro.Stage)
	} else if r.status != http.StatusNotFound {
		o.contradict("the newest rollout of %s: %v", s.name, r)
	}
	if r.status != http.StatusOK || ro.Phase.Ended() {
		return o.begin(ctx, s, ro, random)
	}
	if verb := interference(ro.Phase, random.IntN(10*o.patience)); verb != "" {
		return o.command(ctx, s, ro, verb)
	}
	if ro.Phase == rollout.Watching && random.IntN(12) == 0 { // something else takes its place
		return o.begin(ctx, s, ro, random)
	}
	time.Sleep(time.Duration(random.Int64N(int64(o.patience) * int64(2*time.Millisecond))))
	return nil
}

// interference is what a person wants of a rollout, of a random number; mostly
// nothing.
func interference(p rollout.Phase, n int) rollout.Verb {
	if p == rollout.Paused {
		n /= 20
	}
	switch {
	case n < 5 && p == rollout.Paused:
		return rollout.VerbResume
	case n < 9:
		return rollout.VerbPromote
	case n < 10:
		return rollout.VerbAbort
	case n < 15 && p != rollout.Paused:
		return rollout.VerbPause
	}
	return ""
}

// command sends a wish and takes the host at its word.
func (o outing) command(ctx context.Context, s *strand, ro runtime.Rollout, verb rollout.Verb) error {
	why := s.wish()
	r, err := o.client.command(ctx, ro, verb, why)
	if err != nil {
		return err
	}
	var after runtime.Rollout
	switch {
	case r.status == http.StatusOK && json.Unmarshal(r.body, &after) == nil && after.ID == ro.ID && after.Revision > ro.Revision:
		s.granted(ro.ID, why)
		s.look(after)
		o.acks <- fmt.Sprint(s.name, " rollout ", ro.ID, " ", verb)
	case !r.meant():
		o.contradict("%s of rollout %d of %s: %v", verb, ro.ID, s.name, r)
	}
	return nil
}

// begin changes what is served: mostly by a rollout of a new release.
func (o outing) begin(ctx context.Context, s *strand, last runtime.Rollout, random *rand.Rand) error {
	generation, err := o.generation(ctx, s)
	if err != nil {
		return err
	}
	if last.ID != 0 && random.IntN(8) == 0 {
		return o.change(ctx, s, entry{store.ActionRollback, last.Stable.Digest}, generation)
	}
	if last.Phase == rollout.RolledBack && random.IntN(3) == 0 { // once more, unless it was taken back for good
		return o.start(ctx, s, last.Candidate.Digest, generation)
	}
	rel, err := rolledRelease(*o.key, s.name, s.next())
	if err != nil {
		return err
	}
	s.know(rel)
	if generation == 0 || random.IntN(4) == 0 { // its manifest has a policy
		return o.upload(ctx, s, rel, generation)
	}
	r, err := o.client.upload(ctx, s.name, rel, nil, "?hold=true")
	if err != nil || r.status != http.StatusCreated {
		return o.unexpected(err, "hold of "+s.name, r)
	}
	s.accept(rel.digest)
	if random.IntN(4) == 0 {
		return o.change(ctx, s, entry{store.ActionSwitch, rel.digest}, generation)
	}
	return o.start(ctx, s, rel.digest, generation)
}

// unexpected notes an answer that must not be, if there is one.
func (o outing) unexpected(err error, doing string, r reply) error {
	if err == nil {
		o.contradict("%s: %v", doing, r)
		time.Sleep(10 * time.Millisecond)
	}
	return err
}

// generation is the one that a change must name, 0 before the first.
func (o outing) generation(ctx context.Context, s *strand) (uint64, error) {
	st, r, err := o.client.status(ctx, s.name)
	if err != nil || r.status == http.StatusNotFound && s.reached(0) == 0 {
		return 0, err
	}
	if r.status != http.StatusOK || st.Generation < s.reached(0) {
		o.contradict("status of %s after generation %d: %v", s.name, s.reached(0), r)
	}
	return s.reached(st.Generation), nil
}

// upload deploys a release: a strategy's first one directly, others by the rollout
// that their manifest asks for.
func (o outing) upload(ctx context.Context, s *strand, rel signedRelease, generation uint64) error {
	r, err := o.client.upload(ctx, s.name, rel, &generation, "")
	if err != nil {
		return err
	}
	var out runtime.Outcome
	switch {
	case r.status == http.StatusCreated && json.Unmarshal(r.body, &out) == nil && out.Release.Digest == rel.digest:
		s.accept(rel.digest)
		o.told(s, entry{out.Action, rel.digest}, out)
	case !r.meant():
		return o.unexpected(nil, "upload to "+s.name, r)
	}
	return nil
}

// change switches or rolls back.
func (o outing) change(ctx context.Context, s *strand, e entry, generation uint64) error {
	r, err := o.client.change(ctx, s.name, e.action, e.to, generation)
	if err != nil {
		return err
	}
	var out runtime.Outcome
	switch {
	case r.status == http.StatusOK && json.Unmarshal(r.body, &out) == nil && out.Release.Digest == e.to:
		o.told(s, e, out)
	case !r.meant():
		return o.unexpected(nil, e.action+" of "+s.name, r)
	}
	return nil
}

// told takes the host at its word about a change.
func (o outing) told(s *strand, e entry, out runtime.Outcome) {
	if out.Rollout != nil {
		s.look(*out.Rollout)
	}
	if e.action == store.ActionRollout {
		s.reached(out.Generation)
	} else {
		s.changed(out.Generation, e)
	}
	o.acks <- fmt.Sprint(s.name, " ", out.Generation, " ", e.action)
}

// start begins a rollout and takes the host at its word.
func (o outing) start(ctx context.Context, s *strand, candidate manifest.Digest, generation uint64) error {
	r, err := o.client.roll(ctx, s.name, candidate, generation)
	if err != nil {
		return err
	}
	var ro runtime.Rollout
	switch {
	case r.status == http.StatusCreated && json.Unmarshal(r.body, &ro) == nil && ro.Candidate.Digest == candidate:
		s.reached(ro.ID)
		s.look(ro)
		o.acks <- s.name + " began rollout " + strconv.FormatUint(ro.ID, 10)
	case !r.meant():
		return o.unexpected(nil, "start of a rollout of "+s.name, r)
	}
	return nil
}
