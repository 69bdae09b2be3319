package arm

import (
	"sync"

	"github.com/swapline/swapline/runtime/rollout"
)

// Set is the meters of all arms of one published route. It is safe for concurrent
// use.
type Set struct {
	plan  *plan
	keyed bool
	live  *book // nil if calls have no keys

	mu     sync.Mutex // guards meters
	meters map[string]*Meter
}

// book is what is known of the cells of some arms.
type book struct {
	seen      marks
	events    []counters // in the order of plan.events
	compared  marks      // nil unless the plan compares
	different counters
}

func newBook(p *plan) *book {
	b := &book{seen: newMarks(), events: make([]counters, len(p.events))}
	for i := range b.events {
		b.events[i] = newCounters()
	}
	if p.compares {
		b.compared, b.different = newMarks(), newCounters()
	}
	return b
}

// NewSet makes empty meters for guards that [rollout.Decode] accepted. Keyed says
// that calls may have keys; without it they are ignored, and nothing is kept of
// them.
func NewSet(guards []rollout.Guard, keyed bool) *Set {
	s := &Set{plan: newPlan(guards), keyed: keyed, meters: map[string]*Meter{}}
	if keyed {
		s.live = newBook(s.plan)
	}
	return s
}

// Meter returns the meter of an arm, the same one every time.
func (s *Set) Meter(arm string) *Meter {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.meters[arm]
	if m == nil {
		m = newMeter(s.plan, s.bookOf(arm))
		s.meters[arm] = m
	}
	return m
}

func (s *Set) bookOf(arm string) *book {
	if s.keyed && arm == rollout.ArmShadow {
		return newBook(s.plan)
	}
	return s.live
}
