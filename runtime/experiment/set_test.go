package experiment

import (
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/compare"
)

func TestAKeyIsAUnitAtItsFirstCallOnly(t *testing.T) {
	p := decoded(t, `{"sticky": {"header": "X"}}`)
	s := NewSet(p)
	for range 3 {
		s.Record(0, &Call{Key: 2, Keyed: true, Latency: time.Millisecond})
		s.Record(0, &Call{Key: math.MaxUint64, Keyed: true, Candidate: true, Latency: time.Second, Fault: true})
		s.Record(0, &Call{Latency: time.Minute}) // without a key each is a unit
	}
	s.Record(0, &Call{Key: 2, Keyed: true, Fault: true}) // known: its first call was good
	tally := s.Tally()
	a, b := tally.reference, tally.candidate
	if f := a.counts[countFaults]; f.sum != 0 || a.faults != 1 {
		t.Errorf("a fault of a later call counts: %+v of %d", f, a.faults)
	}
	if a.calls != 7 || a.units != 4 || total(a.latency) != 4 || tally.keyless != 3 {
		t.Errorf("the reference has %d calls, %d units, %d latencies, %d without key", a.calls, a.units, total(a.latency), tally.keyless)
	}
	if b.calls != 3 || b.units != 1 || b.faults != 3 || b.counts[countFaults] != (count{moments{1, 1, 1}}) || b.latency[place(time.Second)] != 1 {
		t.Errorf("the candidate: %d calls, %d units, %d faults, %+v", b.calls, b.units, b.faults, b.counts)
	}
}

func TestWithoutAStickyKeyEveryCallIsAUnit(t *testing.T) {
	s := NewSet(decoded(t, `{}`))
	for range 5 {
		s.Record(0, &Call{Key: 7, Keyed: true, Candidate: true})
	}
	if got := s.Tally().candidate.units; got != 5 {
		t.Errorf("%d units", got)
	}
}

func TestHalvesOfTheReferenceHaveNothingToDoWithItsArm(t *testing.T) {
	s := NewSet(decoded(t, `{"sticky": {"header": "X"}}`))
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 20_000 {
		s.Record(i, &Call{Key: random.Uint64() >> 1, Keyed: i%2 == 0})
	}
	tally := s.Tally()
	for i, h := range tally.halves {
		if h.units < 9500 || h.units > 10_400 {
			t.Errorf("half %d has %d units", i, h.units)
		}
	}
	if tally.reference.units != tally.halves[0].units+tally.halves[1].units {
		t.Errorf("%d are not both halves", tally.reference.units)
	}
}

func TestExpectedCodesAreNoErrors(t *testing.T) {
	s := NewSet(decoded(t, `{"expected": ["declined"]}`))
	s.Record(0, &Call{Business: true, Code: "declined"})
	s.Record(0, &Call{Business: true, Code: "broken"})
	s.Record(0, &Call{Fault: true})
	r := s.Tally().reference
	for i, want := range map[int]float64{countErrors: 2, countFaults: 1, countBusiness: 1} {
		if r.counts[i].sum != want || r.counts[i].n != 3 {
			t.Errorf("count %d is %+v, not %v", i, r.counts[i], want)
		}
	}
}

