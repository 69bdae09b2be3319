package runtime

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/arm"
	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/experiment"
	"github.com/swapline/swapline/runtime/rollout"
	"github.com/swapline/swapline/runtime/store"
)

// What an experiment costs its host.
const (
	lookPart    = 20                     // of the time of the loop, at most, is spent looking: one part in so many
	looksFailed = 10                     // looks in a row that panic are the end: 51 s after the first, see failedLocked
	lookAgain   = 100 * time.Millisecond // after the first of them; after each the pause is twice as long
	noteEvery   = 5 * time.Second        // at least so often the record is written
	noteFirst   = 100 * time.Millisecond // at most so often, while little was measured
	notePart    = 4                      // between two notes is at most one part in so many of what was measured
	reportKept  = 500 * time.Millisecond // a report serves all who ask within this time
	warmingTime = time.Minute            // after which a release has done what it does at first only
)

// experimenting is an experiment under way: what it measures, beside the rollout
// that carries it. The rollout's loop looks at it; what ends it is a step of the
// rollout, and its end is stored with that step.
type experimenting struct {
	ro   *rolling
	plan *experiment.Plan
	set  *experiment.Set

	// Changed under the strategy's turn only.
	own *release // the reference's own instances of a paired one, held, until the pairs have them

	// Of the loop only.
	again  time.Time     // not before
	noted  time.Time     // the record was written; zero: it must be
	cost   time.Duration // of the last note
	equips time.Time     // not before
	wait   time.Duration // the last one for what did not load

	mu      sync.Mutex
	record  experimentRecord  // guarded by mu, as is all below: what was known when it began, or came back, or at the last note, or its end
	came    experimentRecord  // as the host found it when it came back
	serving bool              // this process serves, and time counts
	past    time.Duration     // measured by processes before
	masks   []string          // what all that is kept of answers is masked by
	stored  int               // so many of them are in the store
	earlier []compare.Answers // of the candidate, of the reference, of processes before; nil: none
	arms    [2]compare.Arm    // what they are, without numbers
	host    compare.Host      // on which; without a version of Go before both are known
	before  bool              // what was measured is lost, but record has a report of it, and there is none as good yet
	panics  int               // looks in a row
	retry   time.Duration     // the pause after the first of them
	track   experiment.Track
	looks   uint64 // that have begun
	seen    *sight // nil before the first look
	changed bool   // the verdict was, since it was told
	why     string // it ends by itself; "": it goes on
	over    bool   // its end is stored
	made    *compare.Report
	madeAt  time.Time
	pairing *pairing // of a paired one, once it runs
	lacks   string   // why the reference of a paired one has no instances of its own; "": it has
}

// sight is one look.
type sight struct {
	number  uint64 // looks that began later have greater ones
	finding experiment.Finding
	tally   *experiment.Tally
	since   time.Duration
}

// carrier is the policy of the rollout that carries the experiment, or the strategy's
// own if none is wished for. A candidate that an experiment promotes is watched as
// after any switch of the strategy.
func (w wish) carrier(own *rollout.Policy, of string) (*rollout.Policy, string) {
	if w.experiment == nil {
		return own, of
	}
	policy := w.experiment.Policy()
	policy.Switch = own.Switch
	return policy, policyOfExperiment
}

// policyOfExperiment is where the policy of a rollout comes from that carries one.
const policyOfExperiment = "experiment"

// carry begins an experiment with the rollout.
func (ro *rolling) carry(plan *experiment.Plan) {
	record := experimentRecord{Plan: plan.Encode(), Hash: plan.Hash(), Verdict: nothingYet(), Measured: ro.rt.cfg.Now().UTC()}
	x := &experimenting{ro: ro, plan: plan, set: experiment.NewSet(plan), record: record, arms: unknownArms(), noted: time.Now(), serving: true, retry: lookAgain}
	x.masks = joinedMasks(plan.Mask, ro.s.beside.masks())
	ro.experiment = x
	record.Masks, x.stored = x.masks, len(x.masks)
	record.Progress = x.leaves()
	ro.record.Experiment = record.encode()
}

