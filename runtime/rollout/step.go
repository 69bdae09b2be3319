package rollout

// Step is the machine: what becomes of s by e, and what is to be done, in order. It
// changes nothing but what it returns, has no clock and waits for nothing. Only a
// [Command] gives an error, a *Refusal, which leaves s as it is; other events that
// do not fit change nothing. The zero State begins with [Start]. p must be one
// policy from Start to the end.
func (p *Policy) Step(s State, e Event) (State, []Action, error) {
	m := &move{policy: p, State: s, now: e.at()}
	m.Judged, m.Missing = append([]Judgement(nil), s.Judged...), append([]Need(nil), s.Missing...)
	if err := m.take(e); err != nil {
		return s, nil, err
	}
	return m.State, m.actions, nil
}

func (m *move) take(e Event) *Refusal {
	if c, ok := e.(Command); ok {
		return m.command(c)
	}
	start, ok := e.(Start)
	switch {
	case ok && m.Phase == "":
		m.start(start)
	case m.Phase == "" || m.Phase.Ended():
	default:
		m.happen(e)
	}
	return nil
}

func (m *move) happen(e Event) {
	switch e := e.(type) {
	case Published:
		m.published()
	case Failed:
		m.failed(e)
	case Observed:
		m.observed(e)
	case Replayed:
		m.replayed(e)
	case Restarted:
		m.restarted()
	}
}
