package runtime

import (
	"bytes"
	"context"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/arm"
	"github.com/swapline/swapline/runtime/capability"
	"github.com/swapline/swapline/runtime/difference"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/rollout"
	"github.com/swapline/swapline/runtime/shadow"
)

// Bounds of what runs in the shadow.
const (
	shadowWorkers = 2
	shadowCopy    = 1 << 20 // bytes of the copy of one call
)

// shading runs the candidate of a rollout on copies of live calls. The candidate
// is held while it may run.
type shading struct {
	ro        *rolling
	candidate *release
	share     rollout.Weight
	journals  bool // what the live call got from outside is kept for the candidate
	rules     *difference.Rules
	runner    *shadow.Runner[shade]
	meter     *arm.Meter
	pairing   *pairing // both arms run on the copies; nil: the candidate alone
	table     difference.Table
	noted     atomic.Int64 // compared answers when the record was written
	told      atomic.Int64 // faults
	stop      context.CancelFunc
}

// shade is the copy of a live call.
type shade struct {
	textual bool
	in, out []byte // JSON text, or the binary encoding of a map
	ending  ending
	key     arm.Key
	journal []byte
}

// shadow begins or ends running the candidate on copies of live inputs. It is
// called under the strategy's turn.
func (ro *rolling) shadow(on bool) {
	if now := ro.s.beside.shading(); now != nil {
		if on && now.ro == ro && now.pairing != nil {
			return // it goes on with what it has loaded
		}
		now.stop()
		ro.s.beside.drop(now)
	}
	if on && ro.policy.Shadow != nil && ro.candidate != nil && !ro.experiment.waits() {
		ro.beginShadow(ro.policy.Shadow)
	}
}

func (ro *rolling) beginShadow(p *rollout.Shadow) {
	rules, err := difference.Compile(p.Compare)
	if err != nil { // the policy was checked
		ro.rt.cfg.Log.Error("the shadow compares nothing", "strategy", ro.s.name, "error", err)
		return
	}
	pairs, err := ro.newPairing()
	if err != nil { // likewise
		ro.rt.cfg.Log.Error("the experiment compares nothing", "strategy", ro.s.name, "error", err)
		return
	}
	ctx, stop := context.WithCancel(ro.ctx)
	sh := &shading{ro: ro, candidate: ro.candidate, share: p.Share, rules: rules, pairing: pairs, stop: stop}
	sh.meter = arm.NewSet(ro.policy.At(rollout.ShadowStage), ro.policy.Sticky != rollout.Sticky{}).Meter(rollout.ArmShadow)
	sh.journals = asksOutside(ro.s.manifest().Capabilities)
	sh.runner = shadow.New(shadow.Config[shade]{
		Run: sh.run, Budget: p.Budget, Workers: sh.workers(),
	})
	sh.candidate.keep()
	b := &ro.s.beside
	b.mu.Lock()
	b.changeLocked(func(w *companions) { w.shading = sh })
	b.mu.Unlock()
	ro.rt.draining.Go(func() {
		<-ctx.Done()
		b.drop(sh)
		sh.runner.Close()
		ro.rt.let(ro.s, sh.candidate)
		sh.pairing.let()
	})
}

// workers is how many copies run at a time. Of pairs it is one: others would slow
// down one half of a pair and not the other.
func (sh *shading) workers() int {
	if sh.pairing != nil {
		return 1
	}
	return min(shadowWorkers, len(sh.candidate.gate.words))
}

// drop takes the shadow off the calls.
func (b *beside) drop(sh *shading) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.changeLocked(func(w *companions) {
		if w.shading == sh {
			w.shading = nil
		}
	})
}

// asksOutside reports whether calls of a release with these capabilities can get
// something that a later call would not get again.
func asksOutside(words []string) bool {
	return slices.ContainsFunc(words, func(word string) bool {
		return slices.Contains([]string{abi.CapabilityState, abi.CapabilityHTTP, abi.CapabilityClock, abi.CapabilityRandom}, word)
	})
}

// shaded runs a live call and hands a copy of it over if it is of the share that
// the candidate gets, and there is time left for it. The answer is there by then.
func (w *companions) shaded(ctx context.Context, t *table, c *call, resp *Response) error {
	sh := w.shading
	wanted := sh.wants(t)
	taken := wanted && sh.runner.Reserve()
	defer func() { // also if the strategy ends this goroutine
		if taken {
			sh.runner.Waive()
		}
	}()
	var tape *capability.Recorder
	if taken && sh.journals {
		ctx, tape = capability.Record(ctx)
	}
	err := t.serve(ctx, c, resp)
	sh.runner.Earn(resp.Executed)
	e := endingOf(err)
	w.note(c, resp, e)
	if !wanted || !e.tells || resp.Variant != VariantStable {
		return err
	}
	if sh.pairing.live(c.lane, taken); !taken {
		return err
	}
	if copied, ok := shadeOf(c, e, tape); ok {
		taken = false
		sh.runner.Submit(copied)
	}
	return err
}

