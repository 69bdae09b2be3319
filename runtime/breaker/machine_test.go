package breaker_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/breaker"
	"github.com/swapline/swapline/runtime/rollout"
)

// twin is the dumb form of the machine: a list of all that happened, read from its
// beginning for every question.
type twin struct {
	policy rollout.Breaker
	log    []line
}

type line struct {
	what string // open, probe, good, close, unable
	at   time.Time
}

func (w *twin) note(what string, at time.Time) { w.log = append(w.log, line{what, at}) }

// last is the newest line that is not "good", and how many of these follow it.
func (w *twin) last() (l line, good int64) {
	for i := len(w.log) - 1; i >= 0; i-- {
		if w.log[i].what != "good" {
			return w.log[i], good
		}
		good++
	}
	return line{"close", zero}, good
}

// pause is how long the newest opening lasts.
func (w *twin) pause() time.Duration {
	pause := w.policy.Open
	var before line
	for _, l := range w.log {
		if l.what == "open" && before.what == "probe" ||
			l.what == "open" && before.what != "" && l.at.Before(before.at.Add(w.policy.Window+pause)) {
			pause = min(2*pause, 16*w.policy.Open)
		} else if l.what == "open" {
			pause = w.policy.Open
		}
		if l.what != "good" {
			before = l
		}
	}
	return pause
}

func (w *twin) rounds() (n uint64) {
	for _, l := range w.log {
		if l.what == "probe" {
			n++
		}
	}
	return n
}

func (w *twin) hear(e breaker.Event) {
	last, good := w.last()
	switch e := e.(type) {
	case breaker.Window:
		waits := last.what == "unable" && e.At.Before(last.at.Add(w.pause()))
		if (last.what == "close" || last.what == "unable") && !waits && !e.From.Before(last.at) && w.crossed(e) {
			w.note("open", e.At)
		}
	case breaker.Tick:
		if last.what == "open" && !e.At.Before(last.at.Add(w.pause())) {
			w.note("probe", e.At)
		}
	case breaker.Probed:
		if last.what != "probe" || e.Round != w.rounds() {
			return
		}
		switch {
		case !e.OK:
			w.note("open", e.At)
		case good+1 >= w.policy.Probes:
			w.note("close", e.At)
		default:
			w.note("good", e.At)
		}
	case breaker.Unable:
		if last.what == "open" || last.what == "probe" {
			w.note("unable", e.At)
		}
	}
}

func (w *twin) crossed(e breaker.Window) bool {
	if e.Calls < w.policy.Calls || e.Calls == 0 {
		return false
	}
	return w.policy.FaultRate > 0 && float64(e.Faults)/float64(e.Calls) > w.policy.FaultRate+1e-12 ||
		w.policy.P95 > 0 && 20*e.Slow > e.Calls
}

func (w *twin) String() string {
	last, good := w.last()
	phase := map[string]breaker.Phase{"open": breaker.Open, "probe": breaker.HalfOpen, "close": breaker.Closed, "unable": breaker.Closed}[last.what]
	text := fmt.Sprintf("%s since=%s round=%d good=%d", phase, since(last.at), w.rounds(), good)
	if last.what == "open" || last.what == "unable" {
		text += " until=" + since(last.at.Add(w.pause()))
	}
	return text
}

func brief(s breaker.State) string {
	text := fmt.Sprintf("%s since=%s round=%d good=%d", s.Phase, since(s.Since), s.Round, s.Good)
	if !s.Until.IsZero() {
		text += " until=" + since(s.Until)
	}
	return text
}

// story is random events in the order of their time.
type story struct {
	*rand.Rand
	at    time.Time
	round uint64
}

func (s *story) policy() rollout.Breaker {
	p := rollout.Breaker{Window: time.Duration(1+s.IntN(20)) * time.Second, Calls: s.Int64N(60), Open: time.Duration(1+s.IntN(10)) * time.Second, Probes: s.Int64N(6)}
	if s.IntN(4) > 0 {
		p.FaultRate = float64(1+s.IntN(100)) / 100
	}
	if s.IntN(4) > 0 {
		p.P95 = time.Second
	}
	return p
}

