package experiment

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/compare"
)

// carried is an experiment that comes back from its checkpoint now and then.
type carried struct {
	plan  *Plan
	set   *Set
	track *Track
	calls *traffic
	drawn int
}

func newCarried(t testing.TB, plan string, seed uint64) *carried {
	c := &carried{plan: decoded(t, plan), track: &Track{}, calls: newTraffic(seed)}
	c.set = NewSet(c.plan)
	c.set.coin = c.coin
	return c
}

// coin falls as the number of calls says, so that the same calls fall to the same half.
func (c *carried) coin() uint32 { return uint32(c.drawn * 2654435761 >> 7) }

// run lets some calls come.
func (c *carried) run(n int) {
	for range n {
		c.drawn++
		call := c.calls.next(0.5, 1.2)
		call.Keyed = c.drawn%7 != 0
		call.Instructions = int64(call.Latency >> 16)
		call.Business, call.Code = !call.Fault && c.drawn%11 == 0, "no"
		if !call.Fault && !call.Business {
			call.Out = map[string]any{"d": either(c.drawn%3 == 0, "a", "b")}
		}
		other := call
		other.Latency += other.Latency * time.Duration(c.drawn%5) / 7
		other.Fault = c.drawn%50 == 0
		pair := Pair{Reference: call, Candidate: other, CandidateFirst: c.coin()&8 > 0, Compared: c.drawn%9 > 0, Different: c.drawn%900 == 1}
		c.set.Record(c.drawn, &call)
		if c.drawn%10 == 0 {
			c.set.Drop()
		} else {
			c.set.RecordPair(&pair)
		}
	}
}

func (c *carried) since() time.Duration { return time.Duration(c.drawn) * time.Millisecond }

func (c *carried) look() Finding {
	tally := c.set.Tally()
	f := c.plan.Look(tally, c.since())
	c.track.Add(f, tally, c.since())
	return f
}

func (c *carried) encoded() []byte {
	return (&Checkpoint{Counts: c.set.Counts(), Track: c.track, Since: c.since()}).Encode(c.plan, c.plan.Hash())
}

// restart is a process that ends and one that goes on.
func (c *carried) restart(t testing.TB) {
	t.Helper()
	point, err := DecodeCheckpoint(c.plan, c.plan.Hash(), c.encoded())
	if err != nil {
		t.Fatal(err)
	}
	if point.Since != c.since() {
		t.Fatalf("%v were measured, not %v", point.Since, c.since())
	}
	c.set, c.track = NewSet(c.plan), point.Track
	c.set.coin = c.coin
	c.set.Record(1, &Call{Fault: true, Latency: time.Hour}) // is forgotten
	c.set.RecordPair(&Pair{Different: true, Compared: true})
	c.set.Load(point.Counts)
}

func plansOfCheckpoints() []string {
	return []string{
		`{"sticky": {"header": "X"}, "margin": 0.2}`,
		`{"sticky": {"header": "X"}, "metric": "field_share", "field": "/d", "equals": "a"}`,
		`{"metric": "instructions", "expected": ["no"]}`,
		`{"mode": "paired"}`,
		`{"mode": "paired", "metric": "field_share", "field": "/d", "equals": "a", "max_different": 0.01}`,
	}
}

// The same calls lead to the same findings and reports, whether one process counted
// them or several that went on from each other's checkpoints.
func TestAnExperimentGoesOnFromItsCheckpointAsIfNothingHadHappened(t *testing.T) {
	for i, plan := range plansOfCheckpoints() {
		seed := uint64(i)
		whole, broken, random := newCarried(t, plan, seed), newCarried(t, plan, seed), rand.New(rand.NewPCG(seed, 5))
		restarts := 0
		for step := range 30 {
			n := random.IntN(400)
			whole.run(n)
			broken.run(n)
			a, b := whole.look(), broken.look()
			if got, want := fmt.Sprintf("%+v", b), fmt.Sprintf("%+v", a); got != want {
				t.Fatalf("%s: step %d, %d restarts:\n%s\nnot\n%s", plan, step, restarts, got, want)
			}
			if random.IntN(2) == 0 {
				restarts++
				broken.restart(t)
			}
		}
		a, b := whole.plan.Report(whole.set.Tally(), whole.track, facts()), broken.plan.Report(broken.set.Tally(), broken.track, facts())
		if got, want := asJSON(t, b), asJSON(t, a); got != want {
			t.Errorf("%s: after %d restarts the report is\n%s\nnot\n%s", plan, restarts, got, want)
		}
		if units := a.Arms[0].Units; restarts < 5 || units < 500 {
			t.Errorf("%d restarts, %d units", restarts, units)
		}
	}
}

