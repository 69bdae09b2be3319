package arm_test

import (
	"math"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/arm"
	"github.com/swapline/swapline/runtime/rollout"
)

func customer(n uint64) arm.Key { return arm.Key{Hash: n << 60, Given: true} }

// TestTheWorkedExample is the one of the package comment.
func TestTheWorkedExample(t *testing.T) {
	m := arm.NewSet([]rollout.Guard{{Metric: rollout.ErrorRate}}, true).Meter(rollout.ArmCandidate)
	a, b, none := customer(1), customer(2), arm.Key{}
	for i, step := range []struct {
		key   arm.Key
		fault bool
		want  rollout.Count
	}{
		{a, false, rollout.Count{Units: 1, Firsts: 0, Trials: 1, Events: 0}},
		{a, true, rollout.Count{Units: 1, Firsts: 1, Trials: 2, Events: 1}},
		{b, true, rollout.Count{Units: 2, Firsts: 2, Opening: 1, Trials: 3, Events: 2}},
		{a, true, rollout.Count{Units: 2, Firsts: 2, Opening: 1, Trials: 4, Events: 3}},
		{a, true, rollout.Count{Units: 2, Firsts: 2, Opening: 1, Trials: 5, Events: 4}},
		{a, true, rollout.Count{Units: 2, Firsts: 2, Opening: 1, Trials: 6, Events: 4}},
		{none, true, rollout.Count{Units: 3, Firsts: 3, Opening: 2, Trials: 7, Events: 5}},
	} {
		before := m.Sample().Units.N
		if unit := m.Record(0, step.key, &arm.Call{Latency: time.Millisecond, Fault: step.fault}); unit != (m.Sample().Units.N > before) {
			t.Errorf("call %d is told to be a unit: %v", i+1, unit)
		}
		if got := m.Sample().Guards[0]; got != step.want {
			t.Errorf("after call %d: %+v, want %+v", i+1, got, step.want)
		}
	}
	s := m.Sample()
	if s.Calls != 7 || s.Faults != 6 || s.Business != 0 || s.Latency.N != 7 || s.Units.N != 3 {
		t.Errorf("%d calls, %d faults, %d latencies, %d of units", s.Calls, s.Faults, s.Latency.N, s.Units.N)
	}
}

func TestWithoutKeysEveryCallIsAUnit(t *testing.T) {
	m := arm.NewSet([]rollout.Guard{{Metric: rollout.FaultRate}}, false).Meter(rollout.ArmStable)
	for range 5 {
		m.Record(0, customer(1), &arm.Call{Latency: time.Second, Fault: true})
	}
	s := m.Sample()
	if want := (rollout.Count{Units: 5, Firsts: 5, Opening: 5, Trials: 5, Events: 5}); s.Guards[0] != want {
		t.Errorf("%+v", s.Guards[0])
	}
	if !reflect.DeepEqual(s.Units, s.Latency) {
		t.Error("units are not calls")
	}
	if s.Units.Buckets[0]++; s.Latency.Buckets[0] != 0 {
		t.Error("units and calls share memory")
	}
}

func TestEveryArmHasItsMeterAndTheShadowItsOwnCells(t *testing.T) {
	guards := []rollout.Guard{{Metric: rollout.ErrorRate}, {Metric: rollout.DifferenceRate}}
	set := arm.NewSet(guards, true)
	for _, name := range []string{rollout.ArmStable, rollout.ArmShadow} {
		if first, second := set.Meter(name), set.Meter(name); first != second {
			t.Errorf("%s has two meters", name)
		}
		set.Meter(name).Record(0, customer(1), &arm.Call{Fault: true, Compared: true, Different: true})
	}
	for _, name := range []string{rollout.ArmStable, rollout.ArmShadow} {
		want := rollout.Count{Units: 1, Firsts: 1, Opening: 1, Trials: 1, Events: 1}
		if s := set.Meter(name).Sample(); s.Guards[0] != want || s.Guards[1] != want {
			t.Errorf("%s counted %+v", name, s.Guards)
		}
	}
	if s := set.Meter(rollout.ArmCandidate).Sample(); s.Calls != 0 || s.Guards[0] != (rollout.Count{}) {
		t.Errorf("the candidate counted %+v", s)
	}
	if s := arm.NewSet(guards, true).Meter(rollout.ArmStable).Sample(); s.Calls != 0 {
		t.Error("a new set does not begin anew")
	}
}

