package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/swapline/swapline/runtime/rollout"
)

// waits says what the rollout waits for, or how it ended.
func (p page) waits(l look) []string {
	r := p.rollout
	if r.Phase.Ended() {
		text := phaseText(r.Phase) + " after " + wholeSeconds(r.Ended.Sub(r.Started))
		if r.Phase != rollout.Promoted && r.Phase != rollout.Blocked {
			text += " at " + percent(p.reached())
		}
		if r.Reason != "" {
			text += ": " + oneLine(r.Reason)
		}
		return wrap("  ", "  ", text, l.width)
	}
	out := wrap("  ", "  ", p.waitsFor(), l.width)
	for _, need := range p.needs() {
		out = append(out, wrap("    "+l.sign("·", "-")+" ", "      ", oneLine(need), l.width)...)
	}
	return out
}

// needs is what else is missing. What guards miss stands below their table.
func (p page) needs() (list []string) {
	r := p.rollout
	if r.Next == nil {
		return nil
	}
	for _, need := range r.Next.Needs {
		if !slices.ContainsFunc(r.Guards, func(j rollout.Judgement) bool { return j.Sentence == need }) {
			list = append(list, need)
		}
	}
	return list
}

// reached is the weight of the stage at which it is: after a rollback the
// candidate itself has none.
func (p page) reached() float64 {
	if r := p.rollout; r.Stage >= 0 && r.Stage < len(r.Stages) {
		return r.Stages[r.Stage].Weight
	}
	return p.rollout.Weight
}

func (p page) waitsFor() string {
	r := p.rollout
	switch r.Phase {
	case rollout.Replaying:
		return "recorded inputs run through " + oneLine(r.Candidate.Version) + " and are compared; nobody is served by it"
	case rollout.Shadowing:
		return "copies of live calls run through " + oneLine(r.Candidate.Version) + "; nobody is served by it" + p.inTime("; "+p.next())
	case rollout.Paused:
		return "paused at " + percent(r.Weight) + "; it waits for: " + typed("resume", r.Strategy) + ", or promote, or abort"
	case rollout.Watching:
		return "it serves everybody, and the release before is at hand; promoted" + p.inTime("")
	}
	if waitsForPerson(r) {
		return p.next() + " waits for a person: " + typed("promote", r.Strategy)
	}
	if r.Held {
		return "not decided in its time: it stays at " + percent(r.Weight) + p.heldUntil()
	}
	return strings.TrimPrefix(p.inTime(p.next()), "; ")
}

// typed is what somebody can type.
func typed(verb, strategy string) string {
	return fmt.Sprintf("swapline rollout %s %s", verb, oneLine(strategy))
}

// next names the next stage.
func (p page) next() string {
	r := p.rollout
	i := r.Stage + 1
	if r.Phase == rollout.Shadowing {
		i = 0
	}
	if i >= len(r.Stages) {
		return "promoted"
	}
	return percent(r.Stages[i].Weight)
}

// left is what is left of the stage's time.
func (p page) left() time.Duration {
	if p.rollout.Next == nil {
		return 0
	}
	return p.rollout.Next.At.Sub(p.now)
}

// inTime says what comes when, and under which condition.
func (p page) inTime(what string) string {
	r := p.rollout
	switch left := p.left(); {
	case r.Next == nil:
		return what + " when the guards hold"
	case left > 0:
		text := what + " in " + countdown(left) + " if the guards hold"
		if len(p.needs()) > 0 {
			text += "; still missing:"
		}
		return text
	case len(p.needs()) > 0:
		return what + " as soon as there is what is missing:"
	}
	return what + " as soon as the guards say so"
}

// heldUntil says what a held rollout comes to.
func (p page) heldUntil() string {
	r := p.rollout
	if r.Next == nil || r.Next.Hold.IsZero() {
		return ""
	}
	return ", for " + countdown(r.Next.Hold.Sub(p.now)) + " at most"
}
