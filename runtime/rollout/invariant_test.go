package rollout

import (
	"errors"
	"reflect"
	"testing"
	"time"
)

// walk runs random events through the machine and looks at each step.
func walk(t *testing.T, seeds uint64, look func(t *testing.T, p *Policy, before, after State, e Event, actions []Action)) {
	t.Helper()
	for seed := range seeds {
		g := newChance(seed + 1_000_000)
		p, s := g.policy(), State{}
		for range 60 {
			e := g.event(p, s)
			next, actions, err := p.Step(s, e)
			if refusal := (*Refusal)(nil); err != nil && (!errors.As(err, &refusal) || refusal.Text == "" || refusal.Cure == "" || actions != nil || !reflect.DeepEqual(next, s)) {
				t.Fatalf("seed %d: %T gives %v and changes something", seed, e, err)
			}
			look(t, p, s, next, e, actions)
			if t.Failed() {
				t.Fatalf("seed %d, policy %s, %T: %+v becomes %+v with %v", seed, p.Encode(), e, s, next, actions)
			}
			s = next
		}
	}
}

// find returns the first action of a type.
func find[A Action](actions []Action) (a A, ok bool) {
	for _, other := range actions {
		if a, ok = other.(A); ok {
			return a, true
		}
	}
	return a, false
}

func breachedIn(s State) bool {
	for _, j := range s.Judged {
		if j.Opinion == Breached {
			return true
		}
	}
	return false
}

func TestInvariantsHoldOnRandomPaths(t *testing.T) {
	walk(t, 120, func(t *testing.T, p *Policy, before, after State, e Event, actions []Action) {
		decided, hasDecision := find[Decide](actions)
		_, finished := find[Finish](actions)
		returned, wasReturned := find[Return](actions)
		ended := after.Phase.Ended() && !before.Phase.Ended()
		switch {
		case before.Phase.Ended() && (!reflect.DeepEqual(before, after) || len(actions) > 0):
			t.Error("what ended goes on")
		case finished != (ended && after.Phase == Promoted) || wasReturned != (ended && after.Phase != Promoted):
			t.Error("an end has exactly one of Finish and Return")
		case wasReturned && after.Phase != Aborted && returned.Withdrawn != before.Live:
			t.Error("a return that does not fit who is stable")
		case after.Phase == RolledBack && !before.Served && !before.Live:
			t.Error("rolled back without traffic")
		case len(actions) > 0 && !hasDecision || hasDecision && decided.Text == "":
			t.Error("something happens without a sentence")
		case hasDecision && after.Reason != decided.Text:
			t.Error("the reason is not the decision's")
		}
	})
}

func TestWeightNeverRisesWhileAGuardIsBreached(t *testing.T) {
	walk(t, 120, func(t *testing.T, p *Policy, before, after State, e Event, actions []Action) {
		if (breachedIn(before) || breachedIn(after)) && after.Weight > before.Weight {
			t.Error("the weight rises")
		}
		if breachedIn(after) && (!after.Phase.Ended() || !after.Final) {
			t.Error("a breach that does not end the rollout for good")
		}
		failed, _ := e.(Failed)
		if _, ok := e.(Replayed); !ok && after.Final && !before.Final && !breachedIn(after) && !failed.Final {
			t.Error("final, and neither a guard nor a failure said so")
		}
	})
}

func TestWeightRisesOnlyByAVerdictOfPromotion(t *testing.T) {
	walk(t, 120, func(t *testing.T, p *Policy, before, after State, e Event, actions []Action) {
		if after.Weight <= before.Weight {
			return
		}
		d, _ := find[Decide](actions)
		if d.Verdict != Promote {
			t.Error("the weight rises without a verdict")
		}
		o, observed := e.(Observed)
		if !observed {
			return
		}
		if before.Awaiting || o.At.Before(before.Since) || o.At.Sub(before.Since) < p.stage(before.Stage).For && before.Phase == Running {
			t.Error("the weight rises by measurements of another stage, or too early")
		}
		if before.Phase == Paused {
			t.Error("a paused rollout goes on by itself")
		}
		for _, j := range p.judge(before, o) {
			if j.Opinion != Passed {
				t.Errorf("the weight rises while %s is %s", j.Guard, j.Opinion)
			}
		}
	})
}

