package runtime

import (
	"io"
	"time"

	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/rebind"
	"github.com/swapline/swapline/runtime/rollout"
)

// Upload is one release to deploy.
type Upload struct {
	// Strategy is the name uploaded to; the manifest must carry the same. ""
	// takes the manifest's.
	Strategy string
	// Envelope is the signed manifest (DSSE), Artifact the bytes it binds.
	Envelope []byte
	Artifact io.Reader
	// DryRun stops after validation and keeps nothing. Code of a kind
	// that cannot be unloaded stays mapped until the process ends.
	DryRun bool
	// Hold accepts the release without switching to it.
	Hold bool
	// IfGeneration, when set, must be the strategy's generation (0: no
	// release yet), or the change is refused with StaleGeneration.
	IfGeneration *uint64
	// NewBaseline takes what the release has in place of the strategy's
	// baseline, for a difference that is meant. Whoever serves a held release
	// later says so again.
	NewBaseline bool
	// Rollout says how the release comes to serve: true begins a rollout, false
	// switches at once also if the manifest has a rollout policy, nil begins a
	// rollout if it has one. A first release is switched to whatever it says.
	Rollout *bool
	// Actor and Reason go into the journal.
	Actor, Reason string
	// Progress, when set, is called with the name of each stage as it begins, by
	// the goroutine that called Deploy.
	Progress func(stage string)
}

// Change is a request to serve another known release.
type Change struct {
	Strategy string
	// Release names it: a payload digest, at least eight of its first hex
	// digits, or a version that only one release has. Rollback also takes "",
	// the release that was stable before.
	Release      string
	IfGeneration *uint64
	// NewBaseline is as in Upload. A rollback does not need it to go through,
	// only to make the release the new baseline.
	NewBaseline   bool
	Actor, Reason string
}

// Release describes an accepted release.
type Release struct {
	Strategy string            `json:"strategy"`
	Version  string            `json:"version"`
	Sequence int64             `json:"sequence"`
	Kind     manifest.Kind     `json:"kind"`
	Digest   manifest.Digest   `json:"digest"`
	Artifact manifest.Digest   `json:"artifact"`
	Size     int64             `json:"size"`
	Accepted time.Time         `json:"accepted,omitzero"`
	Expires  time.Time         `json:"expires,omitzero"`
	Labels   map[string]string `json:"labels,omitempty"`
	Active   bool              `json:"active"`
}

// Check is one passed check of the pipeline.
type Check struct {
	Name     string        `json:"name"`
	Detail   string        `json:"detail"`
	Duration time.Duration `json:"duration_ns"`
}

// Outcome says what a Deploy, Switch or Rollback did.
type Outcome struct {
	Action  string  `json:"action"` // deploy, switch, rollback, withdraw, rollout; dry_run, hold
	Release Release `json:"release"`
	// Replaced is the release that was stable before, if any.
	Replaced *Release `json:"replaced,omitempty"`
	// Generation is the strategy's generation after the change.
	Generation uint64  `json:"generation"`
	Checks     []Check `json:"checks,omitempty"`
	// SwitchDuration is the time between the last moment at which the old
	// release was handed out and the first at which the new one was:
	// the duration of the in-memory publish.
	SwitchDuration time.Duration `json:"switch_ns"`
	// Rollout is what the change began, if it is watched.
	Rollout *Rollout `json:"rollout,omitempty"`
}

// Response is one answer. Release and Generation are set whenever a release
// was chosen, also when Execute returns an error. An answer that no release gave,
// Variant static or last_good, has no Release.
type Response struct {
	Output     map[string]any
	Release    Release
	Generation uint64
	// Variant says where the answer came from: stable, candidate, baseline (a
	// fresh instance set of the stable release), previous, static, last_good.
	Variant string
	split   bool // among arms
	// Queued is the time spent waiting for the release's concurrency limit,
	// Executed the time inside of the strategy.
	Queued, Executed time.Duration
	// Text is the answer of ExecuteText as JSON.
	Text []byte
	// Instructions is what the strategy used, also when it failed, the same for
	// the same calls on every machine; 0 for kinds that do not count.
	Instructions int64
}

// Status is what a strategy serves now.
type Status struct {
	Strategy   string    `json:"strategy"`
	Generation uint64    `json:"generation"`
	Stable     *Release  `json:"stable,omitempty"`
	Previous   *Release  `json:"previous,omitempty"`
	Since      time.Time `json:"since,omitzero"`
	// PreviousWithdrawn is set when the runtime took Previous out of service
	// because of its faults.
	PreviousWithdrawn bool `json:"previous_withdrawn,omitempty"`
	// Baseline is what the next release must look like; nil before the first.
	Baseline *Baseline `json:"baseline,omitempty"`
	// Rollout is the rollout that is under way, nil if there is none.
	Rollout *RolloutBrief `json:"rollout,omitempty"`
	// Breaker is the breaker of the stable release, nil if its policy has none.
	Breaker *Breaker `json:"breaker,omitempty"`
	// Problem says why a strategy with a stored route cannot serve.
	Problem string `json:"problem,omitempty"`
	// Failing says since when the faults of the stable release are too many, and
	// why it serves all the same: there is nothing better to go back to; or why
	// its process, if it has one, does not run.
	Failing string `json:"failing,omitempty"`
	// Counters of the stable release since it was loaded.
	Requests       int64 `json:"requests"`
	Faults         int64 `json:"faults"`
	BusinessErrors int64 `json:"business_errors"`
	InFlight       int64 `json:"in_flight"`
	Instances      int   `json:"instances"`
	MemoryBytes    int64 `json:"memory_bytes"`
	Abandoned      int   `json:"abandoned"`
	// Restarts is how often the release's own process was started again.
	Restarts int64 `json:"restarts,omitempty"`
	// Overdue is how many calls with a cooperative deadline are past it.
	Overdue int `json:"overdue,omitempty"`
	// Points are what the stable release exposes, Bindings what it supplies.
	Points   []rebind.Point   `json:"points,omitempty"`
	Bindings []rebind.Binding `json:"bindings,omitempty"`
	// Draining lists replaced releases that still serve requests.
	Draining []Draining `json:"draining,omitempty"`
	// Leaks lists closed releases whose goroutines live on.
	Leaks []Leak `json:"leaks,omitempty"`
	// Changes are the newest entries of the journal.
	Changes []JournalEntry `json:"changes,omitempty"`
}

// RolloutBrief is a rollout in a line.
type RolloutBrief struct {
	ID        uint64        `json:"id"`
	Phase     rollout.Phase `json:"phase"`
	Candidate string        `json:"candidate"` // its version
	Weight    float64       `json:"weight_percent"`
	// Experiment says that it carries an experiment, which has its ID.
	Experiment bool `json:"experiment,omitempty"`
}

// Draining is a replaced release with unfinished requests.
type Draining struct {
	Release  Release       `json:"release"`
	InFlight int64         `json:"in_flight"`
	For      time.Duration `json:"for_ns"`
	// Stuck is set when the drain limit passed: the release is kept open.
	Stuck bool `json:"stuck"`
}

// JournalEntry is one recorded change.
type JournalEntry struct {
	Action     string          `json:"action"`
	From       manifest.Digest `json:"from,omitempty"`
	To         manifest.Digest `json:"to"`
	Generation uint64          `json:"generation"`
	Actor      string          `json:"actor,omitempty"`
	Reason     string          `json:"reason,omitempty"`
	// NewBaseline is set when the release became the strategy's new baseline.
	NewBaseline bool      `json:"new_baseline,omitempty"`
	At          time.Time `json:"at"`
}
