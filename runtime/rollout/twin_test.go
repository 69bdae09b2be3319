package rollout

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// twin is the machine again, as naive as can be: a list of what there is to go
// through, a place in it, and flags. It shares nothing with the machine but what the
// guards think.
type twin struct {
	p       *Policy
	path    []string // "replay", "shadow", then "stage 0", "stage 1", ...
	place   int
	ended   string
	began   bool
	waits   bool // for Published or Replayed
	paused  bool
	held    bool
	open    bool
	final   bool
	traffic bool
	stable  bool
	since   time.Time
	before  *Sample
	missing []string
	judged  int
	told    string
	said    int
	out     []string
	// while watching: when all was well, when something was suspected, what had been
	// done until then, and what was excused.
	well      time.Time
	suspected time.Time
	until     *Sample
	excused   *Sample
}

func newTwin(p *Policy) *twin {
	w := &twin{p: p}
	if p.Replay != nil {
		w.path = append(w.path, "replay")
	}
	if p.Shadow != nil {
		w.path = append(w.path, "shadow")
	}
	for i := range p.Stages {
		w.path = append(w.path, fmt.Sprint("stage ", i))
	}
	return w
}

func (w *twin) here() string { return w.path[w.place] }

func (w *twin) index() int {
	return max(0, w.place-(len(w.path)-len(w.p.Stages)))
}

func (w *twin) last() bool { return w.place == len(w.path)-1 }

func (w *twin) say(words ...string) { w.out = append(w.out, strings.Join(words, "")) }

func (w *twin) arrive(now time.Time) {
	w.since, w.well, w.held, w.open, w.paused = now, now, false, false, false
	w.missing, w.judged, w.told, w.said = nil, 0, "", 0
	w.until, w.excused = nil, nil
	w.ask()
}

func (w *twin) ask() {
	w.waits = true
	st := w.p.Stages[w.index()]
	switch {
	case w.here() == "replay":
		w.say("run the replay")
	case w.here() == "shadow":
		w.say("set weight 0 %, with shadow")
	case w.last():
		w.say("make stable")
	case st.Baseline:
		w.say("set weight ", st.Weight.String(), " %, baseline ", st.Weight.String(), " %")
	default:
		w.say("set weight ", st.Weight.String(), " %")
	}
}

func (w *twin) next(now time.Time) {
	w.say("decide promote")
	if w.last() {
		w.ended, w.waits = "promoted", false
		w.say("finish")
		return
	}
	w.place++
	w.arrive(now)
}

func (w *twin) back(how string, withdrawn bool) {
	w.ended, w.waits = how, false
	w.say("return", map[bool]string{true: ", withdrawn", false: ""}[withdrawn])
}

func (w *twin) fall() string {
	if w.traffic {
		return "rolled_back"
	}
	return "blocked"
}

// feed takes an event and reports whether it was refused.
func (w *twin) feed(e Event) (refused bool) {
	w.out = nil
	c, isCommand := e.(Command)
	if isCommand && (!w.began || w.ended != "") {
		return true
	}
	s, isStart := e.(Start)
	if isStart && !w.began {
		w.began = true
		if len(w.p.Stages) == 1 {
			w.before = s.Current
		}
		w.say("decide promote")
		w.arrive(s.At)
		return false
	}
	if !w.began || w.ended != "" {
		return false
	}
	switch e := e.(type) {
	case Published:
		w.published(e)
	case Failed:
		w.final = e.Final
		w.say("decide rollback")
		w.back(w.fall(), w.stable)
	case Restarted:
		w.restarted(e)
	case Replayed:
		w.replayed(e)
	case Observed:
		w.observed(e)
	}
	return isCommand && w.command(c)
}

func (w *twin) published(e Published) {
	if !w.waits || w.here() == "replay" {
		return
	}
	w.waits, w.since, w.well = false, e.At, e.At
	if w.here() != "shadow" {
		w.traffic = true
	}
	w.stable = w.last()
	if w.last() && len(w.p.Stages) == 1 && !w.paused {
		st := w.p.Stages[0]
		if st.For == 0 && !st.Gate && len(w.p.Guards)+len(st.Guards) == 0 {
			w.next(e.At)
		}
	}
}

func (w *twin) restarted(e Restarted) {
	w.say("decide hold")
	w.since, w.well, w.held, w.missing, w.judged, w.told, w.said = e.At, e.At, false, nil, 0, "", 0
	w.until, w.excused = nil, nil
	if w.here() != "shadow" && w.here() != "replay" {
		w.traffic = true
	}
	w.stable = w.last()
	if !w.last() || w.waits {
		w.ask()
	}
	if w.last() && w.before != nil {
		b := *w.before
		b.Latency.N, b.Units.N = 0, 0
		b.Latency.Buckets, b.Units.Buckets = nil, nil
		w.before = &b
	}
}