func TestPairsCountWhatOnlyOneArmDid(t *testing.T) {
	s := NewSet(decoded(t, `{"mode": "paired", "metric": "field_share", "field": "/d", "equals": "a"}`))
	answer := func(d string, latency time.Duration) Call {
		return Call{Out: map[string]any{"d": d}, Latency: latency, Instructions: 100}
	}
	fault := Call{Fault: true, Latency: time.Millisecond}
	for _, p := range []Pair{
		{Reference: answer("a", time.Millisecond), Candidate: answer("a", 2*time.Millisecond), Compared: true},
		{Reference: answer("a", time.Millisecond), Candidate: answer("b", time.Millisecond), Compared: true, Different: true},
		{Reference: answer("b", time.Millisecond), Candidate: answer("a", time.Millisecond), Compared: true, Different: true, CandidateFirst: true},
		{Reference: answer("a", time.Millisecond), Candidate: fault, CandidateFirst: true},
		{Reference: fault, Candidate: fault, Different: true},
	} {
		s.Record(0, &Call{})
		s.RecordPair(&p)
	}
	s.Drop()
	tally := s.Tally()
	c := tally.pairs
	if o := c.only[countFaults]; o.All != 5 || o.First != 1 || o.Second != 0 {
		t.Errorf("faults: %+v", o)
	}
	if o := c.only[countField]; o.All != 5 || o.First != 1 || o.Second != 2 { // no answer lacks the value
		t.Errorf("fields: %+v", o)
	}
	if c.compared != 3 || c.different != 2 || tally.live != 5 || tally.dropped != 1 {
		t.Errorf("%d compared, %d different, %d live, %d dropped", c.compared, c.different, tally.live, tally.dropped)
	}
	if total(c.ratios[0]) != 3 || total(c.ratios[1]) != 2 || c.ratios[0][even+steps] != 1 || c.ratios[0][even] != 2 {
		t.Errorf("ratios: %d and %d pairs, %d doubled", total(c.ratios[0]), total(c.ratios[1]), c.ratios[0][even+steps])
	}
	if j := c.joint[1]; j.n != 3 || j.a != 300 || j.ab != 30_000 || tally.reference.faults != 1 || tally.candidate.faults != 2 {
		t.Errorf("instructions: %+v; faults %d and %d", j, tally.reference.faults, tally.candidate.faults)
	}
	before := total(c.ratios[0])
	s.RecordPair(&Pair{})
	if total(c.ratios[0]) != before || tally.candidate.calls != 5 {
		t.Error("a tally changes after it was read")
	}
}

func TestPairsOfASplitExperimentAreNone(t *testing.T) {
	s := NewSet(decoded(t, `{}`))
	s.RecordPair(&Pair{})
	s.Drop()
	if got := s.Tally().reference.calls; got != 0 {
		t.Errorf("%d calls", got)
	}
}

func TestARecordAllocatesNothing(t *testing.T) {
	for _, text := range []string{`{"sticky": {"header": "X"}, "metric": "field_share", "field": "/d", "equals": "a"}`, `{"mode": "paired"}`} {
		s := NewSet(decoded(t, text))
		key, c := uint64(0), &Call{Keyed: true, Latency: time.Millisecond, Instructions: 5, Out: map[string]any{"d": "a"}}
		pair := &Pair{Reference: *c, Candidate: *c, Compared: true}
		if n := testing.AllocsPerRun(500, func() {
			key += math.MaxUint64 / 1000
			c.Key, c.Candidate = key, key>>63 == 0
			s.Record(3, c)
			s.RecordPair(pair)
		}); n != 0 {
			t.Errorf("%s: %v allocations", text, n)
		}
	}
}

func TestMetersAreSafeForManyCallers(t *testing.T) {
	split, paired := NewSet(decoded(t, `{"sticky": {"header": "X"}}`)), NewSet(decoded(t, `{"mode": "paired"}`))
	var all sync.WaitGroup
	for caller := range 8 {
		all.Go(func() {
			for i := range 500 {
				split.Record(caller, &Call{Key: uint64(i) << 54, Keyed: i%5 != 0, Candidate: i < 250})
				paired.Record(caller, &Call{})
				paired.RecordPair(&Pair{CandidateFirst: i%2 == 0})
				if i%100 == 0 {
					split.Tally()
					paired.Tally()
				}
			}
		})
	}
	all.Wait()
	a, b := split.Tally(), paired.Tally()
	if a.reference.calls+a.candidate.calls != 4000 || a.keyless != 800 || a.reference.units+a.candidate.units != 1200 {
		t.Errorf("%d calls, %d keyless, %d units", a.reference.calls+a.candidate.calls, a.keyless, a.reference.units+a.candidate.units)
	}
	if b.live != 4000 || b.candidate.calls != 4000 || total(b.pairs.ratios[0]) != 2000 {
		t.Errorf("%d live, %d pairs", b.live, b.candidate.calls)
	}
}