// wants reports whether a call is of the share that is copied.
func (sh *shading) wants(t *table) bool {
	return t.candidate == sh.candidate && (sh.share >= rollout.Full || rand.N(rollout.Full) < sh.share)
}

// shadeOf copies a call. One that is too large, or not of the wire domain, has no
// shadow.
func shadeOf(c *call, e ending, tape *capability.Recorder) (s shade, ok bool) {
	s = shade{textual: c.textual, ending: e, key: c.key}
	if tape != nil {
		var err error
		if s.journal, err = tape.Journal(); err != nil {
			return s, false
		}
	}
	if c.textual {
		s.in = bytes.Clone(c.text)
		if e.answered() {
			s.out = bytes.Clone(c.dst[c.kept:])
		}
	} else {
		s.in, ok = encoded(c.in)
		if ok && e.answered() {
			s.out, ok = encoded(c.out)
		}
		if !ok {
			return s, false
		}
	}
	return s, len(s.in)+len(s.out)+len(s.journal) <= shadowCopy
}

func encoded(m map[string]any) ([]byte, bool) {
	if m == nil {
		m = map[string]any{}
	}
	b, err := wire.Append(nil, m)
	return b, err == nil
}

// answered reports whether the strategy gave an answer.
func (e ending) answered() bool { return e.tells && e.business == "" && e.fault == "" }

// call is the copy as a call of the candidate.
func (s *shade) call() (*call, error) {
	if s.textual {
		return &call{text: s.in, textual: true}, nil
	}
	in, err := wire.DecodeMap(s.in)
	return &call{in: in}, err
}

// run runs the candidate on a copy, and counts how that went.
func (sh *shading) run(ctx context.Context, s shade) time.Duration {
	clock := &sh.candidate.rt.clock
	start := clock.now()
	sh.attempt(ctx, s)
	return clock.now() - start
}

func (sh *shading) attempt(ctx context.Context, s shade) {
	if sh.pairing != nil {
		sh.pair(ctx, &s)
		return
	}
	c, err := s.call()
	if err != nil {
		return
	}
	ctx, err = capability.Shadow(ctx, s.journal)
	if err != nil {
		return
	}
	var resp Response
	e := sh.candidate.aside(ctx, c, &resp, &sh.told)
	if !e.tells {
		return
	}
	one := arm.Call{Latency: resp.Executed, Instructions: resp.Instructions, Fault: e.fault != "", Business: e.business != "", Code: e.business}
	if list, ok := sh.compare(s, e, c); ok {
		one.Compared, one.Different = true, len(list) > 0
		sh.ro.s.beside.hide(list, sh.table.Add)
	}
	sh.meter.Record(0, s.key, &one)
}

// compare holds the candidate's answer against the live one. A fault of the live
// release is nothing that a candidate should be like.
func (sh *shading) compare(s shade, e ending, c *call) (list []difference.Difference, ok bool) {
	if s.ending.fault != "" {
		return nil, false
	}
	if s.textual && s.ending.answered() && e.answered() && bytes.Equal(s.out, c.dst) {
		return nil, true
	}
	stable, err := s.answer()
	if err != nil {
		return nil, false
	}
	candidate, err := e.answer(c.out, c.dst, c.textual)
	if err != nil {
		return nil, false
	}
	return sh.rules.Diff(stable, candidate), true
}

// answer is what the live release answered.
func (s *shade) answer() (difference.Answer, error) {
	if s.textual || !s.ending.answered() {
		return s.ending.answer(nil, s.out, s.textual)
	}
	out, err := wire.DecodeMap(s.out)
	return difference.Answer{Out: out}, err
}

// note puts what is known into the rollout's record, if there is more than before.
func (sh *shading) note() {
	totals := sh.table.Totals()
	if sh.noted.Swap(totals.Compared) == totals.Compared {
		return
	}
	sh.ro.noteEvidence(func(e *evidence) { e.Shadow = replayOf(&sh.table) })
}

// shadowSample is what the candidate did with copies; nil while it gets none.
func (ro *rolling) shadowSample() *rollout.Sample {
	sh := ro.s.beside.shading()
	if sh == nil || sh.ro != ro {
		return nil
	}
	sh.note()
	sample := sh.meter.Sample()
	sample.Memory = driver.StatsOf(sh.candidate.instance).MemoryBytes
	return sample
}