// TestACellIsOnOneArm looks at both sides of every edge between two buckets: a key
// that is lost because another one is in its cell must be lost to its own arm.
func TestACellIsOnOneArm(t *testing.T) {
	m, units := arm.NewSet(nil, true).Meter(rollout.ArmStable), int64(0)
	for bucket := rollout.Weight(1); bucket < rollout.Full; bucket++ {
		low, high := uint64(0), ^uint64(0)
		for high-low > 1 { // low is below the edge, high is not
			if middle := low + (high-low)/2; rollout.Bucket(middle) < bucket {
				low = middle
			} else {
				high = middle
			}
		}
		m.Record(0, arm.Key{Hash: low, Given: true}, &arm.Call{})
		m.Record(0, arm.Key{Hash: high, Given: true}, &arm.Call{})
		units += 2
	}
	if n := m.Sample().Units.N; n != units {
		t.Fatalf("%d units, want %d: a cell is in two buckets", n, units)
	}
}

func TestABucketHas104Cells(t *testing.T) {
	m := arm.NewSet(nil, true).Meter(rollout.ArmStable)
	const parts = 10_400 // of a bucket
	for i := range uint64(parts) {
		m.Record(0, arm.Key{Hash: math.MaxUint64 / uint64(rollout.Full) / parts * i, Given: true}, &arm.Call{})
	}
	if n := m.Sample().Units.N; n != 104 {
		t.Fatalf("%d cells", n)
	}
}

// TestNothingIsCountedTwiceOrLost has everybody record the same customers, in one
// order.
func TestNothingIsCountedTwiceOrLost(t *testing.T) {
	const workers, customers = 4, 50_000
	m := arm.NewSet([]rollout.Guard{{Metric: rollout.FaultRate}, {Metric: rollout.DifferenceRate}, {Metric: rollout.Instructions}}, true).Meter(rollout.ArmStable)
	call := arm.Call{Latency: time.Millisecond, Fault: true, Compared: true, Different: true, Instructions: 2}
	var wg sync.WaitGroup
	start := make(chan struct{})
	for range workers {
		wg.Go(func() {
			<-start
			for i := range uint64(customers) {
				m.Record(0, arm.Key{Hash: i << 46, Given: true}, &call)
			}
		})
	}
	close(start)
	wg.Wait()
	s := m.Sample()
	if s.Calls != workers*customers || s.Faults != s.Calls || s.Units.N != customers {
		t.Errorf("%d calls, %d faults, %d units", s.Calls, s.Faults, s.Units.N)
	}
	want := rollout.Count{Units: customers, Firsts: customers, Opening: customers, Trials: workers * customers, Events: rollout.EventsPerKey * customers}
	if s.Guards[0] != want || s.Guards[1] != want {
		t.Errorf("%+v and %+v, want %+v", s.Guards[0], s.Guards[1], want)
	}
	if want := (rollout.Count{Units: customers, Trials: customers, Sum: 2 * customers, Squares: 4 * customers}); s.Guards[2] != want {
		t.Errorf("instructions: %+v", s.Guards[2])
	}
}

// TestLostUnitsAreLostToAllArmsAlike fills a third of the cells: the candidate's part
// of the units that are left is still its weight.
func TestLostUnitsAreLostToAllArmsAlike(t *testing.T) {
	const customers, weight = 400_000, 500
	set, split, h := arm.NewSet(nil, true), rollout.Split{Candidate: weight}, rollout.NewHasher("pricing", "sha256:1")
	for i := range uint64(customers) {
		hash := h.Sum([]byte{byte(i), byte(i >> 8), byte(i >> 16)})
		set.Meter(split.Arm(rollout.Bucket(hash))).Record(0, arm.Key{Hash: hash, Given: true}, &arm.Call{})
	}
	candidate, stable := set.Meter(rollout.ArmCandidate).Sample().Units.N, set.Meter(rollout.ArmStable).Sample().Units.N
	if all := candidate + stable; all > customers-50_000 || all < customers-100_000 {
		t.Errorf("%d of %d units are left", all, customers)
	}
	if share := float64(candidate) / float64(candidate+stable); share < 0.0485 || share > 0.0515 {
		t.Errorf("the candidate has %.4f of the units", share)
	}
}

// TestSamplesAreConsistentWhileCallsAreRecorded also covers the race detector.
func TestSamplesAreConsistentWhileCallsAreRecorded(t *testing.T) {
	m := arm.NewSet(everyMetric(), true).Meter(rollout.ArmCandidate)
	var wg sync.WaitGroup
	done := make(chan struct{})
	const workers, each = 4, 50_000
	for worker := range workers {
		wg.Go(func() {
			for i := range uint64(each) { // every call is an event of every kind
				c := arm.Call{Latency: time.Millisecond, Fault: true, Compared: true, Different: true, Instructions: 3}
				m.Record(worker, arm.Key{Hash: i * 0x9e3779b97f4a7c15, Given: i%2 == 0}, &c)
			}
		})
	}
	go func() { wg.Wait(); close(done) }()
	last := m.Sample()
	for ended := false; !ended; {
		select {
		case <-done:
			ended = true
		default:
		}
		s := m.Sample()
		consistent(t, s)
		rising(t, last, s)
		last = s
	}
	if last.Calls != workers*each || last.Faults != workers*each {
		t.Errorf("%d calls, %d faults", last.Calls, last.Faults)
	}
}