func (s *story) event() breaker.Event {
	s.at = s.at.Add(time.Duration(s.IntN(4000)) * time.Millisecond)
	switch s.IntN(12) {
	case 0:
		return breaker.Unable{At: s.at}
	case 1, 2, 3, 4:
		return breaker.Probed{At: s.at, Round: s.round - uint64(s.IntN(8)/7), OK: s.IntN(6) > 0}
	case 5, 6, 7, 8:
		return breaker.Tick{At: s.at}
	}
	calls := s.Int64N(120)
	return breaker.Window{From: s.at.Add(-time.Duration(s.IntN(9)) * time.Second), At: s.at, Calls: calls, Faults: s.Int64N(calls/2 + 1), Slow: s.Int64N(calls/8 + 1)}
}

func TestTheMachineDoesWhatItsTwinDoes(t *testing.T) {
	phases := map[breaker.Phase]int{}
	for seed := range uint64(300) {
		s := &story{Rand: rand.New(rand.NewPCG(seed, 1)), at: zero}
		p := s.policy()
		w, state := &twin{policy: p}, breaker.Begin(zero)
		for step := range 200 {
			e := s.event()
			w.hear(e)
			state, _ = breaker.Step(&p, state, e)
			s.round = state.Round
			phases[state.Phase]++
			if brief(state) != w.String() {
				t.Fatalf("seed %d, step %d, %T: %s, the twin says %s", seed, step, e, brief(state), w)
			}
		}
	}
	if len(phases) != 3 || phases[breaker.HalfOpen] < 1000 {
		t.Errorf("the stories go too rarely everywhere: %v", phases)
	}
}

// TestWhatAlwaysHolds looks at random stories from outside.
func TestWhatAlwaysHolds(t *testing.T) {
	for seed := range uint64(300) {
		s := &story{Rand: rand.New(rand.NewPCG(seed, 2)), at: zero}
		p := s.policy()
		state := breaker.Begin(zero)
		var opened time.Time
		var permits int64
		for range 300 {
			e, before := s.event(), state
			var action breaker.Action
			state, action = breaker.Step(&p, before, e)
			s.round = state.Round
			switch a := action.(type) {
			case breaker.Divert:
				if w, ok := e.(breaker.Window); ok && (w.Calls < p.Calls || w.Calls == 0 || w.From.Before(before.Since)) {
					t.Fatalf("seed %d: it opens with %+v of a policy %+v", seed, w, p)
				}
				if r, ok := e.(breaker.Probed); ok && (r.OK || before.Phase != breaker.HalfOpen) {
					t.Fatalf("seed %d: it opens again by %+v", seed, r)
				}
				if pause := a.Until.Sub(s.at); pause < p.Open || pause > 16*p.Open {
					t.Fatalf("seed %d: it stays open for %s of %s", seed, pause, p.Open)
				}
				opened = s.at
			case breaker.Probe:
				if s.at.Before(opened.Add(p.Open)) || a.Permits != max(1, p.Probes) || a.Round != before.Round+1 {
					t.Fatalf("seed %d: it probes at %s, open since %s: %+v", seed, s.at, opened, a)
				}
				permits = a.Permits
			case breaker.Restore:
				if _, unable := e.(breaker.Unable); !unable && permits != 1 {
					t.Fatalf("seed %d: it closes with %d probes missing", seed, permits)
				}
			case nil:
				if state.Phase != before.Phase {
					t.Fatalf("seed %d: from %s to %s without a word", seed, before.Phase, state.Phase)
				}
			}
			if r, ok := e.(breaker.Probed); ok && r.OK && r.Round == before.Round && before.Phase == breaker.HalfOpen {
				permits--
			}
			if !breaker.Enabled(&p) && state.Phase != breaker.Closed {
				t.Fatalf("seed %d: a policy without bounds opens", seed)
			}
		}
	}
}

