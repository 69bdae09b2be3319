package experiment

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/rollout"
)

// traffic is calls with chance: customers call again and again, each with a speed of
// their own, load rises and falls, and now and then all is slow and much fails.
type traffic struct {
	random *rand.Rand
	keys   []uint64
	speed  []float64
	storm  int
	n      int
}

func newTraffic(seed uint64) *traffic {
	t := &traffic{random: rand.New(rand.NewPCG(seed, 77))}
	hasher := rollout.NewHasher("pricing", string(rune('a'+seed)))
	for i := range 4000 {
		t.keys = append(t.keys, hasher.Sum([]byte{byte(i), byte(i >> 8)}))
		t.speed = append(t.speed, math.Exp(0.4*t.random.NormFloat64()))
	}
	return t
}

func (t *traffic) next(weight float64, slower float64) Call {
	t.n++
	if t.storm == 0 && t.random.IntN(1000) == 0 {
		t.storm = t.random.IntN(150)
	}
	who := int(float64(len(t.keys)) * math.Pow(t.random.Float64(), 2)) // some call often
	c := Call{Key: t.keys[who], Keyed: true, Fault: t.random.Float64() < 0.01}
	took := t.speed[who] * (1 + 0.3*math.Sin(float64(t.n)/1500)) * math.Exp(0.4*t.random.NormFloat64())
	if t.storm > 0 {
		t.storm--
		took, c.Fault = 5*took, t.random.Float64() < 0.3
	}
	if float64(c.Key) < weight*math.MaxUint64 {
		c.Candidate, took = true, took*slower
	}
	c.Latency = time.Duration(20e6 * took)
	return c
}

// TestPeekingDoesNotMakeIdenticalReleasesDiffer looks forty times at each of 12
// experiments; `make calibrate` looks a thousand times at thousands.
func TestPeekingDoesNotMakeIdenticalReleasesDiffer(t *testing.T) {
	p := decoded(t, `{"sticky": {"header": "X"}, "margin": 0.25}`)
	equivalent, wrong, lacked, red := 0, 0, 0, 0
	const runs = 12
	for seed := range uint64(runs) {
		s, world := NewSet(p), newTraffic(seed)
		s.coin = world.random.Uint32
		seen := map[compare.Word]bool{}
		miss, bad := false, false
		for i := 1; i <= 4000; i++ {
			c := world.next(0.5, 1)
			s.Record(0, &c)
			if i%100 != 0 {
				continue
			}
			f := p.Look(s.Tally(), 0)
			seen[f.Verdict.Word] = true
			miss = miss || f.Verdict.Value.Lo > 1 || f.Verdict.Value.Hi < 1
			for _, check := range f.Health {
				bad = bad || check.Light == compare.Red
			}
		}
		for _, c := range []struct {
			is bool
			n  *int
		}{{seen[compare.Equivalent], &equivalent}, {seen[compare.Better] || seen[compare.Worse], &wrong}, {miss, &lacked}, {bad, &red}} {
			if c.is {
				*c.n++
			}
		}
	}
	if equivalent < runs*9/10 || wrong > 0 || lacked > runs/10 || red > 0 {
		t.Errorf("of %d: %d equivalent, %d better or worse, %d intervals without 1, %d checks red", runs, equivalent, wrong, lacked, red)
	}
}

func TestWhatIsPlantedIsFound(t *testing.T) {
	for _, c := range []struct {
		plan   string
		weight float64 // that the candidate really gets
		slower float64
		calls  int
		want   compare.Word
		block  string
	}{
		{`{"sticky": {"header": "X"}, "hypothesis": "better"}`, 0.5, 1.25, 20_000, compare.Worse, ""},
		{`{"hypothesis": "better"}`, 0.5, 1.1, 20_000, compare.Worse, ""},
		{`{"hypothesis": "not_worse", "margin": 0.25}`, 0.5, 1.1, 20_000, compare.Equivalent, ""},
		{`{"hypothesis": "better"}`, 0.5, 0.8, 20_000, compare.Better, ""},
		{`{"weight": 20}`, 0.2, 1.25, 20_000, compare.Worse, ""},
		{`{}`, 0.53, 1, 20_000, compare.Undecided, checkRatio},
	} {
		p, world := decoded(t, c.plan), newTraffic(3)
		s := NewSet(p)
		s.coin = world.random.Uint32
		for i := range c.calls {
			call := world.next(c.weight, c.slower)
			if !p.keyed() { // each call is drawn
				call.Keyed = false
				if was := call.Candidate; was != (world.random.Float64() < c.weight) {
					call.Candidate = !was
					call.Latency = time.Duration(float64(call.Latency) * map[bool]float64{true: c.slower, false: 1 / c.slower}[!was])
				}
			}
			s.Record(i, &call)
		}
		v := p.Look(s.Tally(), 0).Verdict
		if v.Word != c.want || v.Blocked != c.block {
			t.Errorf("%s, x%v: %s, blocked by %q: %s", c.plan, c.slower, v.Word, v.Blocked, v.Sentence)
		}
	}
}

// TestPairsAgreeWhoeverRunsFirst: the second run of a pair is faster, and which arm
// that is was drawn.
func TestPairsAgreeWhoeverRunsFirst(t *testing.T) {
	p, random := decoded(t, `{"mode": "paired", "margin": 0.1}`), rand.New(rand.NewPCG(5, 6))
	s := NewSet(p)
	for i := range 4000 {
		took := 20e6 * math.Exp(0.5*random.NormFloat64())
		run := func(second bool) Call {
			return Call{Latency: time.Duration(took * math.Exp(0.2*random.NormFloat64()) * either(second, 0.8, 1))}
		}
		first := random.Uint32()&1 == 0
		pair := Pair{Reference: run(first), Candidate: run(!first), CandidateFirst: first, Compared: true}
		s.Record(i, &Call{})
		s.RecordPair(&pair)
	}
	f := p.Look(s.Tally(), 0)
	if i := f.Verdict.Value; f.Verdict.Word != compare.Equivalent || i.Hi > 1.04 || i.Lo < 0.96 {
		t.Error(f.Verdict.Sentence)
	}
	for _, c := range f.Health {
		if want := either(c.Name == checkOrder, compare.Yellow, compare.Green); c.Light != want {
			t.Errorf("%s is %s: %s", c.Name, c.Light, c.Text)
		}
	}
}
