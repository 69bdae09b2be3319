package runtime

import (
	"sync"
	"time"

	"github.com/swapline/swapline/runtime/histogram"
	"github.com/swapline/swapline/runtime/rollout"
)

// A strategy's past reaches back for as many beats as a window can be long.
const (
	beat     = time.Second
	pastKept = 60
)

// past is what the stable release of a strategy did in the last minute, beat by
// beat, so that a change can be compared with what was before.
type past struct {
	mu    sync.Mutex
	marks []pastMark // guarded by mu, oldest first, all of one release
}

// pastMark is what a release had done since it was loaded.
type pastMark struct {
	at               time.Time
	release          *release
	faults, business int64
	latency          histogram.Counts
}

// mark notes what the stable release has done up to now.
func (s *strategy) mark(now time.Time) {
	lease, ok := s.slot.Acquire()
	if !ok {
		return
	}
	m := markOf(lease.Value().stable, now)
	lease.Done()
	s.past.mu.Lock()
	defer s.past.mu.Unlock()
	if n := len(s.past.marks); n > 0 && s.past.marks[n-1].release != m.release {
		s.past.marks = nil
	}
	if len(s.past.marks) == pastKept {
		s.past.marks = append(s.past.marks[:0], s.past.marks[1:]...)
	}
	s.past.marks = append(s.past.marks, m)
}

func markOf(rel *release, now time.Time) pastMark {
	return pastMark{now, rel, rel.faults.Load(), rel.business.Load(), rel.latency.Read()}
}

// before is what the stable release did within a window that ends now, or since it
// was loaded if that is later; nil if there is none.
func (s *strategy) before(window time.Duration, now time.Time) *rollout.Sample {
	lease, ok := s.slot.Acquire()
	if !ok {
		return nil
	}
	defer lease.Done()
	rel := lease.Value().stable
	last, first := markOf(rel, now), pastMark{}
	s.past.mu.Lock()
	for _, m := range s.past.marks {
		if m.release == rel && !m.at.After(now.Add(-window)) {
			first = m
		}
	}
	s.past.mu.Unlock()
	latency := last.latency.Sub(first.latency)
	return &rollout.Sample{Calls: latency.N, Faults: last.faults - first.faults, Business: last.business - first.business,
		Latency: latency, Units: latency}
}

// pulse does what must be done for every strategy: with each glance what its
// breaker needs, with each beat what its past does.
func (r *Runtime) pulse() {
	ticker := time.NewTicker(glance)
	defer ticker.Stop()
	for n := 1; ; n++ {
		select {
		case <-ticker.C:
			for _, s := range *r.strategies.Load() {
				if r.attend(s, time.Now()); n%int(beat/glance) == 0 {
					s.mark(time.Now())
				}
			}
		case <-r.watchman.ended:
			return
		}
	}
}
