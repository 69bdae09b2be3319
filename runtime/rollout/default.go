package rollout

import "time"

// DefaultAlpha is what all guards of a rollout together may roll back wrongly.
const DefaultAlpha = 0.01

// Default is the policy of strategies that have none of their own.
func Default() *Policy {
	errors, slow, ratio, tolerance := 0.03, 600.0, 1.25, 1.5
	return &Policy{
		Alpha: DefaultAlpha,
		Stages: []Stage{
			{Weight: 100, For: time.Minute, Calls: 100, Hold: time.Hour, Then: ThenPause,
				Guards: []Guard{{Name: "errors", Metric: ErrorRate, Max: &errors}}},
			{Weight: 500, For: time.Minute, Calls: 200, Hold: time.Hour, Then: ThenPause},
			{Weight: 2000, For: 2 * time.Minute, Calls: 500, Hold: time.Hour, Then: ThenPause,
				Guards: []Guard{
					{Name: "p95", Metric: LatencyP95, Max: &slow},
					{Name: "p99", Metric: LatencyP99, Versus: ArmStable, MaxRatio: &ratio, Tolerance: &tolerance, Floor: time.Millisecond},
				}},
			{Weight: Full, For: time.Minute, Calls: 100, Hold: time.Hour, Then: ThenPause},
		},
		Guards:  defaultGuards(),
		Switch:  defaultSwitch(),
		Breaker: defaultBreaker(),
	}
}

func defaultGuards() []Guard {
	none, ratio := 0.0, 1.25
	return []Guard{
		{Name: "more-errors", Metric: ErrorRate, Versus: ArmStable, MaxIncrease: &none},
		{Name: "slower", Metric: Latency, Versus: ArmStable, MaxRatio: &ratio, Floor: time.Millisecond},
	}
}

func defaultSwitch() Switch {
	return Switch{Before: 10 * time.Second, After: 10 * time.Second, MaxErrorRise: 0.03, MaxP99Ratio: 2, Floor: time.Millisecond, Calls: 100}
}

func defaultBreaker() Breaker {
	return Breaker{
		FaultRate: 0.05,
		P95:       800 * time.Millisecond,
		Window:    10 * time.Second,
		Calls:     50,
		Open:      5 * time.Second,
		Probes:    5,
		Fallback:  []Fallback{{Kind: FallbackPrevious}},
	}
}

// Bare is the policy that judges nothing: all traffic at once, no watch, no
// breaker.
func Bare() *Policy {
	return &Policy{Alpha: DefaultAlpha, Stages: []Stage{{Weight: Full, Then: ThenPause}}}
}

// Direct is the policy of a change of all traffic at once under p: one stage of all
// traffic, which Switch judges.
func (p *Policy) Direct() *Policy {
	d := *p
	d.Stages = []Stage{{Weight: Full, For: p.Switch.After, Then: ThenPause}}
	d.Guards, d.Shadow, d.Replay = nil, nil, nil
	return &d
}

// ShadowStage is the index under which [Policy.At] knows what the shadow is judged
// by; stages count from 0.
const ShadowStage = -1

// At lists the guards of a stage in the order of [Sample.Guards]: the policy's, then
// the stage's own.
func (p *Policy) At(stage int) []Guard {
	if stage == ShadowStage {
		return p.atShadow()
	}
	if stage < 0 || stage >= len(p.Stages) {
		return nil
	}
	own := p.Stages[stage].Guards
	return append(append(make([]Guard, 0, len(p.Guards)+len(own)), p.Guards...), own...)
}

// atShadow is what differs, and the bounds of rates: a copy's latency says nothing
// about a call's, and it has no share of the traffic to be compared by.
func (p *Policy) atShadow() []Guard {
	if p.Shadow == nil {
		return nil
	}
	guards := []Guard{{Name: shadowGuard, Metric: DifferenceRate, Max: &p.Shadow.Different}}
	for _, g := range p.Guards {
		if g.Versus == "" && g.Metric.rate() {
			guards = append(guards, g)
		}
	}
	return guards
}

func (m Metric) rate() bool {
	return m == ErrorRate || m == FaultRate || m == BusinessErrorRate
}
