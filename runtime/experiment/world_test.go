package experiment

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"gonum.org/v1/gonum/stat/distuv"
)

// arms is what two arms did, without chance: each latency stands for an equal part
// of a log-normal distribution, so that medians are what they are said to be.
type arms struct {
	reference, candidate int     // units
	slower               float64 // 1 if 0
	faults               [2]float64
	errors               [2]float64
	field                [2]float64
	instructions         [2]float64
	keyless              int
}

const ofMedian = 20 * time.Millisecond

func even01(i, n int) float64 { return (float64(i) + 0.5) / float64(n) }

func latencyAt(u, slower float64) time.Duration {
	z := distuv.UnitNormal.Quantile(u)
	return time.Duration(float64(ofMedian) * slower * math.Exp(0.5*z))
}

// calls makes the calls of one arm: what happens to call i is spread so that no two
// things go together.
func (a arms) calls(arm, n int, slower float64, visit func(i int, c Call)) {
	for i := range n {
		spread := func(step int) float64 { return even01(i*step%n, n) }
		c := Call{Candidate: arm == 1, Latency: latencyAt(even01(i, n), slower), Instructions: int64(a.instructions[arm] * (0.5 + spread(7919)))}
		switch {
		case spread(104729) < a.faults[arm]:
			c.Fault = true
		case spread(104729) > 1-a.errors[arm]:
			c.Business, c.Code = true, "no_funds"
		default:
			c.Out = map[string]any{"decision": either(spread(1299709) < a.field[arm], "approve", "decline")}
		}
		visit(i, c)
	}
}

// play records the calls of a split experiment: each unit has a key of its own.
func (a arms) play(t *testing.T, p *Plan) *Tally {
	t.Helper()
	s := NewSet(p)
	s.coin = rand.New(rand.NewPCG(1, 2)).Uint32
	key := uint64(0)
	for arm, n := range []int{a.reference, a.candidate} {
		slower := either(arm == 1 && a.slower > 0, a.slower, 1)
		a.calls(arm, n, slower, func(i int, c Call) {
			// A key of its own cell in each arm, its half by its last bit.
			key += math.MaxUint64 / 300_000
			c.Key, c.Keyed = key&^1|uint64(i&1), p.keyed() && i >= a.keyless
			s.Record(i, &c)
		})
	}
	return s.Tally()
}

// playPairs records pairs whose ratio scatters around slower.
func (a arms) playPairs(t *testing.T, p *Plan, different int) *Tally {
	t.Helper()
	s := NewSet(p)
	slower := either(a.slower > 0, a.slower, 1)
	var left []Call
	a.calls(0, a.reference, 1, func(_ int, c Call) { left = append(left, c) })
	a.calls(1, a.reference, 1, func(i int, c Call) {
		pair := Pair{Reference: left[i], Candidate: c, CandidateFirst: i*31%2 == 0, Compared: true, Different: i < different}
		noise := math.Exp(0.3 * distuv.UnitNormal.Quantile(even01(i*7919%a.reference, a.reference)))
		pair.Candidate.Latency = time.Duration(float64(pair.Reference.Latency) * slower * noise)
		s.Record(i, &c)
		s.RecordPair(&pair)
	})
	return s.Tally()
}
