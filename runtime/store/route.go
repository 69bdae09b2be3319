package store

import (
	"errors"
	"fmt"
	"time"

	"github.com/swapline/swapline/runtime/manifest"
)

// Route is what a strategy serves.
type Route struct {
	Strategy   string          `json:"strategy"`
	Generation uint64          `json:"generation"`
	Stable     manifest.Digest `json:"stable"`
	// Previous is the release that was stable before, "" at first.
	Previous manifest.Digest `json:"previous,omitempty"`
	// PreviousWithdrawn says that it was the runtime that replaced Previous,
	// because of its faults.
	PreviousWithdrawn bool `json:"previous_withdrawn,omitempty"`
	// HighWater is the highest (sequence, digest) that was ever active.
	HighWater Mark `json:"high_water"`
	// Methods are the names of the methods that releases of all kinds have,
	// sorted; Signatures those names with their types for each kind that was
	// active, sorted. Together they are the baseline. Routes of older programs
	// have no Signatures.
	Methods    []string                   `json:"methods"`
	Signatures map[manifest.Kind][]string `json:"signatures,omitempty"`
	Since      time.Time                  `json:"since"`
	// Rollout is the ID of the rollout under way, 0 for none. Candidate is the
	// release that it tries beside Stable, "" when it tries none; Weight is
	// Candidate's share of the calls and Baseline that of a fresh instance set of
	// Stable, both in basis points.
	Rollout   uint64          `json:"rollout,omitempty"`
	Candidate manifest.Digest `json:"candidate,omitempty"`
	Weight    int             `json:"weight,omitempty"`
	Baseline  int             `json:"baseline,omitempty"`
}

// AllTraffic is every call, in basis points.
const AllTraffic = 10_000

// Check reports a route that no host can have written. Stores refuse to write
// one, and take one that they read for damage.
func (r Route) Check() error {
	if r.PreviousWithdrawn && r.Previous == "" {
		return errors.New("a previous release was withdrawn, but there is none")
	}
	if !isSet(r.Methods) {
		return errors.New("the methods of the baseline are not a sorted set")
	}
	for kind, signatures := range r.Signatures {
		if !manifest.ValidName(string(kind)) || len(signatures) == 0 || !isSet(signatures) {
			return fmt.Errorf("the baseline of kind %q is not a sorted set of signatures", kind)
		}
	}
	return r.checkShares()
}

// checkShares reports a division of the traffic that cannot be.
func (r Route) checkShares() error {
	switch {
	case r.Rollout > r.Generation:
		return fmt.Errorf("rollout %d began after generation %d", r.Rollout, r.Generation)
	case r.Candidate == "" && (r.Weight != 0 || r.Baseline != 0):
		return errors.New("the traffic is divided, but there is no candidate")
	case r.Candidate != "" && r.Rollout == 0:
		return errors.New("there is a candidate, but no rollout")
	case r.Candidate != "" && r.Candidate == r.Stable:
		return errors.New("the candidate is stable already")
	case r.Weight < 0 || r.Baseline < 0 || r.Baseline > AllTraffic-r.Weight:
		return fmt.Errorf("shares of %d and %d basis points", r.Weight, r.Baseline)
	}
	return nil
}

// isSet reports whether a list rises and has no empty entries.
func isSet(list []string) bool {
	last := ""
	for _, s := range list {
		if s <= last {
			return false
		}
		last = s
	}
	return true
}

// Mark is a high-water mark.
type Mark struct {
	Sequence int64           `json:"sequence"`
	Digest   manifest.Digest `json:"digest"`
}
