// Package store keeps what must survive the process: artifacts by digest,
// releases, the current route of each strategy, the journal of changes, rollouts
// with their decisions, what operators set for them, comparisons with their reports,
// and the accepted trust policy.
//
// # What is promised
//
//   - A call that returned nil is durable: it survives kill -9 and, as far as
//     the disk keeps its word, power loss.
//   - A call that returned an error changed nothing that a reader can see, with
//     one exception: after StoreFailed from Commit, Drop, Put, Activate,
//     RecordRollout, RecordComparison, SetRolloutPolicy or SetPolicy the disk broke
//     in the middle, and the change is there either wholly or not at all. Read
//     before you decide; for Activate, [Store.Route] tells by its generation, for
//     rollouts and their policies the revision does. RecordComparison may be
//     repeated.
//   - [Store.Activate] is one transaction: the releases, the route, the high-water
//     mark, the journal entry and the rollout with its decisions appear together
//     or not at all.
//   - At most one rollout of a strategy is under way. It is the newest, and it is
//     the one that the route names.
//   - Artifact files are written once, named by their digest, read-only, in a
//     folder that only the owner may enter.
//
// # Rollouts
//
// A rollout begins with an activation and has its generation as ID. What happens
// to it later changes the route (Activate) or does not (RecordRollout); both raise
// its revision by one and may add decisions. The route names the rollout while it
// is under way:
//
//	                   generation  rollout  revision  stable  candidate
//	a is deployed               7                       a
//	b gets 1 %                  8        8         1    a       b, 1 %
//	somebody pauses it          8        8         2    a       b, 1 %
//	b gets 20 %                 9        8         3    a       b, 20 %
//	b is promoted, watched     10        8         4    b
//	the watch is over          10                  5    b
//
// Had b been worse at 20 %, generation 10 would have a as its only release, and
// revision 4 would have ended rollout 8 and made b final.
//
// Package storetest holds the suite that every store passes; package
// faultstore fails the n-th call of any store.
package store

import (
	"context"
	"io"
	"time"

	"github.com/swapline/swapline/runtime/manifest"
)

// Store is safe for concurrent use. Errors carry problem codes: StoreFailed,
// StoreCorrupt, StoreLocked, ArtifactMissing, UnknownRelease, UnknownStrategy,
// BodyTooLarge, StaleGeneration, StaleRollout, UnknownRollout, RolloutEnded,
// UnknownComparison; Canceled when ctx ended first; Internal for
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

	// Activate puts a.Release and a.Also, makes a.Route current, appends a.Change
	// and writes a.Ends and a.Rollout in one transaction. It fails with
	// StaleGeneration unless a.Route.Generation is the stored generation plus one
	// (1 for a strategy without a route), and as RecordRollout for the rollouts.
	// The activation must pass its Check.
	//
	// A rollout begins with revision 1 while no other is under way; its releases
	// must be recorded, or it fails with UnknownRelease. The route must name the
	// rollout that is under way afterwards, or none, and serve only that rollout's
	// releases.
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

	// RecordRollout writes the next revision of the rollout that is under way,
	// with its new decisions, and leaves what is served as it is. It fails with
	// UnknownRollout, with StaleRollout unless the revision is the stored one plus
	// one, and with RolloutEnded. Kind, releases and the time at which it started
	// stay. A rollout that ends here is taken out of the route, whose generation
	// stays; while the route has a candidate, only an activation can end it.
	RecordRollout(ctx context.Context, c RolloutChange) error
	// Rollout finds one rollout of a strategy, or fails with UnknownRollout.
	Rollout(ctx context.Context, strategy string, id uint64) (Rollout, error)
	// Rollouts returns a strategy's rollouts, newest first, at most limit; none
	// for a strategy that is not known.
	Rollouts(ctx context.Context, strategy string, limit int) ([]Rollout, error)
	// Decisions returns the decisions of a rollout whose numbers are higher than
	// after, in their order, at most limit. It fails with UnknownRollout.
	Decisions(ctx context.Context, strategy string, id, after uint64, limit int) ([]Decision, error)
	// Final returns the ID of the rollout that made a release final, also after
	// that rollout is forgotten; 0 if none did.
	Final(ctx context.Context, strategy string, digest manifest.Digest) (uint64, error)

	// RolloutPolicy returns what the operator has set for a strategy, Revision 0
	// if nothing ever was. The strategy need not have a release.
	RolloutPolicy(ctx context.Context, strategy string) (RolloutPolicy, error)
	// RolloutPolicies returns all of them, sorted by strategy name, those that
	// were taken away again included.
	RolloutPolicies(ctx context.Context) ([]RolloutPolicy, error)
	// SetRolloutPolicy replaces it. It fails with StaleRollout unless the revision
	// is the stored one plus one.
	SetRolloutPolicy(ctx context.Context, p RolloutPolicy) error

	// RecordComparison writes a comparison, in place of what its number had, with
	// its report; nil leaves the report that is there. What is older goes in the same
	// transaction, as far as there is more than is kept, and that may be all of it.
	// It fails with Internal if the number is that of another ID, and with
	// BodyTooLarge for a report of more than MaxReport bytes. A record that cannot be
	// read is replaced.
	RecordComparison(ctx context.Context, c Comparison, report []byte) error
	// Comparisons returns all that are kept, newest first. Records that cannot be
	// read do not hide the others: the error, StoreCorrupt, names them, and the list
	// has the rest.
	Comparisons(ctx context.Context) ([]Comparison, error)
	// ComparisonReport returns the report of a comparison, nil if it has none, or
	// fails with UnknownComparison.
	ComparisonReport(ctx context.Context, number uint64) ([]byte, error)

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
