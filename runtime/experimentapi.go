package runtime

import (
	"encoding/json"
	"time"

	"github.com/swapline/swapline/runtime/compare"
)

// ExperimentStart asks for an experiment: the stable release against another
// accepted one on live traffic.
type ExperimentStart struct {
	Strategy      string
	Release       string         // as in Change
	Plan          map[string]any // see package experiment
	IfGeneration  *uint64
	NewBaseline   bool
	Actor, Reason string
}

// Experiment is one experiment as people see it. It is carried by the rollout of the
// same ID: what ends that ends it.
type Experiment struct {
	ID        uint64          `json:"id"`
	Strategy  string          `json:"strategy"`
	Reference Release         `json:"reference"`
	Candidate Release         `json:"candidate"`
	Mode      string          `json:"mode"`
	State     string          `json:"state"` // running, ended
	Plan      json.RawMessage `json:"plan"`
	PlanHash  string          `json:"plan_hash"`
	Revision  uint64          `json:"revision"`
	Started   time.Time       `json:"started"`
	// Measured is since when is counted: later than Started if that was lost once.
	Measured time.Time `json:"measured,omitzero"`
	// Until is when the plan's time is over, if a process serves until then.
	Until   time.Time       `json:"until,omitzero"`
	Ended   time.Time       `json:"ended,omitzero"`
	Actor   string          `json:"actor,omitempty"`
	Why     string          `json:"why,omitempty"`
	Reason  string          `json:"reason,omitempty"` // why it ended
	Verdict compare.Verdict `json:"verdict"`
	Health  []compare.Check `json:"health"`
	Arms    []compare.Arm   `json:"arms,omitempty"` // without distributions
}

// ExperimentStop ends an experiment early.
type ExperimentStop struct {
	Strategy      string
	ID            uint64 // 0: the newest
	Promote       bool   // the candidate becomes stable; otherwise all traffic goes back
	IfRevision    *uint64
	Actor, Reason string
}
