package experiment

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/compare"
)

func lightOf(t *testing.T, f Finding, name string) compare.Light {
	t.Helper()
	for _, c := range f.Health {
		if c.Name == name {
			return c.Light
		}
	}
	t.Fatalf("there is no check of %s", name)
	return ""
}

func TestTheReferenceMayNotDifferFromItself(t *testing.T) {
	for name, spoil := range map[string]func(i int, c *Call) bool{
		"nothing":        func(int, *Call) bool { return true },
		"slower halves":  func(i int, c *Call) bool { c.Latency += time.Duration(i&1) * c.Latency / 2; return true },
		"lost halves":    func(i int, _ *Call) bool { return i%4 != 1 },
		"failing halves": func(i int, c *Call) bool { c.Fault = i%10 == 1; return true },
	} {
		p, random := decoded(t, `{"sticky": {"header": "X"}}`), rand.New(rand.NewPCG(1, 2))
		s := NewSet(p)
		for i := range 8000 {
			key := uint64(i) * (math.MaxUint64 / 8000)
			c := Call{Key: key&^1 | uint64(i&1), Keyed: true, Candidate: key>>63 == 1, Latency: time.Duration(2e7 * math.Exp(0.5*random.NormFloat64()))}
			if c.Candidate || spoil(i, &c) {
				s.Record(0, &c)
			}
		}
		f := p.Look(s.Tally(), 0)
		want := either(name == "nothing", compare.Green, compare.Red)
		if got := lightOf(t, f, checkHalves); got != want {
			t.Errorf("%s: %s", name, got)
		}
		if blocked := f.Verdict.Blocked != ""; blocked != (name != "nothing") {
			t.Errorf("%s: blocked by %q", name, f.Verdict.Blocked)
		}
	}
}

func TestPairsAreCheckedForWhatLeavesThemUneven(t *testing.T) {
	p := decoded(t, `{"mode": "paired"}`)
	for _, c := range []struct {
		name         string
		first        func(i int) bool
		drops        int
		order, share compare.Light
	}{
		{"all is well", func(i int) bool { return i%2 == 0 }, 100, compare.Green, compare.Green},
		{"the candidate is always first", func(int) bool { return true }, 0, compare.Red, compare.Green},
		{"the reference is always first", func(int) bool { return false }, 0, compare.Red, compare.Green},
		{"the budget is too small", func(i int) bool { return i%2 == 0 }, 400, compare.Green, compare.Yellow},
	} {
		s := NewSet(p)
		for i := range 1000 {
			latency := [2]time.Duration{time.Millisecond, 2 * time.Millisecond}
			s.Record(0, &Call{})
			s.RecordPair(&Pair{Reference: Call{Latency: latency[i/2%2]}, Candidate: Call{Latency: latency[1-i/2%2]}, CandidateFirst: c.first(i)})
		}
		for range c.drops {
			s.Record(0, &Call{})
			s.Drop()
		}
		f := p.Look(s.Tally(), 0)
		if order, share := lightOf(t, f, checkOrder), lightOf(t, f, checkPaired); order != c.order || share != c.share {
			t.Errorf("%s: order %s, paired calls %s", c.name, order, share)
		}
	}
}

// A copy for which there was time when the call came, and none when its turn came, is
// no pair either.
func TestCopiesThatFoundNoTimeLaterAreLeftOutToo(t *testing.T) {
	p := decoded(t, `{"mode": "paired"}`)
	s := NewSet(p)
	for i := range 1400 {
		if s.Record(0, &Call{}); i < 1000 {
			s.RecordPair(&Pair{CandidateFirst: i%2 == 0})
		}
	}
	if f := p.Look(s.Tally(), 0); lightOf(t, f, checkPaired) != compare.Yellow {
		t.Errorf("400 of 1,400 were no pairs: %+v", f.Health)
	}
}

// TestEvidenceIsThereWhereTheIntervalEnds holds for every metric: just inside of the
// interval nothing is refuted, just outside it is.
func TestEvidenceIsThereWhereTheIntervalEnds(t *testing.T) {
	world := arms{reference: 6000, candidate: 4000, slower: 1.2, errors: [2]float64{0.05, 0.1}, faults: [2]float64{0.02, 0.04},
		field: [2]float64{0.7, 0.6}, instructions: [2]float64{1000, 1300}}
	const share = `"metric": "field_share", "field": "/decision", "equals": "approve"`
	for _, text := range []string{`{"weight": 40, ` + share + `}`, `{"mode": "paired", ` + share + `}`} {
		p := decoded(t, text)
		var tally *Tally
		if p.paired() {
			tally = world.playPairs(t, p, 0)
		} else {
			tally = world.play(t, p)
		}
		need := math.Log(2 / p.Alpha)
		for _, m := range all() {
			x := p.test(m, tally, p.Alpha)
			lo, hi := x.interval()
			if math.IsInf(hi-lo, 0) || !(lo < hi) {
				t.Errorf("%s of %s: [%v, %v]", m, p.Mode, lo, hi)
				continue
			}
			step := (hi - lo) / 60
			for _, c := range []struct {
				what  string
				value float64
				there bool
			}{
				{"above what is under it", x.above(lo - step), true}, {"above its lower end", x.above(lo + step), false},
				{"below what is over it", x.below(hi + step), true}, {"below its upper end", x.below(hi - step), false},
			} {
				if there := c.value >= need; there != c.there {
					t.Errorf("%s of %s, [%v, %v], %s: evidence %v, needed is %v", m, p.Mode, lo, hi, c.what, c.value, need)
				}
			}
		}
	}
}

// TestRatiosOfMeansScale: who takes four times as long has four times the ratio, at
// both ends.
func TestRatiosOfMeansScale(t *testing.T) {
	a, b := moments{2000, 2e6, 4e9}, moments{3000, 3.3e6, 4.5e9}
	j := joint{n: 5000, a: 5e6, b: 5.5e6, aa: 6e9, bb: 7.3e9, ab: 6.4e9}
	times4 := j
	times4.b, times4.bb, times4.ab = 4*j.b, 16*j.bb, 4*j.ab
	for _, c := range [][2]meanTest{
		{{reference: a, candidate: b, alpha: 0.05}, {reference: a, candidate: moments{b.n, 4 * b.sum, 16 * b.squares}, alpha: 0.05}},
		{{j: j, paired: true, alpha: 0.05}, {j: times4, paired: true, alpha: 0.05}},
	} {
		lo, hi := c[0].interval()
		lo4, hi4 := c[1].interval()
		if !(lo > 0.95 && lo < 1.1 && hi > 1.1 && hi < 1.3) || math.Abs(lo4/lo-4) > 1e-6 || math.Abs(hi4/hi-4) > 1e-6 {
			t.Errorf("[%v, %v], four times as long [%v, %v]", lo, hi, lo4, hi4)
		}
	}
}

func TestFaultsAreComparedWhereBothArmsHaveCalls(t *testing.T) {
	p := decoded(t, `{}`)
	s := NewSet(p)
	for range 300 {
		s.Record(0, &Call{Candidate: true, Fault: true})
	}
	if got := lightOf(t, p.Look(s.Tally(), 0), checkFaults); got != compare.Green {
		t.Errorf("without a call of the reference the faults of the candidate are %s", got)
	}
}
