// Package store keeps what must survive the process: artifacts by digest,
// releases, the current route of each strategy, the journal of changes and the
// accepted trust policy.
//
// # What is promised
//
//   - A call that returned nil is durable: it survives kill -9 and, as far as
//     the disk keeps its word, power loss.
//   - A call that returned an error changed nothing that a reader can see, with
//     one exception: after StoreFailed from Commit, Drop, Put, Activate or
//     SetPolicy the disk broke in the middle, and the change is there either
//     wholly or not at all. Read before you decide; for Activate, [Store.Route]
//     tells by its generation.
//   - [Store.Activate] is one transaction: the release, its route, the
//     high-water mark and the journal entry appear together or not at all.
//   - Artifact files are written once, named by their digest, read-only, in a
//     folder that only the owner may enter.
//
// Package storetest holds the suite that every store passes; package
// faultstore fails the n-th call of any store.
package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/swapline/swapline/runtime/manifest"
)

// Store is safe for concurrent use. Errors carry problem codes: StoreFailed,
// StoreCorrupt, StoreLocked, ArtifactMissing, UnknownRelease, UnknownStrategy,
// BodyTooLarge, StaleGeneration; Canceled when ctx ended first; Internal for
// values that contradict themselves. What is returned belongs to the caller.
// Times are kept in UTC.
type Store interface {
	// Stage copies r to a temporary file while hashing it. More than max
	// bytes are refused with BodyTooLarge; an error of r keeps its code, or is
	// BadRequest. ctx is honoured between chunks. The caller ends a staged file
	// with Commit or Discard; what neither ended is swept at the next Open.
	Stage(ctx context.Context, r io.Reader, max int64) (Staged, error)
	// Discard removes a staged file. Discarding twice, or after Commit, is
	// harmless.
	Discard(s Staged) error
	// Commit moves a staged file to its place by digest and makes it durable.
	// Committing bytes that are already there keeps the first copy, unless
	// that copy is damaged. Whatever Commit returns, the staged file has ended.
	// A committed artifact without a release is swept at the next Open.
	Commit(ctx context.Context, s Staged) (Artifact, error)
	// Artifact finds a committed artifact: ArtifactMissing if it was never
	// committed or was dropped, StoreCorrupt if a release refers to it and the
	// file is gone or has another size. The content is not read.
	Artifact(ctx context.Context, digest manifest.Digest) (Artifact, error)
	// Drop removes an artifact unless a release refers to it. Dropping what is
	// not there, or is referred to, is harmless.
	Drop(ctx context.Context, digest manifest.Digest) error

	// Put records an accepted release without activating it. Its artifact must
	// be committed, or Put fails with ArtifactMissing. Putting the same release
	// again keeps the first Accepted and takes the newest Envelope (the same
	// payload may gain signatures); any other difference is StoreCorrupt, as
	// the payload digest fixes everything else.
	Put(ctx context.Context, r Release) error
	// Release finds one release of a strategy by payload digest, or fails with
	// UnknownRelease.
	Release(ctx context.Context, strategy string, digest manifest.Digest) (Release, error)
	// Releases lists a strategy's releases by rising sequence; none for a
	// strategy that is not known.
	Releases(ctx context.Context, strategy string) ([]Release, error)

	// Strategies lists the names of all strategies that have a release, whether
	// it was ever active or not, sorted.
	Strategies(ctx context.Context) ([]string, error)

	// Activate puts a.Release, makes a.Route current and appends a.Change in
	// one transaction. It fails with StaleGeneration unless a.Route.Generation
	// is the stored generation plus one (1 for a strategy without a route). The
	// three parts must name the same strategy, release and generation, and the
	// route must pass its Check.
	Activate(ctx context.Context, a Activation) error
	// Route returns the current route of a strategy. A strategy that never had
	// one, even if releases are put, is UnknownStrategy.
	Route(ctx context.Context, strategy string) (Route, error)
	// Routes returns all current routes, sorted by strategy name.
	Routes(ctx context.Context) ([]Route, error)
	// Changes returns the entries of a strategy's journal up to generation
	// through (Newest for all), newest first, at most limit; none for a strategy
	// that is not known.
	Changes(ctx context.Context, strategy string, through uint64, limit int) ([]Change, error)

	// Policy returns the envelope of the accepted trust policy, or nil.
	Policy(ctx context.Context) ([]byte, error)
	// SetPolicy replaces the accepted trust policy; envelope is not empty.
	SetPolicy(ctx context.Context, envelope []byte) error

	// Close releases the store. Calls after Close fail with StoreFailed,
	// another Close is harmless.
	Close() error
}

// Staged is a complete, hashed, not yet accepted file.
type Staged struct {
	Digest manifest.Digest
	Size   int64
	Path   string
}

// Artifact is a committed file.
type Artifact struct {
	Digest manifest.Digest
	Size   int64
	Path   string
}

// Release is an accepted release. Digest is the payload digest and names it.
type Release struct {
	Strategy string          `json:"strategy"`
	Version  string          `json:"version"`
	Sequence int64           `json:"sequence"`
	Kind     manifest.Kind   `json:"kind"`
	Digest   manifest.Digest `json:"digest"`
	Artifact manifest.Digest `json:"artifact"`
	Size     int64           `json:"size"`
	Envelope []byte          `json:"envelope"`
	Accepted time.Time       `json:"accepted"`
}

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
}

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

// Newest is a generation that no journal reaches.
const Newest uint64 = 1<<64 - 1

// Actions in the journal.
const (
	ActionDeploy   = "deploy"
	ActionSwitch   = "switch"
	ActionRollback = "rollback"
	ActionWithdraw = "withdraw" // back, by the runtime itself
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
}

// Activation is one atomic change of a route.
type Activation struct {
	Release Release
	Route   Route
	Change  Change
}
