package rollout

import (
	"math"
	"slices"
	"time"
)

// A breach while watching has to be seen again after this time, or after half of
// the stage's time if that is shorter: at 100 % no arm sees the same weather, and a
// burst of a few seconds must not take an innocent release back.
const secondLook = 5 * time.Second

// calm is up to which part of the evidence that is needed nothing points to a breach.
const calm = 0.1

// plainRise is by how much more than allowed calls have to fail for a breach to
// count at once: waiting would cost too much.
const plainRise = 0.5

func (m *move) secondLook() time.Duration { return min(secondLook, m.least()/2) }

// lookedAgain reports whether the time of a suspicion is over.
func (m *move) lookedAgain() bool {
	return m.Suspect != nil && m.now.Sub(m.Suspect.At) >= m.secondLook()
}

// counting is what the candidate did that counts: once the wait is over only what
// came after it.
func (m *move) counting(s *Sample) *Sample {
	if m.lookedAgain() {
		return s.since(m.Suspect.Sample)
	}
	return s.since(m.Zero)
}

// suspect makes breaches wait for a second look, and forgets what was not seen
// again. Whole and recent are what the candidate did, and what of it counts.
func (m *move) suspect(whole, recent *Sample) {
	i := slices.IndexFunc(m.Judged, func(j Judgement) bool { return j.Opinion == Breached })
	plain := slices.ContainsFunc(m.Judged, func(j Judgement) bool { return j.Opinion == Breached && j.Plain })
	switch {
	case plain || m.secondLook() <= 0 || whole == nil:
	case m.Suspect == nil && i >= 0:
		m.Suspect = &Suspicion{At: m.now, Sample: whole.storable()}
		m.soften()
		m.tellSuspicion(m.Judged[i])
	case m.Suspect == nil:
		m.calmDown()
	case m.lookedAgain() && i >= 0:
	case !m.lookedAgain():
		m.Suspect = &Suspicion{At: m.Suspect.At, Sample: whole.storable()}
		m.soften()
	case !m.suspended() && recent.Calls >= m.policy.Switch.Calls:
		m.Zero, m.Suspect = m.Suspect.Sample, nil
		m.calmDown()
	}
}

// calmDown notes when nothing points to a breach.
func (m *move) calmDown() {
	if !slices.ContainsFunc(m.Judged, func(j Judgement) bool { return j.Evidence > calm }) {
		m.Calm = m.now
	}
}

func (m *move) soften() {
	for i := range m.Judged {
		if j := &m.Judged[i]; j.Opinion == Breached {
			j.Opinion = Undecided
			j.Sentence += ", to be seen again within " + span(m.secondLook())
		}
	}
}

func (m *move) tellSuspicion(j Judgement) {
	if m.Said < maxSaid {
		m.Said++
		m.decide(Hold, j.Guard, "suspected at "+m.where()+": "+j.Sentence)
	}
}

// suspended reports whether the stage cannot end, because the second look is not
// over: it takes twice as long as what was suspected took to show. Once as long finds
// only half of what is small; and the longer it takes, the more bursts fall into it.
func (m *move) suspended() bool {
	if m.Suspect == nil {
		return false
	}
	first := min(max(2*m.Suspect.At.Sub(m.Calm), m.secondLook()), m.least())
	return m.now.Sub(m.Suspect.At) < m.secondLook()+first
}

// since is what came after an earlier sample of the same meters.
func (s *Sample) since(earlier *Sample) *Sample {
	if s == nil || earlier == nil || earlier.Calls > s.Calls || len(earlier.Guards) != len(s.Guards) {
		return s
	}
	d := *s
	d.Calls, d.Faults, d.Business = s.Calls-earlier.Calls, s.Faults-earlier.Faults, s.Business-earlier.Business
	d.Latency, d.Units = s.Latency.Sub(earlier.Latency), s.Units.Sub(earlier.Units)
	d.Guards = make([]Count, len(s.Guards))
	for i, c := range s.Guards {
		d.Guards[i] = c.since(earlier.Guards[i])
	}
	return &d
}

func (c Count) since(e Count) Count {
	return Count{Units: c.Units - e.Units, Firsts: c.Firsts - e.Firsts, Opening: c.Opening - e.Opening,
		Trials: c.Trials - e.Trials, Events: c.Events - e.Events, Sum: c.Sum - e.Sum, Squares: c.Squares - e.Squares}
}

// storable is a sample that survives JSON: sums that are no numbers are left out.
func (s *Sample) storable() *Sample {
	b := *s
	b.Guards = slices.Clone(s.Guards)
	for i := range b.Guards {
		if c := &b.Guards[i]; !finite(c.Sum) || !finite(c.Squares) {
			c.Sum, c.Squares = 0, 0
		}
	}
	return &b
}

func finite(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) }
