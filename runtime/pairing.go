package runtime

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/arm"
	"github.com/swapline/swapline/runtime/capability"
	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/experiment"
)

// pairing runs both arms of an experiment on copies of live calls that the reference
// has answered. Both run beside the call, in instances that answer nobody, one after
// the other in an order that is drawn, see what the call saw, and leave no trace; so
// their times are comparable, which a time beside and a live one would not be. The
// answer of the live call is what the candidate's is compared with, and also the
// reference's second one: a release that does not answer the same input alike is told
// apart from one that answers otherwise.
type pairing struct {
	x         *experimenting
	reference *release // its own instances, held
	candidate *compare.Ledger
	self      *compare.Ledger // of the reference's second answers
}

// newPairing makes the pairing of a paired experiment that has loaded its reference;
// nil for another one, or none. It is called under the strategy's turn; let ends it.
func (ro *rolling) newPairing() (*pairing, error) {
	x := ro.experiment
	if !x.pairs() || x.isOver() {
		return nil, nil
	}
	p := &pairing{x: x, reference: x.own}
	masks, err := ro.masks()
	if err != nil {
		return nil, err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.maskLocked(masks)
	if p.candidate, err = compare.NewLedger(VariantCandidate, x.plan.Compare, x.masks); err != nil {
		return nil, err
	}
	if p.self, err = compare.NewLedger(VariantStable, x.plan.Compare, x.masks); err != nil {
		return nil, err
	}
	x.earlier = x.answersLocked() // the pairs may have been off for a while
	x.own, x.pairing = nil, p
	return p, nil
}

// masks are what the strategy's policy keeps out of its records. The store is asked: when
// the host comes back, nobody has heard of the policy yet.
func (ro *rolling) masks() ([]string, error) {
	policy, _, err := ro.rt.policyFor(ro.ctx, ro.s.name, ro.s.manifest(), nil)
	if err != nil || policy.Record == nil {
		return nil, err
	}
	return policy.Record.Mask, nil
}

// let lets the reference go.
func (p *pairing) let() {
	if p != nil {
		p.x.ro.rt.let(p.x.ro.s, p.reference)
	}
}

// live counts a live call of which a pair was wanted, and whether the budget left no
// time for it.
func (p *pairing) live(lane int, taken bool) {
	if p == nil {
		return
	}
	p.x.set.Record(lane, &experiment.Call{})
	if !taken {
		p.x.set.Drop()
	}
}

// rerun is what one arm did with a copy.
type rerun struct {
	call   *call
	resp   Response
	ending ending
}

// pair runs both arms on a copy and counts what they did. A copy of which one of
// them says nothing, because it was cut short, counts for neither.
func (sh *shading) pair(ctx context.Context, s *shade) {
	p := sh.pairing
	pair := experiment.Pair{CandidateFirst: rand.N(2) == 0} //nolint:gosec // a coin, no secret
	var reference, candidate rerun
	order := [2]func(*rerun) bool{
		func(t *rerun) bool { return sh.rerun(ctx, p.reference, s, cmp.Or(t, &reference)) },
		func(t *rerun) bool { return sh.rerun(ctx, sh.candidate, s, cmp.Or(t, &candidate)) },
	}
	if pair.CandidateFirst {
		slices.Reverse(order[:])
	}
	// First each runs once for nothing: what was in the processor's caches before is
	// nothing of theirs.
	if !order[0](new(rerun)) || !order[1](new(rerun)) || !order[0](nil) || !order[1](nil) {
		return
	}
	a, b := reference.measured(), candidate.measured()
	b.Compared, b.Different = p.compare(p.candidate, s, &candidate)
	p.compare(p.self, s, &reference)
	sh.meter.Record(0, s.key, &b)
	pair.Reference, pair.Candidate = experimentCall(false, s.key, &a), experimentCall(true, s.key, &b)
	pair.Compared, pair.Different = b.Compared, b.Different
	p.x.set.RecordPair(&pair)
}

// rerun runs one arm on a copy of its own.
func (sh *shading) rerun(ctx context.Context, rel *release, s *shade, t *rerun) (ok bool) {
	var err error
	if t.call, err = s.call(); err != nil {
		return false
	}
	if ctx, err = capability.Shadow(ctx, s.journal); err != nil {
		return false
	}
	t.ending = rel.aside(ctx, t.call, &t.resp, &sh.told)
	return t.ending.tells
}

// measured is what a meter learns of it.
func (t *rerun) measured() arm.Call {
	e := t.ending
	return arm.Call{Latency: t.resp.Executed, Instructions: t.resp.Instructions, Fault: e.fault != "", Business: e.business != "", Code: e.business,
		Out: t.call.out, Text: t.call.dst}
}

// compare holds an answer against the live one. A fault of the live release is
// nothing that another answer should be like.
func (p *pairing) compare(l *compare.Ledger, s *shade, t *rerun) (compared, different bool) {
	if s.ending.fault != "" {
		return false, false
	}
	live, err := s.answer()
	if err != nil {
		return false, false
	}
	answer, err := t.ending.answer(t.call.out, t.call.dst, s.textual)
	if err != nil {
		return false, false
	}
	in, err := s.input()
	if err != nil {
		return false, false
	}
	return true, l.Add(0, in, live, answer)
}

// input is the copy's input.
func (s *shade) input() (map[string]any, error) {
	if s.textual {
		return wire.ParseJSONMap(s.in)
	}
	return wire.DecodeMap(s.in)
}

// answersLocked are those of the candidate against the live ones, and the second ones
// of the reference. It is called under the experiment's mutex.
func (p *pairing) answersLocked() (candidate, reference compare.Answers) {
	return p.x.earlierLocked(0, p.candidate.Answers()), p.x.earlierLocked(1, p.self.Answers())
}

// constancy says whether the reference answers again as it did. It is called under the
// experiment's mutex.
func (p *pairing) constancy() compare.Check {
	_, a := p.answersLocked()
	c := compare.Check{Name: "reference against itself", Light: compare.Green,
		Text: fmt.Sprintf("the reference was asked again %d times and answered as it had", a.Compared)}
	if a.Different > 0 {
		c.Light = compare.Yellow
		c.Text = fmt.Sprintf("%d of %d second answers of the reference are not as its live ones: it does not answer the same input alike, so some differences are not the candidate's",
			a.Different, a.Compared)
		if len(a.Places) > 0 {
			c.Text += "; most of all at " + a.Places[0].Pointer
		}
	}
	return c
}
