package store

import (
	"errors"
	"fmt"
	"time"

	"github.com/swapline/swapline/runtime/manifest"
)

// Newest is a generation that no journal reaches.
const Newest uint64 = 1<<64 - 1

// Actions in the journal.
const (
	ActionDeploy   = "deploy"
	ActionSwitch   = "switch"
	ActionRollback = "rollback"
	ActionWithdraw = "withdraw" // back, by the runtime itself
	ActionRollout  = "rollout"  // a candidate got a share, or another one
	ActionPromote  = "promote"  // the candidate became stable
	ActionReturn   = "return"   // the runtime took the candidate back
	ActionAbort    = "abort"    // somebody took the candidate back
)

// Change is one entry of the journal.
type Change struct {
	Strategy   string          `json:"strategy"`
	Action     string          `json:"action"`
	From       manifest.Digest `json:"from,omitempty"`
	To         manifest.Digest `json:"to"`
	Generation uint64          `json:"generation"`
	Actor      string          `json:"actor,omitempty"`
	Reason     string          `json:"reason,omitempty"`
	// NewBaseline says that somebody made To the strategy's new baseline.
	NewBaseline bool      `json:"new_baseline,omitempty"`
	At          time.Time `json:"at"`
	// Rollout is the rollout that this change belongs to, if any, and Weight the
	// candidate's share after it, in basis points.
	Rollout uint64 `json:"rollout,omitempty"`
	Weight  int    `json:"weight,omitempty"`
}

// Activation is one atomic change of a route.
type Activation struct {
	Release Release   // the one that is stable afterwards
	Also    []Release // further ones to put: a candidate
	Route   Route
	Change  Change
	// Rollout, if not nil, is the rollout that the change is part of. It begins
	// here if its ID is the route's generation.
	Rollout *RolloutChange
	// Ends, if not nil, is the last revision of the rollout that was under way,
	// for a change that ends it and begins another.
	Ends *RolloutChange
}

// Check reports an activation whose parts contradict each other or themselves.
func (a Activation) Check() error {
	name, gen := a.Route.Strategy, a.Route.Generation
	to := a.Change.To == a.Route.Stable || a.Change.Action == ActionRollout && a.Change.To == a.Route.Candidate && a.Route.Candidate != ""
	if a.Release.Strategy != name || a.Change.Strategy != name || a.Change.Generation != gen ||
		a.Release.Digest != a.Route.Stable || !to {
		return errors.New("its parts name different things")
	}
	for _, r := range a.Also {
		if r.Strategy != name {
			return fmt.Errorf("a release of strategy %q", r.Strategy)
		}
	}
	return errors.Join(a.Route.Check(), a.checkRollouts())
}

// checkRollouts reports rollouts that cannot be part of this change.
func (a Activation) checkRollouts() error {
	name, begins := a.Route.Strategy, false
	if c := a.Rollout; c != nil {
		begins = c.Rollout.ID == a.Route.Generation
		if err := c.belongs(name); err != nil {
			return err
		}
	}
	if c := a.Ends; c != nil {
		if err := c.belongs(name); err != nil {
			return err
		}
		if c.Rollout.Open() || !begins {
			return errors.New("a rollout should end for another, but does not or there is none")
		}
	}
	if r := a.Change.Rollout; r != 0 && r != a.Route.Rollout && (a.Rollout == nil || r != a.Rollout.Rollout.ID) {
		return fmt.Errorf("the journal names rollout %d", r)
	}
	if w := a.Change.Weight; w < 0 || w > AllTraffic {
		return fmt.Errorf("the journal names a share of %d basis points", w)
	}
	return nil
}
