package runtime

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/swapline/swapline/runtime/slot"
)

// drains are the replaced releases of one strategy that are not closed yet.
type drains struct {
	mu   sync.Mutex
	open []*drain // guarded by mu, oldest first
}

// drain is a replaced release on its way out.
type drain struct {
	release *release
	retired *slot.Retired[*release]
	since   time.Time
	stuck   atomic.Bool
}

func (d *drains) add(one *drain) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.open = append(d.open, one)
}

func (d *drains) remove(one *drain) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.open = slices.DeleteFunc(d.open, func(other *drain) bool { return other == one })
}

func (d *drains) list() []*drain {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.open)
}

// drain closes a replaced release after its last request, in the background. A
// release that takes longer than the drain limit is reported as stuck and kept
// open: a call that cannot be stopped must not have its code taken away.
func (r *Runtime) drain(s *strategy, retired *slot.Retired[*release]) {
	old, had := retired.Value()
	if !had {
		return
	}
	d := &drain{release: old, retired: retired, since: time.Now()}
	s.drains.add(d)
	r.draining.Go(func() {
		defer s.drains.remove(d)
		r.awaitDrain(d)
		defer r.leaks.follow(s, old)
		if err := old.close(context.Background()); err != nil {
			r.cfg.Log.Warn("closing a release", "strategy", s.name, "release", old.info.Version, "error", err)
			return
		}
		r.cfg.Log.Info("release closed", "strategy", s.name, "release", old.info.Version, "after", time.Since(d.since))
	})
}

func (r *Runtime) awaitDrain(d *drain) {
	limit := time.NewTimer(r.cfg.DrainLimit)
	defer limit.Stop()
	select {
	case <-d.retired.Drained():
		return
	case <-limit.C:
	}
	d.stuck.Store(true)
	r.cfg.Log.Warn("release is stuck: its requests do not end", "strategy", d.release.info.Strategy,
		"release", d.release.info.Version, "in_flight", d.retired.InFlight())
	<-d.retired.Drained()
}
