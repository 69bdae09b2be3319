package main

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/rollout"
	"github.com/swapline/swapline/runtime/store"
)

// told is a story as a store could tell it: release 2 climbs, with a restart at its
// second stage, and is promoted; release 3 is bad and taken back for good.
func told(t *testing.T) *story {
	t.Helper()
	s := newStrands()[0]
	for n := range uint64(4) {
		s.releases[digestOf(n)] = signedRelease{digest: digestOf(n), version: fmt.Sprintf("1.%d.0", n), sequence: n}
	}
	y := &story{strand: s, t: newTally(), newest: 7, rollouts: map[uint64]store.Rollout{}, decisions: map[uint64][]store.Decision{}}
	clock := time.Unix(1_800_000_000, 0).UTC()
	change := func(action string, from, to, id uint64, weight int, reason string) {
		clock = clock.Add(time.Second)
		c := store.Change{Strategy: s.name, Action: action, To: digestOf(to), Generation: uint64(len(y.changes) + 1), Reason: reason, Rollout: id, Weight: weight, At: clock}
		if from != 0 {
			c.From = digestOf(from)
		}
		y.changes = append([]store.Change{c}, y.changes...) // the newest first
	}
	decide := func(id uint64, stage int, text string) {
		list := y.decisions[id]
		y.decisions[id] = append(list, store.Decision{Number: uint64(len(list) + 1), At: clock, Text: text, Stage: stage})
	}
	climb := func(id uint64, stage, weight int, reason string) {
		change(store.ActionRollout, id-1-(id-2)/5*4, id-1-(id-2)/5*4, id, weight, reason) // stable is 1, then 2
		decide(id, stage, reason)
	}
	change(store.ActionDeploy, 0, 1, 0, 0, "crash")
	climb(2, 0, 1000, "started")
	climb(2, 1, 3000, "10 % passed after 1 s")
	climb(2, 1, 3000, cameBack+"30 % is measured anew")
	climb(2, 2, 6000, "30 % passed after 1 s")
	change(store.ActionPromote, 1, 2, 2, 0, "60 % passed after 1 s")
	decide(2, 3, "60 % passed after 1 s")
	clock = clock.Add(time.Second)
	decide(2, 3, "100 % passed after 1 s")
	climb(7, 0, 1000, "started")
	change(store.ActionReturn, 2, 2, 7, 0, "rolled back at 10 %")
	decide(7, 0, "rolled back at 10 %")
	y.record(t, store.Rollout{ID: 2, Stable: digestOf(1), Candidate: digestOf(2), Revision: 9}, rollout.State{Phase: rollout.Promoted, Stage: 3, Weight: rollout.Full})
	y.record(t, store.Rollout{ID: 7, Stable: digestOf(2), Candidate: digestOf(3), Revision: 4}, rollout.State{Phase: rollout.RolledBack, Final: true})
	y.route = store.Route{Strategy: s.name, Generation: 8, Stable: digestOf(2)}
	return y
}

func digestOf(n uint64) manifest.Digest { return digest(fmt.Sprint("release ", n)) }

// record keeps a rollout as its state says.
func (y *story) record(t *testing.T, r store.Rollout, state rollout.State) {
	t.Helper()
	var err error
	r.Strategy, r.Kind, r.Phase, r.Final = y.name, store.KindRollout, string(state.Phase), state.Final
	if r.State, err = json.Marshal(state); err != nil {
		t.Fatal(err)
	}
	if r.Policy, err = json.Marshal(earning(1)); err != nil {
		t.Fatal(err)
	}
	r.Ended = time.Time{}
	if state.Phase.Ended() {
		r.Ended = time.Unix(1_900_000_000, 0)
	}
	y.rollouts[r.ID] = r
}

// entry finds the entry of the journal for a generation.
func (y *story) entry(generation uint64) *store.Change {
	return &y.changes[uint64(len(y.changes))-generation]
}

// customer finds one whose key falls under a weight, or not.
func customerOf(y *story, candidate manifest.Digest, weight int, under bool) string {
	hasher := rollout.NewHasher(y.name, string(candidate))
	for n := 0; ; n++ {
		if c := fmt.Sprint("customer ", n); (int(rollout.Bucket(hasher.SumString(c))) < weight) == under {
			return c
		}
	}
}

