package runtime

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/problem"
)

// Comparison asks for an offline comparison of accepted releases.
type Comparison struct {
	Strategy string
	Arms     []ComparisonArm // at least two, at most six; the first is the reference
	Inputs   []map[string]any
	// Recorded takes the newest recorded live inputs instead, at most so many. They
	// are masked as the policy says that records them.
	Recorded int
	Plan     compare.Plan
	Command  string
	Actor    string
	Progress func(compare.Progress)
}

// ComparisonArm is one arm: a release, perhaps on another engine than it asks for.
type ComparisonArm struct {
	Name    string // in the report; "" makes one of kind and engine
	Release string // as in Change; "" is the stable one
	Engine  string // "" is the manifest's or the driver's own
	// Isolation replaces the manifest's, "" keeps it.
	Isolation string
	// Direct calls the Go function itself: no copy, deadline, accounts. Only for kinds that
	// share this process's memory.
	Direct bool
}

// ComparisonStatus is a comparison that the runtime carries out by itself.
type ComparisonStatus struct {
	ID       string           `json:"id"`
	Strategy string           `json:"strategy"`
	State    string           `json:"state"` // see ComparisonWaiting and so on
	Progress compare.Progress `json:"progress"`
	Started  time.Time        `json:"started"`
	Ended    time.Time        `json:"ended,omitzero"`
	Problem  string           `json:"problem,omitempty"`
	Actor    string           `json:"actor,omitempty"`
	// Verdicts are there when it is done; a canceled one may have a partial report.
	Verdicts []compare.Verdict `json:"verdicts,omitempty"`
	Report   bool              `json:"report"` // there is one
}

// States of a comparison.
const (
	ComparisonWaiting  = "waiting"
	ComparisonRunning  = "running"
	ComparisonDone     = "done"
	ComparisonFailed   = "failed" // Problem says why
	ComparisonCanceled = "canceled"
)

// Bounds of the comparisons of a Runtime.
const (
	mostWaiting     = 8  // behind the one that runs
	comparisonsKept = 20 // with their reports
)

// Comparisons compares releases offline: the part of a Runtime that loads them
// beside what serves, runs them on the same inputs and reports. One runs at a time,
// since it is measured; others wait. Results are kept in memory, the newest 20,
// until the process ends. It is safe for concurrent use.
//
// The arms go through the pipeline as every release does: envelope and policy of
// today, grant, load, its own Validate, golden cases. Their calls take the way of
// live calls, with deadline and places, but have no effects and count for nothing:
// not at the strategy, its breaker, or its rollouts, and not as recorded inputs. An
// arm is held until the comparison ends, whatever is deployed meanwhile; the
// strategy's turn is held only while it is loaded.
//
// Close ends what runs and what waits.
type Comparisons struct {
	rt *Runtime

	mu    sync.Mutex
	ended bool                // guarded by mu
	jobs  map[*comparing]bool // guarded by mu: those that are under way; true: it runs
	line  []*comparing        // guarded by mu: those that wait, the first one first
	kept  []*comparing        // guarded by mu: those that Start began, the newest last
	bytes int64               // guarded by mu: of the inputs of all that are under way
}

// Run compares now, after those that wait already, and returns the report; see
// compare.Run for what happens when ctx ends. Errors: ComparisonMalformed for what
// makes no sense, ComparisonsFull, ShuttingDown, and what loading an arm reports.
func (c *Comparisons) Run(ctx context.Context, ask Comparison) (*compare.Report, error) {
	one, err := c.plan(ctx, ask)
	if err != nil {
		return nil, asProblem("compare", err)
	}
	job, err := c.join(ctx, one, false)
	if err != nil {
		return nil, err
	}
	job.work()
	return job.result()
}

// Start begins a comparison in the background, which does not end with ctx. Errors
// are those of Run but for what loading reports, which its status tells.
func (c *Comparisons) Start(ctx context.Context, ask Comparison) (ComparisonStatus, error) {
	one, err := c.plan(ctx, ask)
	if err != nil {
		return ComparisonStatus{}, asProblem("compare", err)
	}
	job, err := c.join(context.WithoutCancel(ctx), one, true)
	if err != nil {
		return ComparisonStatus{}, err
	}
	status := job.look()
	go job.work() // which join has counted
	return status, nil
}

// Get finds one. The error is UnknownComparison.
func (c *Comparisons) Get(id string) (ComparisonStatus, error) {
	job, err := c.find(id)
	if err != nil {
		return ComparisonStatus{}, err
	}
	return job.look(), nil
}

// List returns all that are kept, newest first.
func (c *Comparisons) List() []ComparisonStatus {
	c.mu.Lock()
	kept := slices.Clone(c.kept)
	c.mu.Unlock()
	list := make([]ComparisonStatus, 0, len(kept))
	for _, job := range slices.Backward(kept) {
		list = append(list, job.look())
	}
	return list
}

// Watch returns a channel that closes when the status changes or progress is made.
// Ask for it before Get, so that nothing is missed. It is nil when nothing will
// change any more.
func (c *Comparisons) Watch(id string) (<-chan struct{}, error) {
	job, err := c.find(id)
	if err != nil {
		return nil, err
	}
	return job.watch(), nil
}

// Report returns the report of one that has ended. The error is ComparisonRunning,
// or NoReport if it ended before there was anything to report. The report is shared:
// do not change it.
func (c *Comparisons) Report(id string) (*compare.Report, error) {
	job, err := c.find(id)
	if err != nil {
		return nil, err
	}
	return job.given()
}

// Cancel ends one; what was measured becomes a partial report. It does not wait for
// the end. One that has ended stays as it is.
func (c *Comparisons) Cancel(id string) (ComparisonStatus, error) {
	job, err := c.find(id)
	if err != nil {
		return ComparisonStatus{}, err
	}
	job.cancel()
	return job.look(), nil
}

func (c *Comparisons) find(id string) (*comparing, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, job := range c.kept {
		if job.id == id {
			return job, nil
		}
	}
	return nil, problem.New(problem.UnknownComparison, "no comparison %.64q", id).Cure("list the comparisons; the newest %d are kept until the process ends", comparisonsKept)
}
