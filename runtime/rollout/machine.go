package rollout

import (
	"time"

	"github.com/swapline/swapline/runtime/histogram"
)

// Phase is where a rollout is.
type Phase string

const (
	Replaying  Phase = "replaying"   // recorded inputs run through the candidate
	Shadowing  Phase = "shadowing"   // copies of live inputs run through it
	Running    Phase = "running"     // it has a share of the traffic
	Paused     Phase = "paused"      // as running, but waits for a person
	Watching   Phase = "watching"    // it is stable, and the release before is at hand
	Promoted   Phase = "promoted"    // ended: it is stable
	RolledBack Phase = "rolled_back" // ended: it was taken out again
	Blocked    Phase = "blocked"     // ended before it got traffic
	Aborted    Phase = "aborted"     // ended by a person
)

// Ended reports whether nothing follows.
func (p Phase) Ended() bool {
	return p == Promoted || p == RolledBack || p == Blocked || p == Aborted
}

// State is a rollout at one moment. It is a value that survives JSON.
type State struct {
	Phase  Phase  `json:"phase"`
	From   Phase  `json:"from,omitempty"` // what a paused rollout does otherwise
	Stage  int    `json:"stage"`          // index of Policy.Stages
	Weight Weight `json:"weight"`         // asked for; served unless Awaiting
	// Entered is when the stage began, Since from when its time counts: later than
	// Entered after a restart or a pause.
	Entered time.Time `json:"entered"`
	Since   time.Time `json:"since"`
	// Awaiting says that Published or Replayed is to come; until then nothing that
	// is observed counts.
	Awaiting bool `json:"awaiting,omitempty"`
	// Served says that the candidate was given traffic or copies of it.
	Served bool `json:"served,omitempty"`
	// Live says that the candidate is stable or, after a restart, may be.
	Live   bool        `json:"live,omitempty"`
	Held   bool        `json:"held,omitempty"` // undecided after its time
	Gone   bool        `json:"gone,omitempty"` // a person let the stage's gate go
	Judged []Judgement `json:"judged,omitempty"`
	// Missing is what the stage lacked, besides time, when it was last observed.
	Missing []Need `json:"missing,omitempty"`
	// Told is what the last sentence about a hold said is missing, Said how many
	// such sentences there were at this stage.
	Told   string `json:"told,omitempty"`
	Said   int    `json:"said,omitempty"`
	Reason string `json:"reason,omitempty"` // the last decision's sentence
	// Final says of an ended rollout that a guard or the replay, or who sent Failed,
	// found the candidate bad: the same digest need not try again.
	Final bool `json:"final,omitempty"`
	// Before is what the release before did, for Watching; without what its guards
	// counted.
	Before *Sample `json:"before,omitempty"`
	// Calm is when nothing pointed to a breach, last while watching: what is suspected
	// began after it.
	Calm time.Time `json:"calm,omitzero"`
	// Suspect is a breach while watching that has to be seen again. Zero is what the
	// candidate did until the last one that was not; it no longer counts.
	Suspect *Suspicion `json:"suspect,omitempty"`
	Zero    *Sample    `json:"zero,omitempty"`
}

// Suspicion is a breach that may have been bad weather.
type Suspicion struct {
	At     time.Time `json:"at"`
	Sample *Sample   `json:"sample"` // what the candidate had done before the second look
}

// Need is one thing that a stage lacks to be left. What names it, a guard, an arm
// or gate, and stays the same while its numbers in Text change.
type Need struct {
	What string `json:"what"`
	Text string `json:"text"`
}

// Verdict is what a guard, or a whole stage, comes to.
type Verdict string

const (
	Promote  Verdict = "promote"
	Hold     Verdict = "hold"
	Rollback Verdict = "rollback"
)

// Opinion is what one guard comes to.
type Opinion string

const (
	Passed    Opinion = "passed"
	Undecided Opinion = "undecided"
	Breached  Opinion = "breached"
)

// Judgement is one guard's opinion with what it is based on.
type Judgement struct {
	Guard    string  `json:"guard"`
	Metric   Metric  `json:"metric"`
	Opinion  Opinion `json:"opinion"`
	Observed float64 `json:"observed"`          // of the candidate, in the metric's unit
	Against  float64 `json:"against,omitempty"` // of the arm that it is compared with
	Low      float64 `json:"low"`               // the interval that the bound is held against
	High     float64 `json:"high"`
	Bound    float64 `json:"bound"`
	N        int64   `json:"n"`                  // units of the candidate
	Evidence float64 `json:"evidence,omitempty"` // part of what is needed for a breach, 1 is enough
	Plain    bool    `json:"plain,omitempty"`    // a breach that no weather explains
	Sentence string  `json:"sentence"`
}

