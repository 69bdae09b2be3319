package rollout

import (
	"math/rand/v2"
	"time"
)

// chance makes policies and events up.
type chance struct {
	*rand.Rand
	now time.Time
}

func newChance(seed uint64) *chance {
	return &chance{rand.New(rand.NewPCG(seed, 7)), noon()}
}

func (g *chance) often(percent int) bool { return g.IntN(100) < percent }

func (g *chance) policy() *Policy {
	p := &Policy{Alpha: 0.01, Switch: Switch{Before: time.Second, After: time.Second * time.Duration(g.IntN(2)), MaxErrorRise: 0.03, MaxP99Ratio: 2, Calls: 10}}
	most, none, ratio := 0.05, 0.0, 1.25
	guards := []Guard{
		{Name: "errors", Metric: ErrorRate, Max: &most},
		{Name: "more", Metric: ErrorRate, Versus: ArmStable, MaxIncrease: &none},
		{Name: "slower", Metric: Latency, Versus: ArmStable, MaxRatio: &ratio},
	}
	p.Guards = guards[:g.IntN(len(guards)+1)]
	if g.often(30) {
		p.Replay = &Replay{Last: 100, AtLeast: 50, Different: 0.01}
	}
	if g.often(30) {
		p.Shadow = &Shadow{Share: 1000, For: 5 * time.Second, Calls: 50, Hold: 20 * time.Second, Different: 0.02}
	}
	for _, w := range []Weight{100, 2000} {
		if g.often(60) {
			p.Stages = append(p.Stages, g.stage(w))
		}
	}
	p.Stages = append(p.Stages, g.stage(Full))
	return p
}

func (g *chance) stage(w Weight) Stage {
	st := Stage{Weight: w, For: time.Duration(g.IntN(3)) * 5 * time.Second, Calls: int64(g.IntN(3) * 50),
		Hold: time.Duration(g.IntN(3)) * 10 * time.Second, Then: ThenPause, Gate: g.often(15)}
	if g.often(40) {
		st.Then = ThenRollback
	}
	if w < Full && g.often(30) {
		st.Baseline = true
		change := 0.02
		st.Guards = []Guard{{Name: "approvals", Metric: FieldShare, Field: "/d", Equals: "approve", Versus: ArmBaseline, MaxChange: &change}}
	}
	return st
}

func (g *chance) event(p *Policy, s State) Event {
	g.now = g.now.Add(time.Duration(g.IntN(4000)) * time.Millisecond)
	if s.Phase == "" && g.often(95) {
		e := Start{At: g.now}
		if g.often(80) {
			e.Current = g.sample(p.At(0), false)
		}
		return e
	}
	switch {
	case s.Awaiting && s.Phase == Replaying && g.often(70):
		compared := int64(40 + g.IntN(100))
		return Replayed{At: g.now, Compared: compared, Different: int64(g.IntN(100) / 97)}
	case s.Awaiting && g.often(70):
		return Published{At: g.now}
	case g.often(75):
		return g.observed(p, s)
	}
	switch g.IntN(14) {
	case 0:
		return Failed{At: g.now, Why: "made up", Final: g.often(50)}
	case 1, 2:
		return Restarted{At: g.now}
	case 3:
		return Start{At: g.now}
	case 4:
		return Command{At: g.now, Verb: "nonsense"}
	case 5:
		return Command{At: g.now, Verb: VerbAbort}
	case 6, 7:
		return Published{At: g.now}
	}
	verbs := []Verb{VerbPromote, VerbPause, VerbResume}
	return Command{At: g.now, Verb: verbs[g.IntN(3)], Actor: "alice"}
}

func (g *chance) observed(p *Policy, s State) Event {
	e := Observed{At: g.now}
	if g.often(5) {
		e.At = s.Since.Add(-time.Second)
	}
	guards := p.At(s.Stage)
	bad := g.often(4)
	e.Candidate, e.Shadow = g.sample(guards, bad), g.sample(p.At(ShadowStage), bad)
	if g.often(95) {
		e.Stable, e.Baseline = g.sample(guards, false), g.sample(guards, false)
	}
	return e
}

func (g *chance) sample(guards []Guard, bad bool) *Sample {
	n := map[string]int64{"calls": []int64{0, 3, 60, 2000, 2000, 2000}[g.IntN(6)]}
	n["approved"] = n["calls"] / 2
	if bad {
		n["errors"], n["slow"], n["different"] = n["calls"]/3, n["calls"]/2, n["calls"]/4
	}
	return sampleOf(guards, n)
}