func consistent(t *testing.T, s *rollout.Sample) {
	t.Helper()
	if s.Faults+s.Business > s.Calls || s.Units.N > s.Latency.N || s.Calls != s.Latency.N {
		t.Fatalf("%d faults and %d business errors in %d calls, %d units", s.Faults, s.Business, s.Calls, s.Units.N)
	}
	for i, c := range s.Guards {
		if c.Events > c.Trials || c.Units > c.Trials || c.Firsts > c.Units || c.Firsts > c.Events || c.Opening > c.Firsts {
			t.Fatalf("guard %d: %+v", i, c)
		}
	}
}

func rising(t *testing.T, last, s *rollout.Sample) {
	t.Helper()
	for i, c := range s.Guards {
		l := last.Guards[i]
		if c.Events < l.Events || c.Trials < l.Trials || c.Firsts < l.Firsts || c.Units < l.Units || s.Calls < last.Calls {
			t.Fatalf("guard %d: %+v after %+v", i, c, l)
		}
	}
}

func TestRecordAllocatesNothing(t *testing.T) {
	out, text := map[string]any{"score": 0.5, "decision": "approve", "count": int64(3)}, []byte(`{"score":0.5,"decision":"approve","count":3}`)
	for _, keyed := range []bool{true, false} {
		m, n := arm.NewSet(everyMetric(), keyed).Meter(rollout.ArmCandidate), uint64(0)
		record := func() {
			n += 0x9e3779b97f4a7c15
			m.Record(int(n), arm.Key{Hash: n, Given: true}, &arm.Call{Latency: time.Millisecond, Out: out, Instructions: 7, Compared: true, Different: true})
			m.Record(int(n), arm.Key{}, &arm.Call{Latency: time.Millisecond, Text: text})
			m.Record(int(n), arm.Key{Hash: n, Given: true}, &arm.Call{Latency: time.Second, Fault: true})
			m.Record(int(n), arm.Key{Hash: n, Given: true}, &arm.Call{Latency: time.Second, Business: true, Code: "declined"})
		}
		if got := testing.AllocsPerRun(1000, record); got != 0 {
			t.Errorf("keyed %v: %g allocations", keyed, got)
		}
	}
}

func TestAFieldThatCannotBeIsNeverDecided(t *testing.T) {
	m := arm.NewSet([]rollout.Guard{{Metric: rollout.FieldMean, Field: "no pointer"}}, false).Meter(rollout.ArmStable)
	m.Record(0, arm.Key{}, &arm.Call{Out: map[string]any{"no pointer": 1.0}})
	if c := m.Sample().Guards[0]; c != (rollout.Count{}) {
		t.Errorf("%+v", c)
	}
}

// TestAProbeSaysOfACallWhatMetersCount compares both, guard by guard.
func TestAProbeSaysOfACallWhatMetersCount(t *testing.T) {
	guards := []rollout.Guard{
		{Metric: rollout.ErrorRate, Expected: []string{"declined"}}, {Metric: rollout.FaultRate}, {Metric: rollout.BusinessErrorRate},
		{Metric: rollout.Instructions}, {Metric: rollout.FieldMean, Field: "/n"}, {Metric: rollout.FieldShare, Field: "/d", Equals: "a"},
		{Metric: rollout.DifferenceRate}, {Metric: rollout.MemoryBytes},
	}
	for _, c := range []arm.Call{
		{}, {Fault: true}, {Business: true, Code: "declined"}, {Business: true, Code: "broken", Instructions: 7},
		{Out: map[string]any{"d": "a", "n": int64(3)}, Instructions: 5}, {Text: []byte(`{"d":"b","n":2.5}`)}, {Compared: true, Different: true}, {Compared: true},
	} {
		m, probe := arm.NewSet(guards, false).Meter(rollout.ArmStable), arm.NewProbe(guards)
		m.Record(0, arm.Key{}, &c)
		sample := m.Sample()
		for i, g := range guards {
			x, ok := probe.Value(i, &c)
			count := sample.Guards[i]
			want := float64(count.Opening)
			if g.Metric == rollout.Instructions || g.Metric == rollout.FieldMean {
				want = count.Sum
			}
			looked := count.Units == 1 && g.Metric != rollout.MemoryBytes
			if ok != looked || x != want {
				t.Errorf("%s of %+v: %v, %v; the meter has %+v", g.Metric, c, x, ok, count)
			}
		}
	}
}