// Sample is what one arm did since the stage's measurements began.
type Sample struct {
	Calls    int64            `json:"calls"`
	Faults   int64            `json:"faults"`
	Business int64            `json:"business_errors"`
	Memory   int64            `json:"memory_bytes,omitempty"` // now
	Latency  histogram.Counts `json:"latency"`                // of all calls
	Units    histogram.Counts `json:"units"`                  // of units, see Count
	Guards   []Count          `json:"guards,omitempty"`       // in the order of Policy.At(stage)
}

// Count is what a guard counted on one arm. A unit is a key that was not seen at
// this stage before, or a call without a key: calls of one key are not
// independent of each other, and one customer must not decide a rollout.
type Count struct {
	Units   int64   `json:"units"`   // that the guard looked at
	Firsts  int64   `json:"firsts"`  // keys with an event at any call, once each; calls without key, each
	Opening int64   `json:"opening"` // units whose first call had the event
	Trials  int64   `json:"trials"`  // calls that the guard looked at
	Events  int64   `json:"events"`  // calls with the event, at most EventsPerKey of a key
	Sum     float64 `json:"sum"`     // of the values of units, for means
	Squares float64 `json:"squares"` // of the same values
}

// EventsPerKey is how many events of one key count against an absolute bound.
const EventsPerKey = 3

// Event is what happens to a rollout. All carry the time at which it did.
type Event interface{ at() time.Time }

type (
	// Start begins; Current is how the release that serves did before, for a
	// change of all traffic at once.
	Start struct {
		At      time.Time
		Current *Sample
	}
	// Published says that the last SetWeight or MakeStable is served, with meters of
	// its own.
	Published struct{ At time.Time }
	// Failed says that an action could not be done, and nothing of it was; the
	// rollout is rolled back.
	Failed struct {
		At  time.Time
		Why string
		// Final says that it was the candidate's fault: it is not to try again.
		Final bool
	}
	// Observed tells what all arms did since Published; arms that do not exist are
	// nil.
	Observed struct {
		At                                  time.Time
		Stable, Candidate, Baseline, Shadow *Sample
	}
	// Replayed tells what came of the replay.
	Replayed struct {
		At                  time.Time
		Compared, Different int64
		First               string // the first differences, for people
	}
	// Restarted says that the host came back: measurements begin anew.
	Restarted struct{ At time.Time }
	// Command is a person's.
	Command struct {
		At    time.Time
		Verb  Verb
		Actor string
		Why   string
	}
)

// Verb is what a person can ask for.
type Verb string

const (
	VerbPromote Verb = "promote" // let a gate or a pause go on; or, held, go to the next stage
	VerbPause   Verb = "pause"
	VerbResume  Verb = "resume"
	VerbAbort   Verb = "abort"
)

func (e Start) at() time.Time     { return e.At }
func (e Published) at() time.Time { return e.At }
func (e Failed) at() time.Time    { return e.At }
func (e Observed) at() time.Time  { return e.At }
func (e Replayed) at() time.Time  { return e.At }
func (e Restarted) at() time.Time { return e.At }
func (c Command) at() time.Time   { return c.At }

// Action is what the machine wants done, in order.
type Action interface{ action() }

type (
	// RunReplay asks for Replayed.
	RunReplay struct{}
	// SetWeight publishes a route in which the candidate has Weight and, if it is
	// not 0, the fresh baseline has Baseline; it asks for Published. Measurements
	// begin anew. Shadow runs the candidate on copies, Weight is 0 then.
	SetWeight struct {
		Weight, Baseline Weight
		Shadow           bool
	}
	// MakeStable publishes a route in which the candidate is stable and the release
	// before is at hand; it asks for Published.
	MakeStable struct{}
	// Return takes the candidate out and ends the rollout. Withdrawn means that the
	// candidate is stable, or after a restart may be: the release before gets all
	// traffic back, and is loaded if it is not at hand. It cannot fail, and doing it
	// twice is doing it once.
	Return struct{ Withdrawn bool }
	// Finish ends the rollout and lets the release before go.
	Finish struct{}
	// Decide records a decision.
	Decide struct {
		Verdict Verdict
		Guard   string // that decided, if one did
		Text    string // one sentence
	}
)

func (RunReplay) action()  {}
func (SetWeight) action()  {}
func (MakeStable) action() {}
func (Return) action()     {}
func (Finish) action()     {}
func (Decide) action()     {}

// Refusal says why an event is not possible now. It is an error for whoever sent
// a Command.
type Refusal struct{ Text, Cure string }

func (r *Refusal) Error() string { return r.Text }
