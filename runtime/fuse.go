package runtime

import (
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"github.com/swapline/swapline/runtime/rollout"
)

// fuse holds the breaker of whatever release of a strategy is stable.
type fuse struct {
	cut atomic.Pointer[cutout] // nil for none
	mu  sync.Mutex             // serialises changes of cut
}

// attend lets the breaker of a strategy hear what happened.
func (r *Runtime) attend(s *strategy, now time.Time) {
	b := s.fuse.cut.Load()
	switch {
	case b == nil:
		return
	case r.closing.Load(): // what is loaded for it must not hold that up
		b.stop()
		return
	}
	lease, ok := s.slot.Acquire()
	if !ok {
		return
	}
	defer lease.Done()
	if t := lease.Value(); t.stable == b.rel {
		b.tick(now, s.watched(t))
	}
}

// fit gives the release that is stable the breaker of the policy that is followed
// now, which may be none.
func (r *Runtime) fit(s *strategy, p *rollout.Policy) {
	lease, ok := s.slot.Acquire()
	if !ok {
		return
	}
	defer lease.Done()
	s.fuse.mu.Lock()
	defer s.fuse.mu.Unlock()
	rel, old := lease.Value().stable, s.fuse.cut.Load()
	if old == nil || !old.fits(rel, p) {
		s.fuse.install(old, r.newCutout(s, rel, p))
	}
}

// install puts a breaker in the place of another; each may be nil.
func (f *fuse) install(old, next *cutout) {
	f.cut.Store(next)
	if old != nil {
		old.end()
	}
	if next != nil {
		next.rel.cut.Store(next)
	}
}

// fits reports whether a breaker is the one of a release under a policy.
func (b *cutout) fits(rel *release, p *rollout.Policy) bool {
	return b.rel == rel && b.sticky == p.Sticky && reflect.DeepEqual(*b.policy, p.Breaker)
}

// end ends the breaker of a strategy that stops to serve.
func (f *fuse) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.install(f.cut.Load(), nil)
}

func (f *fuse) view() *Breaker {
	if b := f.cut.Load(); b != nil {
		return b.view()
	}
	return nil
}

func (f *fuse) phase() int64 {
	if b := f.cut.Load(); b != nil {
		return b.phase()
	}
	return 0
}

// watched reports whether a rollout judges the stable release.
func (s *strategy) watched(t *table) bool {
	ro := s.rolling.Load()
	if ro == nil || t.route.Rollout != ro.id() {
		return false
	}
	ro.mu.Lock()
	defer ro.mu.Unlock()
	return ro.state.Phase == rollout.Watching && !ro.state.Held
}