func TestTheLadderIsFineAndEven(t *testing.T) {
	for _, d := range []time.Duration{64, 100, 1000, 20 * time.Millisecond, 68 * time.Second} {
		b := place(d)
		if low, high := edge(float64(b)), edge(float64(b+1)); !(low <= float64(d)*1.0000001 && float64(d) < high*1.0000001) || high/low > 1.00272 {
			t.Errorf("%v is in the bucket from %v to %v", d, low, high)
		}
	}
	if place(0) != 0 || place(-1) != 0 || place(math.MaxInt64) != size-1 || place(1<<36) != size-1 || place(63) != 0 || place(64) != 1 {
		t.Error("the ends of the ladder")
	}
	for _, c := range []struct {
		a, b time.Duration
		want int
	}{{1, 1, even}, {0, 0, even}, {1000, 2000, even + steps}, {2000, 1000, even - steps}, {1, math.MaxInt64, ratioSize - 1}, {math.MaxInt64, 1, 0}, {1001, 1000, even}, {1000, 1001, even}, {1002, 1000, even - 1}, {1000, 1002, even + 1}} {
		if got := placeRatio(c.a, c.b); got != c.want {
			t.Errorf("%d to %d is in %d, not %d", c.a, c.b, got, c.want)
		}
	}
}

func BenchmarkRecord(b *testing.B) {
	for name, text := range map[string]string{"keys": `{"sticky": {"header": "X"}}`, "calls": `{}`} {
		b.Run(name, func(b *testing.B) {
			s := NewSet(decoded(b, text))
			c := &Call{Keyed: true, Latency: 20 * time.Millisecond, Instructions: 1000}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				c.Key = uint64(i&1023) << 54
				s.Record(0, c)
			}
		})
	}
}

func BenchmarkLook(b *testing.B) {
	p := decoded(b, `{}`)
	s, random := NewSet(p), rand.New(rand.NewPCG(1, 2))
	for i := range 20_000 {
		s.Record(0, &Call{Candidate: i%2 == 0, Latency: time.Duration(2e7 * math.Exp(0.5*random.NormFloat64()))})
	}
	for b.Loop() {
		p.Look(s.Tally(), 0)
	}
}

// Of the calls with an answer both arms have the value in 90 %, but the candidate says
// no more often: who has an answer does not fall to it by weight.
func TestAShareOfAFieldIsThatOfAllCalls(t *testing.T) {
	for _, mode := range []string{compare.ModeSplit, compare.ModePaired} {
		p := decoded(t, `{"mode": "`+mode+`", "metric": "field_share", "field": "/d", "equals": "a", "margin": 0.01}`)
		s, random := NewSet(p), rand.New(rand.NewPCG(1, 2))
		draw := func(candidate bool, refused float64) Call {
			if random.Float64() < refused {
				return Call{Candidate: candidate, Business: true, Code: "no"}
			}
			return Call{Candidate: candidate, Out: map[string]any{"d": either(random.Float64() < 0.9, "a", "b")}}
		}
		for i := range 20_000 {
			a, b := draw(false, 0.02), draw(true, 0.12)
			s.RecordPair(&Pair{Reference: a, Candidate: b, CandidateFirst: i%2 == 0})
			s.Record(i, either(random.IntN(2) == 0, &a, &b))
		}
		v := p.Look(s.Tally(), 0).Verdict.Value
		if want := 0.9 * (0.88 - 0.98); math.Abs(v.Point-want) > 0.01 || v.Lo > want || v.Hi < want || v.Hi-v.Lo > 0.1 {
			t.Errorf("%s: %.3f, from %.3f to %.3f, not about %.3f", mode, v.Point, v.Lo, v.Hi, want)
		}
	}
}

func TestWhatLiesBeyondTheLadderHasNoBound(t *testing.T) {
	p := decoded(t, `{"mode": "paired", "metric": "latency_p90"}`)
	for _, c := range []struct{ reference, candidate time.Duration }{
		{70, 4}, {4, 70}, {time.Minute, time.Hour}, {time.Hour, time.Minute},
	} {
		s := NewSet(p)
		for i := range 10_000 {
			s.RecordPair(&Pair{Reference: Call{Latency: c.reference}, Candidate: Call{Latency: c.candidate}, CandidateFirst: i%2 == 0})
		}
		ratio := float64(c.candidate) / float64(c.reference)
		if v := p.Look(s.Tally(), 0).Verdict.Value; v.Lo > ratio || v.Hi < ratio {
			t.Errorf("%v by %v is from %v to %v", c.candidate, c.reference, v.Lo, v.Hi)
		}
	}
}