func (w *twin) replayed(e Replayed) {
	if w.here() != "replay" {
		return
	}
	switch {
	case float64(e.Different) > w.p.Replay.Different*float64(e.Compared):
		w.final = true
		w.say("decide rollback by replay")
		w.back("blocked", false)
	case e.Compared < int64(w.p.Replay.AtLeast):
		w.say("decide rollback by replay")
		w.back("blocked", false)
	default:
		w.next(e.At)
	}
}

func (w *twin) phase() Phase {
	switch {
	case w.here() == "replay":
		return Replaying
	case w.here() == "shadow":
		return Shadowing
	case w.last():
		return Watching
	}
	return Running
}

func (w *twin) observed(e Observed) {
	if w.waits || w.here() == "replay" || e.At.Before(w.since) {
		return
	}
	opinions, doubt := w.opinions(e)
	w.missing, w.judged = w.lacks(e, opinions), len(opinions)
	if w.phase() == Running && w.place == len(w.path)-2 && e.Stable != nil {
		b := *e.Stable
		b.Guards = nil
		w.before = &b
	}
	for _, j := range opinions {
		if j.Opinion == Breached {
			w.final = true
			w.say("decide rollback by ", j.Guard)
			w.back(w.fall(), w.stable)
			return
		}
	}
	st := w.p.Stages[w.index()]
	least, most, pause := st.For, st.For+st.Hold, st.Then != ThenRollback
	if w.here() == "shadow" {
		least, most, pause = w.p.Shadow.For, w.p.Shadow.For+w.p.Shadow.Hold, true
	}
	lasted := e.At.Sub(w.since)
	if w.paused || lasted < least {
		return
	}
	if len(w.missing) == 0 {
		w.next(e.At)
		return
	}
	if w.until != nil && e.At.Before(w.surely(doubt)) {
		w.held = true
		return
	}
	if w.last() && len(w.p.Stages) == 1 && (!st.Gate || w.open) {
		w.next(e.At)
		return
	}
	if lasted >= most && pause {
		w.paused, w.held = true, true
		w.say("decide hold")
		return
	}
	if lasted >= most {
		w.say("decide rollback")
		w.back(w.fall(), w.stable)
		return
	}
	w.hold()
}

func (w *twin) hold() {
	w.held = true
	if told := strings.Join(w.missing, ", "); told != w.told && w.said < 8 {
		w.told, w.said = told, w.said+1
		w.say("decide hold")
	}
}

// opinions are what the guards think. At 100 % a breach is only suspected at first,
// unless it is plain: it has to be there in what comes five seconds later, too.
func (w *twin) opinions(e Observed) ([]Judgement, time.Duration) {
	doubt := min(5*time.Second, w.p.Stages[w.index()].For/2)
	s := State{Phase: w.phase(), Stage: w.index(), Before: w.before}
	if !w.last() {
		return w.p.judge(s, e), 0
	}
	whole, from := e.Candidate, w.excused
	again := w.until != nil && !e.At.Before(w.suspected.Add(doubt))
	if again {
		from = w.until
	}
	if from != nil {
		e.Candidate = minus(whole, from)
	}
	opinions := w.p.judge(s, e)
	first := slices.IndexFunc(opinions, func(j Judgement) bool { return j.Opinion == Breached })
	if doubt == 0 || slices.ContainsFunc(opinions, func(j Judgement) bool { return j.Opinion == Breached && j.Plain }) {
		return opinions, doubt
	}
	if again && first < 0 && !e.At.Before(w.surely(doubt)) && e.Candidate.Calls >= w.p.Switch.Calls {
		w.excused, w.until = w.until, nil
	}
	if w.until == nil && first < 0 && slices.IndexFunc(opinions, func(j Judgement) bool { return j.Evidence > 0.1 }) < 0 {
		w.well = e.At
	}
	if again || w.until == nil && first < 0 {
		return opinions, doubt
	}
	fresh := w.until == nil
	w.until = whole
	if fresh {
		w.suspected = e.At
		if w.said < 8 {
			w.said++
			w.say("decide hold by ", opinions[first].Guard)
		}
	}
	for i := range opinions {
		if opinions[i].Opinion == Breached {
			opinions[i].Opinion = Undecided
		}
	}
	return opinions, doubt
}

// surely is when a second look has lasted twice as long as it had not been well before.
func (w *twin) surely(doubt time.Duration) time.Time {
	first := 2 * w.suspected.Sub(w.well)
	if first < doubt {
		first = doubt
	}
	if most := w.p.Stages[w.index()].For; first > most {
		first = most
	}
	return w.suspected.Add(doubt).Add(first)
}

