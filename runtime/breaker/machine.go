package breaker

import (
	"time"

	"github.com/swapline/swapline/runtime/rollout"
)

// Phase is where a breaker is.
type Phase string

const (
	Closed   Phase = "closed"
	Open     Phase = "open"
	HalfOpen Phase = "half_open"
)

// State is a breaker at one moment. It is a value; [Begin] makes the first one.
type State struct {
	Phase  Phase
	Since  time.Time // of the phase
	Until  time.Time // open: when it is probed; Held: when it may open
	Opened int64     // how often it opened after it was closed
	Round  uint64    // of probes, from 1; 0 before the first
	Good   int64     // half open: probes of this round
	Pauses int       // how often the pause is doubled
	Reason string    // the sentence of the last action
	Held   bool      // closed only because no fallback can answer
}

// Begin is the state of a breaker whose release begins to serve.
func Begin(at time.Time) State { return State{Phase: Closed, Since: at} }

// Event is something that happened, and when. Times must not go back.
type Event interface{ event() }

type (
	// Window says what the release did between From and At.
	Window struct {
		From, At            time.Time
		Calls, Faults, Slow int64
	}
	// Probed says how a probe ended. Why is the fault or "", for people.
	Probed struct {
		At    time.Time
		Round uint64
		OK    bool
		Why   string
	}
	// Tick says that time went by.
	Tick struct{ At time.Time }
	// Unable says that no fallback can answer, for people.
	Unable struct {
		At  time.Time
		Why string
	}
)

func (Window) event() {}
func (Probed) event() {}
func (Tick) event()   {}
func (Unable) event() {}

// Action is what the machine wants done. Text is one sentence for people.
type Action interface{ action() }

type (
	// Divert sends calls to the fallback.
	Divert struct {
		Text  string
		Until time.Time
	}
	// Probe lets as many calls as there are permits through to the release and
	// asks for a Probed of each that tells something.
	Probe struct {
		Round   uint64
		Permits int64
	}
	// Restore sends all calls to the release.
	Restore struct{ Text string }
)

func (Divert) action()  {}
func (Probe) action()   {}
func (Restore) action() {}

// doublings is how often the pause between two rounds of probes is doubled: 16
// times Open is the longest.
const doublings = 4

// Enabled reports whether the policy has a breaker at all.
func Enabled(p *rollout.Breaker) bool { return p.FaultRate > 0 || p.P95 > 0 }

// Step says what an event leads to; nil if nothing is to be done. It is pure.
func Step(p *rollout.Breaker, s State, e Event) (State, Action) {
	switch e := e.(type) {
	case Window:
		return s.window(p, e)
	case Tick:
		return s.tick(p, e)
	case Probed:
		return s.probed(p, e)
	case Unable:
		return s.unable(p, e)
	}
	return s, nil
}

// window opens a closed breaker.
func (s State) window(p *rollout.Breaker, w Window) (State, Action) {
	if s.Phase != Closed || w.From.Before(s.Since) || w.At.Before(s.Until) {
		return s, nil
	}
	why := broken(p, w)
	if why == "" {
		return s, nil
	}
	pauses := 0
	if s.soon(p, w.At) {
		pauses = s.Pauses + 1
	}
	s.Opened++
	return s.open(p, w.At, why, pauses)
}

// soon reports whether the breaker closed, or should have opened, not long ago.
func (s State) soon(p *rollout.Breaker, at time.Time) bool {
	return s.Opened > 0 && at.Before(s.Since.Add(p.Window+s.pause(p)))
}

// pause is how long the breaker stays open.
func (s State) pause(p *rollout.Breaker) time.Duration {
	return p.Open << s.Pauses
}

func (s State) open(p *rollout.Breaker, at time.Time, why string, pauses int) (State, Action) {
	s.Pauses = min(pauses, doublings)
	s.Phase, s.Since, s.Until, s.Good, s.Held, s.Reason = Open, at, at.Add(s.pause(p)), 0, false, why
	return s, Divert{Text: why, Until: s.Until}
}

// tick lets probes through when the time has come.
func (s State) tick(p *rollout.Breaker, t Tick) (State, Action) {
	if s.Phase != Open || t.At.Before(s.Until) {
		return s, nil
	}
	s.Phase, s.Since, s.Until = HalfOpen, t.At, time.Time{}
	s.Round++
	return s, Probe{Round: s.Round, Permits: probes(p)}
}

// probes is how many good ones close the breaker.
func probes(p *rollout.Breaker) int64 { return max(p.Probes, 1) }

func (s State) probed(p *rollout.Breaker, r Probed) (State, Action) {
	if s.Phase != HalfOpen || r.Round != s.Round {
		return s, nil
	}
	if !r.OK {
		return s.open(p, r.At, failed(s, r), s.Pauses+1)
	}
	if s.Good++; s.Good < probes(p) {
		return s, nil
	}
	return s.close(r.At, mended(s.Good))
}

func (s State) close(at time.Time, why string) (State, Action) {
	s.Phase, s.Since, s.Until, s.Good, s.Reason = Closed, at, time.Time{}, 0, why
	return s, Restore{Text: why}
}

// unable gives the release its calls back, for as long as it would not have had
// them.
func (s State) unable(p *rollout.Breaker, u Unable) (State, Action) {
	if s.Phase == Closed {
		return s, nil
	}
	s, action := s.close(u.At, helpless(s.Reason, u.Why))
	s.Held, s.Until = true, u.At.Add(s.pause(p))
	return s, action
}
