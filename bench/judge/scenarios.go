package main

import (
	"time"

	"github.com/swapline/swapline/runtime/rollout"
)

// kind is what a scenario is about.
type kind string

const (
	kindIdentical kind = "identical" // releases are, and climb the whole ladder
	kindHeld      kind = "held"      // a worse one is held at one weight until it is found
	kindLadder    kind = "ladder"    // a worse one climbs the whole ladder
	kindSwitched  kind = "switched"  // all traffic at once, as a person may ask for
)

// scenario is a kind of rollout that is simulated many times.
type scenario struct {
	name    string
	kind    kind
	row     string // what differs, for the table
	world   *world
	release release
	policy  *rollout.Policy
	weight  rollout.Weight // held there until something is found; 0: the whole ladder
	look    time.Duration
	most    int64 // calls of the candidate
	runs    int
	key     string // in the last line; only for regressions
}

// worlds are what identical releases are judged in. Where a rollout can pass all
// stages it is looked at a thousand times and more.
func worlds() []*world {
	return []*world{
		{name: "200/s", rate: 200, look: 300 * time.Millisecond},
		{name: "5,000/s, bursts", rate: 5000, bursts: 2 * time.Minute, look: 250 * time.Millisecond},
		{name: "500/s, load drifts, bursts", rate: 500, bursts: 2 * time.Minute, drift: true, look: 250 * time.Millisecond},
		{name: "500/s, seldom bursts", rate: 500, bursts: 10 * time.Minute, look: 250 * time.Millisecond},
		{name: "1,000/s, 100,000 customers", rate: 1000, keys: 100_000, zipf: 1.1, broken: 0.002, spread: 0.5, look: 300 * time.Millisecond},
		{name: "5,000/s, 300,000 customers, bursts, drift", rate: 5000, keys: 300_000, zipf: 1.05, broken: 0.002, spread: 0.5,
			bursts: 2 * time.Minute, drift: true, look: 250 * time.Millisecond},
		{name: "500/s, 2,000 customers, bursts", rate: 500, keys: 2000, zipf: 1.2, broken: 0.005, spread: 0.8, bursts: 2 * time.Minute, look: 2 * time.Second},
		{name: "2/s", rate: 2, look: 4 * time.Second},
		{name: "2/s, 300 customers, bursts", rate: 2, keys: 300, zipf: 1.2, broken: 0.005, spread: 0.5, bursts: 2 * time.Minute, look: 4 * time.Second},
	}
}

// policyOf is the default policy with a guard of decisions.
func policyOf(w *world) *rollout.Policy {
	p, change := rollout.Default(), 0.02
	p.Guards = append(p.Guards, rollout.Guard{
		Name: "approvals", Metric: rollout.FieldShare, Field: "/decision", Equals: "approve",
		Versus: rollout.ArmStable, MaxChange: &change,
	})
	if w.keys > 0 {
		p.Sticky.Header = "X-Customer"
	}
	return p
}

// heldAt is that policy with all guards at one stage that ends only when something
// is found, no slowness allowed, and approvals by 1 point. The level of a guard stays what it was.
func heldAt(w *world, weight rollout.Weight) *rollout.Policy {
	p, none, little := policyOf(w), 1.0, 0.01
	for i := range p.Guards {
		switch p.Guards[i].Metric {
		case rollout.Latency:
			p.Guards[i].MaxRatio = &none
		case rollout.FieldShare:
			p.Guards[i].MaxChange = &little
		}
	}
	var all []rollout.Guard
	for i := range p.Stages {
		all = append(all, p.Stages[i].Guards...)
		p.Stages[i].Guards = nil
	}
	p.Stages[0].Weight, p.Stages[0].For, p.Stages[0].Guards = weight, 10_000*time.Hour, all
	return p
}

// regression is a release that is worse, and after how many calls of the candidate
// it has to be found in half of all trials.
type regression struct {
	key, row string
	release  release
	most     int64
}

