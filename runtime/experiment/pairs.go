package experiment

import (
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/swapline/swapline/runtime/arm"
	"github.com/swapline/swapline/runtime/rollout/sequential"
)

// Pair is one call that both arms ran beside the live one, in an order that was
// drawn.
type Pair struct {
	Reference, Candidate Call
	CandidateFirst       bool
	Compared, Different  bool
}

// The ladder of ratios: as fine as that of latencies, from 2^-16 to 2^16. A bucket
// lies around its ratio, so that turned round it is the bucket of the inverse.
const (
	octaves   = 16
	even      = octaves * steps // the bucket of a ratio of 1
	ratioSize = 2*even + 1
)

// placeRatio returns the bucket of a pair's ratio.
func placeRatio(reference, candidate time.Duration) int {
	log := math.Log2(float64(max(candidate, 1)) / float64(max(reference, 1)))
	return min(max(int(math.Round(log*steps))+even, 0), ratioSize-1)
}

// inverted is the ratios of the reference by the candidate.
func inverted(ratios []int64) []int64 {
	out := slices.Clone(ratios)
	slices.Reverse(out)
	return out
}

// pairs counts pairs. It is safe for concurrent use.
type pairs struct {
	live, dropped atomic.Int64
	probe         arm.Probe
	counted       int

	mu sync.Mutex // guards the rest
	pairCounts
}

// pairCounts is what was counted of pairs.
type pairCounts struct {
	arms                [2]side                          // reference, candidate
	ratios              [2][]int64                       // of those in which the reference, the candidate ran first
	only                [countField + 1]sequential.Pairs // first is the candidate
	joint               [2]joint                         // of latencies and of instructions
	compared, different int64
}

// joint are the sums that the mean of a difference of two arms is made of.
type joint struct {
	n                int64
	a, b, aa, bb, ab float64
}

func (j *joint) add(a, b float64) {
	j.n++
	j.a, j.b = j.a+a, j.b+b
	j.aa, j.bb, j.ab = j.aa+a*a, j.bb+b*b, j.ab+a*b
}

func newPairs(p *Plan) *pairs {
	guards := counted(p)
	t := &pairs{probe: arm.NewProbe(guards), counted: len(guards)}
	for i := range t.arms {
		t.arms[i].latency, t.ratios[i] = make([]int64, size), make([]int64, ratioSize)
	}
	return t
}

// RecordPair counts one pair. It does not keep it.
func (s *Set) RecordPair(p *Pair) {
	t := s.pairs
	if t == nil {
		return
	}
	a, b := p.Reference.measured(), p.Candidate.measured()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.arms[0].add(&a)
	t.arms[1].add(&b)
	first := 0
	if p.CandidateFirst {
		first = 1
	}
	t.ratios[first][placeRatio(a.Latency, b.Latency)]++
	t.joint[0].add(float64(a.Latency), float64(b.Latency))
	for i := range t.counted {
		t.both(i, &a, &b)
	}
	if p.Compared {
		t.compared++
	}
	if p.Compared && p.Different {
		t.different++
	}
}

// add counts a call of an arm.
func (s *side) add(c *arm.Call) {
	s.calls++
	s.units++
	s.latency[place(c.Latency)]++
	switch {
	case c.Fault:
		s.faults++
	case c.Business:
		s.business++
	}
}

// both counts what a guard looks at in both calls of a pair. A call without an
// answer lacks the field's value, as in a split experiment.
func (t *pairs) both(i int, a, b *arm.Call) {
	x, ok := t.probe.Value(i, a)
	y, too := t.probe.Value(i, b)
	if i == countInstructions && !(ok && too) {
		return
	}
	t.arms[0].counts[i].add(x)
	t.arms[1].counts[i].add(y)
	if i == countInstructions {
		t.joint[1].add(x, y)
		return
	}
	t.only[i].All++
	switch {
	case x < y:
		t.only[i].First++
	case x > y:
		t.only[i].Second++
	}
}

// Drop counts a live call for whose extra runs the budget left no time.
func (s *Set) Drop() {
	if s.pairs != nil {
		s.pairs.dropped.Add(1)
	}
}
