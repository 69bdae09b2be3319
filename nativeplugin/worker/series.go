package worker

import "time"

// When a worker is started again; see the package comment.
const (
	firstDelay = 100 * time.Millisecond
	mostDelay  = 10 * time.Second
	maxSeries  = 8
	healthy    = time.Minute
	jitter     = 0.2
)

// series counts ends in a row: of processes that did not live for long.
type series struct{ ends int }

// next returns how long to wait after the end of a process that lived so long,
// and whether to start again at all. random is in [0, 1).
func (s *series) next(lived time.Duration, random float64) (delay time.Duration, again bool) {
	if lived >= healthy {
		s.ends = 0
	}
	if s.ends++; s.ends >= maxSeries {
		return 0, false
	}
	delay = min(firstDelay<<(s.ends-1), mostDelay)
	return time.Duration(float64(delay) * (1 - jitter + 2*jitter*random)), true
}