func minus(a, b *Sample) *Sample {
	if b.Calls > a.Calls {
		return a
	}
	d := Sample{Calls: a.Calls - b.Calls, Faults: a.Faults - b.Faults, Business: a.Business - b.Business, Memory: a.Memory,
		Latency: a.Latency.Sub(b.Latency), Units: a.Units.Sub(b.Units)}
	for i := range a.Guards {
		x, y := a.Guards[i], b.Guards[i]
		d.Guards = append(d.Guards, Count{x.Units - y.Units, x.Firsts - y.Firsts, x.Opening - y.Opening, x.Trials - y.Trials, x.Events - y.Events, x.Sum - y.Sum, x.Squares - y.Squares})
	}
	return &d
}

func (w *twin) lacks(e Observed, opinions []Judgement) (out []string) {
	few := func(name string, s *Sample, least int64) {
		if s == nil && least > 0 || s != nil && s.Calls < least {
			out = append(out, "calls of "+name)
		}
	}
	st := w.p.Stages[w.index()]
	if w.here() == "shadow" {
		few("shadow", e.Shadow, w.p.Shadow.Calls)
	} else {
		few("candidate", e.Candidate, st.Calls)
	}
	if w.phase() == Running {
		for _, a := range []struct {
			name string
			*Sample
		}{{"stable", e.Stable}, {"baseline", e.Baseline}} {
			if slices.ContainsFunc(append(slices.Clone(w.p.Guards), st.Guards...), func(g Guard) bool { return g.Versus == a.name }) {
				few(a.name, a.Sample, st.Calls)
			}
		}
	}
	for _, j := range opinions {
		if j.Opinion != Passed {
			out = append(out, "guard "+j.Guard)
		}
	}
	if w.until != nil {
		out = append(out, "second look")
	}
	if w.here() != "shadow" && st.Gate && !w.open {
		out = append(out, "gate")
	}
	return out
}

func (w *twin) command(c Command) (refused bool) {
	gated := w.here() != "shadow" && w.here() != "replay" && w.p.Stages[w.index()].Gate && !w.open
	switch c.Verb {
	case VerbAbort:
		w.say("decide rollback")
		w.back("aborted", w.last())
		return false
	case VerbPause:
		if w.here() == "replay" || w.paused {
			return true
		}
		w.paused = true
		w.say("decide hold")
		return false
	case VerbResume:
		if !w.paused {
			return true
		}
		w.paused, w.held, w.since, w.told, w.said = false, false, c.At, "", 0
		w.say("decide hold")
		return false
	case VerbPromote:
		if w.here() == "replay" || w.waits {
			return true
		}
		if w.held || w.paused {
			w.next(c.At)
			return false
		}
		if gated {
			w.open = true
			w.say("decide hold")
			return false
		}
	}
	return true
}

// state spells what both have to agree on.
func (w *twin) state() string {
	switch {
	case !w.began:
		return ""
	case w.ended != "":
		return fmt.Sprint(w.ended, " final=", w.final)
	}
	weight := Weight(0)
	if w.traffic || w.phase() == Running || w.phase() == Watching {
		weight = w.p.Stages[w.index()].Weight
	}
	return fmt.Sprint(w.phase(), " paused=", w.paused, " stage=", w.index(), " weight=", weight, " held=", w.held, " waits=", w.waits, " open=", w.open)
}

func spellForTwin(s State) string {
	switch {
	case s.Phase == "":
		return ""
	case s.Phase.Ended():
		return fmt.Sprint(s.Phase, " final=", s.Final)
	}
	return fmt.Sprint(s.active(), " paused=", s.Phase == Paused, " stage=", s.Stage, " weight=", s.Weight, " held=", s.Held, " waits=", s.Awaiting, " open=", s.Gone)
}

// TestTheMachineDoesWhatItsDumbTwinDoes runs both on the same random events.
func TestTheMachineDoesWhatItsDumbTwinDoes(t *testing.T) {
	seen, excused := map[Phase]int{}, 0
	for seed := range uint64(350) {
		g := newChance(seed)
		p := g.policy()
		w, s := newTwin(p), State{}
		var story []string
		for range 60 {
			e := g.event(p, s)
			next, actions, err := p.Step(s, e)
			var spelled []string
			for _, a := range actions {
				spelled = append(spelled, spellAction(a))
			}
			refused := w.feed(e)
			story = append(story, fmt.Sprintf("%T: %v %s | %v %s", e, spelled, spellForTwin(next), w.out, w.state()))
			if refused != (err != nil) || !slices.Equal(spelled, w.out) || spellForTwin(next) != w.state() {
				t.Fatalf("seed %d, policy %s: refused %v and %v\n%s", seed, p.Encode(), err, refused, strings.Join(story, "\n"))
			}
			if s.Suspect != nil && next.Suspect == nil && next.Zero != nil {
				excused++
			}
			s = next
		}
		seen[s.Phase]++
	}
	if excused == 0 {
		t.Error("no suspicion was ever dropped")
	}
	for _, p := range []Phase{Promoted, RolledBack, Blocked, Aborted} {
		if seen[p] < 6 {
			t.Errorf("only %d of the stories end as %s: %v", seen[p], p, seen)
		}
	}
}
