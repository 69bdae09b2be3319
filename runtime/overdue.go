package runtime

import (
	"sync"
	"time"
)

// overdueLook is how often calls with a cooperative deadline are looked at. A timer
// for each would cost more than most of them take.
const overdueLook = time.Second

// slack is how far the age of a call may be wrong.
const slack = 1 << cameStep * time.Nanosecond

// overdue is the number of calls under way that are past their deadline. With a
// hard deadline there are none: they are given up.
func (rel *release) overdue() (n int) {
	rel.eachOverdue(func(place, time.Duration) { n++ })
	return n
}

func (rel *release) eachOverdue(f func(place, time.Duration)) {
	if !rel.cooperative {
		return
	}
	rel.gate.since(rel.rt.clock.now(), func(p place, age time.Duration) {
		if age > rel.timeout+slack {
			f(p, age)
		}
	})
}

// watchman looks for overdue calls of all releases, from the first cooperative
// one on.
type watchman struct {
	once  sync.Once
	ended chan struct{}
	wg    sync.WaitGroup
	told  map[told]bool // belongs to the goroutine that looks
}

// told is a call that was reported.
type told struct {
	release *release
	place   place
}

// start begins to look, if nobody does.
func (w *watchman) start(r *Runtime) {
	w.once.Do(func() {
		w.wg.Go(func() {
			ticker := time.NewTicker(overdueLook)
			defer ticker.Stop()
			for {
				select {
				case <-ticker.C:
					w.look(r)
				case <-w.ended:
					return
				}
			}
		})
	})
}

func (w *watchman) close() {
	close(w.ended)
	w.wg.Wait()
}

// look reports each overdue call once.
func (w *watchman) look(r *Runtime) {
	seen := map[told]bool{}
	for _, s := range *r.strategies.Load() {
		s.each(func(rel *release) {
			rel.eachOverdue(func(p place, age time.Duration) {
				one := told{rel, p}
				if seen[one] = true; !w.told[one] {
					r.cfg.Log.Warn("a call is overdue: its strategy promised to return when its context is done, and its caller waits",
						"strategy", s.name, "release", rel.info.Version, "digest", string(rel.digest), "for", age, "timeout", rel.timeout)
				}
			})
		})
	}
	w.told = seen
}

// each calls f for the releases that may have calls under way.
func (s *strategy) each(f func(*release)) {
	if lease, ok := s.slot.Acquire(); ok {
		defer lease.Done()
		for _, rel := range lease.Value().releases() {
			f(rel)
		}
	}
	for _, d := range s.drains.list() {
		f(d.release)
	}
}

// stopLooking ends what the runtime does for releases that nobody calls.
func (r *Runtime) stopLooking() {
	r.watchman.close()
	r.leaks.close()
}
