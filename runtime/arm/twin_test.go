package arm_test

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/arm"
	"github.com/swapline/swapline/runtime/histogram"
	"github.com/swapline/swapline/runtime/rollout"
)

// twin counts as one would without thinking of speed: one lock, and maps by cell.
type twin struct {
	mu     sync.Mutex
	guards []rollout.Guard
	keyed  bool

	sample   rollout.Sample
	seen     map[string]bool // by arm's book, and cell
	events   map[string]int  // by book, guard and cell
	compared map[string]bool
}

func newTwin(guards []rollout.Guard, keyed bool) *twin {
	t := &twin{guards: guards, keyed: keyed, seen: map[string]bool{}, events: map[string]int{}, compared: map[string]bool{}}
	t.sample.Latency.Buckets, t.sample.Units.Buckets = make([]int64, histogram.Size), make([]int64, histogram.Size)
	t.sample.Guards = make([]rollout.Count, len(guards))
	return t
}

// cell is the high part of hash * 1,040,000, as the package comment says.
func cell(hash uint64) string {
	n := new(big.Int).SetUint64(hash)
	return n.Rsh(n.Mul(n, big.NewInt(1_040_000)), 64).String()
}

func (t *twin) record(k arm.Key, c *arm.Call) {
	t.mu.Lock()
	defer t.mu.Unlock()
	keyed, id := t.keyed && k.Given, cell(k.Hash)
	unit := !keyed || !t.seen[id]
	t.seen[id] = t.seen[id] || keyed
	t.sample.Calls++
	t.sample.Faults += one(c.Fault)
	t.sample.Business += one(c.Business && !c.Fault)
	bucket := histogram.Index(c.Latency)
	t.sample.Latency.Buckets[bucket]++
	t.sample.Units.Buckets[bucket] += one(unit)
	for i, g := range t.guards {
		n := &t.sample.Guards[i]
		switch g.Metric {
		case rollout.ErrorRate, rollout.FaultRate, rollout.BusinessErrorRate:
			n.Trials++
			n.Units += one(unit)
			n.Opening += one(unit && isEvent(g, c))
			t.event(n, strconv.Itoa(i)+" "+id, keyed, isEvent(g, c))
		case rollout.DifferenceRate:
			if !c.Compared {
				continue
			}
			n.Trials++
			n.Units += one(!keyed || !t.compared[id])
			n.Opening += one((!keyed || !t.compared[id]) && c.Different)
			t.compared[id] = t.compared[id] || keyed
			t.event(n, strconv.Itoa(i)+" "+id, keyed, c.Different)
		case rollout.Instructions, rollout.FieldMean, rollout.FieldShare:
			if x, ok := valueOf(g, c); ok && unit {
				n.Units++
				n.Trials++
				n.Sum += x
				n.Squares += x * x
				if g.Metric == rollout.FieldShare {
					n.Firsts += int64(x)
					n.Opening += int64(x)
					n.Events += int64(x)
				}
			}
		default:
			n.Trials++
			n.Units += one(unit)
		}
	}
}

func (t *twin) event(n *rollout.Count, id string, keyed, happened bool) {
	if !happened {
		return
	}
	if !keyed {
		n.Events++
		n.Firsts++
		return
	}
	t.events[id]++
	n.Events += one(t.events[id] <= rollout.EventsPerKey)
	n.Firsts += one(t.events[id] == 1)
}

func isEvent(g rollout.Guard, c *arm.Call) bool {
	bad := c.Business && !slices.Contains(g.Expected, c.Code)
	switch g.Metric {
	case rollout.FaultRate:
		return c.Fault
	case rollout.BusinessErrorRate:
		return bad
	}
	return c.Fault || bad
}

func valueOf(g rollout.Guard, c *arm.Call) (x float64, ok bool) {
	if g.Metric == rollout.Instructions {
		return float64(c.Instructions), c.Instructions > 0
	}
	out := c.Out
	if c.Text != nil {
		out, _ = wire.ParseJSONMap(c.Text)
	}
	if out == nil || c.Fault || c.Business {
		return 0, g.Metric == rollout.FieldShare // who has no answer lacks the value
	}
	v, there := out[g.Field[1:]]
	if g.Metric == rollout.FieldShare {
		return float64(one(there && wire.Equal(v, g.Equals))), true
	}
	switch n := v.(type) {
	case int64:
		return float64(n), true
	case float64:
		return n, n < 1e141
	}
	return 0, false
}

func one(ok bool) int64 {
	if ok {
		return 1
	}
	return 0
}

// check holds the sample of a meter against the twin's.
func (t *twin) check(test *testing.T, got *rollout.Sample) {
	test.Helper()
	want := t.sample
	if got.Calls != want.Calls || got.Faults != want.Faults || got.Business != want.Business || got.Memory != 0 {
		test.Errorf("calls %d faults %d business %d, want %d %d %d", got.Calls, got.Faults, got.Business, want.Calls, want.Faults, want.Business)
	}
	if !slices.Equal(got.Latency.Buckets, want.Latency.Buckets) || got.Latency.N != want.Calls {
		test.Error("latencies of calls differ")
	}
	if !slices.Equal(got.Units.Buckets, want.Units.Buckets) {
		test.Error("latencies of units differ")
	}
	if !slices.Equal(got.Guards, want.Guards) {
		for i, g := range t.guards {
			test.Errorf("%v: %+v, want %+v", g, got.Guards[i], want.Guards[i])
		}
	}
}

