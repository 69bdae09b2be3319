package experiment

import (
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/swapline/swapline/runtime/arm"
	"github.com/swapline/swapline/runtime/rollout"
)

// Sides: the reference's units are halved.
const (
	firstHalf = iota
	secondHalf
	candidate
	sides
)

// Set is the meters of both arms, of both halves of the reference, and, paired, of
// the pairs. It is safe for concurrent use and allocates nothing in Record.
type Set struct {
	paired  bool
	anew    atomic.Int64 // how often what was measured before was lost
	arms    *arm.Set     // nil: paired
	meters  [sides]*arm.Meter
	latency [sides]*latencies
	pairs   *pairs
	keyless [8]counter
	coin    func() uint32
}

// counter is one of a few that lanes share.
type counter struct {
	n atomic.Int64
	_ [120]byte
}

// NewSet makes the meters of an experiment.
func NewSet(p *Plan) *Set {
	s := &Set{paired: p.paired(), coin: rand.Uint32}
	if s.paired {
		s.pairs = newPairs(p)
		return s
	}
	s.arms = arm.NewSet(counted(p), p.keyed())
	for side, name := range []string{"first half", "second half", rollout.ArmCandidate} {
		s.meters[side], s.latency[side] = s.arms.Meter(name), newLatencies()
	}
	return s
}

// The counts of a Sample, in the order of counted.
const (
	countErrors = iota
	countFaults
	countBusiness
	countInstructions
	countField
)

// counted is what package arm counts for the plan.
func counted(p *Plan) []rollout.Guard {
	guards := []rollout.Guard{
		{Metric: rollout.ErrorRate, Expected: p.Expected},
		{Metric: rollout.FaultRate},
		{Metric: rollout.BusinessErrorRate, Expected: p.Expected},
		{Metric: rollout.Instructions},
	}
	if p.Metric == FieldShare {
		guards = append(guards, rollout.Guard{Metric: rollout.FieldShare, Field: p.Field, Equals: p.Equals})
	}
	return guards
}

// Call is what a meter learns of one call.
type Call struct {
	Candidate    bool // which arm
	Key          uint64
	Keyed        bool
	Latency      time.Duration
	Fault        bool
	Business     bool
	Code         string
	Instructions int64
	Out          map[string]any
	Text         []byte
}

// Record counts one live call. Lane is any number, best one that no other call has
// at the same time. Of a paired experiment it only counts how many there are. It
// does not keep the call.
func (s *Set) Record(lane int, c *Call) {
	if s.paired {
		s.pairs.live.Add(1)
		return
	}
	side := candidate
	if !c.Candidate {
		side = s.half(c)
	}
	if !c.Keyed {
		s.keyless[uint(lane)%uint(len(s.keyless))].n.Add(1)
	}
	call := c.measured()
	if s.meters[side].Record(lane, arm.Key{Hash: c.Key, Given: c.Keyed}, &call) {
		s.latency[side].record(lane, c.Latency)
	}
}

func (c *Call) measured() arm.Call {
	return arm.Call{Latency: c.Latency, Fault: c.Fault, Business: c.Business, Code: c.Code,
		Instructions: c.Instructions, Out: c.Out, Text: c.Text}
}

// half is a bit that is independent of the arm: the arm follows from the high bits
// of the hash.
func (s *Set) half(c *Call) int {
	if c.Keyed {
		return int(c.Key & 1)
	}
	return int(s.coin() & 1)
}