func TestWrongStoriesOfRolloutsAreFound(t *testing.T) {
	serve := func(y *story, generation, release uint64, variant string, under bool) {
		y.served[service{generation, customerOf(y, digestOf(2), 3000, under), digestOf(release), variant}] = true
	}
	for name, damage := range map[string]func(t *testing.T, y *story){
		"nothing": func(t *testing.T, y *story) {
			serve(y, 3, 2, rollout.ArmCandidate, true)
			serve(y, 3, 1, rollout.ArmStable, false)
			serve(y, 6, 2, rollout.ArmStable, false)
			y.served[service{7, customerOf(y, digestOf(3), 1000, true), digestOf(2), rollout.ArmStable}] = true // a verdict comes before its route
			y.generation, y.begun[2], y.seen[2] = 8, digestOf(2), sight{9, rollout.Promoted}
		},
		"a stage is skipped":                      func(_ *testing.T, y *story) { y.entry(5).Weight = 3000 },
		"the first stage is skipped":              func(_ *testing.T, y *story) { y.entry(2).Weight = 3000 },
		"a stage is done again without a restart": func(_ *testing.T, y *story) { y.entry(4).Reason = "started" },
		"the weight falls":                        func(_ *testing.T, y *story) { y.entry(5).Weight = 1000 },
		"it is promoted too early": func(_ *testing.T, y *story) {
			y.entry(5).Weight, y.entry(5).Reason = 3000, cameBack+"30 % is measured anew"
		},
		"a decision is missing":         func(_ *testing.T, y *story) { y.decisions[2][2].Number = 4 },
		"a decision is not the route's": func(_ *testing.T, y *story) { y.decisions[2][1].Text = "something else" },
		"a stage is too short":          func(_ *testing.T, y *story) { y.decisions[2][3].At = y.decisions[2][2].At.Add(100 * time.Millisecond) },
		"the watch is too short": func(_ *testing.T, y *story) {
			y.decisions[2][5].At = y.decisions[2][4].At.Add(200 * time.Millisecond)
		},
		"a stage is left without being passed": func(_ *testing.T, y *story) {
			y.decisions[2][3].Text, y.entry(5).Reason = "on it goes", "on it goes"
		},
		"decisions skip a stage": func(_ *testing.T, y *story) { y.decisions[2][1].Stage = 2 },
		"the record is behind": func(t *testing.T, y *story) {
			y.record(t, y.rollouts[7], rollout.State{Phase: rollout.Running, Weight: 1000})
		},
		"the record is ahead": func(t *testing.T, y *story) {
			y.changes = y.changes[1:]
			y.route = store.Route{Strategy: y.name, Generation: 7, Stable: digestOf(2), Candidate: digestOf(3), Weight: 1000}
		},
		"a good release is final": func(t *testing.T, y *story) {
			y.releases[digestOf(3)] = signedRelease{digest: digestOf(3), version: "1.3.0", sequence: 4}
		},
		"what was final rolls out":             func(_ *testing.T, y *story) { y.finals[digestOf(2)] = 1 },
		"the route is another":                 func(_ *testing.T, y *story) { y.route.Stable = digestOf(1) },
		"the route's candidate is another":     func(_ *testing.T, y *story) { y.route.Candidate, y.route.Weight = digestOf(3), 1000 },
		"the route names what has ended":       func(_ *testing.T, y *story) { y.route.Rollout = 7 },
		"a generation is lost":                 func(_ *testing.T, y *story) { y.generation = 9 },
		"a rollout is lost":                    func(_ *testing.T, y *story) { y.begun[9] = digestOf(2) },
		"a revision is lost":                   func(_ *testing.T, y *story) { y.seen[2] = sight{10, ""} },
		"an end is lost":                       func(_ *testing.T, y *story) { y.seen[7] = sight{4, rollout.Aborted} },
		"a command is lost":                    func(_ *testing.T, y *story) { y.wishes[2] = []string{"wish 1"} },
		"a change is lost":                     func(_ *testing.T, y *story) { y.strand.changes[1] = entry{store.ActionSwitch, digestOf(1)} },
		"the journal has a gap":                func(_ *testing.T, y *story) { y.entry(3).Generation = 4 },
		"the journal does not follow":          func(_ *testing.T, y *story) { y.entry(3).From = digestOf(2) },
		"an answer is of a lost generation":    func(_ *testing.T, y *story) { serve(y, 9, 2, rollout.ArmStable, true) },
		"a customer is on stable":              func(_ *testing.T, y *story) { serve(y, 3, 1, rollout.ArmStable, true) },
		"a customer is on the candidate":       func(_ *testing.T, y *story) { serve(y, 3, 2, rollout.ArmCandidate, false) },
		"an answer says another arm":           func(_ *testing.T, y *story) { serve(y, 3, 2, rollout.ArmStable, true) },
		"the release before still serves":      func(_ *testing.T, y *story) { serve(y, 6, 1, rollout.ArmStable, true) },
		"the candidate serves before its time": func(_ *testing.T, y *story) { serve(y, 1, 2, rollout.ArmCandidate, true) },
		"a customer goes back to stable": func(_ *testing.T, y *story) {
			y.marks[place{2, customerOf(y, digestOf(2), 3000, true)}] = span{3000, 10_001}
			serve(y, 3, 2, rollout.ArmCandidate, true)
		},
	} {
		t.Run(name, func(t *testing.T) {
			y := told(t)
			damage(t, y)
			y.check()
			if n := len(y.t.lost) + len(y.t.inconsistent); (n > 0) != (name != "nothing") {
				t.Fatalf("found %v", y.t)
			}
		})
	}
}

// Whoever sees an answer of two releases of a rollout says so.
func TestAMixedAnswerOfARolloutIsFound(t *testing.T) {
	y := told(t)
	right := answer{generation: 3, digest: digestOf(2), release: "fx@1.2.0", version: "1.2.0"}
	ill := answer{generation: 7, digest: digestOf(3), release: "fx@1.3.0"}
	for _, a := range []struct {
		name   string
		answer answer
		status int
		wrong  bool
	}{
		{"right", right, 200, false},
		{"a bad release refuses", ill, 422, false},
		{"a bad release answers", answer{7, digestOf(3), "fx@1.3.0", "1.3.0"}, 200, true},
		{"a good release fails", right, 500, true},
		{"another body", answer{3, digestOf(2), "fx@1.2.0", "1.1.0"}, 200, true},
		{"another header", answer{3, digestOf(2), "fx@1.1.0", "1.2.0"}, 200, true},
		{"another strategy", answer{3, digestOf(2), "pay@1.2.0", "1.2.0"}, 200, true},
		{"an unknown release", answer{3, digest("unknown"), "fx@1.2.0", "1.2.0"}, 200, true},
		{"nobody", answer{}, 503, true},
	} {
		if wrong := y.take(a.answer, reply{status: a.status}, "customer 1", rollout.ArmCandidate); (wrong != "") != a.wrong {
			t.Errorf("%s: %q", a.name, wrong)
		}
	}
}