func TestSentencesSayWhatWasSeenAndWhatIsAllowed(t *testing.T) {
	p := rollout.Breaker{FaultRate: 0.05, P95: 800 * time.Millisecond, Window: 10 * time.Second, Calls: 50, Open: 5 * time.Second, Probes: 2}
	at := func(s int) time.Time { return zero.Add(time.Duration(s) * time.Second) }
	open, _ := breaker.Step(&p, breaker.Begin(zero), breaker.Window{From: zero, At: at(10), Calls: 60, Faults: 6})
	slow, _ := breaker.Step(&p, breaker.Begin(zero), breaker.Window{From: zero, At: at(10).Add(1234567), Calls: 250, Slow: 23})
	half, _ := breaker.Step(&p, open, breaker.Tick{At: at(20)})
	bad, _ := breaker.Step(&p, half, breaker.Probed{At: at(21), Round: 1, Why: "it panicked"})
	mute, _ := breaker.Step(&p, half, breaker.Probed{At: at(21), Round: 1})
	good, _ := breaker.Step(&p, half, breaker.Probed{At: at(21), Round: 1, OK: true})
	good, _ = breaker.Step(&p, good, breaker.Probed{At: at(21), Round: 1, OK: true})
	unable, _ := breaker.Step(&p, open, breaker.Unable{At: at(11), Why: "there was no release before"})
	for _, c := range []struct{ got, want string }{
		{open.Reason, "10 % of 60 calls within 10s were faults, allowed are 5 %"},
		{slow.Reason, "9.2 % of 250 calls within 10s took longer than 800ms, allowed are 5 %"},
		{bad.Reason, "probe 1 of round 1 failed: it panicked"},
		{mute.Reason, "probe 1 of round 1 failed: it did not answer as it should"},
		{good.Reason, "2 probes in a row were good"},
		{unable.Reason, "10 % of 60 calls within 10s were faults, allowed are 5 %; the release serves on because no fallback can answer: there was no release before"},
	} {
		if c.got != c.want {
			t.Errorf("got  %s\nwant %s", c.got, c.want)
		}
	}
	p.Probes = 1
	one, action := breaker.Step(&p, half, breaker.Probed{At: at(21), Round: 1, OK: true})
	if text := action.(breaker.Restore).Text; one.Reason != "a probe was good" || text != one.Reason || strings.Contains(text, "row") {
		t.Errorf("one probe: %q, %q", one.Reason, text)
	}
}

// TestExactlyTheBoundIsAllowed has parts whose product is not exact.
func TestExactlyTheBoundIsAllowed(t *testing.T) {
	for percent := range int64(99) {
		p := rollout.Breaker{FaultRate: float64(percent+1) / 100, Window: time.Second, Calls: 1}
		for _, all := range []int64{100, 700, 1900, 1_000_000, 100_000_000} {
			exact := all / 100 * (percent + 1)
			w := breaker.Window{From: zero, At: zero.Add(time.Second), Calls: all, Faults: exact}
			if _, action := breaker.Step(&p, breaker.Begin(zero), w); action != nil {
				t.Errorf("%d of %d open at %g", w.Faults, all, p.FaultRate)
			}
			w.Faults++
			if _, action := breaker.Step(&p, breaker.Begin(zero), w); action == nil {
				t.Errorf("%d of %d do not open at %g", w.Faults, all, p.FaultRate)
			}
		}
	}
}

func TestAWindowReachesBackForItsLength(t *testing.T) {
	const length = 16 * time.Second
	s := breaker.NewSliding(length, zero, breaker.Total{Calls: 1000})
	calls := int64(1000)
	for step := 1; step <= 400; step++ { // 10 calls in a second, looked at four times in it
		now := zero.Add(time.Duration(step) * 250 * time.Millisecond)
		calls += 5 * int64(step%2)
		w := s.Window(now, breaker.Total{Calls: calls, Faults: 7, Slow: 3})
		span := w.At.Sub(w.From)
		if w.At != now || span > now.Sub(zero) || span < min(length, now.Sub(zero)) || span > length+length/16+250*time.Millisecond {
			t.Fatalf("at %s the window is %s long", now.Sub(zero), span)
		}
		if far := w.Calls - int64(span/(100*time.Millisecond)); far < -5 || far > 5 {
			t.Fatalf("at %s there are %d calls in %s", now.Sub(zero), w.Calls, span)
		}
		if began := w.From.Equal(zero); began != (w.Faults == 7) || began != (w.Slow == 3) {
			t.Fatalf("at %s: %+v", now.Sub(zero), w)
		}
	}
	s.Restart(zero.Add(time.Hour), breaker.Total{Calls: calls})
	if w := s.Window(zero.Add(time.Hour+time.Second), breaker.Total{Calls: calls + 3}); w.Calls != 3 || !w.From.Equal(zero.Add(time.Hour)) {
		t.Errorf("after a restart: %+v", w)
	}
}
