package main

import (
	"slices"
	"strings"

	"github.com/swapline/swapline/runtime/rollout"
	"github.com/swapline/swapline/runtime/store"
)

// checkTold wants all that clients were told to be there.
func (y *story) checkTold() {
	for g, e := range y.strand.changes {
		if g > uint64(len(y.changes)) || y.changes[g-1].Action != e.action || y.changes[g-1].To != e.to {
			y.t.lose("%s of %s to %s as generation %d", e.action, y.name, e.to.Short(), g)
		}
	}
	for id, candidate := range y.begun {
		r, there := y.rollouts[id]
		if !there || r.Candidate != candidate {
			y.t.lose("rollout %d of %s", id, y.name)
		}
	}
	for id, before := range y.seen {
		r := y.rollouts[id]
		if r.Revision < before.revision || before.ended != "" && rollout.Phase(r.Phase) != before.ended {
			y.t.lose("rollout %d of %s was %+v: revision %d, %s", id, y.name, before, r.Revision, r.Phase)
		}
	}
	for id, texts := range y.wishes {
		for _, text := range texts {
			if !slices.ContainsFunc(y.decisions[id], func(d store.Decision) bool { return strings.Contains(d.Text, "("+text+")") }) {
				y.t.lose("%s about rollout %d of %s", text, id, y.name)
			}
		}
	}
}

// checkServed wants every customer to have been served by the release that its key
// and the weight of the generation say.
func (y *story) checkServed() {
	for a := range y.served {
		if a.generation == 0 || a.generation > uint64(len(y.scenes)) {
			y.t.contradict("%s answered as generation %d, which is lost", y.name, a.generation)
			continue
		}
		now := y.scenes[a.generation-1]
		if wrong := y.misplaced(a, now); wrong != "" {
			y.t.contradict("%s answered %q as %s %s in generation %d of rollout %d (%+v): %s",
				y.name, a.customer, a.variant, a.digest.Short(), a.generation, now.rollout, now, wrong)
		}
	}
	clear(y.served)
}

// misplaced says why a customer must not have got an answer.
func (y *story) misplaced(a service, now scene) string {
	shut := now.rollout != 0 && y.ill(now) // a verdict may come before its route
	if now.candidate == "" {
		if a.variant != rollout.ArmStable || a.digest != now.stable && !(shut && a.digest == now.before) {
			return "only stable serves"
		}
		return ""
	}
	hasher := rollout.NewHasher(y.name, string(now.candidate))
	entitled := int(rollout.Bucket(hasher.SumString(a.customer))) < now.weight
	switch {
	case a.variant == rollout.ArmCandidate && a.digest == now.candidate:
		return y.mark(a, now, entitled)
	case a.variant == rollout.ArmStable && a.digest == now.stable && shut:
		return ""
	case a.variant == rollout.ArmStable && a.digest == now.stable:
		return y.mark(a, now, !entitled)
	}
	return "it is of neither arm"
}

// ill reports whether the release that is tried or watched is a bad one.
func (y *story) ill(now scene) bool {
	tried := now.candidate
	if tried == "" {
		tried = now.stable
	}
	return y.conduct(tried) != good
}

// mark notes on which arm a customer was. One weight must explain all of a rollout:
// below it stable serves, from it on the candidate does. That holds whatever the
// hash is, which right is about.
func (y *story) mark(a service, now scene, right bool) string {
	at := place{now.rollout, a.customer}
	m, known := y.marks[at]
	if !known {
		m = span{-1, int(rollout.Full) + 1}
	}
	if a.variant == rollout.ArmCandidate {
		m.candidate = min(m.candidate, now.weight)
	} else {
		m.stable = max(m.stable, now.weight)
	}
	y.marks[at] = m
	switch {
	case m.stable >= m.candidate:
		return "the customer has been on the other arm at a weight that does not explain it"
	case !right:
		return "the documented hash says the other arm"
	}
	return ""
}
