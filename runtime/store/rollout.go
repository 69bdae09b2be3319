package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/swapline/swapline/runtime/manifest"
)

// What is kept of the past of a strategy.
const (
	// MaxRollouts is how many of the newest rollouts are kept with their
	// decisions. What they made final stays final for ever.
	MaxRollouts = 100
	// MaxDecisions is how many of the newest decisions of a rollout are kept.
	MaxDecisions = 1000
)

// Kinds of rollouts.
const (
	KindRollout = "rollout" // in stages
	KindSwitch  = "switch"  // of all traffic at once
)

// Rollout is the story of a release that earns its traffic, as far as it must
// survive the process. It begins with the activation whose generation is its ID
// and is under way until Ended is set.
//
// State, Policy, Replay and Experiment are JSON that the store does not look into;
// it comes back as the same value, without the white space.
type Rollout struct {
	Strategy string `json:"strategy"`
	ID       uint64 `json:"id"`
	Kind     string `json:"kind"`
	// Stable is the release that served when it began, "" for a strategy's first.
	Stable    manifest.Digest `json:"stable,omitempty"`
	Candidate manifest.Digest `json:"candidate"`
	// Revision is 1 at first and rises by one with every write.
	Revision uint64 `json:"revision"`
	Phase    string `json:"phase"`
	// Final says that Candidate may not be rolled out again: see [Store.Final].
	// Only a rollout that has ended is final.
	Final  bool            `json:"final,omitempty"`
	State  json.RawMessage `json:"state,omitempty"`
	Policy json.RawMessage `json:"policy,omitempty"`
	Replay json.RawMessage `json:"replay,omitempty"`
	// Experiment is what the rollout carries besides traffic; nil for nothing.
	Experiment json.RawMessage `json:"experiment,omitempty"`
	PolicyOf   string          `json:"policy_of,omitempty"`
	Actor      string          `json:"actor,omitempty"`
	Reason     string          `json:"reason,omitempty"`
	Started    time.Time       `json:"started"`
	Changed    time.Time       `json:"changed"`
	Ended      time.Time       `json:"ended,omitzero"`
}

// Open reports whether the rollout is under way.
func (r Rollout) Open() bool { return r.Ended.IsZero() }

// Check reports a rollout that no host can have written. Stores refuse to write
// one, and take one that they read for damage.
func (r Rollout) Check() error {
	switch {
	case r.Strategy == "" || r.ID == 0 || r.Revision == 0:
		return errors.New("a rollout without strategy, number or revision")
	case r.Kind != KindRollout && r.Kind != KindSwitch:
		return fmt.Errorf("a rollout of kind %q", r.Kind)
	case !r.Candidate.Valid() || r.Stable != "" && !r.Stable.Valid():
		return errors.New("a rollout whose releases have no digests")
	case r.Kind == KindRollout && r.Candidate == r.Stable:
		return errors.New("a rollout of the release that serves already")
	case r.Final && r.Open():
		return errors.New("a rollout that is final but has not ended")
	}
	return nil
}

// Decision is one line of a rollout's story.
type Decision struct {
	Number  uint64    `json:"number"` // from 1, without gaps
	At      time.Time `json:"at"`
	Verdict string    `json:"verdict"`
	Guard   string    `json:"guard,omitempty"`
	Text    string    `json:"text"`
	Actor   string    `json:"actor,omitempty"`
	Stage   int       `json:"stage"`
	Weight  int       `json:"weight"` // basis points
}

// RolloutChange is the next revision of a rollout, with the decisions that are
// new since the one before. Their numbers continue the stored ones.
type RolloutChange struct {
	Rollout   Rollout
	Decisions []Decision
}

// Check reports a change whose parts contradict each other.
func (c RolloutChange) Check() error {
	for i, d := range c.Decisions {
		if d.Number != c.Decisions[0].Number+uint64(i) { //nolint:gosec // an index
			return errors.New("decisions whose numbers have gaps")
		}
	}
	return c.Rollout.Check()
}

// belongs reports a change that contradicts itself or is of another strategy.
func (c RolloutChange) belongs(strategy string) error {
	if c.Rollout.Strategy != strategy {
		return fmt.Errorf("a rollout of strategy %q", c.Rollout.Strategy)
	}
	return c.Check()
}

// RolloutPolicy is what the operator has set for a strategy.
type RolloutPolicy struct {
	Strategy string `json:"strategy"`
	// Revision is 0 if the operator never set one and rises by one with every
	// write.
	Revision uint64          `json:"revision"`
	Text     json.RawMessage `json:"text,omitempty"` // a JSON object; nil: taken away
	Actor    string          `json:"actor,omitempty"`
	Changed  time.Time       `json:"changed"`
}

// Check reports a policy that no host can have written.
func (p RolloutPolicy) Check() error {
	text := bytes.TrimSpace(p.Text)
	switch {
	case p.Strategy == "" || p.Revision == 0:
		return errors.New("a rollout policy without strategy or revision")
	case len(text) > 0 && (text[0] != '{' || !json.Valid(text)):
		return errors.New("a rollout policy that is not a JSON object")
	}
	return nil
}
