package breaker

import (
	"slices"
	"time"
)

// Total is what a release did since it was loaded. Its numbers only rise.
type Total struct{ Calls, Faults, Slow int64 }

// Sliding makes the windows of a release from its totals. It belongs to one
// goroutine. Make it with [NewSliding].
type Sliding struct {
	length time.Duration
	marks  []mark // oldest first, at least one
}

type mark struct {
	at time.Time
	Total
}

// marksPerWindow is how finely a window is cut: it covers at most that part more
// than its length.
const marksPerWindow = 16

// NewSliding begins at a moment, with what was counted until then.
func NewSliding(length time.Duration, at time.Time, t Total) *Sliding {
	s := &Sliding{length: length}
	s.Restart(at, t)
	return s
}

// Restart forgets what was before.
func (s *Sliding) Restart(at time.Time, t Total) { s.marks = []mark{{at, t}} }

// Window is what happened within the length until now, or since the last Restart if
// that is less.
func (s *Sliding) Window(now time.Time, t Total) Window {
	start := now.Add(-s.length)
	for len(s.marks) > 1 && !s.marks[1].at.After(start) {
		s.marks = slices.Delete(s.marks, 0, 1)
	}
	first := s.marks[0]
	if last := s.marks[len(s.marks)-1]; now.Sub(last.at) >= s.length/marksPerWindow {
		s.marks = append(s.marks, mark{now, t})
	}
	return Window{From: first.at, At: now, Calls: t.Calls - first.Calls, Faults: t.Faults - first.Faults, Slow: t.Slow - first.Slow}
}
