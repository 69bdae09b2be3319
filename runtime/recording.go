package runtime

import (
	"context"
	"reflect"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/difference"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/pointer"
	"github.com/swapline/swapline/runtime/recorder"
	"github.com/swapline/swapline/runtime/rollout"
)

// learnPolicy reads what an operator said about a strategy, for what follows a
// policy without waiting for the next rollout, and follows it.
func (r *Runtime) learnPolicy(ctx context.Context, s *strategy) error {
	set, err := r.cfg.Store.RolloutPolicy(ctx, s.name)
	if err != nil {
		return err
	}
	s.beside.mu.Lock()
	s.beside.operator = set.Text
	s.beside.mu.Unlock()
	r.follow(s)
	return nil
}

// policyChanged takes over a strategy's policy for what does not wait for the next
// rollout: breaker and recording.
func (r *Runtime) policyChanged(strategy string) {
	s := r.find(strategy)
	if s == nil {
		return
	}
	if err := r.learnPolicy(context.Background(), s); err != nil {
		r.cfg.Log.Warn("a changed policy is not followed before the next change or restart", "strategy", strategy, "error", err)
	}
}

// follow makes a strategy record what its policy says now: the operator's, or that
// of the release which serves, or the host's. It is called after every change of
// either and asks no store, since a publish cannot fail.
func (r *Runtime) follow(s *strategy) {
	r.record(s)
	if ro := s.rolling.Load(); ro != nil {
		ro.experiment.mask(s.beside.masks())
	}
	if sh := s.beside.shading(); sh != nil && sh.pairing == nil {
		sh.note()
	}
}

func (r *Runtime) record(s *strategy) {
	s.beside.mu.Lock()
	defer s.beside.mu.Unlock()
	policy, err := r.policyNow(s.beside.operator, s.manifest())
	if err == nil {
		r.fit(s, policy)
		err = s.beside.followLocked(policy.Record)
	}
	if err != nil {
		r.cfg.Log.Warn("inputs are recorded as before", "strategy", s.name, "error", err)
	}
}

// policyNow is policyFor with the operator's text at hand.
func (r *Runtime) policyNow(operator []byte, m *manifest.Manifest) (*rollout.Policy, error) {
	switch {
	case operator != nil:
		doc, err := wire.ParseJSONMap(operator)
		if err != nil {
			return nil, err
		}
		return rollout.Decode(doc)
	case m != nil && m.Rollout != nil:
		return rollout.Decode(m.Rollout)
	}
	return r.cfg.Rollout, nil
}

// hide masks what differences show as inputs are masked in records. It holds on to what
// may change the masks until add has taken the differences.
func (b *beside) hide(found []difference.Difference, add func([]difference.Difference)) {
	if len(found) == 0 {
		add(found)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	add(compare.Masked(found, b.hides))
}

// followLocked begins, changes or ends recording. What was recorded under other
// rules is let go: it may have been masked by less.
func (b *beside) followLocked(record *rollout.Record) error {
	if b.ended || reflect.DeepEqual(b.record, record) {
		return nil
	}
	var next *recorder.Recorder
	var hides pointer.Patterns
	if record != nil {
		var err error
		if hides, err = pointer.Compile(record.Mask); err != nil {
			return err
		}
		if next, err = recorder.New(*record); err != nil {
			return err
		}
	}
	b.record, b.hides = record, hides
	if sh := b.shading(); sh != nil && sh.pairing == nil {
		sh.table.Forget() // the values may have been masked by less
		sh.noted.Store(-1)
	}
	b.replaceLocked(next)
	return nil
}

func (b *beside) replaceLocked(next *recorder.Recorder) {
	before := b.recorder()
	b.changeLocked(func(w *companions) { w.recorder = next })
	if before != nil {
		before.Close()
	}
}

// end stops recording for good, and forgets. A shadow ends with its rollout.
func (b *beside) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended, b.record = true, nil
	b.replaceLocked(nil)
}
