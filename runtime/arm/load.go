package arm

import "github.com/swapline/swapline/runtime/rollout"

// Seen is a bit for each cell of which a key was seen, 64 in a word, the lowest
// first; nil if calls have no keys. Who also reads samples does that before: what
// they count is seen then. The shadow's cells are not in it.
func (s *Set) Seen() []uint64 {
	if s.live == nil {
		return nil
	}
	words := make([]uint64, len(s.live.seen))
	for i := range words {
		words[i] = s.live.seen[i].Load()
	}
	return words
}

// Load makes the set take for seen what another one has, and nothing else. As all
// that loads it is for a set that nobody records in meanwhile.
func (s *Set) Load(seen []uint64) {
	if s.live == nil {
		return
	}
	for i := range s.live.seen {
		word := uint64(0)
		if i < len(seen) {
			word = seen[i]
		}
		s.live.seen[i].Store(word)
	}
}

// Cells is how many keys a Set tells apart at most.
const Cells = int(cells)

// Load makes the meter count on from a sample of one that has the same guards. How
// many events a key had is in no sample: of keys that were seen before, Events and
// Firsts begin anew, while all counts of units, Opening among them, stay right.
func (m *Meter) Load(s *rollout.Sample) {
	m.calls.Load(s.Latency)
	if m.units != nil {
		m.units.Load(s.Units)
	}
	m.failures.faults.Store(s.Faults)
	m.failures.business.Store(s.Business)
	for lane := range m.values {
		m.values[lane].clear()
	}
	for i, g := range m.plan.guards {
		c := &s.Guards[i]
		switch g.from {
		case events:
			m.events[g.index].load(c)
		case differences:
			m.differences.trials.Store(c.Trials)
			m.differences.units.Store(c.Units)
			m.differences.different.load(c)
		case values:
			m.values[0].load(g.index, sums{c.Units, c.Firsts, c.Sum, c.Squares})
		}
	}
}

func (t *total) load(c *rollout.Count) {
	t.events.Store(c.Events)
	t.firsts.Store(c.Firsts)
	t.openings.Store(c.Opening)
}

func (t *tallies) clear() {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.sums)
}

func (t *tallies) load(i int, s sums) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sums[i] = s
}
