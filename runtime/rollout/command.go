package rollout

import (
	"fmt"
	"time"
)

// command does what a person wants, or says why not.
func (m *move) command(c Command) *Refusal {
	switch {
	case m.Phase == "":
		return &Refusal{Text: "the rollout has not begun", Cure: "start it"}
	case m.Phase.Ended():
		return &Refusal{Text: "the rollout has ended: " + string(m.Phase), Cure: "start another one"}
	}
	switch c.Verb {
	case VerbPromote:
		return m.promote(c)
	case VerbPause:
		return m.pause(c)
	case VerbResume:
		return m.resume(c)
	case VerbAbort:
		m.abort(c)
		return nil
	}
	return &Refusal{Text: fmt.Sprintf("%q is nothing that a rollout does", brief(string(c.Verb))), Cure: "promote, pause, resume or abort"}
}

// by tells whose decision it was.
func (c Command) by() string {
	text := "by " + either(c.Actor == "", "a person", c.Actor)
	if c.Why != "" {
		text += " (" + c.Why + ")"
	}
	return text
}

func (m *move) promote(c Command) *Refusal {
	for _, j := range m.Judged {
		if j.Opinion == Breached {
			return &Refusal{Text: "a guard is breached: " + j.Sentence, Cure: "abort the rollout"}
		}
	}
	switch {
	case m.Phase == Replaying:
		return &Refusal{Text: "the replay is under way", Cure: "wait for it, or abort"}
	case m.Awaiting:
		return &Refusal{Text: m.where() + " is being published", Cure: "ask again in a moment"}
	case m.Held || m.Phase == Paused:
		m.goOn(c)
		return nil
	case m.Phase == Running && m.gated() || m.Phase == Watching && m.gated():
		m.Gone = true
		m.decide(Hold, "", "the gate of "+m.where()+" was opened "+c.by()+"; it goes on when the rest is passed")
		return nil
	}
	return &Refusal{Text: m.where() + " is being measured and waits for nobody; its time is over at " +
		m.Since.Add(m.least()).UTC().Format(time.RFC3339), Cure: "wait, or pause it first and then promote"}
}

// goOn leaves a stage that is held or paused, and records what it lacked.
func (m *move) goOn(c Command) {
	text := m.where() + " was promoted " + c.by()
	var lacks []Need
	for _, n := range m.Missing {
		if n.What != "gate" {
			lacks = append(lacks, n)
		}
	}
	switch {
	case len(m.Missing) == 0 && len(m.Judged) == 0:
		text += " although nothing was measured"
	case len(lacks) > 0:
		text += " although undecided (" + sentences(lacks) + ")"
	}
	m.leave(text)
}

func (m *move) pause(c Command) *Refusal {
	switch m.Phase {
	case Replaying:
		return &Refusal{Text: "a replay cannot be paused", Cure: "wait for it, or abort"}
	case Paused:
		return &Refusal{Text: "the rollout is paused", Cure: "resume, promote or abort"}
	}
	m.From, m.Phase = m.Phase, Paused
	m.decide(Hold, "", "paused at "+m.where()+" "+c.by()+"; guards still roll back")
	return nil
}

// resume counts the stage's time anew. What was measured stays: a pause must not
// make evidence forgotten.
func (m *move) resume(c Command) *Refusal {
	if m.Phase != Paused {
		return &Refusal{Text: "the rollout is not paused", Cure: "pause it first"}
	}
	m.Phase, m.From, m.Since = m.From, "", m.now
	m.Held, m.Told, m.Said = false, "", 0
	m.decide(Hold, "", "resumed "+c.by()+": the time of "+m.where()+" begins anew")
	return nil
}

// abort takes the candidate out, from all traffic too: what the release before can
// still have back it gets.
func (m *move) abort(c Command) {
	m.decide(Rollback, "", "aborted at "+m.where()+" "+c.by())
	m.end(Aborted, Return{Withdrawn: m.Weight == Full})
}
