package rollout

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// maxSaid bounds the sentences that one stage says about being held.
const maxSaid = 8

func (m *move) observed(e Observed) {
	if m.Awaiting || m.Phase == Replaying || m.now.Before(m.Since) {
		return
	}
	whole := e.Candidate
	if m.active() == Watching {
		e.Candidate = m.counting(whole)
	}
	m.Judged = m.policy.judge(m.State, e)
	if m.active() == Watching {
		m.suspect(whole, e.Candidate)
	}
	m.Missing = m.needs(e)
	m.remember(e)
	if i := slices.IndexFunc(m.Judged, func(j Judgement) bool { return j.Opinion == Breached }); i >= 0 {
		m.breached(m.Judged[i])
		return
	}
	if m.Phase != Paused && m.now.Sub(m.Since) >= m.least() {
		m.due()
	}
}

// remember keeps what stable does for when it is gone.
func (m *move) remember(e Observed) {
	if m.active() == Running && m.Stage == len(m.policy.Stages)-2 && e.Stable != nil {
		m.Before = e.Stable.brief()
	}
}

func (m *move) breached(j Judgement) {
	how := "rolled back at "
	if !m.Served {
		how = "blocked at "
	}
	m.out(true, j.Guard, how+m.where()+": "+j.Sentence)
}

// due decides when the stage's time is over.
func (m *move) due() {
	switch {
	case len(m.Missing) == 0:
		m.leave(m.passed())
	case m.suspended():
		m.Held = true // the suspicion has been told
	case m.active() == Watching && m.policy.direct() && !m.gated():
		m.finish(m.where() + ": nothing worse was seen, but too little to be sure (" + sentences(m.Missing) + "): the candidate is stable")
	case m.now.Sub(m.Since) >= m.least()+m.longest():
		m.giveUp()
	default:
		m.hold()
	}
}

func (m *move) gated() bool { return m.stage().Gate && !m.Gone }

// passed says why a stage is left.
func (m *move) passed() string {
	texts := []string{m.where() + " passed after " + span(m.now.Sub(m.Since))}
	for _, j := range m.Judged {
		texts = append(texts, j.Sentence)
	}
	return strings.Join(texts, "; ")
}

// hold says what is missing, when that is something new.
func (m *move) hold() {
	m.Held = true
	var what []string
	for _, n := range m.Missing {
		what = append(what, n.What)
	}
	if told := strings.Join(what, ", "); told != m.Told && m.Said < maxSaid {
		m.Told, m.Said = told, m.Said+1
		m.decide(Hold, "", "held at "+m.where()+": "+sentences(m.Missing))
	}
}

// giveUp ends a hold that took too long. It never promotes.
func (m *move) giveUp() {
	text := fmt.Sprintf("undecided at %s after %s: %s", m.where(), span(m.now.Sub(m.Since)), sentences(m.Missing))
	if m.active() != Shadowing && m.stage().Then == ThenRollback {
		m.out(false, "", "rolled back, "+text)
		return
	}
	m.From, m.Phase, m.Held = m.Phase, Paused, true
	m.decide(Hold, "", "paused, "+text)
}

// least and longest are the times of the active phase.
func (m *move) least() time.Duration {
	if m.active() == Shadowing && m.policy.Shadow != nil {
		return m.policy.Shadow.For
	}
	return m.stage().For
}

func (m *move) longest() time.Duration {
	if m.active() == Shadowing && m.policy.Shadow != nil {
		return m.policy.Shadow.Hold
	}
	return m.stage().Hold
}

// Due returns when the time of s's stage is over, and when its longest time is; both
// are zero for a rollout that waits for neither.
func (p *Policy) Due(s State) (next, hold time.Time) {
	if s.Awaiting || s.Phase != Running && s.Phase != Shadowing && s.Phase != Watching {
		return next, hold
	}
	m := move{policy: p, State: s}
	next = s.Since.Add(m.least())
	return next, next.Add(m.longest())
}

// needs lists what the stage lacks to be left, besides time.
func (m *move) needs(e Observed) []Need {
	needs := m.calls(e)
	for _, j := range m.Judged {
		if j.Opinion != Passed {
			needs = append(needs, Need{What: "guard " + j.Guard, Text: j.Sentence})
		}
	}
	if m.Suspect != nil {
		needs = append(needs, Need{What: "second look", Text: "what was suspected is looked at again"})
	}
	if m.active() != Shadowing && m.gated() {
		needs = append(needs, Need{What: "gate", Text: "a person has to let it go on"})
	}
	return needs
}

// calls lists the arms that had too few.
func (m *move) calls(e Observed) []Need {
	least := m.stage().Calls
	arms := []arm{{ArmCandidate, e.Candidate}}
	switch m.active() {
	case Shadowing:
		arms = []arm{{ArmShadow, e.Shadow}}
		if m.policy.Shadow != nil {
			least = m.policy.Shadow.Calls
		}
	case Running:
		arms = append(arms, m.policy.compared(m.Stage, e)...)
	}
	var needs []Need
	for _, a := range arms {
		if n := a.calls(); n < least {
			needs = append(needs, Need{What: "calls of " + a.name, Text: fmt.Sprintf("%s has %s of %s calls", a.name, count(n), count(least))})
		}
	}
	return needs
}

// arm is a sample with its name.
type arm struct {
	name string
	*Sample
}

func (a arm) calls() int64 {
	if a.Sample == nil {
		return 0
	}
	return a.Calls
}

// compared lists the arms that a stage's guards compare the candidate with.
func (p *Policy) compared(stage int, e Observed) []arm {
	var arms []arm
	for _, a := range []arm{{ArmStable, e.Stable}, {ArmBaseline, e.Baseline}} {
		if slices.ContainsFunc(p.At(stage), func(g Guard) bool { return g.Versus == a.name }) {
			arms = append(arms, a)
		}
	}
	return arms
}