// everyMetric has guards of all kinds, some of which look at the same thing.
func everyMetric() []rollout.Guard {
	return []rollout.Guard{
		{Metric: rollout.LatencyP99},
		{Metric: rollout.ErrorRate},
		{Metric: rollout.FieldMean, Field: "/score"},
		{Metric: rollout.ErrorRate, Expected: []string{"declined", "a"}},
		{Metric: rollout.FaultRate},
		{Metric: rollout.FieldShare, Field: "/decision", Equals: "approve"},
		{Metric: rollout.BusinessErrorRate},
		{Metric: rollout.ErrorRate, Versus: rollout.ArmStable},
		{Metric: rollout.Instructions},
		{Metric: rollout.DifferenceRate},
		{Metric: rollout.BusinessErrorRate, Expected: []string{"declined"}},
		{Metric: rollout.ErrorRate, Expected: []string{"a", "declined", "a"}},
		{Metric: rollout.FieldShare, Field: "/count", Equals: int64(3)},
		{Metric: rollout.FieldMean, Field: "/count"},
		{Metric: rollout.MemoryBytes},
		{Metric: rollout.Latency},
	}
}

// randomCall makes numbers of few binary digits, so that sums do not depend on the
// order.
func randomCall(random *rand.Rand) arm.Call {
	c := arm.Call{Latency: time.Duration(random.Uint64() >> random.UintN(64) >> 1), Instructions: random.Int64N(5) * 1000}
	c.Compared = random.IntN(3) > 0
	c.Different = c.Compared && random.IntN(4) == 0
	switch random.IntN(8) {
	case 0:
		c.Fault, c.Business = true, random.IntN(3) == 0 // then it is a fault
		if random.IntN(2) == 0 {                        // a driver may leave something behind
			c.Out = map[string]any{"decision": "approve", "score": 1.0}
		}
	case 1, 2:
		c.Business, c.Code = true, []string{"a", "declined", "limit"}[random.IntN(3)]
	case 3:
		c.Text = fmt.Appendf(nil, `{"decision":"approv\u0065","score":%d.5,"count":%d}`, random.IntN(9), random.IntN(5))
	case 4:
		c.Text = []byte([]string{`{}`, `{"count":3.0,"score":"1"}`, `{"score":1e300,"decision":null}`}[random.IntN(3)])
	default:
		c.Out = map[string]any{"decision": []string{"approve", "deny"}[random.IntN(2)], "score": float64(random.IntN(9)) / 4, "count": random.Int64N(5)}
	}
	return c
}

// randomKey draws from few keys, some of which are in one cell, with the ones at
// both ends.
func randomKey(random *rand.Rand, worker, workers int) arm.Key {
	if random.IntN(5) == 0 {
		return arm.Key{Hash: random.Uint64()}
	}
	n := uint64(random.IntN(40)*workers + worker)
	hash := n * 0x9e3779b97f4a7c15
	switch n / uint64(workers) {
	case 0:
		hash = uint64(worker) << 48
	case 1:
		hash = ^(uint64(worker) << 48)
	}
	return arm.Key{Hash: hash ^ random.Uint64N(2), Given: true}
}

// TestMetersAgreeWithTheirDumbTwin records random calls from many goroutines; each
// key belongs to one of them, so that both see its calls in one order.
func TestMetersAgreeWithTheirDumbTwin(t *testing.T) {
	const workers, each = 6, 2000
	for _, keyed := range []bool{true, false} {
		for seed := range uint64(5) {
			m, w := arm.NewSet(everyMetric(), keyed).Meter(rollout.ArmCandidate), newTwin(everyMetric(), keyed)
			var wg sync.WaitGroup
			for worker := range workers {
				wg.Go(func() {
					random := rand.New(rand.NewPCG(seed, uint64(worker)))
					for range each {
						k, c := randomKey(random, worker, workers), randomCall(random)
						m.Record(random.IntN(100), k, &c)
						w.record(k, &c)
					}
				})
			}
			wg.Wait()
			w.check(t, m.Sample())
		}
	}
}

// TestCallsOfOneKeyAtTheSameTimeCountOnce has all goroutines record the same
// customers, with calls that do not depend on which one is first.
func TestCallsOfOneKeyAtTheSameTimeCountOnce(t *testing.T) {
	const workers, customers, rounds = 8, 500, 4
	m, w := arm.NewSet(everyMetric(), true).Meter(rollout.ArmStable), newTwin(everyMetric(), true)
	callOf := func(customer int) (arm.Key, arm.Call) {
		c := randomCall(rand.New(rand.NewPCG(uint64(customer), 9)))
		return arm.Key{Hash: uint64(customer) * 0x9e3779b97f4a7c15, Given: true}, c
	}
	var wg sync.WaitGroup
	for worker := range workers {
		wg.Go(func() {
			for i := range customers * rounds {
				k, c := callOf(i % customers)
				m.Record(worker, k, &c)
				w.record(k, &c)
			}
		})
	}
	wg.Wait()
	w.check(t, m.Sample())
}
