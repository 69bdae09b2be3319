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
	since   time.Time
	stuck   atomic.Bool
}

// add notes that a release leaves.
func (d *drains) add(rel *release) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.open = append(d.open, &drain{release: rel, since: time.Now()})
}

// back takes a note back: the release is handed out again.
func (d *drains) back(rel *release) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.open = slices.DeleteFunc(d.open, func(one *drain) bool { return one.release == rel })
}

func (d *drains) list() []*drain {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.open)
}

// drain lets a replaced table go after its last request, in the background: the
// releases that no other table and no rollout holds are closed then. One that
// takes longer than the drain limit is reported as stuck and kept open: a call
// that cannot be stopped must not have its code taken away.
func (r *Runtime) drain(s *strategy, retired *slot.Retired[*table], next *table) {
	old, had := retired.Value()
	if !had {
		return
	}
	r.leave(s, old, next)
	r.draining.Go(func() {
		r.awaitDrain(s, old, retired)
		for _, rel := range old.releases() {
			r.let(s, rel)
		}
		if before := old.standby.Swap(nil); before != nil {
			r.let(s, before)
		}
	})
}

// leave notes the releases that are not handed out any more.
func (r *Runtime) leave(s *strategy, old, next *table) {
	var stay []*release
	if next != nil {
		stay = next.held()
	}
	for _, rel := range old.held() {
		if !slices.Contains(stay, rel) {
			s.drains.add(rel)
		}
	}
}

// let ends one hold on a release and closes it after the last.
func (r *Runtime) let(s *strategy, rel *release) {
	if !rel.let() {
		return
	}
	defer s.drains.back(rel)
	defer r.leaks.follow(s, rel)
	began := time.Now()
	if err := rel.close(context.Background()); err != nil {
		r.cfg.Log.Warn("closing a release", "strategy", s.name, "release", rel.info.Version, "error", err)
		return
	}
	r.cfg.Log.Info("release closed", "strategy", s.name, "release", rel.info.Version, "within", time.Since(began))
}

func (r *Runtime) awaitDrain(s *strategy, old *table, retired *slot.Retired[*table]) {
	limit := time.NewTimer(r.cfg.DrainLimit)
	defer limit.Stop()
	select {
	case <-retired.Drained():
		return
	case <-limit.C:
	}
	for _, d := range s.drains.list() {
		if slices.Contains(old.held(), d.release) {
			d.stuck.Store(true)
			r.cfg.Log.Warn("release is stuck: its requests do not end", "strategy", s.name,
				"release", d.release.info.Version, "in_flight", d.release.gate.inFlight())
		}
	}
	<-retired.Drained()
}