func asJSON(t testing.TB, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A unit of before a restart is not one again, whichever form the keys are stored in.
func TestAKeyThatWasSeenBeforeARestartIsNoUnitAgain(t *testing.T) {
	for _, keys := range []int{5, 400_000} {
		p := decoded(t, `{"sticky": {"header": "X"}}`)
		before, random := NewSet(p), rand.New(rand.NewPCG(1, uint64(keys)))
		calls := make([]Call, keys)
		for i := range calls {
			calls[i] = Call{Key: random.Uint64(), Keyed: true, Latency: time.Millisecond}
			calls[i].Candidate = calls[i].Key>>63 == 1
			before.Record(i, &calls[i])
		}
		text := (&Checkpoint{Counts: before.Counts(), Track: &Track{}}).Encode(p, "h")
		point, err := DecodeCheckpoint(p, "h", text)
		if err != nil {
			t.Fatal(err)
		}
		after := NewSet(p)
		after.Load(point.Counts)
		for i := range calls {
			after.Record(i, &calls[i])
		}
		a, b := before.Tally(), after.Tally()
		if a.reference.units != b.reference.units || a.candidate.units != b.candidate.units || b.reference.calls+b.candidate.calls != int64(2*keys) {
			t.Errorf("of %d keys: %d and %d units, then %d and %d", keys, a.reference.units, a.candidate.units, b.reference.units, b.candidate.units)
		}
		if len(text) > bitmap+4096 {
			t.Errorf("%d bytes", len(text))
		}
	}
}

// smallCheckpoint is of the format's golden file.
func smallCheckpoint(t testing.TB, plan string) *carried {
	c := newCarried(t, plan, 3)
	c.set.Anew(2)
	for range 3 {
		c.run(40)
		c.drawn += 1000
		c.look()
	}
	return c
}

func TestTheFormatOfACheckpointStays(t *testing.T) {
	var b strings.Builder
	for _, plan := range plansOfCheckpoints() {
		fmt.Fprintf(&b, "# %s\n%x\n", plan, smallCheckpoint(t, plan).encoded())
	}
	const golden = "testdata/checkpoints.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("checkpoints are not those of %s: a program that reads both needs a number of its own for the new format", golden)
	}
}

func TestADamagedCheckpointIsRefused(t *testing.T) {
	for _, plan := range plansOfCheckpoints() {
		c := smallCheckpoint(t, plan)
		text := c.encoded()
		refused := func(what string, damaged []byte) {
			t.Helper()
			if _, err := DecodeCheckpoint(c.plan, c.plan.Hash(), damaged); err == nil {
				t.Errorf("%s: %s is read", plan, what)
			}
		}
		for i := range text {
			damaged := append([]byte(nil), text...)
			damaged[i] ^= 1 << (i % 8)
			refused(fmt.Sprintf("byte %d", i), damaged)
			refused(fmt.Sprintf("what ends at %d", i), text[:i])
		}
		refused("more", append(append([]byte(nil), text...), 0))
		refused("nothing", nil)
		if _, err := DecodeCheckpoint(c.plan, "another plan", text); err == nil {
			t.Errorf("%s: another plan's is read", plan)
		}
	}
}

// wrapped puts around a body what belongs around it.
func wrapped(p *Plan, body []byte) []byte {
	mark := planMark(p.Mode, "h")
	text := append(append([]byte(checkpointFormat), mark[:]...), body...)
	return binary.LittleEndian.AppendUint32(text, castagnoli(text))
}