func regressions() []regression {
	worse := func(change func(*release)) release { r := same(); change(&r); return r }
	return []regression{
		{"1_to_5", "errors 1 % to 5 %", worse(func(r *release) { r.errors = 0.04 }), 2000},
		{"1_to_2", "errors 1 % to 2 %", worse(func(r *release) { r.errors = 0.01 }), 20_000},
		{"x1.1", "latency x1.1", worse(func(r *release) { r.slower = 1.1 }), 10_000},
		{"x1.25", "latency x1.25", worse(func(r *release) { r.slower = 1.25 }), 2000},
		{"x1.5", "latency x1.5", worse(func(r *release) { r.slower = 1.5 }), 1000},
		{"tail", "5 % of calls ten times slower", worse(func(r *release) { r.tail = 0.05 }), 2000},
		{"decisions", "approvals 70 % to 65 %", worse(func(r *release) { r.approve = -0.05 }), 30_000},
	}
}

// units are the worlds in which regressions are searched for: what is a unit there.
func units() []string { return []string{"calls", "customers"} }

func searched() []*world {
	return []*world{
		{name: "calls", rate: 1000},
		{name: "customers", rate: 1000, keys: 1_000_000, broken: 0.002, spread: 0.5},
	}
}

// scenarios lists all; runs is how many rollouts of identical releases there are,
// about.
func scenarios(runs int) []*scenario {
	var out []*scenario
	for _, w := range worlds() {
		out = append(out, identicalIn(w, w.name, policyOf(w), runs))
	}
	fresh := &world{name: "1,000/s, against a fresh baseline", rate: 1000, look: 250 * time.Millisecond}
	out = append(out, identicalIn(fresh, fresh.name, withBaseline(policyOf(fresh)), runs))
	for _, r := range regressions() {
		for _, w := range searched() {
			for _, weight := range []rollout.Weight{100, 500, 2000} {
				out = append(out, held(r, w, weight, max(5, runs/10)))
			}
		}
	}
	for _, r := range regressions() {
		w := &world{name: "1,000/s, bursts", rate: 1000, bursts: 2 * time.Minute, look: 250 * time.Millisecond}
		out = append(out, &scenario{
			name: "ladder, " + r.key, kind: kindLadder, row: r.row, world: w, release: r.release, policy: policyOf(w),
			look: w.look, runs: max(3, runs/20),
		})
	}
	return append(out, switched(runs)...)
}

// switched are changes of all traffic at once. They have no other arm: what happens
// after them is held against what happened before, so that their false rollbacks
// are not counted with the others.
func switched(runs int) []*scenario {
	var out []*scenario
	worse := []regression{{row: "nothing", release: same()}}
	for _, r := range regressions() {
		if r.key == "1_to_5" || r.key == "x1.5" || r.key == "tail" {
			worse = append(worse, r)
		}
	}
	worse = append(worse, regression{row: "errors 1 % to 10 %", release: release{slower: 1, errors: 0.09}},
		regression{row: "latency x3", release: release{slower: 3}})
	for _, r := range worse {
		for _, w := range []*world{{name: "even", rate: 500, look: 100 * time.Millisecond}, {name: "bursts", rate: 500, bursts: 2 * time.Minute, look: 100 * time.Millisecond}} {
			out = append(out, &scenario{
				name: "switched, " + r.row + ", " + w.name, kind: kindSwitched, row: r.row, world: w, release: r.release,
				policy: policyOf(w).Direct(), look: w.look, runs: max(3, runs/4),
			})
		}
	}
	return out
}

func identicalIn(w *world, row string, p *rollout.Policy, runs int) *scenario {
	return &scenario{
		name: "identical, " + row, kind: kindIdentical, row: row, world: w, release: same(), policy: p,
		look: w.look, runs: max(1, runs/(len(worlds())+1)),
	}
}

// withBaseline compares with a fresh baseline of the candidate's weight.
func withBaseline(p *rollout.Policy) *rollout.Policy {
	versus := func(guards []rollout.Guard) {
		for i := range guards {
			if guards[i].Versus != "" {
				guards[i].Versus = rollout.ArmBaseline
			}
		}
	}
	versus(p.Guards)
	for i := range p.Stages {
		p.Stages[i].Baseline = p.Stages[i].Weight < rollout.Full
		versus(p.Stages[i].Guards)
	}
	return p
}

func held(r regression, w *world, weight rollout.Weight, runs int) *scenario {
	return &scenario{
		name: r.key + ", " + w.name + ", " + weight.String() + " %", kind: kindHeld, row: r.row, key: r.key,
		world: w, release: r.release, policy: heldAt(w, weight), weight: weight,
		look: max(100*time.Millisecond, time.Second*100/time.Duration(weight)), most: r.most, runs: runs,
	}
}