// recarry goes on with a stored experiment: the host came back.
func (ro *rolling) recarry(stored store.Rollout) error {
	if len(stored.Experiment) == 0 {
		return nil
	}
	record, err := decodeExperiment(stored.Experiment)
	if err != nil {
		return err
	}
	x := &experimenting{ro: ro, record: record, arms: unknownArms(), over: !record.Ended.IsZero(), retry: lookAgain}
	if x.plan, err = planOf(record); err != nil {
		return err
	}
	x.masks = x.plan.Mask
	if x.set = experiment.NewSet(x.plan); !x.over {
		point, err := x.pointOf(record)
		x.comeBack(record, point, err)
	}
	ro.experiment = x
	return nil
}

func planOf(stored experimentRecord) (*experiment.Plan, error) {
	doc, err := wire.ParseJSONMap(stored.Plan)
	if err != nil {
		return nil, err
	}
	return experiment.Decode(doc)
}

// measures reports whether calls of a rollout in this state are the experiment's.
func (x *experimenting) measures(s rollout.State) bool {
	phase := s.Phase
	if phase == rollout.Paused {
		phase = s.From
	}
	if x.pairs() {
		return phase == rollout.Shadowing
	}
	return phase == rollout.Running && s.Stage == 0
}

// splits is where the calls of a stage are counted for the experiment; nil for
// nowhere.
func (x *experimenting) splits(stage int) *experiment.Set {
	if x == nil || x.pairs() || stage != 0 || x.isOver() {
		return nil
	}
	return x.set
}

// experimentCall is what was measured of a call as the experiment counts it.
func experimentCall(candidate bool, k arm.Key, c *arm.Call) experiment.Call {
	return experiment.Call{Candidate: candidate, Key: k.Hash, Keyed: k.Given, Latency: c.Latency, Fault: c.Fault, Business: c.Business,
		Code: c.Code, Instructions: c.Instructions, Out: c.Out, Text: c.Text}
}

func (x *experimenting) isOver() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.over
}

// glance looks at what was counted, writes down from time to time what is known,
// and ends the experiment when its plan says so.
func (x *experimenting) glance() {
	if x == nil || time.Now().Before(x.again) || x.isOver() {
		return
	}
	x.again = time.Now().Add(x.look())
	switch {
	case time.Now().Before(x.ro.again): // the store refused something
	case x.ending() != "":
		x.conclude()
	case len(x.ro.s.turn) == 0 && x.mustNote():
		x.note()
	}
}

// guarded keeps a mistake in what is only measured from taking the host with it.
func (x *experimenting) guarded(f func()) {
	defer func() {
		if p := recover(); p != nil {
			fault := driver.PanicFault(p)
			x.ro.rt.cfg.Log.Error("panic in an experiment", "strategy", x.ro.s.name, "rollout", x.ro.id(), "error", fault.Message, "stack", fault.Stack)
		}
	}()
	f()
}

// word is what a verdict is worth telling for.
func (s *sight) word() string {
	return string(s.finding.Verdict.Word) + " " + s.finding.Verdict.Blocked
}

// ends says why the experiment ends now, "" if it does not.
func (x *experimenting) ends(s *sight) string {
	switch {
	case s.finding.Decided && x.plan.Stop != experiment.StopTime:
		return "decided: " + s.finding.Verdict.Sentence
	case s.since >= x.plan.For:
		return "the time is over: " + s.finding.Verdict.Sentence
	}
	return ""
}

func (x *experimenting) ending() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.why
}

// conclude ends the experiment by a step of the rollout. It is tried again until
// that could be stored.
func (x *experimenting) conclude() {
	command := rollout.Command{At: x.ro.rt.cfg.Now(), Verb: rollout.VerbAbort, Actor: itself, Why: x.ending()}
	e := rollout.Event(command)
	if x.promotes() {
		command.Verb = rollout.VerbPromote
		e = atOnce{command}
	}
	if err := x.ro.handleIf(x.ro.ctx, e, x.mayEnd); err != nil && !x.isOver() {
		x.ro.rest(err)
		return
	}
	x.ro.pause = 0
}