// FuzzCheckpoint reads what is damaged in a way that no sum of the bytes tells, and
// goes on from what was read.
func FuzzCheckpoint(f *testing.F) {
	for i, plan := range plansOfCheckpoints() {
		text := smallCheckpoint(f, plan).encoded()
		head := len(checkpointFormat) + 32
		f.Add(uint8(i), text[head:len(text)-4])
	}
	f.Add(uint8(3), make([]byte, 64))
	f.Fuzz(func(t *testing.T, which uint8, body []byte) {
		plans := plansOfCheckpoints()
		p := decoded(t, plans[int(which)%len(plans)])
		text := wrapped(p, body)
		point, err := DecodeCheckpoint(p, "h", text)
		if err != nil {
			return
		}
		s := NewSet(p)
		s.Load(point.Counts)
		tally := s.Tally()
		p.Report(tally, point.Track, facts())
		again := (&Checkpoint{Counts: s.Counts(), Track: point.Track, Since: point.Since}).Encode(p, "h")
		if string(again) != string(text) {
			t.Fatalf("%x became\n%x", text, again)
		}
	})
}

// What is measured anew has a part of alpha, and all parts together are no more.
func TestMeasuringAnewHasAPartOfTheLevel(t *testing.T) {
	p := decoded(t, `{"alpha": 0.04}`)
	sum, before := 0.0, math.Inf(1)
	for anew := range 26 {
		level := p.Level(anew)
		if level >= before || level <= 0 {
			t.Fatalf("the level is %v after %d losses, and was %v", level, anew, before)
		}
		before = level
		sum += level
	}
	if first := p.Level(0); sum > p.Alpha || first < 0.98*p.Alpha || p.Level(1) > p.Alpha/100 {
		t.Errorf("%v of %v, the first %v", sum, p.Alpha, first)
	}
	world := arms{reference: 3000, candidate: 3000, slower: 1.05}
	widths := map[int]float64{}
	for _, anew := range []int{0, 1, 5, 5000} {
		tally := world.play(t, p)
		tally.anew = anew
		v := p.Look(tally, time.Minute).Verdict.Value
		widths[anew] = v.Hi - v.Lo
	}
	if !(widths[0] < widths[1] && widths[1] < widths[5] && widths[5] < widths[5000]) {
		t.Errorf("widths of intervals by losses: %v", widths)
	}
}

func TestWhatWasLostBeforeIsInTheCheckpoint(t *testing.T) {
	c := newCarried(t, `{}`, 1)
	c.set.Anew(3)
	c.run(200)
	c.restart(t)
	if got := c.set.Tally().anew; got != 3 {
		t.Errorf("%d losses", got)
	}
	r := c.plan.Report(c.set.Tally(), c.track, facts())
	if text := strings.Join(r.Notes, " "); !strings.Contains(text, compare.Digits(2/c.plan.Level(3), 3)+" to 1") {
		t.Errorf("%s", text)
	}
}

// BenchmarkCheckpoint has what a note of an experiment of 40,000 customers costs.
func BenchmarkCheckpoint(b *testing.B) {
	for name, keys := range map[string]int{"customers=40000": 40_000, "customers=1000000": 1_000_000} {
		b.Run(name, func(b *testing.B) {
			p := decoded(b, `{"sticky": {"header": "X"}}`)
			s, random, track := NewSet(p), rand.New(rand.NewPCG(1, 2)), &Track{}
			for i := range keys {
				key := random.Uint64()
				s.Record(i, &Call{Key: key, Keyed: true, Candidate: key>>63 == 1, Latency: time.Duration(2e7 * math.Exp(0.5*random.NormFloat64()))})
				if i%(keys/mostMoments) == 0 {
					track.add(compare.ProofPoint{}, s.Tally(), time.Duration(i/(keys/mostMoments))*2*time.Second)
				}
			}
			var text []byte
			b.Run("encode", func(b *testing.B) {
				for b.Loop() {
					text = (&Checkpoint{s.Counts(), track, time.Hour}).Encode(p, "h")
				}
				b.ReportMetric(float64(len(text)), "bytes")
			})
			b.Run("decode", func(b *testing.B) {
				for b.Loop() {
					if _, err := DecodeCheckpoint(p, "h", text); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
}
