package rollout

import (
	"fmt"
	"strings"
	"time"
)

// move is one step being made: the state as it becomes.
type move struct {
	State
	policy  *Policy
	now     time.Time
	actions []Action
}

func (m *move) do(a Action) { m.actions = append(m.actions, a) }

func (m *move) decide(v Verdict, guard, text string) {
	m.Reason = text
	m.do(Decide{Verdict: v, Guard: guard, Text: text})
}

// active is what the rollout does, paused or not.
func (s *State) active() Phase {
	if s.Phase == Paused {
		return s.From
	}
	return s.Phase
}

func (m *move) stage() Stage { return m.policy.stage(m.Stage) }

// stage is one that exists whatever the index.
func (p *Policy) stage(i int) Stage {
	if i < 0 || i >= len(p.Stages) {
		return Stage{Weight: Full, Then: ThenPause}
	}
	return p.Stages[i]
}

// direct reports whether all traffic is changed at once: a person decided it, and
// the policy only watches.
func (p *Policy) direct() bool { return len(p.Stages) <= 1 }

// where names the stage in sentences.
func (m *move) where() string {
	switch m.active() {
	case Replaying:
		return "the replay"
	case Shadowing:
		return "the shadow"
	}
	return m.Weight.String() + " %"
}

func (m *move) start(e Start) {
	m.Entered, m.Since = m.now, m.now
	if m.policy.direct() {
		m.Before = e.Current.brief()
	}
	if r := m.policy.Replay; r != nil {
		m.Phase, m.Awaiting = Replaying, true
		m.decide(Promote, "", fmt.Sprintf("started: at most %s recorded inputs are replayed", count(int64(r.Last))))
		m.do(RunReplay{})
		return
	}
	m.begin("started")
}

// begin goes to the first phase in which the candidate sees live inputs.
func (m *move) begin(why string) {
	if m.policy.Shadow == nil {
		m.enter(0, why)
		return
	}
	m.decide(Promote, "", why+": the candidate runs on copies of "+m.policy.Shadow.Share.String()+" % of the calls")
	m.fresh(Shadowing, 0, 0)
	m.publish()
}

// enter goes to a stage.
func (m *move) enter(stage int, why string) {
	weight := m.policy.stage(stage).Weight
	m.decide(Promote, "", why+": the candidate gets "+weight.String()+" % of the traffic")
	if weight == Full {
		m.fresh(Watching, stage, Full)
	} else {
		m.fresh(Running, stage, weight)
	}
	m.publish()
}

// fresh begins a phase of which nothing is known.
func (m *move) fresh(phase Phase, stage int, weight Weight) {
	m.Phase, m.From, m.Stage, m.Weight = phase, "", stage, weight
	m.Entered, m.Gone = m.now, false
	m.anew()
}

// anew begins the stage's measurements again.
func (m *move) anew() {
	m.Since, m.Held, m.Judged, m.Missing, m.Told, m.Said = m.now, false, nil, nil, "", 0
	m.Calm, m.Suspect, m.Zero = m.now, nil, nil
}

// publish asks for the route of the active phase.
func (m *move) publish() {
	m.Awaiting = true
	switch m.active() {
	case Shadowing:
		m.do(SetWeight{Shadow: true})
	case Watching:
		m.do(MakeStable{})
	default:
		m.do(SetWeight{Weight: m.Weight, Baseline: m.stage().baseline()})
	}
}

func (s Stage) baseline() Weight {
	if s.Baseline {
		return s.Weight
	}
	return 0
}

func (m *move) published() {
	if !m.Awaiting || m.Phase == Replaying {
		return
	}
	m.Awaiting, m.Since, m.Calm = false, m.now, m.now
	m.Served = m.Served || m.Weight > 0
	m.Live = m.Weight == Full
	if m.Phase == Watching && m.policy.unwatched() {
		m.finish("100 %: the candidate is stable; nothing is watched")
	}
}

// unwatched reports whether nothing follows the change of all traffic.
func (p *Policy) unwatched() bool {
	s := p.stage(0)
	return p.direct() && s.For == 0 && !s.Gate && len(p.At(0)) == 0
}

func (m *move) replayed(e Replayed) {
	r := m.policy.Replay
	if m.Phase != Replaying || !m.Awaiting || r == nil {
		return
	}
	m.Awaiting = false
	text := fmt.Sprintf("replay: %s of %s answers differ (%s), allowed %s", count(e.Different), count(e.Compared),
		share(ratio(e.Different, e.Compared)), share(r.Different))
	switch {
	case float64(e.Different) > r.Different*float64(e.Compared):
		if e.First != "" {
			text += "; " + e.First
		}
		m.out(true, "replay", text)
	case e.Compared < int64(r.AtLeast):
		m.out(false, "replay", fmt.Sprintf("replay: %s inputs were compared, at least %s are needed", count(e.Compared), count(int64(r.AtLeast))))
	default:
		m.begin(text)
	}
}

// restarted does the phase again from its beginning: what the meters knew is lost.
func (m *move) restarted() {
	text := "the host came back: " + m.where() + " is measured anew"
	m.Served = m.Served || m.Weight > 0
	m.Live = m.Weight == Full
	m.anew()
	m.decide(Hold, "", text)
	switch {
	case m.Phase == Replaying:
		m.Awaiting = true
		m.do(RunReplay{})
	case m.active() != Watching || m.Awaiting:
		m.publish()
	}
	if m.Live && m.Before != nil {
		// A process that has just begun is slow for reasons of its own.
		b := *m.Before
		b.Latency, b.Units = b.Latency.Sub(b.Latency), b.Units.Sub(b.Units)
		m.Before = &b
	}
}

func (m *move) failed(e Failed) {
	m.out(e.Final, "", "given up at "+m.where()+": "+e.Why)
}

// out ends the rollout without the candidate.
func (m *move) out(final bool, guard, text string) {
	phase := RolledBack
	if !m.Served {
		phase = Blocked
	}
	m.decide(Rollback, guard, text)
	m.end(phase, Return{Withdrawn: m.Live})
	m.Final = final
}

func (m *move) finish(text string) {
	m.decide(Promote, "", text)
	m.end(Promoted, Finish{})
}

func (m *move) end(phase Phase, last Action) {
	m.Phase, m.From, m.Awaiting, m.Held, m.Before = phase, "", false, false, nil
	if phase != Promoted {
		m.Weight, m.Live = 0, false
	}
	m.Missing, m.Told, m.Calm, m.Suspect, m.Zero = nil, "", time.Time{}, nil, nil
	m.do(last)
}

// leave goes to what follows the active phase.
func (m *move) leave(why string) {
	switch m.active() {
	case Shadowing:
		m.enter(0, why)
	case Watching:
		m.finish(why + ": the candidate is stable")
	default:
		m.enter(m.Stage+1, why)
	}
}

// brief is what a sample tells about a time that is over.
func (s *Sample) brief() *Sample {
	if s == nil {
		return nil
	}
	b := *s
	b.Guards = nil
	return &b
}

// sentences joins what is missing.
func sentences(needs []Need) string {
	var texts []string
	for _, n := range needs {
		texts = append(texts, n.Text)
	}
	return strings.Join(texts, "; ")
}
