package worker

import (
	"sync/atomic"
	"time"
)

// How long somebody looks before sleeping, and how often that must have been worth
// it.
const (
	spinTime  = 12 * time.Microsecond
	spinScore = 16
	spinProbe = 64
)

// spinner decides whether to look for a moment before going to sleep: going to
// sleep and being woken costs more than a moment of looking, if what is looked for
// comes. It looks only as long as that succeeds most times, one goroutine at a
// time, and never when there is one processor.
type spinner struct {
	score  atomic.Int32
	tries  atomic.Uint32
	inside atomic.Uint32
}

// spin looks for done until it is, at most for spinTime, and reports whether it
// was. mark, if not nil, is 1 meanwhile.
func (s *spinner) spin(processors int32, mark *atomic.Uint32, done func() bool) bool {
	if processors < 2 || s.score.Load() <= 0 && s.tries.Add(1)%spinProbe != 0 || !s.inside.CompareAndSwap(0, 1) {
		return false
	}
	defer s.inside.Store(0)
	if mark != nil {
		mark.Store(1)
		defer mark.Store(0)
	}
	for start := time.Now(); ; {
		for range 32 {
			if done() {
				s.score.Store(min(s.score.Load()+2, spinScore))
				return true
			}
		}
		if time.Since(start) > spinTime {
			s.score.Store(max(s.score.Load()-3, 0))
			return false
		}
	}
}
