package arm

import (
	"slices"

	"github.com/swapline/swapline/runtime/histogram"
	"github.com/swapline/swapline/runtime/rollout"
)

// Sample returns what was counted: all of every Record that ended before, and parts
// of those that run meanwhile. Also then Events and Units are at most Trials, Firsts
// at most Units and Events, Opening at most Firsts, and no count falls from one sample to the next. The
// guards' counts are in the order of NewSet's guards. Memory is the caller's to fill
// in.
func (m *Meter) Sample() *rollout.Sample {
	s := &rollout.Sample{Guards: make([]rollout.Count, len(m.plan.guards))}
	for i, g := range m.plan.guards {
		switch g.from {
		case events:
			s.Guards[i] = m.events[g.index].count()
		case differences:
			s.Guards[i] = m.differences.count()
		case values:
			s.Guards[i] = m.value(g.index)
		}
	}
	s.Faults, s.Business = m.failures.faults.Load(), m.failures.business.Load()
	s.Units, s.Latency = m.histograms()
	s.Calls = s.Latency.N
	for i, g := range m.plan.guards {
		if g.from == nothing || g.from == events {
			s.Guards[i].Trials, s.Guards[i].Units = s.Calls, s.Units.N
		}
		// A call of a key can be through with its event before the key's first one
		// has counted its unit.
		s.Guards[i].Firsts = min(s.Guards[i].Firsts, s.Guards[i].Units)
		s.Guards[i].Opening = min(s.Guards[i].Opening, s.Guards[i].Firsts)
	}
	return s
}

func (t *total) count() (c rollout.Count) {
	c.Opening = t.openings.Load()
	c.Firsts = t.firsts.Load()
	c.Events = t.events.Load()
	return c
}

func (d *compared) count() rollout.Count {
	c := d.different.count()
	c.Units = d.units.Load()
	c.Trials = d.trials.Load()
	return c
}

// value adds the lanes up.
func (m *Meter) value(index int) (c rollout.Count) {
	for lane := range m.values {
		s := m.values[lane].read(index)
		c.Units += s.units
		c.Firsts += s.ones
		c.Sum += s.total
		c.Squares += s.squares
	}
	c.Trials, c.Events, c.Opening = c.Units, c.Firsts, c.Firsts
	return c
}

func (t *tallies) read(index int) sums {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.sums[index]
}

// histograms reads units before calls.
func (m *Meter) histograms() (units, calls histogram.Counts) {
	if m.units != nil {
		units = m.units.Read()
	}
	calls = m.calls.Read()
	if m.units == nil {
		units = calls
		units.Buckets = slices.Clone(calls.Buckets)
	}
	return units, calls
}
