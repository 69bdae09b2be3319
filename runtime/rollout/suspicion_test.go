package rollout

import (
	"math"
	"testing"
	"time"
)

// TestBurstsAreExcusedAndHardlyTold has one every half minute, at a
// stage that waits for a person.
func TestBurstsAreExcusedAndHardlyTold(t *testing.T) {
	p := decoded(t, `{"stages": [{"weight": 100, "for_s": 10, "hold_s": 86400, "calls": 0, "gate": true}], "guards": []}`)
	s, now, told := State{}, noon(), 0
	step := func(e Event) {
		next, actions, _ := p.Step(s, e)
		if d, ok := find[Decide](actions); ok && d.Verdict == Hold {
			told++
		}
		s = next
	}
	step(Start{At: now, Current: sampleOf(nil, map[string]int64{"calls": 2000, "errors": 10})})
	step(Published{At: now})
	n := map[string]int64{}
	excused := 0
	for i := range 1000 {
		now = now.Add(time.Second)
		n["calls"] += 200
		if i%30 < 4 {
			n["errors"] += 90
		}
		before := s.Suspect != nil
		step(Observed{At: now, Candidate: sampleOf(nil, n)})
		if before && s.Suspect == nil {
			excused++
		}
	}
	if s.Phase != Watching || told > maxSaid || told < maxSaid || excused < 20 {
		t.Errorf("%s, told %d times, excused %d: %s", s.Phase, told, excused, s.Reason)
	}
}

func TestASuspicionSurvivesJSON(t *testing.T) {
	inf := math.Inf(1)
	s := &Sample{Calls: 2, Guards: []Count{{Units: 2, Sum: inf}, {Units: 2, Squares: inf}, {Units: 2, Sum: math.NaN()}, {Units: 2, Sum: 3, Squares: 5}}}
	kept := s.storable()
	through(t, State{Suspect: &Suspicion{At: noon(), Sample: kept}, Zero: kept})
	if kept.Guards[3] != s.Guards[3] || s.Guards[0].Sum != inf {
		t.Errorf("%+v", kept.Guards)
	}
}

func TestSinceIsWhatCameAfter(t *testing.T) {
	g := []Guard{{Metric: ErrorRate}, {Metric: FieldShare}}
	a := sampleOf(g, map[string]int64{"calls": 10, "errors": 2, "faults": 1, "approved": 5, "slow": 3})
	b := sampleOf(g, map[string]int64{"calls": 30, "errors": 4, "faults": 3, "approved": 9, "slow": 4})
	want := sampleOf(g, map[string]int64{"calls": 20, "errors": 2, "faults": 2, "approved": 4, "slow": 1})
	want.Guards[1].Squares = 4
	d := b.since(a)
	if d.Calls != want.Calls || d.Faults != want.Faults || d.Business != want.Business || d.Latency.N != want.Latency.N ||
		d.Units.Quantile(0.5) != want.Units.Quantile(0.5) || d.Guards[0] != want.Guards[0] || d.Guards[1] != want.Guards[1] {
		t.Errorf("%+v", d)
	}
	if a.since(b) != a || a.since(nil) != a || (*Sample)(nil).since(a) != nil {
		t.Error("what is no continuation is taken for one")
	}
}

func TestASecondLookLastsTwiceAsLongAsTheRise(t *testing.T) {
	for _, c := range []struct{ rise, stage, want time.Duration }{ // want: from the suspicion on, with the wait
		{0, time.Minute, 10 * time.Second},
		{2 * time.Second, time.Minute, 10 * time.Second},
		{4 * time.Second, time.Minute, 13 * time.Second},
		{20 * time.Second, time.Minute, 45 * time.Second},
		{40 * time.Second, time.Minute, 65 * time.Second},
		{time.Second, 8 * time.Second, 8 * time.Second},
		{8 * time.Second, 8 * time.Second, 12 * time.Second},
	} {
		m := &move{policy: &Policy{Stages: []Stage{{Weight: Full, For: c.stage}}}}
		m.Phase, m.Calm, m.Suspect = Watching, noon(), &Suspicion{At: noon().Add(c.rise)}
		m.now = m.Suspect.At.Add(c.want - 1)
		before := m.suspended()
		m.now = m.Suspect.At.Add(c.want)
		if !before || m.suspended() {
			t.Errorf("%+v: suspended %v before, %v at it", c, before, m.suspended())
		}
	}
}

func TestCalmIsWhenNothingPointsToABreach(t *testing.T) {
	for evidence, want := range map[float64]bool{0: true, 0.1: true, 0.11: false, 0.9: false} {
		m := &move{now: noon()}
		m.Judged = []Judgement{{}, {Evidence: evidence}}
		if m.calmDown(); m.Calm.Equal(noon()) != want {
			t.Errorf("calm with evidence %v: %v", evidence, !want)
		}
	}
}

// TestCalmBeginsWithTheMeasurements: what began before them says nothing, and a
// pause does not make them new.
func TestCalmBeginsWithTheMeasurements(t *testing.T) {
	p := decoded(t, `{"stages": [{"weight": 100, "for_s": 60, "calls": 0}], "guards": []}`)
	at := func(s int) time.Time { return noon().Add(time.Duration(s) * time.Second) }
	s := State{}
	for i, c := range []struct {
		e    Event
		want time.Time
	}{
		{Start{At: at(0), Current: sampleOf(nil, map[string]int64{"calls": 2000, "errors": 10})}, at(0)},
		{Published{At: at(1)}, at(1)},
		{Observed{At: at(2), Candidate: sampleOf(nil, map[string]int64{"calls": 200, "errors": 1})}, at(2)},
		{Observed{At: at(3), Candidate: sampleOf(nil, map[string]int64{"calls": 400, "errors": 60})}, at(2)},
		{Command{At: at(4), Verb: VerbPause}, at(2)},
		{Command{At: at(5), Verb: VerbResume}, at(2)},
		{Restarted{At: at(6)}, at(6)},
		{Command{At: at(7), Verb: VerbAbort}, time.Time{}},
	} {
		if s, _, _ = p.Step(s, c.e); s.Calm != c.want {
			t.Errorf("event %d, %T: calm since %v, want %v", i, c.e, s.Calm, c.want)
		}
	}
}
