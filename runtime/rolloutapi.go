package runtime

import (
	"encoding/json"
	"time"

	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/rollout"
)

// RolloutStart asks for a rollout of an accepted release.
type RolloutStart struct {
	Strategy string
	// Release names the candidate as in Change.
	Release string
	// Policy replaces the strategy's policy for this rollout; nil for that one.
	Policy map[string]any
	// IfGeneration is as in Upload.
	IfGeneration  *uint64
	NewBaseline   bool
	Actor, Reason string
}

// RolloutCommand is a person's wish about a rollout.
type RolloutCommand struct {
	Strategy string
	ID       uint64 // 0: the newest
	Verb     rollout.Verb
	// IfRevision, when set, must be the rollout's revision, or the command is
	// refused with StaleRollout.
	IfRevision    *uint64
	Actor, Reason string
}

// Rollout is a rollout as people see it. A change of all traffic at once is one
// whose only stage is 100 %.
type Rollout struct {
	ID        uint64              `json:"id"`
	Strategy  string              `json:"strategy"`
	Stable    Release             `json:"stable"`
	Candidate Release             `json:"candidate"`
	Phase     rollout.Phase       `json:"phase"`
	Held      bool                `json:"held,omitempty"`
	Stage     int                 `json:"stage"`
	Weight    float64             `json:"weight_percent"`
	Stages    []RolloutStage      `json:"stages"`
	Revision  uint64              `json:"revision"`
	Started   time.Time           `json:"started"`
	Entered   time.Time           `json:"entered"`
	Ended     time.Time           `json:"ended,omitzero"`
	Actor     string              `json:"actor,omitempty"`
	Why       string              `json:"why,omitempty"` // of whoever started it
	Reason    string              `json:"reason,omitempty"`
	Next      *RolloutNext        `json:"next,omitempty"`
	Arms      []RolloutArm        `json:"arms,omitempty"`
	Guards    []rollout.Judgement `json:"guards,omitempty"`
	Policy    json.RawMessage     `json:"policy,omitempty"`
	PolicyOf  string              `json:"policy_of"` // default, manifest, operator, request, experiment
	Replay    *RolloutReplay      `json:"replay,omitempty"`
	Shadow    *RolloutReplay      `json:"shadow,omitempty"` // likewise of the shadow
	// Experiment says that it carries an experiment, which has its ID.
	Experiment bool `json:"experiment,omitempty"`
}

// RolloutStage is one step of the stage rail.
type RolloutStage struct {
	Weight float64       `json:"weight_percent"`
	For    time.Duration `json:"for_ns"`
	Calls  int64         `json:"calls"`
	Gate   bool          `json:"gate,omitempty"`
}

// RolloutNext says what the rollout waits for.
type RolloutNext struct {
	// At is when the stage's time is over, Hold when its longest time is.
	At   time.Time `json:"at,omitzero"`
	Hold time.Time `json:"hold,omitzero"`
	// Needs lists what else is missing, in sentences.
	Needs []string `json:"needs,omitempty"`
}

// RolloutArm is what one arm did at this stage.
type RolloutArm struct {
	Arm         string          `json:"arm"` // stable, candidate, baseline, shadow
	Version     string          `json:"version"`
	Digest      manifest.Digest `json:"digest"`
	Weight      float64         `json:"weight_percent"`
	Calls       int64           `json:"calls"`
	Units       int64           `json:"units"`
	Faults      int64           `json:"faults"`
	Business    int64           `json:"business_errors"`
	P50         time.Duration   `json:"p50_ns"`
	P95         time.Duration   `json:"p95_ns"`
	P99         time.Duration   `json:"p99_ns"`
	P999        time.Duration   `json:"p999_ns"`
	MemoryBytes int64           `json:"memory_bytes,omitempty"`
}

// RolloutReplay is what came of the replay gate.
type RolloutReplay struct {
	Recorded    int                 `json:"recorded"`
	Compared    int                 `json:"compared"`
	Different   int                 `json:"different"`
	Skipped     int                 `json:"skipped,omitempty"`     // stable broke there, or needs HTTP
	Differences []RolloutDifference `json:"differences,omitempty"` // by pointer, the most frequent first
}

// RolloutDifference is one place in which answers differ.
type RolloutDifference struct {
	Pointer   string `json:"pointer"` // JSON Pointer, "" for the whole answer
	Count     int    `json:"count"`
	Stable    string `json:"stable"`    // an example, as JSON
	Candidate string `json:"candidate"` // of the same input
}

// Decision is one line of a rollout's history.
type Decision struct {
	Number  uint64          `json:"number"` // from 1
	At      time.Time       `json:"at"`
	Verdict rollout.Verdict `json:"verdict"`
	Guard   string          `json:"guard,omitempty"`
	Text    string          `json:"text"`
	Actor   string          `json:"actor"`
	Stage   int             `json:"stage"`
	Weight  float64         `json:"weight_percent"`
}

// StrategyPolicy is the policy under which a strategy's next rollout runs.
type StrategyPolicy struct {
	Strategy string          `json:"strategy"`
	Revision uint64          `json:"revision"` // rises with every change by an operator, 0 before
	Of       string          `json:"of"`       // default, manifest, operator
	Policy   json.RawMessage `json:"policy"`
	Actor    string          `json:"actor,omitempty"`
	Changed  time.Time       `json:"changed,omitzero"`
}

// PolicyChange sets a strategy's policy; Policy nil takes the operator's away.
type PolicyChange struct {
	Strategy   string
	Policy     map[string]any
	IfRevision *uint64
	Actor      string
}

// Happening is one entry of the stream of events.
type Happening struct {
	ID       uint64    `json:"id"`   // rises, over restarts too
	Type     string    `json:"type"` // rollout.started, rollout.stage, ...
	Strategy string    `json:"strategy"`
	At       time.Time `json:"at"`
	Data     any       `json:"data"`
}
