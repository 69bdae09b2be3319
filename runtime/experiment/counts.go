package experiment

import (
	"slices"

	"github.com/swapline/swapline/runtime/rollout"
)

// Counts is all that a Set held at a moment, as numbers, from which another Set can
// go on. It does not change.
type Counts struct {
	anew    int
	seen    []uint64 // the cells of package arm; nil of calls without keys
	sides   [sides]sideCounts
	keyless int64

	pairs         *pairCounts // nil: split
	live, dropped int64
}

// sideCounts is what was counted of one side of a split experiment.
type sideCounts struct {
	sample  *rollout.Sample
	latency []int64 // of units, on the ladder
}

// Counts reads everything. A call that is being recorded at that moment may be in it
// by a part, at most one of each processor; never is a unit in it whose key is not.
func (s *Set) Counts() *Counts {
	c := s.counts()
	if s.arms != nil {
		c.seen = s.arms.Seen() // the last of all: see Seen
	}
	return c
}

// counts is Counts without the keys that were seen.
func (s *Set) counts() *Counts {
	c := &Counts{anew: int(s.anew.Load())}
	if s.paired {
		s.pairs.counts(c)
		return c
	}
	for i := range s.keyless {
		c.keyless += s.keyless[i].n.Load()
	}
	for i := range c.sides {
		c.sides[i].latency = s.latency[i].read()
		c.sides[i].sample = s.meters[i].Sample()
	}
	return c
}

func (t *pairs) counts(c *Counts) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c.pairs = t.pairCounts.clone()
	c.live, c.dropped = t.live.Load(), t.dropped.Load()
}

// clone is a copy that shares nothing.
func (c *pairCounts) clone() *pairCounts {
	out := *c
	for i := range out.arms {
		out.arms[i].latency, out.ratios[i] = slices.Clone(c.arms[i].latency), slices.Clone(c.ratios[i])
	}
	return &out
}

// Load makes the set go on from what another one of the same plan has counted, and
// forget all else. Nobody may record meanwhile.
func (s *Set) Load(c *Counts) {
	s.anew.Store(int64(c.anew))
	if s.paired {
		s.pairs.load(c)
		return
	}
	s.arms.Load(c.seen)
	for i := range s.keyless {
		s.keyless[i].n.Store(0)
	}
	s.keyless[0].n.Store(c.keyless)
	for i := range c.sides {
		s.latency[i].load(c.sides[i].latency)
		s.meters[i].Load(c.sides[i].sample)
	}
}

func (t *pairs) load(c *Counts) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.pairCounts = *c.pairs.clone()
	t.live.Store(c.live)
	t.dropped.Store(c.dropped)
}

// Anew says how often before this set what was measured was lost: each time costs
// a part of the level. See Plan.Level.
func (s *Set) Anew(times int) { s.anew.Store(int64(times)) }
