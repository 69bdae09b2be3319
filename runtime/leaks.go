package runtime

import (
	"slices"
	"sync"
	"time"

	"github.com/swapline/swapline/runtime/driver"
)

// Leak is a replaced release whose goroutines live on. What they hold cannot be
// freed, and they go on doing whatever they do.
type Leak struct {
	Release    Release   `json:"release"`
	Goroutines int       `json:"goroutines"`
	Since      time.Time `json:"since"` // when the release was closed
	// Stack is where some of them stand, the innermost function first.
	Stack string `json:"stack"`
}

// A release has firstLook after it was closed to end its goroutines. Then comes
// one look after another, each after twice the time.
const (
	firstLook = time.Second
	rarely    = 5 * time.Minute
)

// leaks follows closed releases until none of their goroutines is left. Counting
// takes a profile of all goroutines, so it is done seldom, and never for a release
// that left nothing.
type leaks struct {
	after func(time.Duration) <-chan time.Time
	count func() ([]driver.Goroutines, error)
	ended chan struct{}
	wg    sync.WaitGroup

	mu   sync.Mutex
	list []*leak // guarded by mu, and so are the counts in it; oldest first
}

type leak struct {
	release *release
	told    Leak
}

func newLeaks() *leaks {
	return &leaks{after: time.After, count: driver.LabelledGoroutines, ended: make(chan struct{})}
}

// close stops following and waits until nobody does.
func (l *leaks) close() {
	close(l.ended)
	l.wg.Wait()
}

// of lists the leaks of a strategy.
func (l *leaks) of(strategy string) (list []Leak) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, one := range l.list {
		if one.release.info.Strategy == strategy && one.told.Goroutines > 0 {
			list = append(list, one.told)
		}
	}
	return list
}

// follow looks after a closed release in the background.
func (l *leaks) follow(s *strategy, rel *release) {
	info := rel.info
	info.Active = false
	one := &leak{rel, Leak{Release: info, Since: rel.rt.cfg.Now().UTC()}}
	l.mu.Lock()
	l.list = append(l.list, one)
	l.mu.Unlock()
	l.wg.Go(func() {
		defer l.forget(one)
		for pause := firstLook; ; pause = min(2*pause, rarely) {
			select {
			case <-l.after(pause):
			case <-l.ended:
				return
			}
			if !l.look(s, one) {
				return
			}
		}
	})
}

func (l *leaks) forget(one *leak) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = slices.DeleteFunc(l.list, func(other *leak) bool { return other == one })
}

// look counts once, tells of what it finds for the first time, and reports whether
// to go on.
func (l *leaks) look(s *strategy, one *leak) bool {
	log := one.release.rt.cfg.Log.With("strategy", s.name, "release", one.told.Release.Version, "digest", string(one.told.Release.Digest))
	all, err := l.count()
	if err != nil {
		log.Warn("goroutines of a closed release cannot be counted", "error", err)
		return true
	}
	n, stack := l.left(s, one, all)
	l.mu.Lock()
	before := one.told.Goroutines
	one.told.Goroutines, one.told.Stack = n, stack
	l.mu.Unlock()
	switch {
	case n > 0 && before == 0:
		log.Warn("goroutines of a closed release live on", "goroutines", n, "stack", stack)
	case n == 0 && before > 0:
		log.Info("the goroutines of a closed release have ended")
	}
	return n > 0
}

// left counts what belongs to a closed release: the goroutines of this loading of
// it and, unless the same release is served again, those of its code.
func (l *leaks) left(s *strategy, one *leak, all []driver.Goroutines) (n int, stack string) {
	for _, g := range all {
		if g.Strategy != s.name || g.Digest != one.release.digest.Short() {
			continue
		}
		if g.Load == one.release.load || g.Load == "" && l.last(s, one) {
			n += g.Count
			if stack == "" {
				stack = g.Stack
			}
		}
	}
	return n, stack
}

// last reports whether no other loading of the release is open, or was closed
// later.
func (l *leaks) last(s *strategy, one *leak) bool {
	if info, _, ok := s.current(); ok && info.Digest == one.release.digest {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, other := range slices.Backward(l.list) {
		if other.release.info.Strategy == s.name && other.release.digest == one.release.digest {
			return other == one
		}
	}
	return true
}