// mayEnd refuses to end what has ended.
func (x *experimenting) mayEnd() error {
	x.ro.mu.Lock()
	record := x.ro.record
	x.ro.mu.Unlock()
	if x.isOver() {
		return experimentOver(record)
	}
	return nil
}

// promotes reports whether the plan makes the candidate stable, and the verdict
// lets it.
func (x *experimenting) promotes() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.plan.Then == experiment.ThenPromote && x.seen != nil && x.plan.Allows(experiment.Block(x.seen.finding.Verdict, x.healthLocked()))
}

// endIn writes the experiment's end into a step that ends it.
func (x *experimenting) endIn(st *step) {
	if x == nil || x.isOver() || x.measures(st.state) {
		return
	}
	last := x.last(st.change.Rollout.Changed, st.state.Reason)
	st.experiment, st.change.Rollout.Experiment = &last, last.encode()
}

// last is what is known at the end. An end that the plan did not foresee makes the
// report a partial one, unless the plan's question was answered by then.
func (x *experimenting) last(at time.Time, reason string) experimentRecord {
	x.look()
	x.mu.Lock()
	why, seen := x.why, x.seen
	x.mu.Unlock()
	partial := ""
	switch {
	case why != "" && strings.Contains(reason, why):
		reason = why
	case why == "" && (seen == nil || !seen.finding.Decided):
		partial = "it ended before its plan did: " + reason
	}
	switch {
	case x.isBroken():
		partial = reason
	case partial == "" && x.aged():
		partial = "what was measured was lost and too little was measured since: this is what was known before"
	}
	record := x.known(at, partial)
	record.Ended, record.Reason, record.Progress = at, reason, nil
	return record
}

// settled takes note that a step is stored.
func (x *experimenting) settled(before rollout.Phase, st *step) {
	if x == nil {
		return
	}
	if before == "" {
		x.mu.Lock()
		begun := x.record
		x.mu.Unlock()
		x.tell("started", begun)
	}
	if st.experiment == nil {
		return
	}
	x.mu.Lock()
	x.over, x.record = true, *st.experiment
	x.mu.Unlock()
	x.ro.rt.telemetry.experimentEnded(context.Background(), x.ro.s.name, x.plan.Mode, string(st.experiment.Verdict.Word))
	x.tell("ended", *st.experiment)
}

// adopt takes over an end that somebody else has stored.
func (x *experimenting) adopt(record store.Rollout) {
	if x == nil {
		return
	}
	stored, err := decodeExperiment(record.Experiment)
	if err != nil || stored.Ended.IsZero() {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.over, x.record = true, stored
}

// tell tells listeners of the experiment, without its plan.
func (x *experimenting) tell(what string, record experimentRecord) {
	v := x.ro.rt.experimentOf(context.Background(), x.ro.carrier(), x.plan, record)
	v.Plan, v.Arms = nil, nil
	x.ro.rt.tell("experiment."+what, x.ro.s.name, v)
}

// carrier is the rollout's record as it is stored.
func (ro *rolling) carrier() store.Rollout {
	ro.mu.Lock()
	defer ro.mu.Unlock()
	return ro.record
}

// atOnce is a promotion that does not wait for the stage's time.
type atOnce struct{ rollout.Command }

// step is the machine's. What is promoted at once is paused on the way, as a person
// would do it.
func (ro *rolling) step(s rollout.State, e rollout.Event) (rollout.State, []rollout.Action, error) {
	now, is := e.(atOnce)
	if !is {
		return ro.policy.Step(s, e)
	}
	if s.Phase != rollout.Paused && !s.Held {
		pause := now.Command
		pause.Verb = rollout.VerbPause
		paused, _, err := ro.policy.Step(s, pause)
		if err != nil {
			return s, nil, err
		}
		s = paused
	}
	return ro.policy.Step(s, now.Command)
}
