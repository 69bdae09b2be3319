package arm

import (
	"sync"
	"sync/atomic"

	"github.com/swapline/swapline/runtime/histogram"
	"github.com/swapline/swapline/runtime/rollout"
)

// Meter measures one arm. It is safe for concurrent use.
//
// A Record counts a call first, then the unit, then events, then first events; a
// Sample reads in the opposite order. So a sample never has more events than calls.
type Meter struct {
	plan  *plan
	book  *book // nil: every call is a unit
	calls *histogram.Histogram
	units *histogram.Histogram // nil: as calls

	// The rest is written by few calls only, and apart from what all read.
	failures    *failures
	events      []total // in the order of plan.events
	differences *compared
	values      []tallies // by lane, in the order of plan.values
}

// failures is how many calls failed.
type failures struct{ faults, business atomic.Int64 }

// total is how many events there were: of calls, of keys, and of units, which are
// the keys' first calls.
type total struct{ events, firsts, openings atomic.Int64 }

// compared is how many answers were compared.
type compared struct {
	trials, units atomic.Int64
	different     total
}

// tallies are what the calls of one lane add up: for each value of the plan the sums
// over units. The padding, and spare sums behind the ones in use, keep lanes out of
// each other's cache lines.
type tallies struct {
	mu   sync.Mutex // guards sums
	sums []sums
	_    [128]byte
}

const spareSums = 4

// sums is some units, how many of them had the value of a share, and the sums of
// their values and of the squares of these.
type sums struct {
	units, ones    int64
	total, squares float64
}

func newMeter(p *plan, b *book) *Meter {
	m := &Meter{plan: p, book: b, calls: histogram.New(), failures: &failures{}, differences: &compared{}}
	if b != nil {
		m.units = histogram.New()
	}
	m.events = make([]total, len(p.events))
	m.values = make([]tallies, histogram.Lanes())
	for lane := range m.values {
		m.values[lane].sums = make([]sums, len(p.values), len(p.values)+spareSums)
	}
	return m
}

// Record counts one call, and tells whether it was a unit: a key's first, or one
// without a key. Lane is any number, best one that no other call has at the same
// time. Record does not keep the call. It allocates nothing.
func (m *Meter) Record(lane int, k Key, c *Call) (unit bool) {
	m.calls.Record(lane, c.Latency)
	unit = m.unit(lane, k, c)
	if unit && len(m.plan.values) > 0 {
		m.measure(lane, c)
	}
	if c.Fault || c.Business {
		m.failed(k, c, unit)
	}
	if c.Compared && m.plan.compares {
		m.compared(k, c)
	}
	return unit
}

// unit counts the call as a unit if it is one.
func (m *Meter) unit(lane int, k Key, c *Call) bool {
	if m.book == nil {
		return true
	}
	if k.Given && !m.book.seen.first(cellOf(k.Hash)) {
		return false
	}
	m.units.Record(lane, c.Latency)
	return true
}

// measure adds the values of a unit.
func (m *Meter) measure(lane int, c *Call) {
	t := &m.values[uint(lane)%uint(len(m.values))]
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range m.plan.values {
		v := &m.plan.values[i]
		if x, ok := v.of(c); ok {
			t.sums[i].add(x, v.metric == rollout.FieldShare)
		}
	}
}

func (s *sums) add(x float64, share bool) {
	s.units++
	s.total += x
	s.squares += x * x
	if share {
		s.ones += int64(x)
	}
}

func (m *Meter) failed(k Key, c *Call, unit bool) {
	if c.Fault {
		m.failures.faults.Add(1)
	} else {
		m.failures.business.Add(1)
	}
	for i := range m.plan.events {
		if !m.plan.events[i].happened(c) {
			continue
		}
		if unit {
			m.events[i].openings.Add(1)
		}
		switch {
		case m.book != nil && k.Given:
			m.events[i].add(m.book.events[i].add(cellOf(k.Hash)))
		default:
			m.events[i].add(1)
		}
	}
}

// add counts an event with a number in its cell, 0 for one too many.
func (t *total) add(number int) {
	if number > 0 {
		t.events.Add(1)
	}
	if number == 1 {
		t.firsts.Add(1)
	}
}

func (m *Meter) compared(k Key, c *Call) {
	d := m.differences
	d.trials.Add(1)
	keyed := m.book != nil && k.Given
	unit := !keyed || m.book.compared.first(cellOf(k.Hash))
	if unit {
		d.units.Add(1)
	}
	if unit && c.Different {
		d.different.openings.Add(1)
	}
	switch {
	case !c.Different:
	case keyed:
		d.different.add(m.book.different.add(cellOf(k.Hash)))
	default:
		d.different.add(1)
	}
}