func TestStagesAreEnteredOneAfterTheOther(t *testing.T) {
	walk(t, 120, func(t *testing.T, p *Policy, before, after State, e Event, actions []Action) {
		if after.Stage != before.Stage && after.Stage != before.Stage+1 {
			t.Error("a stage is skipped")
		}
		set, weighed := find[SetWeight](actions)
		_, stable := find[MakeStable](actions)
		if (weighed || stable) && !after.Awaiting {
			t.Error("published without waiting for it")
		}
		if weighed && (set.Weight != after.Weight || set.Shadow != (after.active() == Shadowing)) || stable && after.Weight != Full {
			t.Error("what is published is not what the state says")
		}
		if !after.Phase.Ended() && after.active() == Running && after.Weight != p.Stages[after.Stage].Weight {
			t.Error("the stage's weight is another")
		}
	})
}

func TestStateSurvivesJSONAtEachStep(t *testing.T) {
	walk(t, 40, func(t *testing.T, p *Policy, before, after State, e Event, actions []Action) { through(t, after) })
}

func TestStepChangesNothingThatItWasGiven(t *testing.T) {
	g := newChance(1)
	for range 100 {
		p, s := g.policy(), State{}
		for range 30 {
			e := g.event(p, s)
			kept, policy := through(t, s), p.Encode()
			next, actions, _ := p.Step(s, e)
			again, same, _ := p.Step(s, e)
			if !reflect.DeepEqual(next, again) || !reflect.DeepEqual(actions, same) {
				t.Fatalf("%T: two steps from one state differ", e)
			}
			if !reflect.DeepEqual(s, kept) || string(policy) != string(p.Encode()) {
				t.Fatalf("%T changed its state or policy", e)
			}
			s = next
		}
	}
}

// TestEveryPathEnds: after any beginning, a host that does what it is told and
// reports now and then brings each rollout to an end or before a person.
func TestEveryPathEnds(t *testing.T) {
	for seed := range uint64(150) {
		g := newChance(seed + 5_000_000)
		p, s := g.policy(), State{}
		for range g.IntN(30) {
			s, _, _ = p.Step(s, g.event(p, s))
		}
		if s.Phase == "" {
			s, _, _ = p.Step(s, Start{At: g.now})
		}
		for i := 0; !s.Phase.Ended() && i < 40; i++ {
			g.now = g.now.Add(30 * time.Second)
			s, _, _ = p.Step(s, g.next(p, s))
		}
		if !s.Phase.Ended() {
			t.Fatalf("seed %d, policy %s: still %+v", seed, p.Encode(), s)
		}
	}
}

// next does what the state waits for; a person promotes what is paused.
func (g *chance) next(p *Policy, s State) Event {
	switch {
	case s.Phase == Replaying:
		return Replayed{At: g.now, Compared: 100}
	case s.Awaiting:
		return Published{At: g.now}
	case s.Phase == Paused:
		return Command{At: g.now, Verb: VerbPromote}
	}
	return g.observed(p, s)
}

func TestAHoldIsToldAFewTimesOnly(t *testing.T) {
	p := Default()
	p.Stages[0].Hold = 24 * time.Hour
	s, now := State{}, noon()
	told := 0
	step := func(e Event) {
		var actions []Action
		s, actions, _ = p.Step(s, e)
		if d, ok := find[Decide](actions); ok && d.Verdict == Hold {
			told++
		}
	}
	step(Start{At: now})
	step(Published{At: now})
	for i := range int64(2000) {
		now = now.Add(10 * time.Second)
		calls := 99 + i%3 // what is missing changes all the time
		step(Observed{At: now, Stable: sampleOf(p.At(0), map[string]int64{"calls": calls}), Candidate: sampleOf(p.At(0), map[string]int64{"calls": calls})})
	}
	if s.Phase != Running || !s.Held || told < 2 || told > maxSaid {
		t.Errorf("%d sentences, %s", told, s.Phase)
	}
}

func TestDueTellsWhenAStageIsOver(t *testing.T) {
	p := Default()
	s, _, _ := p.Step(State{}, Start{At: noon()})
	if next, hold := p.Due(s); !next.IsZero() || !hold.IsZero() {
		t.Error("due before it is published")
	}
	s, _, _ = p.Step(s, Published{At: noon().Add(time.Second)})
	next, hold := p.Due(s)
	if next != noon().Add(61*time.Second) || hold != next.Add(time.Hour) {
		t.Errorf("%v %v", next, hold)
	}
	s, _, _ = p.Step(s, Command{At: noon(), Verb: VerbPause})
	if next, _ := p.Due(s); !next.IsZero() {
		t.Error("a pause is due")
	}
}
